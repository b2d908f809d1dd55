//! Canary keys through every kind of call: no text of a result, an error or a client shows them. The logs are watched by
//! `ear.rs`, in these tests and in all the others.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use serde_json::json;
use volcv::testing::{Act, ScriptedTransport};
use volcv::{CallOptions, ClientBuilder, Credentials, CredentialsSource, Error, Outpaint, TaskRequest};
use volcv_emulator::Emulator;

use crate::ear::{ACCESS_KEY, CANARY, LOUD, SECRET_KEY, TOKEN, find_key, heard, spellings};
use crate::support::{AnyClient, TRANSPORTS, small};

/// Hears the hex dumps of all requests while it is there.
struct Loud;

/// Two tests may be loud at the same time.
static LOUDER: AtomicUsize = AtomicUsize::new(0);

impl Loud {
    fn new() -> Self {
        LOUDER.fetch_add(1, SeqCst);
        LOUD.store(true, SeqCst);
        Self
    }
}

impl Drop for Loud {
    fn drop(&mut self) {
        LOUD.store(LOUDER.fetch_sub(1, SeqCst) > 1, SeqCst);
    }
}

/// All that a program could print of an error.
fn told(error: &Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    let causes: Vec<_> = causes.map(|cause| format!("{cause} {cause:?}")).collect();
    format!("{error} {error:?} {causes:?}")
}

fn told_of<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.map_or_else(|error| told(&error), |value| format!("{value:?}"))
}

fn assert_silent(texts: &[String]) {
    for text in texts {
        assert_eq!(find_key(text), None, "in {text}");
    }
    for speaker in ["ureq::", "ureq_proto::util", "hyper", "call failed"] {
        assert!(heard().contains(&speaker), "the ear of this binary does not hear {speaker}");
    }
}

/// What each client meets.
const FAULTS: [&str; 8] = [
    "ok",
    "code=50412",
    "body=gateway",
    "body=html,status=200",
    "close=body",
    "cut=40",
    "garbage",
    "early=close,status=413",
];

/// A reply that shows keys in every spelling.
fn echo(keys: &[&str]) -> String {
    let echo: Vec<_> = keys.iter().flat_map(|key| spellings(key)).collect();
    json!({"code": 50400, "message": echo.join(" and "), "request_id": keys[0], "data": null}).to_string()
}

#[test]
fn the_key_is_in_no_log_no_error_and_no_debug_text() {
    let mut texts = Vec::new();
    let loud = Loud::new();
    for transport in TRANSPORTS {
        let emulator = Emulator::builder().key(CANARY).start().unwrap();
        let good = || ClientBuilder::new(emulator.base_url(), CANARY);
        texts.push(format!("{:?}", good()));
        let client = AnyClient::new(transport, good());
        match &client {
            AnyClient::Ureq(client) => {
                texts.push(format!("{client:?} {:?}", client.preview(&Outpaint::equal(small(), 0.5))))
            }
            AnyClient::Reqwest(_, client) => texts.push(format!("{client:?}")),
        }
        for fault in FAULTS {
            emulator.push(fault.parse().unwrap());
            texts.push(told_of(client.outpaint(&Outpaint::equal(small(), 0.5).prompt("sea"), &CallOptions::new())));
        }
        let script = ScriptedTransport::new([Act::reply(403, echo(&[CANARY]))]);
        let client = ClientBuilder::new("https://gw.example", CANARY).transport(script).unwrap();
        texts.push(told_of(client.outpaint(&Outpaint::equal(small(), 0.5))));
        // Keys and URLs that are refused.
        texts.push(told_of(ClientBuilder::new("https://gw.example", format!("{CANARY}\n")).ureq()));
        texts.push(told_of(ClientBuilder::new(format!("https://u:{CANARY}@gw.example"), "k").ureq()));
    }
    drop(loud);
    assert_silent(&texts);
}

fn canaries() -> Credentials {
    Credentials::new(ACCESS_KEY, SECRET_KEY).unwrap().session_token(TOKEN).unwrap()
}

#[test]
fn no_key_no_token_and_no_signature_of_direct_access_is_in_a_log_an_error_or_a_debug_text() {
    let mut texts = vec![format!("{:?}", canaries())];
    let loud = Loud::new();
    for transport in TRANSPORTS {
        let emulator = Emulator::builder().temporary_key(ACCESS_KEY, SECRET_KEY, TOKEN).start().unwrap();
        let good = || ClientBuilder::direct(canaries()).base_url(emulator.base_url());
        texts.push(format!("{:?} {:?}", good(), CredentialsSource::from(canaries())));
        let client = AnyClient::new(transport, good());
        match &client {
            AnyClient::Ureq(client) => {
                texts.push(format!("{client:?} {:?}", client.preview(&Outpaint::equal(small(), 0.5))))
            }
            AnyClient::Reqwest(_, client) => texts.push(format!("{client:?}")),
        }
        let outpaint = Outpaint::equal(small(), 0.5).prompt("sea");
        for fault in FAULTS.into_iter().chain(["code=100006", "code=100010"]) {
            emulator.push(fault.parse().unwrap());
            texts.push(told_of(client.outpaint(&outpaint, &CallOptions::new())));
        }
        let request = TaskRequest::of(&outpaint).unwrap();
        texts.push(told_of(client.submit(&request, &CallOptions::new())));
        texts.push(told_of(client.run_task(&request, &CallOptions::new())));
        // A signature that the service refuses: it answers with what it has signed itself.
        for wrong in [
            Credentials::new(ACCESS_KEY, format!("{SECRET_KEY}x")).unwrap().session_token(TOKEN).unwrap(),
            Credentials::new(ACCESS_KEY, SECRET_KEY).unwrap().session_token(format!("{TOKEN}x")).unwrap(),
        ] {
            let client = AnyClient::new(transport, ClientBuilder::direct(wrong).base_url(emulator.base_url()));
            texts.push(told(&client.outpaint(&outpaint, &CallOptions::new()).unwrap_err()));
        }
        let script = ScriptedTransport::new([Act::reply(403, echo(&[ACCESS_KEY, SECRET_KEY, TOKEN]))]);
        let client = ClientBuilder::direct(canaries()).transport(script.clone()).unwrap();
        texts.push(told_of(client.outpaint(&outpaint)));
        texts.push(format!("{:?}", script.sent()));
        // Keys that are refused.
        texts.push(told_of(Credentials::new(ACCESS_KEY, format!("{SECRET_KEY}\n"))));
        texts.push(told_of(Credentials::new(format!("{ACCESS_KEY}/"), SECRET_KEY)));
        texts.push(told_of(canaries().session_token(format!("{TOKEN} "))));
    }
    drop(loud);
    assert_silent(&texts);
}
