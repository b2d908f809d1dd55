//! Pictures that failed a check are kept, because they are paid for.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Bench, TRANSPORTS, answer, answer_each, png, reply_with, run, volcv_at};

/// A picture without its last chunk.
fn cut() -> Vec<u8> {
    let mut picture = png(40, 30);
    picture.truncate(picture.len() - 12);
    picture
}

#[test]
fn a_picture_that_fails_a_check_is_kept_beside_out_and_never_over_another() {
    for transport in TRANSPORTS {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("out.png"), b"what was there before").unwrap();
        for (json, name) in [(false, "out.png.rejected"), (true, "out.png.rejected-2")] {
            let (base_url, _bodies) = answer(1, &reply_with(&[&cut()]));
            let args = format!("outpaint - -o out.png --left 1 --transport {transport}");
            let mut command = volcv_at(&base_url, dir.path(), &args);
            command.args(json.then_some("--json"));
            let ran = run(command, &png(200, 150)).expect(8);
            assert_eq!(fs::read(dir.path().join(name)).unwrap(), cut());
            let note = format!("note: the picture failed a check, but was paid for; it is kept in {name}\n");
            assert!(ran.stderr.starts_with(&note), "{ran:?}");
            if json {
                let error = ran.json()["error"].take();
                let expected = (&json!("decode"), &json!("charged"), &json!([name]));
                assert_eq!((&error["kind"], &error["charge"], &error["rejected"]), expected);
            }
        }
        assert_eq!(fs::read(dir.path().join("out.png")).unwrap(), b"what was there before");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
    }
}

#[test]
fn a_picture_that_fails_a_check_beside_a_whole_one_is_kept_with_a_warning() {
    for transport in TRANSPORTS {
        let dir = tempfile::tempdir().unwrap();
        let (base_url, _bodies) = answer(1, &reply_with(&[&cut(), &png(20, 10)]));
        let args = format!("outpaint - -o out.png --left 1 --seed 3 --json --transport {transport}");
        let ran = run(volcv_at(&base_url, dir.path(), &args), &png(200, 150)).expect(0);
        let json = ran.json();
        assert_eq!((&json["ok"], &json["rejected"]), (&json!(true), &json!(["out.png.rejected"])));
        let warnings = json["warnings"].as_array().unwrap();
        assert!(!warnings.is_empty(), "{ran:?}");
        for warning in warnings.iter().map(|warning| warning.as_str().unwrap()) {
            assert!(ran.stderr.contains(&format!("warning: {warning}\n")), "{ran:?}");
        }
        assert_eq!(fs::read(dir.path().join("out.png")).unwrap(), png(20, 10));
        assert_eq!(fs::read(dir.path().join("out.png.rejected")).unwrap(), cut());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}

#[test]
fn rejected_pictures_are_numbered_as_whole_ones_would_be() {
    for transport in TRANSPORTS {
        let dir = tempfile::tempdir().unwrap();
        let (base_url, _bodies) = answer(2, &reply_with(&[&cut(), &cut()]));
        let args = format!("outpaint - -o out.png --left 1 --seed 1 --seed 2 --json --transport {transport}");
        let error = run(volcv_at(&base_url, dir.path(), &args), &png(200, 150)).expect(8).json()["error"].take();
        let names = ["out-1.png", "out-1-2.png", "out-2.png", "out-2-2.png"].map(|name| format!("{name}.rejected"));
        assert_eq!(error["rejected"], Value::from(names.to_vec()));
        for name in names {
            assert_eq!(fs::read(dir.path().join(name)).unwrap(), cut());
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4);
    }
}

#[test]
fn a_download_that_fails_a_check_is_kept_with_its_link() {
    for transport in TRANSPORTS {
        let dir = tempfile::tempdir().unwrap();
        let (base_url, _bodies) = answer_each(|base_url| {
            let reply = json!({"code": 10000, "data": {"image_urls": [format!("{base_url}/a.png")]}});
            vec![reply.to_string().into_bytes(), cut()]
        });
        let args = format!("outpaint - -o out.png --left 1 --json --max-attempts 1 --transport {transport}");
        let ran = run(volcv_at(&base_url, dir.path(), &args), &png(200, 150)).expect(8);
        assert_eq!(ran.json()["error"]["rejected"], json!(["out.png.rejected"]));
        assert!(ran.stderr.contains(&format!("its link: {base_url}/a.png\n")), "{ran:?}");
        assert_eq!(fs::read(dir.path().join("out.png.rejected")).unwrap(), cut());
    }
}

#[test]
fn without_an_out_file_a_rejected_picture_is_kept_in_the_temporary_folder() {
    for transport in TRANSPORTS {
        let dir = tempfile::tempdir().unwrap();
        let (base_url, _bodies) = answer(1, &reply_with(&[&cut()]));
        let args = format!("outpaint - -o - --left 1 --transport {transport}");
        let mut command = volcv_at(&base_url, dir.path(), &args);
        let ran = run(
            {
                command.env("TMPDIR", dir.path());
                command
            },
            &png(200, 150),
        )
        .expect(8);
        let kept: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!((kept.len(), ran.stdout.as_str()), (1, ""), "{ran:?}");
        assert_eq!(fs::read(&kept[0]).unwrap(), cut());
        assert!(ran.stderr.contains(kept[0].to_str().unwrap()), "{ran:?}");
        assert!(kept[0].to_str().unwrap().ends_with(".rejected"), "{kept:?}");
    }
}

#[test]
fn what_came_of_the_picture_of_a_generic_call_is_kept_in_the_temporary_folder() {
    for transport in TRANSPORTS {
        let bench = Bench::new(&["cut=600"]);
        let body = json!({"req_key": "i2i_outpainting", "left": 1, "right": 0, "top": 0, "bottom": 0,
            "binary_data_base64": reply_with(&[&png(200, 150)])["data"]["binary_data_base64"]});
        let mut command = bench.command(&format!("call --body - --json --transport {transport}"));
        command.env("TMPDIR", bench.dir.path());
        let ran = run(command, body.to_string().as_bytes()).expect(8);
        let error = ran.json()["error"].take();
        let [kept] = &bench.files()[..] else { panic!("{ran:?}") };
        assert_eq!(error["rejected"], json!([bench.path(kept)]));
        assert!(fs::read(bench.path(kept)).unwrap().starts_with(b"\x89PNG"));
    }
}
