//! Small files that real encoders have written.

use std::fs;
use std::path::Path;

/// The name of each file, the facts of its header, and the number of padding bytes at its end.
const FILES: [(&str, &str, usize); 23] = [
    ("alpha-turned6.png", "png 5x3 turned 6, upright 3x5 8 bits alpha", 0),
    ("alpha.avif", "heif 16x12 8 bits alpha", 0),
    ("animated-turned5.webp", "webp 5x3 turned 5, upright 3x5 8 bits animated", 0),
    ("animated.gif", "gif 5x3 8 bits animated", 0),
    ("animated.png", "png 5x3 8 bits animated", 0),
    ("cmyk-lzw.tiff", "tiff 5x3 8 bits cmyk", 0),
    ("cmyk.jpg", "jpeg 5x3 8 bits cmyk", 0),
    ("cropped.heic", "heif 64x48 8 bits", 0),
    ("grey.jpg", "jpeg 5x3 8 bits", 0),
    ("grey16.png", "png 5x3 16 bits", 0),
    ("lossless-alpha.webp", "webp 5x3 8 bits alpha", 0),
    ("lossy.webp", "webp 5x3 8 bits", 0),
    ("pages.tiff", "tiff 5x3 8 bits", 4),
    ("palette-transparent.png", "png 5x3 8 bits alpha", 0),
    ("palette.bmp", "bmp 5x3 8 bits", 3),
    ("progressive-turned8.jpg", "jpeg 5x3 turned 8, upright 3x5 8 bits", 0),
    ("rgb.bmp", "bmp 5x3 8 bits", 1),
    ("rgb16-bigtiff.tiff", "tiff 5x3 16 bits", 0),
    ("sequence.avif", "heif 16x12 8 bits animated", 0),
    ("tiles-alpha-big-endian.tiff", "tiff 18x20 8 bits alpha", 0),
    ("transparent.gif", "gif 5x3 8 bits alpha", 0),
    ("turned6.avif", "heif 16x12 turned 6, upright 12x16 8 bits", 0),
    ("turned7.tiff", "tiff 5x3 turned 7, upright 3x5 8 bits", 0),
];

pub(crate) fn all() -> Vec<(&'static str, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pictures");
    FILES.iter().map(|(name, ..)| (*name, fs::read(folder.join(name)).unwrap())).collect()
}

#[test]
fn the_header_and_the_end_of_a_real_file_are_found() {
    for ((name, bytes), (_, expected, padding)) in all().into_iter().zip(FILES) {
        assert_eq!(crate::facts(&bytes), expected, "{name}");
        crate::assert_ends_at(&bytes, bytes.len() - padding);
    }
}
