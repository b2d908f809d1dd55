//! Reads what the header of a picture says: format, size, orientation and kind of pixels. It never decodes a pixel.
//!
//! Written by hand because this crate has no dependency but serde and thiserror, and because a mask of the wrong
//! size must be found before anything is paid for. Each format has a file of its own with two functions: `read` fills
//! in what the header says, `is_whole` follows the file to its end. Both go over the bytes once at most.

mod bmp;
mod exif;
mod gif;
mod heif;
mod jpeg;
mod png;
mod tiff;
mod webp;

use crate::picture::{PictureFormat, PictureInfo};

/// Format by magic bytes, all else by the format's header. What a damaged header does not say stays unknown.
pub(crate) fn read(bytes: &[u8]) -> Option<PictureInfo> {
    let mut info = PictureInfo::new(format(bytes)?);
    // `None` says that the header ends early or is damaged; what was read until then counts.
    let _ = match info.format {
        PictureFormat::Png => png::read(bytes, &mut info),
        PictureFormat::Jpeg => jpeg::read(bytes, &mut info),
        PictureFormat::WebP => webp::read(bytes, &mut info),
        PictureFormat::Bmp => bmp::read(bytes, &mut info),
        PictureFormat::Gif => gif::read(bytes, &mut info),
        PictureFormat::Tiff => tiff::read(bytes, &mut info),
        PictureFormat::Heif => heif::read(bytes, &mut info),
    };
    info.size = info.size.filter(|size| size.width > 0 && size.height > 0);
    Some(info)
}

/// Whether a picture of this format goes on to its end.
pub(crate) fn is_whole(bytes: &[u8], info: PictureInfo) -> bool {
    match info.format {
        PictureFormat::Png => info.size.is_some() && png::is_whole(bytes),
        PictureFormat::Jpeg => info.size.is_some() && jpeg::is_whole(bytes),
        PictureFormat::WebP => webp::is_whole(bytes),
        PictureFormat::Bmp => bmp::is_whole(bytes),
        PictureFormat::Gif => gif::is_whole(bytes),
        PictureFormat::Tiff => info.size.is_some() && tiff::is_whole(bytes),
        PictureFormat::Heif => heif::is_whole(bytes),
    }
}

fn format(bytes: &[u8]) -> Option<PictureFormat> {
    Some(match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => PictureFormat::Png,
        [0xff, 0xd8, 0xff, ..] => PictureFormat::Jpeg,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => PictureFormat::WebP,
        [b'B', b'M', ..] if bytes.len() >= bmp::SHORTEST => PictureFormat::Bmp,
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => PictureFormat::Gif,
        // 42 is the number of TIFF, 43 that of BigTIFF.
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => PictureFormat::Tiff,
        // The first byte of the box's length: no file type box has 16 MiB, and so none begins like a bitmap.
        [0, _, _, _, b'f', b't', b'y', b'p', ..] if heif::is_picture(bytes) => PictureFormat::Heif,
        _ => return None,
    })
}

/// The order of the bytes of a number.
#[derive(Clone, Copy)]
enum Endian {
    Big,
    Little,
}

/// The unsigned number in `length` bytes (at most 8) from `at` on.
fn number(bytes: &[u8], at: usize, length: usize, endian: Endian) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(length)?)?.iter();
    let shift_in = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    Some(match endian {
        Endian::Big => bytes.fold(0, shift_in),
        Endian::Little => bytes.rev().fold(0, shift_in),
    })
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

/// A length or an offset of a file. Where it does not fit into memory, it lies outside of every file.
fn index(number: impl TryInto<usize>) -> usize {
    number.try_into().unwrap_or(usize::MAX)
}
