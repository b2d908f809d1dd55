//! Decoding: facts of a file, and its pixels into memory of this crate or of the caller.

mod info;
mod options;
mod sink;

pub use info::{ColorProfile, ImageInfo};
pub use options::{DecodeLimits, DecodeOptions};
pub(crate) use sink::Sink;

use volcv_types::{InvalidInput, PictureFormat, PictureInfo, Size, memory};

use crate::convert::{Channels, Orientation, RowWriter};
use crate::icc::{Profile, Transform};
use crate::pixels::{Alpha, Layout, PixelFormat, PixelsMut};
use crate::{Image, ImageError, bmp, jpeg, png};

/// Reads what a PNG, JPEG or BMP says about its picture; no pixel is decoded.
///
/// # Errors
/// The format is another one or has a feature that this crate does not read, the picture is larger than the default
/// [`DecodeLimits`], or the header is damaged.
pub fn probe(bytes: &[u8]) -> Result<ImageInfo, ImageError> {
    Ok(Source::open(bytes, &DecodeLimits::default())?.info)
}

/// Decodes a PNG, JPEG or BMP, upright and in sRGB, as RGB; as RGBA if a pixel is not opaque.
///
/// # Errors
/// As [`decode_into`], except for those about the target.
pub fn decode(bytes: &[u8], options: &DecodeOptions) -> Result<(Image, ImageInfo), ImageError> {
    let source = Source::open(bytes, &options.limits)?;
    let info = source.info;
    let has_alpha = source.channels.has_alpha();
    let layout = Layout::new(info.size, if has_alpha { PixelFormat::Rgba8 } else { PixelFormat::Rgb8 });
    let direct = source.orientation.is_upright() && source.channels.count() == layout.format().bytes();
    let data = match (direct, source.codec) {
        (true, Codec::Png(png)) => transformed(png.whole()?, source.transform, source.channels),
        (true, Codec::Jpeg(jpeg)) => transformed(jpeg.whole()?, source.transform, source.channels),
        (_, codec) => {
            let source = Source { codec, ..source };
            let mut data = memory::zeros(layout.bytes()?)?;
            let writer = RowWriter::new(&layout, [255; 3]);
            source.write(&mut PixelsMut::new(&mut data, layout)?, writer)?;
            data
        }
    };
    Ok((Image::without_needless_alpha(info.size, has_alpha, data)?, info))
}

/// Decodes a PNG, JPEG or BMP, upright and in sRGB, into memory of the caller.
///
/// The target has the size that [`probe`] says. Each of its bytes, except for the gaps between rows, is written once and
/// none is read. After an error, a part of it may be written.
///
/// A PNG or BMP goes row by row. An interlaced PNG, a JPEG and a picture whose sides are swapped by its orientation need
/// memory for the whole picture. Grey is replicated, of 16 bits the upper 8 are taken, missing alpha is 255, and a grey
/// target gets the luma of ITU-R BT.601. Of an animation the default picture is decoded. Colours come from an ICC
/// profile alone: the PNG chunks gAMA and cHRM are ignored, a cICP other than sRGB makes [`ColorProfile::Unknown`], and XMP
/// says nothing about orientation.
///
/// # Errors
/// The target has another size; it has no alpha, the file has, and `options` has no background; the picture is larger
/// than the limits; the format or a feature of it is not supported; the file is damaged or ends early.
pub fn decode_into(bytes: &[u8], target: &mut PixelsMut<'_>, options: &DecodeOptions) -> Result<ImageInfo, ImageError> {
    let source = Source::open(bytes, &options.limits)?;
    let info = source.info;
    if target.size() != info.size {
        let allowed = format!("{}, the size of the upright picture", info.size);
        return Err(InvalidInput::new("target", target.size(), allowed).into());
    }
    let background = background_for(info.has_alpha, target.layout(), options.background)?;
    let writer = RowWriter::new(target.layout(), background);
    source.write(target, writer)?;
    Ok(info)
}

fn transformed(mut data: Vec<u8>, transform: Option<Transform>, channels: Channels) -> Vec<u8> {
    if let Some(transform) = transform {
        transform.apply(&mut data, channels);
    }
    data
}

