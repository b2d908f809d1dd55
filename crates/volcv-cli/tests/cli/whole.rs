//! What `volcv outpaint` makes of a wish that is planned: exact sizes, the original bit for bit, several calls.

use std::fs;

use image::{GenericImageView as _, RgbImage};
use serde_json::{Value, json};
use volcv_emulator::Emulator;

use crate::support::{Bench, TRANSPORTS, answer, png, reply_with, run, volcv_at};

/// An emulator whose results are off in colour and place.
fn distorted() -> Bench {
    Bench::with(Emulator::builder().distort("cast,shift=3/-2".parse().unwrap()))
}

fn open(bench: &Bench, name: &str) -> RgbImage {
    image::load_from_memory(&fs::read(bench.path(name)).unwrap()).unwrap().to_rgb8()
}

/// Whether the input lies at this place of a picture, bit for bit.
fn holds_original(bench: &Bench, name: &str, (x, y): (u32, u32)) -> bool {
    let original = open(bench, "in.png");
    *open(bench, name).view(x, y, original.width(), original.height()).to_image() == *original
}

#[test]
fn every_wish_gives_its_exact_size_with_the_original_in_it_over_both_transports() {
    let bench = distorted();
    for transport in TRANSPORTS {
        for (wish, size, place) in [
            ("--to 320x200 --anchor 0.25,1 ", (320, 200), (30, 50)),
            ("--to 260x151", (260, 151), (30, 1)),
            ("--pixels 10,20,30,0", (240, 170), (10, 20)),
            ("--aspect 16:9 --anchor right", (267, 150), (67, 0)),
            ("--equal 0.25", (300, 226), (50, 38)),
            ("--left 0.5 --bottom 0.1", (300, 165), (100, 0)),
        ] {
            for out in ["out.png", "out.bmp"] {
                let args = format!("outpaint in.png -o {out} {wish} --keep-original --transport {transport}");
                let ran = bench.run(&args).expect(0);
                assert_eq!((bench.size(out), holds_original(&bench, out, place)), (size, true), "{wish}: {ran:?}");
                let text = format!("{out} {}x{} {} seam ", size.0, size.1, &out[4..]);
                assert!(ran.stdout.starts_with(&text) && ran.stdout.ends_with(" exact\n"), "{ran:?}");
            }
        }
    }
    assert_eq!(bench.emulator.charges(), 24);
}

#[test]
fn the_json_of_a_whole_operation_says_what_it_cost_and_how_it_fits() {
    let bench = distorted();
    let ran = bench.run("outpaint in.png -o out.png --to 300x150 --keep-original --seed 7 --json").expect(0);
    let mut json = ran.json();
    let operation = json["outputs"][0]["operation"].take();
    let request_id = bench.emulator.requests()[0].request_id.clone();
    let expected = json!({
        "ok": true,
        "outputs": [{
            "path": "out.png", "width": 300, "height": 150, "format": "png", "seed": 7, "operation": null,
        }],
        "request_id": request_id, "attempts": 1, "charges": 1, "contact_sheet": null, "warnings": [], "rejected": [],
    });
    assert_eq!(json, expected);
    let (before, after) = (operation["seam_before"].as_f64().unwrap(), operation["seam_after"].as_f64().unwrap());
    assert!(before > after, "{operation}");
    let expected = json!({
        "passes": 1, "seeds": [7], "charges": 1, "exact": true, "recognised": true, "seam_before": before,
        "seam_after": after, "best": null,
    });
    assert_eq!(operation, expected);
}

#[test]
fn a_jpeg_is_made_but_not_called_exact() {
    let bench = distorted();
    let ran = bench.run("outpaint in.png -o out.jpg --to 300x150 --keep-original").expect(0);
    assert!(ran.stdout.starts_with("out.jpg 300x150 jpeg seam ") && ran.stdout.ends_with(" not exact\n"), "{ran:?}");
    assert_eq!(ran.stderr, "note: a jpg cannot hold the original bit for bit; png and bmp can\n");
    assert!(fs::read(bench.path("out.jpg")).unwrap().starts_with(b"\xff\xd8"));
}

