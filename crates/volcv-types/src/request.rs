//! The request of a call, made by hand or from an outpainting.

use std::fmt;

use serde_json::{Map, Value};

use crate::error::InvalidInput;
use crate::members::Members;
use crate::picture::Picture;

/// Any action of the service: a JSON object, and pictures that are sent in it as `binary_data_base64`.
///
/// Use it for abilities that this crate has no type for. The rules of retry and charge are the same as for an
/// [`Outpaint`](crate::Outpaint), which becomes such a request after its checks.
///
/// ```
/// use volcv_types::CvRequest;
/// let body = serde_json::json!({"req_key": "byteedit_v2.0", "prompt": "make it snow"});
/// let request = CvRequest::new("CVProcess", "2022-08-31", body).unwrap();
/// assert_eq!(request.action(), "CVProcess");
/// ```
#[derive(Clone)]
pub struct CvRequest {
    pub(crate) action: String,
    pub(crate) version: String,
    query: Vec<(String, String)>,
    pub(crate) body: Members,
    pictures: Vec<Picture>,
    prompt: Option<(String, PromptField)>,
}

/// The way to the service. The names of some fields depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AccessKind {
    /// An aggregator gateway with a bearer key; the prompt is called `prompt` (gateway page).
    #[default]
    Gateway,
    /// Volcengine's own host with signed requests; the prompt is called `custom_prompt` (official spec).
    Direct,
}

/// The field of the body that carries the prompt.
///
/// The gateway page says `prompt`, the official spec says `custom_prompt`. It is not documented what the service does
/// with the other field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PromptField {
    /// `prompt` on a gateway, `custom_prompt` on direct access.
    #[default]
    ByAccess,
    /// `prompt`.
    Prompt,
    /// `custom_prompt`.
    CustomPrompt,
    /// The same text in both fields.
    Both,
}

impl PromptField {
    pub(crate) fn keys(self, access: AccessKind) -> &'static [&'static str] {
        match (self, access) {
            (PromptField::Both, _) => &["prompt", "custom_prompt"],
            (PromptField::Prompt, _) | (PromptField::ByAccess, AccessKind::Gateway) => &["prompt"],
            (PromptField::CustomPrompt, _) | (PromptField::ByAccess, AccessKind::Direct) => &["custom_prompt"],
        }
    }
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
        match body.into() {
            Value::Object(body) => Self::of(action.into(), version.into(), body.into()),
            other => Err(InvalidInput::new("body", kind_of(&other), "a JSON object")),
        }
    }

    /// A request of `action` in `version` whose body is the text of a JSON object. Every value goes out as it is
    /// written there: numbers of any size and precision, which a [`Value`] would round. A byte order mark before the
    /// object is skipped; of a key that the object has twice, the last value counts.
    ///
    /// ```
    /// use volcv_types::{AccessKind, CvRequest};
    /// let text = r#"{"task_id":123456789012345678901234567890,"scale":1.10}"#;
    /// let request = CvRequest::from_json_text("CVSync2AsyncGetResult", "2022-08-31", text).unwrap();
    /// assert_eq!(request.body_text(AccessKind::Gateway), text);
    /// ```
    ///
    /// # Errors
    /// The action or the version is empty, or the text is not a JSON object of at most 127 levels; the error names line
    /// and column.
    pub fn from_json_text(
        action: impl Into<String>,
        version: impl Into<String>,
        text: impl AsRef<[u8]>,
    ) -> Result<Self, InvalidInput> {
        Self::of(action.into(), version.into(), Members::parse("body", text.as_ref())?)
    }

    pub(crate) fn of(action: String, version: String, body: Members) -> Result<Self, InvalidInput> {
        for (field, value) in [("Action", &action), ("Version", &version)] {
            if value.trim().is_empty() {
                return Err(InvalidInput::new(field, "empty", "a text such as CVProcess or 2022-08-31"));
            }
        }
        Ok(Self { action, version, query: Vec::new(), body, pictures: Vec::new(), prompt: None })
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
            self.body.insert(key, links);
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
        self.body.insert("seed", seed);
        self
    }

    /// The seed in the body, if there is one.
    pub fn seed(&self) -> Option<i64> {
        serde_json::from_str(self.body.get("seed")?).ok()
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

    /// The JSON object without the pictures' texts, with the prompt in the field of this access. A [`Value`] rounds
    /// large numbers; [`CvRequest::body_text`] has them as they are sent.
    pub fn body(&self, access: AccessKind) -> Map<String, Value> {
        self.members(access).to_map()
    }

    /// The JSON text that is sent, without the pictures' texts.
    pub fn body_text(&self, access: AccessKind) -> String {
        self.members(access).to_string()
    }

    /// About the length of the text.
    #[doc(hidden)]
    pub fn text_bytes(&self) -> usize {
        self.body.text_bytes() + self.prompt.as_ref().map_or(0, |(prompt, _)| prompt.len())
    }

    fn members(&self, access: AccessKind) -> Members {
        let mut body = self.body.clone();
        if let Some((text, field)) = &self.prompt {
            for key in field.keys(access) {
                // A field that the caller set is not replaced.
                if !body.contains_key(key) {
                    body.insert(*key, text.as_str());
                }
            }
        }
        body
    }

    /// The JSON object for people: pictures are replaced by their sizes, and so are long texts.
    pub fn preview(&self, access: AccessKind) -> Value {
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

/// Replaces long texts, which are pictures in the caller's own body.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > 1000 => *value = format!("<{} characters>", text.len()).into(),
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(map) => map.values_mut().for_each(shorten),
        _ => {}
    }
}
