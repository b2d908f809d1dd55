//! WebP: RFC 9649, section 2; the headers of its two codecs are from RFC 6386, section 9.1, and RFC 9649, section 3.4.

use super::exif;
use super::info::PictureInfo;
use super::number::{index, le16, le32};
use crate::expansion::Size;

const FIRST_CHUNK: usize = 12;

/// Lossy, lossless and extended files say their size in three ways.
pub(super) fn read(bytes: &[u8], info: &mut PictureInfo) -> Option<()> {
    info.bits = 8;
    match bytes.get(FIRST_CHUNK..FIRST_CHUNK + 4)? {
        b"VP8 " => {
            (bytes.get(23..26)? == [0x9d, 0x01, 0x2a]).then_some(())?;
            // The two bits above say how to scale the picture up, which no decoder does.
            info.size = Some(Size { width: le16(bytes, 26)? & 0x3fff, height: le16(bytes, 28)? & 0x3fff });
        }
        b"VP8L" => {
            (*bytes.get(20)? == 0x2f).then_some(())?;
            let fields = le32(bytes, 21)?;
            info.size = Some(Size { width: (fields & 0x3fff) + 1, height: (fields >> 14 & 0x3fff) + 1 });
            info.alpha = fields >> 28 & 1 == 1;
        }
        b"VP8X" => {
            let flags = *bytes.get(20)?;
            (info.alpha, info.animated) = (flags & 0x10 != 0, flags & 0x02 != 0);
            let size = Size { width: (le32(bytes, 24)? & 0xff_ffff) + 1, height: (le32(bytes, 26)? >> 8) + 1 };
            info.size = Some(size);
            info.orientation = orientation(bytes).unwrap_or(1);
        }
        _ => {}
    }
    Some(())
}

/// Whether the file has the length that it announces.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    le32(bytes, 4).is_some_and(|length| bytes.len() as u64 >= u64::from(length) + 8)
}

/// The orientation in the EXIF chunk, which comes behind the pixels (2.7.1.5).
fn orientation(bytes: &[u8]) -> Option<u8> {
    let mut at = FIRST_CHUNK;
    loop {
        let length = index(le32(bytes, at + 4)?);
        let data = bytes.get(at + 8..)?.get(..length)?;
        if bytes[at..].starts_with(b"EXIF") {
            // Some writers put the prefix of JPEG in front.
            return Some(exif::orientation(data.strip_prefix(b"Exif\0\0").unwrap_or(data)));
        }
        // Data of odd length is padded.
        at += 8 + length + length % 2;
    }
}
