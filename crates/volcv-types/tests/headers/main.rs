//! What is read from the headers of pictures, and which files count as whole.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod build;
mod damage;
mod fixtures;
mod formats;
mod whole;

use volcv_types::PictureInfo;

/// The facts of a picture in one line of text: `bmp 192x120 8 bits`.
fn facts(bytes: &[u8]) -> String {
    let Some(info) = PictureInfo::read(bytes) else { return "no picture".to_owned() };
    let mut words = vec![info.format.extension().to_owned()];
    words.push(info.size.map_or("unknown size".to_owned(), |size| size.to_string()));
    match info.orientation {
        1 => {}
        turned => words.push(format!("turned {turned}, upright {}", info.upright_size().unwrap())),
    }
    match info.bits {
        0 => {}
        bits => words.push(format!("{bits} bits")),
    }
    for (is, word) in [(info.alpha, "alpha"), (info.cmyk, "cmyk"), (info.animated, "animated")] {
        if is {
            words.push(word.to_owned());
        }
    }
    words.join(" ")
}

fn is_whole(bytes: &[u8]) -> bool {
    PictureInfo::read(bytes).is_some_and(|info| info.is_whole(bytes))
}

/// Every cut of the file before `end` is seen, `end` is enough, and more bytes behind it do not matter.
#[track_caller]
fn assert_ends_at(bytes: &[u8], end: usize) {
    let whole: Vec<usize> = (0..bytes.len()).filter(|cut| is_whole(&bytes[..*cut])).collect();
    assert_eq!(whole, (end..bytes.len()).collect::<Vec<_>>());
    assert!(is_whole(bytes));
    assert!(is_whole(&[bytes, b"\0\0\0\0\0\0\0\0more bytes\xff\xd9;"].concat()));
}
