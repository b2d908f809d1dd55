//! Reads a reply that has begun: to an outcome, or to an event and the error to show.

use bytes::Bytes;
use volcv_types::memory::Working;
use volcv_types::{PictureInfo, Reply, ServiceCode, TaskStatus};

use crate::call::time::Now;
use crate::error::{Error, ErrorKind};
use crate::outcome::{Outcome, Output};
use crate::redact::{brief, clean};
use crate::reply::decode::{self, ReplyOutputs};
use crate::reply::inbox::Received;
use crate::reply::lenient::{self, Json};
use crate::reply::retry_after::parse_retry_after;
use crate::reply::scanner::LimitExceeded;
use crate::reply::verdict;
use crate::request::access::Clock;
use crate::request::expects::Expects;
use crate::request::plan::Plan;
use crate::retry::AttemptEvent;

/// The facts of a reply.
#[derive(Debug)]
pub(crate) struct ReplyFacts {
    pub(crate) event: AttemptEvent,
    /// The reply is a failure, but has a whole picture.
    pub(crate) has_whole_picture: bool,
    /// Where a redirect leads.
    pub(crate) location: Option<String>,
    /// The clock of the service, if it refused the time of the signature.
    pub(crate) clock: Option<Clock>,
    pub(crate) result: Result<Outcome, Error>,
}

/// Reads a reply. `cut` says why the reply did not come to its end.
pub(crate) fn read(plan: &Plan, mut reply: Received, cut: Option<String>, now: Now) -> ReplyFacts {
    // The parser allocates without asking. Beside the pictures replies are small, but those of a generic call need not be.
    let working = Working::new(reply.scanned.json.len().saturating_mul(PARSED)).unwrap_or_else(|_| {
        reply.limit_exceeded = Some(LimitExceeded::Memory);
        Working::none()
    });
    let reader = ReplyReader { plan, reply, now };
    working.run(|| reader.facts(cut))
}

/// The bytes that a parsed text takes by each of its own, at most.
const PARSED: usize = 4;

struct ReplyReader<'a> {
    plan: &'a Plan,
    reply: Received,
    now: Now,
}

