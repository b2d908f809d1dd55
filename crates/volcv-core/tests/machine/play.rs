//! Plays the transport of a call in virtual time.

use std::io::Read as _;
use std::time::{Duration, SystemTime};

use volcv_core::http::{HeaderMap, HeaderName, HeaderValue};
use volcv_core::types::{Outpaint, Picture, Task, TaskRequest};
use volcv_core::{
    Access, ApiKey, AttemptRecord, Call, CallConfig, Credentials, CredentialsError, Endpoint, Error, Now, Outcome,
    Plan, Step, TransportError, TransportErrorKind,
};

pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\0\0\0\x01\0";
pub(crate) const SUCCESS: &str = r#"{"code":10000,"request_id":"r","data":{"algorithm_base_resp":{"status_code":0},
    "binary_data_base64":["R0lGODlhAQABAAAAADs="]}}"#;
/// The gateway of direct access refuses a request.
pub(crate) const CLOCK_REFUSED: &str = r#"{"ResponseMetadata":{"RequestId":"r","Error":{"Code":"InvalidTimestamp",
    "CodeN":100006,"Message":"The Signature of the request is expired or from the future."}}}"#;
pub(crate) const TOKEN_REFUSED: &str = r#"{"ResponseMetadata":{"RequestId":"r","Error":{"Code":"InvalidSecretToken",
    "Message":"The security token in the request is expired."}}}"#;
/// Replies about a task.
pub(crate) const ACCEPTED: &str = r#"{"code":10000,"request_id":"r","data":{"task_id":"7392616336519610409"}}"#;
pub(crate) const IN_QUEUE: &str = r#"{"code":10000,"request_id":"r","data":{"status":"in_queue"}}"#;
pub(crate) const GIF: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0;";

/// The course of one attempt.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// How much of the body is taken: 0, 1 (half) or 2 (all).
    pub(crate) taken: u8,
    /// Status and body of the reply.
    pub(crate) reply: Option<(u16, String)>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) error: Option<TransportErrorKind>,
    pub(crate) lasts: Duration,
}

impl Event {
    pub(crate) fn reply(status: u16, body: &str) -> Self {
        Self { reply: Some((status, body.into())), error: None, ..Self::fail(2, TransportErrorKind::Other) }
    }

    pub(crate) fn fail(taken: u8, kind: TransportErrorKind) -> Self {
        Self { taken, reply: None, headers: Vec::new(), error: Some(kind), lasts: Duration::from_secs(1) }
    }

