//! volcv's machine without a network: what the codec benches and the instruction counts run.

use std::io::Read as _;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use volcv_core::http::{HeaderMap, HeaderValue};
use volcv_core::types::{Outpaint, Picture, Sides};
use volcv_core::{Access, ApiKey, BodyReader, Call, CallConfig, Endpoint, Now, Outcome, Plan, Step};

#[path = "../src/picture.rs"]
mod picture;

/// Bytes that a transport moves at once.
const PIECE: usize = 64 * 1024;

/// The calls of one client share a pool of memory.
static CLIENT: LazyLock<CallConfig> = LazyLock::new(CallConfig::default);

/// A call with a picture of so many bytes, whose request has been handed to a transport.
pub fn sent(bytes: usize) -> (Call, BodyReader) {
    let endpoint = Endpoint::parse("https://gateway.example", false).expect("the url is https");
    let key = ApiKey::new("bench-key").expect("the key is printable");
    let sides = Sides { left: 0.5, right: 0.5, ..Sides::ZERO };
    let outpaint = Outpaint::sides(Picture::from(picture::picture(bytes)), sides).prompt("a lake at dawn").seed(7);
    let plan = Plan::pictures(&outpaint, &Access::gateway(endpoint, key)).expect("every field is in its range");
    // The random wait is the same in every run.
    let mut call = Call::new(plan, CLIENT.clone()).with_rng_seed(1);
    let Step::Send(attempt) = call.next(NOW) else { panic!("a new call is sent") };
    (call, attempt.request.into_body())
}

/// A success with a picture of so many bytes.
pub fn success(bytes: usize) -> Vec<u8> {
    let text = STANDARD.encode(picture::picture(bytes));
    let (before, behind) = (
        r#"{"code":10000,"data":{"algorithm_base_resp":{"status_code":0,"status_message":"Success"},"#,
        r#""image_urls":null},"message":"Success","request_id":"20260101000000000000000000000001","status":10000,"time_elapsed":"3.9405467s"}"#,
    );
    format!(r#"{before}"binary_data_base64":["{text}"],{behind}"#).into_bytes()
}

/// The reply of a gateway that limits the rate.
pub const THROTTLED: &[u8] = br#"{"code":50429,"data":null,"message":"Request Has Reached API Limit, Please Try Later","request_id":"20260101000000000000000000000002","status":50429}"#;

/// Reads a body to its end, as a transport does.
pub fn upload(mut body: BodyReader, buffer: &mut [u8]) -> usize {
    let mut total = 0;
    loop {
        match body.read(buffer).expect("the attempt is not over") {
            0 => return total,
            bytes => total += bytes,
        }
    }
}

/// A buffer for [`upload`].
pub fn buffer() -> Vec<u8> {
    vec![0; PIECE]
}

/// Pushes a reply in pieces, as a transport does.
pub fn download(call: &mut Call, status: u16, reply: &[u8]) {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("content-length", HeaderValue::from(reply.len()));
    let sink = call.reply();
    sink.head(status, &headers).expect("the length is within the limit");
    reply.chunks(PIECE).for_each(|piece| sink.data(piece).expect("the reply is within the limits"));
}

/// Ends the attempt well and takes the result.
pub fn finish(mut call: Call) -> Outcome {
    call.on_sent(NOW, Ok(()));
    let Step::Done(Ok(outcome)) = call.next(NOW) else { panic!("the reply is a success") };
    outcome
}

/// Ends the attempt, and asks how long to wait before the next one.
pub fn decide(call: &mut Call) -> Duration {
    call.on_sent(NOW, Ok(()));
    let Step::Wait(time) = call.next(NOW) else { panic!("a throttled call is sent again") };
    time
}

const NOW: Now = Now { mono: Duration::ZERO, wall: SystemTime::UNIX_EPOCH };