impl ReplyReader<'_> {
    fn facts(self, cut: Option<String>) -> ReplyFacts {
        let is_success = (200..300).contains(&self.reply.head.status);
        match (self.plan.expects(), is_success) {
            (Expects::File, true) => self.file(cut),
            (Expects::File, false) => self.file_refused(),
            (_, true) => self.success_status(cut),
            (_, false) => {
                let reply = self.json().map(|json| json.reply).unwrap_or_default();
                self.failed(&reply)
            }
        }
    }

    /// A reply to a call with status 2xx.
    fn success_status(self, cut: Option<String>) -> ReplyFacts {
        if let Some((kind, message)) = self.over_limit() {
            return self.unusable(AttemptEvent::ReplyUnsupported, kind, message);
        }
        let json = self.json();
        // Without a length in the head, a whole JSON object marks its end by itself: neither the trailers behind the
        // chunks nor the end of the connection have to arrive.
        let marks_its_end = !self.reply.head.has_length && json.is_some();
        if let Some(cut) = cut.filter(|_| !marks_its_end) {
            // A failure that arrived whole is a failure, whatever became of the connection after it.
            return match json.filter(|json| json.reply.verdict().failed) {
                Some(json) => self.failed(&json.reply),
                None => self.broke_off(&cut),
            };
        }
        if let Some(message) = self.compressed() {
            return self.unusable(AttemptEvent::ReplyUnsupported, ErrorKind::Decode, message);
        }
        match json {
            Some(json) => self.succeeded(json),
            None => {
                let error = Reply::from_slice(&self.reply.scanned.json).err().map(|error| error.to_string());
                let error = brief(&error.unwrap_or_default(), self.plan.secrets());
                let message = format!("the reply is not a JSON object ({error}){}", self.looks_like());
                self.unusable(AttemptEvent::ReplyUnusable, ErrorKind::Decode, message)
            }
        }
    }

    /// A 2xx reply that is a JSON object. A reply that says success and has a picture is a success, whatever else it
    /// says.
    fn succeeded(mut self, json: Json) -> ReplyFacts {
        let Json { reply, warning, repaired } = json;
        let verdict = reply.verdict();
        let expects = self.plan.expects();
        // Actions of the API gateway's own kind have no `code`; their metadata without an error says success.
        let is_gateway_action = expects.wants_text() && reply.response_metadata.is_some();
        if !reply.says_success() && (verdict.failed || !is_gateway_action) {
            return match verdict.failed {
                true => self.failed(&reply),
                false => {
                    let message = "the reply has no code that says success or failure".to_owned();
                    self.unusable(AttemptEvent::ReplyUnusable, ErrorKind::Decode, message)
                }
            };
        }
        let pictures = std::mem::take(&mut self.reply.scanned.pictures);
        let ReplyOutputs { outputs, problems, rejected } = decode::outputs(&reply, pictures);
        if outputs.is_empty() && verdict.failed {
            return self.failed_with(&reply, rejected);
        }
        let is_done = reply.task_status() == Some(TaskStatus::Done);
        // A task of an ability that volcv does not know may have another result than pictures, such as a link to a video.
        let is_enough = is_done && rejected.is_empty() && !self.plan.makes_pictures();
        if outputs.is_empty() && !is_enough {
            if let Some((event, kind, message)) = missing(expects, &reply, &problems, !rejected.is_empty()) {
                return self.unusable_with(event, kind, message, rejected);
            }
        }
        let request_id = self.request_id(verdict.request_id);
        let also_says = verdict.failed.then(|| {
            let text = verdict.message.or(verdict.code.map(|code| code.to_string())).unwrap_or_default();
            format!("the reply has a picture, but also says: {}", clean(&text, self.plan.secrets()))
        });
        let problems = if outputs.is_empty() { Vec::new() } else { problems };
        let warnings = warning.into_iter().chain(also_says).chain(problems).collect();
        let body = match repaired {
            _ if expects.wants_text() => Bytes::from(self.reply.body),
            Some(repaired) => Bytes::from(repaired),
            None => Bytes::from(self.reply.scanned.json),
        };
        let seed = self.plan.seed();
        let event = match expects {
            Expects::TaskStatus if outputs.is_empty() && !is_enough => {
                verdict::of_task(reply.task_status().as_ref(), false)
            }
            _ => AttemptEvent::Succeeded,
        };
        let outcome = Outcome { outputs, seed, request_id, reply, body, attempts: Vec::new(), warnings, rejected };
        ReplyFacts { event, ..success(outcome) }
    }

    /// A reply to a download with status 2xx.
    fn file(self, cut: Option<String>) -> ReplyFacts {
        if let Some((kind, message)) = self.over_limit() {
            return self.unusable(AttemptEvent::ReplyUnsupported, kind, message);
        }
        if let Some(cut) = cut {
            return self.broke_off(&cut);
        }
        if let Some(message) = self.compressed() {
            return self.unusable(AttemptEvent::ReplyUnsupported, ErrorKind::Decode, message);
        }
        let looks_like = self.looks_like();
        let Received { head, body, .. } = self.reply;
        match decode::picture(body) {
            Ok((bytes, info)) => success(Outcome {
                body: bytes.clone(),
                outputs: vec![Output::Picture { bytes, info }],
                seed: None,
                request_id: head.request_id,
                reply: Reply::default(),
                attempts: Vec::new(),
                warnings: Vec::new(),
                rejected: Vec::new(),
            }),
            Err((why, bytes)) => {
                let error = Error::new(ErrorKind::Decode, format!("what the link leads to {why}{looks_like}"));
                // An error page is not a rejected picture.
                let rejected = PictureInfo::read(&bytes).map(|_| bytes).into_iter().collect();
                failure(AttemptEvent::ReplyUnusable, error.with_status(head.status), rejected)
            }
        }
    }

    /// The host of a link did not give the file.
    fn file_refused(self) -> ReplyFacts {
        let error = Error::new(ErrorKind::Service, "the host of the link did not give the picture")
            .with_status(self.reply.head.status)
            .with_retry_after(self.retry_after());
        let event = verdict::of_download(&self.reply.head);
        ReplyFacts { location: self.reply.head.location, ..failure(event, error, Vec::new()) }
    }

    /// A reply whose status or body says that the call failed.
    fn failed(mut self, reply: &Reply) -> ReplyFacts {
        let pictures = std::mem::take(&mut self.reply.scanned.pictures).into_bytes();
        self.failed_with(reply, pictures)
    }

    /// As [`ReplyReader::failed`]; the error carries these pictures.
    fn failed_with(self, reply: &Reply, pictures: Vec<Bytes>) -> ReplyFacts {
        let (secrets, head, verdict) = (self.plan.secrets(), &self.reply.head, reply.verdict());
        let (kind, event) = match self.plan.expects().is_poll() {
            true => verdict::of_poll(head, &verdict, reply.task_status() == Some(TaskStatus::Done)),
            false => verdict::of_failure(head, &verdict),
        };
        let known = verdict.code.as_ref().and_then(|code| code.row()).map(|row| row.name);
        let text = match (&verdict.message, known) {
            (Some(message), _) => clean(message, secrets),
            (None, Some(name)) => name.to_owned(),
            (None, None) => format!("the body says nothing more{}", self.looks_like()),
        };
        let location = head.location.as_deref().map(|to| format!(" to {}", brief(to, secrets)));
        let clock = self.clock().filter(|_| event == AttemptEvent::ClockRefused);
        let differs = clock.map(|clock| format!("; {}", clock.describe())).unwrap_or_default();
        let headline = verdict::headline(kind, event, head.status);
        let message = format!("{headline}{}: {text}{differs}", location.unwrap_or_default());
        let code = verdict.code.map(|code| match code {
            ServiceCode::Name(name) => ServiceCode::Name(brief(&name, secrets)),
            number => number,
        });
        let error = Error::new(kind, message)
            .with_code(code)
            .with_status(head.status)
            .with_retry_after(self.retry_after())
            .with_request_id(self.request_id(verdict.request_id));
        ReplyFacts { clock, ..failure(event, error, pictures) }
    }

    /// A 2xx reply that did not come to its end.
    fn broke_off(self, cut: &str) -> ReplyFacts {
        let message = format!("the reply broke off after {} bytes: {cut}", self.reply.received);
        self.unusable(AttemptEvent::ReplyUnusable, ErrorKind::Decode, message)
    }

    /// A 2xx reply without a usable result.
    fn unusable(mut self, event: AttemptEvent, kind: ErrorKind, message: String) -> ReplyFacts {
        let pictures = std::mem::take(&mut self.reply.scanned.pictures).into_bytes();
        self.unusable_with(event, kind, message, pictures)
    }

    /// As [`ReplyReader::unusable`]; the error carries these pictures.
    fn unusable_with(self, event: AttemptEvent, kind: ErrorKind, message: String, pictures: Vec<Bytes>) -> ReplyFacts {
        let in_json = self.json().and_then(|json| json.reply.verdict().request_id);
        let in_body = in_json.or_else(|| decode::request_id_in(&self.reply.scanned.json));
        let error =
            Error::new(kind, message).with_status(self.reply.head.status).with_request_id(self.request_id(in_body));
        failure(event, error, pictures)
    }

    /// The kind and the text of the error, if the reply is over a limit.
    fn over_limit(&self) -> Option<(ErrorKind, String)> {
        self.reply.limit_exceeded.map(|limit| verdict::of_limit(limit, self.reply.received))
    }

    /// The text of the error, if the reply is compressed.
    fn compressed(&self) -> Option<String> {
        let coding = self.reply.head.content_encoding.as_deref().map(str::trim)?;
        let is_compressed = !coding.is_empty() && !coding.eq_ignore_ascii_case("identity");
        let coding = brief(coding, self.plan.secrets());
        is_compressed.then(|| format!("the reply is compressed ({coding}), which volcv does not ask for"))
    }

    fn json(&self) -> Option<Json> {
        if self.reply.limit_exceeded == Some(LimitExceeded::Memory) {
            return None;
        }
        lenient::read(&self.reply.scanned, self.plan.secrets())
    }

    fn retry_after(&self) -> Option<std::time::Duration> {
        parse_retry_after(self.reply.head.retry_after.as_deref()?, self.now.wall)
    }

    /// The clock of the service, by the date of its reply.
    fn clock(&self) -> Option<Clock> {
        let date = httpdate::parse_http_date(self.reply.head.date.as_deref()?.trim()).ok()?;
        Some(Clock::between(self.now.wall, date))
    }

    /// The request id of the body, or that of the head.
    fn request_id(&self, in_body: Option<String>) -> Option<String> {
        in_body.or_else(|| self.reply.head.request_id.clone()).map(|id| brief(&id, self.plan.secrets()))
    }

    fn looks_like(&self) -> String {
        let json = &self.reply.scanned.json;
        let body = if json.is_empty() { &self.reply.body[..] } else { json };
        verdict::looks_like(self.reply.head.content_type.as_deref(), body, self.plan.secrets())
    }
}

