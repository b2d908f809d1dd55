//! The facts in the header of a picture.

use crate::expansion::Size;

/// What the header of a picture says about it. Facts that the header does not say have the value named at each field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PictureInfo {
    /// The format by its magic bytes; file names and content types do not count.
    pub format: PictureFormat,
    /// Width and height as stored, before the picture is turned upright; `None` if the header does not say them.
    pub size: Option<Size>,
    /// How the stored picture has to be turned: 1 (not at all) to 8, as EXIF numbers it. It comes from the EXIF block
    /// of PNG, JPEG and WebP, from the tag of TIFF and from the transforms of HEIF; XMP is not read.
    pub orientation: u8,
    /// Whether the pixels have an alpha channel or a transparent colour. Every pixel can still be opaque.
    pub alpha: bool,
    /// Bits per channel, or per channel of the palette's colours; 0 if unknown.
    pub bits: u8,
    /// Whether the colours are cyan, magenta, yellow and black.
    pub cmyk: bool,
    /// Whether there are several frames. Pages of a TIFF do not count.
    pub animated: bool,
}

impl PictureInfo {
    /// The size as people see the picture: orientations 5 to 8 swap width and height.
    pub fn upright_size(&self) -> Option<Size> {
        self.size.map(|Size { width, height }| match self.orientation {
            5..=8 => Size { width: height, height: width },
            _ => Size { width, height },
        })
    }

    pub(crate) fn new(format: PictureFormat) -> Self {
        Self { format, size: None, orientation: 1, alpha: false, bits: 0, cmyk: false, animated: false }
    }
}

/// Formats told apart by their magic bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum PictureFormat {
    Png,
    Jpeg,
    WebP,
    Bmp,
    Gif,
    Tiff,
    /// AVIF or HEIC: an ISO media file with a still picture.
    Heif,
}

impl PictureFormat {
    /// The usual file ending, which is also the name of the format in small letters.
    pub fn extension(self) -> &'static str {
        match self {
            PictureFormat::Png => "png",
            PictureFormat::Jpeg => "jpeg",
            PictureFormat::WebP => "webp",
            PictureFormat::Bmp => "bmp",
            PictureFormat::Gif => "gif",
            PictureFormat::Tiff => "tiff",
            PictureFormat::Heif => "heif",
        }
    }
}
