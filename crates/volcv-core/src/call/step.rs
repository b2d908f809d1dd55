//! What the machine of a call tells its driver to do.

use std::time::Duration;

use crate::call::limits::{Limits, Timer};
#[cfg(doc)]
use crate::call::machine::Call;
use crate::error::Error;
use crate::exchange::Request;
use crate::outcome::Outcome;
use crate::request::body::RequestBody;

/// What the driver has to do next.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a step is moved once for each attempt, which takes seconds")]
pub enum Step {
    /// Write down durably that this body is about to be sent, or find out that it must not be; then call [`Call::on_begun`]. It comes
    /// before each attempt of a paid call, and only of a call that is [`Call::journaled`]. No limit but the deadline runs
    /// until then.
    Begin(RequestBody),
    /// Get credentials from wherever they come from, within this time; then call [`Call::on_credentials`]. It comes only where
    /// calls are signed, and only if none are known that last.
    Credentials(Duration),
    /// Send this once, pushing the reply into [`Call::reply`]; then call [`Call::on_sent`].
    Send(Attempt),
    /// Sleep, then ask again.
    Wait(Duration),
    /// The call has ended.
    Done(Result<Outcome, Error>),
}

/// Why a provider has no credentials. Its text must hold none.
pub type CredentialsError = Box<dyn std::error::Error + Send + Sync>;

/// One attempt for a transport.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// What to send.
    pub request: Request,
    /// The limits of this attempt: `attempt` never reaches beyond the deadline of the call.
    pub limits: Limits,
    /// The timer that reports which limit has passed.
    pub timer: Timer,
}
