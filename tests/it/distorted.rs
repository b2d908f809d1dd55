//! Whole operations with an emulator that distorts its results as a model does, and marks them.

use image::RgbImage;
use volcv::{
    AigcMeta, Encoding, ExpandBlocking as _, ExpandOptions, Expanded, Logo, LogoPosition, Margins, Outpaint,
    PlanOptions, PngEffort, Wish,
};
use volcv_emulator::Emulator;

use crate::c::root;
use crate::support::{builder, png};

/// A part of the photo of the examples: the registration needs something to see.
fn photo() -> RgbImage {
    let photo = image::open(root().join("examples/assets/valley.jpg")).unwrap().into_rgb8();
    image::imageops::crop_imm(&photo, 40, 20, 400, 280).to_image()
}

fn expand(distortion: &str, options: &ExpandOptions) -> Expanded {
    let emulator = Emulator::builder().distort(distortion.parse().unwrap()).start().unwrap();
    let client = builder(&emulator).ureq().unwrap();
    let wish = Wish::pixels(Margins { left: 100, right: 100, bottom: 140, ..Margins::ZERO });
    let expanded = client.expand(png(&photo()), &wish, options).unwrap();
    assert!(expanded.is_exact(), "{distortion}: {:?}", expanded.report());
    expanded
}

/// Both ways to ask for the same picture.
fn modes() -> [ExpandOptions; 2] {
    [ExpandOptions::new(), ExpandOptions::new().plan(PlanOptions::new().canvas(true))].map(|options| options.seed(11))
}

#[test]
fn a_moved_result_is_moved_back_to_the_pixel() {
    for options in modes() {
        for (distortion, offset) in [("shift=3/-2", (3, -2)), ("cast,shift=-5/4", (-5, 4)), ("cast", (0, 0))] {
            let report = *expand(distortion, &options).report().unwrap();
            assert_eq!((report.recognised, report.offset), (true, offset), "{distortion}: {report:?}");
        }
    }
}

#[test]
fn a_result_of_another_size_is_scaled_to_the_target() {
    for options in modes() {
        for (distortion, scale) in [("scale=0.5", 0.5), ("cast,scale=0.98", 0.98), ("scale=1.5", 1.5)] {
            let expanded = expand(distortion, &options);
            assert_eq!((expanded.image.size().width, expanded.image.size().height), (600, 420));
            let report = expanded.report().unwrap();
            assert!(report.recognised && (report.scale - scale).abs() < 0.01, "{distortion}: {report:?}");
        }
    }
}

#[test]
fn a_cast_leaves_no_seam_and_the_colours_of_the_new_area_come_closer_to_those_of_a_result_without_a_cast() {
    for options in modes() {
        let plain = expand("shift=0/0", &options);
        let cast = expand("cast=20", &options);
        let uncorrected = expand("cast=20", &options.clone().fit(volcv::FitOptions::new().correct(false)));
        let distance = |to: &Expanded| {
            let pairs = plain.image.data().iter().zip(to.image.data());
            pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>()
        };
        assert!(distance(&cast) * 2 < distance(&uncorrected), "{} {}", distance(&cast), distance(&uncorrected));
        let report = cast.report().unwrap();
        assert!(report.seam_before > 2.0 && report.seam_after < 0.5 * report.seam_before, "{report:?}");
    }
}

#[test]
fn marks_of_the_service_survive_the_paste() {
    let logo = Logo::new().position(LogoPosition::BottomRight).opacity(1.0);
    let meta = AigcMeta { content_producer: Some("studio".to_owned()), ..AigcMeta::default() };
    let settings = Outpaint::equal(Vec::new(), 0.5).logo(logo).aigc_meta(meta).seed(11);
    let expanded = expand("cast", &ExpandOptions::new().settings(settings));
    // The dark plate of the emulator's logo, a block away from the corner.
    let pixel = &expanded.image.row(420 - 6)[(600 - 6) * expanded.image.channels()..][..3];
    assert!(pixel.iter().all(|value| *value < 60), "{pixel:?}");
    let file = expanded.encode(Encoding::Png(PngEffort::Fast)).unwrap();
    let text = b"AIGC\0{\"content_producer\":\"studio\"}";
    assert!(file.bytes.windows(text.len()).any(|bytes| bytes == text), "the provenance is lost");
}
