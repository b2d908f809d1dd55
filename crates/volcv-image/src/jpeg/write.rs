//! JPEG from pixels, row by row from memory of any layout.

use std::borrow::Cow;

use jpeg_encoder::{Encoder, ImageBuffer, JpegColorType, SamplingFactor, rgb_to_ycbcr};
use volcv_types::memory::{self, NoMemory, Working};
use volcv_types::{InvalidInput, Size};

use super::NAME;
use crate::ImageError;
use crate::convert::{Channels, RowReader};
use crate::encode::{Chroma, Output};
use crate::pixels::Pixels;

/// A baseline JPEG of grey or YCbCr, with `segments` (marker and content) behind its first one.
pub(crate) fn encode(
    pixels: &Pixels<'_>,
    channels: Channels,
    reader: RowReader,
    quality: u8,
    chroma: Chroma,
    segments: &[(u8, Cow<'_, [u8]>)],
) -> Result<Vec<u8>, ImageError> {
    let Size { width, height } = pixels.size();
    let (Ok(width), Ok(height)) = (u16::try_from(width), u16::try_from(height)) else {
        return Err(
            InvalidInput::new("size", pixels.size(), "at most 65535 pixels on each side, as JPEG can say").into()
        );
    };
    // Rows of two blocks of up to four components.
    let working = Working::new((usize::from(width) + 32) * 16 * 4)?;
    let mut output = Output::default();
    let mut encoder = Encoder::new(&mut output, quality);
    encoder.set_sampling_factor(match chroma {
        Chroma::Full => SamplingFactor::R_4_4_4,
        Chroma::Half => SamplingFactor::R_4_2_0,
    });
    let source = Source { pixels, channels, reader, width, height };
    let written = working.run(|| encoder.encode_image(source)).map_err(|error| ImageError::not_written(NAME, error));
    let mut bytes = output.finish(written)?;
    if !segments.is_empty() {
        insert(&mut bytes, segments)?;
    }
    Ok(bytes)
}

/// Inserts segments behind the JFIF header, which the encoder always writes. It takes segments APP1 to APP15 itself, but
/// no comments.
fn insert(bytes: &mut Vec<u8>, segments: &[(u8, Cow<'_, [u8]>)]) -> Result<(), NoMemory> {
    /// The start marker, and APP0 with its length of 16.
    const JFIF_END: usize = 2 + 2 + 16;
    let length = segments.iter().map(|(_, content)| content.len() + 4).sum();
    let mut inserted = memory::copy(&[], length)?;
    bytes.try_reserve(length).map_err(|_| NoMemory(bytes.len() + length))?;
    for (marker, content) in segments {
        // The length counts itself; no content is longer than 65533.
        let length = content.len() as u16 + 2;
        inserted.extend([0xff, *marker]);
        inserted.extend(length.to_be_bytes());
        inserted.extend_from_slice(content);
    }
    bytes.splice(JFIF_END..JFIF_END, inserted);
    Ok(())
}

struct Source<'a> {
    pixels: &'a Pixels<'a>,
    channels: Channels,
    reader: RowReader,
    width: u16,
    height: u16,
}

impl ImageBuffer for Source<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        if self.channels == Channels::Gray { JpegColorType::Luma } else { JpegColorType::Ycbcr }
    }

    fn width(&self) -> u16 {
        self.width
    }

    fn height(&self) -> u16 {
        self.height
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        /// Pixels that are converted at once, in memory on the stack.
        const BLOCK: usize = 256;
        let row = self.pixels.row(y.into());
        let bytes = self.pixels.layout().format().bytes();
        let mut block = [0; BLOCK * 3];
        for source in row.chunks(BLOCK * bytes) {
            let block = &mut block[..source.len() / bytes * self.channels.count()];
            self.reader.read(source, self.channels, block);
            if self.channels == Channels::Gray {
                buffers[0].extend_from_slice(block);
                continue;
            }
            for pixel in block.chunks_exact(3) {
                let (y, cb, cr) = rgb_to_ycbcr(pixel[0], pixel[1], pixel[2]);
                buffers[0].push(y);
                buffers[1].push(cb);
                buffers[2].push(cr);
            }
        }
    }
}
