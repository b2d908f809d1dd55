//! Files of pixels, and pixels of files.

use volcv::{
    Bytes, Chroma, DecodeOptions, EncodeOptions, Encoding, ImageError, InvalidInput, Pixels, PngEffort, Provenance,
};

use super::CError;
use crate::abi::*;
use crate::memory;

/// The quality of a JPEG for which none is given.
const QUALITY: u8 = 95;

/// How a file is to be written.
pub(crate) fn encoding_of(format: u32, quality: u32) -> Result<Encoding, CError> {
    let quality_of_jpeg = match (format, quality) {
        (_, 0) => QUALITY,
        (VOLCV_FORMAT_JPEG, 1..=100) => quality as u8,
        (VOLCV_FORMAT_JPEG, _) => return Err(CError::argument("quality", quality, "1 to 100, or 0 for 95")),
        _ => return Err(CError::argument("quality", quality, "0, but for VOLCV_FORMAT_JPEG")),
    };
    match format {
        VOLCV_FORMAT_PNG => Ok(Encoding::Png(PngEffort::Fast)),
        VOLCV_FORMAT_JPEG => Ok(Encoding::Jpeg { quality: quality_of_jpeg, chroma: Chroma::Full }),
        VOLCV_FORMAT_BMP => Ok(Encoding::Bmp),
        other => Err(CError::argument("format", other, "VOLCV_FORMAT_PNG, VOLCV_FORMAT_JPEG or VOLCV_FORMAT_BMP")),
    }
}

/// The file of these pixels.
pub(crate) fn encoded(pixels: &Pixels<'_>, encoding: Encoding, marks: Provenance) -> Result<Bytes, CError> {
    memory::keep_what_is_asked_for();
    let options = EncodeOptions::new(encoding).provenance(marks);
    let file = volcv::encode(pixels, &options).map_err(|error| failed("pixels", error))?;
    Ok(file.bytes.into())
}

/// The pixels of a file, whose place in memory is not filled in.
pub(crate) fn decoded(file: &[u8]) -> Result<(volcv_pixels, Bytes), CError> {
    memory::keep_what_is_asked_for();
    let (image, _) = volcv::decode(file, &DecodeOptions::new()).map_err(|error| failed("file", error))?;
    let pixels = volcv_pixels {
        format: if image.has_alpha() { VOLCV_PIXEL_RGBA8 } else { VOLCV_PIXEL_RGB8 },
        width: image.size().width,
        height: image.size().height,
        ..volcv_pixels::empty()
    };
    Ok((pixels, image.into_data().into()))
}

fn failed(field: &str, error: ImageError) -> CError {
    let text = match error {
        ImageError::Invalid(error) | ImageError::TooLarge(error) => return CError::from_error(&error.into()),
        none @ ImageError::OutOfMemory { .. } => return CError::no_memory(none.to_string()),
        error => error.to_string(),
    };
    CError::from_error(&InvalidInput::new(field, text, "a whole PNG, JPEG or BMP").into())
}
