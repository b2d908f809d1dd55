//! Fitting a result to its original, against a simulated service that knows the truth.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod simulation;

use std::cmp::Ordering;

use proptest::prelude::*;
use volcv_image::{FitOptions, Image, Rect, Size, fit};

use self::simulation::{Random, cut, middle, moved, new_area_error, painted, photo_like, seam};

/// A true picture and the place of its original.
fn scene(width: u32, height: u32, seed: u64) -> (Image, Rect, Image) {
    let truth = photo_like(Size { width, height }, seed);
    let at = middle(truth.size());
    let original = cut(&truth, at);
    (truth, at, original)
}

fn of_one_colour(size: Size, pixel: &[u8]) -> Image {
    let data = pixel.repeat(size.width as usize * size.height as usize);
    Image::new(size, pixel.len() == 4, data).unwrap()
}

/// Pixels of the rectangle `at` of a picture that has alpha or not, with alpha.
fn with_alpha(image: &Image, alpha: impl Fn(usize) -> u8) -> Image {
    let pixels = image.data().chunks_exact(3).enumerate();
    let data = pixels.flat_map(|(i, p)| [p[0], p[1], p[2], alpha(i)]).collect();
    Image::new(image.size(), true, data).unwrap()
}

#[test]
fn the_line_is_gone_and_the_original_is_exact_where_the_service_adds_a_cast() {
    for seed in 1..=3 {
        let (truth, at, original) = scene(480, 360, seed);
        let result = painted(&truth, seed + 10);
        let plain = FitOptions::new().correct(false);
        let (hard, before) = fit(result.clone(), &original, at, &plain).unwrap();
        let (fitted, report) = fit(result, &original, at, &FitOptions::new()).unwrap();
        let (hard_seam, fitted_seam) = (seam(&hard, &truth, at), seam(&fitted, &truth, at));
        assert!(hard_seam > 4.0 && fitted_seam <= 2.0, "{hard_seam} {fitted_seam}");
        assert!(new_area_error(&fitted, &truth, at) < new_area_error(&hard, &truth, at) / 2.0);
        assert!(report.exact && report.recognised && report.offset == (0, 0), "{report:?}");
        assert!(report.seam_before > 2.0 && report.seam_after < report.seam_before / 2.0, "{report:?}");
        assert_eq!((before.seam_before, before.seam_after), (report.seam_before, report.seam_before));
        assert_eq!(cut(&fitted, at), original);
    }
}

#[test]
fn a_perfect_result_stays_as_it_is() {
    let (truth, at, original) = scene(200, 150, 4);
    let (fitted, report) = fit(truth.clone(), &original, at, &FitOptions::new()).unwrap();
    assert!(fitted == truth, "{report:?}");
    assert_eq!((report.gain, report.bias, report.scale), ([1.0; 3], [0.0; 3], 1.0));
    assert!(report.ncc > 0.999, "{report:?}");
}

#[test]
fn every_offset_up_to_8_pixels_is_found_and_moved_back_exactly() {
    let (truth, at, original) = scene(240, 180, 5);
    let result = painted(&truth, 5);
    let (expected, _) = fit(result.clone(), &original, at, &FitOptions::new()).unwrap();
    let kept = Rect { x: 8, y: 8, width: 224, height: 164 };
    for dy in -8..=8 {
        for dx in -8..=8 {
            let (fitted, report) = fit(moved(&result, dx, dy), &original, at, &FitOptions::new()).unwrap();
            assert_eq!(report.offset, (dx, dy), "{report:?}");
            assert!(report.exact && report.recognised, "{report:?}");
            // Only pixels that had left the result differ.
            assert!(cut(&fitted, kept) == cut(&expected, kept), "{dx} {dy}");
        }
    }
    let (_, report) = fit(moved(&result, 5, -3), &original, at, &FitOptions::new().register(false)).unwrap();
    assert_eq!(report.offset, (0, 0));
}

/// A shape without details, over 0..1 in both directions.
type Shape = fn(f64, f64) -> f64;

