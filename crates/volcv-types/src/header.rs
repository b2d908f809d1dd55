//! Reads the few bytes that say what format a picture has and how large it is. It never decodes a pixel.
//!
//! Written by hand because this crate has no dependency but serde and thiserror, and because a mask of the wrong
//! size must be found before anything is paid for.

use crate::expansion::Size;
use crate::picture::{PictureFormat, PictureInfo};

/// Format by magic bytes, size by the format's header. A damaged header gives the format without a size.
pub(crate) fn read(bytes: &[u8]) -> Option<PictureInfo> {
    let (format, size) = match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => (PictureFormat::Png, png(bytes)),
        [0xff, 0xd8, 0xff, ..] => (PictureFormat::Jpeg, jpeg(bytes)),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => (PictureFormat::WebP, webp(bytes)),
        [b'B', b'M', ..] if bytes.len() >= 26 => (PictureFormat::Bmp, bmp(bytes)),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => (PictureFormat::Gif, gif(bytes)),
        [b'I', b'I', 0x2a, 0, ..] | [b'M', b'M', 0, 0x2a, ..] => (PictureFormat::Tiff, None),
        // The first byte of the box's length: no file type box has 16 MiB, and so none begins like a bitmap.
        [0, _, _, _, b'f', b't', b'y', b'p', brand @ ..] if still_brand(brand) => (PictureFormat::Heif, None),
        _ => return None,
    };
    Some(PictureInfo::new(format, size.filter(|s| s.width > 0 && s.height > 0)))
}

/// Whether a picture of this format has its end. Formats without a known end are taken to be whole.
pub(crate) fn is_whole(bytes: &[u8], info: PictureInfo) -> bool {
    match info.format {
        PictureFormat::Png => info.size.is_some() && png_ends(bytes).is_some(),
        PictureFormat::Jpeg => info.size.is_some() && jpeg_ends(bytes).is_some(),
        PictureFormat::Gif => bytes.last() == Some(&0x3b),
        PictureFormat::WebP => le32(bytes, 4).is_some_and(|length| bytes.len() as u64 >= u64::from(length) + 8),
        _ => true,
    }
}

/// Walks the chunks to IEND (PNG specification, 5.3). What follows it does not matter.
fn png_ends(bytes: &[u8]) -> Option<()> {
    let mut at = 8;
    loop {
        let length = usize::try_from(be32(bytes, at)?).ok()?;
        let kind = bytes.get(at + 4..at + 8)?;
        // Length, kind and checksum surround the data.
        at = at.checked_add(length)?.checked_add(12)?;
        bytes.get(..at)?;
        if kind == b"IEND" {
            return Some(());
        }
    }
}

/// The end marker behind the start of the main picture's scan. In a scan every 0xff of the data is followed by a zero, so
/// it can be found without decoding; an embedded thumbnail lies before the scan.
fn jpeg_ends(bytes: &[u8]) -> Option<()> {
    let mut at = 2;
    while *bytes.get(at)? == 0xff && *bytes.get(at + 1)? != 0xda {
        at += match bytes[at + 1] {
            0xff => 1,
            0x01 | 0xd0..=0xd8 => 2,
            _ => 2 + usize::try_from(be16(bytes, at + 2)?).ok()?.max(2),
        };
    }
    bytes.get(at..)?.windows(2).rev().any(|pair| pair == [0xff, 0xd9]).then_some(())
}

/// The first chunk is always IHDR, with width and height as its first fields (PNG specification, 11.2.2).
fn png(bytes: &[u8]) -> Option<Size> {
    (bytes.get(12..16)? == b"IHDR").then_some(())?;
    Some(Size { width: be32(bytes, 16)?, height: be32(bytes, 20)? })
}

/// Walks the segments to the first frame header, SOF0 to SOF15 (ITU-T T.81, annex B).
fn jpeg(bytes: &[u8]) -> Option<Size> {
    let mut at = 2;
    loop {
        if *bytes.get(at)? != 0xff {
            return None;
        }
        match *bytes.get(at + 1)? {
            // Fill bytes, and markers without a length.
            0xff => at += 1,
            0x01 | 0xd0..=0xd8 => at += 2,
            // All frame headers but DHT, JPG and DAC, which have numbers in the same row.
            0xc0..=0xcf if !matches!(bytes[at + 1], 0xc4 | 0xc8 | 0xcc) => {
                return Some(Size { width: be16(bytes, at + 7)?, height: be16(bytes, at + 5)? });
            }
            0xd9 | 0xda => return None,
            _ => at += 2 + usize::try_from(be16(bytes, at + 2)?).ok()?.max(2),
        }
    }
}

/// Lossy, lossless and extended files keep their size in three ways (RFC 9649, section 2).
fn webp(bytes: &[u8]) -> Option<Size> {
    match bytes.get(12..16)? {
        b"VP8 " => Some(Size { width: le16(bytes, 26)? & 0x3fff, height: le16(bytes, 28)? & 0x3fff }),
        b"VP8L" => {
            let bits = le32(bytes, 21)?;
            Some(Size { width: (bits & 0x3fff) + 1, height: (bits >> 14 & 0x3fff) + 1 })
        }
        b"VP8X" => Some(Size { width: (le32(bytes, 24)? & 0xff_ffff) + 1, height: (le32(bytes, 26)? >> 8) + 1 }),
        _ => None,
    }
}

