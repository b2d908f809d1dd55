//! Signatures are those of the official SDK, from the function and from a whole call.
//!
//! `signatures.json` was made with the official Python SDK (PyPI package volcengine 1.0.229); its keys are invented.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

use std::io::Read as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::prelude::*;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use volcv_core::http::HeaderMap;
use volcv_core::types::CvRequest;
use volcv_core::{
    Access, Call, CallConfig, Credentials, Endpoint, Now, Plan, RequestBody, Segment, Signature, SigningRequest, Step,
    sign,
};

const HEADERS: [&str; 4] = ["x-date", "x-content-sha256", "x-security-token", "authorization"];

fn vectors() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("signatures.json")).unwrap();
    let vectors = file["vectors"].as_array().unwrap().clone();
    assert_eq!(vectors.len(), 3);
    vectors
}

fn text<'a>(vector: &'a Value, key: &str) -> &'a str {
    vector[key].as_str().unwrap()
}

fn credentials(vector: &Value) -> Credentials {
    let pair = Credentials::new(text(vector, "access_key"), text(vector, "secret_key")).unwrap();
    match vector["session_token"].as_str() {
        Some(token) => pair.session_token(token).unwrap(),
        None => pair,
    }
}

fn query(vector: &Value) -> Vec<(&str, &str)> {
    vector["query"].as_object().unwrap().iter().map(|(key, value)| (key.as_str(), value.as_str().unwrap())).collect()
}

/// The time of a date such as `20240619T071306Z`, by way of the format of HTTP.
fn time(date: &str) -> SystemTime {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS[date[4..6].parse::<usize>().unwrap() - 1];
    let (year, day, hour, minute, second) = (&date[..4], &date[6..8], &date[9..11], &date[11..13], &date[13..15]);
    let of_day = |name: &&str| format!("{name}, {day} {month} {year} {hour}:{minute}:{second} GMT");
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    days.iter().find_map(|name| httpdate::parse_http_date(&of_day(name)).ok()).unwrap()
}

/// What the official SDK sends of [`HEADERS`].
fn expected(vector: &Value) -> Vec<Option<&str>> {
    let find = |name: &&str| {
        let mut headers = vector["headers"].as_object().unwrap().iter();
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
    };
    HEADERS.iter().map(find).collect()
}

fn sent(headers: &HeaderMap) -> Vec<Option<&str>> {
    HEADERS.iter().map(|name| headers.get(*name).map(|value| value.to_str().unwrap())).collect()
}

fn hash(body: &str) -> [u8; 32] {
    RequestBody::new(vec![Segment::Text(body.to_owned().into())]).sha256()
}

#[test]
fn a_signature_is_that_of_the_official_sdk() {
    for vector in vectors() {
        let request = SigningRequest {
            method: text(&vector, "method"),
            host: text(&vector, "host"),
            path: text(&vector, "path"),
            query: &query(&vector),
            content_type: text(&vector["headers"], "Content-Type"),
            body_sha256: hash(text(&vector, "body")),
            region: text(&vector, "region"),
            service: text(&vector, "service"),
            date: time(text(&vector, "date")),
        };
        let Signature { x_date, x_content_sha256, x_security_token, authorization } =
            sign(&request, &credentials(&vector));
        let found = [Some(x_date), Some(x_content_sha256), x_security_token, Some(authorization)];
        let found = found.each_ref().map(|value| value.as_ref().map(|value| value.to_str().unwrap()));
        assert_eq!(found[..], expected(&vector), "{}", vector["name"]);
    }
}

/// The headers of a call at this time.
fn headers(request: CvRequest, access: &Access, wall: SystemTime) -> HeaderMap {
    let mut call = Call::new(Plan::call(request, access).unwrap(), CallConfig::default());
    let Step::Send(attempt) = call.next(Now { mono: Duration::ZERO, wall }) else { panic!("a new call is sent") };
    attempt.request.headers().clone()
}

#[test]
fn the_headers_of_a_call_are_those_of_the_official_sdk() {
    for vector in vectors() {
        let url = format!("https://{}", text(&vector, "host"));
        let endpoint = Endpoint::parse_direct(&url, false).unwrap();
        let access = Access::direct(endpoint, text(&vector, "region"), Some(credentials(&vector))).unwrap();
        let (query, body) = (query(&vector), text(&vector, "body"));
        let find = |key: &str| query.iter().find(|item| item.0 == key).unwrap().1;
        let request = CvRequest::from_json_text(find("Action"), find("Version"), body).unwrap();
        let more = query.iter().filter(|item| !["Action", "Version"].contains(&item.0));
        let request = more.fold(request, |request, (key, value)| request.query_item(*key, *value));
        let found = headers(request, &access, time(text(&vector, "date")));
        assert_eq!(sent(&found), expected(&vector), "{}", vector["name"]);
        assert_eq!(found["content-type"], text(&vector["headers"], "Content-Type"));
    }
}

