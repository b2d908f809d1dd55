//! The service's reply. It is read leniently: a field of an unexpected type does not hide the other fields.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::code::ServiceCode;

/// The reply envelope: every field optional, unknown keys kept.
///
/// A field of an unexpected type stays among the unknown keys instead of failing the whole reply. Five different
/// bodies arrive in it: the CV service's own, Volcengine's API gateway (`response_metadata`), a CV envelope inside
/// `result`, an aggregator's `error`, and an aggregator's wrapper around the text of its upstream.
/// [`Reply::verdict`](Reply::verdict) reads them all.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Reply {
    /// `code`: 10000 is success. A text in wrappers such as `upstream_error`.
    pub code: Option<ServiceCode>,
    /// `message`: a text for people.
    pub message: Option<String>,
    /// `request_id`: the id that the service's support asks for.
    pub request_id: Option<String>,
    /// `time_elapsed`: a duration as text, such as `3.9405467s`; not meant to be parsed.
    pub time_elapsed: Option<String>,
    /// `data`: null on failure.
    pub data: Option<ReplyData>,
    /// `ResponseMetadata` of Volcengine's API gateway.
    pub response_metadata: Option<ResponseMetadata>,
    /// `Result`: a CV envelope wrapped by the API gateway.
    pub result: Option<Box<Reply>>,
    /// `error` of an aggregator gateway.
    pub error: Option<GatewayError>,
    /// `upsream_message` (sic) or `upstream_message`: the upstream's own reply, as a text or an object.
    pub upstream: Option<Value>,
    /// `success`: false in an aggregator's management replies.
    pub success: Option<bool>,
    /// Every other key, unchanged.
    pub extra: Map<String, Value>,
}

/// `data` of the envelope.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ReplyData {
    /// `binary_data_base64`: picture texts; empty where the reply has null, an empty array or nothing.
    pub binary_data_base64: Vec<String>,
    /// `image_urls`: links, valid for 24 hours by most of the documentation.
    pub image_urls: Vec<String>,
    /// `algorithm_base_resp.status_code`: has to be 0 where it is present.
    pub algorithm_status: Option<i64>,
    /// `algorithm_base_resp.status_message`.
    pub algorithm_message: Option<String>,
    /// `request_id`, here on some abilities.
    pub request_id: Option<String>,
    /// `task_id` of the asynchronous actions.
    pub task_id: Option<String>,
    /// `status` of the asynchronous actions: `in_queue`, `generating`, `done`, `not_found`, `expired`.
    pub status: Option<String>,
    /// Every other key, unchanged.
    pub extra: Map<String, Value>,
}

/// `ResponseMetadata` (<https://www.volcengine.com/docs/6369/68677>).
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ResponseMetadata {
    /// `RequestId`.
    pub request_id: Option<String>,
    /// `Error`, if the call failed.
    pub error: Option<TopError>,
    /// Every other key, unchanged.
    pub extra: Map<String, Value>,
}

/// `ResponseMetadata.Error`.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct TopError {
    /// `Code`: a name, or a CV number as text.
    pub code: Option<ServiceCode>,
    /// `CodeN`: the number of the name.
    pub number: Option<ServiceCode>,
    /// `Message`.
    pub message: Option<String>,
    /// Every other key, unchanged.
    pub extra: Map<String, Value>,
}

/// `error` of one-api, new-api and OpenAI-compatible gateways.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct GatewayError {
    /// `code`: a name, a number, or null.
    pub code: Option<ServiceCode>,
    /// `type`: the origin of the error, such as `new_api_error`.
    pub kind: Option<String>,
    /// `message`; the request id is often part of this text.
    pub message: Option<String>,
    /// Every other key, unchanged.
    pub extra: Map<String, Value>,
}

impl Reply {
    /// Parses a reply; a byte order mark at the front is skipped.
    ///
    /// # Errors
    /// The text is not one JSON object.
    pub fn from_slice(json: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json))
    }

    /// The data with the pictures: the reply's own, or that of the wrapped envelope.
    pub fn picture_data(&self) -> Option<&ReplyData> {
        self.data.as_ref().or_else(|| self.result.as_ref()?.picture_data())
    }

    /// As [`Reply::picture_data`], for taking the texts out.
    pub fn picture_data_mut(&mut self) -> Option<&mut ReplyData> {
        match &mut self.data {
            Some(data) => Some(data),
            None => self.result.as_mut()?.picture_data_mut(),
        }
    }
}

