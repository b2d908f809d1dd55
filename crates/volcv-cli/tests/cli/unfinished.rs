//! Whole operations that were paid for and cannot be finished: what came is kept, and the way to the rest is shown.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Bench, TRANSPORTS, answer, answer_each, png, reply_with, run, volcv_at};

/// A whole picture in a format that the paste-back does not read.
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3b";

#[test]
fn a_picture_that_cannot_be_pasted_into_is_kept() {
    for transport in TRANSPORTS {
        for (args, name) in
            [("--keep-original", "out.png.rejected"), ("--keep-original --seed 5 --best-of 1", "out.png.rejected")]
        {
            let dir = tempfile::tempdir().unwrap();
            let (base_url, _bodies) = answer(1, &reply_with(&[GIF]));
            let args = format!("outpaint - -o out.png --to 300x150 {args} --json --transport {transport}");
            let ran = run(volcv_at(&base_url, dir.path(), &args), &png(200, 150)).expect(8);
            let json = ran.json();
            let error = &json["error"];
            assert_eq!((&error["kind"], &error["charge"]), (&json!("decode"), &json!("charged")), "{ran:?}");
            assert_eq!((&error["rejected"], &json["charges"]), (&json!([name]), &json!(1)));
            assert_eq!(fs::read(dir.path().join(name)).unwrap(), GIF);
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        }
    }
}

#[test]
fn the_pictures_of_earlier_calls_are_kept_if_a_later_one_fails() {
    for transport in TRANSPORTS {
        let bench = Bench::new(&["ok", "code=50400"]);
        let args = format!("outpaint in.png -o out.png --to 900x150 --max-passes 2 --json --transport {transport}");
        let ran = bench.run(&args);
        let json = ran.json();
        let error = &json["error"];
        assert_ne!(ran.code, 0);
        assert_eq!((&error["charge"], &error["retryable"]), (&json!("charged"), &json!(false)), "{ran:?}");
        assert_eq!((&error["rejected"], &json["charges"]), (&json!(["out.png.rejected"]), &json!(1)), "{ran:?}");
        let note = "note: what came back so far was paid for; it is kept in out.png.rejected\n";
        assert!(ran.stderr.contains(note), "{ran:?}");
        assert_eq!((bench.files(), bench.size("out.png.rejected").1), (vec!["out.png.rejected".to_owned()], 150));
    }
}

#[test]
fn a_link_that_cannot_be_fetched_is_shown() {
    for transport in TRANSPORTS {
        let dir = tempfile::tempdir().unwrap();
        let (base_url, _bodies) = answer_each(|base_url| {
            let reply = json!({"code": 10000, "data": {"image_urls": [format!("{base_url}/a.png")]}});
            vec![reply.to_string().into_bytes(), b"not a picture".to_vec()]
        });
        let args = "outpaint - -o out.png --to 300x150 --keep-original --return-url --json --max-attempts 1";
        let command = volcv_at(&base_url, dir.path(), &format!("{args} --transport {transport}"));
        let ran = run(command, &png(200, 150));
        assert_eq!(ran.json()["error"]["charge"], "charged", "{ran:?}");
        assert!(ran.stderr.contains(&format!("its link: {base_url}/a.png\n")), "{ran:?}");
    }
}

#[test]
fn a_link_of_the_result_is_fetched_and_finished() {
    let bench = Bench::new(&[]);
    for transport in TRANSPORTS {
        let args = "outpaint in.png -o out.png --to 300x150 --keep-original --return-url";
        let ran = bench.run(&format!("{args} --transport {transport}")).expect(0);
        assert!(ran.stdout.ends_with(" exact\n"), "{ran:?}");
        assert_eq!(bench.size("out.png"), (300, 150));
    }
    assert_eq!(bench.emulator.charges(), 2);
}

#[test]
fn the_first_error_and_every_paid_picture_of_several_runs_are_there() {
    for transport in TRANSPORTS {
        let dir = tempfile::tempdir().unwrap();
        let replies = |_: &str| [GIF, &png(300, 150)].map(|file| reply_with(&[file]).to_string().into_bytes()).to_vec();
        let (base_url, _bodies) = answer_each(replies);
        let args = "outpaint - -o out.png --to 300x150 --best-of 2 --seed 1 --json";
        let command = volcv_at(&base_url, dir.path(), &format!("{args} --transport {transport}"));
        let ran = run(command, &png(200, 150)).expect(8);
        let json = ran.json();
        let outputs: &Vec<Value> = json["outputs"].as_array().unwrap();
        assert_eq!((outputs.len(), &outputs[0]["path"], &json["charges"]), (1, &json!("out.png"), &json!(2)));
        let rejected = json["error"]["rejected"][0].as_str().unwrap();
        assert!(rejected == "out-1.png.rejected" || rejected == "out-2.png.rejected", "{ran:?}");
        assert_eq!(fs::read(dir.path().join(rejected)).unwrap(), GIF);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}

#[cfg(unix)]
#[test]
fn a_finished_picture_that_cannot_be_written_is_kept_elsewhere() {
    let bench = Bench::new(&["delay=400"]);
    fs::create_dir(bench.path("gone")).unwrap();
    fs::create_dir(bench.path("tmp")).unwrap();
    let mut command = bench.command("outpaint in.png -o gone/out.png --to 300x150 --keep-original --json");
    let child = command.env("TMPDIR", bench.path("tmp")).spawn().unwrap();
    crate::support::until("the request", || bench.emulator.complete_bodies() == 1);
    fs::remove_dir(bench.path("gone")).unwrap();
    let ran = crate::support::finish(child).expect(2);
    let error = ran.json()["error"].take();
    assert_eq!((&error["kind"], &error["charge"]), (&json!("config"), &json!("charged")), "{error}");
    let kept: Vec<_> = fs::read_dir(bench.path("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(image::open(&kept[0]).unwrap().width(), 300);
}
