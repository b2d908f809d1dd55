//! A picture of a request: encoded bytes or a link, never pixels.

use std::fmt;

use bytes::Bytes;

use crate::error::InvalidInput;
use crate::header::PictureInfo;

/// A picture to send: its encoded bytes, or a public link.
///
/// A clone shares the bytes. Memory of another owner becomes [`Bytes`] without a copy by [`Bytes::from_owner`].
#[derive(Clone)]
pub enum Picture {
    /// An encoded picture (PNG, JPEG, …), sent as base64.
    Bytes(Bytes),
    /// A link that the service fetches by itself.
    Url(String),
}

impl Picture {
    /// The longest base64 text of a picture that similar abilities take; that of outpainting is not documented.
    pub const ADVISED_BASE64: usize = 4_700_000;

    /// The length of the base64 text of this many bytes.
    pub const fn base64_length(bytes: usize) -> usize {
        bytes.div_ceil(3).saturating_mul(4)
    }

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
            Picture::Bytes(bytes) => PictureInfo::read(bytes),
            Picture::Url(_) => None,
        }
    }

    /// Refuses bytes in no known format and texts that are no link, so that no call is paid for them.
    pub(crate) fn check(&self, field: &str) -> Result<(), InvalidInput> {
        match self {
            Picture::Bytes(bytes) if PictureInfo::read(bytes).is_none() => {
                let value = match bytes.len() {
                    0 => "empty".to_owned(),
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

impl From<Vec<u8>> for Picture {
    fn from(bytes: Vec<u8>) -> Self {
        Picture::Bytes(bytes.into())
    }
}

impl From<Bytes> for Picture {
    fn from(bytes: Bytes) -> Self {
        Picture::Bytes(bytes)
    }
}

impl From<&'static [u8]> for Picture {
    fn from(bytes: &'static [u8]) -> Self {
        Picture::Bytes(Bytes::from_static(bytes))
    }
}

/// Prints the number of bytes, never the bytes.
impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Picture::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Picture::Url(url) => f.debug_tuple("Url").field(url).finish(),
        }
    }
}
