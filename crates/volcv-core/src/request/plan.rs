//! The plan of a call: method, URL, headers and body of its request.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use percent_encoding::percent_decode_str;
use volcv_types::memory::Working;
use volcv_types::{AbilityRequest, AccessKind, CvRequest, Picture, Task, TaskRequest, Value};

use crate::call::meter::Meter;
use crate::error::Error;
use crate::exchange::Request;
use crate::redact::{Secrets, brief};
use crate::request::access::{Access, Auth, Signer};
use crate::request::body::{RequestBody, Segment};
use crate::request::credentials::Credentials;
use crate::request::expects::Expects;
use crate::request::signature::{SigningRequest, sign};

const JSON: &str = "application/json";

// Checked when volcv is compiled.
static X_DATE: HeaderName = HeaderName::from_static("x-date");
static X_CONTENT_SHA256: HeaderName = HeaderName::from_static("x-content-sha256");
static X_SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-security-token");

/// A text takes so much more memory while it is put together.
const COPIES: usize = 4;

const USER_AGENT: &str = concat!("volcv/", env!("CARGO_PKG_VERSION"));

/// One call, ready to be sent any number of times.
#[derive(Clone)]
pub struct Plan {
    uri: Uri,
    body: RequestBody,
    expects: Expects,
    access: Access,
    /// Of a signed call: what it is signed with, or was last; `None` if no credentials are known yet.
    credentials: Option<Credentials>,
    request: Option<CvRequest>,
    makes_pictures: bool,
}

impl Plan {
    /// Any ability that makes pictures, such as an outpainting: checks every field first.
    ///
    /// # Errors
    /// Names the field that is out of range.
    pub fn pictures(ability: &dyn AbilityRequest, access: &Access) -> Result<Self, Error> {
        Self::post(ability.request()?, access, Expects::Pictures)
    }

    /// Any action, whose reply is wanted as JSON.
    ///
    /// # Errors
    /// The URL cannot be made.
    pub fn call(request: CvRequest, access: &Access) -> Result<Self, Error> {
        Self::post(request, access, Expects::Json)
    }

    /// Hands a task in. The rules of charge are those of a call.
    ///
    /// # Errors
    /// The URL cannot be made.
    pub fn submit(task: &TaskRequest, access: &Access) -> Result<Self, Error> {
        Self::post(task.request().clone(), access, Expects::Task)
    }

    /// Asks for the result of a task until it is there. Asking costs nothing.
    ///
    /// # Errors
    /// The URL cannot be made.
    pub fn wait(task: &Task, access: &Access) -> Result<Self, Error> {
        let plan = Self::post(task.result_request(), access, Expects::TaskResult)?;
        Ok(Self { makes_pictures: task.makes_pictures(), ..plan })
    }

    /// Asks once how far a task is; its result comes with the answer if it is there.
    ///
    /// # Errors
    /// The URL cannot be made.
    pub fn status(task: &Task, access: &Access) -> Result<Self, Error> {
        let plan = Self::post(task.result_request(), access, Expects::TaskStatus)?;
        Ok(Self { makes_pictures: task.makes_pictures(), ..plan })
    }

    /// Asks the service to give a task up. Asking costs nothing.
    ///
    /// # Errors
    /// The URL cannot be made.
    pub fn cancel(task: &Task, access: &Access) -> Result<Self, Error> {
        Self::post(task.cancel_request(), access, Expects::FreeJson)
    }

    /// Fetches a result's link. Nothing of the credentials is sent: the link's host is not the service.
    ///
    /// # Errors
    /// The link is neither `https` nor on the service's own machine.
    pub fn download(link: &str, access: &Access) -> Result<Self, Error> {
        let (uri, access) = (access.endpoint.link(link, None)?, access.clone());
        let body = RequestBody::new(Vec::new());
        Ok(Self { uri, body, expects: Expects::File, access, credentials: None, request: None, makes_pictures: true })
    }

    /// The download from the target of a redirect, which is checked as the link was.
    pub(crate) fn redirected(&self, location: &str) -> Result<Self, Error> {
        if self.expects != Expects::File {
            return Err(Error::decode("calls are never redirected"));
        }
        Ok(Self { uri: self.access.endpoint.link(location, Some(&self.uri))?, ..self.clone() })
    }

