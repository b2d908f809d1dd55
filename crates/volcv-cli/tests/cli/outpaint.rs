//! What `volcv outpaint` makes.

use std::collections::HashSet;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use serde_json::json;

use crate::support::{Bench, KEY, TRANSPORTS, answer, mask, png, reply_with, run, volcv, volcv_at};

#[test]
fn the_first_command_of_the_readme_needs_nothing_but_the_photo() {
    let dir = tempfile::tempdir().unwrap();
    let photo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/assets/valley.jpg");
    let mut command = volcv(dir.path(), "outpaint -o wide.png --left 0.5 --right 0.5 --emulator");
    command.arg(photo);
    let ran = run(command, b"").expect(0);
    assert_eq!(ran.stdout, "wide.png 1920x640 png\n");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    assert!(ran.stderr.contains("not made by a model"), "{ran:?}");
    let picture = image::load_from_memory(&fs::read(dir.path().join("wide.png")).unwrap()).unwrap();
    assert_eq!((picture.width(), picture.height()), (1920, 640));
}

#[test]
fn every_mode_gives_its_size_over_both_transports() {
    let bench = Bench::new(&[]);
    bench.write("mask.png", &mask(200, 150));
    for transport in TRANSPORTS {
        for (mode, size) in [
            ("--left 0.5 --right .5", (400, 150)),
            ("--top 0.2 --bottom 1", (200, 330)),
            ("--equal 0.25", (300, 225)),
            ("--aspect 16:9", (267, 150)),
            ("--aspect 1.85:1", (278, 150)),
            ("--mask mask.png", (200, 150)),
            ("--equal 0.5 --max-width 200", (200, 150)),
        ] {
            let ran = bench.run(&format!("outpaint in.png -o out.png {mode} --transport {transport}")).expect(0);
            assert_eq!(ran.stdout, format!("out.png {}x{} png\n", size.0, size.1));
            assert_eq!((ran.stderr.as_str(), bench.size("out.png")), ("", size), "{mode}");
        }
    }
    assert_eq!(bench.emulator.charges(), 14);
    assert_eq!(bench.files(), ["mask.png", "out.png"]);
}

#[test]
fn the_fields_arrive_as_they_were_given() {
    let bench = Bench::new(&[]);
    let args = "outpaint in.png -o out.png --left 1 --prompt sea --prompt-field both --seed -1 --scale 3.5 --steps 20 \
                --strength 0.5 --max-width 300 --max-height 400";
    let ran = bench.run(args).expect(0);
    assert_eq!(ran.stdout, "out.png 300x113 png seed -1\n");
    let mut sent = bench.emulator.requests()[0].json.clone().unwrap();
    sent.as_object_mut().unwrap().remove("binary_data_base64");
    let expected = json!({
        "req_key": "i2i_outpainting", "top": 0.0, "bottom": 0.0, "left": 1.0, "right": 0.0, "prompt": "sea",
        "custom_prompt": "sea", "seed": -1, "scale": 3.5, "steps": 20, "strength": 0.5, "max_width": 300,
        "max_height": 400,
    });
    assert_eq!(sent, expected);
}

#[test]
fn a_picture_comes_from_standard_input() {
    let bench = Bench::new(&[]);
    let ran = run(bench.command("outpaint - -o out.png --equal 0.5"), &png(160, 130)).expect(0);
    assert_eq!(ran.stdout, "out.png 320x260 png\n");
}

#[test]
fn json_is_one_object_of_the_promised_shape() {
    let bench = Bench::new(&["status=503,retry-after=0"]);
    let ran = bench.run("outpaint in.png -o out.png --left 0.5 --seed 7 --json").expect(0);
    let request_id = bench.emulator.requests()[1].request_id.clone();
    let expected = json!({
        "ok": true,
        "outputs": [{"path": "out.png", "width": 300, "height": 150, "format": "png", "seed": 7}],
        "request_id": request_id,
        "attempts": 2,
        "warnings": [],
        "rejected": [],
    });
    assert_eq!(ran.json(), expected);
    assert_eq!(ran.stdout.lines().count(), 1);
    let ran = bench.run("outpaint in.png -o out.png --left 0.5 --json").expect(0);
    assert_eq!(ran.json()["outputs"][0]["seed"], json!(null));
}