/// A negative height means rows from the top; the size is its absolute value.
fn bmp(bytes: &[u8]) -> Option<Size> {
    Some(Size { width: le32(bytes, 18)?, height: (le32(bytes, 22)? as i32).unsigned_abs() })
}

fn gif(bytes: &[u8]) -> Option<Size> {
    Some(Size { width: le16(bytes, 6)?, height: le16(bytes, 8)? })
}

fn still_brand(brand: &[u8]) -> bool {
    const BRANDS: [&[u8]; 6] = [b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"];
    BRANDS.iter().any(|known| brand.starts_with(known))
}

fn be16(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u16::from_be_bytes(array(bytes, at)?).into())
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(array(bytes, at)?))
}

fn le16(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u16::from_le_bytes(array(bytes, at)?).into())
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(array(bytes, at)?))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VALLEY: &[u8] = include_bytes!("../../../examples/assets/valley.jpg");

    fn size(width: u32, height: u32) -> Option<Size> {
        Some(Size { width, height })
    }

    #[test]
    fn a_real_jpeg_gives_its_size() {
        assert_eq!(read(VALLEY), Some(PictureInfo::new(PictureFormat::Jpeg, size(960, 640))));
    }

    #[test]
    fn a_cut_picture_is_not_whole() {
        let info = read(VALLEY).unwrap();
        assert!(is_whole(VALLEY, info));
        for end in [700, 5000, VALLEY.len() / 2, VALLEY.len() - 2] {
            assert!(!is_whole(&VALLEY[..end], info), "{end}");
        }
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x05\0\0\0\x02\xd0\x08\x02\0\0\0CRC.\0\0\0\0IENDCRC.";
        let info = read(png).unwrap();
        assert!(is_whole(png, info) && is_whole(&[png, &b"more"[..]].concat(), info));
        assert!((8..png.len()).all(|end| !is_whole(&png[..end], info)));
        assert!(!is_whole(b"RIFF\xff\0\0\0WEBPVP8 ", PictureInfo::new(PictureFormat::WebP, None)));
        assert!(is_whole(b"II\x2a\0", PictureInfo::new(PictureFormat::Tiff, None)));
    }

    #[test]
    fn each_format_gives_its_size() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x05\0\0\0\x02\xd0".as_slice();
        let gif = b"GIF89a\x40\x01\xf0\0".as_slice();
        let mut bmp = *b"BM........................";
        bmp[18..26].copy_from_slice(&[64, 0, 0, 0, 0xf0, 0xff, 0xff, 0xff]);
        let lossy = b"RIFF....WEBPVP8 ....\x30\x01\0\x9d\x01\x2a\x40\x01\xf0\x00".as_slice();
        // 14 bits of width - 1 = 399, 14 bits of height - 1 = 299.
        let lossless = b"RIFF....WEBPVP8L....\x2f\x8f\xc1\x4a\x00".as_slice();
        let extended = b"RIFF....WEBPVP8X....\0\0\0\0\x7f\x07\0\x37\x04\0".as_slice();
        for (bytes, format, expected) in [
            (png, PictureFormat::Png, size(1280, 720)),
            (gif, PictureFormat::Gif, size(320, 240)),
            (&bmp, PictureFormat::Bmp, size(64, 16)),
            (lossy, PictureFormat::WebP, size(320, 240)),
            (lossless, PictureFormat::WebP, size(400, 300)),
            (extended, PictureFormat::WebP, size(1920, 1080)),
            (b"II\x2a\0".as_slice(), PictureFormat::Tiff, None),
            (b"\0\0\0\x1cftypavif".as_slice(), PictureFormat::Heif, None),
            // A cut header keeps the format and loses the size.
            (&png[..20], PictureFormat::Png, None),
        ] {
            assert_eq!(read(bytes), Some(PictureInfo::new(format, expected)), "{format:?}");
        }
    }

    #[test]
    fn what_is_no_picture_has_no_format() {
        for bytes in [b"".as_slice(), b"BM", b"<html>", b"{}", b"GIF88a", b"RIFF....WAVE", b"\0\0\0\x1cftypmp42"] {
            assert_eq!(read(bytes), None);
        }
    }

    proptest! {
        #[test]
        fn cut_and_damaged_headers_never_panic(cut in 0_usize..700, at in 0_usize..700, byte: u8) {
            let mut bytes = VALLEY[..700].to_vec();
            bytes[at] = byte;
            if let Some(info) = read(&bytes[..cut]) {
                is_whole(&bytes[..cut], info);
            }
        }

        #[test]
        fn any_bytes_after_any_magic_never_panic(which in 0_usize..6, tail: Vec<u8>) {
            let magic: [&[u8]; 6] =
                [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF....WEBPVP8X", b"RIFF....WEBPVP8L", b"BM", b"GIF89a"];
            let bytes = [magic[which], &tail].concat();
            if let Some(info) = read(&bytes) {
                is_whole(&bytes, info);
            }
        }
    }
}
