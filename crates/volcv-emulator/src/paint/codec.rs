//! Picture files: PNG, JPEG and BMP, told apart by their content.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, GrayImage, ImageDecoder as _, ImageFormat, ImageReader, ImageResult, Limits, RgbImage};

use crate::OutputFormat;

/// A side longer than this is refused, so that a hostile header cannot make the emulator allocate without end.
const MAX_SIDE: u32 = 16_384;

/// Why a picture could not be read.
#[derive(Debug)]
pub(crate) struct DecodeError(pub(crate) String);

/// Reads a picture; transparent parts are laid on white.
pub(crate) fn decode_picture(bytes: &[u8]) -> Result<RgbImage, DecodeError> {
    let picture = decode(bytes)?;
    if !picture.color().has_alpha() {
        return Ok(picture.into_rgb8());
    }
    let rgba = picture.into_rgba8();
    let flat = RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [red, green, blue, alpha] = rgba.get_pixel(x, y).0;
        let alpha = u32::from(alpha);
        let over = |value: u8| ((u32::from(value) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        image::Rgb([over(red), over(green), over(blue)])
    });
    Ok(flat)
}

/// Reads a mask as grey values.
pub(crate) fn decode_mask(bytes: &[u8]) -> Result<GrayImage, DecodeError> {
    Ok(decode(bytes)?.into_luma8())
}

/// Writes a picture.
pub(crate) fn encode(picture: &RgbImage, format: OutputFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = match format {
        OutputFormat::Png => picture.write_with_encoder(PngEncoder::new_with_quality(
            &mut bytes,
            CompressionType::Fast,
            FilterType::Adaptive,
        )),
        OutputFormat::Jpeg => picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 92)),
    };
    written.expect("a picture of at least one pixel is always encodable into memory");
    bytes
}

fn decode(bytes: &[u8]) -> Result<DynamicImage, DecodeError> {
    let format = match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::Bmp)) => format,
        _ => return Err(DecodeError("the picture is neither PNG nor JPEG nor BMP".to_owned())),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(MAX_SIDE), Some(MAX_SIDE));
    reader.limits(limits.clone());
    upright(reader, limits).map_err(|error| DecodeError(format!("the picture cannot be decoded: {error}")))
}

/// Turns the picture as its EXIF orientation says, because the client counts in upright pictures. Whether the real service
/// does so is not documented.
fn upright(reader: ImageReader<Cursor<&[u8]>>, mut limits: Limits) -> ImageResult<DynamicImage> {
    let mut decoder = reader.into_decoder()?;
    limits.reserve(decoder.total_bytes())?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}
