//! Results that are distorted or marked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use volcv_emulator::{Distortion, Emulator, OutputFormat};

use crate::support::{ask, base64, mask, picture, request, with};

fn distorting(text: &str) -> Emulator {
    Emulator::builder().distort(text.parse().unwrap()).start().unwrap()
}

/// The good request in ratio mode, and one in canvas mode.
fn both_modes() -> [Value; 2] {
    let canvas = base64(&picture(32, 24), ImageFormat::Png);
    [request(), with("binary_data_base64", json!([canvas, mask(32, 24, |x, _| x > 20)]))]
}

#[test]
fn distortions_survive_the_way_through_text() {
    for text in ["cast=1", "cast=64", "shift=-256/256", "scale=0.1", "scale=2", "cast=10,shift=3/-2,scale=0.98"] {
        assert_eq!(text.parse::<Distortion>().unwrap().to_string(), text);
    }
    assert_eq!(" scale = 0.5 , cast ".parse(), "cast=10,scale=0.5".parse::<Distortion>());
    assert_eq!(Distortion::default().to_string(), "");
}

#[test]
fn what_is_no_distortion_is_refused_with_a_reason() {
    for (text, reason) in [
        ("", "`` is not a distortion; allowed: cast, cast=LEVELS, shift=DX/DY, scale=K"),
        ("tilt=3", "`tilt` is not a distortion; allowed: cast"),
        ("cast=0", "`cast=0`: expected a whole number of levels from 1 to 64"),
        ("cast=65", "`cast=65`: expected"),
        ("cast=", "`cast=`: expected"),
        ("shift", "`shift`: expected DX/DY, two whole numbers of pixels from -256 to 256"),
        ("shift=3", "`shift=3`: expected"),
        ("shift=3/x", "`shift=3/x`: expected"),
        ("shift=257/0", "`shift=257/0`: expected"),
        ("scale=0", "`scale=0`: expected a number from 0.1 to 2"),
        ("scale=nan", "`scale=nan`: expected"),
        ("scale=2.1", "`scale=2.1`: expected"),
        ("cast,cast=3", "`cast` appears twice"),
        ("cast,", "`` is not a distortion"),
    ] {
        let error = text.parse::<Distortion>().expect_err(text).to_string();
        assert!(error.starts_with(reason), "{text}: {error}");
    }
}

#[test]
fn a_shift_moves_the_result_of_either_mode() {
    for body in both_modes() {
        let straight = ask(&Emulator::start().unwrap(), &body).picture();
        let moved = ask(&distorting("shift=2/-1"), &body).picture();
        assert_eq!(moved.dimensions(), straight.dimensions());
        let last = straight.height() - 1;
        for (x, y, pixel) in moved.enumerate_pixels() {
            assert_eq!(pixel, straight.get_pixel(x.saturating_sub(2), (y + 1).min(last)));
        }
    }
}

#[test]
fn a_scale_changes_the_size_of_the_result_of_either_mode() {
    for (body, size) in both_modes().into_iter().zip([(28, 12), (16, 12)]) {
        assert_eq!(ask(&distorting("scale=0.5"), &body).picture().dimensions(), size);
    }
    // The maximum is kept before the scale.
    let (mut body, emulator) = (request(), distorting("scale=2"));
    body["max_width"] = 28.into();
    assert_eq!(ask(&emulator, &body).picture().dimensions(), (56, 24));
}

#[test]
fn a_cast_changes_known_pixels_by_its_levels_and_the_same_way_for_the_same_seed() {
    let even = RgbImage::from_pixel(64, 48, Rgb([128; 3]));
    let text = base64(&even, ImageFormat::Png);
    let canvas = json!([text, mask(64, 48, |x, _| x > 40)]);
    for pictures in [json!([text]), canvas] {
        let body = |seed: i64| {
            let mut body = with("binary_data_base64", pictures.clone());
            body["seed"] = seed.into();
            body
        };
        let emulator = distorting("cast");
        let first = ask(&emulator, &body(7)).picture();
        assert_eq!(ask(&emulator, &body(7)).picture(), first);
        assert_ne!(ask(&emulator, &body(8)).picture(), first);
        // Not at the edge of the painted part, which the blur mixes in.
        let x = if first.width() == 64 { 0 } else { 36 };
        for known in image::imageops::crop_imm(&first, x, 2, 28, 44).to_image().pixels() {
            for value in known.0 {
                // 3 to 10 levels of cast, a gain of 0.97 to 1.02 (up to 4 levels here), and 2 of noise and rounding.
                assert!(value.abs_diff(128) <= 16, "{value}");
            }
        }
        let channels: Vec<u64> = (0..3).map(|c| first.pixels().map(|pixel| u64::from(pixel[c])).sum()).collect();
        assert!(channels.iter().any(|sum| *sum != channels[0]), "a cast has a colour: {channels:?}");
    }
}

