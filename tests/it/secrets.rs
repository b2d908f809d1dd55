//! A canary key through every kind of call, with every log at its loudest: it must not be found anywhere.

use std::io::Write;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;
use volcv_emulator::Emulator;
use volcv_transport::testing::{Act, ScriptedTransport};
use volcv_transport::{CallOptions, ClientBuilder, Outpaint};

use crate::support::{AnyClient, TRANSPORTS, small};

const CANARY: &str = "sk-canary+7/hidden=key";

/// Collects everything that `tracing` and `log` say in this process, at the level of traces.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Vec<u8>>>);

impl Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Ear {
    type Writer = Ear;

    fn make_writer(&'a self) -> Ear {
        self.clone()
    }
}

/// The key as it is, percent-encoded and in base64, alone or behind `Bearer`.
fn spellings() -> Vec<String> {
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD_NO_PAD.encode(text);
    let percent = CANARY.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    vec![CANARY.to_owned(), percent, base64(CANARY), base64(&format!("Bearer {CANARY}"))]
}

#[test]
fn the_key_is_in_no_log_no_error_and_no_debug_text() {
    let ear = Ear::default();
    let loud = tracing_subscriber::fmt()
        .with_writer(ear.clone())
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE);
    // Also takes over `log`, which ureq, hyper and rustls write to.
    loud.try_init().expect("no other test of this binary listens");
    let mut texts = Vec::new();
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
        for fault in [
            "ok",
            "code=50412",
            "body=gateway",
            "body=html,status=200",
            "close=body",
            "cut=40",
            "garbage",
            "early=close,status=413",
        ] {
            emulator.push(fault.parse().unwrap());
            let result = client.outpaint(&Outpaint::equal(small(), 0.5).prompt("sea"), &CallOptions::new());
            texts.push(format!("{result:?}"));
            if let Err(error) = result {
                let mut source = std::error::Error::source(&error);
                texts.push(error.to_string());
                while let Some(cause) = source {
                    texts.push(format!("{cause} {cause:?}"));
                    source = cause.source();
                }
            }
        }
        // A gateway that shows the key it was given, in every spelling.
        let echo = spellings().join(" and ");
        let reply = json!({"code": 50400, "message": echo, "request_id": CANARY, "data": null}).to_string();
        let script = ScriptedTransport::new([Act::reply(403, reply)]);
        let client = ClientBuilder::new("https://gw.example", CANARY).blocking(script).unwrap();
        texts.push(format!("{:?}", client.outpaint(&Outpaint::equal(small(), 0.5)).unwrap_err()));
        // Keys and URLs that are refused.
        texts
            .push(format!("{:?}", ClientBuilder::new("https://gw.example", format!("{CANARY}\n")).ureq().unwrap_err()));
        texts.push(format!(
            "{:?}",
            ClientBuilder::new(format!("https://u:{CANARY}@gw.example"), "k").ureq().unwrap_err()
        ));
    }
    let log = String::from_utf8_lossy(&ear.0.lock().unwrap()).into_owned();
    assert!(
        log.contains("ureq") && log.contains("hyper") && log.contains("call failed"),
        "the ear hears: {}",
        log.len()
    );
    texts.push(log);
    for text in texts {
        for secret in spellings() {
            let at = text.find(&secret);
            assert!(
                at.is_none(),
                "found {secret} in: …{}…",
                &text[at.unwrap_or(0).saturating_sub(200)..][..300.min(text.len())]
            );
        }
    }
}
