//! Plays the transport of a call in virtual time.

use std::io::Read as _;
use std::time::{Duration, SystemTime};

use volcv_core::http::{HeaderMap, HeaderName, HeaderValue};
use volcv_core::types::{Outpaint, Picture};
use volcv_core::{
    ApiKey, Call, CallConfig, Endpoint, Error, Now, Outcome, Plan, Step, TransportError, TransportErrorKind,
};

pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\0\0\0\x01\0";
pub(crate) const SUCCESS: &str = r#"{"code":10000,"request_id":"r","data":{"algorithm_base_resp":{"status_code":0},
    "binary_data_base64":["R0lGODlhAQABAAAAADs="]}}"#;
pub(crate) const GIF: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0;";

/// The course of one attempt.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// How much of the body is taken: 0, 1 (half) or 2 (all).
    pub(crate) taken: u8,
    pub(crate) reply: Option<(u16, String, Option<String>)>,
    pub(crate) error: Option<TransportErrorKind>,
    pub(crate) lasts: Duration,
}

impl Event {
    pub(crate) fn reply(status: u16, body: &str) -> Self {
        Self { taken: 2, reply: Some((status, body.into(), None)), error: None, lasts: Duration::from_secs(1) }
    }

    pub(crate) fn fail(taken: u8, kind: TransportErrorKind) -> Self {
        Self { taken, reply: None, error: Some(kind), lasts: Duration::from_secs(1) }
    }

    pub(crate) fn retry_after(mut self, text: &str) -> Self {
        if let Some((_, _, retry_after)) = &mut self.reply {
            *retry_after = Some(text.into());
        }
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
    pub(crate) end: Duration,
}

pub(crate) fn plan() -> Plan {
    let endpoint = Endpoint::parse("https://gw.example", false).unwrap();
    let key = ApiKey::new("canary-key").unwrap();
    Plan::outpaint(&Outpaint::equal(Picture::from_static(PNG), 0.5).seed(7), &endpoint, &key).unwrap()
}

pub(crate) fn at(mono: Duration) -> Now {
    Now { mono, wall: SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777) + mono }
}

/// Plays the events, the last one again and again.
pub(crate) fn run(config: CallConfig, events: &[Event]) -> Run {
    play(Call::new(plan(), config).with_rng_seed(1), events)
}

pub(crate) fn play(mut call: Call, events: &[Event]) -> Run {
    let (mut now, mut waits, mut seeds, mut sent, mut complete) = (Duration::ZERO, vec![], vec![], 0, 0);
    let result = loop {
        match call.next(at(now)) {
            Step::Send(mut attempt) => {
                let event = events.get(sent).or(events.last()).expect("a test has events");
                sent += 1;
                let total = attempt.request.body().remaining();
                let take = [0, total / 2, total][usize::from(event.taken)];
                let mut body = Vec::new();
                attempt.request.body_mut().take(take).read_to_end(&mut body).unwrap();
                if take == total {
                    complete += 1;
                    let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
                    seeds.push(json["seed"].as_i64().unwrap());
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
    Run { result, sent, complete, waits, seeds, end: now }
}

pub(crate) fn push(call: &mut Call, event: &Event) -> Result<(), TransportError> {
    if let Some((status, body, retry_after)) = &event.reply {
        let mut headers = HeaderMap::new();
        if let Some(text) = retry_after {
            headers.insert(HeaderName::from_static("retry-after"), HeaderValue::from_str(text).unwrap());
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
