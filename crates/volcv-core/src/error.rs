//! The error of the client: why a call failed, what it cost, and which attempts were made.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use volcv_types::{Charge, InvalidInput, ServiceCode, Task};

use crate::call::delivery::Delivery;
use crate::outcome::{Outcome, Output};
use crate::redact::shortened;

/// Why a call failed, whether it may have been charged, and every attempt that was made.
///
/// The type is one word large. Its texts hold no key, no picture and no control character.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    code: Option<ServiceCode>,
    status: Option<u16>,
    request_id: Option<String>,
    charge: Charge,
    retryable: bool,
    retry_after: Option<Duration>,
    attempts: Vec<AttemptRecord>,
    rejected: Vec<Bytes>,
    links: Vec<String>,
    task: Option<Task>,
    task_ended: bool,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The kinds of failure; [`ErrorKind::as_str`] is their stable name. What they say about the cost holds for calls; what a task
/// has cost is told by [`Error::charge`] alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A field is out of range, or the service says that the input is wrong. Nothing was bought: correct the input.
    InvalidInput,
    /// The key is missing, wrong or not allowed to do this. Nothing was bought: check the key.
    Auth,
    /// The account has no quota left. Nothing was bought: top the account up.
    Quota,
    /// Too many calls. Nothing was bought: wait, see [`Error::retry_after`].
    Throttled,
    /// The review refused the input (nothing was bought) or the result (the call may have been billed).
    Refused,
    /// The service failed; see [`Error::charge`].
    Service,
    /// No connection, or the connection broke before the request was complete. Nothing was bought: call again.
    Connect,
    /// The server's certificate was not accepted. Nothing was sent: check the clock, the host and the roots.
    Tls,
    /// A limit passed before the request was complete. Nothing was bought.
    Timeout,
    /// The whole request was sent, but no reply came. The call may have been billed: check the account before calling
    /// again.
    OutcomeUnknown,
    /// The service answered with success, but the reply cannot be used. The call was billed.
    Decode,
    /// As [`ErrorKind::Decode`], because the reply is over the limit.
    ResponseTooLarge,
    /// The caller cancelled the call; see [`Error::charge`].
    Cancelled,
    /// The client is set up wrongly: base URL, key, limits, proxy. Nothing was sent.
    Config,
    /// There is no memory for a picture or a reply; see [`Error::charge`]. Files of pictures that were paid for are in
    /// [`Error::rejected_pictures`].
    OutOfMemory,
}

