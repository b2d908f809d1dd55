//! The facts of an attempt that has ended: its event, and the outcome or the error to show.

use std::fmt::Display;

use crate::call::delivery::Delivery;
use crate::call::limits::TimeLimit;
use crate::call::progress::Phase;
use crate::call::time::Now;
use crate::error::{Error, ErrorKind};
use crate::exchange::{TransportError, TransportErrorKind};
use crate::outcome::Outcome;
use crate::redact::{Secrets, brief};
use crate::reply::inbox::Inbox;
use crate::reply::read::{ReplyFacts, read};
use crate::request::access::Clock;
use crate::request::expects::Expects;
use crate::request::plan::Plan;
use crate::retry::{AttemptEvent, Facts};

/// How an attempt ended, as the driver and the meter saw it.
pub(crate) struct AttemptEnd {
    pub(crate) inbox: Inbox,
    pub(crate) delivery: Delivery,
    pub(crate) phase: Phase,
    pub(crate) result: Result<(), TransportError>,
    pub(crate) now: Now,
}

/// What an attempt that has ended means.
#[derive(Debug)]
pub(crate) struct Classified {
    pub(crate) facts: Facts,
    /// Where a redirect leads.
    pub(crate) location: Option<String>,
    /// The clock of the service, if it refused the time of the signature.
    pub(crate) clock: Option<Clock>,
    pub(crate) result: Result<Outcome, Error>,
}

/// Reads the end of one attempt. `hint` is added to the error of a connection that could not be made.
pub(crate) fn classify(plan: &Plan, end: AttemptEnd, hint: &str) -> Classified {
    let AttemptEnd { inbox, delivery, phase, result, now } = end;
    let error = result.err();
    let kind = error.as_ref().map(TransportError::kind);
    let why = error.as_ref().map(|error| explain(error, phase, plan, hint));
    let status = inbox.status();
    let reply = if kind == Some(TransportErrorKind::Cancelled) {
        let message = cancelled_message(plan, &inbox, delivery, phase);
        without_reply(AttemptEvent::Cancelled, cancelled(message))
    } else {
        match inbox.into_received() {
            Some(received) => read(plan, received, why, now),
            None => unanswered(plan, delivery, kind, why),
        }
    };
    let ReplyFacts { event, has_whole_picture, location, clock, result } = reply;
    // The cause of a cancel is the caller.
    let source = error.filter(|_| event != AttemptEvent::Cancelled).and_then(TransportError::into_source);
    let result = result.map_err(|error| match source {
        Some(source) => error.with_source(source),
        None => error,
    });
    let facts = Facts { expects: plan.expects(), event, delivery, status, has_whole_picture };
    Classified { facts, location, clock, result }
}

fn without_reply(event: AttemptEvent, error: Error) -> ReplyFacts {
    ReplyFacts { event, has_whole_picture: false, location: None, clock: None, result: Err(error) }
}

/// The error of a call that the caller cancelled.
pub(crate) fn cancelled(when: impl Display) -> Error {
    Error::new(ErrorKind::Cancelled, format!("the call was cancelled {when}"))
}

/// How far a cancelled attempt came, in words.
fn cancelled_message(plan: &Plan, inbox: &Inbox, delivery: Delivery, phase: Phase) -> String {
    if plan.expects() == Expects::File {
        return "while the picture was fetched".to_owned();
    }
    let moved = match inbox.status() {
        Some(_) => format!("{} bytes of the reply were read", inbox.received()),
        None => sent(delivery),
    };
    format!("while {phase}; {moved}")
}

/// How much of the request was sent, in words.
fn sent(delivery: Delivery) -> String {
    match delivery {
        Delivery::NotSent => "nothing of the request was sent".to_owned(),
        Delivery::Partial { sent, total } => format!("{sent} of {total} bytes of the request were sent"),
        Delivery::Full { .. } => "the whole request was sent".to_owned(),
    }
}

/// No reply began: the meter says what that means.
fn unanswered(plan: &Plan, delivery: Delivery, kind: Option<TransportErrorKind>, why: Option<String>) -> ReplyFacts {
    let why = why.unwrap_or_else(|| "the transport ended without a reply".to_owned());
    let timed_out = matches!(kind, Some(TransportErrorKind::Timeout(_)));
    let broken = if timed_out { ErrorKind::Timeout } else { ErrorKind::Connect };
    let not_sent = match kind {
        Some(TransportErrorKind::Tls) => (AttemptEvent::CertificateRefused, ErrorKind::Tls),
        Some(TransportErrorKind::ProxyAuth) => (AttemptEvent::ProxyRefused, ErrorKind::Config),
        Some(TransportErrorKind::NoMemory) => (AttemptEvent::NotSent, ErrorKind::OutOfMemory),
        _ => (AttemptEvent::NotSent, broken),
    };
    if plan.expects() == Expects::File {
        let (event, kind) = not_sent;
        return without_reply(event, Error::new(kind, format!("the picture could not be fetched: {why}")));
    }
    let (event, kind) = match delivery {
        Delivery::NotSent => not_sent,
        Delivery::Partial { .. } => (AttemptEvent::UploadBroken, broken),
        // To ask about a task again does no harm.
        Delivery::Full { .. } if plan.expects().is_poll() => (AttemptEvent::Unanswered, broken),
        Delivery::Full { .. } => (AttemptEvent::Unanswered, ErrorKind::OutcomeUnknown),
    };
    without_reply(event, Error::new(kind, format!("{why}; {}", sent(delivery))))
}

/// A transport's failure in words, with the phase in which it failed.
fn explain(error: &TransportError, phase: Phase, plan: &Plan, hint: &str) -> String {
    let (cause, to) = (cause(error, plan.secrets()), plan.address());
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

/// The innermost cause, which is the most specific one.
fn cause(error: &TransportError, secrets: Secrets<'_>) -> String {
    let innermost = std::iter::successors(std::error::Error::source(error), |cause| cause.source()).last();
    innermost.map(|cause| format!(" ({})", brief(&cause.to_string(), secrets))).unwrap_or_default()
}
