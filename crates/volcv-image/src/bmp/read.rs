//! BMP into rows.

use volcv_types::{Size, memory};

use super::NAME;
use super::header::{Header, Samples};
use crate::ImageError;
use crate::convert::Channels;
use crate::decode::Sink;
use crate::icc::Profile;

/// A BMP whose header was read.
pub(crate) struct Decoder<'a> {
    bytes: &'a [u8],
    size: Size,
    header: Header<'a>,
}

impl<'a> Decoder<'a> {
    pub(crate) fn open(bytes: &'a [u8], size: Size) -> Result<Self, ImageError> {
        Ok(Self { bytes, size, header: Header::read(bytes)? })
    }

    pub(crate) fn channels(&self) -> Channels {
        match self.header.samples {
            Samples::Masks { masks: [.., alpha], .. } if alpha != 0 => Channels::Rgba,
            _ => Channels::Rgb,
        }
    }

    pub(crate) fn profile(&self) -> Profile {
        if self.header.calibrated { Profile::Unknown } else { Profile::Srgb }
    }

    pub(crate) fn write(self, sink: &mut Sink<'_, '_>) -> Result<(), ImageError> {
        let width = self.size.width as usize;
        let row_bytes = (width * self.header.bits).div_ceil(8);
        // Each row is padded to 4 bytes.
        let stride = row_bytes.next_multiple_of(4);
        let unpack = Unpack::new(&self.header);
        let mut row = memory::zeros(width * self.channels().count())?;
        for v in 0..self.size.height {
            let index = if self.header.top_down { v } else { self.size.height - 1 - v };
            let at = stride.checked_mul(index as usize).and_then(|offset| offset.checked_add(self.header.start));
            let stored = at.and_then(|at| self.bytes.get(at..)?.get(..row_bytes));
            unpack.row(stored.ok_or_else(|| ImageError::damaged(NAME, "the file ends early"))?, &mut row)?;
            sink.row(v, &mut row)?;
        }
        Ok(())
    }
}

/// Stored pixels into RGB or RGBA.
enum Unpack {
    Indexed { bits: u32, colours: Vec<[u8; 3]> },
    Bgr,
    Masks { bytes: usize, channels: Vec<Channel> },
}

impl Unpack {
    fn new(header: &Header<'_>) -> Self {
        match header.samples {
            Samples::Indexed(bits) => {
                let entries = header.palette.chunks_exact(header.palette_entry);
                Unpack::Indexed { bits, colours: entries.map(|entry| [entry[2], entry[1], entry[0]]).collect() }
            }
            Samples::Bgr => Unpack::Bgr,
            Samples::Masks { bytes, masks } => {
                let used = if masks[3] == 0 { 3 } else { 4 };
                Unpack::Masks { bytes, channels: masks[..used].iter().map(|mask| Channel::new(*mask)).collect() }
            }
        }
    }

    fn row(&self, stored: &[u8], row: &mut [u8]) -> Result<(), ImageError> {
        match self {
            Unpack::Indexed { bits, colours } => {
                let per_byte = (8 / bits) as usize;
                for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
                    let shift = 8 - bits * (1 + (x % per_byte) as u32);
                    let index = u32::from(stored[x / per_byte]) >> shift & ((1 << bits) - 1);
                    let colour = colours.get(index as usize);
                    let outside = || ImageError::damaged(NAME, format!("colour {index} is not in its palette"));
                    pixel.copy_from_slice(colour.ok_or_else(outside)?);
                }
            }
            Unpack::Bgr => {
                for (pixel, stored) in row.chunks_exact_mut(3).zip(stored.chunks_exact(3)) {
                    pixel.copy_from_slice(&[stored[2], stored[1], stored[0]]);
                }
            }
            Unpack::Masks { bytes, channels } => {
                for (pixel, stored) in row.chunks_exact_mut(channels.len()).zip(stored.chunks_exact(*bytes)) {
                    let number = stored.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte));
                    for (sample, channel) in pixel.iter_mut().zip(channels) {
                        *sample = channel.sample(number);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Where a channel lies in a number.
struct Channel {
    shift: u32,
    max: u32,
}

impl Channel {
    /// The bits from the lowest to the highest one of the mask.
    fn new(mask: u32) -> Self {
        let shift = mask.trailing_zeros().min(31);
        Self { shift, max: mask >> shift }
    }

    /// The value, scaled to 0..=255; 0 for an empty mask.
    fn sample(&self, number: u32) -> u8 {
        let value = u64::from(number >> self.shift & self.max);
        match self.max {
            0 => 0,
            0xff => value as u8,
            max => ((value * 255 + u64::from(max) / 2) / u64::from(max)) as u8,
        }
    }
}
