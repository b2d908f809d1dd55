//! Reads a reply that has begun: to an outcome, or to an event and the error to show.

use bytes::Bytes;
use volcv_types::{PictureInfo, Reply, ServiceCode, Verdict};

use crate::call::time::Now;
use crate::error::{Error, ErrorKind};
use crate::outcome::{Outcome, Output};
use crate::redact::{brief, clean};
use crate::reply::decode::{self, ReplyOutputs};
use crate::reply::inbox::Received;
use crate::reply::lenient::{self, Json};
use crate::reply::retry_after::parse_retry_after;
use crate::reply::verdict;
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
    pub(crate) result: Result<Outcome, Error>,
}

/// Reads a reply. `cut` says why the reply did not come to its end.
pub(crate) fn read(plan: &Plan, reply: Received, cut: Option<String>, now: Now) -> ReplyFacts {
    let reader = ReplyReader { plan, reply, now };
    let is_success = (200..300).contains(&reader.reply.head.status);
    match (plan.expects(), is_success) {
        (Expects::File, true) => reader.file(cut),
        (Expects::File, false) => reader.file_refused(),
        (_, true) => reader.success_status(cut),
        (_, false) => {
            let verdict = reader.json().map(|json| json.reply.verdict()).unwrap_or_default();
            reader.failed(verdict)
        }
    }
}

struct ReplyReader<'a> {
    plan: &'a Plan,
    reply: Received,
    now: Now,
}

impl ReplyReader<'_> {
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
            return match json.map(|json| json.reply.verdict()).filter(|verdict| verdict.failed) {
                Some(verdict) => self.failed(verdict),
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
                let error = brief(&error.unwrap_or_default(), self.plan.secret());
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
        let is_gateway_action = expects == Expects::Json && reply.response_metadata.is_some();
        if !reply.says_success() && (verdict.failed || !is_gateway_action) {
            return match verdict.failed {
                true => self.failed(verdict),
                false => {
                    let message = "the reply has no code that says success or failure".to_owned();
                    self.unusable(AttemptEvent::ReplyUnusable, ErrorKind::Decode, message)
                }
            };
        }
        let pictures = std::mem::take(&mut self.reply.scanned.pictures);
        let ReplyOutputs { outputs, problems, rejected } = decode::outputs(&reply, pictures);
        if outputs.is_empty() && verdict.failed {
            return self.failed_with(verdict, rejected);
        }
        // Not every action makes pictures.
        if outputs.is_empty() && expects == Expects::Pictures {
            let message = problems.join("; ");
            return self.unusable_with(AttemptEvent::ReplyUnusable, ErrorKind::Decode, message, rejected);
        }
        let request_id = self.request_id(verdict.request_id);
        let also_says = verdict.failed.then(|| {
            let text = verdict.message.or(verdict.code.map(|code| code.to_string())).unwrap_or_default();
            format!("the reply has a picture, but also says: {}", clean(&text, self.plan.secret()))
        });
        let problems = if outputs.is_empty() { Vec::new() } else { problems };
        let warnings = warning.into_iter().chain(also_says).chain(problems).collect();
        let body = match (expects, repaired) {
            (Expects::Pictures, Some(repaired)) => Bytes::from(repaired),
            (Expects::Pictures, None) => Bytes::from(self.reply.scanned.json),
            (Expects::Json | Expects::File, _) => Bytes::from(self.reply.body),
        };
        let seed = self.plan.seed();
        success(Outcome { outputs, seed, request_id, reply, body, attempts: Vec::new(), warnings, rejected })
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
    fn failed(mut self, verdict: Verdict) -> ReplyFacts {
        let pictures = std::mem::take(&mut self.reply.scanned.pictures).into_bytes();
        self.failed_with(verdict, pictures)
    }

    /// As [`ReplyReader::failed`]; the error carries these pictures.
    fn failed_with(self, verdict: Verdict, pictures: Vec<Bytes>) -> ReplyFacts {
        let (secret, status) = (self.plan.secret(), self.reply.head.status);
        let (kind, event) = verdict::of_failure(&self.reply.head, &verdict);
        let known = verdict.code.as_ref().and_then(|code| code.row()).map(|row| row.name);
        let text = match (&verdict.message, known) {
            (Some(message), _) => clean(message, secret),
            (None, Some(name)) => name.to_owned(),
            (None, None) => format!("the body says nothing more{}", self.looks_like()),
        };
        let location = self.reply.head.location.as_deref().map(|to| format!(" to {}", brief(to, secret)));
        let message = format!("{}{}: {text}", verdict::headline(kind, status), location.unwrap_or_default());
        let code = verdict.code.map(|code| match code {
            ServiceCode::Name(name) => ServiceCode::Name(brief(&name, secret)),
            number => number,
        });
        let error = Error::new(kind, message)
            .with_code(code)
            .with_status(status)
            .with_retry_after(self.retry_after())
            .with_request_id(self.request_id(verdict.request_id));
        failure(event, error, pictures)
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
        let coding = brief(coding, self.plan.secret());
        is_compressed.then(|| format!("the reply is compressed ({coding}), which volcv does not ask for"))
    }

    fn json(&self) -> Option<Json> {
        lenient::read(&self.reply.scanned, self.plan.secret())
    }

    fn retry_after(&self) -> Option<std::time::Duration> {
        parse_retry_after(self.reply.head.retry_after.as_deref()?, self.now.wall)
    }

    /// The request id of the body, or that of the head.
    fn request_id(&self, in_body: Option<String>) -> Option<String> {
        in_body.or_else(|| self.reply.head.request_id.clone()).map(|id| brief(&id, self.plan.secret()))
    }

    fn looks_like(&self) -> String {
        let json = &self.reply.scanned.json;
        let body = if json.is_empty() { &self.reply.body[..] } else { json };
        verdict::looks_like(self.reply.head.content_type.as_deref(), body, self.plan.secret())
    }
}

fn success(outcome: Outcome) -> ReplyFacts {
    ReplyFacts { event: AttemptEvent::Succeeded, has_whole_picture: false, location: None, result: Ok(outcome) }
}

/// A failure whose reply has these pictures, whole or not. The error carries them, because they may be paid for.
fn failure(event: AttemptEvent, error: Error, pictures: Vec<Bytes>) -> ReplyFacts {
    let has_whole_picture = pictures.iter().any(|bytes| decode::is_whole(bytes));
    ReplyFacts { event, has_whole_picture, location: None, result: Err(error.with_rejected(pictures)) }
}
