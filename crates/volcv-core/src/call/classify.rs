//! The facts of one attempt: from delivery, transport error, status and body to an outcome, or to what
//! [`decide`](crate::retry) needs to know. Nothing here says what an attempt cost or what follows.

use std::fmt::Display;

use crate::call::delivery::Delivery;
use crate::call::limits::TimeLimit;
use crate::call::meter::Phase;
use crate::call::time::Now;
use crate::error::{Error, ErrorKind};
use crate::exchange::{TransportError, TransportErrorKind};
use crate::outcome::Outcome;
use crate::redact::brief;
use crate::reply::file;
use crate::reply::inbox::Inbox;
use crate::reply::verdict;
use crate::request::plan::{Expects, Plan};
use crate::retry::{AttemptEvent, DownloadEvent, Facts};

/// A failed attempt: its facts, and the error of the call if this was the last attempt.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) facts: Facts,
    pub(crate) error: Error,
    /// Of a download: the URL to which the host of the link redirects.
    pub(crate) location: Option<String>,
}

/// Reads the end of one attempt.
pub(crate) fn classify(
    plan: &Plan,
    inbox: Inbox,
    delivery: Delivery,
    phase: Phase,
    result: Result<(), TransportError>,
    hint: &str,
    now: Now,
) -> Result<Outcome, Failure> {
    let error = result.err();
    let why = error.as_ref().map(|error| explain(error, phase, plan, hint));
    let kind = error.as_ref().map(TransportError::kind);
    let status = inbox.status();
    let is_download = plan.expects() == Expects::File;
    let call = |event, has_picture| Facts::Call { event, delivery, status, has_picture };
    let outcome = if kind == Some(TransportErrorKind::Cancelled) {
        let facts = match is_download {
            true => Facts::Download(DownloadEvent::Cancelled),
            false => call(AttemptEvent::Cancelled, false),
        };
        Err(Failure { facts, error: cancelled(when(&inbox, is_download, delivery, phase)), location: None })
    } else {
        match inbox.into_received() {
            None if is_download => Err(not_fetched(kind, why)),
            None => {
                let (event, error) = unanswered(delivery, kind, why);
                Err(Failure { facts: call(event, false), error, location: None })
            }
            Some(received) if is_download => file::read(plan, received, why, now).map_err(|failed| {
                let file::Failed { event, error, location } = failed;
                Failure { facts: Facts::Download(event), error, location }
            }),
            Some(received) => verdict::read(plan, received, why, now).map_err(|failed| {
                let has_picture = failed.error.rejected_pictures().iter().any(|bytes| file::is_whole_picture(bytes));
                Failure { facts: call(failed.event, has_picture), error: failed.error, location: None }
            }),
        }
    };
    outcome.map_err(|failure| match error.and_then(TransportError::into_source) {
        Some(source) => Failure { error: failure.error.with_source(source), ..failure },
        None => failure,
    })
}

/// When the caller gave up, in words.
fn when(inbox: &Inbox, is_download: bool, delivery: Delivery, phase: Phase) -> String {
    if is_download {
        return "while the picture was fetched".to_owned();
    }
    let moved = match inbox.status() {
        Some(_) => format!("{} bytes of the reply were read", inbox.received()),
        None => sent(delivery),
    };
    format!("while {phase}; {moved}")
}

/// The caller gave up.
pub(crate) fn cancelled(when: impl Display) -> Error {
    Error::new(ErrorKind::Cancelled, format!("the call was cancelled {when}"))
}

/// How far the request came, in words.
fn sent(delivery: Delivery) -> String {
    match delivery {
        Delivery::NotSent => "nothing of the request was sent".to_owned(),
        Delivery::Partial { sent, total } => format!("{sent} of {total} bytes of the request were sent"),
        Delivery::Full { .. } => "the whole request was sent".to_owned(),
    }
}

/// No reply began: only the meter can say what that means.
fn unanswered(delivery: Delivery, kind: Option<TransportErrorKind>, why: Option<String>) -> (AttemptEvent, Error) {
    let broken = not_connected(kind);
    let (event, kind) = match (delivery, kind) {
        (Delivery::NotSent, Some(TransportErrorKind::Tls)) => (AttemptEvent::CertificateRefused, ErrorKind::Tls),
        (Delivery::NotSent, Some(TransportErrorKind::ProxyAuth)) => (AttemptEvent::ProxyRefused, ErrorKind::Config),
        (Delivery::NotSent, _) => (AttemptEvent::NotSent, broken),
        (Delivery::Partial { .. }, _) => (AttemptEvent::UploadBroken, broken),
        (Delivery::Full { .. }, _) => (AttemptEvent::Unanswered, ErrorKind::OutcomeUnknown),
    };
    (event, Error::new(kind, format!("{}; {}", reason(why), sent(delivery))))
}

/// The host of a link did not answer.
fn not_fetched(kind: Option<TransportErrorKind>, why: Option<String>) -> Failure {
    let (event, kind) = match kind {
        Some(TransportErrorKind::Tls) => (DownloadEvent::CertificateRefused, ErrorKind::Tls),
        Some(TransportErrorKind::ProxyAuth) => (DownloadEvent::NotReached, ErrorKind::Config),
        kind => (DownloadEvent::NotReached, not_connected(kind)),
    };
    let error = Error::new(kind, format!("the picture could not be fetched: {}", reason(why)));
    Failure { facts: Facts::Download(event), error, location: None }
}

fn not_connected(kind: Option<TransportErrorKind>) -> ErrorKind {
    if matches!(kind, Some(TransportErrorKind::Timeout(_))) { ErrorKind::Timeout } else { ErrorKind::Connect }
}

fn reason(why: Option<String>) -> String {
    why.unwrap_or_else(|| "the transport ended without a reply".to_owned())
}

/// A transport's failure in words, with the phase it happened in. The hint is for a connection that did not come about.
fn explain(error: &TransportError, phase: Phase, plan: &Plan, hint: &str) -> String {
    let (cause, to) = (cause(error, plan.secret()), plan.address());
    match error.kind() {
        TransportErrorKind::Timeout(TimeLimit::Connect) => {
            format!("no connection to {to} within the connect limit{hint}")
        }
        TransportErrorKind::Timeout(TimeLimit::Stall) => format!("no byte moved within the stall limit while {phase}"),
        TransportErrorKind::Timeout(limit) => format!("the {limit} passed while {phase}"),
        TransportErrorKind::Resolve => format!("the host name of {to} was not found{cause}{hint}"),
        TransportErrorKind::Connect => format!("no connection to {to}{cause}{hint}"),
        TransportErrorKind::ProxyAuth => format!("no way to {to}{cause}{hint}"),
        TransportErrorKind::Tls => format!("the certificate of {to} was refused{cause}"),
        _ => format!("{error} while {phase}{cause}"),
    }
}

/// The innermost cause, which is the one that says something.
fn cause(error: &TransportError, secret: &str) -> String {
    let innermost = std::iter::successors(std::error::Error::source(error), |cause| cause.source()).last();
    innermost.map(|cause| format!(" ({})", brief(&cause.to_string(), secret))).unwrap_or_default()
}
