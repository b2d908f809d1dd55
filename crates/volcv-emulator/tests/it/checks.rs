//! What the emulator refuses, and with which code.

use std::io::Write;

use image::ImageFormat;
use serde_json::{Value, json};
use volcv_emulator::{DEFAULT_KEY, Emulator};

use crate::support::{TARGET, ask, ask_raw, base64, connect, head, mask, picture, post_to, read, request, with};

#[test]
fn a_good_request_is_answered_with_a_picture() {
    let emulator = Emulator::start().unwrap();
    let answer = ask(&emulator, &request());
    assert_eq!((answer.status, answer.code()), (200, 10000));
    assert_eq!(answer.header("X-Volcv-Emulator"), Some("picture painted by a local emulator, not by a model"));
    let json = answer.json();
    assert_eq!(json["data"]["algorithm_base_resp"]["status_message"], "Success (volcv emulator: not made by a model)");
    assert_eq!(json["data"]["image_urls"], Value::Null);
    assert!(json["request_id"].as_str().unwrap().len() >= 30);
    let record = &emulator.requests()[0];
    assert_eq!((record.connection, record.number_on_connection), (1, 1));
    assert!(record.has_key && record.key_ok && record.body_complete && record.refused.is_none());
    assert_eq!(record.header("content-type"), Some("application/json"));
    assert_eq!(record.header("authorization"), None);
    assert_eq!(record.status, Some(200));
    let json = record.json.clone().unwrap();
    assert!(json["binary_data_base64"][0].as_str().unwrap().ends_with(" characters)"));
    assert!(!format!("{:?}", emulator.requests()).contains(DEFAULT_KEY));
}

#[test]
fn the_gateway_checks_path_length_key_and_action() {
    let emulator = Emulator::start().unwrap();
    for (request, status, text) in [
        (head("/volcv/v1/", 0, ""), 404, "Invalid URL (POST /volcv/v1/)"),
        (head("/x/volcv/v1?Action=CVProcess", 0, ""), 404, "invalid_request_error"),
        (format!("GET {TARGET} HTTP/1.1\r\nHost: x\r\n\r\n"), 404, "Invalid URL (GET /volcv/v1)"),
        (format!("POST {TARGET} HTTP/1.1\r\nHost: x\r\n\r\n"), 411, "Content-Length"),
        (format!("POST {TARGET} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 411, "chunked"),
        (format!("POST {TARGET} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), 401, "new_api_error"),
        (head(TARGET, 0, "").replace(DEFAULT_KEY, "other"), 401, "Invalid token"),
        (head("/volcv/v1?Action=Other&Version=2022-08-31", 0, ""), 404, "InvalidActionOrVersion"),
        (head("/volcv/v1?Action=CVProcess&Version=2024-06-06", 0, ""), 404, "100008"),
        (head(TARGET, 0, "Content-Length: 1\r\n"), 400, "Content-Length"),
        ("POST / HTTP/1.1\r\n\r\n".to_owned(), 400, "Host"),
        (head(TARGET, 999_999_999_999, ""), 413, "too large"),
    ] {
        let answer = ask_raw(&emulator, &request);
        assert_eq!(answer.status, status, "{request}");
        assert!(String::from_utf8_lossy(&answer.body).contains(text), "{request}");
    }
    assert_eq!(emulator.charges(), 0);
}

#[test]
fn the_service_checks_every_field() {
    let emulator = Emulator::start().unwrap();
    let small = base64(&picture(8, 8), ImageFormat::Png);
    for (body, code, text) in [
        (json!([1]), 50204, "object"),
        (with("req_key", json!("other")), 50215, "req_key"),
        (with("binary_data_base64", json!(["AA"])), 50204, "binary_data_base64"),
        (with("binary_data_base64", json!(["AAAA"])), 50204, "PNG nor JPEG"),
        (with("binary_data_base64", json!(["iVBORw0KGgo="])), 50204, "decoded"),
        (with("binary_data_base64", json!([])), 50200, "binary_data_base64"),
        (with("binary_data_base64", json!([&small, &small, &small])), 50200, "binary_data_base64"),
        (with("binary_data_base64", json!([&small, mask(8, 9, |_, _| true)])), 50200, "mask"),
        (with("top", json!(1.01)), 50200, "top"),
        (with("left", json!(-0.1)), 50200, "left"),
        (with("right", json!("0.1")), 50200, "right"),
        (with("bottom", json!(null)), 50200, "bottom"),
        (with("scale", json!(21)), 50200, "scale"),
        (with("strength", json!(0.05)), 50200, "strength"),
        (with("seed", json!(-2)), 50200, "seed"),
        (with("seed", json!(4_294_967_296u64)), 50200, "seed"),
        (with("steps", json!(0)), 50200, "steps"),
        (with("max_width", json!(0)), 50200, "max_width"),
        (with("max_height", json!(1.5)), 50200, "max_height"),
        (with("return_url", json!("yes")), 50200, "return_url"),
        (with("logo_info", json!([])), 50200, "logo_info"),
        (with("prompt", json!(1)), 50200, "prompt"),
        (with("prompt", json!("x [refuse:50412] y")), 50412, "Text Risk"),
    ] {
        let answer = ask(&emulator, &body);
        assert_eq!((answer.status, answer.code()), (400, code), "{text}");
        assert!(answer.json()["message"].as_str().unwrap().contains(text), "{text}: {}", answer.json());
        assert_eq!(answer.json()["data"], Value::Null);
    }
    let answer = ask(&emulator, &with("prompt", json!("[refuse:50429]")));
    assert_eq!((answer.status, answer.code()), (429, 50429));
    let mut links = with("image_urls", json!(["http://example.com/a.png"]));
    links.as_object_mut().unwrap().remove("binary_data_base64");
    assert_eq!(ask(&emulator, &links).code(), 50215);
    assert_eq!(emulator.charges(), 0);
    assert_eq!(emulator.complete_bodies(), 25);
}

#[test]
fn keys_can_be_chosen() {
    let emulator = Emulator::builder().key("mine").start().unwrap();
    assert_eq!(ask(&emulator, &request()).status, 401);
    assert!(!emulator.requests()[0].key_ok);
    let emulator = Emulator::builder().any_key().start().unwrap();
    assert_eq!(ask(&emulator, &request()).status, 200);
    let no_key = head(TARGET, 0, "").replace(DEFAULT_KEY, "");
    assert_eq!(ask_raw(&emulator, &no_key).status, 401);
}

#[test]
fn connections_are_kept_alive_and_expectations_met() {
    let emulator = Emulator::start().unwrap();
    let mut stream = connect(&emulator);
    for _ in 0..2 {
        post_to(&mut stream, TARGET, &request());
        assert_eq!(read(&mut stream).status, 200);
    }
    let body = request().to_string();
    stream.write_all(head(TARGET, body.len(), "Expect: 100-continue\r\nConnection: close\r\n").as_bytes()).unwrap();
    let mut interim = [0; 25];
    std::io::Read::read_exact(&mut stream, &mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).unwrap();
    let answer = read(&mut stream);
    assert_eq!((answer.status, answer.header("Connection")), (200, Some("close")));
    let places: Vec<_> = emulator.requests().iter().map(|r| (r.connection, r.number_on_connection)).collect();
    assert_eq!(places, [(1, 1), (1, 2), (1, 3)]);
}
