//! PNG from pixels.

use std::borrow::Cow;
use std::io::Write;

use png::{BitDepth, ColorType, DeflateCompression, Encoder, Filter};

use super::NAME;
use volcv_types::memory::Working;

use crate::ImageError;
use crate::convert::{Channels, RowReader};
use crate::encode::{Output, PngEffort};
use crate::pixels::Pixels;

/// The data of one IDAT chunk.
const CHUNK: usize = 256 << 10;
/// The state of the compressor, and the rows that the codec filters, at most.
const STATE: usize = 640 << 10;
const ROWS: usize = 8;

/// A PNG of grey, RGB or RGBA with 8 bits, with `chunks` in front of the pixels.
pub(crate) fn encode(
    pixels: &Pixels<'_>,
    channels: Channels,
    reader: RowReader,
    effort: PngEffort,
    chunks: &[([u8; 4], Cow<'_, [u8]>)],
) -> Result<Vec<u8>, ImageError> {
    let working = Working::new(STATE + CHUNK + ROWS * pixels.size().width as usize * 4)?;
    let mut output = Output::default();
    let written = working.run(|| write(&mut output, pixels, channels, &reader, effort, chunks));
    output.finish(written)
}

fn write(
    output: &mut Output,
    pixels: &Pixels<'_>,
    channels: Channels,
    reader: &RowReader,
    effort: PngEffort,
    chunks: &[([u8; 4], Cow<'_, [u8]>)],
) -> Result<(), ImageError> {
    let size = pixels.size();
    let mut encoder = Encoder::new(output, size.width, size.height);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_color(match channels {
        Channels::Gray => ColorType::Grayscale,
        Channels::GrayAlpha => ColorType::GrayscaleAlpha,
        Channels::Rgb => ColorType::Rgb,
        Channels::Rgba => ColorType::Rgba,
    });
    encoder.set_filter(Filter::Adaptive);
    encoder.set_deflate_compression(match effort {
        PngEffort::Fast => DeflateCompression::FdeflateUltraFast,
        PngEffort::Small => DeflateCompression::Level(4),
    });
    let mut writer = encoder.write_header().map_err(failed)?;
    for (kind, data) in chunks {
        writer.write_chunk(png::chunk::ChunkType(*kind), data).map_err(failed)?;
    }
    let mut stream = writer.stream_writer_with_size(CHUNK).map_err(failed)?;
    let mut row = vec![0; size.width as usize * channels.count()];
    for y in 0..size.height {
        reader.read(pixels.row(y), channels, &mut row);
        stream.write_all(&row).map_err(failed)?;
    }
    stream.finish().map_err(failed)?;
    writer.finish().map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> ImageError {
    ImageError::not_written(NAME, error)
}
