//! Encoding: pixels of any layout into PNG, JPEG or BMP, also into whatever fits an upload.

mod auto;
mod options;
mod output;

pub use options::{Chroma, EncodeOptions, Encoding, PngEffort};
pub(crate) use output::Output;

use volcv_types::{InvalidInput, PictureFormat, Size};

use crate::convert::{Channels, RowReader};
use crate::pixels::{PixelFormat, Pixels};
use crate::{ImageError, bmp, jpeg, metadata, png};

/// A picture file, and how it was made.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Encoded {
    /// The file.
    pub bytes: Vec<u8>,
    /// The format of the file.
    pub format: PictureFormat,
    /// The encoding that was used: for [`Encoding::Auto`] the one that was chosen, otherwise the one that was asked for.
    pub encoding: Encoding,
    /// The size of the picture, smaller than that of the pixels only after [`Encoding::Auto`].
    pub size: Size,
    /// Metadata of [`EncodeOptions::provenance`] that the format cannot carry, by name.
    pub dropped: Vec<String>,
}

/// Prints the facts, never the bytes.
impl std::fmt::Debug for Encoded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Encoded({:?}, {}, {} bytes)", self.encoding, self.size, self.bytes.len())
    }
}

/// Encodes pixels.
///
/// Pixels that are all opaque have no alpha in the file; [`PixelFormat::Gray8`] becomes a grey PNG or JPEG. Beside the
/// file, memory is needed for some rows only.
///
/// # Errors
/// The quality is not in 1..=100, a side is longer than the format can say (65535 for JPEG), or nothing fits
/// [`Encoding::Auto`].
pub fn encode(pixels: &Pixels<'_>, options: &EncodeOptions) -> Result<Encoded, ImageError> {
    encode_as(pixels, options.encoding, options)
}

/// Encodes with another encoding than that of the options.
fn encode_as(pixels: &Pixels<'_>, encoding: Encoding, options: &EncodeOptions) -> Result<Encoded, ImageError> {
    let reader = RowReader::new(pixels, options.background);
    let gray = pixels.layout().format() == PixelFormat::Gray8;
    let with_alpha = || if reader.is_opaque() { Channels::Rgb } else { Channels::Rgba };
    let mut dropped = Vec::new();
    let (bytes, format) = match encoding {
        Encoding::Png(effort) => {
            let channels = if gray { Channels::Gray } else { with_alpha() };
            let chunks = metadata::png_chunks(&options.provenance, &mut dropped);
            (png::encode(pixels, channels, reader, effort, &chunks)?, PictureFormat::Png)
        }
        Encoding::Jpeg { quality, chroma } => {
            if !(1..=100).contains(&quality) {
                return Err(InvalidInput::new("quality", quality, "between 1 and 100").into());
            }
            let channels = if gray { Channels::Gray } else { Channels::Rgb };
            let segments = metadata::jpeg_segments(&options.provenance, &mut dropped);
            (jpeg::encode(pixels, channels, reader, quality, chroma, &segments)?, PictureFormat::Jpeg)
        }
        Encoding::Bmp => {
            metadata::drop_all(&options.provenance, &mut dropped);
            (bmp::encode(pixels, with_alpha(), reader)?, PictureFormat::Bmp)
        }
        Encoding::Auto { max_base64 } => return auto::encode(pixels, options, max_base64),
    };
    Ok(Encoded { bytes, format, encoding, size: pixels.size(), dropped })
}
