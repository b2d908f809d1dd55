//! Any bytes have a format and a size or none, and their start never has a different one.
//!
//! Input: the start of a picture.
#![no_main]

use libfuzzer_sys::fuzz_target;
use volcv_types::{Picture, PictureInfo};

fuzz_target!(|bytes: &[u8]| {
    let info = PictureInfo::read(bytes);
    assert_eq!(Picture::from(bytes.to_vec()).info(), info);
    if let Some(info) = info {
        // The result can be true or false. The offsets of a cut file lead beyond its end and must not cause a panic.
        info.is_whole(bytes);
    }
    if let Some(size) = info.and_then(|info| info.size) {
        assert!(size.width > 0 && size.height > 0);
    }
    let mut shorter: Option<PictureInfo> = None;
    for end in 0..=bytes.len() {
        let read = PictureInfo::read(&bytes[..end]);
        if let Some(shorter) = shorter {
            // A cut picture gives the same facts or none.
            let read = read.expect("more bytes lost the format");
            assert_eq!(shorter.format, read.format);
            assert!(shorter.size.is_none() || shorter.size == read.size);
        }
        shorter = read;
    }
    assert_eq!(shorter, info);
});
