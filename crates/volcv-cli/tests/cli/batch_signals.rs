//! Ctrl-C, SIGTERM and a kill while `volcv batch` runs.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Child;

use crate::batch::line;
use crate::support::{Bench, TRANSPORTS, finish, signal, until};

/// Reads standard error until the first signal is answered there; gives what was written.
fn answered(child: &mut Child) -> (String, BufReader<std::process::ChildStderr>) {
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut text = String::new();
    while !text.contains("finishing what is paid for") {
        assert_ne!(stderr.read_line(&mut text).unwrap(), 0, "{text}");
    }
    (text, stderr)
}

#[test]
fn the_first_signal_finishes_what_is_paid_for() {
    for (transport, name) in TRANSPORTS.into_iter().zip(["-INT", "-TERM"]) {
        let bench = Bench::with_photos(4, &["delay=1500"]);
        let args = format!("batch photos -o out --left 1 --concurrency 1 --transport {transport}");
        let mut child = bench.command(&args).spawn().unwrap();
        until("the call", || bench.emulator.complete_bodies() > 0);
        signal(&child, name);
        let (_, mut rest) = answered(&mut child);
        let ran = finish(child).expect(130);
        let mut stderr = String::new();
        rest.read_to_string(&mut stderr).unwrap();
        assert!(stderr.contains("error: stopped before the end"), "{stderr}");
        // On a slow machine, the signal may come after the first call.
        let made = bench.pictures("out").len();
        assert_eq!(line(&ran.stdout, "items"), format!("4: {made} done, {} planned", 4 - made));
        assert_eq!((bench.emulator.charges(), bench.report("out/report.jsonl").len()), (made as u64, 4));
        assert!(made > 0);
        bench.run(&args).expect(0);
        assert_eq!((bench.emulator.charges(), bench.pictures("out").len()), (4, 4));
    }
}

#[test]
fn the_second_signal_cancels_and_what_was_sent_is_unknown() {
    for transport in TRANSPORTS {
        let bench = Bench::with_photos(3, &["stall=reply-head"]);
        let args = format!("batch photos -o out --left 1 --concurrency 1 --transport {transport}");
        let mut child = bench.command(&args).spawn().unwrap();
        until("the call", || bench.emulator.complete_bodies() > 0);
        signal(&child, "-INT");
        let (_, mut rest) = answered(&mut child);
        signal(&child, "-INT");
        let ran = finish(child).expect(130);
        let mut stderr = String::new();
        rest.read_to_string(&mut stderr).unwrap();
        assert!(stderr.contains("`volcv batch retry out --unknown`"), "{stderr}");
        assert_eq!(line(&ran.stdout, "items"), "3: 1 unknown, 2 planned");
        let ran = bench.run(&args).expect(7);
        assert_eq!(line(&ran.stdout, "items"), "3: 2 done, 1 unknown");
        assert_eq!(bench.emulator.complete_bodies(), 3);
    }
}

#[test]
fn a_killed_run_is_gone_on_with() {
    for transport in TRANSPORTS {
        let bench = Bench::with_photos(4, &["ok", "stall=reply-head"]);
        let args = format!("batch photos -o out --left 1 --concurrency 1 --lease 2 --transport {transport}");
        let mut child = bench.command(&args).spawn().unwrap();
        until("two calls", || bench.emulator.complete_bodies() == 2);
        until("the first picture", || bench.pictures("out").len() == 1);
        child.kill().unwrap();
        child.wait().unwrap();
        let ran = bench.run(&args).expect(7);
        assert_eq!(line(&ran.stdout, "items"), "4: 3 done, 1 unknown");
        assert_eq!(bench.emulator.complete_bodies(), 4);
        let ran = bench.run(&format!("{args} --resend-unknown")).expect(0);
        assert_eq!(line(&ran.stdout, "calls"), "4 charged, 1 may have been charged");
    }
}

#[test]
fn what_a_killed_run_left_is_sent_again_by_the_next_one_if_that_is_said() {
    let bench = Bench::with_photos(2, &["stall=reply-head"]);
    let args = "batch photos -o out --left 1 --concurrency 1 --lease 2";
    let mut child = bench.command(args).spawn().unwrap();
    until("the call", || bench.emulator.complete_bodies() > 0);
    child.kill().unwrap();
    child.wait().unwrap();
    // Its lease has still to pass when this run begins.
    let ran = bench.run(&format!("{args} --resend-unknown")).expect(0);
    assert_eq!(line(&ran.stdout, "this run"), "2 charged, 0 may have been charged");
    assert_eq!(bench.pictures("out").len(), 2);
}
