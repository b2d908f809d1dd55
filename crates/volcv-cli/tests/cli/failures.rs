//! Every kind of failure: its exit code, its JSON object, and what it cost.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::support::{Bench, TRANSPORTS, run};

/// Fault, further arguments, exit code, kind, charge, complete bodies at the service.
type Row = (&'static str, &'static str, i32, &'static str, &'static str, u64);

#[rustfmt::skip]
const ROWS: [Row; 17] = [
    ("code=50215", "", 2, "invalid_input", "none", 1),
    ("status=404", "", 2, "config", "none", 1),
    ("body=gateway", "", 3, "auth", "none", 1),
    ("body=gateway,status=200", "", 3, "auth", "none", 1),
    ("body=gateway-quota", "", 3, "quota", "none", 1),
    ("code=50412", "", 4, "refused", "none", 1),
    ("code=50511", "", 4, "refused", "unknown", 1),
    ("code=50429", "--max-attempts 1", 5, "throttled", "none", 1),
    ("code=50500", "", 5, "service", "unknown", 1),
    ("body=html", "", 5, "service", "unknown", 1),
    ("close=1000", "--max-attempts 1", 6, "connect", "none", 0),
    ("stall=headers", "--timeout 0.3", 6, "timeout", "none", 0),
    ("close=body", "", 7, "outcome_unknown", "unknown", 1),
    ("stall=body", "--timeout 0.3", 7, "outcome_unknown", "unknown", 1),
    ("cut=100", "", 8, "decode", "charged", 1),
    ("body=no-picture", "", 8, "decode", "charged", 1),
    ("oversize=68000000", "", 8, "response_too_large", "charged", 1),
];

#[test]
fn every_failure_has_its_exit_code_kind_and_charge() {
    for transport in TRANSPORTS {
        for (fault, extra, code, kind, charge, bodies) in ROWS {
            let bench = Bench::new(&[fault]);
            // More than a socket's buffers hold, so that an upload that stops is known to be partial.
            let big = [crate::support::png(200, 150), vec![0; 12_000_000]].concat();
            bench.write("big.png", &big);
            let input = if bodies == 0 { "big.png" } else { "in.png" };
            bench.write("out.png", b"what was there before");
            let args = format!("outpaint {input} -o out.png --left 1 --json --transport {transport} {extra}");
            let ran = bench.run(&args).expect(code);
            let json = ran.json();
            let error = &json["error"];
            let context = format!("{fault} over {transport}: {ran:?}");
            assert_eq!((&json["ok"], &json["outputs"]), (&json!(false), &json!([])), "{context}");
            assert_eq!((&error["kind"], &error["charge"]), (&json!(kind), &json!(charge)), "{context}");
            assert_eq!(error["attempts"], 1, "{context}");
            assert_eq!(bench.emulator.complete_bodies(), bodies, "{context}");
            assert_eq!(std::fs::read(bench.path("out.png")).unwrap(), b"what was there before", "{context}");
            assert_eq!(bench.files(), ["big.png", "out.png"], "{context}");
        }
    }
}

#[test]
fn an_error_object_has_all_its_fields() {
    let bench = Bench::new(&["code=50412"]);
    let error = bench.run("outpaint in.png -o out.png --left 1 --json").expect(4).json()["error"].take();
    let request_id = bench.emulator.requests()[0].request_id.clone();
    let status = bench.emulator.requests()[0].status;
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("Text Risk Not Pass"), "{message}");
    let expected = json!({
        "kind": "refused", "message": message, "service_code": 50412, "http_status": status,
        "request_id": request_id, "charge": "none", "retryable": false, "attempts": 1,
        "rejected": [],
    });
    assert_eq!(error, expected);

    let mut keys: Vec<_> = expected.as_object().unwrap().keys().cloned().collect();
    keys.sort();
    // The same fields, null where nothing is known, for what fails before any call.
    let error = bench.run("outpaint nothing.png -o out.png --left 1 --json").expect(2).json()["error"].take();
    let mut found: Vec<_> = error.as_object().unwrap().keys().cloned().collect();
    found.sort();
    assert_eq!(found, keys);
    assert_eq!(
        (&error["service_code"], &error["request_id"], &error["attempts"]),
        (&Value::Null, &Value::Null, &json!(0))
    );
}

