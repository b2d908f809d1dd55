//! Conversion of rows between the orders of channels, and the arithmetic of alpha.
//!
//! Codecs give and take rows in four orders ([`Channels`]); memory of the caller has five formats. [`RowWriter`] goes
//! from the first to the second, [`RowReader`] back. Each byte of a target row is written once, in order, and not read.

mod alpha;
mod orient;
mod read;
mod write;

pub(crate) use alpha::{flatten, luma};
pub(crate) use orient::{Orientation, TILE, mirror, upright_band};
pub(crate) use read::{RowReader, is_opaque};
pub(crate) use write::RowWriter;

/// The order of the 8-bit samples of a codec; alpha is straight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channels {
    Gray,
    GrayAlpha,
    Rgb,
    Rgba,
}

impl Channels {
    /// Bytes of one pixel.
    pub(crate) const fn count(self) -> usize {
        match self {
            Channels::Gray => 1,
            Channels::GrayAlpha => 2,
            Channels::Rgb => 3,
            Channels::Rgba => 4,
        }
    }

    pub(crate) const fn has_alpha(self) -> bool {
        matches!(self, Channels::GrayAlpha | Channels::Rgba)
    }
}

/// Turns each pixel of `S` bytes into one of `D` bytes, as far as both rows go.
#[inline]
pub(crate) fn map<const S: usize, const D: usize>(
    source: &[u8],
    target: &mut [u8],
    convert: impl Fn([u8; S]) -> [u8; D],
) {
    for (from, to) in source.chunks_exact(S).zip(target.chunks_exact_mut(D)) {
        let from = from.try_into().expect("chunks_exact yields chunks of this length");
        to.copy_from_slice(&convert(from));
    }
}
