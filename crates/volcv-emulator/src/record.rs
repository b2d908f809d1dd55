//! What is remembered of each request.

use serde_json::Value;

use crate::{AccessKind, Fault, RequestKind};

/// One request as it arrived. It is filled in while the exchange goes on.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RequestRecord {
    /// The connection it came on, counted from 1.
    pub connection: u64,
    /// Its place among the requests of that connection, counted from 1.
    pub number_on_connection: u64,
    /// The id in the answer; every request has another.
    pub request_id: String,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The text after the question mark.
    pub query: String,
    /// The value of the query's `Action`; empty when there is none.
    pub action: String,
    /// What kind of request it is, by path and action.
    pub kind: Option<RequestKind>,
    /// Which side of the server it was sent to; absent for files and unknown paths.
    pub access: Option<AccessKind>,
    /// Names and values as sent, without `Authorization` and `X-Security-Token`.
    pub headers: Vec<(String, String)>,
    /// Whether there is an `X-Security-Token` header.
    pub has_token: bool,
    /// Whether there is an `Authorization` header.
    pub has_key: bool,
    /// Whether that header holds the right bearer key, or on direct access the right signature of the whole request. If not,
    /// [`refused`](Self::refused) says why.
    pub key_ok: bool,
    /// The announced length of the body.
    pub content_length: Option<u64>,
    /// Whether the body came with `Transfer-Encoding: chunked`, which is refused.
    pub chunked: bool,
    /// How many bytes of the body have been read.
    pub body_received: u64,
    /// Whether all announced bytes have been read.
    pub body_complete: bool,
    /// A digest of a complete body.
    pub body_digest: Option<String>,
    /// The body, if it is JSON, with each picture text replaced by its length.
    pub json: Option<Value>,
    /// Why the checks refused the request.
    pub refused: Option<String>,
    /// The fault that was applied.
    pub fault: Option<Fault>,
    /// The HTTP status that was answered; absent while nothing has been.
    pub status: Option<u16>,
}

impl RequestRecord {
    /// The first value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// The body for a record: as it was sent, with each picture text replaced by its length.
pub(crate) fn without_pictures(mut body: Value) -> Value {
    let hide = |value: &mut Value| {
        if let Value::String(text) = value {
            *text = format!("({} characters)", text.len());
        }
    };
    match body.get_mut("binary_data_base64") {
        Some(Value::Array(pictures)) => pictures.iter_mut().for_each(hide),
        Some(other) => hide(other),
        None => {}
    }
    body
}
