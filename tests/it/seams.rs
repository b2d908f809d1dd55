//! Seams of photographs in a simulated service's results. A part of the second ring: the photographs are not in the project.

use std::path::PathBuf;

use volcv::{FitOptions, Image, Rect, Size, fit, resize};

// The first ring tests the same with pictures that it makes itself.
#[allow(dead_code, reason = "shared with the tests of volcv-image")]
#[path = "../../crates/volcv-image/tests/simulation/mod.rs"]
mod simulation;

use self::simulation::{cut, middle, moved, new_area_error, painted, seam};

/// The photographs by name, or `None` if nobody has said where they are.
fn photos() -> Option<Vec<(String, Image)>> {
    let Some(folder) = std::env::var_os("VOLCV_TEST_PICTURES") else {
        println!("NOT CHECKED: VOLCV_TEST_PICTURES is not set");
        return None;
    };
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(PathBuf::from(folder).join("photos")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 2, "{files:?}");
    let photo = |file: PathBuf| {
        let pixels = image::open(&file).unwrap().into_rgb8();
        let size = Size { width: pixels.width(), height: pixels.height() };
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        (name, Image::new(size, false, pixels.into_raw()).unwrap())
    };
    Some(files.into_iter().map(photo).collect())
}

#[test]
fn the_line_is_gone_from_photographs_and_the_original_is_exact() {
    println!("photo, seed: seam and error of the new area as it came, pasted, fitted");
    for (name, truth) in photos().unwrap_or_default() {
        let at = middle(truth.size());
        let original = cut(&truth, at);
        for seed in 1..=5 {
            let result = painted(&truth, seed);
            let (hard, _) = fit(result.clone(), &original, at, &FitOptions::new().correct(false)).unwrap();
            let (fitted, report) = fit(result.clone(), &original, at, &FitOptions::new()).unwrap();
            let [came, pasted, corrected] = [&result, &hard, &fitted]
                .map(|picture| (seam(picture, &truth, at), new_area_error(picture, &truth, at)));
            println!("{name}, {seed}: {came:.2?}, {pasted:.2?}, {corrected:.2?}; {report:?}");
            assert!(pasted.0 >= 4.0 && corrected.0 <= 2.0 && corrected.1 < pasted.1);
            assert!(report.exact && report.recognised && report.offset == (0, 0));
            assert_eq!(cut(&fitted, at), original);
        }
    }
}

#[test]
fn a_shifted_or_smaller_result_is_moved_back_onto_a_photograph() {
    for (name, truth) in photos().unwrap_or_default() {
        let at = middle(truth.size());
        let original = cut(&truth, at);
        let result = painted(&truth, 1);
        for (dx, dy) in [(1, 0), (0, -1), (-1, 1), (2, 3), (-4, 4), (7, -7), (-8, -8), (8, 5), (-6, 0)] {
            let (_, report) = fit(moved(&result, dx, dy), &original, at, &FitOptions::new()).unwrap();
            assert!(report.exact && report.offset == (dx, dy), "{name} {dx} {dy}: {report:?}");
        }
        let Size { width, height } = truth.size();
        for percent in [50, 75, 130] {
            let size = Size { width: width * percent / 100, height: height * percent / 100 };
            let scaled = resize(&result, size).unwrap();
            let (fitted, report) = fit(scaled, &original, at, &FitOptions::new().target(truth.size())).unwrap();
            let line = seam(&fitted, &truth, at);
            println!("{name} at {percent} %: seam {line:.2}, {report:?}");
            assert!(report.exact && report.recognised && report.offset == (0, 0), "{name} {percent}: {report:?}");
        }
    }
}

#[test]
fn another_photograph_is_not_recognised() {
    let photos = photos().unwrap_or_default();
    for ((_, truth), (_, other)) in photos.iter().zip(photos.iter().skip(1)) {
        let size = Size {
            width: truth.size().width.min(other.size().width),
            height: truth.size().height.min(other.size().height),
        };
        let whole = Rect { x: 0, y: 0, width: size.width, height: size.height };
        let at = middle(size);
        for (truth, other) in [(truth, other), (other, truth)] {
            let (_, report) = fit(cut(other, whole), &cut(truth, at), at, &FitOptions::new()).unwrap();
            assert!(report.exact && !report.recognised, "{report:?}");
        }
    }
}
