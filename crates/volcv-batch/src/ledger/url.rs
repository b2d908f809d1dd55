//! Where a ledger is. Texts and errors name it without its password.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use crate::error::BatchError;

/// Where a ledger is.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LedgerUrl {
    /// A file of SQLite; made if it does not exist. Only for processes of one machine: SQLite's locks do not hold on network file systems.
    Sqlite(PathBuf),
    /// A PostgreSQL URL, and the schema of this batch in it, which is made if it does not exist.
    Postgres {
        /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE?OPTIONS`. `sslmode`, `sslrootcert` and the like are options; what is missing
        /// comes from `PGHOST`, `PGUSER`, `PGPASSWORD` and the like, as with `psql`.
        url: String,
        /// 1 to 63 of `a-z`, `0-9` and `_`, not beginning with a digit.
        schema: String,
    },
}

impl LedgerUrl {
    /// The options that the URL gives, with the schema checked.
    pub(super) fn postgres_options(url: &str, schema: &str) -> Result<PgConnectOptions, BatchError> {
        let head = schema.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !head || schema.len() > 63 || !schema.bytes().all(allowed) || schema.starts_with("pg_") {
            return Err(BatchError::Option(format!(
                "schema is {schema:?}, and has to be 1 to 63 of a-z, 0-9 and _, not beginning with a digit or pg_"
            )));
        }
        // The text of the error may quote the URL, so it is left out.
        let options: Result<PgConnectOptions, _> = url.parse();
        options.map_err(|_| BatchError::Option("the URL of the ledger is no PostgreSQL URL".to_owned()))
    }
}

/// `postgres://…` and `postgresql://…` are PostgreSQL, in the schema `volcv`; everything else is the path of a file.
impl FromStr for LedgerUrl {
    type Err = BatchError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let schema = "volcv".to_owned();
            LedgerUrl::postgres_options(text, &schema)?;
            Ok(LedgerUrl::Postgres { url: text.to_owned(), schema })
        } else if text.is_empty() {
            Err(BatchError::Option("the ledger's name is empty".to_owned()))
        } else {
            Ok(LedgerUrl::Sqlite(text.into()))
        }
    }
}

impl fmt::Debug for LedgerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LedgerUrl({self})")
    }
}

/// Without the password.
impl fmt::Display for LedgerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LedgerUrl::Sqlite(path) => write!(f, "{}", path.display()),
            LedgerUrl::Postgres { url, schema } => match LedgerUrl::postgres_options(url, schema) {
                Ok(options) => {
                    let (user, host, port) = (options.get_username(), options.get_host(), options.get_port());
                    let database = options.get_database().unwrap_or(user);
                    write!(f, "postgres://{user}@{host}:{port}/{database} (schema {schema})")
                }
                Err(_) => f.write_str("postgres"),
            },
        }
    }
}
