//! The original in an outpainted file, by Pillow's word: the emulator distorts its result as a model does, and a whole
//! operation pastes the original back.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use volcv::{
    ClientBuilder, Encoding, ExpandBlocking as _, ExpandOptions, FitReport, Margins, PlanOptions, PngEffort, Rect,
    Size, Wish,
};
use volcv_emulator::{DEFAULT_KEY, Emulator};

use super::judge::{EXACT, Pixels, close, pillow};
use crate::c::{fresh_folder, root};
use crate::support::png;

/// A part of the photo of the examples, 400x280.
fn original() -> Vec<u8> {
    let photo = image::open(root().join("examples/assets/valley.jpg")).unwrap().into_rgb8();
    png(&image::imageops::crop_imm(&photo, 40, 20, 400, 280).to_image())
}

/// The part of a picture.
fn part(picture: &Pixels, at: Rect) -> Pixels {
    let row = |y: u32| {
        let start = (y * picture.size.width + at.x) as usize * 4;
        &picture.rgba[start..start + at.width as usize * 4]
    };
    let rgba = (at.y..at.y + at.height).flat_map(row).copied().collect();
    Pixels { size: Size { width: at.width, height: at.height }, rgba }
}

/// Grows the photo by a quarter to the left and to the right and a half downwards, and compares the rectangle of the original
/// by Pillow.
fn grown(distortion: &str, seed: i64, options: ExpandOptions) -> FitReport {
    let emulator = Emulator::builder().distort(distortion.parse().unwrap()).start().unwrap();
    let client = ClientBuilder::new(emulator.base_url(), DEFAULT_KEY).ureq().unwrap();
    let bytes = original();
    let wish = Wish::pixels(Margins { left: 100, right: 100, bottom: 140, ..Margins::ZERO });
    let expanded = client.expand(bytes.clone(), &wish, &options.seed(seed)).unwrap();
    let file = expanded.encode(Encoding::Png(PngEffort::Fast)).unwrap();

    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let purpose = format!("pasted-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let folder = fresh_folder(&format!("judged-{purpose}"));
    let files = ["original.png", "finished.png"].map(|name| folder.join(name));
    fs::write(&files[0], &bytes).unwrap();
    fs::write(&files[1], &file.bytes).unwrap();
    let read = pillow(&purpose, "", &files);
    let [original, finished] = [0, 1].map(|index| read[index].as_ref().unwrap());
    assert_eq!(finished.size, Size { width: 600, height: 420 });
    let at = Rect { x: 100, y: 0, width: 400, height: 280 };
    close(&part(finished, at), original, EXACT).unwrap_or_else(|error| panic!("{distortion}: {error}"));
    assert!(expanded.is_exact());
    *expanded.report().unwrap()
}

#[test]
fn the_original_is_in_the_file_byte_for_byte_whatever_the_model_did_and_in_every_mode() {
    let canvas = || PlanOptions::new().canvas(true);
    let modes = [
        ExpandOptions::new(),
        ExpandOptions::new().plan(canvas()),
        ExpandOptions::new().plan(canvas().overlap(8)),
        ExpandOptions::new().plan(canvas().overlap(8).soft(8)),
    ];
    for options in modes {
        for distortion in ["cast", "cast=40", "shift=3/-2", "cast,shift=-5/4", "scale=0.5", "cast,shift=2/1,scale=0.98"]
        {
            let report = grown(distortion, 11, options.clone());
            assert!(report.exact && report.recognised, "{distortion}, {options:?}: {report:?}");
        }
    }
}

#[test]
fn the_seam_of_a_cast_is_less_than_half_of_what_a_paste_would_show() {
    for (distortion, least) in [("cast", 1.0), ("cast=20", 3.0), ("cast=40", 9.0)] {
        let reports = [1, 2, 3, 4, 5].map(|seed| grown(distortion, seed, ExpandOptions::new()));
        let mean = |of: fn(&FitReport) -> f64| reports.iter().map(of).sum::<f64>() / 5.0;
        let (before, after) = (mean(|report| report.seam_before), mean(|report| report.seam_after));
        assert!(before > least && after < 0.5 * before, "{distortion}: {before:.2}, then {after:.2}");
    }
}
