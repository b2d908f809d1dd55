//! Choices of encoding.

use volcv_types::Picture;

use crate::Provenance;

/// The effort of PNG compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PngEffort {
    /// About ten times as fast as `Small`.
    Fast,
    /// About 15 % smaller than `Fast`.
    Small,
}

/// How much of the colour a JPEG keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Chroma {
    /// 4:4:4, colour for each pixel.
    Full,
    /// 4:2:0, colour for each square of 2x2 pixels.
    Half,
}

/// The format of a file and its quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// PNG: nothing is lost.
    Png(PngEffort),
    /// JPEG: smaller, with loss and without alpha.
    Jpeg {
        /// 1 to 100, on the scale of libjpeg.
        quality: u8,
        /// How much of the colour is kept.
        chroma: Chroma,
    },
    /// BMP: nothing is lost and nothing compressed.
    Bmp,
    /// The first of these that fits: PNG (`Fast`) for at most 1 Mi pixels or where a pixel is not opaque; JPEG of quality
    /// 95 with full chroma, 92 with half, 85 with half; then the picture is scaled down.
    Auto {
        /// The most bytes of the file's base64 text.
        max_base64: usize,
    },
}

impl Encoding {
    /// `Auto` with 4.7 MB, the limit that Volcengine documents for related abilities.
    pub const UPLOAD: Encoding = Encoding::Auto { max_base64: Picture::ADVISED_BASE64 };

    /// The format that the ending of a file's name stands for, in any case: png (with little effort), bmp, and jpg, jpeg, jpe and
    /// jfif (quality 95, full chroma). `None` for every other ending.
    pub fn of_ending(ending: &str) -> Option<Self> {
        match ending.to_ascii_lowercase().as_str() {
            "png" => Some(Encoding::Png(PngEffort::Fast)),
            "jpg" | "jpeg" | "jpe" | "jfif" => Some(Encoding::Jpeg { quality: 95, chroma: Chroma::Full }),
            "bmp" => Some(Encoding::Bmp),
            _ => None,
        }
    }
}

/// Choices of [`encode`](crate::encode).
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct EncodeOptions {
    pub(crate) encoding: Encoding,
    pub(crate) background: [u8; 3],
    pub(crate) provenance: Provenance,
}

impl EncodeOptions {
    /// A white background, and no metadata.
    pub fn new(encoding: Encoding) -> Self {
        Self { encoding, background: [255; 3], provenance: Provenance::default() }
    }

    /// Red, green and blue behind transparent pixels, for JPEG; white by default.
    pub fn background(mut self, colour: [u8; 3]) -> Self {
        self.background = colour;
        self
    }

    /// Metadata to write into the file. [`Encoding::Auto`] counts it.
    pub fn provenance(mut self, provenance: Provenance) -> Self {
        self.provenance = provenance;
        self
    }
}
