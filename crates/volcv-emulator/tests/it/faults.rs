//! Each kind of misbehaviour, seen on the socket.

use std::io::Write as _;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::{Value, json};
use volcv_emulator::{BodyKind, Emulator, Fault};

use crate::support::{Answer, ask, ask_raw, connect, post, read, read_to_end, request, with};

fn emulator(fault: &str) -> Emulator {
    Emulator::builder().faults(vec![fault.parse().unwrap()]).start().unwrap()
}

fn ask_with(fault: &str) -> Answer {
    ask(&emulator(fault), &request())
}

/// The whole reply as it came over the wire.
fn raw(fault: &str) -> Vec<u8> {
    let emulator = emulator(fault);
    let mut stream = connect(&emulator);
    post(&mut stream, &request());
    read_to_end(&mut stream).0
}

#[test]
fn codes_and_statuses() {
    for (fault, status, code) in [
        ("code=50429", 429, 50429),
        ("code=50500", 500, 50500),
        ("code=50412", 400, 50412),
        ("code=50412,status=200", 200, 50412),
        ("body=cv-empty-data,code=50511", 400, 50511),
    ] {
        let answer = ask_with(fault);
        assert_eq!((answer.status, answer.code()), (status, code), "{fault}");
    }
    let answer = ask_with("status=503,retry-after=2");
    assert_eq!((answer.status, answer.header("Retry-After")), (503, Some("2")));
    let answer = ask_with("code=50430,retry-after-date=60");
    assert!(answer.header("Retry-After").unwrap().ends_with(" GMT"));
    assert_eq!(ask_with("code=100006").json()["ResponseMetadata"]["Error"]["Code"], "InvalidTimestamp");
}

#[test]
fn error_bodies() {
    let json = |fault: &str, status: u16| {
        let answer = ask_with(fault);
        assert_eq!(answer.status, status, "{fault}");
        answer.json()
    };
    assert_eq!(json("body=cv", 500)["code"], 50500);
    assert_eq!(json("body=cv-empty-data", 500)["data"], json!({ "resp_data": "" }));
    assert_eq!(json("body=top", 401)["ResponseMetadata"]["Error"]["CodeN"], 100_010);
    assert_eq!(json("body=top-cv-code,code=50215", 400)["ResponseMetadata"]["Error"]["Code"], "50215");
    assert_eq!(json("body=result-error,code=50412", 400)["Result"]["code"], 50412);
    assert_eq!(json("body=gateway,status=200", 200)["error"]["type"], "one_api_error");
    assert_eq!(json("body=gateway-quota", 403)["error"]["code"], "insufficient_user_quota");
    let text = json("body=upstream-text,code=50411", 406)["upsream_message"].as_str().unwrap().to_owned();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["code"], 50411);
    assert_eq!(json("body=upstream-object,code=50429", 406)["upsream_message"]["code"], 50429);
    assert_eq!(json("body=upstream-empty", 406)["upsream_message"], "");
    assert_eq!(json("body=success-false", 401)["success"], false);
    assert_eq!(json("body=inner-status", 200)["data"]["algorithm_base_resp"]["status_code"], 201_304);
    assert!(json("body=control-chars", 500)["message"].as_str().unwrap().contains("\r\nError: \u{1b}["));
    assert!(json("body=nul", 500)["message"].as_str().unwrap().contains('\0'));
    assert_eq!(json("body=no-picture", 200)["data"]["binary_data_base64"], json!([]));
    assert_eq!(json("body=null-arrays", 200)["data"]["image_urls"], Value::Null);
    assert!(ask_with("body=html").body.starts_with(b"<html>"));
    let empty = ask_with("body=empty");
    assert_eq!((empty.status, empty.body.len()), (504, 0));
    let redirect = ask_with("body=redirect");
    assert_eq!(redirect.status, 307);
    assert!(redirect.header("Location").unwrap().starts_with("/volcv/v1/elsewhere?"));
    assert_eq!(ask_with("body=redirect,location=http://x/").header("Location"), Some("http://x/"));
}