#[test]
fn a_logo_is_drawn_into_its_corner_only_when_it_is_wanted() {
    for mut body in both_modes() {
        let emulator = Emulator::start().unwrap();
        let plain = ask(&emulator, &body).picture();
        let (width, height) = plain.dimensions();
        for (position, x, y) in [(0, width - 2, height - 2), (1, 1, height - 2), (2, 1, 1), (3, width - 2, 1)] {
            body["logo_info"] = json!({ "add_logo": true, "position": position, "language": 1, "opacity": 1.0 });
            let marked = ask(&emulator, &body).picture();
            assert_eq!(marked.get_pixel(x, y), &Rgb([20; 3]), "the plate of position {position}");
            let changed = marked.pixels().zip(plain.pixels()).filter(|(marked, plain)| marked != plain).count();
            assert!((40..=63).contains(&changed), "a plate of 9x7 pixels, position {position}: {changed}");
        }
        body["logo_info"] = json!({ "add_logo": false, "position": 2 });
        assert_eq!(ask(&emulator, &body).picture(), plain);
    }
}

#[test]
fn provenance_is_in_the_file_of_either_format_and_the_picture_is_the_same() {
    let mut body = request();
    let meta = json!({ "content_producer": "工作室 \"A\"", "producer_id": "7", "propagate_id": "" });
    for format in [OutputFormat::Png, OutputFormat::Jpeg] {
        let emulator = Emulator::builder().output(format).start().unwrap();
        body.as_object_mut().unwrap().remove("aigc_meta");
        let plain = ask(&emulator, &body);
        body["aigc_meta"] = meta.clone();
        let marked = ask(&emulator, &body);
        assert_eq!(marked.picture(), plain.picture());
        let file = STANDARD.decode(marked.json()["data"]["binary_data_base64"][0].as_str().unwrap()).unwrap();
        let text = match format {
            OutputFormat::Png => {
                assert_eq!(&file[37..46], b"tEXtAIGC\0");
                let length = u32::from_be_bytes(file[33..37].try_into().unwrap()) as usize;
                &file[46..41 + length]
            }
            OutputFormat::Jpeg => {
                assert_eq!((&file[2..4], &file[6..11]), (&b"\xff\xfe"[..], &b"AIGC="[..]));
                let length = usize::from(u16::from_be_bytes([file[4], file[5]]));
                &file[11..4 + length]
            }
        };
        assert!(text.is_ascii());
        assert_eq!(serde_json::from_slice::<Value>(text).unwrap(), meta);
    }
    body["aigc_meta"] = json!({});
    let file = ask(&Emulator::start().unwrap(), &body).json()["data"]["binary_data_base64"][0].to_string();
    assert!(!STANDARD.decode(file.trim_matches('"')).unwrap().windows(4).any(|bytes| bytes == b"AIGC"));
}

#[test]
fn marks_are_checked() {
    let emulator = Emulator::start().unwrap();
    for (name, value, reason) in [
        ("logo_info", json!({ "add_logo": 1 }), "logo_info.add_logo: expected a boolean"),
        ("logo_info", json!({ "position": 4 }), "logo_info.position: expected an integer from 0 to 3"),
        ("logo_info", json!({ "opacity": 1.5 }), "logo_info.opacity: expected a number from 0 to 1"),
        ("aigc_meta", json!({ "producer_id": 7 }), "aigc_meta.producer_id: expected a string of at most 256"),
        ("aigc_meta", json!({ "propagate_id": "x".repeat(257) }), "aigc_meta.propagate_id: expected a string"),
    ] {
        let answer = ask(&emulator, &with(name, value));
        assert_eq!(answer.code(), 50200, "{reason}");
        assert!(answer.json()["message"].as_str().unwrap().contains(reason), "{reason}: {}", answer.json());
    }
    assert_eq!(emulator.charges(), 0);
}
