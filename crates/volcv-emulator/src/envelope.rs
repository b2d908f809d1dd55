//! The JSON envelopes of the service and of the two gateways in front of it.

use std::time::Instant;

use serde_json::{Value, json};

use crate::clock::go_duration;
use crate::codes::{self, Top};
use crate::direct;
use crate::http::Head;

/// What an answer has to say about the request that it answers.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    pub(crate) request_id: String,
    pub(crate) started: Instant,
    pub(crate) action: String,
    pub(crate) version: String,
    pub(crate) region: String,
}

impl Ticket {
    /// The ticket of request `number` of a server. The id has the form of the real ones and depends on the number alone.
    pub(crate) fn new(number: u64, head: &Head, region: &str) -> Self {
        let scrambled = (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self {
            request_id: format!("20260101000000{scrambled:016X}{number:08X}"),
            started: Instant::now(),
            action: head.parameter("Action").unwrap_or_default().to_owned(),
            version: head.parameter("Version").unwrap_or_default().to_owned(),
            region: region.to_owned(),
        }
    }

    /// The same with an id of digits, for [`BodyKind::NumericId`](crate::BodyKind::NumericId). It is beyond 2^53, where a
    /// reader that makes a float of it loses digits.
    pub(crate) fn with_numeric_id(self, number: u64) -> Self {
        Self { request_id: (2_026_010_100_000_000_001 + number).to_string(), ..self }
    }
}

/// The service's own envelope.
pub(crate) fn cv(ticket: &Ticket, code: u32, message: &str, data: Value) -> Value {
    json!({
        "code": code,
        "data": data,
        "message": message,
        "request_id": ticket.request_id,
        "status": code,
        "time_elapsed": go_duration(ticket.started.elapsed()),
    })
}

/// The service's envelope of an error with its usual message.
pub(crate) fn cv_error(ticket: &Ticket, code: u32) -> Value {
    cv(ticket, code, codes::message(code).unwrap_or("Unknown Error"), Value::Null)
}

/// The first half of an answer of the outer gateway ("TOP").
pub(crate) fn metadata(ticket: &Ticket) -> Value {
    json!({
        "Action": ticket.action,
        "Region": ticket.region,
        "RequestId": ticket.request_id,
        "Service": direct::SERVICE,
        "Version": ticket.version,
    })
}

/// An error of the outer gateway.
pub(crate) fn top(ticket: &Ticket, error: Top, message: &str) -> Value {
    let mut body = top_named(ticket, error.name, message);
    if let Some(number) = error.number {
        body["ResponseMetadata"]["Error"]["CodeN"] = number.into();
    }
    body
}

/// An error of the outer gateway with any name.
pub(crate) fn top_named(ticket: &Ticket, name: &str, message: &str) -> Value {
    let mut metadata = metadata(ticket);
    metadata["Error"] = json!({ "Code": name, "Message": message });
    json!({ "ResponseMetadata": metadata })
}

/// An error of the aggregator.
pub(crate) fn gateway(message: &str, request_id: &str, kind: &str, code: impl Into<Value>) -> Value {
    let message = format!("{message} (request id: {request_id})");
    json!({ "error": { "code": code.into(), "message": message, "param": "", "type": kind } })
}
