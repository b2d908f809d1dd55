//! The SDK's own client against the emulator, over HTTP.

use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use volcv_emulator::{AccessKind, DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Emulator, TaskPace};

use super::sdk;

const TOKEN: &str = "STS+official/token==";

#[test]
fn the_official_sdk_is_accepted_for_outpainting_and_for_tasks() {
    let emulator = Emulator::builder()
        .temporary_key("AKTEMPORARY", "temporary-secret", TOKEN)
        .task_pace(TaskPace::polls(1, 1))
        .start()
        .unwrap();
    let mut picture = Cursor::new(Vec::new());
    RgbImage::from_pixel(80, 60, Rgb([90, 120, 200])).write_to(&mut picture, ImageFormat::Png).unwrap();
    let keys = json!({
        "permanent": [DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY],
        "temporary": ["AKTEMPORARY", "temporary-secret", TOKEN],
        "picture": STANDARD.encode(picture.into_inner()),
    });
    let steps = sdk(&["calls", &emulator.addr().to_string()], &keys);

    for name in ["img2img_outpainting", "cv_process", "session token"] {
        is_a_picture(&one(&steps, name)["reply"]);
    }
    for name in ["sync2async", "plain"] {
        let polls: Vec<&Value> = of(&steps, name).map(|step| &step["reply"]).collect();
        let states: Vec<_> = polls.iter().map(|reply| reply["data"]["status"].as_str().unwrap()).collect();
        assert_eq!(states, ["in_queue", "generating", "done"], "{name}");
        is_a_picture(polls[2]);
    }
    assert_eq!(one(&steps, "cancel")["reply"]["code"], 10000);
    for (name, error) in [
        ("wrong secret key", "SignatureDoesNotMatch"),
        ("no session token", "InvalidSecretToken"),
        ("refused prompt", "50412"),
    ] {
        let step = one(&steps, name);
        assert!(step["error"].as_str().is_some_and(|text| text.contains(error)), "{name}: {step}");
    }

    let records = emulator.requests();
    assert!(records.iter().all(|record| record.access == Some(AccessKind::Direct)));
    assert_eq!(records.iter().filter(|record| !record.key_ok).count(), 2);
    assert_eq!((emulator.charges(), emulator.submits()), (6, 3));
    let said = format!("{records:?} {steps:?}");
    assert!(![DEFAULT_SECRET_KEY, "temporary-secret", TOKEN].iter().any(|secret| said.contains(secret)));
}

fn of<'a>(steps: &'a [Value], name: &str) -> impl Iterator<Item = &'a Value> {
    steps.iter().filter(move |step| step["step"] == name)
}

#[track_caller]
fn one<'a>(steps: &'a [Value], name: &str) -> &'a Value {
    let mut found = of(steps, name);
    let step = found.next().unwrap_or_else(|| panic!("no step {name}: {steps:?}"));
    assert!(found.next().is_none(), "{name}");
    step
}

/// The picture of a reply is the one that was sent, grown by half its width and a quarter of its height on each side.
#[track_caller]
fn is_a_picture(reply: &Value) {
    assert_eq!(reply["code"], 10000, "{reply}");
    let text = reply["data"]["binary_data_base64"][0].as_str().unwrap();
    let picture = image::load_from_memory(&STANDARD.decode(text).unwrap()).unwrap().into_rgb8();
    assert_eq!(picture.dimensions(), (160, 90));
    assert_eq!(picture.get_pixel(80, 45), &Rgb([90, 120, 200]));
}