#[test]
fn odd_successes() {
    let text_of = |json: &Value| json["data"]["binary_data_base64"][0].as_str().unwrap().to_owned();
    let plain = text_of(&ask_with("ok").json());
    let json = |kind: &str| ask_with(&format!("body={kind}")).json();
    assert_eq!(text_of(&json("result-success")["Result"]), plain);
    let both = json("both-arrays");
    assert!(text_of(&both) == plain && both["data"]["image_urls"][0].is_string());
    assert_eq!(json("string-picture")["data"]["binary_data_base64"], plain.as_str());
    let escaped = ask_with("body=escaped");
    assert!(!String::from_utf8_lossy(&escaped.body).contains(&plain) && text_of(&escaped.json()) == plain);
    assert_eq!(text_of(&json("data-uri")), format!("data:image/png;base64,{plain}"));
    let bytes = STANDARD.decode(&plain).unwrap();
    assert_eq!(STANDARD_NO_PAD.decode(text_of(&json("unpadded"))).unwrap(), bytes);
    let wrapped = text_of(&json("wrapped"));
    assert!(wrapped.find("\r\n") == Some(76) && wrapped.replace("\r\n", "") == plain);
    assert!(ask_with("body=bom").body.starts_with(b"\xef\xbb\xbf{"));
    let decoy = ask_with("body=decoy");
    assert_eq!(text_of(&decoy.json()), plain);
    let body = String::from_utf8(decoy.body).unwrap();
    let (real, decoys) = (body.find(&plain).unwrap(), || body.match_indices("ZGVjb3k="));
    assert!(decoys().next().unwrap().0 < real && decoys().last().unwrap().0 > real);
    let gzip = ask_with("body=gzip");
    assert_eq!(gzip.header("Content-Encoding"), Some("gzip"));
    assert!(gzip.body.starts_with(&[0x1f, 0x8b, 8]) && gzip.body.windows(plain.len()).any(|w| w == plain.as_bytes()));
    let deep = ask_with("body=deep");
    assert!(deep.body.len() > 200_000 && serde_json::from_slice::<Value>(&deep.body).is_err());
    assert!(String::from_utf8(ask_with("body=bad-utf8").body).is_err());
}

/// The picture's base64 in an honest reply to the usual request, and its bytes.
fn honest_picture() -> (String, Vec<u8>) {
    let text = ask_with("ok").json()["data"]["binary_data_base64"][0].as_str().unwrap().to_owned();
    let bytes = STANDARD.decode(&text).unwrap();
    (text, bytes)
}

#[test]
fn successes_with_error_fields_beside_them() {
    let (plain, _) = honest_picture();
    for kind in ["empty-errors", "error-beside", "numeric-id"] {
        let answer = ask_with(&format!("body={kind}"));
        assert_eq!((answer.status, answer.code()), (200, 10000), "{kind}");
        assert_eq!(answer.json()["data"]["binary_data_base64"][0], plain.as_str(), "{kind}");
    }
    let json = ask_with("body=empty-errors").json();
    assert_eq!(json["error"], json!({ "message": "", "type": "", "param": "", "code": null }));
    let error = json!({ "Code": "", "CodeN": 0, "Message": "" });
    assert_eq!(json["ResponseMetadata"], json!({ "RequestId": json["request_id"], "Error": error }));
    assert_eq!(json["upsream_message"], "");
    assert_eq!(ask_with("body=error-beside").json()["error"]["message"], "late notice");
}

#[test]
fn a_numeric_request_id_is_the_one_of_the_record() {
    let emulator = emulator("body=numeric-id");
    let json = ask(&emulator, &request()).json();
    let id = json["request_id"].as_u64().unwrap();
    assert!(id > 1 << 53 && json["data"]["request_id"] == id);
    assert_eq!(emulator.requests()[0].request_id, id.to_string());
}

