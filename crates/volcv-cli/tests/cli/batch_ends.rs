//! How a run of `volcv batch` ends before all is done, and goes on.

use serde_json::json;

use crate::batch::line;
use crate::support::{Bench, TRANSPORTS, run, volcv};

#[test]
fn exit_codes_tell_apart_what_is_left() {
    for transport in TRANSPORTS {
        for (fault, code, state) in [("code=50412", 4, "refused"), ("close=body", 7, "unknown")] {
            let bench = Bench::with_photos(3, &[fault]);
            let args = format!("batch photos -o out --left 1 --concurrency 1 --transport {transport}");
            let ran = bench.run(&args).expect(code);
            assert_eq!(line(&ran.stdout, "items"), format!("3: 2 done, 1 {state}"));
            assert!(ran.stderr.starts_with("warning: ") && ran.stderr.contains(&format!(".png {state}: ")), "{ran:?}");
            assert!(ran.stderr.contains("hint: 1 "), "{ran:?}");
            let ran = bench.run(&format!("{args} --json")).expect(code);
            assert_eq!((ran.json()["ok"].clone(), ran.stderr.as_str()), (json!(false), ""));
        }
        let bench = Bench::with_photos(1, &[]);
        bench.write("photos/broken.png", b"");
        let ran = bench.run(&format!("batch photos -o out --left 1 --transport {transport}")).expect(10);
        assert!(ran.stderr.contains("`volcv batch retry out --failed`"), "{ran:?}");
    }
}

#[test]
fn what_passes_by_itself_is_tried_again() {
    for transport in TRANSPORTS {
        let bench = Bench::with_photos(3, &["code=50429,retry-after=0", "status=503,retry-after=0"]);
        let ran = bench.run(&format!("batch photos -o out --left 1 --transport {transport}")).expect(0);
        assert!(line(&ran.stdout, "calls").starts_with("3 charged, 0 may have been charged"), "{ran:?}");
        assert_eq!(bench.pictures("out").len(), 3);
    }
}

#[test]
fn a_refused_key_stops_everything_once() {
    for transport in TRANSPORTS {
        let bench = Bench::with_photos(8, &["ok", "status=401"]);
        let args = format!("batch photos -o out --left 1 --concurrency 1 --transport {transport}");
        let ran = bench.run(&args).expect(3);
        assert_eq!(line(&ran.stdout, "items"), "8: 1 done, 7 planned");
        assert!(ran.stderr.contains("error: the key or the account was refused: "), "{ran:?}");
        assert_eq!(bench.emulator.complete_bodies(), 2);
        let ran = bench.run(&format!("{args} --json")).expect(0).json();
        assert_eq!((&ran["ended"], &ran["spent_by_this_run"]["charged"]), (&json!("all_done"), &json!(7)));
        assert_eq!((bench.emulator.complete_bodies(), bench.pictures("out").len()), (9, 8));
    }
}

#[test]
fn no_more_is_bought_than_was_allowed() {
    for transport in TRANSPORTS {
        let bench = Bench::with_photos(5, &["close=body"]);
        let args = format!("batch photos -o out --left 1 --transport {transport}");
        let ran = bench.run(&format!("{args} --max-cost 2 --concurrency 1")).expect(11);
        assert_eq!(line(&ran.stdout, "calls"), "1 charged, 1 may have been charged");
        assert!(ran.stderr.contains("error: --max-cost is reached"), "{ran:?}");
        // The limit is that of the ledger.
        let ran = bench.run(&format!("{args} --max-cost 2 --json")).expect(11).json();
        assert_eq!(ran["ended"], "cost_reached");
        assert_eq!(bench.emulator.complete_bodies(), 2);
        bench.run(&format!("{args} --max-cost 5")).expect(7);
        assert_eq!(bench.pictures("out").len(), 4);
    }
}

#[test]
fn a_rate_and_a_lease_are_taken() {
    let bench = Bench::with_photos(3, &[]);
    let ran = bench.run("batch photos -o out --left 1 --rate 100 --lease 20 --tries 2 --timeout 60").expect(0);
    assert_eq!(line(&ran.stdout, "items"), "3: 3 done");
}

#[test]
fn wrong_flags_and_lines_are_errors_before_anything_is_sent() {
    let bench = Bench::with_photos(1, &[]);
    bench.write("bad.jsonl", b"{\"input\":\"photos/0.png\",\"left\":1}\n{\"input\":\"in.png\",\"lef\":1}\n");
    bench.write("out.txt", b"");
    for (args, words) in [
        ("", "<IN>"),
        ("photos --left 1", "--output"),
        ("photos -o out", "wish"),
        ("photos -o out --left 1 --equal 1", "--equal"),
        ("photos -o out --left -1", "left"),
        ("photos -o out --left 1 --seed -2", "seed"),
        ("photos -o out --left 1 --scale 21", "scale"),
        ("photos -o out --left 1 --concurrency 0", "--concurrency"),
        ("photos -o out --left 1 --concurrency 257", "--concurrency"),
        ("photos -o out --left 1 --rate 0", "--rate"),
        ("photos -o out --left 1 --rate inf", "--rate"),
        ("photos -o out --left 1 --tries 0", "--tries"),
        ("photos -o out --left 1 --lease 0", "--lease"),
        ("photos -o out --left 1 --lease 1", "--lease"),
        ("photos -o out --left 1 --max-side 5", "--max-side"),
        ("photos -o out --left 1 --max-cost -1", "--max-cost"),
        ("photos -o out --left 1 --shard 2/2", "--shard"),
        ("photos -o out --left 1 --shard 1", "--shard"),
        ("photos -o out --left 1 --format webp", "--format"),
        ("photos -o out --left 1 --batch mine", "--batch"),
        ("photos -o out --left 1 --ledger mysql://a/b", "mysql"),
        ("photos -o out --left 1 --max-passes 0", "--max-passes"),
        ("photos -o out --left 1 --too-small crop", "--to"),
        ("photos -o photos --left 1", "photos"),
        ("nowhere -o out --left 1", "nowhere"),
        ("out.txt -o out --left 1", "out.txt"),
        ("bad.jsonl -o out", "bad.jsonl:2"),
    ] {
        let ran = bench.run(&format!("batch {args}")).expect(2);
        assert!(ran.stdout.is_empty() && ran.stderr.starts_with("error: "), "{args}: {ran:?}");
        assert!(ran.stderr.contains(words), "{args}: {ran:?}");
        let ran = bench.run(&format!("batch {args} --json")).expect(2);
        assert!(ran.json()["error"]["kind"].is_string() && ran.stderr.is_empty(), "{args}: {ran:?}");
    }
    assert_eq!(bench.emulator.connections(), 0);
    assert!(bench.pictures("out").is_empty());
}

#[test]
fn without_a_key_nothing_is_made() {
    let bench = Bench::with_photos(1, &[]);
    let ran = run(volcv(bench.dir.path(), "batch photos -o out --left 1"), b"").expect(2);
    assert!(ran.stderr.contains("--emulator") && bench.files() == ["photos"], "{ran:?}");
}

#[test]
fn a_folder_may_be_called_as_a_command_is() {
    let bench = Bench::with_photos(2, &[]);
    std::fs::rename(bench.path("photos"), bench.path("status")).unwrap();
    bench.run("batch ./status -o out --left 1").expect(0);
    assert_eq!(bench.pictures("out").len(), 2);
}
