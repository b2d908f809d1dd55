//! Files that volcv writes, read by Pillow.

use std::fs;
use std::path::PathBuf;

use volcv::{Chroma, EncodeOptions, Encoding, Layout, PixelFormat, Pixels, PngEffort, encode};

use super::judge::{EXACT, Tolerance, close, make, pillow};
use crate::c::fresh_folder;

#[test]
fn files_of_every_encoding_are_to_pillow_what_was_encoded() {
    let sources = make("to-encode");
    let source = |name: &str| sources.iter().find(|file| file.ends_with(name)).unwrap().clone();
    let sources = [source("color2-8bit.png"), source("color6-8bit.png"), source("color0-8bit.png")];
    let pixels = pillow("to-encode", "", &sources);
    let folder = fresh_folder("judged-written");
    let jpeg = |chroma| Encoding::Jpeg { quality: 100, chroma };
    let encodings = [
        ("fast.png", Encoding::Png(PngEffort::Fast), EXACT),
        ("small.png", Encoding::Png(PngEffort::Small), EXACT),
        ("rows.bmp", Encoding::Bmp, EXACT),
        ("full.jpg", jpeg(Chroma::Full), Tolerance { most: 6, mean: 1.0 }),
        // The colours have edges, which half of the chroma blurs.
        ("half.jpg", jpeg(Chroma::Half), Tolerance { most: 80, mean: 6.0 }),
    ];
    for (name, encoding, tolerance) in encodings {
        let mut written: Vec<PathBuf> = Vec::new();
        let mut expected = Vec::new();
        for (source, pixels) in sources.iter().zip(&pixels) {
            let pixels = pixels.as_ref().unwrap();
            let opaque = pixels.rgba.iter().skip(3).step_by(4).all(|alpha| *alpha == 255);
            if !opaque && name.ends_with(".jpg") {
                continue;
            }
            let layout = Layout::new(pixels.size, PixelFormat::Rgba8);
            let file = encode(&Pixels::new(&pixels.rgba, layout).unwrap(), &EncodeOptions::new(encoding)).unwrap();
            let path = folder.join(format!("{}-{name}", source.file_stem().unwrap().to_str().unwrap()));
            fs::write(&path, file.bytes).unwrap();
            written.push(path);
            expected.push(pixels);
        }
        assert!(written.len() >= 2);
        for ((read, expected), file) in pillow(name, "", &written).iter().zip(expected).zip(&written) {
            let verdict = read.as_ref().map_err(Clone::clone).and_then(|read| close(expected, read, tolerance));
            verdict.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        }
    }
}
