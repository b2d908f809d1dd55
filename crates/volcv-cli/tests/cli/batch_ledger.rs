//! What a ledger is asked for: `volcv batch status`, `retry` and `export`.

use std::fs;

use serde_json::{Value, json};

use crate::batch::line;
use crate::support::{Bench, png, run, until, volcv};

/// A batch of three pictures in which one was refused, one is unknown and one is broken.
fn troubled() -> Bench {
    let bench = Bench::with_photos(2, &["code=50412", "close=body"]);
    bench.write("photos/broken.png", b"no picture");
    let ran = bench.run("batch photos -o out --left 1 --concurrency 1").expect(7);
    assert_eq!(line(&ran.stdout, "items"), "3: 1 refused, 1 failed, 1 unknown");
    bench
}

#[test]
fn status_counts_and_says_what_can_be_done() {
    let bench = troubled();
    // It needs neither key nor gateway.
    let ran = run(volcv(bench.dir.path(), "batch status out"), b"").expect(0);
    assert_eq!(line(&ran.stdout, "items"), "3: 1 refused, 1 failed, 1 unknown");
    assert_eq!(line(&ran.stdout, "calls"), "0 charged, 1 may have been charged, 1 answered free of charge");
    for flag in ["--failed", "--refused", "--unknown"] {
        assert!(ran.stderr.contains(&format!("`volcv batch retry out {flag}`")), "{ran:?}");
    }
    let json = bench.run("batch status out --json").expect(0);
    assert_eq!((json.json()["counts"]["unknown"].clone(), json.stderr.as_str()), (json!(1), ""));
}

#[test]
fn retry_lets_the_next_run_take_items_again() {
    let bench = troubled();
    let charges = bench.emulator.charges();
    // None of them is taken again by itself.
    bench.run("batch photos -o out --left 1").expect(7);
    assert_eq!(bench.emulator.charges(), charges);
    bench.write("photos/broken.png", &png(50, 50));
    let ran = bench.run("batch retry out").expect(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("1 items are taken again by the next run\n", ""));
    let ran = bench.run("batch photos -o out --left 1").expect(7);
    assert_eq!(line(&ran.stdout, "items"), "3: 1 done, 1 refused, 1 unknown");
    let ran = bench.run("batch retry out --refused --unknown").expect(0);
    assert_eq!(ran.stdout, "2 items are taken again by the next run\n");
    assert!(ran.stderr.starts_with("warning: 1 of them may have been paid for"), "{ran:?}");
    let ran = bench.run("batch photos -o out --left 1").expect(0);
    assert_eq!(line(&ran.stdout, "items"), "3: 3 done");
    assert_eq!(line(&ran.stdout, "calls"), "3 charged, 1 may have been charged, 1 answered free of charge");
    let ran = bench.run("batch retry out --failed --json").expect(0).json();
    assert_eq!(ran, json!({"ok": true, "items": 0, "unknown": 0}));
}

#[test]
fn what_is_unknown_is_sent_again_only_if_that_is_said() {
    let bench = Bench::with_photos(2, &["close=body"]);
    bench.run("batch photos -o out --left 1 --concurrency 1").expect(7);
    bench.run("batch photos -o out --left 1").expect(7);
    assert_eq!(bench.emulator.complete_bodies(), 2);
    let ran = bench.run("batch photos -o out --left 1 --resend-unknown").expect(0);
    assert_eq!(line(&ran.stdout, "calls"), "2 charged, 1 may have been charged");
    assert_eq!((bench.emulator.complete_bodies(), bench.pictures("out").len()), (3, 2));
}

