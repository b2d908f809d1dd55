//! What the headers of a JPEG say: the kind of compression, the colours, the number of scans, and the colour profile.

use volcv_types::Size;

use super::NAME;
use super::segments::{SOS, Segment, segments};
use crate::ImageError;
use crate::icc::{MAX_PROFILE, Profile};

/// The most scans of a picture: each costs time for the whole picture, and real files have about ten.
const MAX_SCANS: usize = 100;

/// The colours of the samples in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    Gray,
    /// RGB or YCbCr.
    Three,
    /// With inverted values, as Adobe writes them and all decoders expect them.
    Cmyk,
}

#[derive(Debug)]
pub(super) struct Frame {
    pub(super) colours: Colours,
    /// Whether the codec keeps the coefficients of the whole picture.
    pub(super) keeps_coefficients: bool,
    /// Where the end marker is.
    pub(super) end: usize,
    pub(super) profile: Profile,
    /// Bytes of all segments in front of the pixels.
    pub(super) metadata: usize,
}

impl Frame {
    /// Reads all headers and refuses what the codec cannot read rightly.
    pub(super) fn read(bytes: &[u8], size: Size) -> Result<Self, ImageError> {
        let (mut frame, mut adobe, mut scans, mut first_scan, mut metadata) = (None, None, 0, 0, 0);
        let mut profile = ProfileChunks::default();
        let mut all = segments(bytes);
        for Segment { marker, data } in &mut all {
            metadata += if scans == 0 { data.len() } else { 0 };
            match marker {
                // 0xc4, 0xc8 and 0xcc are no frames.
                0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) && frame.is_none() => frame = Some((marker, data)),
                0xe2 if scans == 0 => profile.add(data),
                0xee if scans == 0 => {
                    adobe = data.strip_prefix(b"Adobe").and_then(|rest| rest.get(6)).copied().or(adobe)
                }
                SOS => {
                    scans += 1;
                    if scans == 1 {
                        first_scan = data.first().copied().unwrap_or_default();
                    }
                }
                _ => {}
            }
        }
        let (marker, header) = frame.ok_or_else(|| ImageError::damaged(NAME, "it has no frame header"))?;
        let components = check_kind(marker, header, size)?;
        if scans > MAX_SCANS {
            return Err(ImageError::damaged(
                NAME,
                format!("it has {scans} scans, but at most {MAX_SCANS} are allowed"),
            ));
        }
        let colours = match (components.len(), adobe) {
            (1, _) => Colours::Gray,
            (3, _) => Colours::Three,
            (4, Some(2)) => return Err(ImageError::unsupported("jpeg with YCCK colours")),
            (4, _) if components.iter().any(|component| component[1] != components[0][1]) => {
                return Err(ImageError::unsupported("jpeg with subsampled CMYK colours"));
            }
            (4, _) => Colours::Cmyk,
            (count, _) => return Err(ImageError::unsupported(format!("jpeg with {count} components"))),
        };
        let keeps_coefficients = marker == 0xc2 || usize::from(first_scan) != components.len();
        Ok(Self { colours, keeps_coefficients, end: all.end(), profile: profile.join(), metadata })
    }
}

/// Identifier, sampling factors and quantization table of each component (B.2.2).
fn check_kind(marker: u8, header: &[u8], size: Size) -> Result<Vec<[u8; 3]>, ImageError> {
    let kind = match marker {
        0xc0..=0xc2 => None,
        0xc3 => Some("lossless jpeg"),
        0xc5..=0xc7 => Some("hierarchical jpeg"),
        _ => Some("jpeg with arithmetic coding"),
    };
    if let Some(kind) = kind {
        return Err(ImageError::unsupported(kind));
    }
    let cut = || ImageError::damaged(NAME, "its frame header is cut");
    let ([precision, h1, h0, w1, w0, count], rest) = header.split_first_chunk().ok_or_else(cut)?;
    if *precision != 8 {
        return Err(ImageError::unsupported(format!("jpeg with {precision} bits per channel")));
    }
    let (width, height) = (u16::from_be_bytes([*w1, *w0]), u16::from_be_bytes([*h1, *h0]));
    if (u32::from(width), u32::from(height)) != (size.width, size.height) {
        return Err(ImageError::damaged(NAME, "it has two sizes"));
    }
    let components = rest.get(..usize::from(*count) * 3).ok_or_else(cut)?;
    Ok(components.chunks_exact(3).map(|c| [c[0], c[1], c[2]]).collect())
}

/// The parts of an ICC profile in APP2 segments: ICC.1:2010, annex B.4.
#[derive(Debug, Default)]
struct ProfileChunks<'a> {
    /// Number, count, data.
    chunks: Vec<(u8, u8, &'a [u8])>,
}

impl<'a> ProfileChunks<'a> {
    fn add(&mut self, segment: &'a [u8]) {
        if let Some([number, count, data @ ..]) = segment.strip_prefix(b"ICC_PROFILE\0") {
            self.chunks.push((*number, *count, data));
        }
    }

    /// The whole profile, from parts in any order. Missing or doubled parts make an unknown profile.
    fn join(mut self) -> Profile {
        if self.chunks.is_empty() {
            return Profile::Srgb;
        }
        self.chunks.sort_by_key(|(number, ..)| *number);
        let count = self.chunks.len();
        let complete = (1..)
            .zip(&self.chunks)
            .all(|(index, chunk)| usize::from(chunk.0) == index && usize::from(chunk.1) == count);
        let length: usize = self.chunks.iter().map(|(_, _, data)| data.len()).sum();
        if !complete || length > MAX_PROFILE {
            return Profile::Unknown;
        }
        Profile::Icc(self.chunks.iter().flat_map(|(_, _, data)| *data).copied().collect())
    }
}