    /// The same call with another seed; its pictures are shared.
    #[must_use]
    pub fn with_seed(&self, seed: i64) -> Self {
        let Some(request) = self.request.clone().map(|request| request.with_seed(seed)) else { return self.clone() };
        Self { body: render(&request, self.access.kind()), request: Some(request), ..self.clone() }
    }

    /// The seed of the call, if it has one.
    pub fn seed(&self) -> Option<i64> {
        self.request.as_ref()?.seed()
    }

    /// The call for people: no credentials, and sizes in place of picture texts.
    pub fn preview(&self) -> Value {
        let body = self.request.as_ref().map(|request| request.preview(self.access.kind()));
        serde_json::json!({
            "method": self.method().as_str(),
            "url": self.uri.to_string(),
            "content_length": self.body.len(),
            "body": body,
        })
    }

    fn post(request: CvRequest, access: &Access, expects: Expects) -> Result<Self, Error> {
        let uri = access.endpoint.call(request.action(), request.version(), request.query())?;
        // Of a generic call, the JSON can be large.
        let working = Working::new(request.text_bytes().saturating_mul(COPIES));
        let working = working.map_err(|none| Error::out_of_memory(none.to_string()))?;
        let body = working.run(|| render(&request, access.kind()));
        let (access, request) = (access.clone(), Some(request));
        Ok(Self { uri, body, expects, access, credentials: None, request, makes_pictures: true })
    }

    /// Whether a result without pictures and links is none.
    pub(crate) fn makes_pictures(&self) -> bool {
        self.makes_pictures
    }

    pub(crate) fn expects(&self) -> Expects {
        self.expects
    }

