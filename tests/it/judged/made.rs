//! Pictures of every kind that volcv reads, made at run time.

use std::path::PathBuf;

use super::judge::{EXACT, JPEG, Tolerance, agree, libspng, make, pillow};

fn made(purpose: &str, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut files = make(purpose);
    files.retain(|file| wanted(file.file_name().unwrap().to_str().unwrap()));
    files
}

#[test]
fn pngs_of_every_depth_colour_and_interlacing_decode_as_with_libspng_and_pillow() {
    let files = made("png", |name| name.ends_with(".png") && !name.starts_with("turned"));
    assert!(files.len() >= 36, "{}", files.len());
    agree(&files, &libspng("made", &files), EXACT, &[]);
    agree(&files, &pillow("png", "", &files), EXACT, &[]);
}

#[test]
fn every_orientation_is_turned_as_pillow_turns_it() {
    let files = made("turned", |name| name.starts_with("turned") && name.ends_with(".png"));
    assert_eq!(files.len(), 20);
    agree(&files, &pillow("turned-png", "", &files), EXACT, &[]);
    let files = made("turned-jpeg", |name| name.starts_with("turned") && name.ends_with(".jpg"));
    assert_eq!(files.len(), 10);
    agree(&files, &pillow("turned-jpeg", "", &files), JPEG, &[]);
}

#[test]
fn jpegs_of_every_sampling_progressive_grey_and_cmyk_decode_as_with_pillow() {
    let files = made("jpeg", |name| name.ends_with(".jpg") && !name.starts_with("turned"));
    assert!(files.len() >= 15, "{}", files.len());
    // A picture of a few pixels has no average to speak of.
    let (tiny, files): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.to_str().unwrap().contains("tiny"));
    agree(&files, &pillow("jpeg", "", &files), JPEG, &[]);
    agree(&tiny, &pillow("jpeg-tiny", "", &tiny), Tolerance { mean: 1.0, ..JPEG }, &[]);
}

#[test]
fn bitmaps_of_every_depth_and_direction_decode_as_with_pillow() {
    let files = made("bmp", |name| name.ends_with(".bmp"));
    assert!(files.len() >= 13, "{}", files.len());
    // Of 5 or 6 bits Pillow makes 8 by rounding down, and volcv by rounding to the nearest.
    let deep = |file: &PathBuf| !file.ends_with("555.bmp") && !file.ends_with("565.bmp");
    let (files, short): (Vec<_>, Vec<_>) = files.into_iter().partition(deep);
    agree(&files, &pillow("bmp-made", "", &files), EXACT, &[]);
    agree(&short, &pillow("bmp-short", "", &short), Tolerance { most: 1, mean: 0.6 }, &[]);
}