#[test]
fn text_errors_say_what_to_do() {
    for (fault, hint) in [
        ("close=body", "hint: look at the account"),
        ("body=gateway", "hint: the key is taken from VOLCV_API_KEY"),
        ("code=50429,retry-after=500", "hint: run it again in 500 s"),
        ("code=50511", "hint: another --seed"),
    ] {
        let bench = Bench::new(&[fault]);
        let ran = bench.run("outpaint in.png -o out.png --left 1");
        let lines: Vec<_> = ran.stderr.lines().collect();
        assert!(lines[0].starts_with("error: ") && lines[1].starts_with(hint), "{ran:?}");
        assert_eq!((ran.stdout.as_str(), lines.len()), ("", 2), "{ran:?}");
    }
}

#[test]
fn nobody_at_the_address_is_a_connect_failure_that_is_tried_again() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let bench = Bench::new(&[]);
    for transport in TRANSPORTS {
        let mut command = bench.command(&format!("outpaint in.png -o out.png --left 1 --json --transport {transport}"));
        command.args(["--max-attempts", "2", "--base-url", &format!("http://127.0.0.1:{port}")]);
        let error = run(command, b"").expect(6).json()["error"].take();
        assert_eq!((&error["kind"], &error["attempts"]), (&json!("connect"), &json!(2)), "{error}");
        assert_eq!((&error["retryable"], &error["charge"]), (&json!(true), &json!("none")), "{error}");
    }
}

#[test]
fn a_server_without_tls_is_not_spoken_to() {
    let bench = Bench::new(&[]);
    for transport in TRANSPORTS {
        let https = bench.emulator.base_url().replace("http:", "https:");
        let mut command = bench.command("outpaint in.png -o out.png --left 1 --json --max-attempts 1");
        command.args(["--transport", transport, "--base-url", &https]);
        run(command, b"").expect(6);
    }
    assert_eq!(bench.emulator.requests().len(), 0);
}

#[test]
fn what_succeeded_of_several_seeds_is_kept() {
    for transport in TRANSPORTS {
        let bench = Bench::new(&["code=50511"]);
        let args =
            format!("outpaint in.png -o out.png --left 1 --seed 1 --seed 2 --seed 3 --json --transport {transport}");
        let json = bench.run(&args).expect(4).json();
        assert_eq!((&json["ok"], &json["error"]["service_code"]), (&json!(false), &json!(50511)));
        let outputs = json["outputs"].as_array().unwrap();
        let names: Vec<_> = outputs.iter().map(|output| output["path"].as_str().unwrap().to_owned()).collect();
        assert_eq!((outputs.len(), bench.files()), (2, names));
        // The number in the name is that of the seed, whichever of the first two calls met the fault.
        for output in outputs {
            assert_eq!(output["path"], format!("out-{}.png", output["seed"]));
        }
    }
}

#[test]
fn a_link_that_cannot_be_downloaded_is_shown_because_it_is_paid_for() {
    for transport in TRANSPORTS {
        let bench = Bench::new(&["ok", "status=503,retry-after=500"]);
        let args = format!("outpaint in.png -o out.png --left 1 --return-url --json --transport {transport}");
        let ran = bench.run(&args).expect(5);
        let error = ran.json()["error"].take();
        assert_eq!((&error["charge"], &error["attempts"]), (&json!("charged"), &json!(1)), "{error}");
        assert_eq!(error["retryable"], false, "another run would buy another picture");
        assert_eq!(error["request_id"], bench.emulator.requests()[0].request_id);
        assert!(ran.stderr.contains("its link: http://127.0.0.1:"), "{ran:?}");
        assert!(bench.files().is_empty());
    }
}
