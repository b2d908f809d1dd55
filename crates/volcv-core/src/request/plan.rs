//! The plan of a call: method, URL, headers and body of its request.

use std::fmt;

use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderValue, Method, Uri, header};
use volcv_types::{AccessKind, CvRequest, Outpaint, Picture, Value};

use crate::call::meter::Meter;
use crate::error::Error;
use crate::exchange::Request;
use crate::redact::brief;
use crate::request::auth::ApiKey;
use crate::request::body::{RequestBody, Segment};
use crate::request::endpoint::Endpoint;
use crate::request::expects::Expects;

const USER_AGENT: &str = concat!("volcv/", env!("CARGO_PKG_VERSION"));

/// One call, ready to be sent any number of times.
#[derive(Clone)]
pub struct Plan {
    uri: Uri,
    body: RequestBody,
    expects: Expects,
    key: Option<ApiKey>,
    request: Option<CvRequest>,
    /// Of a download: the endpoint, which checks the target of a redirect.
    endpoint: Option<Endpoint>,
}

impl Plan {
    /// An outpainting: checks every field first.
    ///
    /// # Errors
    /// Names the field that is out of range.
    pub fn outpaint(outpaint: &Outpaint, endpoint: &Endpoint, key: &ApiKey) -> Result<Self, Error> {
        Self::post(outpaint.request()?, endpoint, key, Expects::Pictures)
    }

    /// Any action, whose reply is wanted as JSON.
    ///
    /// # Errors
    /// The URL cannot be made.
    pub fn call(request: CvRequest, endpoint: &Endpoint, key: &ApiKey) -> Result<Self, Error> {
        Self::post(request, endpoint, key, Expects::Json)
    }

    /// Fetches a result's link. The key is not sent: the link's host is not the gateway.
    ///
    /// # Errors
    /// The link is neither `https` nor on the gateway's own machine.
    pub fn download(link: &str, endpoint: &Endpoint) -> Result<Self, Error> {
        let uri = endpoint.link(link, None)?;
        let (body, endpoint) = (RequestBody::new(Vec::new()), Some(endpoint.clone()));
        Ok(Self { uri, body, expects: Expects::File, key: None, request: None, endpoint })
    }

    /// The download from the target of a redirect, which is checked as the link was.
    pub(crate) fn redirected(&self, location: &str) -> Result<Self, Error> {
        let Some(endpoint) = &self.endpoint else { return Err(Error::decode("calls are never redirected")) };
        Ok(Self { uri: endpoint.link(location, Some(&self.uri))?, ..self.clone() })
    }

    /// The same call with another seed; its pictures are shared.
    #[must_use]
    pub fn with_seed(&self, seed: i64) -> Self {
        let Some(request) = self.request.clone().map(|request| request.with_seed(seed)) else { return self.clone() };
        Self { body: render(&request), request: Some(request), ..self.clone() }
    }

    /// The seed of the call, if it has one.
    pub fn seed(&self) -> Option<i64> {
        self.request.as_ref()?.seed()
    }

    /// The call for people: no key, and sizes in place of picture texts.
    pub fn preview(&self) -> Value {
        let body = self.request.as_ref().map(|request| request.preview(AccessKind::Gateway));
        serde_json::json!({
            "method": self.method().as_str(),
            "url": self.uri.to_string(),
            "content_length": self.body.len(),
            "body": body,
        })
    }

    fn post(request: CvRequest, endpoint: &Endpoint, key: &ApiKey, expects: Expects) -> Result<Self, Error> {
        let uri = endpoint.call(request.action(), request.version(), request.query())?;
        let (body, key) = (render(&request), Some(key.clone()));
        Ok(Self { uri, body, expects, key, request: Some(request), endpoint: None })
    }

    pub(crate) fn expects(&self) -> Expects {
        self.expects
    }

    /// The key, which must not appear in any text made from a reply.
    pub(crate) fn secret(&self) -> &str {
        self.key.as_ref().map_or("", ApiKey::secret)
    }

    /// The URL of the call.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Host and port, for people.
    pub(crate) fn address(&self) -> String {
        let usual = if self.uri.scheme() == Some(&Scheme::HTTP) { 80 } else { 443 };
        let (host, port) = (self.uri.host().unwrap_or_default(), self.uri.port_u16().unwrap_or(usual));
        brief(&format!("{host}:{port}"), self.secret())
    }

    pub(crate) fn body_len(&self) -> u64 {
        self.body.len()
    }

