//! What a reply says: from status and code to the event and the kind of error, and the words for it.

use std::borrow::Cow;

use volcv_types::{CodeClass, TaskStatus, Verdict};

use crate::error::ErrorKind;
use crate::redact::{Secrets, brief, clean};
use crate::reply::inbox::Head;
use crate::reply::scanner::LimitExceeded;
use crate::retry::AttemptEvent;

/// What a failure reply of the service means. The code decides where it is known, otherwise the status does.
pub(crate) fn of_failure(head: &Head, verdict: &Verdict) -> (ErrorKind, AttemptEvent) {
    use CodeClass as Class;
    match verdict.class() {
        Some(Class::Service | Class::Success) | None if head.status == 429 => {
            (ErrorKind::Throttled, AttemptEvent::Throttled)
        }
        Some(Class::InvalidInput) => (ErrorKind::InvalidInput, AttemptEvent::CallRefused),
        Some(Class::Auth) => (ErrorKind::Auth, AttemptEvent::CallRefused),
        Some(Class::Clock) => (ErrorKind::Auth, AttemptEvent::ClockRefused),
        Some(Class::Token) => (ErrorKind::Auth, AttemptEvent::TokenRefused),
        Some(Class::Quota) => (ErrorKind::Quota, AttemptEvent::CallRefused),
        Some(Class::Throttled) => (ErrorKind::Throttled, AttemptEvent::Throttled),
        Some(Class::InputRefused) => (ErrorKind::Refused, AttemptEvent::CallRefused),
        Some(Class::OutputRefused) => (ErrorKind::Refused, AttemptEvent::ResultRefused),
        Some(Class::OutputRefusedOnce) => (ErrorKind::Refused, AttemptEvent::ResultRefusedOnce),
        Some(Class::Service) => (ErrorKind::Service, AttemptEvent::ServiceFailed),
        _ => of_status(head, verdict),
    }
}

/// As [`of_failure`], for a reply to a question about a task. A task that is done, and a review that refused its input or its
/// result, have come to their end; other failures are those of the question.
pub(crate) fn of_poll(head: &Head, verdict: &Verdict, is_done: bool) -> (ErrorKind, AttemptEvent) {
    let (kind, event) = of_failure(head, verdict);
    let ended = match (event, kind) {
        (AttemptEvent::CallRefused, ErrorKind::Refused) => AttemptEvent::TaskRefused,
        (AttemptEvent::ResultRefused | AttemptEvent::ResultRefusedOnce, _) => AttemptEvent::TaskFailed,
        (AttemptEvent::CallRefused, ErrorKind::InvalidInput) if is_done => AttemptEvent::TaskRefused,
        _ if is_done => AttemptEvent::TaskFailed,
        // The server waited too long for the question.
        (AttemptEvent::CallRefused, ErrorKind::Service) if head.status == 408 => AttemptEvent::ServiceFailed,
        _ => event,
    };
    (kind, ended)
}

/// The event of a successful reply about a task that has no result in it, or only a damaged one.
pub(crate) fn of_task(status: Option<&TaskStatus>, is_damaged: bool) -> AttemptEvent {
    match status {
        // Asking again would bring the same.
        Some(TaskStatus::Done) if !is_damaged => AttemptEvent::TaskFailed,
        Some(TaskStatus::Done) | None => AttemptEvent::ReplyUnusable,
        Some(TaskStatus::NotFound) => AttemptEvent::TaskNotFound,
        Some(TaskStatus::Expired) => AttemptEvent::TaskExpired,
        // A state that is not known yet is not an end.
        Some(_) => AttemptEvent::TaskPending,
    }
}

