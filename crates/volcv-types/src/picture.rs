//! Pictures as they travel: encoded bytes or a link, never pixels.

use std::fmt;

use bytes::Bytes;

use crate::error::InvalidInput;
use crate::expansion::Size;
use crate::header;

/// A picture to send: its encoded bytes, or a public link.
///
/// Cloning is cheap; the bytes are shared. Bytes of another owner come in by [`Bytes::from_owner`]. `Debug` prints the
/// length, never the bytes.
#[derive(Clone)]
pub enum Picture {
    /// An encoded picture (PNG, JPEG, …), sent as base64.
    Bytes(Bytes),
    /// A link that the service fetches by itself.
    Url(String),
}

impl Picture {
    /// A link to a picture that the service can reach.
    pub fn url(url: impl Into<String>) -> Self {
        Picture::Url(url.into())
    }

    /// Bytes that live as long as the program, such as those of `include_bytes!`.
    pub fn from_static(bytes: &'static [u8]) -> Self {
        Picture::Bytes(Bytes::from_static(bytes))
    }

    /// What the header says, such as format and size; nothing for a link.
    pub fn info(&self) -> Option<PictureInfo> {
        match self {
            Picture::Bytes(data) => PictureInfo::read(data.as_ref()),
            Picture::Url(_) => None,
        }
    }

    /// Refuses what cannot be a picture at all, so that no call is paid for it.
    pub(crate) fn check(&self, field: &str) -> Result<(), InvalidInput> {
        match self {
            Picture::Bytes(data) if PictureInfo::read(data.as_ref()).is_none() => {
                let bytes = data.as_ref();
                let value = match bytes {
                    [] => "empty".to_owned(),
                    _ => format!("{} bytes that start with {:02x?}", bytes.len(), &bytes[..bytes.len().min(8)]),
                };
                Err(InvalidInput::new(field, value, "an encoded picture, such as PNG or JPEG"))
            }
            Picture::Url(url) if !(url.starts_with("https://") || url.starts_with("http://")) => {
                // A link can carry a signature, so the text itself stays out of the error.
                let value = format!("a text of {} bytes", url.len());
                Err(InvalidInput::new(field, value, "a link that starts with https:// or http://"))
            }
            _ => Ok(()),
        }
    }
}

impl From<Bytes> for Picture {
    fn from(bytes: Bytes) -> Self {
        Picture::Bytes(bytes)
    }
}

impl From<Vec<u8>> for Picture {
    fn from(bytes: Vec<u8>) -> Self {
        Picture::Bytes(bytes.into())
    }
}

/// Prints the length in place of the bytes.
impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Picture::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Picture::Url(url) => f.debug_tuple("Url").field(url).finish(),
        }
    }
}

/// What the header of a picture says about it. What it does not say has the value that is named here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PictureInfo {
    /// The format by its magic bytes; file names and content types are not believed.
    pub format: PictureFormat,
    /// Width and height as stored, before the picture is turned upright; `None` if the header does not say them.
    pub size: Option<Size>,
    /// How the stored picture has to be turned: 1 (not at all) to 8, as EXIF numbers it. It comes from the EXIF block of
    /// PNG, JPEG and WebP, from the tag of TIFF and from the transforms of HEIF; XMP is not read.
    pub orientation: u8,
    /// Whether the pixels have an alpha channel or a transparent colour. All of them can be opaque nevertheless.
    pub alpha: bool,
    /// Bits per channel; those of the colours where the picture has a palette; 0 if unknown.
    pub bits: u8,
    /// Whether the colours are cyan, magenta, yellow and black.
    pub cmyk: bool,
    /// Whether there are several frames. Pages of a TIFF do not count.
    pub animated: bool,
}

impl PictureInfo {
    /// Reads the header of an encoded picture; `None` if it is none that this crate knows.
    ///
    /// Most headers lie in the first bytes, but an EXIF block can lie behind the pixels.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        header::read(bytes)
    }

    /// The size as people see the picture: orientations 5 to 8 swap width and height.
    pub fn upright_size(&self) -> Option<Size> {
        self.size.map(|Size { width, height }| match self.orientation {
            5..=8 => Size { width: height, height: width },
            _ => Size { width, height },
        })
    }

    /// Whether the bytes go on to the end that their format has, as far as this crate knows the format.
    ///
    /// A PNG has its last chunk, a JPEG its end marker, a GIF its trailer, a WebP the length it announces; the pixels of
    /// a BMP, a TIFF and a HEIF lie inside the file. PNG, JPEG and TIFF have to say their size as well. Bytes behind the
    /// end do not matter, and pixels are not decoded.
    pub fn is_whole(&self, bytes: &[u8]) -> bool {
        header::is_whole(bytes, *self)
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
