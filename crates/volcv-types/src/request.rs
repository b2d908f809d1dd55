//! The request that every call becomes: the typed outpainting as well as the escape hatch.

use std::fmt;

use serde_json::{Map, Value};

use crate::error::InvalidInput;
use crate::outpaint::PromptField;
use crate::picture::Picture;

/// Any action of the service: a JSON object, and pictures that travel beside it as `binary_data_base64`.
///
/// This is the escape hatch for abilities that this crate has no type for. It is sent, resent, charged and
/// classified by the same rules as an [`Outpaint`](crate::Outpaint), which is just a checked way to make one.
///
/// ```
/// use volcv_types::CvRequest;
/// let body = serde_json::json!({"req_key": "byteedit_v2.0", "prompt": "make it snow"});
/// let request = CvRequest::new("CVProcess", "2022-08-31", body).unwrap();
/// assert_eq!(request.action(), "CVProcess");
/// ```
#[derive(Clone)]
pub struct CvRequest {
    action: String,
    version: String,
    query: Vec<(String, String)>,
    body: Map<String, Value>,
    pictures: Vec<Picture>,
    prompt: Option<(String, PromptField)>,
}

/// How the service is reached, which decides how it spells some fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Access {
    /// An aggregator gateway with a bearer key; the prompt is called `prompt` (gateway page).
    #[default]
    Gateway,
    /// Volcengine's own host with signed requests; the prompt is called `custom_prompt` (official spec).
    Direct,
}

impl CvRequest {
    /// A request of `action` in `version` with a JSON object as its body.
    ///
    /// # Errors
    /// The action or the version is empty, or the body is not an object.
    pub fn new(
        action: impl Into<String>,
        version: impl Into<String>,
        body: impl Into<Value>,
    ) -> Result<Self, InvalidInput> {
        let (action, version) = (action.into(), version.into());
        for (field, value) in [("Action", &action), ("Version", &version)] {
            if value.trim().is_empty() {
                return Err(InvalidInput::new(field, "empty", "a text such as CVProcess or 2022-08-31"));
            }
        }
        match body.into() {
            Value::Object(body) => {
                Ok(Self { action, version, query: Vec::new(), body, pictures: Vec::new(), prompt: None })
            }
            other => Err(InvalidInput::new("body", kind_of(&other), "a JSON object")),
        }
    }

    /// Adds a query item behind `Action` and `Version`; it is escaped when it is sent.
    #[must_use]
    pub fn query_item(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((key.into(), value.into()));
        self
    }

    /// Sends these pictures: bytes as `binary_data_base64`, links as `image_urls`, never both.
    ///
    /// # Errors
    /// Bytes and links are mixed, or the body has a key of that name already.
    pub fn with_pictures(mut self, pictures: Vec<Picture>) -> Result<Self, InvalidInput> {
        let links: Vec<&str> = pictures.iter().filter_map(as_link).collect();
        if !links.is_empty() && links.len() < pictures.len() {
            let value = format!("{} links among {} pictures", links.len(), pictures.len());
            return Err(InvalidInput::new("pictures", value, "all bytes or all links"));
        }
        let key = if links.is_empty() { "binary_data_base64" } else { "image_urls" };
        if self.body.contains_key(key) {
            return Err(InvalidInput::new(key, "given twice", "either in the JSON body or as pictures"));
        }
        if !links.is_empty() {
            self.body.insert(key.to_owned(), links.into());
            return Ok(self);
        }
        self.pictures = pictures;
        Ok(self)
    }

    pub(crate) fn with_prompt(mut self, prompt: Option<(String, PromptField)>) -> Self {
        self.prompt = prompt;
        self
    }

    /// The same request with another seed.
    #[must_use]
    pub fn with_seed(mut self, seed: i64) -> Self {
        self.body.insert("seed".to_owned(), seed.into());
        self
    }

    /// The seed in the body, if there is one.
    pub fn seed(&self) -> Option<i64> {
        self.body.get("seed")?.as_i64()
    }

    /// The `Action` of the query.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The `Version` of the query.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The query items behind `Action` and `Version`, not escaped.
    pub fn query(&self) -> &[(String, String)] {
        &self.query
    }

    /// Pictures that go out as `binary_data_base64`.
    pub fn pictures(&self) -> &[Picture] {
        &self.pictures
    }

    /// The JSON object without the pictures' texts, with the prompt in the field that this access calls for.
    pub fn body(&self, access: Access) -> Map<String, Value> {
        let mut body = self.body.clone();
        if let Some((text, field)) = &self.prompt {
            for key in field.keys(access) {
                // A field that the caller set by hand stays as it is.
                body.entry(*key).or_insert_with(|| text.as_str().into());
            }
        }
        body
    }

    /// The JSON object for people: pictures are replaced by their sizes, and so are long texts.
    pub fn preview(&self, access: Access) -> Value {
        let mut body = self.body(access);
        body.values_mut().for_each(shorten);
        if !self.pictures.is_empty() {
            let sizes = self.pictures.iter().map(|picture| match picture {
                Picture::Bytes(data) => format!("<{} bytes as base64>", data.len()),
                Picture::Url(url) => url.clone(),
            });
            body.insert("binary_data_base64".to_owned(), sizes.collect());
        }
        Value::Object(body)
    }
}

/// Prints sizes in place of pictures, and no prompt.
impl fmt::Debug for CvRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CvRequest")
            .field("action", &self.action)
            .field("version", &self.version)
            .field("fields", &self.body.keys().take(64).collect::<Vec<_>>())
            .field("pictures", &self.pictures)
            .finish_non_exhaustive()
    }
}

fn as_link(picture: &Picture) -> Option<&str> {
    match picture {
        Picture::Url(url) => Some(url),
        Picture::Bytes(_) => None,
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Picture texts in a hand-made body are long; everything a person wants to read is not.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > 1000 => *value = format!("<{} characters>", text.len()).into(),
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(map) => map.values_mut().for_each(shorten),
        _ => {}
    }
}