/// The colour behind transparent pixels; refuses to drop alpha unless the caller has chosen one.
pub(crate) fn background_for(has_alpha: bool, target: &Layout, chosen: Option<[u8; 3]>) -> Result<[u8; 3], ImageError> {
    if has_alpha && chosen.is_none() && target.alpha_meaning() == Alpha::Ignored {
        let allowed = "a format with alpha, because the picture has alpha and no background was chosen";
        return Err(InvalidInput::new("target format", format!("{:?} without alpha", target.format()), allowed).into());
    }
    Ok(chosen.unwrap_or([255; 3]))
}

/// A file whose header was read and checked.
struct Source<'a> {
    info: ImageInfo,
    orientation: Orientation,
    channels: Channels,
    transform: Option<Transform>,
    codec: Codec<'a>,
}

enum Codec<'a> {
    Png(Box<png::Decoder<'a>>),
    Jpeg(jpeg::Decoder<'a>),
    Bmp(bmp::Decoder<'a>),
}

impl Codec<'_> {
    fn channels(&self) -> Channels {
        match self {
            Codec::Png(png) => png.channels(),
            Codec::Jpeg(jpeg) => jpeg.channels(),
            Codec::Bmp(bmp) => bmp.channels(),
        }
    }

    fn profile(&self) -> Profile {
        match self {
            Codec::Png(png) => png.profile(),
            Codec::Jpeg(jpeg) => jpeg.profile(),
            Codec::Bmp(bmp) => bmp.profile(),
        }
    }
}

impl<'a> Source<'a> {
    fn open(bytes: &'a [u8], limits: &DecodeLimits) -> Result<Self, ImageError> {
        let header = PictureInfo::read(bytes)
            .ok_or_else(|| ImageError::unsupported("a file that does not begin like a known picture"))?;
        let name = header.format.extension();
        if !matches!(header.format, PictureFormat::Png | PictureFormat::Jpeg | PictureFormat::Bmp) {
            return Err(ImageError::unsupported(name));
        }
        let stored = header.size.ok_or_else(|| ImageError::damaged(name, "the header does not say a size"))?;
        limits.check_size(stored)?;
        let orientation = Orientation::new(header.orientation);
        let upright_copy = if orientation.swaps_sides() { whole_picture(stored) } else { 0 };
        let codec = match header.format {
            PictureFormat::Png => {
                limits.check_memory(png::memory(bytes, stored).max(upright_copy))?;
                Codec::Png(Box::new(png::Decoder::open(bytes, stored)?))
            }
            PictureFormat::Jpeg => {
                let decoder = jpeg::Decoder::open(bytes, stored)?;
                limits.check_memory(decoder.memory())?;
                Codec::Jpeg(decoder)
            }
            _ => {
                limits.check_memory(upright_copy)?;
                Codec::Bmp(bmp::Decoder::open(bytes, stored)?)
            }
        };
        if !header.is_whole(bytes) {
            return Err(ImageError::damaged(name, "the file ends early"));
        }
        let channels = codec.channels();
        let (profile, transform) = codec.profile().read(channels);
        let info = ImageInfo {
            format: header.format,
            size: header.upright_size().unwrap_or(stored),
            stored_size: stored,
            orientation: orientation.number(),
            has_alpha: channels.has_alpha(),
            bits: header.bits,
            profile,
        };
        Ok(Self { info, orientation, channels, transform, codec })
    }

    fn write(mut self, target: &mut PixelsMut<'_>, writer: RowWriter) -> Result<(), ImageError> {
        let stored = self.info.stored_size;
        if let (Codec::Jpeg(jpeg), Alpha::Straight) = (&mut self.codec, target.layout().alpha_meaning()) {
            // The codec adds alpha faster than a pass over the rows does.
            jpeg.add_alpha();
            self.channels = jpeg.channels();
        }
        let mut sink = Sink::new(target, writer, stored, self.orientation, self.channels, self.transform);
        match self.codec {
            Codec::Png(png) => png.write(&mut sink)?,
            Codec::Jpeg(jpeg) => sink.whole(jpeg.whole()?)?,
            Codec::Bmp(bmp) => bmp.write(&mut sink)?,
        }
        sink.finish()
    }
}

/// The bytes of a whole picture in memory, as the limits count them.
pub(crate) fn whole_picture(size: Size) -> u64 {
    u64::from(size.width) * u64::from(size.height) * 4
}