impl ErrorKind {
    /// The stable name, as in `outcome_unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::InvalidInput => "invalid_input",
            ErrorKind::Auth => "auth",
            ErrorKind::Quota => "quota",
            ErrorKind::Throttled => "throttled",
            ErrorKind::Refused => "refused",
            ErrorKind::Service => "service",
            ErrorKind::Connect => "connect",
            ErrorKind::Tls => "tls",
            ErrorKind::Timeout => "timeout",
            ErrorKind::OutcomeUnknown => "outcome_unknown",
            ErrorKind::Decode => "decode",
            ErrorKind::ResponseTooLarge => "response_too_large",
            ErrorKind::Cancelled => "cancelled",
            ErrorKind::Config => "config",
            ErrorKind::OutOfMemory => "out_of_memory",
        }
    }

    /// Whether every other call of the same account would fail in the same way.
    pub fn is_account_failure(self) -> bool {
        matches!(self, ErrorKind::Auth | ErrorKind::Quota)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One attempt of a call, for reports and logs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptRecord {
    /// How the attempt failed; `None` for a success, a redirect that was followed, and an answer that a task has not ended yet.
    pub error: Option<ErrorKind>,
    /// How much of the request was delivered.
    pub delivery: Delivery,
    /// The HTTP status, if a reply began.
    pub status: Option<u16>,
    /// The service's code, if it sent one.
    pub code: Option<ServiceCode>,
    /// Whether this attempt was billed.
    pub charge: Charge,
    /// How long the attempt took.
    pub elapsed: Duration,
    /// How long the client waited before the next attempt, if there was one.
    pub wait: Option<Duration>,
}

impl Error {
    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the call cost money, all attempts taken together.
    pub fn charge(&self) -> Charge {
        self.0.charge
    }

    /// Whether the same call may simply be made again: it can help, and nothing was bought, or it only asks about a task.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// The text of `Display` in at most `bytes` bytes if possible. A long message is cut; the codes and the cost behind
    /// it are kept.
    pub fn display_within(&self, bytes: usize) -> String {
        let facts = self.facts();
        format!("{}{facts}", shortened(&self.0.message, bytes.saturating_sub(facts.len())))
    }

    /// The end of the text: the codes and the cost.
    fn facts(&self) -> String {
        let inner = &self.0;
        let code = inner.code.as_ref().map(|code| format!("code {code}"));
        let status = inner.status.map(|status| format!("HTTP {status}"));
        let request_id = inner.request_id.as_ref().map(|id| format!("request id {id}"));
        let facts: Vec<String> = [code, status, request_id].into_iter().flatten().collect();
        let cost = match (inner.charge, inner.kind) {
            // A call that never left the program needs no word about its cost.
            (Charge::None, ErrorKind::Config | ErrorKind::InvalidInput) if inner.status.is_none() => "",
            (Charge::None, _) => "; nothing was charged",
            (Charge::Unknown, _) => "; the call may have been charged",
            (Charge::Charged, _) => "; the call was charged",
        };
        if facts.is_empty() { cost.to_owned() } else { format!(" ({}){cost}", facts.join(", ")) }
    }

    /// How long the service asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The service's code.
    pub fn service_code(&self) -> Option<&ServiceCode> {
        self.0.code.as_ref()
    }

    /// The HTTP status.
    pub fn http_status(&self) -> Option<u16> {
        self.0.status
    }

    /// The id that the service's support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How much of the request the last attempt delivered.
    pub fn delivery(&self) -> Option<Delivery> {
        self.0.attempts.last().map(|attempt| attempt.delivery)
    }

    /// Every attempt, in order.
    pub fn attempts(&self) -> &[AttemptRecord] {
        &self.0.attempts
    }

    /// The bytes of a picture that was paid for but failed a check: cut, damaged, in no known format, or inside a reply
    /// that cannot be trusted. The bytes may still be useful; [`PictureInfo::read`](volcv_types::PictureInfo::read)
    /// reads its header.
    pub fn rejected_picture(&self) -> Option<&Bytes> {
        self.0.rejected.first()
    }

    /// All rejected pictures in the order of the reply; see [`Error::rejected_picture`].
    pub fn rejected_pictures(&self) -> &[Bytes] {
        &self.0.rejected
    }

    /// Links to pictures that were paid for and could not be downloaded. They are valid for 24 hours by most of the
    /// service's documentation.
    pub fn links(&self) -> &[String] {
        &self.0.links
    }

    /// The task whose result did not come. It can be waited for again, unless it has ended.
    pub fn task(&self) -> Option<&Task> {
        self.0.task.as_ref()
    }

    /// Whether the service has said that nothing can come of the task any more: it has failed, or its result was deleted.
    pub fn task_has_ended(&self) -> bool {
        self.0.task_ended
    }

    /// The text without code, status, request id and charge, which have their own methods.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// An error of the set-up, for transports and builders.
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// Credentials that cannot be used: the provider gave none, or they have expired. Nothing was sent.
    pub fn auth(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Auth, message)
    }

    /// An error of a result that was paid for and cannot be used; [`Error::after_paid`] adds what came.
    pub fn unusable(message: impl Into<String>) -> Self {
        Self::decode(message).with_charge(Charge::Charged)
    }

    /// There is no memory for a picture, and nothing was sent; [`Error::after_paid`] adds what came.
    pub fn out_of_memory(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::OutOfMemory, message).with_retryable(true)
    }

    /// The error of an operation that had paid for this outcome before: it is charged, and may not simply be made again. All
    /// pictures of the outcome come before its own rejected pictures, links before its links, attempts before its attempts.
    #[must_use]
    pub fn after_paid(mut self, outcome: Outcome) -> Self {
        let inner = &mut *self.0;
        inner.charge = Charge::Charged;
        inner.retryable = false;
        let (mut pictures, mut links) = (Vec::new(), Vec::new());
        for output in outcome.outputs {
            match output {
                Output::Picture { bytes, .. } => pictures.push(bytes),
                Output::Link(link) => links.push(link),
            }
        }
        inner.rejected.splice(..0, pictures.into_iter().chain(outcome.rejected));
        inner.links.splice(..0, links);
        inner.attempts.splice(..0, outcome.attempts);
        self
    }

    /// The error of a wait for this task.
    #[must_use]
    pub fn of_task(mut self, task: Task) -> Self {
        self.0.task = Some(task);
        self
    }

    /// The error of a task that was handed in with these attempts, which come first.
    #[must_use]
    pub fn after(mut self, submitted: Vec<AttemptRecord>) -> Self {
        self.0.attempts.splice(..0, submitted);
        self
    }

    /// The error of a download of something that this program has not paid for, such as the input of a call.
    #[must_use]
    pub fn uncharged(self) -> Self {
        self.with_charge(Charge::None)
    }

    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            code: None,
            status: None,
            request_id: None,
            charge: Charge::None,
            retryable: false,
            retry_after: None,
            attempts: Vec::new(),
            rejected: Vec::new(),
            links: Vec::new(),
            task: None,
            task_ended: false,
            source: None,
        }))
    }

    pub(crate) fn decode(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Decode, message)
    }

    pub(crate) fn with_code(mut self, code: Option<ServiceCode>) -> Self {
        self.0.code = code;
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.0.request_id = request_id;
        self
    }

    pub(crate) fn with_charge(mut self, charge: Charge) -> Self {
        self.0.charge = charge;
        self
    }

    pub(crate) fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    pub(crate) fn with_task_ended(mut self, ended: bool) -> Self {
        self.0.task_ended = ended;
        self
    }

    pub(crate) fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.0.retry_after = retry_after;
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: Vec<AttemptRecord>) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_rejected(mut self, pictures: Vec<Bytes>) -> Self {
        self.0.rejected = pictures;
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    pub(crate) fn prefixed(mut self, prefix: &str) -> Self {
        self.0.message.insert_str(0, prefix);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.0.message, self.facts())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.to_string())
            .field("attempts", &self.0.attempts)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

/// Lets a conversion that cannot fail be used where a fallible one is expected.
impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl From<InvalidInput> for Error {
    fn from(error: InvalidInput) -> Self {
        Self::new(ErrorKind::InvalidInput, error.to_string()).with_source(error)
    }
}