/// What a failure reply without a known code means.
fn of_status(head: &Head, verdict: &Verdict) -> (ErrorKind, AttemptEvent) {
    match head.status {
        // Old gateways of the one-api family answer a bad key with status 200.
        200..=299 if verdict.from_gateway && verdict.code.is_none() => (ErrorKind::Auth, AttemptEvent::CallRefused),
        300..=399 => (ErrorKind::Service, AttemptEvent::Moved),
        401 | 403 => (ErrorKind::Auth, AttemptEvent::CallRefused),
        402 => (ErrorKind::Quota, AttemptEvent::CallRefused),
        404 | 405 => (ErrorKind::Config, AttemptEvent::CallRefused),
        // With status 406 gateways pass on a failure of their upstream.
        406 => (ErrorKind::Service, AttemptEvent::ServiceFailed),
        408 => (ErrorKind::Service, AttemptEvent::CallRefused),
        // The CV service sends status 400 for nearly every failure: an unknown number does not blame the input.
        400..=499 if verdict.code.as_ref().is_some_and(|code| code.number().is_some()) => {
            (ErrorKind::Service, AttemptEvent::CallRefused)
        }
        400..=499 => (ErrorKind::InvalidInput, AttemptEvent::CallRefused),
        503 if head.retry_after.is_some() => (ErrorKind::Service, AttemptEvent::Busy),
        _ => (ErrorKind::Service, AttemptEvent::ServiceFailed),
    }
}

/// What a failure status of a download means. The host of the link is not the service, so only the status counts.
pub(crate) fn of_download(head: &Head) -> AttemptEvent {
    match head.status {
        301 | 302 | 303 | 307 | 308 if head.location.is_some() => AttemptEvent::Moved,
        429 => AttemptEvent::Throttled,
        500.. => AttemptEvent::ServiceFailed,
        _ => AttemptEvent::CallRefused,
    }
}

/// The kind and the text of the error for a success reply over a limit.
pub(crate) fn of_limit(limit: LimitExceeded, received: u64) -> (ErrorKind, String) {
    match limit {
        LimitExceeded::Depth => (ErrorKind::Decode, limit.to_string()),
        LimitExceeded::Memory => (ErrorKind::OutOfMemory, format!("{limit}; {received} bytes were read")),
        LimitExceeded::Size(..) => (ErrorKind::ResponseTooLarge, format!("{limit}; {received} bytes were read")),
        // Here the number of bytes read would depend on how the transport cuts the reply.
        LimitExceeded::Json(_) | LimitExceeded::Values => (ErrorKind::ResponseTooLarge, limit.to_string()),
    }
}

/// The first words of an error about a failure reply.
pub(crate) fn headline(kind: ErrorKind, event: AttemptEvent, status: u16) -> &'static str {
    match kind {
        _ if event == AttemptEvent::ClockRefused => "the time of the signature was not accepted",
        _ if event == AttemptEvent::TokenRefused => "the session token was not accepted",
        ErrorKind::Auth => "the key was not accepted",
        ErrorKind::Quota => "the account has no quota left",
        ErrorKind::Throttled => "too many calls",
        ErrorKind::Refused => "the review refused the call",
        ErrorKind::InvalidInput => "the service does not accept the input",
        ErrorKind::Config => "the gateway has no such address; check the base url",
        _ if (300..400).contains(&status) => "the gateway redirects the call, which is never followed",
        _ => "the service failed",
    }
}

/// A hint for a body of the wrong kind: its type and its first characters.
pub(crate) fn looks_like(content_type: Option<&str>, body: &[u8], secrets: Secrets<'_>) -> String {
    let content_type = content_type.map(|kind| brief(kind, secrets)).unwrap_or_default();
    let start = start(body, secrets);
    match (content_type.is_empty(), start.trim().is_empty()) {
        (_, true) => "; the body is empty".to_owned(),
        (true, _) => format!("; it starts with: {}", clean(start.trim(), secrets)),
        (false, _) => format!("; it is {content_type} and starts with: {}", clean(start.trim(), secrets)),
    }
}

/// The first bytes of a body. A cut inside a secret would leave a part that [`clean`] does not find, so the cut is moved
/// behind the secret.
fn start<'a>(body: &'a [u8], secrets: Secrets<'_>) -> Cow<'a, str> {
    const SHOWN: usize = 80;
    let cut = body.len().min(SHOWN);
    let end = secrets.spellings().fold(cut, |cut, secret| {
        let found = (0..cut).rev().take(secret.len()).find(|at| body[*at..].starts_with(secret.as_bytes()));
        found.map_or(cut, |at| cut.max(at + secret.len()))
    });
    String::from_utf8_lossy(&body[..end])
}