#[test]
fn without_keep_original_the_file_of_the_service_is_written_byte_for_byte() {
    for transport in TRANSPORTS {
        for (made, warning) in [
            ((320, 200), ""),
            ((319, 201), "warning: the service made 319x201, not 320x200; --keep-original makes exactly that\n"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let file = png(made.0, made.1);
            let (base_url, bodies) = answer(1, &reply_with(&[&file]));
            let args = format!("outpaint - -o out.webp --to 320x200 --transport {transport}");
            let ran = run(volcv_at(&base_url, dir.path(), &args), &png(200, 150)).expect(0);
            assert_eq!(ran.stdout, format!("out.webp {}x{} png\n", made.0, made.1));
            assert_eq!(ran.stderr, format!("{warning}warning: out.webp holds a picture in the format png\n"));
            assert_eq!(fs::read(dir.path().join("out.webp")).unwrap(), file);
            let sent: Value = serde_json::from_str(&bodies.join().unwrap()[0]).unwrap();
            assert_eq!((&sent["max_width"], &sent["max_height"]), (&json!(320), &json!(200)));
        }
    }
}

#[test]
fn what_one_call_cannot_reach_takes_several_and_only_if_that_was_allowed() {
    let bench = distorted();
    for transport in TRANSPORTS {
        let args = format!("outpaint in.png -o out.png --to 900x150 --json --seed 3 --transport {transport}");
        let ran = bench.run(&args).expect(2);
        let message = ran.json()["error"]["message"].take();
        assert!(message.as_str().unwrap().starts_with("--max-passes is 1, but must be at least 2"), "{message}");
        assert_eq!(bench.emulator.connections(), 0);
    }
    for transport in TRANSPORTS {
        let args = format!("outpaint in.png -o out.png --to 900x150 --json --seed 3 --transport {transport}");
        let ran = bench.run(&format!("{args} --max-passes 3")).expect(0).json();
        let operation = &ran["outputs"][0]["operation"];
        assert_eq!((&ran["attempts"], &ran["charges"], &operation["passes"]), (&json!(2), &json!(2), &json!(2)));
        assert_eq!((&operation["exact"], &operation["seeds"]), (&json!(true), &json!([3, 3])));
        assert_eq!((bench.size("out.png"), holds_original(&bench, "out.png", (350, 0))), ((900, 150), true));
    }
    let ran = bench.run("outpaint in.png -o out.png --to 900x150 --max-passes 2").expect(0);
    assert!(ran.stdout.starts_with("out.png 900x150 png 2 calls seam "), "{ran:?}");
    assert_eq!(bench.emulator.charges(), 6);
}

#[test]
fn a_target_that_is_too_small_is_refused_unless_the_picture_may_change() {
    let bench = Bench::new(&[]);
    let ran = bench.run("outpaint in.png -o out.png --to 300x100").expect(2);
    assert!(
        ran.stderr.starts_with("error: --to is 300x100, but must be at least the picture's size, 200x150"),
        "{ran:?}"
    );
    assert_eq!(bench.emulator.connections(), 0);
    for (how, kept) in [("crop", (200, 100)), ("shrink", (133, 100))] {
        bench.run(&format!("outpaint in.png -o out.png --to 300x100 --too-small {how} --max-passes 2")).expect(0);
        assert_eq!(bench.size("out.png"), (300, 100));
        let ran = bench.run(&format!("plan in.png --to 300x100 --too-small {how} --max-passes 2 --json")).expect(0);
        let original = &ran.json()["original"];
        assert_eq!((&original["width"], &original["height"]), (&json!(kept.0), &json!(kept.1)), "{how}");
    }
}

#[test]
fn a_finished_picture_goes_to_standard_output_as_a_png() {
    let bench = distorted();
    let output = bench.command("outpaint in.png -o - --to 300x150 --keep-original").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let picture = image::load_from_memory(&output.stdout).unwrap().to_rgb8();
    assert_eq!(*picture.view(50, 0, 200, 150).to_image(), *open(&bench, "in.png"));
    assert_eq!(bench.files(), Vec::<String>::new());
}

#[test]
fn what_cannot_be_made_or_written_is_refused_before_anything_is_paid_for() {
    let bench = Bench::new(&[]);
    fs::create_dir(bench.path("folder.png")).unwrap();
    for args in [
        "-o out.webp --to 300x150 --keep-original",
        "-o out.webp --to 900x150 --max-passes 2",
        "-o folder.png --to 300x150 --best-of 2",
        "-o - --to 300x150 --best-of 2",
        "-o - --to 300x150 --json",
        "-o out.png --to 300x150 --contact-sheet folder.png",
        "-o out.png --to 300x150 --contact-sheet sheet.webp",
        "-o out.png --to 300x150 --max-width 300",
        "-o out.png --to 300x150 --strict --pixels 1,1,1,1",
        "-o out.png --to 200x150",
        "-o out.png --to 300",
        "-o out.png --to 300x0",
        "-o out.png --to 99999x99999 --max-passes 9",
        "-o out.png --to 300x150 --left 1",
        "-o out.png --to 300x150 --anchor 2,0",
        "-o out.png --to 300x150 --anchor middle",
        "-o out.png --to 300x150 --mask in.png",
        "-o out.png --mask in.png --keep-original",
        "-o out.png --mask in.png --anchor left",
        "-o out.png --mask in.png --too-small crop",
        "-o out.png --mask in.png --best-of 2",
        "-o out.png --mask in.png --max-passes 2",
        "-o out.png --mask in.png --contact-sheet sheet.png",
        "-o out.png --pixels 1,2,3",
        "-o out.png --pixels 0,0,0,0",
        "-o out.png --pixels -1,0,0,0",
        "-o out.png --left 1 --anchor left",
        "-o out.png --pixels 1,1,1,1 --anchor left",
        "-o out.png --left 1 --too-small crop",
        "-o out.png --to 300x150 --max-passes 0",
        "-o out.png --to 300x150 --max-side 100",
        "-o out.png --to 300x150 --best-of 0",
        "-o out.png --to 300x150 --best-of 2 --variants 2",
        "-o out.png --to 300x150 --best-of 3 --seed 1 --seed 2",
        "-o out.png --to 300x150 --seed 1 --seed 1",
        "-o out.png --to 300x150 --scale 21",
        "-o out.png --left NaN --keep-original",
        "-o out.png --aspect 4:3 --keep-original",
        "-o out.png --best-of 2",
    ] {
        let ran = bench.run(&format!("outpaint in.png {args}")).expect(2);
        assert!(ran.stdout.is_empty() || args.contains("--json"), "{args}: {ran:?}");
        let ran = bench.run(&format!("outpaint in.png {args} --json")).expect(2);
        let kind = ran.json()["error"]["kind"].take();
        assert!(kind == "invalid_input" || kind == "config", "{args}: {ran:?}");
    }
    assert_eq!((bench.emulator.connections(), bench.files()), (0, vec!["folder.png".to_owned()]));
    bench.write("text.png", b"not a picture");
    let ran = bench.run("outpaint text.png -o out.png --to 300x150").expect(2);
    assert!(ran.stderr.starts_with("error: cannot read the picture: "), "{ran:?}");
}

#[test]
fn warnings_of_a_plan_are_errors_only_if_strict() {
    let bench = Bench::new(&[]);
    let ran = bench.run("outpaint in.png -o out.png --to 400x150 --anchor left --keep-original").expect(0);
    assert!(ran.stderr.starts_with("warning: right is 1.00, but should be at most 0.5 x"), "{ran:?}");
    let ran = bench.run("outpaint in.png -o out.png --to 400x150 --anchor left --keep-original --strict").expect(2);
    assert!(ran.stderr.starts_with("error: right is 1.00"), "{ran:?}");
    assert_eq!(bench.emulator.charges(), 1);
}

#[test]
fn a_dry_run_shows_the_plan_and_the_first_request_of_each_seed() {
    let bench = Bench::new(&[]);
    let ran =
        bench.run("outpaint in.png -o out.png --to 900x150 --max-passes 2 --best-of 2 --seed 4 --dry-run").expect(0);
    let json = ran.json();
    assert_eq!((&json["plan"]["calls"], &json["plan"]["result"]["width"]), (&json!(2), &json!(900)));
    let requests = json["requests"].as_array().unwrap();
    let seeds: Vec<_> = requests.iter().map(|request| request["body"]["seed"].as_i64().unwrap()).collect();
    assert_eq!(seeds, [4, 5]);
    assert_eq!(requests[0]["body"]["max_width"], json["plan"]["passes"][0]["max_width"]);
    assert!(!ran.stdout.contains("iVBOR"), "{}", ran.stdout);
    let ran = bench.run("outpaint in.png -o out.png --to 300x150 --dry-run").expect(0).json();
    assert_eq!(ran["requests"].as_array().unwrap().len(), 1);
    bench.run("outpaint in.png -o out.png --to 300x150 --seed 1 --seed 1 --dry-run").expect(2);
    assert_eq!((bench.emulator.connections(), bench.files().len()), (0, 0));
}

/// A PNG with a text in it, as the service may mark what it has made.
fn marked(width: u32, height: u32) -> Vec<u8> {
    let picture = png(width, height);
    let chunk = b"tEXtmark\0made by a model";
    let crc = chunk.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    });
    let length = u32::try_from(chunk.len() - 4).unwrap().to_be_bytes();
    // The header is 33 bytes long with the signature.
    [&picture[..33], &length, chunk, &(!crc).to_be_bytes(), &picture[33..]].concat()
}

