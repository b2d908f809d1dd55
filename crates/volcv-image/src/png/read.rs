//! PNG into rows.

use std::io::Cursor;

use png::{BitDepth, ColorType, InterlaceInfo, Limits, Reader, Transformations};
use volcv_types::Size;
use volcv_types::memory::{self, Working};

use super::{NAME, chunks};
use crate::ImageError;
use crate::convert::Channels;
use crate::decode::{Sink, whole_picture};
use crate::icc::{MAX_PROFILE, Profile};

/// Where the header says whether the rows are interlaced.
const INTERLACE: usize = 28;

/// What the codec needs beside the target, at most.
pub(crate) fn memory(bytes: &[u8], size: Size) -> u64 {
    let rows = u64::from(size.width) * 8 * 4;
    let whole = if bytes.get(INTERLACE) == Some(&1) { whole_picture(size) } else { 0 };
    rows + whole + MAX_PROFILE as u64 * 2
}

/// What the codec allocates, at most: for some rows, for a window of inflated bytes, and for chunks beside the pixels, whose
/// colour profile may be 16 times as long as its chunk.
fn working_bytes(bytes: &[u8], size: Size) -> usize {
    const WINDOW: usize = 512 << 10;
    const ROWS: usize = 16;
    let beside = chunks(bytes).filter(|chunk| !matches!(&chunk.kind, b"IDAT" | b"fdAT"));
    let beside = beside.map(|chunk| chunk.data.len() * if chunk.kind == *b"iCCP" { 4 * 16 } else { 4 });
    WINDOW + ROWS * size.width as usize * 8 + beside.sum::<usize>()
}

/// A PNG whose chunks before the pixels were read.
pub(crate) struct Decoder<'a> {
    reader: Reader<Cursor<&'a [u8]>>,
    channels: Channels,
    size: Size,
    profile: Profile,
    working: Working,
}

impl<'a> Decoder<'a> {
    pub(crate) fn open(bytes: &'a [u8], size: Size) -> Result<Self, ImageError> {
        let limit = memory(&[], size) as usize;
        let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: limit });
        decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
        decoder.set_ignore_text_chunk(true);
        let working = Working::new(working_bytes(bytes, size))?;
        let reader = working.run(|| decoder.read_info()).map_err(damaged)?;
        let info = reader.info();
        let frame = info.frame_control.map_or((info.width, info.height), |frame| (frame.width, frame.height));
        if info.size() != (size.width, size.height) || frame != info.size() {
            return Err(ImageError::damaged(NAME, "its default picture does not have the size of the header"));
        }
        let (color, depth) = reader.output_color_type();
        let channels = match color {
            ColorType::Grayscale => Channels::Gray,
            ColorType::GrayscaleAlpha => Channels::GrayAlpha,
            ColorType::Rgb => Channels::Rgb,
            ColorType::Rgba => Channels::Rgba,
            ColorType::Indexed => return Err(ImageError::damaged(NAME, "it has no palette")),
        };
        debug_assert_eq!(depth, BitDepth::Eight, "STRIP_16 and EXPAND yield 8 bits");
        let profile = profile(bytes, info);
        Ok(Self { reader, channels, size, profile, working })
    }

    pub(crate) fn channels(&self) -> Channels {
        self.channels
    }

    pub(crate) fn profile(&self) -> Profile {
        self.profile.clone()
    }

    /// All rows without gaps.
    pub(crate) fn whole(mut self) -> Result<Vec<u8>, ImageError> {
        let mut data = memory::zeros(self.row_bytes() * self.size.height as usize)?;
        self.working.run(|| self.reader.next_frame(&mut data)).map_err(damaged)?;
        self.finish()?;
        Ok(data)
    }

    pub(crate) fn write(mut self, sink: &mut Sink<'_, '_>) -> Result<(), ImageError> {
        if self.reader.info().interlaced {
            return sink.whole(self.whole()?);
        }
        let mut row = memory::zeros(self.row_bytes())?;
        for v in 0..self.size.height {
            match self.working.run(|| self.reader.read_row(&mut row)).map_err(damaged)? {
                Some(InterlaceInfo::Null(_)) => sink.row(v, &mut row)?,
                _ => return Err(ImageError::damaged(NAME, "it has too few rows")),
            }
        }
        self.finish()
    }

    /// Reads the end of the file, for the checksums of the pixels and of the last chunks.
    fn finish(mut self) -> Result<(), ImageError> {
        self.working.run(|| self.reader.finish()).map_err(damaged)
    }

    fn row_bytes(&self) -> usize {
        self.size.width as usize * self.channels.count()
    }
}

/// The chunk sRGB and the profile of iCCP count. A cICP other than sRGB makes the colours unknown.
fn profile(bytes: &[u8], info: &png::Info<'_>) -> Profile {
    const SRGB: (u8, u8, u8, bool) = (1, 13, 0, true);
    if let Some(code) = info.coding_independent_code_points {
        let points =
            (code.color_primaries, code.transfer_function, code.matrix_coefficients, code.is_video_full_range_image);
        return if points == SRGB { Profile::Srgb } else { Profile::Unknown };
    }
    match &info.icc_profile {
        Some(profile) => Profile::Icc(profile.to_vec()),
        None if info.srgb.is_some() => Profile::Srgb,
        // The codec drops a profile that it cannot decompress.
        None if chunks(bytes).any(|chunk| chunk.kind == *b"iCCP") => Profile::Unknown,
        None => Profile::Srgb,
    }
}

fn damaged(error: png::DecodingError) -> ImageError {
    ImageError::damaged(NAME, error)
}
