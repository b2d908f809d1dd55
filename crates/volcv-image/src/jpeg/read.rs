//! JPEG into rows.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use volcv_types::Size;
use volcv_types::memory::{self, NoMemory, Working};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::NAME;
use super::frame::{Colours, Frame};
use crate::ImageError;
use crate::convert::Channels;
use crate::decode::whole_picture;
use crate::icc::Profile;

/// A JPEG whose headers were read.
pub(crate) struct Decoder<'a> {
    bytes: &'a [u8],
    size: Size,
    frame: Frame,
    with_alpha: bool,
    working: Working,
}

impl<'a> Decoder<'a> {
    pub(crate) fn open(bytes: &'a [u8], size: Size) -> Result<Self, ImageError> {
        let frame = Frame::read(bytes, size)?;
        let working = Working::new(working_bytes(size, &frame))?;
        Ok(Self { bytes, size, frame, with_alpha: false, working })
    }

    /// Makes the rows RGBA with an alpha of 255, if they would be RGB as the codec writes it.
    pub(crate) fn add_alpha(&mut self) {
        self.with_alpha = self.frame.colours == Colours::Three;
    }

    pub(crate) fn channels(&self) -> Channels {
        match self.frame.colours {
            Colours::Three if self.with_alpha => Channels::Rgba,
            Colours::Gray => Channels::Gray,
            Colours::Three | Colours::Cmyk => Channels::Rgb,
        }
    }

    pub(crate) fn profile(&self) -> Profile {
        match (&self.frame.profile, self.frame.colours) {
            // The pixels are no longer in the colours of the file.
            (Profile::Icc(_), Colours::Cmyk) => Profile::Unknown,
            (profile, _) => profile.clone(),
        }
    }

    /// What the codec needs beside the target, at most.
    pub(crate) fn memory(&self) -> u64 {
        let whole = whole_picture(self.size);
        // Two bytes for each sample of up to four components.
        if self.frame.keeps_coefficients { whole * 3 } else { whole }
    }

    /// All rows without gaps.
    pub(crate) fn whole(self) -> Result<Vec<u8>, ImageError> {
        let (colours, samples) = match self.frame.colours {
            Colours::Gray => (ColorSpace::Luma, 1),
            Colours::Three if self.with_alpha => (ColorSpace::RGBA, 4),
            Colours::Three => (ColorSpace::RGB, 3),
            Colours::Cmyk => (ColorSpace::CMYK, 4),
        };
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        let mut data = memory::zeros(width * height * samples)?;
        let options = DecoderOptions::default()
            .set_strict_mode(true)
            .set_max_width(width)
            .set_max_height(height)
            .jpeg_set_out_colorspace(colours);
        let file = self.file()?;
        let decode = || JpegDecoder::new_with_options(ZCursor::new(&file[..]), options).decode_into(&mut data);
        // The codec indexes its buffers by what the file says, and damaged files have made it panic before (zune-image issues
        // 262, 362 and 376). 400,000 changed files did not, but a game must not end by the next one.
        let result = self.working.run(|| catch_unwind(AssertUnwindSafe(decode)));
        result
            .map_err(|_| ImageError::damaged(NAME, "the codec cannot go on"))?
            .map_err(|error| ImageError::damaged(NAME, error))?;
        if self.frame.colours == Colours::Cmyk {
            cmyk_to_rgb(&mut data);
        }
        Ok(data)
    }

    /// The file as the codec gets it. Behind an end marker, the codec makes up pixels for those that are missing; behind
    /// the end of the file, it fails. So a single scan is followed by some zeros, which the codec reads ahead but does not
    /// need, instead of its end marker.
    fn file(&self) -> Result<Cow<'_, [u8]>, NoMemory> {
        const READ_AHEAD: [u8; 16] = [0; 16];
        if self.frame.keeps_coefficients {
            return Ok(self.bytes.into());
        }
        let mut file = memory::copy(&self.bytes[..self.frame.end], READ_AHEAD.len())?;
        file.extend_from_slice(&READ_AHEAD);
        Ok(file.into())
    }
}

/// What the codec allocates, at most: for a few rows of up to four components, for the coefficients of two bytes if it keeps
/// them, and for metadata.
fn working_bytes(size: Size, frame: &Frame) -> usize {
    /// Rows of a block, upsampled, as two bytes.
    const COLUMN: usize = 1024;
    // A block of subsampled components is padded to 32 pixels.
    let (width, height) = (size.width as usize + 32, size.height as usize + 32);
    let coefficients = if frame.keeps_coefficients { width * height * 4 * 2 } else { 0 };
    width * COLUMN + coefficients + 2 * frame.metadata
}

/// Turns inverted CMYK into RGB in place: each of red, green and blue is what the ink lets through, times black.
fn cmyk_to_rgb(data: &mut Vec<u8>) {
    let pixels = data.len() / 4;
    for index in 0..pixels {
        let [c, m, y, k] = [0, 1, 2, 3].map(|channel| data[index * 4 + channel]);
        let rgb = [c, m, y].map(|ink| k.saturating_sub(multiply(255 - ink, k)));
        data[index * 3..index * 3 + 3].copy_from_slice(&rgb);
    }
    data.truncate(pixels * 3);
}

/// The product of two fractions of 255, to the nearest 255th.
fn multiply(a: u8, b: u8) -> u8 {
    ((u32::from(a) * u32::from(b) + 127) / 255) as u8
}
