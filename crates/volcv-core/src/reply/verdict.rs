//! What the reply of a paid call says: pictures, or how the call failed.
//!
//! A reply that says success and has a whole picture is a success, whatever else it says.

use bytes::Bytes;
use volcv_types::{CodeClass, Reply, ServiceCode, Verdict};

use crate::buffer::Buffer;
use crate::call::time::Now;
use crate::error::{Error, ErrorKind};
use crate::outcome::Outcome;
use crate::redact::{brief, clean};
use crate::reply::decode::{self, Outputs};
use crate::reply::inbox::{Head, Received};
use crate::reply::lenient;
use crate::reply::scanner::{LimitExceeded, Scanned};
use crate::request::plan::{Expects, Plan};
use crate::retry::{AttemptEvent, parse_retry_after};

/// The call failed: the event for the table, and the error with the pictures that are worth keeping.
pub(crate) struct Failed {
    pub(crate) event: AttemptEvent,
    pub(crate) error: Error,
}

/// Reads a reply that has at least begun. `cut` says why it did not come to its end, if it did not.
pub(crate) fn read(plan: &Plan, reply: Received, cut: Option<String>, now: Now) -> Result<Outcome, Failed> {
    let Received { head, json, body, received, exceeded } = reply;
    ReplyReader { plan, head, json, body, received, now }.read(exceeded, cut)
}

/// The reply as JSON.
struct Json {
    reply: Reply,
    /// What is wrong with the text, if it could be read all the same.
    warning: Option<String>,
    /// The text after repair, if it had to be repaired.
    repaired: Option<String>,
}

struct ReplyReader<'a> {
    plan: &'a Plan,
    head: Head,
    json: Scanned,
    body: Buffer,
    received: u64,
    now: Now,
}

impl ReplyReader<'_> {
    fn read(self, exceeded: Option<LimitExceeded>, cut: Option<String>) -> Result<Outcome, Failed> {
        if !self.head.is_success() {
            let verdict = self.parse().map(|json| json.reply.verdict()).unwrap_or_default();
            return Err(self.failed(verdict));
        }
        if let Some(exceeded) = exceeded {
            let message = exceeded.message(self.received);
            return Err(self.unusable(exceeded.kind(), message));
        }
        let json = self.parse();
        // Where the head does not say how long the body is, a whole JSON object shows its own end: the trailers behind the
        // chunks, or the end of the connection, are not needed.
        let has_its_end = !self.head.has_length && json.is_some();
        if let Some(cut) = cut.filter(|_| !has_its_end) {
            return Err(self.broken_off(&cut, json.map(|json| json.reply.verdict())));
        }
        if let Some(message) = self.head.compressed(self.plan.secret()) {
            return Err(self.unusable(ErrorKind::Decode, message));
        }
        match json {
            Some(json) => self.succeeded(json),
            None => {
                let error = Reply::from_slice(&self.json.text).err().map(|error| error.to_string()).unwrap_or_default();
                let error = brief(&error, self.plan.secret());
                let message = format!("the reply is not a JSON object ({error}){}", self.looks_like());
                Err(self.unusable(ErrorKind::Decode, message))
            }
        }
    }

    /// The reply's JSON, or that of a text that is nearly JSON.
    fn parse(&self) -> Option<Json> {
        let error = match Reply::from_slice(&self.json.text) {
            Ok(reply) => {
                let warning = self.json.warning.map(|warning| format!("the reply {warning}"));
                return Some(Json { reply, warning, repaired: None });
            }
            Err(error) => brief(&error.to_string(), self.plan.secret()),
        };
        let repaired = lenient::to_json(&self.json.text)?;
        let reply = Reply::from_slice(repaired.as_bytes()).ok()?;
        Some(Json { reply, warning: Some(format!("the reply is not quite JSON ({error})")), repaired: Some(repaired) })
    }

    /// A 2xx reply that did not come to its end. A failure that arrived whole stays a failure.
    fn broken_off(self, cut: &str, verdict: Option<Verdict>) -> Failed {
        match verdict.filter(|verdict| verdict.failed) {
            Some(verdict) => self.failed(verdict),
            None => {
                let message = format!("the reply broke off after {} bytes: {cut}", self.received);
                self.unusable(ErrorKind::Decode, message)
            }
        }
    }

    /// A 2xx reply that is a JSON object.
    fn succeeded(mut self, json: Json) -> Result<Outcome, Failed> {
        let Json { reply, warning, repaired } = json;
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
        let Outputs { outputs, problems, rejected } = decode::outputs(&reply, std::mem::take(&mut self.json.pictures));
        if outputs.is_empty() && verdict.failed {
            let failed = self.failed(verdict);
            return Err(Failed { error: failed.error.with_rejected(rejected), ..failed });
        }
        // Not every action makes pictures.
        if outputs.is_empty() && expects == Expects::Pictures {
            let failed = self.unusable(ErrorKind::Decode, problems.join("; "));
            return Err(Failed { error: failed.error.with_rejected(rejected), ..failed });
        }
        let also_says = verdict.failed.then(|| {
            let text = verdict.message.or(verdict.code.map(|code| code.to_string())).unwrap_or_default();
            format!("the reply has a picture, but also says: {}", clean(&text, self.plan.secret()))
        });
        let problems = if outputs.is_empty() { Vec::new() } else { problems };
        let request_id = self.request_id(verdict.request_id);
        let body = match expects {
            Expects::Pictures => Bytes::from(repaired.map_or(self.json.text, String::into_bytes)),
            Expects::Json | Expects::File => Bytes::from(self.body),
        };
        Ok(Outcome {
            outputs,
            seed: self.plan.seed(),
            request_id,
            reply,
            body,
            warnings: warning.into_iter().chain(also_says).chain(problems).collect(),
            rejected,
            ..Outcome::default()
        })
    }

    /// The reply says, by its status or its body, that the call failed.
    fn failed(mut self, verdict: Verdict) -> Failed {
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
            .with_retry_after(self.head.retry_after.as_deref().and_then(|text| parse_retry_after(text, self.now.wall)))
            .with_request_id(self.request_id(verdict.request_id))
            .with_rejected(pictures);
        Failed { event, error }
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

    /// A success status without a usable result.
    fn unusable(mut self, kind: ErrorKind, message: impl Into<String>) -> Failed {
        let found = self.parse().and_then(|json| json.reply.verdict().request_id);
        let found = found.or_else(|| decode::request_id_in(&self.json.text));
        let error = Error::new(kind, message)
            .with_status(self.head.status)
            .with_request_id(self.request_id(found))
            .with_rejected(std::mem::take(&mut self.json.pictures).into_bytes());
        Failed { event: AttemptEvent::ReplyUnusable, error }
    }

    /// The body's request id, or the header's.
    fn request_id(&self, in_body: Option<String>) -> Option<String> {
        in_body.or_else(|| self.head.request_id.clone()).map(|id| brief(&id, self.plan.secret()))
    }

    fn tidy(&self, code: ServiceCode) -> ServiceCode {
        match code {
            ServiceCode::Name(name) => ServiceCode::Name(brief(&name, self.plan.secret())),
            number => number,
        }
    }

    fn looks_like(&self) -> String {
        let text = if self.json.text.is_empty() { &self.body[..] } else { &self.json.text };
        self.head.looks_like(text, self.plan.secret())
    }
}
