//! What an attempt means: from delivery, transport error, status and body to an outcome or to a row of the table.

use std::fmt::Display;

use bytes::Bytes;
use volcv_types::{Charge, CodeClass, PictureInfo, Reply, Verdict};

use crate::buffer::Buffer;
use crate::call::limits::TimeLimit;
use crate::call::meter::{Delivery, Phase};
use crate::call::time::Now;
use crate::error::{Error, ErrorKind};
use crate::exchange::{TransportError, TransportErrorKind};
use crate::outcome::{Outcome, Output};
use crate::redact::{brief, clean};
use crate::reply::decode::{self, Found};
use crate::reply::inbox::{Head, Inbox, Received};
use crate::reply::lenient;
use crate::reply::scanner::{LimitExceeded, Scanned};
use crate::request::plan::{Expects, Plan};
use crate::retry::{AttemptEvent, parse_retry_after};

/// A failed attempt: the row of the table, and the error if this was the last attempt.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) event: AttemptEvent,
    pub(crate) charge: Charge,
    pub(crate) error: Error,
    /// Of a download: where the link has moved to.
    pub(crate) moved_to: Option<String>,
}

impl Failure {
    fn new(event: AttemptEvent, error: Error) -> Self {
        Self { event, charge: event.rule().charge, error, moved_to: None }
    }

    fn with_request_id(mut self, request_id: Option<String>) -> Self {
        if self.error.request_id().is_none() {
            self.error = self.error.with_request_id(request_id);
        }
        self
    }

    /// Hands over the bytes that were paid for. Where a whole picture is among them, sending again would buy a second one.
    fn with_rejected(mut self, pictures: Vec<Bytes>) -> Self {
        if pictures.iter().any(|bytes| decode::is_whole(bytes)) {
            self.event = AttemptEvent::ReplyUnusable;
            self.charge = self.event.rule().charge;
        }
        self.error = self.error.with_rejected(pictures);
        self
    }
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
    let status = inbox.status();
    if error.as_ref().is_some_and(|error| error.kind() == TransportErrorKind::Cancelled) {
        return Err(given_up(plan, &inbox, delivery, phase));
    }
    let mut outcome = match inbox.into_received() {
        Some(received) => Answer::new(plan, received, why, now).read(),
        None => Err(unanswered(plan, delivery, error.as_ref().map(TransportError::kind), why)),
    };
    if let Err(failure) = &mut outcome {
        // A failure that came before the whole document cannot have been acted on, whatever it says of itself.
        let succeeded = failure.event == AttemptEvent::ReplyUnusable && status.is_some_and(|s| (200..300).contains(&s));
        if !delivery.is_full() && !succeeded && failure.event != AttemptEvent::Cancelled {
            failure.charge = Charge::None;
            // Status 408 is how a server says that it waited too long for the rest.
            if failure.event == AttemptEvent::ServiceFailed || status == Some(408) {
                failure.event = AttemptEvent::UploadBroken;
            }
        }
        if plan.expects() == Expects::File {
            failure.charge = Charge::None;
        }
    }
    outcome.map_err(|mut failure| {
        if let Some(source) = error.and_then(TransportError::into_source) {
            failure.error = failure.error.with_source(source);
        }
        failure
    })
}