#[test]
fn pictures_and_links_in_odd_places_and_alphabets() {
    let (plain, bytes) = honest_picture();
    let data = |kind: &str| ask_with(&format!("body={kind}")).json()["data"].clone();
    let array = |kind: &str, key: &str, other: &str| {
        let data = data(kind);
        assert!(data[other].as_array().is_none_or(Vec::is_empty), "{kind}: {data}");
        data[key][0].as_str().unwrap().to_owned()
    };
    let in_links = |kind: &str| array(kind, "image_urls", "binary_data_base64");
    assert_eq!(in_links("data-uri-link"), format!("data:image/png;base64,{plain}"));
    assert_eq!(in_links("base64-link"), plain);
    assert!(array("link-in-bytes", "binary_data_base64", "image_urls").ends_with("/files/1.png"));
    let padded = in_links("padded-link");
    assert!(padded.starts_with("  http://127.0.0.1:") && padded.ends_with("/files/1.png\n"), "{padded:?}");
    let text = |kind: &str| data(kind)["binary_data_base64"][0].as_str().unwrap().to_owned();
    assert_eq!(STANDARD.decode(text("cut-picture")).unwrap(), bytes[..bytes.len() / 2]);
    let two = data("one-of-two-cut")["binary_data_base64"].clone();
    assert_eq!(two, json!([text("cut-picture"), plain]));
    // Another seed, whose picture needs padding.
    let text = |fault: &str| {
        let json = ask(&emulator(fault), &with("seed", json!(9))).json();
        json["data"]["binary_data_base64"][0].as_str().unwrap().to_owned()
    };
    let plain = text("ok");
    assert!(plain.contains('+') && plain.contains('/') && plain.ends_with('='), "the alphabets differ: {plain}");
    let padded = text("body=url-safe-padded");
    assert_eq!(padded, plain.replace('+', "-").replace('/', "_"));
    assert_eq!(text("body=url-safe"), padded.trim_end_matches('='));
}

#[test]
fn successes_that_are_not_quite_json() {
    let (plain, _) = honest_picture();
    let has = |body: &[u8], part: &[u8]| body.windows(part.len()).any(|window| window == part);
    for (kind, part) in [
        ("numbers", &b"\"aside\":NaN"[..]),
        ("numbers", b"\"most\":Infinity"),
        ("numbers", b"\"zero\":[-Infinity]"),
        ("lone-surrogate", b"\"message\":\"\\ud800\""),
        ("raw-control", b"\"message\":\"two\nlines,\ttab and \x01\""),
        ("latin1", b"\"message\":\"R\xe9ussi\""),
        ("gbk", b"\"message\":\"\xb3\xc9\xb9\xa6\""),
        ("nul-behind", b"}\0\0\0\0"),
        ("comment-before", b": PING\n: \"{[ keep\n{\"code\":10000"),
        ("text-behind", b"}\nreply sent"),
        ("two-documents", b"}{\"code\":10000"),
    ] {
        let body = ask_with(&format!("body={kind}")).body;
        assert!(has(&body, part), "{kind}: {}", String::from_utf8_lossy(&body));
        assert!(has(&body, plain.as_bytes()) && has(&body, b"\"code\":10000"), "{kind}");
        assert!(serde_json::from_slice::<Value>(&body).is_err(), "{kind}");
    }
    let body = ask_with("body=raw-wrapped").body;
    assert!(has(&body, format!("[\"{}\r\n{}", &plain[..76], &plain[76..152]).as_bytes()));
    assert!(serde_json::from_slice::<Value>(&body).is_err());
}

