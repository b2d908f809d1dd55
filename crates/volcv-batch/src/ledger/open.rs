//! Opening a ledger, and bringing its tables to the newest version.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqlSafeStr as _};
use tokio::sync::mpsc;

use super::dialect::{BEGIN_POSTGRES, BEGIN_SQLITE, SET_UP_POSTGRES, is_transient};
use super::tx::Fault;
use super::{Backend, Ledger, LedgerUrl, Shared, writer};
use crate::error::BatchError;

/// All migrations, the oldest first. A published one never changes.
const MIGRATIONS: [(i64, &str, &str); 1] = [(1, "first", include_str!("migrations/0001_first.sql"))];

/// Connections to PostgreSQL: writers wait for the disk of the server, so a few of them share its syncs.
const CONNECTIONS: u32 = 8;

/// SQLite gives up waiting for another process's transaction after this.
const BUSY: Duration = Duration::from_secs(30);

impl Ledger {
    /// Opens a ledger, and brings its tables to the newest version.
    ///
    /// # Errors
    /// The file or the server cannot be reached, or was written by a newer volcv.
    pub async fn open(url: &LedgerUrl) -> Result<Self, BatchError> {
        let name = url.to_string();
        let opened = match url {
            LedgerUrl::Sqlite(path) => sqlite(path).await,
            LedgerUrl::Postgres { url, schema } => postgres(url, schema).await,
        };
        let backend = opened.map_err(|fault| fault.into_error(&name))?;
        let plan = AtomicI64::new(fastrand::i64(1..));
        #[cfg(test)]
        let skew = AtomicI64::new(0);
        Ok(Ledger(Arc::new(Shared {
            name,
            backend,
            plan,
            #[cfg(test)]
            skew,
        })))
    }
}

async fn sqlite(path: &Path) -> Result<Backend, Fault> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .busy_timeout(BUSY)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // macOS: `fsync` alone leaves the data in the drive's cache.
        .pragma("fullfsync", "1")
        .pragma("checkpoint_fullfsync", "1")
        .disable_statement_logging();
    let conn = patient(|| writing(&options)).await?;
    let (writer, queue) = mpsc::unbounded_channel();
    tokio::spawn(writer::run(conn, queue));
    let readers = SqlitePoolOptions::new().min_connections(0).max_connections(2).connect_lazy_with(options);
    Ok(Backend::Sqlite { writer, readers })
}

/// Processes that start at once disturb each other while the file gets its write-ahead log: SQLite does not wait there.
async fn patient<T, F: Future<Output = Result<T, Fault>>>(mut attempt: impl FnMut() -> F) -> Result<T, Fault> {
    let start = tokio::time::Instant::now();
    loop {
        match attempt().await {
            Err(Fault::Sql(error)) if is_transient(&error) && start.elapsed() < BUSY => {
                tokio::time::sleep(Duration::from_millis(fastrand::u64(5..50))).await;
            }
            other => return other,
        }
    }
}

async fn writing(options: &SqliteConnectOptions) -> Result<SqliteConnection, Fault> {
    let mut conn = options.connect().await?;
    let mut transaction = conn.begin_with(BEGIN_SQLITE).await?;
    migrate(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(conn)
}

async fn postgres(url: &str, schema: &str) -> Result<Backend, Fault> {
    let options = LedgerUrl::postgres_options(url, schema)?.disable_statement_logging();
    let options = options.application_name("volcv");
    let mut conn = options.connect().await?;
    set_up(&mut conn, schema).await?;
    let mut transaction = conn.begin_with(BEGIN_POSTGRES).await?;
    // Held until the commit; the number is this crate's own.
    sqlx::query("SELECT pg_advisory_xact_lock(8243717661)").execute(&mut *transaction).await?;
    let known = sqlx::query("SELECT 1 FROM pg_namespace WHERE nspname = $1").bind(schema.to_owned());
    if known.fetch_optional(&mut *transaction).await?.is_none() {
        // `postgres_options` has checked that the name needs no quotes.
        sqlx::query(AssertSqlSafe(format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\"")))
            .execute(&mut *transaction)
            .await?;
    }
    migrate(&mut *transaction).await?;
    transaction.commit().await?;
    conn.close().await?;
    Ok(Backend::Postgres(pool(options, schema.to_owned())))
}

fn pool(options: sqlx::postgres::PgConnectOptions, schema: String) -> PgPool {
    PgPoolOptions::new()
        .min_connections(0)
        .max_connections(CONNECTIONS)
        .acquire_timeout(Duration::from_secs(10))
        .after_connect(move |conn, _| {
            let schema = schema.clone();
            Box::pin(async move { set_up(conn, &schema).await })
        })
        .connect_lazy_with(options)
}

async fn set_up(conn: &mut PgConnection, schema: &str) -> sqlx::Result<()> {
    sqlx::query(SET_UP_POSTGRES).bind(schema.to_owned()).execute(conn).await.map(|_| ())
}

async fn migrate<C: Migrate>(conn: &mut C) -> Result<(), Fault> {
    let migrations = MIGRATIONS.map(|(version, name, text)| {
        Migration::new(version, name.into(), MigrationType::Simple, text.into_sql_str(), false)
    });
    let mut migrator = Migrator::with_migrations(migrations.to_vec());
    // The callers hold a lock of their own.
    migrator.set_locking(false);
    match migrator.run_direct(None, conn, false).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(version)) => Err(Fault::Content(format!(
            "it was written by a newer version of volcv (its tables have version {version}, this one knows up to {})",
            MIGRATIONS.len()
        ))),
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => Err(Fault::Sql(error)),
        Err(error) => Err(Fault::Content(error.to_string())),
    }
}