    /// The request of one attempt, whose body is counted by `meter`.
    pub(crate) fn request(&self, meter: Meter) -> Request {
        let mut request = http::Request::new(self.body.reader(meter));
        *request.method_mut() = self.method();
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        // A compressed reply would be in memory twice. The gateway compresses only on request.
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        if let Some(key) = &self.key {
            headers.insert(header::AUTHORIZATION, key.header());
        }
        if self.expects == Expects::File {
            headers.insert(header::ACCEPT, HeaderValue::from_static("image/*"));
        } else {
            headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(self.body.len()));
        }
        request
    }

    fn method(&self) -> Method {
        if self.expects == Expects::File { Method::GET } else { Method::POST }
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("uri", &self.uri).field("body", &self.body).finish_non_exhaustive()
    }
}

/// The JSON text with the pictures inserted as raw bytes.
fn render(request: &CvRequest) -> RequestBody {
    let mut text = request.body_text(AccessKind::Gateway);
    let pictures: Vec<&Picture> = request.pictures().iter().collect();
    let mut segments = Vec::new();
    if !pictures.is_empty() {
        // The closing bracket is written again behind the pictures.
        text.pop();
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str("\"binary_data_base64\":[\"");
        for (i, picture) in pictures.into_iter().enumerate() {
            let Picture::Bytes(data) = picture else { continue };
            if i > 0 {
                text.push_str("\",\"");
            }
            segments.push(Segment::Text(Bytes::from(std::mem::take(&mut text))));
            segments.push(Segment::Base64(data.clone()));
        }
        text.push_str("\"]}");
    }
    segments.push(Segment::Text(Bytes::from(text)));
    RequestBody::new(segments)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use serde_json::json;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\0\0\0\x01\0";

    fn setup() -> (Endpoint, ApiKey) {
        (Endpoint::parse("https://gw.example", false).unwrap(), ApiKey::new("sk-secret").unwrap())
    }

    fn sent(plan: &Plan) -> Value {
        let mut text = String::new();
        let mut request = plan.request(Meter::of(0, 1, plan.body_len(), None));
        request.body_mut().read_to_string(&mut text).unwrap();
        assert_eq!(request.headers()["content-length"], text.len().to_string());
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn an_outpainting_becomes_one_json_object_with_its_pictures() {
        let (endpoint, key) = setup();
        let outpaint = Outpaint::canvas(Picture::from_static(PNG), Picture::from_static(PNG)).prompt("sea").seed(3);
        let plan = Plan::outpaint(&outpaint, &endpoint, &key).unwrap();
        let text = "iVBORw0KGgoAAAANSUhEUgAAAQAAAAEA";
        let expected =
            json!({"req_key": "i2i_outpainting", "prompt": "sea", "seed": 3, "binary_data_base64": [text, text]});
        assert_eq!(sent(&plan), expected);
        assert_eq!(sent(&plan.with_seed(9))["seed"], 9);
    }

    #[test]
    fn any_object_can_be_sent_with_and_without_pictures() {
        let (endpoint, key) = setup();
        let empty = CvRequest::new("A", "V", json!({})).unwrap();
        assert_eq!(sent(&Plan::call(empty.clone(), &endpoint, &key).unwrap()), json!({}));
        let one = empty.with_pictures(vec![Picture::from_static(b"ab")]).unwrap();
        assert_eq!(sent(&Plan::call(one, &endpoint, &key).unwrap()), json!({"binary_data_base64": ["YWI="]}));
    }

    #[test]
    fn a_preview_and_debug_show_neither_key_nor_picture() {
        let (endpoint, key) = setup();
        let plan = Plan::outpaint(&Outpaint::equal(Picture::from_static(PNG), 0.5), &endpoint, &key).unwrap();
        for text in [
            plan.preview().to_string(),
            format!("{plan:?}"),
            format!("{:?}", plan.request(Meter::of(0, 1, plan.body_len(), None))),
        ] {
            assert!(!text.contains("secret") && !text.contains("iVBOR"), "{text}");
        }
        assert_eq!(plan.preview()["body"]["binary_data_base64"][0], "<24 bytes as base64>");
    }

    #[test]
    fn a_download_carries_no_key() {
        let (endpoint, _) = setup();
        let request = Plan::download("https://cdn.example/a.png", &endpoint).unwrap().request(Meter::of(0, 1, 0, None));
        assert!(request.headers().get("authorization").is_none());
        assert_eq!((request.method(), request.uri().path()), (&Method::GET, "/a.png"));
    }
}