#[test]
fn odd_bodies_are_sent_in_every_way() {
    let padded = ask_with("body=nul-behind,oversize=300000").body;
    // Two replies are not of one length: each says how long it took.
    let whole = padded.iter().rposition(|byte| *byte == 0).unwrap() + 1;
    assert!(padded.len() == 300_000 && padded[..whole].ends_with(b"}\0\0\0\0"));
    assert!(whole < 100_000 && padded[whole..].iter().all(|byte| *byte == b' '));
    let emulator = emulator("body=latin1,cut=100");
    let mut stream = connect(&emulator);
    post(&mut stream, &request());
    let bytes = read_to_end(&mut stream).0;
    let body = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(bytes.len() - body, 100);
}

#[test]
fn faults_apply_to_downloads_too() {
    let emulator = Emulator::start().unwrap();
    let link = ask(&emulator, &with("return_url", json!(true))).json()["data"]["image_urls"][0].clone();
    let path = link.as_str().unwrap().strip_prefix(&emulator.base_url()).unwrap();
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let file = ask_raw(&emulator, &get(path));
    assert!(file.status == 200 && image::load_from_memory(&file.body).is_ok());
    for (fault, status, location) in [
        ("status=404", 404, None),
        ("status=403", 403, None),
        ("status=503,retry-after=1", 503, None),
        ("body=empty", 504, None),
        ("body=empty,status=200", 200, None),
        ("body=redirect", 307, Some("/volcv/v1/elsewhere?Action=&Version=")),
        (
            "body=redirect,status=301,location=http://other.example/a.png?b=c",
            301,
            Some("http://other.example/a.png?b=c"),
        ),
        ("body=redirect,status=302,location=../files/2.png", 302, Some("../files/2.png")),
        ("body=redirect,location=/files/1.png", 307, Some("/files/1.png")),
        ("ok", 200, None),
    ] {
        emulator.push(fault.parse().unwrap());
        let answer = ask_raw(&emulator, &get(path));
        assert_eq!((answer.status, answer.header("Location")), (status, location), "{fault}");
        assert_eq!(answer.body == file.body, fault == "ok", "{fault}");
        assert!(!fault.contains("empty") || answer.body.is_empty(), "{fault}");
    }
    // Redirects in a row, the last of which leads to the file.
    for _ in 0..3 {
        emulator.push("body=redirect,location=/files/1.png".parse().unwrap());
    }
    let mut at = path.to_owned();
    let answers: Vec<Answer> = (0..4)
        .map(|_| {
            let answer = ask_raw(&emulator, &get(&at));
            at = answer.header("Location").unwrap_or(&at).to_owned();
            answer
        })
        .collect();
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [307, 307, 307, 200]);
    assert_eq!(answers[3].body, file.body);
    emulator.push("cut=10".parse().unwrap());
    let mut stream = connect(&emulator);
    stream.write_all(get(path).as_bytes()).unwrap();
    let bytes = read_to_end(&mut stream).0;
    assert!(bytes.ends_with(&file.body[..10]) && !bytes.ends_with(&file.body));
    assert_eq!((emulator.charges(), emulator.complete_bodies()), (1, 1), "downloads are free");
}

#[test]
fn a_refused_request_is_refused_whatever_picture_was_asked_for() {
    for kind in BodyKind::ALL.into_iter().filter(|kind| kind.has_picture()) {
        let emulator = Emulator::builder().faults(vec![Fault::body(kind)]).start().unwrap();
        assert_eq!(ask(&emulator, &with("top", json!(2))).code(), 50200, "{}", kind.name());
    }
}

#[test]
fn queues_run_out_or_repeat() {
    let faults: Vec<Fault> = ["code=50429", "ok", "code=50500"].map(|text| text.parse().unwrap()).to_vec();
    let emulator = Emulator::builder().faults(faults.clone()).start().unwrap();
    let statuses = |emulator: &Emulator| -> Vec<u16> { (0..5).map(|_| ask(emulator, &request()).status).collect() };
    assert_eq!(statuses(&emulator), [429, 200, 500, 200, 200]);
    assert_eq!(emulator.requests()[2].fault, Some(Fault::code(50500)));
    let emulator = Emulator::builder().faults(faults).repeat_last(true).start().unwrap();
    assert_eq!(statuses(&emulator), [429, 200, 500, 500, 500]);
}

