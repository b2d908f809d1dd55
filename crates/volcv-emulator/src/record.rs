//! What is remembered of each request.

use serde_json::Value;

use crate::Fault;

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
    /// Names and values as sent, without `Authorization`.
    pub headers: Vec<(String, String)>,
    /// Whether there is an `Authorization` header.
    pub has_key: bool,
    /// Whether that header holds the right bearer key.
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
