//! A request is one JSON object of exactly the announced length, whatever its fields and however it is read.
#![no_main]

use std::io::Read as _;
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use libfuzzer_sys::fuzz_target;
use volcv_core::{Call, CallConfig, Plan, Step};
use volcv_fuzz::{Fields, KEY, at, gateway};
use volcv_types::{AccessKind, Picture, Value};

fuzz_target!(|fields: Fields<'_>| {
    let Some(request) = fields.request() else { return };
    // From the text, because a float can change by its last digit whenever it is read.
    let text = request.body_text(AccessKind::Gateway);
    let mut expected: Value = serde_json::from_str(&text).expect("the body is JSON");
    let mut bytes = request.pictures().iter().filter_map(|picture| match picture {
        Picture::Bytes(data) => Some(Value::from(STANDARD.encode(data))),
        Picture::Url(_) => None,
    });
    if let Some(first) = bytes.next() {
        expected["binary_data_base64"] = std::iter::once(first).chain(bytes).collect();
    }

    let plan = Plan::call(request, &gateway()).expect("the action is fixed");
    let preview = plan.preview();
    assert!(!preview.to_string().contains(KEY) || expected.to_string().contains(KEY));
    let mut call = Call::new(plan, CallConfig::default());
    let Step::Send(attempt) = call.next(at(Duration::ZERO)) else { panic!("a new call is sent") };
    let (head, mut body) = attempt.request.into_parts();
    let length = body.remaining();
    assert_eq!(head.headers["content-length"], length.to_string());
    assert_eq!(preview["content_length"], length);

    let (mut text, mut sizes) = (Vec::new(), fields.reads.iter().cycle());
    while body.remaining() > 0 {
        let size = *sizes.next().unwrap_or(&1);
        if size == 0 {
            assert_eq!(body.read(&mut []).expect("the attempt is not over"), 0, "nothing is asked for");
        }
        let mut buffer = vec![0; usize::from(size).max(1)];
        let read = body.read(&mut buffer).expect("the attempt is not over");
        assert!(read == buffer.len() || body.remaining() == 0, "a short read before the end");
        text.extend_from_slice(&buffer[..read]);
        assert_eq!(text.len() as u64 + body.remaining(), length);
    }
    assert_eq!(body.read(&mut [0; 8]).expect("the end is no error"), 0);
    assert_eq!(serde_json::from_slice::<Value>(&text).expect("a request is JSON"), expected);
});