impl From<Map<String, Value>> for Reply {
    fn from(mut map: Map<String, Value>) -> Self {
        Reply {
            code: take(&mut map, "code", |v| ServiceCode::from_json(&v).ok_or(v)),
            message: take(&mut map, "message", text),
            request_id: take(&mut map, "request_id", id),
            time_elapsed: take(&mut map, "time_elapsed", text),
            data: take(&mut map, "data", |v| object(v).map(ReplyData::from)),
            response_metadata: take(&mut map, "ResponseMetadata", |v| object(v).map(ResponseMetadata::from)),
            result: take(&mut map, "Result", |v| object(v).map(|m| Box::new(Reply::from(m)))),
            error: take(&mut map, "error", gateway_error),
            upstream: take(&mut map, "upsream_message", Ok).or_else(|| take(&mut map, "upstream_message", Ok)),
            success: take(&mut map, "success", |v| v.as_bool().ok_or(v)),
            extra: map,
        }
    }
}

impl From<Map<String, Value>> for ReplyData {
    fn from(mut map: Map<String, Value>) -> Self {
        let mut algorithm = take(&mut map, "algorithm_base_resp", object).unwrap_or_default();
        ReplyData {
            binary_data_base64: take(&mut map, "binary_data_base64", texts).unwrap_or_default(),
            image_urls: take(&mut map, "image_urls", texts).unwrap_or_default(),
            algorithm_status: take(&mut algorithm, "status_code", |v| {
                ServiceCode::from_json(&v).and_then(|code| code.number()).ok_or(v)
            }),
            algorithm_message: take(&mut algorithm, "status_message", text),
            request_id: take(&mut map, "request_id", id),
            task_id: take(&mut map, "task_id", id),
            status: take(&mut map, "status", text),
            extra: map,
        }
    }
}

impl From<Map<String, Value>> for ResponseMetadata {
    fn from(mut map: Map<String, Value>) -> Self {
        ResponseMetadata {
            request_id: take(&mut map, "RequestId", id),
            error: take(&mut map, "Error", object).map(|mut error| TopError {
                code: take(&mut error, "Code", |v| ServiceCode::from_json(&v).ok_or(v)),
                number: take(&mut error, "CodeN", |v| ServiceCode::from_json(&v).ok_or(v)),
                message: take(&mut error, "Message", text),
                extra: error,
            }),
            extra: map,
        }
    }
}

/// An aggregator's error is an object; some send only its text.
fn gateway_error(value: Value) -> Result<GatewayError, Value> {
    match value {
        Value::String(message) => Ok(GatewayError { message: Some(message), ..GatewayError::default() }),
        value => object(value).map(|mut map| GatewayError {
            code: take(&mut map, "code", |v| ServiceCode::from_json(&v).ok_or(v)),
            kind: take(&mut map, "type", text),
            message: take(&mut map, "message", text),
            extra: map,
        }),
    }
}

/// Moves a key out of the map if it can be read; a value of another type goes back among the unknown keys.
fn take<T>(map: &mut Map<String, Value>, key: &str, read: impl FnOnce(Value) -> Result<T, Value>) -> Option<T> {
    match read(map.remove(key)?) {
        Ok(read) => Some(read),
        Err(other) => {
            map.insert(key.to_owned(), other);
            None
        }
    }
}

fn text(value: Value) -> Result<String, Value> {
    match value {
        Value::String(text) => Ok(text),
        value => Err(value),
    }
}

fn object(value: Value) -> Result<Map<String, Value>, Value> {
    match value {
        Value::Object(map) => Ok(map),
        value => Err(value),
    }
}

/// An id is a text; some gateways write a numeric id as a number.
fn id(value: Value) -> Result<String, Value> {
    match value {
        Value::Number(number) => Ok(number.to_string()),
        value => text(value),
    }
}

/// A list of texts. A single text counts as a list of one, null as an empty list. Other values are skipped.
fn texts(value: Value) -> Result<Vec<String>, Value> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::String(one) => Ok(vec![one]),
        Value::Array(items) => Ok(items.into_iter().filter_map(|item| text(item).ok()).collect()),
        value => Err(value),
    }
}

impl<'de> Deserialize<'de> for Reply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Reply::from)
    }
}
