//! Limits and choices of decoding.

use volcv_types::{ExpandPlan, InvalidInput, Size};

use crate::ImageError;

/// What is refused before a codec sees the file. The defaults are generous for pictures and stop decompression bombs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct DecodeLimits {
    pub(crate) max_side: u32,
    pub(crate) max_pixels: u64,
    pub(crate) max_memory: u64,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { max_side: ExpandPlan::MAX_SIDE, max_pixels: ExpandPlan::MAX_PIXELS, max_memory: 512 << 20 }
    }
}

impl DecodeLimits {
    /// The longest side, in pixels; 16384 by default.
    pub fn max_side(mut self, pixels: u32) -> Self {
        self.max_side = pixels;
        self
    }

    /// The most pixels; 64 Mi by default. More than 512 Mi are never decoded on a platform of 32 bits.
    pub fn max_pixels(mut self, pixels: u64) -> Self {
        self.max_pixels = pixels;
        self
    }

    /// The most bytes that a codec may need beside the target; 512 MiB by default. A whole picture is counted with
    /// 4 bytes for each pixel, and the coefficients of a JPEG of several scans with 2 bytes for each sample.
    pub fn max_memory(mut self, bytes: u64) -> Self {
        self.max_memory = bytes;
        self
    }

    pub(crate) fn check_size(&self, size: Size) -> Result<(), ImageError> {
        // Four bytes for each pixel have to have addresses.
        let max_pixels = self.max_pixels.min((isize::MAX / 4) as u64);
        let pixels = u64::from(size.width) * u64::from(size.height);
        let allowed = if size.width.max(size.height) > self.max_side {
            format!("at most {} pixels on each side", self.max_side)
        } else if pixels > max_pixels {
            format!("at most {max_pixels} pixels altogether")
        } else {
            return Ok(());
        };
        Err(ImageError::TooLarge(InvalidInput::new("size", size, allowed)))
    }

    pub(crate) fn check_memory(&self, bytes: u64) -> Result<(), ImageError> {
        if bytes <= self.max_memory {
            return Ok(());
        }
        let value = format!("{bytes} bytes");
        Err(ImageError::TooLarge(InvalidInput::new("memory", value, format!("at most {} bytes", self.max_memory))))
    }
}

/// Choices of [`decode`](crate::decode) and [`decode_into`](crate::decode_into).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct DecodeOptions {
    pub(crate) limits: DecodeLimits,
    pub(crate) background: Option<[u8; 3]>,
}

impl DecodeOptions {
    /// The limits of [`DecodeLimits`], and no background.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is refused.
    pub fn limits(mut self, limits: DecodeLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Red, green and blue behind transparent pixels, for a target without alpha. By default, a file with alpha is not
    /// decoded into such a target.
    pub fn background(mut self, colour: [u8; 3]) -> Self {
        self.background = Some(colour);
        self
    }
}
