//! `volcv call`: any JSON object in, the service's JSON out.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::{Bench, TRANSPORTS, answer, png, run, volcv_at};

/// A complete outpainting, with its picture in the JSON text.
fn body() -> String {
    let picture = STANDARD.encode(png(200, 150));
    json!({"req_key": "i2i_outpainting", "left": 1, "right": 0, "top": 0, "bottom": 0, "binary_data_base64": [picture]})
        .to_string()
}

#[test]
fn the_reply_comes_out_as_it_is_from_a_file_and_from_standard_input() {
    let bench = Bench::new(&[]);
    bench.write("body.json", body().as_bytes());
    for transport in TRANSPORTS {
        let from_file = bench.run(&format!("call --body body.json --query a=b=c --query d= --transport {transport}"));
        let command = bench.command(&format!("call --body - --json --transport {transport}"));
        let from_stdin = run(command, body().as_bytes());
        for ran in [from_file.expect(0), from_stdin.expect(0)] {
            let reply = ran.json();
            assert_eq!(reply["code"], 10000);
            let picture = STANDARD.decode(reply["data"]["binary_data_base64"][0].as_str().unwrap()).unwrap();
            assert_eq!(image::load_from_memory(&picture).unwrap().width(), 400);
            assert!(ran.stdout.ends_with("}\n") && ran.stderr.is_empty());
        }
    }
    let request = &bench.emulator.requests()[0];
    assert_eq!(request.path, "/volcv/v1");
    assert_eq!(request.query, "Action=CVProcess&Version=2022-08-31&a=b%3Dc&d=");
    assert_eq!(bench.emulator.charges(), 4);
}

#[test]
fn the_body_goes_out_as_it_is_written_behind_a_byte_order_mark_or_not() {
    let values = r#"{"task_id":9007199254740993,"z":[18446744073709551617, -0,1.10,1e400],"a":{"k":123456789012345678901234567890.50}}"#;
    for transport in TRANSPORTS {
        for mark in ["", "\u{feff}"] {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("body.json"), format!("{mark}{values}\n")).unwrap();
            let (base_url, bodies) = answer(1, &json!({"code": 10000}));
            let args = format!("call --body body.json --transport {transport}");
            run(volcv_at(&base_url, dir.path(), &args), b"").expect(0);
            assert_eq!(bodies.join().unwrap(), [values]);
        }
    }
}

#[test]
fn action_and_version_are_free() {
    let bench = Bench::new(&[]);
    bench.write("body.json", b"{}");
    bench.run("call --action CVSync2AsyncGetResult --version 2020-01-01 --body body.json");
    assert_eq!(bench.emulator.requests()[0].query, "Action=CVSync2AsyncGetResult&Version=2020-01-01");
}

#[test]
fn a_failure_is_the_same_object_as_everywhere() {
    for transport in TRANSPORTS {
        let bench = Bench::new(&["code=50400", "code=50400"]);
        bench.write("body.json", b"{}");
        let ran = bench.run(&format!("call --body body.json --json --transport {transport}")).expect(3);
        let json = ran.json();
        assert_eq!((&json["ok"], &json["outputs"]), (&json!(false), &json!([])));
        assert_eq!((&json["error"]["kind"], &json["error"]["service_code"]), (&json!("auth"), &json!(50400)));
        let ran = bench.run(&format!("call --body body.json --transport {transport}")).expect(3);
        assert!(ran.stdout.is_empty() && ran.stderr.starts_with("error: "), "{ran:?}");
    }
}

#[test]
fn what_is_not_a_json_object_is_never_sent() {
    let bench = Bench::new(&[]);
    for body in ["", "[1]", "\"text\"", "{\"a\":}", "null"] {
        let ran = run(bench.command("call --body - --json"), body.as_bytes()).expect(2);
        assert_eq!(ran.json()["error"]["kind"], "invalid_input", "{body}");
    }
    let ran = run(bench.command("call --body -"), b"{\n\"a\": nul}").expect(2);
    assert!(ran.stderr.starts_with("error: body is not JSON: expected ident at line 2 column 9"), "{ran:?}");
    for args in ["call", "call --body nothing.json", "call --body - --query a", "call --body - --action="] {
        run(bench.command(args), b"{}").expect(2);
    }
    assert_eq!(bench.emulator.connections(), 0);
}

#[test]
fn images_go_out_as_bytes_or_as_links_and_never_twice() {
    for transport in TRANSPORTS {
        let bench = Bench::new(&[]);
        let body = br#"{"req_key":"i2i_outpainting","left":1,"right":0,"top":0,"bottom":0}"#;
        bench.write("body.json", body);
        let args = format!("call --body body.json --transport {transport}");
        let reply = bench.run(&format!("{args} --image in.png")).expect(0).json();
        assert_eq!(reply["data"]["binary_data_base64"].as_array().unwrap().len(), 1);
        run(bench.command(&format!("{args} --image -")), &png(200, 150)).expect(0);
        assert_eq!(bench.emulator.charges(), 2);
        let (base_url, bodies) = answer(1, &json!({"code": 10000}));
        let links = "--image https://example.com/a.png --image https://example.com/m.png";
        run(volcv_at(&base_url, bench.dir.path(), &format!("{args} {links}")), b"").expect(0);
        let sent: serde_json::Value = serde_json::from_str(&bodies.join().unwrap()[0]).unwrap();
        assert_eq!(sent["image_urls"], json!(["https://example.com/a.png", "https://example.com/m.png"]));
        bench.write("whole.json", self::body().as_bytes());
        let twice = format!("call --body whole.json --image in.png --transport {transport}");
        for args in [twice, format!("{args} --image in.png --image https://example.com/a.png")] {
            bench.run(&args).expect(2);
        }
        run(bench.command("call --body - --image -"), body).expect(2);
    }
}