#[test]
fn several_seeds_give_several_pictures_in_order() {
    let bench = Bench::new(&[]);
    for transport in TRANSPORTS {
        for (seeds, expected) in [
            ("--seed 9 --seed 4 --seed -1", Some([9, 4, -1])),
            ("--seed 9 --seed 4 --seed 0 --variants 3", Some([9, 4, 0])),
            ("--seed 40 --variants 3", Some([40, 41, 42])),
            ("--variants 3", None),
            ("--variants 3 --seed -1", None),
        ] {
            let args = format!("outpaint in.png -o out.png --left 1 {seeds} --json --transport {transport}");
            let ran = bench.run(&args).expect(0).json();
            let outputs = ran["outputs"].as_array().unwrap();
            let names: Vec<_> = outputs.iter().map(|output| output["path"].as_str().unwrap()).collect();
            assert_eq!(names, ["out-1.png", "out-2.png", "out-3.png"]);
            assert_eq!((bench.files().len(), &ran["attempts"]), (3, &json!(3)));
            let sent: Vec<i64> = outputs.iter().map(|output| output["seed"].as_i64().unwrap()).collect();
            match expected {
                Some(expected) => assert_eq!(sent, expected),
                None => assert!(sent.iter().all(|seed| (0..1 << 31).contains(seed)), "{sent:?}"),
            }
            let pictures: HashSet<Vec<u8>> = names.iter().map(|name| fs::read(bench.path(name)).unwrap()).collect();
            assert_eq!(pictures.len(), 3, "each seed gives another picture");
        }
    }
}

#[test]
fn one_variant_keeps_the_name() {
    let bench = Bench::new(&[]);
    bench.run("outpaint in.png -o out.png --left 1 --variants 1").expect(0);
    assert_eq!(bench.files(), ["out.png"]);
}