#[test]
fn marks_of_the_service_stay_in_the_file_or_are_named() {
    for (out, warning) in [
        ("out.png", ""),
        ("out.bmp", "warning: the format of the file cannot carry what the service wrote: png tEXt\n"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (base_url, _bodies) = answer(1, &reply_with(&[&marked(300, 150)]));
        let args = format!("outpaint - -o {out} --to 300x150 --keep-original");
        let ran = run(volcv_at(&base_url, dir.path(), &args), &png(200, 150)).expect(0);
        let made = fs::read(dir.path().join(out)).unwrap();
        let is_marked = made.windows(15).any(|bytes| bytes == b"made by a model");
        assert_eq!((is_marked, ran.stderr.as_str()), (out == "out.png", warning), "{ran:?}");
    }
}

#[test]
fn a_result_that_does_not_show_the_original_is_pasted_into_and_warned_of() {
    let dir = tempfile::tempdir().unwrap();
    let mut negative = image::load_from_memory(&png(300, 150)).unwrap();
    negative.invert();
    let mut bytes = std::io::Cursor::new(Vec::new());
    negative.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    let (base_url, _bodies) = answer(1, &reply_with(&[bytes.get_ref()]));
    let args = "outpaint - -o out.png --to 300x150 --anchor left --keep-original --json";
    let json = run(volcv_at(&base_url, dir.path(), args), &png(200, 150)).expect(0).json();
    let operation = &json["outputs"][0]["operation"];
    assert_eq!((&operation["recognised"], &operation["exact"]), (&json!(false), &json!(true)));
    let warning = "the original was not recognised in the result, so nothing of it was corrected";
    assert_eq!(json["warnings"], json!([warning]));
}