#[test]
fn a_cast_over_a_picture_without_details_is_not_taken_for_an_offset() {
    let shapes: [Shape; 4] = [
        |_, y| 60.0 + 100.0 * y,
        |x, y| 120.0 + 60.0 * (3.0 * x).sin() * (2.5 * y).cos(),
        |x, y| 120.0 + 20.0 * (7.0 * x).sin() + 15.0 * (6.0 * y + 2.0 * x).cos(),
        |_, y| 200.0 - 80.0 * y * y,
    ];
    for (shape, seed) in shapes.into_iter().flat_map(|shape| (1..=5).map(move |seed| (shape, seed))) {
        let positions = (0..180).flat_map(|y| (0..240).map(move |x| (f64::from(x) / 240.0, f64::from(y) / 180.0)));
        let data = positions.flat_map(|(x, y)| [shape(x, y) as u8; 3]).collect();
        let truth = Image::new(Size { width: 240, height: 180 }, false, data).unwrap();
        let at = middle(truth.size());
        let (fitted, report) = fit(painted(&truth, seed), &cut(&truth, at), at, &FitOptions::new()).unwrap();
        assert!(report.recognised && report.offset == (0, 0), "{report:?}");
        assert!(seam(&fitted, &truth, at) <= 2.0);
    }
}

#[test]
fn a_different_picture_is_not_recognised_and_gets_the_original_all_the_same() {
    let (_, at, original) = scene(240, 180, 6);
    let other = photo_like(Size { width: 240, height: 180 }, 77);
    let (fitted, report) = fit(other.clone(), &original, at, &FitOptions::new()).unwrap();
    assert!(!report.recognised && report.exact && report.offset == (0, 0), "{report:?}");
    let (pasted, _) = fit(other, &original, at, &FitOptions::new().correct(false).register(false)).unwrap();
    assert!(fitted == pasted, "the new area was corrected");
}

#[test]
fn an_original_of_one_colour_is_recognised_in_a_noisy_cast_and_corrected() {
    let size = Size { width: 120, height: 90 };
    let truth = of_one_colour(size, &[90, 140, 200]);
    let at = middle(size);
    let result = painted(&truth, 8);
    let (fitted, report) = fit(moved(&result, 3, 3), &cut(&truth, at), at, &FitOptions::new()).unwrap();
    assert!(report.recognised && report.exact && report.offset == (0, 0), "{report:?}");
    assert!(report.ncc.is_finite() && report.gain == [1.0; 3], "{report:?}");
    assert!(new_area_error(&fitted, &truth, at) < new_area_error(&result, &truth, at) / 2.0);

    let (_, report) = fit(truth.clone(), &cut(&truth, at), at, &FitOptions::new()).unwrap();
    assert!(report.recognised && report.ncc == 0.0 && report.seam_after == 0.0, "{report:?}");
    let (_, report) = fit(of_one_colour(size, &[0, 0, 0]), &cut(&truth, at), at, &FitOptions::new()).unwrap();
    assert!(!report.recognised && report.exact, "{report:?}");
}

#[test]
fn a_feather_fades_the_result_in_over_that_many_pixels_and_no_further() {
    let size = Size { width: 60, height: 50 };
    let at = Rect { x: 20, y: 0, width: 30, height: 50 };
    let original = of_one_colour(at.size(), &[200, 200, 200]);
    let options = FitOptions::new().feather(6).correct(false);
    let (fitted, report) = fit(of_one_colour(size, &[100, 100, 100]), &original, at, &options).unwrap();
    assert!(!report.exact);
    let row: Vec<u8> = fitted.row(0).chunks_exact(3).map(|pixel| pixel[0]).collect();
    assert_eq!(row[19..27], [100, 102, 116, 138, 162, 184, 198, 200]);
    assert_eq!(row[43..51], [200, 198, 184, 162, 138, 116, 102, 100]);
    assert_eq!(fitted.row(49), fitted.row(0), "top and bottom do not grow");
}

