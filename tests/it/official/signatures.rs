//! The SDK's signer beside volcv's and the emulator's, for random requests.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use volcv_core::{Credentials, SigningRequest, sign};
use volcv_emulator::{Emulator, RequestRecord};

use super::sdk;

const COUNT: usize = 300;

/// The same requests in each run.
fn requests() -> Vec<Value> {
    let requests = sdk(&["sign", "2026", &COUNT.to_string()], &Value::Null);
    assert_eq!(requests.len(), COUNT);
    requests
}

fn text<'a>(request: &'a Value, name: &str) -> &'a str {
    request[name].as_str().unwrap()
}

fn query(request: &Value) -> Vec<(&str, &str)> {
    let items = request["query"].as_array().unwrap().iter();
    items.map(|item| (item[0].as_str().unwrap(), item[1].as_str().unwrap())).collect()
}

#[test]
fn volcv_signs_as_the_official_sdk_does() {
    for request in requests() {
        let mut credentials = Credentials::new(text(&request, "access_key"), text(&request, "secret_key")).unwrap();
        if let Some(token) = request["session_token"].as_str() {
            credentials = credentials.session_token(token).unwrap();
        }
        let signature = sign(
            &SigningRequest {
                method: text(&request, "method"),
                host: text(&request, "host"),
                path: text(&request, "path"),
                query: &query(&request),
                content_type: text(&request, "content_type"),
                body_sha256: sha256(&request),
                region: text(&request, "region"),
                service: text(&request, "service"),
                date: UNIX_EPOCH + Duration::from_secs(request["seconds"].as_u64().unwrap()),
            },
            &credentials,
        );
        let headers = &request["headers"];
        for (name, ours) in [
            ("X-Date", Some(&signature.x_date)),
            ("X-Content-Sha256", Some(&signature.x_content_sha256)),
            ("X-Security-Token", signature.x_security_token.as_ref()),
            ("Authorization", Some(&signature.authorization)),
        ] {
            assert_eq!(ours.map(|value| value.to_str().unwrap()), headers[name].as_str(), "{name}: {request}");
        }
    }
}

#[test]
fn the_emulator_accepts_what_the_official_sdk_signs_and_nothing_else() {
    let mut seen = 0;
    for request in requests() {
        // These two are all that the emulator serves.
        if text(&request, "service") != "cv" || text(&request, "path") != "/" {
            continue;
        }
        seen += 1;
        let mut builder = Emulator::builder().region(text(&request, "region"));
        let (access_key, secret_key) = (text(&request, "access_key"), text(&request, "secret_key"));
        builder = match request["session_token"].as_str() {
            Some(token) => builder.temporary_key(access_key, secret_key, token),
            None => builder.access_key(access_key, secret_key),
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        let emulator = builder.clock_offset(request["seconds"].as_i64().unwrap() - now).start().unwrap();
        let body = text(&request, "body");
        let right = ask(&emulator, &request, body);
        assert!(right.key_ok, "{:?}: {request}", right.refused);
        let wrong = ask(&emulator, &request, &format!("{body} "));
        assert!(!wrong.key_ok && wrong.refused.unwrap().starts_with("SignatureDoesNotMatch"), "{request}");
    }
    assert!(seen > COUNT / 10, "{seen}");
}

/// Sends a signed request with this body, and gives what the emulator remembers of it.
fn ask(emulator: &Emulator, request: &Value, body: &str) -> RequestRecord {
    let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let item = |(name, value): (&str, &str)| match name {
        "Action" | "Version" => format!("{name}={value}"),
        // Both ways to write a space.
        _ => format!("{}={}", escape(name), escape(value).replace("%20", "+")),
    };
    let items: Vec<String> = query(request).into_iter().map(item).collect();
    let mut head = format!(
        "{} /?{} HTTP/1.1\r\nHost: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n",
        text(request, "method"),
        items.join("&"),
        text(request, "host"),
        text(request, "content_type"),
        body.len(),
    );
    for (name, value) in request["headers"].as_object().unwrap() {
        head += &format!("{name}: {}\r\n", value.as_str().unwrap());
    }
    let mut stream = TcpStream::connect(emulator.addr()).unwrap();
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
    emulator.requests().pop().unwrap()
}

/// The hash of the body, as the SDK has sent it; the emulator has compared it with the body.
fn sha256(request: &Value) -> [u8; 32] {
    let hex = request["headers"]["X-Content-Sha256"].as_str().unwrap();
    std::array::from_fn(|index| u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).unwrap())
}