/// The caller gave up during an attempt: what it cost depends on what was delivered, and on what had come back.
fn given_up(plan: &Plan, inbox: &Inbox, delivery: Delivery, phase: Phase) -> Failure {
    let status = inbox.status();
    let charge = match status {
        Some(200..=299) => Charge::Charged,
        Some(0..=499) => Charge::None,
        _ if delivery.is_full() => Charge::Unknown,
        _ => Charge::None,
    };
    let moved = match status {
        Some(_) => format!("{} bytes of the reply were read", inbox.received()),
        None => sent(delivery),
    };
    let when = match plan.expects() {
        Expects::File => "while the picture was fetched".to_owned(),
        _ => format!("while {phase}; {moved}"),
    };
    Failure { charge, ..Failure::new(AttemptEvent::Cancelled, cancelled(when)) }
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
fn unanswered(plan: &Plan, delivery: Delivery, kind: Option<TransportErrorKind>, why: Option<String>) -> Failure {
    let why = why.unwrap_or_else(|| "the transport ended without a reply".to_owned());
    let timed_out = matches!(kind, Some(TransportErrorKind::Timeout(_)));
    let broken = if timed_out { ErrorKind::Timeout } else { ErrorKind::Connect };
    let (event, kind) = match kind {
        Some(TransportErrorKind::Tls) => (AttemptEvent::CertificateRefused, ErrorKind::Tls),
        Some(TransportErrorKind::ProxyAuth) => (AttemptEvent::ProxyRefused, ErrorKind::Config),
        _ => (AttemptEvent::NotSent, broken),
    };
    if plan.expects() == Expects::File {
        return Failure::new(event, Error::new(kind, format!("the picture could not be fetched: {why}")));
    }
    let (event, kind) = match delivery {
        Delivery::NotSent => (event, kind),
        Delivery::Partial { .. } => (AttemptEvent::UploadBroken, broken),
        Delivery::Full { .. } => (AttemptEvent::Unanswered, ErrorKind::OutcomeUnknown),
    };
    Failure::new(event, Error::new(kind, format!("{why}; {}", sent(delivery))))
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

/// A reply that could be read.
struct Json {
    reply: Reply,
    /// What had to be overlooked.
    oddity: Option<String>,
    /// The text as JSON, if it was not.
    mended: Option<String>,
}

/// A reply that has at least begun.
struct Answer<'a> {
    plan: &'a Plan,
    head: Head,
    json: Scanned,
    body: Buffer,
    received: u64,
    excess: Option<LimitExceeded>,
    /// Why the reply did not come to its end, if it did not.
    cut: Option<String>,
    now: Now,
}

impl<'a> Answer<'a> {
    fn new(plan: &'a Plan, reply: Received, cut: Option<String>, now: Now) -> Self {
        let Received { head, json, body, received, excess } = reply;
        let cut = cut.filter(|_| excess.is_none());
        Self { plan, head, json, body, received, excess, cut, now }
    }

    fn read(mut self) -> Result<Outcome, Failure> {
        let is_file = self.plan.expects() == Expects::File;
        if !(200..300).contains(&self.head.status) {
            return Err(if is_file {
                self.file_refused()
            } else {
                let verdict = self.reply().map(|json| json.reply.verdict()).unwrap_or_default();
                self.failed(verdict)
            });
        }
        if let Some(excess) = self.excess {
            let kind = if excess == LimitExceeded::Depth { ErrorKind::Decode } else { ErrorKind::ResponseTooLarge };
            // How much had been read when the others were noticed depends on how the transport cuts the reply.
            let message = match excess {
                LimitExceeded::Size(..) => format!("{excess}; {} bytes were read", self.received),
                excess => excess.to_string(),
            };
            return Err(self.unusable(kind, message));
        }
        let json = if is_file { None } else { self.reply() };
        // Where the head does not say how long the body is, a whole JSON object has its end in itself: nobody needs the
        // trailers behind the chunks, or the end of the connection.
        let has_its_end = !self.head.has_length && json.is_some();
        if let Some(cut) = self.cut.take().filter(|_| !has_its_end) {
            return Err(self.broke_off(&cut, json.map(|json| json.reply.verdict())));
        }
        if let Some(coding) = self.head.content_encoding.as_deref().map(str::trim) {
            if !coding.is_empty() && !coding.eq_ignore_ascii_case("identity") {
                let coding = brief(coding, self.plan.secret());
                let message = format!("the reply is compressed ({coding}), which volcv does not ask for");
                return Err(self.unusable(ErrorKind::Decode, message));
            }
        }
        if is_file {
            return self.file();
        }
        match json {
            Some(json) => self.succeeded(json),
            None => {
                let error = Reply::from_slice(&self.json.side).err().map(|error| error.to_string()).unwrap_or_default();
                let error = brief(&error, self.plan.secret());
                let message = format!("the reply is not a JSON object ({error}){}", self.looks_like());
                Err(self.unusable(ErrorKind::Decode, message))
            }
        }
    }

    /// The reply's JSON, or that of one that is nearly JSON.
    fn reply(&self) -> Option<Json> {
        let (side, oddity) = (&self.json.side, self.json.oddity);
        match Reply::from_slice(side) {
            Ok(reply) => Some(Json { reply, oddity: oddity.map(|oddity| format!("the reply {oddity}")), mended: None }),
            Err(error) => {
                let mended = lenient::to_json(side)?;
                let reply = Reply::from_slice(mended.as_bytes()).ok()?;
                let error = brief(&error.to_string(), self.plan.secret());
                let oddity = Some(format!("the reply is not quite JSON ({error})"));
                Some(Json { reply, oddity, mended: Some(mended) })
            }
        }
    }

    /// A 2xx reply that did not come to its end.
    fn broke_off(self, cut: &str, verdict: Option<Verdict>) -> Failure {
        // A failure that arrived whole is a failure, whatever became of the connection after it.
        if let Some(verdict) = verdict.filter(|verdict| verdict.failed) {
            return self.failed(verdict);
        }
        let is_file = self.plan.expects() == Expects::File;
        let message = format!("the reply broke off after {} bytes: {cut}", self.received);
        let failure = self.unusable(ErrorKind::Decode, message);
        // A file can be fetched again at no cost.
        if is_file { Failure { event: AttemptEvent::UploadBroken, ..failure } } else { failure }
    }

    /// A 2xx reply that is a JSON object. What says success and has a picture is a success, whatever else it says.
    fn succeeded(mut self, json: Json) -> Result<Outcome, Failure> {
        let Json { reply, oddity, mended } = json;
        let verdict = reply.verdict();
        let expects = self.plan.expects();
        // Actions of the API gateway's own kind have no `code`; their metadata without an error is their success.
        let is_top = expects == Expects::Json && reply.response_metadata.is_some();
        if !reply.says_success() && (verdict.failed || !is_top) {
            return Err(match verdict.failed {
                true => self.failed(verdict),
                false => self.unusable(ErrorKind::Decode, "the reply has no code that says success or failure"),
            });
        }
        let Found { outputs, problems, rejected } = decode::outputs(&reply, std::mem::take(&mut self.json.pictures));
        if outputs.is_empty() && verdict.failed {
            return Err(self.failed(verdict).with_rejected(rejected));
        }
        let request_id = self.request_id(verdict.request_id);
        // Not every action makes pictures.
        if outputs.is_empty() && expects == Expects::Pictures {
            let failure = self.unusable(ErrorKind::Decode, problems.join("; "));
            return Err(failure.with_request_id(request_id).with_rejected(rejected));
        }
        let also_says = verdict.failed.then(|| {
            let text = verdict.message.or(verdict.code.map(|code| code.to_string())).unwrap_or_default();
            format!("the reply has a picture, but also says: {}", clean(&text, self.plan.secret()))
        });
        let problems = if outputs.is_empty() { Vec::new() } else { problems };
        let warnings = oddity.into_iter().chain(also_says).chain(problems).collect();
        let body = match expects {
            Expects::Pictures => {
                Bytes::from(mended.map_or_else(|| std::mem::take(&mut self.json.side), String::into_bytes))
            }
            Expects::Json | Expects::File => Bytes::from(std::mem::take(&mut self.body)),
        };
        let seed = self.plan.seed();
        Ok(Outcome { outputs, seed, request_id, reply, body, attempts: Vec::new(), warnings, rejected })
    }

    fn file(self) -> Result<Outcome, Failure> {
        let looks_like = self.looks_like();
        let Head { status, request_id, .. } = self.head;
        match decode::picture(self.body) {
            Ok(picture) => {
                let body = match &picture {
                    Output::Picture { bytes, .. } => bytes.clone(),
                    Output::Link(_) => Bytes::new(),
                };
                let (reply, attempts, warnings, rejected) = (Reply::default(), Vec::new(), Vec::new(), Vec::new());
                Ok(Outcome {
                    outputs: vec![picture],
                    seed: None,
                    request_id,
                    reply,
                    body,
                    attempts,
                    warnings,
                    rejected,
                })
            }
            Err((why, bytes)) => {
                let error = Error::new(ErrorKind::Decode, format!("what the link leads to {why}{looks_like}"));
                // A page that says what is wrong is no picture that failed a check.
                let cut = PictureInfo::read(&bytes).map(|_| bytes);
                let error = error.with_status(status).with_rejected(cut.into_iter().collect());
                // It can be fetched again at no cost.
                Err(Failure::new(AttemptEvent::UploadBroken, error))
            }
        }
    }

    /// The host of the link is not the service: its status is all that it says.
    fn file_refused(self) -> Failure {
        let error = Error::new(ErrorKind::Service, "the host of the link did not give the picture");
        let event = match self.head.status {
            429 => AttemptEvent::Throttled,
            500.. => AttemptEvent::ServiceFailed,
            _ => AttemptEvent::CallRefused,
        };
        let retry_after = self.retry_after();
        let failure = Failure::new(event, error.with_status(self.head.status).with_retry_after(retry_after));
        let moved = matches!(self.head.status, 301 | 302 | 303 | 307 | 308);
        Failure { moved_to: self.head.location.filter(|_| moved), ..failure }
    }

    /// The reply says, by its status or its body, that the call failed.
    fn failed(mut self, verdict: Verdict) -> Failure {
        let pictures = std::mem::take(&mut self.json.pictures).into_bytes();
        let (kind, event) = self.meaning(&verdict);
        let known = verdict.code.as_ref().and_then(|code| code.row()).map(|row| row.name);
        let text = match (&verdict.message, known) {
            (Some(message), _) => clean(message, self.plan.secret()),
            (None, Some(name)) => name.to_owned(),
            (None, None) => format!("the body says nothing more{}", self.looks_like()),
        };
        let what = match kind {
            ErrorKind::Auth => "the key was not accepted",
            ErrorKind::Quota => "the account has no quota left",
            ErrorKind::Throttled => "too many calls",
            ErrorKind::Refused => "the review refused the call",
            ErrorKind::InvalidInput => "the service does not accept the input",
            ErrorKind::Config => "the gateway has no such address; check the base url",
            _ if (300..400).contains(&self.head.status) => "the gateway redirects the call, which is never followed",
            _ => "the service failed",
        };
        let location = self.head.location.as_deref().map(|to| format!(" to {}", brief(to, self.plan.secret())));
        let message = format!("{what}{}: {text}", location.unwrap_or_default());
        let error = Error::new(kind, message)
            .with_code(verdict.code.clone().map(|code| self.tidy(code)))
            .with_status(self.head.status)
            .with_retry_after(self.retry_after())
            .with_request_id(self.request_id(verdict.request_id));
        Failure::new(event, error).with_rejected(pictures)
    }

    /// The code decides where it is known, otherwise the status does.
    fn meaning(&self, verdict: &Verdict) -> (ErrorKind, AttemptEvent) {
        use CodeClass as Class;
        let status = self.head.status;
        let has_retry_after = self.head.retry_after.is_some();
        match verdict.class() {
            Some(Class::Service | Class::Success) | None if status == 429 => {
                (ErrorKind::Throttled, AttemptEvent::Throttled)
            }
            Some(Class::InvalidInput) => (ErrorKind::InvalidInput, AttemptEvent::CallRefused),
            Some(Class::Auth) => (ErrorKind::Auth, AttemptEvent::CallRefused),
            Some(Class::Quota) => (ErrorKind::Quota, AttemptEvent::CallRefused),
            Some(Class::Throttled) => (ErrorKind::Throttled, AttemptEvent::Throttled),
            Some(Class::InputRefused) => (ErrorKind::Refused, AttemptEvent::CallRefused),
            Some(Class::OutputRefused) => (ErrorKind::Refused, AttemptEvent::ResultRefused),
            Some(Class::OutputRefusedOnce) => (ErrorKind::Refused, AttemptEvent::ResultRefusedOnce),
            Some(Class::Service) => (ErrorKind::Service, AttemptEvent::ServiceFailed),
            _ => match status {
                // Old gateways of the one-api family answer a bad key with status 200.
                200..=299 if verdict.from_gateway && verdict.code.is_none() => {
                    (ErrorKind::Auth, AttemptEvent::CallRefused)
                }
                401 | 403 => (ErrorKind::Auth, AttemptEvent::CallRefused),
                402 => (ErrorKind::Quota, AttemptEvent::CallRefused),
                404 | 405 => (ErrorKind::Config, AttemptEvent::CallRefused),
                // 406 is the status with which gateways pass on a failure of their upstream.
                406 => (ErrorKind::Service, AttemptEvent::ServiceFailed),
                300..=399 | 408 => (ErrorKind::Service, AttemptEvent::CallRefused),
                // The CV service sends status 400 for nearly everything: an unknown number says nothing of the input.
                400..=499 if verdict.code.as_ref().is_some_and(|code| code.number().is_some()) => {
                    (ErrorKind::Service, AttemptEvent::CallRefused)
                }
                400..=499 => (ErrorKind::InvalidInput, AttemptEvent::CallRefused),
                503 if has_retry_after => (ErrorKind::Service, AttemptEvent::Busy),
                _ => (ErrorKind::Service, AttemptEvent::ServiceFailed),
            },
        }
    }

    /// A success status without a usable result: it was billed.
    fn unusable(mut self, kind: ErrorKind, message: impl Into<String>) -> Failure {
        let found = self.reply().and_then(|json| json.reply.verdict().request_id);
        let found = found.or_else(|| decode::request_id_in(&self.json.side));
        let error = Error::new(kind, message).with_status(self.head.status).with_request_id(self.request_id(found));
        let pictures = std::mem::take(&mut self.json.pictures).into_bytes();
        Failure::new(AttemptEvent::ReplyUnusable, error).with_rejected(pictures)
    }

    fn retry_after(&self) -> Option<std::time::Duration> {
        parse_retry_after(self.head.retry_after.as_deref()?, self.now.wall)
    }

    /// The body's request id, or the header's.
    fn request_id(&self, in_body: Option<String>) -> Option<String> {
        in_body.or_else(|| self.head.request_id.clone()).map(|id| brief(&id, self.plan.secret()))
    }

    fn tidy(&self, code: volcv_types::ServiceCode) -> volcv_types::ServiceCode {
        match code {
            volcv_types::ServiceCode::Name(name) => volcv_types::ServiceCode::Name(brief(&name, self.plan.secret())),
            number => number,
        }
    }

    /// A hint for a body that is not what it should be: its type and its first characters.
    fn looks_like(&self) -> String {
        let kind = self.head.content_type.as_deref().map(|kind| brief(kind, self.plan.secret())).unwrap_or_default();
        let text = if self.json.side.is_empty() { &self.body[..] } else { &self.json.side };
        let start = start(text, self.plan.secret().as_bytes());
        match (kind.is_empty(), start.trim().is_empty()) {
            (_, true) => "; the body is empty".to_owned(),
            (true, _) => format!("; it starts with: {}", clean(start.trim(), self.plan.secret())),
            (false, _) => format!("; it is {kind} and starts with: {}", clean(start.trim(), self.plan.secret())),
        }
    }
}

/// The first bytes of a body. A cut through the key would leave a part that [`clean`] does not know, so it is made
/// behind the key.
fn start<'a>(body: &'a [u8], secret: &[u8]) -> std::borrow::Cow<'a, str> {
    const SHOWN: usize = 80;
    let cut = body.len().min(SHOWN);
    let key = (0..cut).rev().take(secret.len()).find(|at| body[*at..].starts_with(secret));
    let end = key.map_or(cut, |at| cut.max(at + secret.len()));
    String::from_utf8_lossy(&body[..end])
}
