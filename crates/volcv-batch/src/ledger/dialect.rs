//! The two databases, and all that differs between them.
//!
//! Statements are written once, as PostgreSQL takes them, with `$1` for parameters. SQLite has no row locks and needs none, because
//! its writers come one after another; so `FOR UPDATE` and `SKIP LOCKED` are left out for it.

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _, SqlSafeStr, SqlStr};

/// An open connection.
pub(super) enum Conn<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// The value of a parameter.
pub(super) enum Arg<'a> {
    Int(Option<i64>),
    Real(f64),
    Text(Option<&'a str>),
    Bytes(Option<&'a [u8]>),
}

/// One row of an answer.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// The database's clock in milliseconds since 1970.
const NOW_SQLITE: &str = "SELECT CAST(unixepoch('subsec') * 1000 AS BIGINT)";
const NOW_POSTGRES: &str = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";

/// Starts a transaction that writes.
pub(super) const BEGIN_SQLITE: &str = "BEGIN IMMEDIATE";
pub(super) const BEGIN_POSTGRES: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// What a new connection to PostgreSQL is told. A server that does not sync commits by default does so for the ledger. Locks of a
/// machine that has vanished in the middle of a transaction are gone after a minute.
pub(super) const SET_UP_POSTGRES: &str = "SELECT set_config('search_path', $1, false), \
     set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' \
     ELSE current_setting('synchronous_commit') END, false), \
     set_config('idle_in_transaction_session_timeout', '60s', false)";

/// Without the locks of rows.
fn sqlite(text: &'static str) -> SqlStr {
    if !text.contains("FOR UPDATE") {
        return text.into_sql_str();
    }
    AssertSqlSafe(text.replace("FOR UPDATE SKIP LOCKED", "").replace("FOR UPDATE", "")).into_sql_str()
}

/// PostgreSQL has no zero byte in texts.
fn without_zero(text: Option<&str>) -> Option<String> {
    text.map(|text| text.replace('\0', "\u{fffd}"))
}

macro_rules! bound {
    ($query:expr, $args:expr, $text:expr) => {{
        let mut query = $query;
        for arg in $args {
            query = match arg {
                Arg::Int(value) => query.bind(*value),
                Arg::Real(value) => query.bind(*value),
                Arg::Text(value) => query.bind($text(*value)),
                Arg::Bytes(value) => query.bind(value.map(<[u8]>::to_vec)),
            };
        }
        query
    }};
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

impl Conn<'_> {
    pub(super) async fn rows(&mut self, text: &'static str, args: &[Arg<'_>]) -> sqlx::Result<Vec<Row>> {
        match self {
            Conn::Sqlite(conn) => {
                let rows = bound!(sqlx::query(sqlite(text)), args, owned).fetch_all(&mut **conn).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Conn::Postgres(conn) => {
                let rows = bound!(sqlx::query(text), args, without_zero).fetch_all(&mut **conn).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Gives the number of rows that were changed.
    pub(super) async fn run(&mut self, text: &'static str, args: &[Arg<'_>]) -> sqlx::Result<u64> {
        match self {
            Conn::Sqlite(conn) => {
                Ok(bound!(sqlx::query(sqlite(text)), args, owned).execute(&mut **conn).await?.rows_affected())
            }
            Conn::Postgres(conn) => {
                Ok(bound!(sqlx::query(text), args, without_zero).execute(&mut **conn).await?.rows_affected())
            }
        }
    }

    pub(super) async fn now(&mut self) -> sqlx::Result<i64> {
        let text = match self {
            Conn::Sqlite(_) => NOW_SQLITE,
            Conn::Postgres(_) => NOW_POSTGRES,
        };
        match self.rows(text, &[]).await?.first() {
            Some(row) => row.int(0),
            None => Err(sqlx::Error::RowNotFound),
        }
    }
}

macro_rules! column {
    ($name:ident, $type:ty) => {
        pub(super) fn $name(&self, index: usize) -> sqlx::Result<$type> {
            match self {
                Row::Sqlite(row) => row.try_get_unchecked(index),
                Row::Postgres(row) => row.try_get(index),
            }
        }
    };
}

impl Row {
    column!(int, i64);
    column!(int_or_null, Option<i64>);
    column!(real, f64);
    column!(text, String);
    column!(text_or_null, Option<String>);
    column!(bytes, Vec<u8>);
    column!(bytes_or_null, Option<Vec<u8>>);

    /// A number that is never below 0.
    pub(super) fn count(&self, index: usize) -> sqlx::Result<u64> {
        Ok(self.int(index)?.try_into().unwrap_or(0))
    }
}

macro_rules! arg {
    ($($type:ty => $make:expr),* $(,)?) => {
        $(impl<'a> From<$type> for Arg<'a> {
            fn from(value: $type) -> Self {
                $make(value)
            }
        })*
    };
}

arg! {
    i64 => |value| Arg::Int(Some(value)),
    u32 => |value| Arg::Int(Some(i64::from(value))),
    Option<i64> => Arg::Int,
    f64 => Arg::Real,
    &'a str => |value| Arg::Text(Some(value)),
    &'a String => |value: &'a String| Arg::Text(Some(value)),
    Option<&'a str> => Arg::Text,
    &'a [u8] => |value| Arg::Bytes(Some(value)),
    Option<&'a [u8]> => Arg::Bytes,
}

/// Whether the same operation may succeed later.
pub(super) fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        // A certificate that is refused comes as invalid data.
        sqlx::Error::Io(error) => error.kind() != std::io::ErrorKind::InvalidData,
        sqlx::Error::PoolTimedOut
        | sqlx::Error::Protocol(_)
        | sqlx::Error::BeginFailed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_transient_code(&code)),
        _ => false,
    }
}

/// SQLite: the numbers at <https://sqlite.org/rescode.html>; PostgreSQL: five characters,
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn is_transient_code(code: &str) -> bool {
    if code.len() == 5 {
        // Connections, resources, rollbacks because of other transactions, locks, a server that stops or starts.
        let classes = ["08", "53", "40", "55", "57"];
        return classes.iter().any(|class| code.starts_with(class)) && code != "57014";
    }
    // SQLITE_BUSY and SQLITE_LOCKED; the higher bits say more.
    matches!(code.parse::<i64>().map(|code| code & 0xff), Ok(5 | 6))
}