#[test]
fn a_feather_over_a_corrected_result_has_no_step_at_the_edge() {
    let size = Size { width: 100, height: 80 };
    let at = middle(size);
    let original = of_one_colour(at.size(), &[120, 120, 120]);
    let options = FitOptions::new().feather(8);
    let (fitted, report) = fit(of_one_colour(size, &[100, 110, 130]), &original, at, &options).unwrap();
    assert!(report.recognised, "{report:?}");
    assert!(fitted == of_one_colour(size, &[120, 120, 120]));
}

#[test]
fn a_protected_part_stays_as_the_service_made_it() {
    let (truth, at, original) = scene(120, 90, 9);
    let result = painted(&truth, 9);
    let inside = Rect { x: at.x + at.width - 20, y: at.y + at.height - 10, width: 30, height: 15 };
    let outside = Rect { x: 0, y: 0, width: at.x, height: at.y };
    let (fitted, report) = fit(result.clone(), &original, at, &FitOptions::new().protect(inside)).unwrap();
    assert!(cut(&fitted, inside) == cut(&result, inside) && !report.exact);
    let rest = Rect { height: at.height - 10, ..at };
    assert!(cut(&fitted, rest) == cut(&truth, rest));
    let (fitted, report) = fit(result.clone(), &original, at, &FitOptions::new().protect(outside)).unwrap();
    assert!(cut(&fitted, outside) == cut(&result, outside) && report.exact);
}

#[test]
fn a_result_of_another_size_is_scaled_to_the_target() {
    let (truth, at, original) = scene(240, 180, 10);
    let half = volcv_image::resize(&painted(&truth, 10), Size { width: 120, height: 90 }).unwrap();
    let (fitted, report) = fit(half, &original, at, &FitOptions::new().target(truth.size())).unwrap();
    assert_eq!(fitted.size(), truth.size());
    assert!(report.exact && report.recognised && report.offset == (0, 0) && report.scale == 0.5, "{report:?}");
    assert!(seam(&fitted, &truth, at) < 4.0);
}

#[test]
fn alpha_of_the_original_is_kept_and_hidden_colours_do_not_count() {
    let (truth, at, original) = scene(120, 90, 11);
    let result = painted(&truth, 11);
    let alpha = |i: usize| if i % 80 < 30 { 0 } else { 255 };
    let clear = with_alpha(&original, alpha);
    let hidden =
        clear.data().chunks_exact(4).flat_map(|p| if p[3] == 0 { [255, 0, 255, 0] } else { [p[0], p[1], p[2], 255] });
    let hidden = Image::new(clear.size(), true, hidden.collect()).unwrap();
    let (fitted, report) = fit(result.clone(), &clear, at, &FitOptions::new()).unwrap();
    let (other, other_report) = fit(result.clone(), &hidden, at, &FitOptions::new()).unwrap();
    assert!(report.exact && report.recognised && report == other_report, "{report:?} {other_report:?}");
    assert!(cut(&fitted, at) == clear && cut(&other, at) == hidden);
    assert!(fitted.row(0).chunks_exact(4).all(|pixel| pixel[3] == 255) && fitted.row(0) == other.row(0));

    let glass = with_alpha(&result, |_| 200);
    let (fitted, report) = fit(glass, &original, at, &FitOptions::new()).unwrap();
    assert!(report.exact && cut(&fitted, at) == with_alpha(&original, |_| 255));
    assert!(fitted.row(0).chunks_exact(4).all(|pixel| pixel[3] == 200));
}

#[test]
fn the_better_result_is_the_recognised_one_then_the_one_with_the_smaller_seam() {
    let (truth, at, original) = scene(120, 90, 12);
    let options = FitOptions::new();
    let report = |result: Image| fit(result, &original, at, &options).unwrap().1;
    let good = report(truth.clone());
    let mut worse = good;
    worse.seam_after += 1.0;
    let other = report(photo_like(truth.size(), 99));
    let mut clipped = good;
    clipped.clipped += 0.1;
    let mut order = [other, worse, clipped, good];
    order.sort_by(volcv_image::FitReport::compare);
    assert_eq!(order, [good, clipped, worse, other]);
    assert_eq!(good.compare(&good), Ordering::Equal);
}

