//! Listens to every log of this process at its loudest, and fails whichever test lets a key be heard.

use std::io::{Error, Write};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, Once, PoisonError};
use std::thread::{self, ThreadId};

use base64::Engine as _;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// A key that cannot be mistaken for anything else.
pub(crate) const CANARY: &str = "sk-canary+7/hidden=key";

/// The same for direct access: the access key, which the service knows, is no less hidden than the other two.
pub(crate) const ACCESS_KEY: &str = "AKLTcanaryAccessKey0123456789";
pub(crate) const SECRET_KEY: &str = "Y2FuYXJ5+/hidden/secret/of/direct==";
pub(crate) const TOKEN: &str = "STSeyJcanary+token/0123456789.hidden~session==";
const CANARIES: [&str; 4] = [CANARY, ACCESS_KEY, SECRET_KEY, TOKEN];

/// What was heard of these, so that a test knows that the ear works.
static HEARD: Mutex<Vec<&str>> = Mutex::new(Vec::new());
const SPEAKERS: [&str; 5] = ["ureq::", "ureq_proto::util", "hyper", "rustls", "call failed"];

/// volcv's own events, each with the thread that emitted it.
static EVENTS: Mutex<Vec<(ThreadId, String)>> = Mutex::new(Vec::new());

/// Listens to hex dumps, too.
pub(crate) static LOUD: AtomicBool = AtomicBool::new(false);

/// Starts to listen, once in this process, to `tracing` and to `log`, which ureq, hyper and rustls write to.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let layer = tracing_subscriber::fmt::layer().with_writer(|| Ear).with_ansi(false);
        // The hex dumps of megabytes take minutes, so only the secrets test listens to them, with its small requests.
        let all = filter_fn(|event| LOUD.load(SeqCst) || event.target() != "ureq_proto::util");
        let events = tracing_subscriber::fmt::layer().with_writer(|| Notes).with_ansi(false).without_time();
        let events = events.with_filter(filter_fn(|event| event.target() == "volcv"));
        tracing_subscriber::registry().with(LevelFilter::TRACE).with(layer.with_filter(all)).with(events).init();
    });
}

/// The speakers that have been heard so far.
pub(crate) fn heard() -> Vec<&'static str> {
    HEARD.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The events that volcv has emitted on this thread so far.
pub(crate) fn events_of(thread: ThreadId) -> Vec<String> {
    let events = EVENTS.lock().unwrap_or_else(PoisonError::into_inner);
    events.iter().filter(|event| event.0 == thread).map(|event| event.1.clone()).collect()
}

/// Where a key stands in a text: as it is, percent-encoded or in base64, alone or behind `Bearer`; or as the password of a
/// proxy, in base64 behind the name `user`; or where a signature stands.
pub(crate) fn find_key(text: &str) -> Option<String> {
    let keys = CANARIES.into_iter().chain([volcv_emulator::DEFAULT_KEY, volcv_emulator::DEFAULT_SECRET_KEY]);
    // A signature is no key, but serves for a request again while it is fresh.
    let signature = [base64(&format!("user:{CANARY}")), "Signature=".to_owned()];
    keys.flat_map(spellings).chain(signature).find(|spelling| text.contains(spelling))
}

pub(crate) fn spellings(key: &str) -> Vec<String> {
    let percent = key.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    vec![key.to_owned(), percent, base64(key), base64(&format!("Bearer {key}"))]
}

fn base64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(text)
}

struct Ear;

impl Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        let text = String::from_utf8_lossy(bytes);
        // A hex dump has 16 characters in a row, so of the canary any eight are too many.
        let mut parts = CANARIES.iter().flat_map(|canary| canary.as_bytes().windows(8));
        if parts.any(|part| bytes.windows(8).any(|seen| seen == part)) || find_key(&text).is_some() {
            panic!("a log shows a key: {text}");
        }
        let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
        for speaker in SPEAKERS {
            if text.contains(speaker) && !heard.contains(&speaker) {
                heard.push(speaker);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

/// Takes one event with each write.
struct Notes;

impl Write for Notes {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        let text = String::from_utf8_lossy(bytes).trim().to_owned();
        EVENTS.lock().unwrap_or_else(PoisonError::into_inner).push((thread::current().id(), text));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

#[test]
fn the_ear_knows_a_key_in_every_spelling() {
    for text in
        ["Bearer emulator-key", "x ZW11bGF0b3Ita2V5 y", "QmVhcmVyIGVtdWxhdG9yLWtleQ==", "sk-canary%2B7%2Fhidden%3Dkey"]
    {
        assert!(find_key(text).is_some(), "{text}");
    }
    assert_eq!(find_key("Authorization: Sensitive"), None);
}
