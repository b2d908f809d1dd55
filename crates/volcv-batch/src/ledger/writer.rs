//! The one writer of a SQLite file in this process: all operations that wait go into one transaction, so that they share one sync
//! of the disk. 1,000 items with calls of 50 ms at concurrency 16 take 3.7 to 6.3 s with it and 9.1 to 19 s with a transaction for each
//! operation (`tests/measure.rs` with `GROUP` 256 and 1, two cores that were busy; the calls alone take 3.1 s).

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Error};
use tokio::sync::{mpsc, oneshot};

use super::dialect::{BEGIN_SQLITE, Conn};
use super::tx::{Fault, Outcome, Running, Tx, Work};

pub(super) type Writer = mpsc::UnboundedSender<Box<dyn Queued>>;

/// Operations of one transaction at most.
const GROUP: usize = 256;

/// An operation that waits for the writer.
pub(super) trait Queued: Send {
    fn skew(&self) -> i64;
    /// Runs it; an error rolls back what it wrote, and nothing else.
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> Running<'a, ()>;
    /// Tells its caller, after the commit.
    fn answer(self: Box<Self>, committed: Result<(), &Error>);
}

pub(super) struct Waiting<T> {
    work: Option<Work<T>>,
    outcome: Option<Outcome<T>>,
    caller: oneshot::Sender<Outcome<T>>,
    skew: i64,
}

impl<T: Send + 'static> Waiting<T> {
    /// Hands an operation to the writer, and waits for its commit. Who stops waiting does not stop the operation.
    pub(super) async fn send(writer: &Writer, work: Work<T>, skew: i64) -> Outcome<T> {
        let (caller, answer) = oneshot::channel();
        let waiting = Waiting { work: Some(work), outcome: None, caller, skew };
        let closed = |()| Fault::Content("its writer has ended".to_owned());
        writer.send(Box::new(waiting)).map_err(|_| closed(()))?;
        answer.await.map_err(|_| closed(()))?
    }
}

impl<T: Send + 'static> Queued for Waiting<T> {
    fn skew(&self) -> i64 {
        self.skew
    }

    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> Running<'a, ()> {
        Box::pin(async move {
            let Some(work) = self.work.take() else { return Ok(()) };
            match work(tx).await {
                Ok(done) => {
                    self.outcome = Some(Ok(done));
                    Ok(())
                }
                Err(fault) => {
                    self.outcome = Some(Err(fault));
                    Err(Fault::Content(String::new()))
                }
            }
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), &Error>) {
        let outcome = match (self.outcome, committed) {
            (Some(Err(fault)), _) => Err(fault),
            (_, Err(error)) => Err(Fault::Sql(copy(error))),
            (Some(Ok(done)), Ok(())) => Ok(done),
            (None, Ok(())) => Err(Fault::Content("the operation did not run".to_owned())),
        };
        // A caller that has gone needs no answer.
        let _ = self.caller.send(outcome);
    }
}

/// The error of a transaction for each of its operations.
fn copy(error: &Error) -> Error {
    match super::dialect::is_transient(error) {
        true => Error::Io(std::io::Error::other(error.to_string())),
        false => Error::InvalidArgument(error.to_string()),
    }
}

/// Writes until the last `Ledger` is gone.
pub(super) async fn run(mut conn: SqliteConnection, mut queue: mpsc::UnboundedReceiver<Box<dyn Queued>>) {
    let mut group = Vec::new();
    while queue.recv_many(&mut group, GROUP).await > 0 {
        let committed = commit(&mut conn, &mut group).await;
        for waiting in group.drain(..) {
            waiting.answer(committed.as_ref().copied());
        }
    }
    // The file is complete without this; it only folds the write-ahead log in.
    let _ = conn.close().await;
}

async fn commit(conn: &mut SqliteConnection, group: &mut [Box<dyn Queued>]) -> Result<(), Error> {
    let mut transaction = conn.begin_with(BEGIN_SQLITE).await?;
    if let [only] = group {
        let skew = only.skew();
        if only.run(&mut Tx::new(Conn::Sqlite(&mut transaction), skew)).await.is_err() {
            return transaction.rollback().await;
        }
        return transaction.commit().await;
    }
    for waiting in group {
        let mut savepoint = transaction.begin().await?;
        let skew = waiting.skew();
        let ran = waiting.run(&mut Tx::new(Conn::Sqlite(&mut savepoint), skew)).await;
        match ran {
            Ok(()) => savepoint.commit().await?,
            Err(_) => savepoint.rollback().await?,
        }
    }
    transaction.commit().await
}