#[test]
fn a_place_outside_the_picture_or_of_another_size_is_refused_by_name() {
    let size = Size { width: 20, height: 20 };
    let original = of_one_colour(Size { width: 10, height: 10 }, &[1, 2, 3]);
    let fails = |at: Rect, options: &FitOptions| {
        fit(of_one_colour(size, &[0; 3]), &original, at, options).unwrap_err().to_string()
    };
    let at = Rect { x: 11, y: 0, width: 10, height: 10 };
    assert!(fails(at, &FitOptions::new()).contains("at is 10x10 at 11,0"), "{}", fails(at, &FitOptions::new()));
    let at = Rect { x: 0, y: 0, width: 9, height: 10 };
    assert!(fails(at, &FitOptions::new()).contains("the size of the original"));
    let at = Rect { x: 0, y: 0, width: 10, height: 10 };
    let protect = Rect { x: u32::MAX, y: 0, width: 2, height: 2 };
    assert!(fails(at, &FitOptions::new().protect(protect)).contains("protect"));
    assert!(fails(at, &FitOptions::new().target(Size { width: 0, height: 20 })).contains("at"));
}

/// Noise of one of several kinds, so that all branches of the judgement are reached.
fn noise(size: Size, has_alpha: bool, kind: u32, seed: u64) -> Image {
    let mut random = Random::new(seed);
    let channels = if has_alpha { 4 } else { 3 };
    let length = size.width as usize * size.height as usize * channels;
    let value = |i: usize, random: &mut Random| match kind {
        0 => random.below(256),
        1 => 100 + random.below(4),
        2 => 255 * random.below(2),
        _ => (i / channels) as u32 * 5 % 256,
    };
    let data = (0..length).map(|i| value(i, &mut random) as u8).collect();
    Image::new(size, has_alpha, data).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_original_is_exact_at_any_place_of_any_result(
        original in (1_u32..50, 1_u32..50, 0_u32..4, any::<bool>()),
        growth in prop_oneof![Just([0; 4]), [0_u32..3, 0_u32..3, 0_u32..40, 0_u32..40]],
        result in (0_u32..4, any::<bool>(), 0_u32..3, any::<bool>()),
        seed: u64,
    ) {
        let (width, height, kind, has_alpha) = original;
        let [left, top, right, bottom] = growth;
        let at = Rect { x: left, y: top, width, height };
        let original = noise(at.size(), has_alpha, kind, seed);
        let size = Size { width: width + left + right, height: height + top + bottom };
        let (kind, has_alpha, larger, keep) = result;
        let came = Size { width: size.width + larger, height: size.height + larger / 2 };
        let came = noise(came, has_alpha, kind, seed / 2);
        let options = FitOptions::new().target(size).register(keep).correct(seed % 5 != 0);
        let (fitted, report) = fit(came, &original, at, &options).unwrap();
        prop_assert!(report.exact, "{report:?}");
        prop_assert_eq!(fitted.size(), size);
        prop_assert_eq!(fitted.has_alpha(), has_alpha || original.has_alpha());
        prop_assert!(report.ncc.is_finite() && report.seam_before.is_finite() && report.seam_after.is_finite());
        prop_assert!(report.seam_after >= 0.0 && (0.0..=1.0).contains(&report.clipped));
        prop_assert!(report.gain.iter().all(|gain| (0.8..=1.25).contains(gain)) && report.bias.iter().all(|b| b.is_finite()));
        let color = |image: &Image, x: u32, y: u32| image.row(y)[x as usize * image.channels()..][..3].to_vec();
        for y in 0..height {
            for x in 0..width {
                prop_assert_eq!(color(&fitted, left + x, top + y), color(&original, x, y));
            }
        }
        let (_, report) = fit(fitted, &original, at, &options.feather(4).protect(at)).unwrap();
        prop_assert!(report.exact, "nothing is pasted over what is already there: {report:?}");
    }
}