/// Why a successful reply without pictures and links is not what the caller wants: the event, and kind and text of the error.
fn missing(
    expects: Expects,
    reply: &Reply,
    problems: &[String],
    is_damaged: bool,
) -> Option<(AttemptEvent, ErrorKind, String)> {
    let problems = || (ErrorKind::Decode, problems.join("; "));
    let (event, (kind, message)) = match (expects, reply.task_status()) {
        // Not every action makes pictures.
        (Expects::Json | Expects::FreeJson | Expects::File, _) => return None,
        (Expects::Pictures, _) => (AttemptEvent::ReplyUnusable, problems()),
        (Expects::Task, _) if reply.task_id().is_some() => return None,
        (Expects::Task, _) => {
            let message = "the reply says success but has no task id".to_owned();
            (AttemptEvent::ReplyUnusable, (ErrorKind::Decode, message))
        }
        (Expects::TaskStatus, Some(_)) if !is_damaged => return None,
        (Expects::TaskResult | Expects::TaskStatus, status) => {
            let event = verdict::of_task(status.as_ref(), is_damaged);
            let why = match event {
                AttemptEvent::TaskPending => (ErrorKind::Timeout, "the task has not ended yet".to_owned()),
                AttemptEvent::TaskNotFound => (ErrorKind::Service, "the service does not know the task".to_owned()),
                AttemptEvent::TaskExpired => (ErrorKind::Service, "the result of the task has been deleted".to_owned()),
                _ => problems(),
            };
            (event, why)
        }
    };
    Some((event, kind, message))
}

fn success(outcome: Outcome) -> ReplyFacts {
    ReplyFacts {
        event: AttemptEvent::Succeeded,
        has_whole_picture: false,
        location: None,
        clock: None,
        result: Ok(outcome),
    }
}

/// A failure whose reply has these pictures, whole or not. The error carries them, because they may be paid for.
fn failure(event: AttemptEvent, error: Error, pictures: Vec<Bytes>) -> ReplyFacts {
    let has_whole_picture = pictures.iter().any(|bytes| decode::is_whole(bytes));
    ReplyFacts { event, has_whole_picture, location: None, clock: None, result: Err(error.with_rejected(pictures)) }
}
