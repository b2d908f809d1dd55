//! The original in an outpainted file, by Pillow's word: the emulator distorts its result as a model does, and volcv fits it.

use std::fs;

use volcv::{CallOptions, Outpaint, Output, Picture, Sides};
use volcv_emulator::Emulator;
use volcv_image::{DecodeOptions, EncodeOptions, Encoding, FitOptions, FitReport, PngEffort, decode, encode, fit};
use volcv_types::{Rect, Size};

use super::judge::{EXACT, Pixels, close, pillow};
use crate::c::{fresh_folder, root};
use crate::support::{AnyClient, builder, png};

/// The photo of the examples, cut so that each side is a multiple of four.
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

/// Outpaints by a quarter to the left and to the right and a half downwards, and compares by Pillow.
fn outpainted(distortion: &str, seed: u32) -> FitReport {
    let purpose = format!("pasted-{seed}-{}", distortion.replace(['/', ','], "_"));
    let emulator = Emulator::builder().distort(distortion.parse().unwrap()).start().unwrap();
    let client = AnyClient::new("ureq", builder(&emulator));
    let bytes = original();
    let sides = Sides { left: 0.25, right: 0.25, bottom: 0.5, top: 0.0 };
    let outpaint = Outpaint::sides(Picture::from(bytes.clone()), sides).seed(seed.into());
    let outcome = client.outpaint(&outpaint, &CallOptions::new()).unwrap();
    let [Output::Picture { bytes: result, .. }] = &outcome.outputs[..] else { panic!("{:?}", outcome.outputs) };

    let (result, _) = decode(result, &DecodeOptions::default()).unwrap();
    let (known, _) = decode(&bytes, &DecodeOptions::default()).unwrap();
    let at = Rect { x: 100, y: 0, width: 400, height: 280 };
    let options = FitOptions::new().target(Size { width: 600, height: 420 });
    let (finished, report) = fit(result, &known, at, &options).unwrap();
    let file = encode(&finished.pixels(), &EncodeOptions::new(Encoding::Png(PngEffort::Fast))).unwrap();

    let folder = fresh_folder(&format!("judged-{purpose}"));
    let files = ["original.png", "finished.png"].map(|name| folder.join(name));
    fs::write(&files[0], &bytes).unwrap();
    fs::write(&files[1], &file.bytes).unwrap();
    let read = pillow(&purpose, "", &files);
    let [original, finished] = [0, 1].map(|index| read[index].as_ref().unwrap());
    assert_eq!((finished.size.width, finished.size.height), (600, 420));
    close(&part(finished, at), original, EXACT).unwrap_or_else(|error| panic!("{distortion}: {error}"));
    report
}

#[test]
fn the_original_is_in_the_file_byte_for_byte_whatever_the_model_did() {
    for distortion in ["cast", "cast=40", "shift=3/-2", "cast,shift=-5/4", "scale=0.5", "cast,shift=2/1,scale=0.98"] {
        let report = outpainted(distortion, 11);
        assert!(report.exact && report.recognised, "{distortion}: {report:?}");
    }
}

#[test]
fn a_shift_is_found_to_the_pixel_and_a_scale_to_a_hundredth() {
    assert_eq!(outpainted("cast,shift=-5/4", 12).offset, (-5, 4));
    assert_eq!(outpainted("shift=3/-2", 12).offset, (3, -2));
    assert!((outpainted("cast,scale=0.98", 12).scale - 0.98).abs() < 0.01);
}

#[test]
fn the_seam_of_a_cast_is_less_than_half_of_what_a_paste_would_show() {
    for (distortion, least) in [("cast", 1.0), ("cast=20", 3.0), ("cast=40", 9.0)] {
        let reports = [1, 2, 3, 4, 5].map(|seed| outpainted(distortion, seed));
        let mean = |of: fn(&FitReport) -> f64| reports.iter().map(of).sum::<f64>() / 5.0;
        let (before, after) = (mean(|report| report.seam_before), mean(|report| report.seam_after));
        eprintln!("SEAM {distortion} {before} {after}");
        assert!(before > least && after < 0.5 * before, "{distortion}: {before:.2}, then {after:.2}");
    }
}