#[test]
fn export_gives_the_report_of_any_state() {
    let bench = troubled();
    let lines = |args: &str| -> Vec<Value> {
        let ran = bench.run(&format!("batch export out {args}")).expect(0);
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    assert_eq!(lines("").len(), 3);
    assert_eq!(lines("").as_slice(), bench.report("out/report.jsonl"));
    let some = lines("--state failed --state unknown");
    assert_eq!(some.len(), 2);
    assert!(some.iter().all(|line| line["message"].is_string()), "{some:?}");
    assert!(lines("--state done").is_empty());
    let ran = bench.run("batch export out --state refused -o refused.jsonl").expect(0);
    assert_eq!((ran.stdout.as_str(), bench.report("refused.jsonl").len()), ("refused.jsonl 1 items\n", 1));
    let ran = bench.run("batch export out -o all.jsonl --json").expect(0).json();
    assert_eq!(ran, json!({"ok": true, "items": 3, "report": "all.jsonl"}));
    bench.run("batch export out --json").expect(2);
    let ran = bench.run("batch export out --state lost").expect(2);
    assert!(ran.stderr.contains("--state") && ran.stderr.contains("refused"), "{ran:?}");
}

#[test]
fn contact_sheets_can_be_made_later() {
    let bench = Bench::with_photos(2, &[]);
    bench.run("batch photos -o out --left 1").expect(0);
    let ran = bench.run("batch export out --contact-sheet pages --input photos").expect(0);
    let first = ran.stdout.lines().next().unwrap();
    assert!(fs::read_to_string(bench.path(first)).unwrap().contains("html"), "{ran:?}");
    let ran = bench.run("batch export out --contact-sheet pages --input photos --json").expect(0).json();
    assert_eq!(ran["contact_sheets"].as_array().unwrap().len(), 2);
    // Without --input, the pictures before are looked for in this folder.
    let page = |name: &str| fs::read_to_string(bench.path(name)).unwrap().len();
    bench.run("batch export out --contact-sheet others").expect(0);
    assert!(page("others/page-001.html") < page("pages/page-001.html"));
}

#[test]
fn a_folder_without_a_batch_is_an_error_and_stays_as_it_is() {
    let bench = Bench::with_photos(1, &[]);
    for args in
        ["status photos", "retry photos --unknown", "export photos", "status nowhere", "status photos --shard 0/2"]
    {
        let ran = bench.run(&format!("batch {args}")).expect(2);
        assert!(ran.stderr.contains("there is no ledger") && ran.stderr.contains("--ledger"), "{args}: {ran:?}");
        let ran = bench.run(&format!("batch {args} --json")).expect(2);
        assert!(ran.json()["error"]["message"].is_string() || args.starts_with("export"), "{ran:?}");
    }
    assert_eq!(bench.files(), ["photos"]);
    assert_eq!(fs::read_dir(bench.path("photos")).unwrap().count(), 1);
}

#[test]
fn the_ledger_lies_where_flag_or_variable_say() {
    let bench = Bench::with_photos(1, &[]);
    bench.run("batch photos -o out --left 1 --ledger mine.sqlite").expect(0);
    let mut command = bench.command("batch photos -o out --left 1");
    command.env("VOLCV_LEDGER", "mine.sqlite");
    run(command, b"").expect(0);
    assert_eq!(bench.emulator.charges(), 1);
    assert_eq!(line(&bench.run("batch status out --ledger mine.sqlite").expect(0).stdout, "items"), "1: 1 done");
    let mut command = bench.command("batch photos -o other --left 1");
    command.env("VOLCV_LEDGER", format!("postgres://me:{}@127.0.0.1:1/db", crate::support::KEY));
    // Nobody listens there, and the password is not shown.
    let ran = run(command, b"");
    assert!([2, 12].contains(&ran.code) && ran.stderr.contains("ledger"), "{ran:?}");
    assert_eq!(bench.emulator.charges(), 1);
}

#[test]
fn status_works_while_a_run_is_on() {
    let bench = Bench::with_photos(2, &["stall=reply-head"]);
    let mut child = bench.command("batch photos -o out --left 1 --concurrency 1").spawn().unwrap();
    until("the call", || bench.emulator.complete_bodies() > 0);
    let status = bench.run("batch status out --json").expect(0).json();
    assert_eq!((&status["counts"]["sending"], &status["spending"]["unknown"]), (&json!(1), &json!(1)));
    child.kill().unwrap();
    child.wait().unwrap();
}
