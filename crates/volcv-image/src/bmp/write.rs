//! BMP from pixels: 24 bits, or 32 bits with masks where there is alpha.

use volcv_types::{InvalidInput, Size, memory};

use crate::ImageError;
use crate::convert::{Channels, RowReader};
use crate::pixels::Pixels;

const FILE_HEADER: u32 = 14;
const INFO: u32 = 40;
/// BITMAPV4HEADER, the shortest header with a mask for alpha that says sRGB.
const V4: u32 = 108;

/// An uncompressed BMP, the bottom row first; `channels` is RGB or RGBA.
pub(crate) fn encode(pixels: &Pixels<'_>, channels: Channels, reader: RowReader) -> Result<Vec<u8>, ImageError> {
    let size = pixels.size();
    let row_bytes = size.width as usize * channels.count();
    let stride = row_bytes.next_multiple_of(4);
    let header = if channels.has_alpha() { V4 } else { INFO };
    let length =
        stride.checked_mul(size.height as usize).and_then(|rows| rows.checked_add((FILE_HEADER + header) as usize));
    let too_long = || InvalidInput::new("size", size, "at most 2 GiB as a BMP");
    let length = length.and_then(|length| i32::try_from(length).ok()).ok_or_else(too_long)? as u32;
    let mut bytes = memory::copy(&[], length as usize)?;
    write_header(&mut bytes, size, header, length);
    let mut row = memory::zeros(stride)?;
    for y in (0..size.height).rev() {
        reader.read(pixels.row(y), channels, &mut row[..row_bytes]);
        for pixel in row[..row_bytes].chunks_exact_mut(channels.count()) {
            pixel.swap(0, 2);
        }
        bytes.extend_from_slice(&row);
    }
    Ok(bytes)
}

fn write_header(bytes: &mut Vec<u8>, size: Size, header: u32, length: u32) {
    const PIXELS_PER_METRE: u32 = 2835;
    let (bits, compression) = if header == V4 { (32, 3) } else { (24, 0) };
    bytes.extend(b"BM");
    let start = FILE_HEADER + header;
    let numbers = [length, 0, start, header, size.width, size.height];
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    // One plane, then the bits of a pixel.
    bytes.extend([1, 0, bits, 0]);
    let numbers = [compression, length - start, PIXELS_PER_METRE, PIXELS_PER_METRE, 0, 0];
    bytes.extend(numbers.iter().flat_map(|number: &u32| number.to_le_bytes()));
    if header == V4 {
        let masks = [0x00ff_0000, 0xff00, 0xff, 0xff00_0000, u32::from_be_bytes(*b"sRGB")];
        bytes.extend(masks.iter().flat_map(|mask: &u32| mask.to_le_bytes()));
        // Primaries and gammas, which sRGB does not need.
        bytes.resize(start as usize, 0);
    }
}