/// The emulator never sends more than one picture, the service's envelope has room for more.
#[test]
fn several_pictures_of_one_reply_are_numbered() {
    for transport in TRANSPORTS {
        let dir = tempfile::tempdir().unwrap();
        let (base_url, _bodies) = answer(1, &reply_with(&[&png(20, 10), &png(30, 10)]));
        let args = format!("outpaint - -o out.png --left 1 --seed 5 --transport {transport}");
        let ran = run(volcv_at(&base_url, dir.path(), &args), &png(200, 150)).expect(0);
        assert_eq!(ran.stdout, "out-1.png 20x10 png seed 5\nout-2.png 30x10 png seed 5\n");
        assert_eq!(fs::read(dir.path().join("out-2.png")).unwrap(), png(30, 10));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}

#[test]
fn a_seed_given_twice_is_refused_and_only_minus_one_may_repeat() {
    let bench = Bench::new(&[]);
    for transport in TRANSPORTS {
        for more in ["", "--seed 7", "--variants 2", "--dry-run"] {
            let args = format!("outpaint in.png -o out.png --left 1 --seed 5 --seed 5 {more} --transport {transport}");
            let ran = bench.run(&args).expect(2);
            assert!(ran.stderr.starts_with("error: seed is 5 more than once"), "{ran:?}");
            assert!(ran.stdout.is_empty(), "{ran:?}");
        }
        assert_eq!((bench.emulator.connections(), bench.files().len()), (0, 0));
    }
    bench.run("outpaint in.png -o out.png --left 1 --seed -1 --seed 5 --seed -1").expect(0);
    assert_eq!((bench.emulator.charges(), bench.files().len()), (3, 3));
}

#[test]
fn a_link_is_downloaded_without_the_key() {
    let bench = Bench::new(&[]);
    for transport in TRANSPORTS {
        let ran = bench.run(&format!("outpaint in.png -o out.png --left 1 --return-url --transport {transport}"));
        assert_eq!(ran.expect(0).stdout, "out.png 400x150 png\n");
        assert_eq!(bench.size("out.png"), (400, 150));
    }
    let requests = bench.emulator.requests();
    let with_key: Vec<_> = requests.iter().map(|request| (request.method.as_str(), request.has_key)).collect();
    assert_eq!(with_key, [("POST", true), ("GET", false), ("POST", true), ("GET", false)]);
}

#[test]
fn a_dry_run_shows_the_request_and_sends_nothing() {
    let bench = Bench::new(&[]);
    let ran = bench.run("outpaint in.png -o out.png --left 0.5 --seed 7 --dry-run --json").expect(0);
    let json = ran.json();
    assert_eq!(
        (&json["method"], &json["body"]["seed"], &json["body"]["left"]),
        (&json!("POST"), &json!(7), &json!(0.5))
    );
    assert!(json["url"].as_str().unwrap().starts_with(&bench.emulator.base_url()));
    assert!(ran.stdout.len() < 1000 && !ran.stdout.contains("iVBOR"), "{}", ran.stdout);
    assert_eq!((bench.emulator.connections(), bench.files().len()), (0, 0));

    // Neither key nor gateway is needed, but everything else is checked.
    let offline = |args: &str| run(volcv(bench.dir.path(), &format!("outpaint in.png --dry-run {args}")), b"");
    let ran = offline("-o out.png --left 0.5 --variants 2").expect(0);
    assert_eq!(ran.json()["requests"].as_array().unwrap().len(), 2);
    offline("-o out.png --left 1.5").expect(2);
    offline("-o no/out.png --left 0.5").expect(2);
    offline("-o out.png --left 0.5 --base-url http://gw.example").expect(2);
}

#[test]
fn an_argument_wins_over_the_environment() {
    let bench = Bench::new(&[]);
    let mut command = bench.command("outpaint in.png -o out.png --left 1 --emulator");
    command.env("VOLCV_BASE_URL", "not a url");
    run(command, b"").expect(0);
    let mut command =
        bench.command(&format!("outpaint in.png -o out.png --left 1 --base-url {}", bench.emulator.base_url()));
    command.env("VOLCV_BASE_URL", "not a url").env("VOLCV_API_KEY", KEY);
    run(command, b"").expect(0);
    assert_eq!(bench.emulator.charges(), 1);
}

#[test]
fn undocumented_limits_are_warnings_and_errors_only_if_strict() {
    let bench = Bench::new(&[]);
    bench.write("small.png", &png(40, 40));
    let ran = bench.run("outpaint small.png -o out.png --left 1").expect(0);
    assert!(ran.stderr.starts_with("warning: picture is 40x40"), "{ran:?}");
    let warnings = bench.run("outpaint small.png -o out.png --left 1 --json").expect(0).json()["warnings"].take();
    assert_eq!(ran.stderr, format!("warning: {}\n", warnings[0].as_str().unwrap()));
    let ran = bench.run("outpaint small.png -o out.png --left 1 --strict --json").expect(2);
    assert_eq!(ran.json()["error"]["kind"], "invalid_input");
    assert_eq!(bench.emulator.charges(), 2);
}

/// The pictures are those of people: a bitmap with a header of 12 bytes, and a photo that its EXIF block turns.
#[test]
fn an_aspect_counts_in_the_upright_picture_whatever_its_header() {
    let bench = Bench::new(&[]);
    let mut bitmap = b"BM".to_vec();
    bitmap.extend([69_146_u32, 0, 26, 12].map(u32::to_le_bytes).concat());
    bitmap.extend([192_u16, 120, 1, 24].map(u16::to_le_bytes).concat());
    bitmap.resize(26 + 192 * 3 * 120, 99);
    bench.write("in.bmp", &bitmap);
    bench.write("in.jpg", &turned_jpeg(120, 192));
    for transport in TRANSPORTS {
        for (input, turned) in [("in.bmp", false), ("in.jpg", true)] {
            let ran =
                bench.run(&format!("outpaint {input} -o out.png --aspect 16:9 --transport {transport}")).expect(0);
            assert_eq!((ran.stdout.as_str(), bench.size("out.png")), ("out.png 213x120 png\n", (213, 120)));
            assert_eq!(ran.stderr.contains("on its side (EXIF orientation 6), but should be turned upright"), turned);
            let sent = bench.emulator.requests().pop().unwrap().json.unwrap();
            let side = |name: &str| sent[name].as_f64().unwrap();
            assert!((side("left") - 0.05556).abs() < 1e-5 && side("left") == side("right"), "{sent}");
            assert_eq!((side("top"), side("bottom")), (0.0, 0.0));
        }
    }
    assert_eq!(bench.emulator.charges(), 4);
    bench.write("in.jpg", &turned_jpeg(160, 240));
    let ran = bench.run("outpaint in.jpg -o out.png --aspect 16:9 --strict").expect(2);
    assert!(ran.stderr.contains("EXIF orientation 6"), "{ran:?}");
    assert_eq!(bench.emulator.charges(), 4);
}

#[test]
fn a_result_that_a_default_shrinks_below_the_picture_is_warned_of() {
    let bench = Bench::new(&[]);
    bench.write("wide.png", &png(2000, 200));
    let warning = "warning: --max-width is 1920 by default, which makes the result 1920x96 of a picture of 2000x200, but \
                   should be given, for up to 4000x200\n";
    let run = |more: &str| bench.run(&format!("outpaint wide.png -o out.png --left 1 {more}")).expect(0).stderr;
    assert_eq!(run(""), warning);
    assert_eq!(run("--max-width 4000"), "");
    assert_eq!(run("--max-width 1000"), "");
}

/// A JPEG of this size as stored, with an EXIF block that turns it by a quarter.
fn turned_jpeg(width: u32, height: u32) -> Vec<u8> {
    const BLOCK: &[u8] = b"\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let mut bytes = Cursor::new(Vec::new());
    image::RgbImage::new(width, height).write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    let bytes = bytes.into_inner();
    [&bytes[..2], BLOCK, &bytes[2..]].concat()
}
