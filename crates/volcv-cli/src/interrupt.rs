//! Ctrl-C and SIGTERM: the first one cancels what is going on, the second one leaves at once.

use volcv::CancelToken;

use crate::report::{CANCELLED, CliError};
use crate::save;

/// A token that the first Ctrl-C, SIGTERM or SIGHUP cancels.
pub(crate) fn install() -> Result<CancelToken, CliError> {
    let cancel = CancelToken::new();
    let token = cancel.clone();
    let handler = move || {
        if token.is_cancelled() {
            save::wait_for_writer();
            std::process::exit(CANCELLED.into());
        }
        token.cancel();
    };
    ctrlc::set_handler(handler).map_err(|error| CliError::config(format!("cannot watch for Ctrl-C: {error}")))?;
    Ok(cancel)
}
