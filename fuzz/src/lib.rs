//! What the targets share: a call without a network, and what is promised of every error's text.

mod drive;
mod fields;
mod receive;

use std::io::Read as _;
use std::time::{Duration, SystemTime};

use volcv_core::{Access, ApiKey, Attempt, Credentials, Endpoint, Error, Now, Plan, TimeLimit, TransportErrorKind};
use volcv_types::{Outpaint, Picture, TaskRequest};

pub use drive::{Event, drive};
pub use fields::Fields;
pub use receive::{Arrival, REPLY_LIMIT, receive};

/// The key of every call. No text may show it, whatever a reply makes of it.
pub const KEY: &str = "sk-canary-0123456789";
/// A cut key is a leak as well: this is the start of it that no text may show either.
pub const KEY_START: &str = "sk-canary-01";

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\0\0\0\x01\0";
/// A name, a code, a request id and a link of 400 characters each, and our own words around them.
const LONGEST_TEXT: usize = 2048;

/// All ways in which a transport can fail, for a target to choose from.
pub const TRANSPORT_ERRORS: [TransportErrorKind; 13] = [
    TransportErrorKind::Resolve,
    TransportErrorKind::Connect,
    TransportErrorKind::Tls,
    TransportErrorKind::Timeout(TimeLimit::Connect),
    TransportErrorKind::Timeout(TimeLimit::Stall),
    TransportErrorKind::Timeout(TimeLimit::Attempt),
    TransportErrorKind::Timeout(TimeLimit::Deadline),
    TransportErrorKind::Io,
    TransportErrorKind::Protocol,
    TransportErrorKind::Stopped,
    TransportErrorKind::Cancelled,
    TransportErrorKind::Other,
    TransportErrorKind::ProxyAuth,
];

/// The statuses that the classification tells apart.
pub const STATUSES: [u16; 16] = [200, 201, 204, 302, 400, 401, 402, 404, 406, 408, 413, 429, 500, 502, 503, 520];

pub fn key() -> ApiKey {
    ApiKey::new(KEY).expect("the key is printable")
}

/// A gateway.
pub fn gateway() -> Access {
    Access::gateway(Endpoint::parse("https://gw.example", false).expect("the url is https"), key())
}

/// Direct access. Without credentials, each call asks its driver for some.
pub fn direct(credentials: Option<Credentials>) -> Access {
    let endpoint = Endpoint::parse_direct(Access::DIRECT_URL, false).expect("the url is https");
    Access::direct(endpoint, Access::REGION, credentials).expect("the region is a word")
}

/// Credentials of which every part is the key.
pub fn credentials() -> Credentials {
    let pair = Credentials::new(KEY, KEY).expect("the key is printable");
    pair.session_token(KEY).expect("the key is printable")
}

/// An outpainting with a seed.
pub fn outpaint() -> Outpaint {
    Outpaint::equal(Picture::from_static(PNG), 0.5).seed(7)
}

/// A call of [`outpaint`].
pub fn plan(access: &Access) -> Plan {
    Plan::pictures(&outpaint(), access).expect("every field is in its range")
}

/// The same as a task that is handed in.
pub fn submit(access: &Access) -> Plan {
    let task = TaskRequest::of(&outpaint()).expect("every field is in its range");
    Plan::submit(&task, access).expect("the action is fixed")
}

/// The wait for that task.
pub fn wait(access: &Access) -> Plan {
    let task = TaskRequest::of(&outpaint()).and_then(|task| task.task("7392616336519610409"));
    Plan::wait(&task.expect("the id is printable"), access).expect("the action is fixed")
}

/// The moment `mono` after the start, which is the day of the dates in RFC 9110.
pub fn at(mono: Duration) -> Now {
    Now { mono, wall: SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777) + mono }
}

/// Takes none (0), half (1) or all (2) of the body, as a transport does.
pub fn take(attempt: &mut Attempt, share: u64) {
    let total = attempt.request.body().remaining();
    let mut part = attempt.request.body_mut().take(total * share.min(2) / 2);
    std::io::copy(&mut part, &mut std::io::sink()).expect("the attempt is not over");
}

/// Every text of an error is short, has no key, and cannot move a cursor or forge a line of a log.
pub fn check_texts(error: &Error) {
    let display = error.to_string();
    assert!(display.chars().count() < LONGEST_TEXT, "{} characters", display.chars().count());
    let id = error.request_id().unwrap_or_default().to_owned();
    let code = error.service_code().map(ToString::to_string).unwrap_or_default();
    for text in [display, format!("{error:?}"), error.message().to_owned(), id, code] {
        assert!(!text.contains(KEY), "the key: {text}");
        assert!(!text.chars().any(|c| c.is_control() || is_bidi(c)), "a control character: {text:?}");
    }
}

/// The characters with the Unicode property `Bidi_Control`, which reorder the text around them.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
