//! Bytes from anywhere have a format and a size, or none, and less of them never has another one.
//!
//! Input: the start of a picture.
#![no_main]

use libfuzzer_sys::fuzz_target;
use volcv_types::{Picture, PictureInfo};

fuzz_target!(|bytes: &[u8]| {
    let info = PictureInfo::read(bytes);
    assert_eq!(Picture::from(bytes.to_vec()).info(), info);
    if let Some(info) = info {
        // True or false, but never a panic: a cut file leads its walk beyond the end.
        info.is_whole(bytes);
    }
    if let Some(size) = info.and_then(|info| info.size) {
        assert!(size.width > 0 && size.height > 0);
    }
    let mut shorter: Option<PictureInfo> = None;
    for end in 0..=bytes.len() {
        let read = PictureInfo::read(&bytes[..end]);
        if let Some(shorter) = shorter {
            // What was known of the start stays true: a cut picture is the same picture or an unknown one.
            let read = read.expect("more bytes lost the format");
            assert_eq!(shorter.format, read.format);
            assert!(shorter.size.is_none() || shorter.size == read.size);
        }
        shorter = read;
    }
    assert_eq!(shorter, info);
});