    /// A reply whose end does not arrive.
    pub(crate) fn cut(status: u16, body: &str) -> Self {
        Self { error: Some(TransportErrorKind::Io), ..Self::reply(status, body).header("content-length", "9999") }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// The record of a run of the machine.
pub(crate) struct Run {
    pub(crate) result: Result<Outcome, Error>,
    pub(crate) sent: usize,
    pub(crate) complete: usize,
    pub(crate) waits: Vec<Duration>,
    pub(crate) seeds: Vec<i64>,
    /// The headers of each attempt.
    pub(crate) headers: Vec<HeaderMap>,
    /// The times within which credentials were asked for.
    pub(crate) asked: Vec<Duration>,
    /// Of a call that is written down: the attempts before, and the length of the body, at each of its marks.
    pub(crate) begun: Vec<(usize, u64)>,
    pub(crate) end: Duration,
}

impl Run {
    pub(crate) fn error(&self) -> &Error {
        self.result.as_ref().expect_err("the call fails")
    }

    pub(crate) fn attempts(&self) -> &[AttemptRecord] {
        self.result.as_ref().map_or_else(Error::attempts, |outcome| &outcome.attempts)
    }
}

/// A gateway.
pub(crate) fn gateway() -> Access {
    Access::gateway(Endpoint::parse("https://gw.example", false).unwrap(), ApiKey::new("canary-key").unwrap())
}

/// Direct access. Without credentials, each call asks its driver for some.
pub(crate) fn direct(credentials: Option<Credentials>) -> Access {
    let endpoint = Endpoint::parse_direct(Access::DIRECT_URL, false).unwrap();
    Access::direct(endpoint, Access::REGION, credentials).unwrap()
}

/// Invented keys that no text may show.
pub(crate) fn pair() -> Credentials {
    Credentials::new("canary-AK", "canary-SK").unwrap()
}

pub(crate) fn task_request() -> TaskRequest {
    TaskRequest::of(&outpaint()).unwrap()
}

pub(crate) fn task() -> Task {
    task_request().task("7392616336519610409").unwrap()
}

pub(crate) fn outpaint() -> Outpaint {
    Outpaint::equal(Picture::from_static(PNG), 0.5).seed(7)
}

pub(crate) fn plan() -> Plan {
    Plan::pictures(&outpaint(), &gateway()).unwrap()
}

pub(crate) fn at(mono: Duration) -> Now {
    Now { mono, wall: SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777) + mono }
}

/// Plays the events, the last one again and again.
pub(crate) fn run(config: CallConfig, events: &[Event]) -> Run {
    play(Call::new(plan(), config).with_rng_seed(1), events)
}

/// As [`run`], for any call that needs no credentials.
pub(crate) fn play(call: Call, events: &[Event]) -> Run {
    play_with(call, events, &mut |_| panic!("no credentials are needed"))
}

/// What a provider of credentials answers.
pub(crate) type Found = Option<Result<Credentials, CredentialsError>>;

/// As [`play`]; `provider` is asked for credentials, in no time, and gets the number of answers before.
pub(crate) fn play_with(mut call: Call, events: &[Event], provider: &mut dyn FnMut(usize) -> Found) -> Run {
    let (mut now, mut waits, mut seeds, mut sent, mut complete) = (Duration::ZERO, vec![], vec![], 0, 0);
    let (mut headers, mut asked, mut begun) = (vec![], vec![], vec![]);
    let result = loop {
        match call.next(at(now)) {
            Step::Begin(body) => {
                begun.push((sent, body.len()));
                call.on_begun(Ok(()));
            }
            Step::Credentials(limit) => {
                call.on_credentials(at(now), provider(asked.len()));
                asked.push(limit);
            }
            Step::Send(mut attempt) => {
                let event = events.get(sent).or(events.last()).expect("a test has events");
                sent += 1;
                headers.push(attempt.request.headers().clone());
                let total = attempt.request.body().remaining();
                let take = [0, total / 2, total][usize::from(event.taken)];
                let mut body = Vec::new();
                attempt.request.body_mut().take(take).read_to_end(&mut body).unwrap();
                if take == total {
                    complete += 1;
                    let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
                    seeds.extend(json["seed"].as_i64());
                }
                now += event.lasts;
                let result = push(&mut call, event);
                call.on_sent(at(now), result);
            }
            Step::Wait(time) => {
                waits.push(time);
                now += time;
            }
            Step::Done(result) => break result,
        }
    };
    Run { result, sent, complete, waits, seeds, headers, asked, begun, end: now }
}

pub(crate) fn push(call: &mut Call, event: &Event) -> Result<(), TransportError> {
    if let Some((status, body)) = &event.reply {
        let mut headers = HeaderMap::new();
        for (name, value) in &event.headers {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        call.reply().head(*status, &headers)?;
        call.reply().data(body.as_bytes())?;
    }
    event.error.map_or(Ok(()), |kind| Err(TransportError::new(kind)))
}

pub(crate) fn policy(max_attempts: u32, charge_limit: u32) -> CallConfig {
    let mut config = CallConfig::default();
    config.policy.max_attempts = max_attempts;
    config.policy.charge_limit = charge_limit;
    config
}

pub(crate) fn failure(events: &[Event]) -> Error {
    run(CallConfig::default(), events).result.unwrap_err()
}