#[test]
fn the_body_of_a_signed_call_uses_the_names_of_direct_access_and_is_what_was_hashed() {
    let png = volcv_core::types::Picture::from_static(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\0\0\0\x01\0");
    let endpoint = Endpoint::parse_direct(Access::DIRECT_URL, false).unwrap();
    let access = Access::direct(endpoint, Access::REGION, Some(Credentials::new("AK", "SK").unwrap())).unwrap();
    let outpaint = volcv_core::types::Outpaint::equal(png, 0.5).prompt("sea");
    let mut call = Call::new(Plan::pictures(&outpaint, &access).unwrap(), CallConfig::default());
    let now = Now { mono: Duration::ZERO, wall: UNIX_EPOCH };
    let Step::Send(mut attempt) = call.next(now) else { panic!("a new call is sent") };
    let mut body = String::new();
    attempt.request.body_mut().read_to_string(&mut body).unwrap();
    assert_eq!(attempt.request.headers()["x-content-sha256"], hex(&hash(&body)));
    assert_eq!(attempt.request.uri(), "https://visual.volcengineapi.com/?Action=CVProcess&Version=2022-08-31");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&body["custom_prompt"], body.get("prompt")), (&Value::from("sea"), None));
}

/// Transports differ in how they send a host that was written in capital letters.
#[test]
fn the_host_is_signed_in_small_letters() {
    let signed = |url: &str| {
        let endpoint = Endpoint::parse_direct(url, false).unwrap();
        let access = Access::direct(endpoint, Access::REGION, Some(Credentials::new("AK", "SK").unwrap())).unwrap();
        let request = CvRequest::from_json_text("CVProcess", "2022-08-31", "{}").unwrap();
        headers(request, &access, UNIX_EPOCH)["authorization"].clone()
    };
    assert_eq!(signed("https://Visual.VolcengineAPI.com:443/"), signed("https://visual.volcengineapi.com"));
    assert_ne!(signed("https://visual.volcengineapi.com:8443"), signed("https://visual.volcengineapi.com"));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn escape(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

/// A second implementation for hosts without a port, from the description of the method.
fn reference(
    request: &SigningRequest<'_>,
    access_key: &str,
    secret_key: &str,
    token: Option<&str>,
    date: &str,
) -> String {
    let mut headers = vec![
        ("host", request.host.to_owned()),
        ("content-type", request.content_type.to_owned()),
        ("x-date", date.to_owned()),
        ("x-content-sha256", hex(&request.body_sha256)),
    ];
    headers.extend(token.map(|token| ("x-security-token", token.to_owned())));
    headers.sort();
    let names = headers.iter().map(|header| header.0).collect::<Vec<_>>().join(";");
    let mut query = request.query.to_vec();
    query.sort();
    let query: Vec<_> = query.iter().map(|(key, value)| format!("{}={}", escape(key), escape(value))).collect();
    let canonical = [
        request.method.to_owned(),
        escape(request.path).replace("%2F", "/"),
        query.join("&"),
        headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect(),
        names.clone(),
        hex(&request.body_sha256),
    ]
    .join("\n");
    let scope = [&date[..8], request.region, request.service, "request"];
    let key = scope.iter().fold(secret_key.as_bytes().to_vec(), |key, part| hmac(&key, part));
    let scope = scope.join("/");
    let to_sign = format!("HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let signature = hex(&hmac(&key, &to_sign));
    format!("HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}")
}

proptest! {
    #[test]
    fn any_request_is_signed_as_described_in_any_order_of_its_query(
        items in prop::collection::btree_map("[ -~]{0,8}|\\PC{0,4}", "[ -~]{0,8}|\\PC{0,4}", 0..6),
        order in any::<u64>(),
        path in "(/[ -~é中]{0,6}){1,3}",
        access_key in "[A-Za-z0-9]{1,40}", secret_key in "[!-~]{1,60}", token in prop::option::of("[!-~]{1,2000}"),
        body: [u8; 32], seconds in 0..4_000_000_000_u64,
    ) {
        let mut query: Vec<_> = items.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        fastrand::Rng::with_seed(order).shuffle(&mut query);
        let date = UNIX_EPOCH + Duration::from_secs(seconds);
        let request = SigningRequest {
            method: "POST",
            host: "visual.volcengineapi.com",
            path: &path,
            query: &query,
            content_type: "application/json",
            body_sha256: body,
            region: "cn-north-1",
            service: "cv",
            date,
        };
        let pair = Credentials::new(access_key.clone(), secret_key.clone()).unwrap();
        let pair = token.as_ref().map_or(Ok(pair.clone()), |token| pair.session_token(token.as_str())).unwrap();
        let signature = sign(&request, &pair);
        let x_date = signature.x_date.to_str().unwrap();
        prop_assert_eq!(time(x_date), date);
        let expected = reference(&request, &access_key, &secret_key, token.as_deref(), x_date);
        prop_assert_eq!(signature.authorization.to_str().unwrap(), expected);
        let found = signature.x_security_token.as_ref().map(|value| value.to_str().unwrap());
        prop_assert_eq!(found, token.as_deref());
    }
}
