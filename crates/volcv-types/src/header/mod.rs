//! Reads the header of a picture: format, size, orientation and kind of pixels. No pixel is decoded.
//!
//! A mask of the wrong size must be found before a call is paid for, and a crate for pixels would be a large dependency
//! for that. Each format has a file with two functions: `read` reads the facts of the header, `is_whole` checks that
//! the file has its end. Both read the bytes once at most.

mod bmp;
mod exif;
mod gif;
mod heif;
mod info;
mod jpeg;
mod number;
mod png;
mod tiff;
mod webp;

pub use info::{PictureFormat, PictureInfo};

impl PictureInfo {
    /// Reads the header of an encoded picture; `None` if it is none that this crate knows.
    ///
    /// Most headers lie in the first bytes, but an EXIF block can lie behind the pixels.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        read(bytes)
    }

    /// Whether the bytes go on to the end that their format has, as far as this crate knows the format.
    ///
    /// A PNG has its last chunk, a JPEG its end marker, a GIF its trailer, a WebP the length it announces; the pixels
    /// of a BMP, a TIFF and a HEIF lie inside the file. PNG, JPEG and TIFF have to say their size as well. Bytes behind
    /// the end do not matter, and pixels are not decoded.
    pub fn is_whole(&self, bytes: &[u8]) -> bool {
        is_whole(bytes, *self)
    }
}

/// The format by its magic bytes, the other facts by the format's header. Facts that a damaged header does not say stay
/// unknown.
fn read(bytes: &[u8]) -> Option<PictureInfo> {
    let mut info = PictureInfo::new(format(bytes)?);
    // `None` means that the header ends early or is damaged; the facts read before that point count.
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

fn is_whole(bytes: &[u8], info: PictureInfo) -> bool {
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
        // The first byte of the box's length is 0, because no file type box has 16 MiB.
        [0, _, _, _, b'f', b't', b'y', b'p', ..] if heif::is_picture(bytes) => PictureFormat::Heif,
        _ => return None,
    })
}
