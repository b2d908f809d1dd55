//! Chooses an encoding whose base64 text fits a limit.

use volcv_types::{InvalidInput, Picture, Size};

use super::options::{Chroma, EncodeOptions, Encoding, PngEffort};
use super::{Encoded, encode_as};
use crate::convert::is_opaque;
use crate::pixels::Pixels;
use crate::{Image, ImageError, resize};

/// Larger opaque pictures do not become a PNG, which would be six times as large as a JPEG.
const MAX_PNG_PIXELS: u64 = 1 << 20;

const JPEGS: [Encoding; 3] = [
    Encoding::Jpeg { quality: 95, chroma: Chroma::Full },
    Encoding::Jpeg { quality: 92, chroma: Chroma::Half },
    SMALLEST,
];
const SMALLEST: Encoding = Encoding::Jpeg { quality: 85, chroma: Chroma::Half };
/// The longest side that JPEG can say.
const MAX_JPEG_SIDE: u32 = 65_535;

pub(super) fn encode(pixels: &Pixels<'_>, options: &EncodeOptions, max_base64: usize) -> Result<Encoded, ImageError> {
    let size = pixels.size();
    let fits = |encoded: &Encoded| Picture::base64_length(encoded.bytes.len()) <= max_base64;
    if u64::from(size.width) * u64::from(size.height) <= MAX_PNG_PIXELS || !is_opaque(pixels) {
        let encoded = encode_as(pixels, Encoding::Png(PngEffort::Fast), options)?;
        if fits(&encoded) {
            return Ok(encoded);
        }
    }
    let mut smallest = None;
    if size.width.max(size.height) <= MAX_JPEG_SIDE {
        for encoding in JPEGS {
            let encoded = encode_as(pixels, encoding, options)?;
            if fits(&encoded) {
                return Ok(encoded);
            }
            smallest = Some(encoded.bytes.len());
        }
    }
    scaled(pixels, options, max_base64, smallest)
}

/// Scales down until the file fits. The first guess is that the bytes follow the number of pixels.
fn scaled(
    pixels: &Pixels<'_>,
    options: &EncodeOptions,
    max_base64: usize,
    length: Option<usize>,
) -> Result<Encoded, ImageError> {
    let most = max_base64 / 4 * 3;
    let size = pixels.size();
    let longest = f64::from(size.width.max(size.height));
    let mut scale = length.map_or(1.0, |length| (most as f64 / length as f64).sqrt().min(0.95));
    scale = scale.min(f64::from(MAX_JPEG_SIDE) / longest);
    let whole = Image::try_from_pixels(pixels)?.into_flattened(options.background);
    loop {
        let side = |pixels: u32| ((f64::from(pixels) * scale) as u32).max(1);
        let smaller = resize(&whole, Size { width: side(size.width), height: side(size.height) })?;
        let encoded = encode_as(&smaller.pixels(), SMALLEST, options)?;
        if Picture::base64_length(encoded.bytes.len()) <= max_base64 {
            return Ok(encoded);
        }
        if longest * scale < 2.0 {
            let allowed = format!("at least {}, for the smallest picture", Picture::base64_length(encoded.bytes.len()));
            return Err(InvalidInput::new("max_base64", max_base64, allowed).into());
        }
        scale *= (most as f64 / encoded.bytes.len() as f64).sqrt().clamp(0.25, 0.95);
    }
}