    /// What must not appear in any text made from a reply.
    pub(crate) fn secrets(&self) -> Secrets<'_> {
        match (&self.access.auth, &self.credentials) {
            (Auth::Bearer(key), _) => key.secrets(),
            (Auth::Signed(_), Some(credentials)) => credentials.secrets(),
            (Auth::Signed(_), None) => Secrets::NONE,
        }
    }

    /// Who signs the call, if it has to be signed.
    pub(crate) fn signer(&self) -> Option<&Signer> {
        match &self.access.auth {
            Auth::Signed(signer) if self.expects != Expects::File => Some(signer),
            _ => None,
        }
    }

    /// Whether the call can be sent: it needs no signature, or there are credentials to sign it with.
    pub(crate) fn is_ready(&mut self, now: SystemTime) -> bool {
        let Some(signer) = self.signer() else { return true };
        let (fresh, known) = (signer.fresh(now), signer.credentials());
        let is_ready = fresh.is_some();
        // Old credentials must not appear in a text either.
        self.credentials = fresh.or(known).or(self.credentials.take());
        is_ready
    }

    /// What the next attempt is signed with.
    pub(crate) fn set_credentials(&mut self, credentials: Credentials) {
        self.credentials = Some(credentials);
    }

    pub(crate) fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// The URL of the call.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Host and port, for people.
    pub(crate) fn address(&self) -> String {
        let usual = if self.uri.scheme() == Some(&Scheme::HTTP) { 80 } else { 443 };
        let (host, port) = (self.uri.host().unwrap_or_default(), self.uri.port_u16().unwrap_or(usual));
        brief(&format!("{host}:{port}"), self.secrets())
    }

    /// The body, which every attempt sends.
    pub(crate) fn body(&self) -> RequestBody {
        self.body.clone()
    }

    pub(crate) fn body_len(&self) -> u64 {
        self.body.len()
    }

    /// The request of one attempt, whose body is counted by `meter`.
    pub(crate) fn request(&self, meter: Meter, now: SystemTime) -> Request {
        let mut request = http::Request::new(self.body.reader(meter));
        *request.method_mut() = self.method();
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        // A compressed reply would be in memory twice. The gateway compresses only on request.
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        if self.expects == Expects::File {
            headers.insert(header::ACCEPT, HeaderValue::from_static("image/*"));
        } else {
            headers.insert(header::ACCEPT, HeaderValue::from_static(JSON));
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(self.body.len()));
            self.prove(headers, now);
        }
        request
    }

    /// Adds the headers that prove who makes the call.
    fn prove(&self, headers: &mut HeaderMap, now: SystemTime) {
        let signer = match &self.access.auth {
            Auth::Bearer(key) => {
                headers.insert(header::AUTHORIZATION, key.header());
                return;
            }
            Auth::Signed(signer) => signer,
        };
        let (Some(credentials), Some(call)) = (&self.credentials, &self.request) else { return };
        let mut query = vec![("Action", call.action()), ("Version", call.version())];
        query.extend(call.query().iter().map(|(key, value)| (key.as_str(), value.as_str())));
        let method = self.method();
        let request = SigningRequest {
            method: method.as_str(),
            host: self.uri.authority().map_or("", Authority::as_str),
            path: &percent_decode_str(self.uri.path()).decode_utf8_lossy(),
            query: &query,
            content_type: JSON,
            body_sha256: self.body.sha256(),
            region: &signer.region,
            service: Access::SERVICE,
            date: signer.clock().time(now),
        };
        let signature = sign(&request, credentials);
        headers.insert(X_DATE.clone(), signature.x_date);
        headers.insert(X_CONTENT_SHA256.clone(), signature.x_content_sha256);
        headers.insert(header::AUTHORIZATION, signature.authorization);
        if let Some(token) = signature.x_security_token {
            headers.insert(X_SECURITY_TOKEN.clone(), token);
        }
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
fn render(request: &CvRequest, access: AccessKind) -> RequestBody {
    let mut text = request.body_text(access);
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
    use std::time::UNIX_EPOCH;

    use serde_json::json;
    use volcv_types::Outpaint;

    use super::*;
    use crate::request::auth::ApiKey;
    use crate::request::endpoint::Endpoint;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\0\0\0\x01\0";

    fn gateway() -> Access {
        Access::gateway(Endpoint::parse("https://gw.example", false).unwrap(), ApiKey::new("sk-secret").unwrap())
    }

    fn sent(plan: &Plan) -> Value {
        let mut text = String::new();
        let mut request = plan.request(Meter::of(0, 1, plan.body_len(), None), UNIX_EPOCH);
        request.body_mut().read_to_string(&mut text).unwrap();
        assert_eq!(request.headers()["content-length"], text.len().to_string());
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn an_outpainting_becomes_one_json_object_with_its_pictures() {
        let access = gateway();
        let outpaint = Outpaint::canvas(Picture::from_static(PNG), Picture::from_static(PNG)).prompt("sea").seed(3);
        let plan = Plan::pictures(&outpaint, &access).unwrap();
        let text = "iVBORw0KGgoAAAANSUhEUgAAAQAAAAEA";
        let expected =
            json!({"req_key": "i2i_outpainting", "prompt": "sea", "seed": 3, "binary_data_base64": [text, text]});
        assert_eq!(sent(&plan), expected);
        assert_eq!(sent(&plan.with_seed(9))["seed"], 9);
    }

    #[test]
    fn any_object_can_be_sent_with_and_without_pictures() {
        let access = gateway();
        let empty = CvRequest::new("A", "V", json!({})).unwrap();
        assert_eq!(sent(&Plan::call(empty.clone(), &access).unwrap()), json!({}));
        let one = empty.with_pictures(vec![Picture::from_static(b"ab")]).unwrap();
        assert_eq!(sent(&Plan::call(one, &access).unwrap()), json!({"binary_data_base64": ["YWI="]}));
    }

    #[test]
    fn a_preview_and_debug_show_neither_key_nor_picture() {
        let access = gateway();
        let plan = Plan::pictures(&Outpaint::equal(Picture::from_static(PNG), 0.5), &access).unwrap();
        for text in [
            plan.preview().to_string(),
            format!("{plan:?}"),
            format!("{:?}", plan.request(Meter::of(0, 1, plan.body_len(), None), UNIX_EPOCH)),
        ] {
            assert!(!text.contains("secret") && !text.contains("iVBOR"), "{text}");
        }
        assert_eq!(plan.preview()["body"]["binary_data_base64"][0], "<24 bytes as base64>");
    }

    #[test]
    fn a_download_carries_no_key() {
        let access = gateway();
        let request =
            Plan::download("https://cdn.example/a.png", &access).unwrap().request(Meter::of(0, 1, 0, None), UNIX_EPOCH);
        assert!(request.headers().get("authorization").is_none());
        assert_eq!((request.method(), request.uri().path()), (&Method::GET, "/a.png"));
    }
}
