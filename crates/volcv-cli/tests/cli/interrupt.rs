//! Ctrl-C and SIGTERM.
#![cfg(unix)]

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Bench, TRANSPORTS, finish, signal, until};

#[test]
fn the_first_signal_cancels_in_every_phase() {
    for transport in TRANSPORTS {
        for (name, fault, charge) in [
            ("-INT", "stall=accept", "none"),
            ("-TERM", "stall=body", "unknown"),
            ("-INT", "stall=reply-body", "charged"),
            ("-INT", "status=503,retry-after=60", "none"),
        ] {
            let bench = Bench::new(&[fault]);
            let args = format!("outpaint in.png -o out.png --left 1 --json --transport {transport}");
            let child = bench.command(&args).spawn().unwrap();
            let early = fault == "stall=accept";
            let has_reply = !matches!(fault, "stall=accept" | "stall=body");
            until("the call", || match (early, has_reply) {
                (true, _) => bench.emulator.connections() > 0,
                (false, false) => bench.emulator.complete_bodies() > 0,
                // To paint the picture takes a while.
                (false, true) => bench.emulator.requests().iter().any(|request| request.status.is_some()),
            });
            // The reply that has been begun has to reach the client before the signal does.
            std::thread::sleep(Duration::from_millis(100));
            let start = Instant::now();
            signal(&child, name);
            let ran = finish(child).expect(130);
            assert!(start.elapsed() < Duration::from_secs(1), "{fault}: {:?}", start.elapsed());
            let error = ran.json()["error"].take();
            assert_eq!(error["kind"], "cancelled", "{fault} over {transport}");
            if !early {
                assert_eq!(error["charge"], charge, "{fault} over {transport}");
            }
            assert!(bench.files().is_empty(), "{fault}");
        }
    }
}

#[test]
fn what_was_made_before_the_signal_is_kept() {
    for transport in TRANSPORTS {
        let bench = Bench::new(&["ok", "stall=body", "stall=body"]);
        let args = format!("outpaint in.png -o out.png --left 1 --variants 4 --json --transport {transport}");
        let child = bench.command(&args).spawn().unwrap();
        until("three calls", || bench.emulator.complete_bodies() == 3);
        signal(&child, "-INT");
        let json = finish(child).expect(130).json();
        assert_eq!((json["outputs"].as_array().unwrap().len(), &json["error"]["kind"]), (1, &json!("cancelled")));
        assert_eq!(bench.files().len(), 1);
    }
}

#[test]
fn a_picture_of_a_batch_is_on_the_disk_while_the_others_are_still_made() {
    for transport in TRANSPORTS {
        let bench = Bench::new(&["ok", "stall=body", "stall=body"]);
        let args = format!("outpaint in.png -o out.png --left 1 --variants 4 --transport {transport}");
        let mut child = bench.command(&args).spawn().unwrap();
        until("the first picture", || bench.files().iter().any(|name| name.ends_with(".png")));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(bench.files().iter().any(|name| name.ends_with(".png")));
    }
}

#[test]
fn a_silent_pipe_as_input_can_be_interrupted() {
    let bench = Bench::new(&[]);
    let child = bench.command("outpaint - -o out.png --left 1 --json").spawn().unwrap();
    // Nothing tells from outside that it is reading; it is doing so long before this time.
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "-INT");
    let ran = std::thread::scope(|scope| {
        // The pipe stays open until the command has ended by itself.
        let mut child = child;
        let pipe = child.stdin.take();
        let ran = scope.spawn(move || finish(child)).join().unwrap();
        drop(pipe);
        ran
    });
    assert_eq!(ran.expect(130).json()["error"]["kind"], "cancelled");
    assert!(bench.files().is_empty());
}

#[test]
fn a_signal_in_a_later_call_keeps_what_the_earlier_one_bought() {
    for transport in TRANSPORTS {
        let bench = Bench::new(&["ok", "stall=body"]);
        let args = format!("outpaint in.png -o out.png --to 900x150 --max-passes 2 --json --transport {transport}");
        let child = bench.command(&args).spawn().unwrap();
        until("two calls", || bench.emulator.complete_bodies() == 2);
        signal(&child, "-INT");
        let json = finish(child).expect(130).json();
        let error = &json["error"];
        assert_eq!((&error["kind"], &error["charge"]), (&json!("cancelled"), &json!("charged")));
        assert_eq!(
            (bench.files(), &error["rejected"]),
            (vec!["out.png.rejected".to_owned()], &json!(["out.png.rejected"]))
        );
    }
}
