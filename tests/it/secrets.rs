//! A canary key through every kind of call: no text of a result, an error or a client shows it. The logs are watched by
//! `ear.rs`, in this test and in all the others.

use std::sync::atomic::Ordering::SeqCst;

use serde_json::json;
use volcv::testing::{Act, ScriptedTransport};
use volcv::{CallOptions, ClientBuilder, Outpaint};
use volcv_emulator::Emulator;

use crate::ear::{CANARY, LOUD, find_key, heard, spellings};
use crate::support::{AnyClient, TRANSPORTS, small};

#[test]
fn the_key_is_in_no_log_no_error_and_no_debug_text() {
    let mut texts = Vec::new();
    LOUD.store(true, SeqCst);
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
        let echo = spellings(CANARY).join(" and ");
        let reply = json!({"code": 50400, "message": echo, "request_id": CANARY, "data": null}).to_string();
        let script = ScriptedTransport::new([Act::reply(403, reply)]);
        let client = ClientBuilder::new("https://gw.example", CANARY).transport(script).unwrap();
        texts.push(format!("{:?}", client.outpaint(&Outpaint::equal(small(), 0.5)).unwrap_err()));
        // Keys and URLs that are refused.
        texts
            .push(format!("{:?}", ClientBuilder::new("https://gw.example", format!("{CANARY}\n")).ureq().unwrap_err()));
        texts.push(format!(
            "{:?}",
            ClientBuilder::new(format!("https://u:{CANARY}@gw.example"), "k").ureq().unwrap_err()
        ));
    }
    LOUD.store(false, SeqCst);
    for text in texts {
        assert_eq!(find_key(&text), None, "in {text}");
    }
    for speaker in ["ureq::", "ureq_proto::util", "hyper", "call failed"] {
        assert!(heard().contains(&speaker), "the ear of this binary does not hear {speaker}");
    }
}
