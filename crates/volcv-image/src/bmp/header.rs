//! The headers of a BMP: BITMAPCOREHEADER, BITMAPINFOHEADER with its successors up to BITMAPV5HEADER, and the header of
//! OS/2 2.x.

use super::NAME;
use crate::ImageError;

const FILE_HEADER: usize = 14;
const CORE: usize = 12;
/// Behind this length, bit masks are a part of the header.
const WITH_MASKS: usize = 52;
const V4: usize = 108;

/// How the pixels are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Samples {
    /// An index into the palette, of 1, 2, 4 or 8 bits.
    Indexed(u32),
    /// Blue, green, red; one byte each.
    Bgr,
    /// Red, green, blue and alpha by masks of a little-endian number of 2 or 4 bytes. A mask of 0 means no alpha.
    Masks { bytes: usize, masks: [u32; 4] },
}

#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) samples: Samples,
    pub(super) bits: usize,
    /// Whether the first row in the file is the top one.
    pub(super) top_down: bool,
    /// The colours, blue first; 3 or 4 bytes each.
    pub(super) palette: &'a [u8],
    pub(super) palette_entry: usize,
    /// Where the rows begin.
    pub(super) start: usize,
    /// Whether the header says another colour space than sRGB.
    pub(super) calibrated: bool,
}

impl<'a> Header<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, ImageError> {
        Self::try_read(bytes).unwrap_or_else(|| Err(ImageError::damaged(NAME, "its header is cut")))
    }

    /// `None` if the file ends inside the header.
    fn try_read(bytes: &'a [u8]) -> Option<Result<Self, ImageError>> {
        let length = usize::try_from(le32(bytes, FILE_HEADER)?).ok()?;
        let core = length == CORE;
        // Fields behind the end of a short header of OS/2 are 0.
        let field = |at: usize| if at + 4 <= FILE_HEADER + length { le32(bytes, at) } else { Some(0) };
        let bits = if core { le16(bytes, 24)? } else { le16(bytes, 28)? };
        let compression = if core { 0 } else { field(30)? };
        let fields = matches!(compression, 3 | 6);
        let mut end = FILE_HEADER.checked_add(length)?;
        let masks = if fields && length >= WITH_MASKS {
            let alpha = if length > WITH_MASKS { le32(bytes, 66)? } else { 0 };
            [le32(bytes, 54)?, le32(bytes, 58)?, le32(bytes, 62)?, alpha]
        } else if fields {
            let alpha = if compression == 6 { le32(bytes, 66)? } else { 0 };
            end += if compression == 6 { 16 } else { 12 };
            [le32(bytes, 54)?, le32(bytes, 58)?, le32(bytes, 62)?, alpha]
        } else if bits == 16 {
            [0x7c00, 0x03e0, 0x001f, 0]
        } else {
            [0x00ff_0000, 0xff00, 0xff, 0]
        };
        let samples = match (bits, compression) {
            (_, 1 | 2) => return Some(Err(ImageError::unsupported("bmp with run-length encoding"))),
            (_, 4 | 5) => return Some(Err(ImageError::unsupported("bmp with a jpeg or png inside"))),
            (1 | 2 | 4 | 8, 0) => Samples::Indexed(bits),
            (24, 0) => Samples::Bgr,
            (16 | 32, 0 | 3 | 6) => Samples::Masks { bytes: bits as usize / 8, masks },
            _ => {
                let text = format!("bmp with {bits} bits and compression {compression}");
                return Some(Err(ImageError::unsupported(text)));
            }
        };
        let start = usize::try_from(le32(bytes, 10)?).ok()?.max(end);
        let palette_entry = if core { 3 } else { 4 };
        let palette = match samples {
            Samples::Indexed(bits) => {
                let most = 1 << bits;
                let used = if core { 0 } else { field(46)? as usize };
                let colours = if used == 0 { most } else { used.min(most) };
                let length = (colours * palette_entry).min(start - end);
                bytes.get(end..end + length)?
            }
            _ => &[],
        };
        let top_down = !core && le32(bytes, 22)? as i32 <= 0;
        // LCS_sRGB and LCS_WINDOWS_COLOR_SPACE.
        let calibrated = length >= V4 && !matches!(&le32(bytes, 70)?.to_be_bytes(), b"sRGB" | b"Win ");
        Some(Ok(Self { samples, bits: bits as usize, top_down, palette, palette_entry, start, calibrated }))
    }
}

fn le16(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?).into())
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
