//! Requests that the official Python SDK has signed, with invented keys, and what becomes of them when a part changes.

use serde_json::Value;

use super::{KeyPair, Keys, Rules, check};
use crate::clock;
use crate::http::Head;

const VECTORS: &str = include_str!("vectors.json");

/// A signed request, and what the server knows.
struct Signed {
    head: Head,
    body: Vec<u8>,
    keys: Keys,
    now: i64,
}

impl Signed {
    fn new(vector: &Value) -> Self {
        let text = |name: &str| vector[name].as_str().unwrap().to_owned();
        let token = vector["session_token"].as_str().map(str::to_owned);
        let mut headers: Vec<(String, String)> = vector["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect();
        headers.push(("User-Agent".to_owned(), "test".to_owned()));
        let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let query = vector["query"].as_object().unwrap().iter().rev();
        let query = query.map(|(name, value)| match name.as_str() {
            "Action" | "Version" => format!("{name}={}", value.as_str().unwrap()),
            _ => format!("{}={}", escape(name), escape(value.as_str().unwrap())),
        });
        let mut keys = Keys::default();
        let (access_key, secret_key) = (text("access_key"), text("secret_key"));
        keys.add(KeyPair { access_key, secret_key, session_token: token });
        let head = Head {
            method: text("method"),
            path: text("path"),
            query: query.collect::<Vec<_>>().join("&"),
            headers,
            content_length: None,
            chunked: false,
            keep_alive: true,
            expects_continue: false,
        };
        let now = clock::parse_basic_date(vector["date"].as_str().unwrap()).unwrap();
        Self { head, body: text("body").into_bytes(), keys, now }
    }

    /// The name of the error; nothing when the request passes.
    fn verdict(&self) -> &'static str {
        let rules = Rules { keys: &self.keys, region: "cn-north-1", now: self.now };
        check(&self.head, &self.body, rules).err().map_or("", |denial| denial.error.name)
    }

    fn header(&mut self, name: &str) -> &mut String {
        &mut self.head.headers.iter_mut().find(|(known, _)| known == name).unwrap().1
    }

    fn drop(&mut self, name: &str) {
        self.head.headers.retain(|(known, _)| known != name);
    }
}

fn vectors() -> Vec<Value> {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    vectors["vectors"].as_array().unwrap().clone()
}

#[test]
fn what_the_official_sdk_signs_is_right() {
    assert_eq!(vectors().len(), 3);
    for vector in vectors() {
        assert_eq!(Signed::new(&vector).verdict(), "", "{}", vector["name"]);
    }
}

#[test]
fn every_changed_part_is_noticed() {
    type Change = fn(&mut Signed);
    let changes: [(&str, Change); 19] = [
        ("SignatureDoesNotMatch", |signed| signed.body.push(b' ')),
        ("SignatureDoesNotMatch", |signed| signed.head.method = "PUT".to_owned()),
        ("SignatureDoesNotMatch", |signed| signed.head.path += "/"),
        ("SignatureDoesNotMatch", |signed| signed.head.query += "&x="),
        ("SignatureDoesNotMatch", |signed| signed.header("Host").push('x')),
        ("SignatureDoesNotMatch", |signed| signed.header("Content-Type").push('x')),
        ("SignatureDoesNotMatch", |signed| signed.drop("Content-Type")),
        ("SignatureDoesNotMatch", |signed| signed.header("X-Content-Sha256").push('0')),
        ("SignatureDoesNotMatch", |signed| signed.header("Authorization").push('0')),
        ("SignatureDoesNotMatch", |signed| {
            let other = signed.header("Authorization").replace("content-type;host", "host;content-type");
            *signed.header("Authorization") = other;
        }),
        ("InvalidTimestamp", |signed| signed.now += 901),
        ("InvalidTimestamp", |signed| signed.now -= 901),
        ("InvalidTimestamp", |signed| signed.drop("X-Date")),
        ("InvalidTimestamp", |signed| signed.header("X-Date").push('0')),
        ("InvalidCredential", |signed| {
            *signed.header("Authorization") = signed.header("Authorization").replace("/cv/", "/iam/");
        }),
        ("InvalidAccessKey", |signed| signed.keys = Keys::default()),
        ("MissingAuthenticationToken", |signed| signed.drop("Authorization")),
        ("InvalidAuthorization", |signed| *signed.header("Authorization") = "Bearer key".to_owned()),
        ("MissingParameter", |signed| signed.head.query = "Version=2022-08-31".to_owned()),
    ];
    for vector in vectors() {
        for (number, (expected, change)) in changes.into_iter().enumerate() {
            let mut signed = Signed::new(&vector);
            change(&mut signed);
            assert_eq!(signed.verdict(), expected, "{} change {number}", vector["name"]);
        }
    }
}

#[test]
fn a_date_is_right_for_a_quarter_of_an_hour() {
    for vector in vectors() {
        for difference in [-900, 900] {
            let mut signed = Signed::new(&vector);
            signed.now += difference;
            assert_eq!(signed.verdict(), "");
        }
    }
}

#[test]
fn a_temporary_key_needs_its_token() {
    let vector = vectors().into_iter().find(|vector| vector["session_token"].is_string()).unwrap();
    let mut signed = Signed::new(&vector);
    signed.drop("X-Security-Token");
    assert_eq!(signed.verdict(), "InvalidSecretToken");
    let mut signed = Signed::new(&vector);
    signed.header("X-Security-Token").push('x');
    assert_eq!(signed.verdict(), "InvalidSecretToken");
    let mut signed = Signed::new(&vector);
    signed.keys.revoke("STS+example/token==");
    assert_eq!(signed.verdict(), "InvalidSecretToken");
    // A token that is sent has to be signed.
    let mut signed = Signed::new(&vector);
    let without = signed.header("Authorization").replace(";x-security-token", "");
    *signed.header("Authorization") = without;
    assert_eq!(signed.verdict(), "SignatureDoesNotMatch");
}

#[test]
fn no_message_holds_a_secret() {
    for vector in vectors() {
        let mut signed = Signed::new(&vector);
        signed.head.query += "&x=";
        let rules = Rules { keys: &signed.keys, region: "cn-north-1", now: signed.now };
        let denial = check(&signed.head, &signed.body, rules).unwrap_err();
        let text = format!("{denial:?} {:?}", signed.keys);
        assert!(denial.message.contains("\nhost:visual.volcengineapi.com\n"), "{text}");
        for secret in ["AKEXAMPLE", "example-secret", "STS+example"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
