//! What a whole operation starts from: a file, pixels, or a link to a file.

use std::fmt;

use volcv_image::{Image, Pixels};

use crate::Bytes;

/// The picture that is going to grow.
///
/// ```
/// use volcv::{Layout, PixelFormat, Pixels, Size, Source};
///
/// let texture = [0_u8; 4 * 64 * 64];
/// let layout = Layout::new(Size { width: 64, height: 64 }, PixelFormat::Bgra8);
/// let pixels = Source::from(Pixels::new(&texture, layout)?);
/// let file = Source::from(vec![0x89, b'P', b'N', b'G']);
/// # Ok::<(), volcv::InvalidInput>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum Source {
    /// A file: PNG, JPEG or BMP. It is turned upright as its EXIF orientation says.
    File(Bytes),
    /// Pixels that are decoded already.
    Image(Image),
    /// A link to a file, `https` only. It is downloaded without the key, by the rules of
    /// [`Client::download`](crate::Client::download).
    Link(String),
}

impl Source {
    /// A link to a file.
    pub fn link(url: impl Into<String>) -> Self {
        Source::Link(url.into())
    }
}

impl From<Bytes> for Source {
    fn from(file: Bytes) -> Self {
        Source::File(file)
    }
}

impl From<Vec<u8>> for Source {
    fn from(file: Vec<u8>) -> Self {
        Source::File(file.into())
    }
}

impl From<&'static [u8]> for Source {
    fn from(file: &'static [u8]) -> Self {
        Source::File(Bytes::from_static(file))
    }
}

impl From<Image> for Source {
    fn from(image: Image) -> Self {
        Source::Image(image)
    }
}

/// Copies the pixels, because the original is pasted back when the caller's memory may be gone.
impl From<Pixels<'_>> for Source {
    fn from(pixels: Pixels<'_>) -> Self {
        Source::Image(Image::from_pixels(&pixels))
    }
}

/// Prints sizes, never bytes.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File(file) => write!(f, "File({} bytes)", file.len()),
            Source::Image(image) => fmt::Debug::fmt(image, f),
            Source::Link(link) => f.debug_tuple("Link").field(link).finish(),
        }
    }
}