#[test]
fn a_pool_cannot_step_around_a_connection_fault() {
    let emulator = Emulator::builder()
        .faults(vec!["code=50429".parse().unwrap(), "close=accept".parse().unwrap()])
        .start()
        .unwrap();
    let mut stream = connect(&emulator);
    post(&mut stream, &request());
    assert_eq!(read(&mut stream).header("Connection"), Some("close"));
    assert!(read_to_end(&mut stream).0.is_empty());
    assert!(read_to_end(&mut connect(&emulator)).0.is_empty());
    assert_eq!(ask(&emulator, &request()).status, 200);
    assert_eq!(emulator.connections(), 3);
}

#[test]
fn slow_replies() {
    let timed = |fault: &str| {
        let started = Instant::now();
        assert_eq!(ask_with(fault).status / 100 * 100, if fault.contains("code") { 500 } else { 200 }, "{fault}");
        started.elapsed()
    };
    assert!(timed("delay=60") >= Duration::from_millis(60));
    assert!(timed("code=50500,trickle=100/10") >= Duration::from_millis(30));
    for stage in ["accept", "headers", "7", "body", "reply-head", "reply-body"] {
        assert!(timed(&format!("stall={stage},for=40")) >= Duration::from_millis(40), "{stage}");
    }
    let emulator = Emulator::builder().delay(Duration::from_millis(40)).start().unwrap();
    let started = Instant::now();
    ask(&emulator, &request());
    assert!(started.elapsed() >= Duration::from_millis(40));
}

#[test]
fn wrong_lengths_and_ends() {
    let parts = |bytes: &[u8]| {
        let at = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..at].to_vec()).unwrap();
        let length = head.split_once("Content-Length: ").map(|(_, rest)| rest.lines().next().unwrap().parse().unwrap());
        (head, length, bytes.len() - at - 4)
    };
    let (_, length, sent) = parts(&raw("code=50500,cut=10"));
    assert!(length > Some(100usize) && sent == 10);
    let (_, length, sent) = parts(&raw("code=50500,length=+5"));
    assert_eq!(length, Some(sent + 5));
    let (_, length, sent) = parts(&raw("code=50500,length=-5"));
    assert_eq!(length, Some(sent - 5));
    let (head, length, sent) = parts(&raw("code=50500,close-delimited"));
    assert!(head.contains("Connection: close") && length.is_none() && sent > 100);
    let big = ask_with("oversize=300000");
    assert_eq!((big.body.len(), big.code()), (300_000, 10000));
    assert_eq!(raw("garbage").first(), Some(&0x16));
    let (head, length, _) = parts(&raw("code=50500,chunked,cut=20"));
    assert!(head.contains("Transfer-Encoding: chunked") && length.is_none());
    assert!(raw("code=50500,chunked,cut=20").windows(4).any(|window| window == b"14\r\n"));
}

#[test]
fn chunked_replies_end_and_endless_heads_do_not() {
    let emulator = Emulator::builder()
        .faults(vec!["chunked".parse().unwrap(), "endless-headers".parse().unwrap()])
        .start()
        .unwrap();
    let mut stream = connect(&emulator);
    post(&mut stream, &request());
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n0\r\n\r\n") {
        let mut chunk = [0; 4096];
        let count = std::io::Read::read(&mut stream, &mut chunk).unwrap();
        assert!(count > 0, "the connection stays open after a chunked reply");
        bytes.extend_from_slice(&chunk[..count]);
    }
    post(&mut stream, &request());
    let mut head = vec![0; 2_000_000];
    std::io::Read::read_exact(&mut stream, &mut head).unwrap();
    assert!(!head.windows(4).any(|window| window == b"\r\n\r\n"));
}
