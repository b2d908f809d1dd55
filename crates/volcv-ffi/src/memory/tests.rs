//! Whether the memory that is asked for in advance is enough for the work.

use std::path::Path;
use std::sync::Mutex;

use volcv::{
    Chroma, DecodeOptions, EncodeOptions, Encoding, Fill, FitOptions, Image, Mask, PngEffort, Rect, Size, decode,
    encode, fit, pad, resize,
};

use super::*;

/// What one test has too little of would count in the other.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs work for which a part of the memory was asked for in advance, and says how often that was not enough.
fn misses<T>(work: impl FnOnce() -> T) -> (T, usize) {
    keep_what_is_asked_for();
    let before = MISSES.load(SeqCst);
    let result = work();
    (result, MISSES.load(SeqCst) - before)
}

/// Pixels that no codec makes small.
fn noise(size: Size, has_alpha: bool) -> Image {
    let mut state = 88_172_645_463_325_252_u64;
    let bytes = size.width as usize * size.height as usize * if has_alpha { 4 } else { 3 };
    let byte = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        96 + state as u8 % 64
    };
    Image::new(size, has_alpha, (0..bytes).map(byte).collect()).expect("the bytes were counted")
}

const SIZES: [(u32, u32); 5] = [(1200, 900), (16384, 40), (40, 16384), (300, 300), (4000, 17)];

#[test]
fn codecs_need_no_more_than_was_asked_for() {
    let _alone = ALONE.lock();
    let jpeg = |chroma| Encoding::Jpeg { quality: 95, chroma };
    let encodings =
        [Encoding::Png(PngEffort::Fast), Encoding::Png(PngEffort::Small), jpeg(Chroma::Full), jpeg(Chroma::Half)];
    for (width, height) in SIZES {
        for has_alpha in [false, true] {
            let image = noise(Size { width, height }, has_alpha);
            for encoding in encodings {
                let (file, missed) = misses(|| encode(&image.pixels(), &EncodeOptions::new(encoding)).unwrap());
                assert_eq!(missed, 0, "{width}x{height}, {encoding:?}, encoding");
                let (_, missed) = misses(|| decode(&file.bytes, &DecodeOptions::new()).unwrap());
                assert_eq!(missed, 0, "{width}x{height}, {encoding:?}, decoding");
            }
        }
    }
}

#[test]
fn work_on_pixels_needs_no_more_than_was_asked_for() {
    let _alone = ALONE.lock();
    for (width, height) in SIZES {
        let image = noise(Size { width, height }, false);
        let grown = Size { width: width + 16, height: height + 8 };
        let at = Rect { x: 9, y: 3, width, height };
        let (padded, missed) = misses(|| pad(&image, grown, at, Fill::Edge).unwrap());
        assert_eq!(missed, 0, "{width}x{height}, padding");
        assert_eq!(misses(|| Mask::new(grown, at, 5).unwrap()).1, 0, "{width}x{height}, mask");
        let (_, missed) = misses(|| fit(padded, &image, at, &FitOptions::new().feather(3)).unwrap());
        assert_eq!(missed, 0, "{width}x{height}, fit");
        for to in [Size { width: width / 3, height: height / 3 }, Size { width: width + 5, height: height * 2 }] {
            assert_eq!(misses(|| resize(&image, to).unwrap()).1, 0, "{width}x{height}, {to}");
        }
    }
}

/// Progressive, interlaced, with profiles and what else there is.
#[test]
fn codecs_need_no_more_for_any_test_picture() {
    let _alone = ALONE.lock();
    let Some(folder) = std::env::var_os("VOLCV_TEST_PICTURES") else { return };
    let mut folders = vec![Path::new(&folder).to_owned()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let file = std::fs::read(&path).unwrap();
                let (_, missed) = misses(|| decode(&file, &DecodeOptions::new()).is_ok());
                assert_eq!(missed, 0, "{}", path.display());
            }
        }
    }
}
