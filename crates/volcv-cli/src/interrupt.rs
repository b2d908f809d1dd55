//! Ctrl-C and SIGTERM: the first one cancels what is going on, the next one leaves at once. A batch has one more step before: it
//! finishes what is paid for. On Windows: Ctrl-C, Ctrl-Break, and the end of the window or of the session.

use std::fmt::Display;

use volcv::CancelToken;

use crate::report::{CANCELLED, CliError};
use crate::save;

/// What Ctrl-C, SIGTERM and SIGHUP ask for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt {
    /// Nothing new is begun.
    pub(crate) stop: CancelToken,
    /// What is going on is cancelled.
    pub(crate) cancel: CancelToken,
}

/// Tokens that signals cancel: both of them the first one, or, if `finishes` says that what was begun is worth a wait, one
/// after the other.
pub(crate) fn install(finishes: bool) -> Result<Interrupt, CliError> {
    let interrupt = Interrupt::default();
    let Interrupt { stop, cancel } = interrupt.clone();
    let handler = move || {
        if cancel.is_cancelled() {
            save::wait_for_writer();
            std::process::exit(CANCELLED.into());
        }
        if stop.is_cancelled() || !finishes {
            cancel.cancel();
        }
        stop.cancel();
    };
    let failed = |error: &dyn Display| CliError::config(format!("cannot watch for Ctrl-C: {error}"));
    ctrlc::set_handler(handler).map_err(|error| failed(&error))?;
    #[cfg(windows)]
    watch_for_the_end(interrupt.clone()).map_err(|error| failed(&error))?;
    Ok(interrupt)
}

/// A window that is closed, a user who logs off and a machine that is switched off leave a program 5 s, but only until its
/// handler returns. tokio's never does, and is asked before that of Ctrl-C because it is younger.
#[cfg(windows)]
fn watch_for_the_end(interrupt: Interrupt) -> std::io::Result<()> {
    use std::future::poll_fn;
    use std::task::Poll;
    use tokio::signal::windows::{ctrl_close, ctrl_logoff, ctrl_shutdown};

    let (mut close, mut logoff, mut shutdown) = (ctrl_close()?, ctrl_logoff()?, ctrl_shutdown()?);
    let ends = move || {
        let told = poll_fn(move |context| {
            let told = [close.poll_recv(context), logoff.poll_recv(context), shutdown.poll_recv(context)];
            if told.iter().any(Poll::is_ready) { Poll::Ready(()) } else { Poll::Pending }
        });
        // These futures need no runtime: the handler wakes them.
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() {
            runtime.block_on(told);
            interrupt.stop.cancel();
            interrupt.cancel.cancel();
        }
    };
    std::thread::Builder::new().name("volcv-end".to_owned()).spawn(ends).map(drop)
}
