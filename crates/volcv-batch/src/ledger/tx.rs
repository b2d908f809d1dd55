//! One transaction, and how operations get into one.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::PgPool;

use super::dialect::{Arg, BEGIN_POSTGRES, Conn, Row, is_transient};
use super::writer::Waiting;
use super::{Backend, Ledger};
use crate::error::BatchError;

/// Why an operation failed. The transaction is rolled back.
pub(super) enum Fault {
    Sql(sqlx::Error),
    Batch(BatchError),
    /// What is in the ledger cannot be read, or the caller is wrong.
    Content(String),
}

pub(super) type Outcome<T> = Result<T, Fault>;
pub(super) type Running<'a, T> = Pin<Box<dyn Future<Output = Outcome<T>> + Send + 'a>>;
/// An operation: what it needs is moved into it, because the writer of SQLite runs it on a task of its own.
pub(super) type Work<T> = Box<dyn for<'a, 'c> FnOnce(&'a mut Tx<'c>) -> Running<'a, T> + Send>;

/// An open transaction, or a connection that reads.
pub(super) struct Tx<'c> {
    conn: Conn<'c>,
    /// The database's clock, once it was read. SQLite's transactions share it.
    clock: Option<i64>,
    /// Milliseconds that a test has moved the clock by.
    pub(super) skew: i64,
}

impl<'c> Tx<'c> {
    pub(super) fn new(conn: Conn<'c>, skew: i64) -> Self {
        Tx { conn, clock: None, skew }
    }

    /// Milliseconds since 1970.
    pub(super) async fn now(&mut self) -> Outcome<i64> {
        let clock = match self.clock {
            Some(clock) => clock,
            None => *self.clock.insert(self.conn.now().await?),
        };
        Ok(clock + self.skew)
    }

    pub(super) async fn rows(&mut self, text: &'static str, args: &[Arg<'_>]) -> Outcome<Vec<Row>> {
        Ok(self.conn.rows(text, args).await?)
    }

    /// The first row.
    pub(super) async fn row(&mut self, text: &'static str, args: &[Arg<'_>]) -> Outcome<Option<Row>> {
        Ok(self.rows(text, args).await?.into_iter().next())
    }

    /// The only row of a statement that always has one.
    pub(super) async fn one(&mut self, text: &'static str, args: &[Arg<'_>]) -> Outcome<Row> {
        self.row(text, args).await?.ok_or(Fault::Sql(sqlx::Error::RowNotFound))
    }

    /// Gives the number of rows that were changed.
    pub(super) async fn run(&mut self, text: &'static str, args: &[Arg<'_>]) -> Outcome<u64> {
        Ok(self.conn.run(text, args).await?)
    }
}

impl Ledger {
    /// Runs an operation in a transaction of its own, and returns after its commit.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, BatchError>
    where
        T: Send + 'static,
        F: for<'a, 'c> FnOnce(&'a mut Tx<'c>) -> Running<'a, T> + Send + 'static,
    {
        let outcome = match &self.0.backend {
            Backend::Sqlite { writer, .. } => Waiting::send(writer, Box::new(work), self.skew()).await,
            Backend::Postgres(pool) => self.on_server(pool, work).await,
        };
        outcome.map_err(|fault| self.error(fault))
    }

    async fn on_server<T, F>(&self, pool: &PgPool, work: F) -> Outcome<T>
    where
        T: Send,
        F: for<'a, 'c> FnOnce(&'a mut Tx<'c>) -> Running<'a, T> + Send,
    {
        let mut conn = pool.acquire().await?;
        let outcome = within(OPERATION, async {
            let mut transaction = conn.begin_with(BEGIN_POSTGRES).await?;
            let done = work(&mut Tx::new(Conn::Postgres(&mut transaction), self.skew())).await?;
            transaction.commit().await?;
            Ok(done)
        })
        .await;
        if matches!(outcome, Err(Fault::Sql(sqlx::Error::PoolTimedOut))) {
            // Nobody answers on this connection any more: the pool gets a new one.
            drop(conn.detach());
        }
        outcome
    }

    /// Runs statements that only read.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, BatchError>
    where
        F: for<'a, 'c> FnOnce(&'a mut Tx<'c>) -> Running<'a, T>,
    {
        let reading = async {
            match &self.0.backend {
                Backend::Sqlite { readers, .. } => {
                    let mut conn = readers.acquire().await?;
                    work(&mut Tx::new(Conn::Sqlite(&mut conn), self.skew())).await
                }
                Backend::Postgres(pool) => {
                    let mut conn = pool.acquire().await?;
                    work(&mut Tx::new(Conn::Postgres(&mut conn), self.skew())).await
                }
            }
        };
        within(OPERATION, reading).await.map_err(|fault| self.error(fault))
    }

    fn error(&self, fault: Fault) -> BatchError {
        fault.into_error(&self.0.name)
    }

    /// Tries an operation again while the database is away or busy, for as long as `patience`. The operation has to be one that may
    /// be repeated when the answer to its commit was lost; those of this module are. `away` is told once, why.
    pub(crate) async fn patiently<T, O, F>(
        &self,
        patience: Duration,
        away: &(dyn Fn(&str) + Send + Sync),
        mut operation: O,
    ) -> Result<T, BatchError>
    where
        O: FnMut() -> F + Send,
        F: Future<Output = Result<T, BatchError>> + Send,
        T: Send,
    {
        let start = tokio::time::Instant::now();
        let mut step = Duration::from_millis(50);
        let mut told = false;
        loop {
            let message = match operation().await {
                Err(BatchError::Ledger { message, transient: true, .. }) if start.elapsed() < patience => message,
                other => return other,
            };
            if !told {
                away(&message);
                told = true;
            }
            tokio::time::sleep(step.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            step = (step * 2).min(Duration::from_secs(2));
        }
    }
}

/// How long one operation may take: a server that has vanished does not end its connections.
const OPERATION: Duration = Duration::from_mins(1);

async fn within<T>(limit: Duration, work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    match tokio::time::timeout(limit, work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Fault::Sql(sqlx::Error::PoolTimedOut)),
    }
}

impl Fault {
    pub(super) fn into_error(self, ledger: &str) -> BatchError {
        let (message, transient) = match self {
            Fault::Batch(error) => return error,
            Fault::Content(message) => (message, false),
            Fault::Sql(sqlx::Error::PoolTimedOut) => ("no answer came in time".to_owned(), true),
            Fault::Sql(error) => (error.to_string(), is_transient(&error)),
        };
        BatchError::Ledger { ledger: ledger.to_owned(), message, transient }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Fault::Sql(error)
    }
}

impl From<BatchError> for Fault {
    fn from(error: BatchError) -> Self {
        Fault::Batch(error)
    }
}
