//! `volcv batch`: many pictures through one ledger, and looks at it.

mod closing;
mod export;
mod job;
mod ledgers;
mod overview;
mod preview;
mod progress;
mod retry;
mod run;
mod status;

use std::future::{Future, poll_fn};
use std::path::Path;
use std::pin::pin;
use std::process::ExitCode;
use std::task::Poll;

use tokio::runtime::Builder;
use volcv::{CancelToken, ErrorKind};
use volcv_batch::{BatchError, Input};

use crate::args::{BatchArgs, BatchCommand};
use crate::interrupt::Interrupt;
use crate::report::{CliError, Report};

/// Runs one of the commands and prints what came of it.
pub(crate) fn run(args: &BatchArgs, interrupt: &Interrupt) -> ExitCode {
    let runtime = match Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return Report::failed(CliError::config(format!("cannot start tokio: {error}"))).print(args.json());
        }
    };
    let ended = runtime.block_on(async {
        match &args.command {
            None => run::run(&args.run, interrupt).await,
            Some(BatchCommand::Status(args)) => or_cancelled(status::run(args), &interrupt.cancel).await,
            Some(BatchCommand::Retry(args)) => or_cancelled(retry::run(args), &interrupt.cancel).await,
            Some(BatchCommand::Export(args)) => or_cancelled(export::run(args), &interrupt.cancel).await,
        }
    });
    // A running name lookup, say, must not hold the end of the process up.
    runtime.shutdown_background();
    ended.unwrap_or_else(|failure| Report::failed(failure).print(args.json()))
}

/// What the work gives, unless the token is cancelled before.
async fn or_cancelled<T>(work: impl Future<Output = Result<T, CliError>>, cancel: &CancelToken) -> Result<T, CliError> {
    let mut work = pin!(work);
    let mut hook = None;
    poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(done);
        }
        let waker = context.waker().clone();
        hook = Some(cancel.on_cancel(move || waker.wake()));
        match cancel.is_cancelled() {
            true => Poll::Ready(Err(CliError::new(ErrorKind::Cancelled, "cancelled"))),
            false => Poll::Pending,
        }
    })
    .await
}

/// The input that IN names. Standard input is read to its end.
async fn found(input: &str, out: &Path) -> Result<Input, CliError> {
    let (input, out) = (input.to_owned(), out.to_owned());
    let found = tokio::task::spawn_blocking(move || Input::find(&input, &out)).await;
    Ok(found.map_err(|error| CliError::config(format!("the input was not read: {error}")))??)
}

/// Names of options in errors of the library, and the flags that set them.
const FLAGS: [(&str, &str); 6] = [
    ("concurrency ", "--concurrency "),
    ("max_passes ", "--max-passes "),
    ("max_side ", "--max-side "),
    ("schema ", "--batch "),
    ("the lease ", "--lease "),
    ("tries ", "--tries "),
];

impl From<BatchError> for CliError {
    fn from(error: BatchError) -> Self {
        let text = error.to_string();
        match error {
            BatchError::Option(_) => {
                let flag =
                    FLAGS.iter().find_map(|(name, flag)| text.strip_prefix(name).map(|rest| format!("{flag}{rest}")));
                Self::invalid_input(flag.unwrap_or(text))
            }
            BatchError::Input { .. } => Self::invalid_input(text),
            BatchError::Ledger { transient: true, .. } => Self::config(text).resumable(closing::RUN_AGAIN),
            _ => Self::config(text),
        }
    }
}
