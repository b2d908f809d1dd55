//! BMP: the structures BITMAPCOREHEADER, BITMAPINFOHEADER, BITMAPV4HEADER and BITMAPV5HEADER of Windows, the 52 and 56
//! bytes that Adobe writes, and the header of OS/2 2.x, which can end behind any of its fields.

use super::info::PictureInfo;
use super::number::{index, le16, le32};
use crate::expansion::Size;

/// The file header and the shorter of the headers that follow it. A shorter file is no bitmap.
pub(super) const SHORTEST: usize = FILE_HEADER + CORE as usize;

const FILE_HEADER: usize = 14;
const CORE: u32 = 12;
const OS2: u32 = 64;

const RGB: u32 = 0;
const RLE8: u32 = 1;
const RLE4: u32 = 2;
const BIT_FIELDS: u32 = 3;
const ALPHA_BIT_FIELDS: u32 = 6;

/// Where the masks of bit fields are: in longer headers, or right behind one of 40 bytes.
const MASKS: [usize; 3] = [54, 58, 62];
const ALPHA_MASK: usize = 66;

pub(super) fn read(bytes: &[u8], info: &mut PictureInfo) -> Option<()> {
    info.size = size(bytes);
    let Pixels { bits, compression } = Pixels::read(bytes)?;
    let fields = matches!(compression, BIT_FIELDS | ALPHA_BIT_FIELDS);
    info.bits = match bits {
        // An index into a palette.
        1..=8 => 8,
        16 | 32 if fields => {
            MASKS.iter().filter_map(|at| Some(le32(bytes, *at)?.count_ones() as u8)).max().unwrap_or_default()
        }
        16 => 5,
        24 | 32 => 8,
        64 => 16,
        _ => 0,
    };
    let has_mask = header(bytes)? >= 56 || compression == ALPHA_BIT_FIELDS;
    info.alpha = fields && has_mask && le32(bytes, ALPHA_MASK)? != 0;
    Some(())
}

/// Whether the rows lie inside the file. For an unknown header the answer is yes.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let (Some(size), Some(header)) = (size(bytes), header(bytes)) else { return true };
    let Some(Pixels { bits, compression }) = Pixels::read(bytes) else { return false };
    // Some writers leave the offset 0; the pixels are never before the end of the header.
    let start = index(le32(bytes, 10).unwrap_or_default()).max(FILE_HEADER + index(header));
    let rows = bytes.get(start..).unwrap_or_default();
    match (compression, bits) {
        // Another form of compression, with the same number.
        (BIT_FIELDS, 1) => true,
        (RGB | BIT_FIELDS | ALPHA_BIT_FIELDS, 1 | 2 | 4 | 8 | 16 | 24 | 32 | 64) => {
            let row_bits = u64::from(size.width) * u64::from(bits);
            // Each row is padded to 4 bytes; the last padding is not needed.
            let above = row_bits.div_ceil(32).saturating_mul(4).saturating_mul(u64::from(size.height) - 1);
            rows.len() as u64 >= above.saturating_add(row_bits.div_ceil(8))
        }
        (RLE8, 8) => runs_end(rows, size, 1),
        (RLE4, 4) => runs_end(rows, size, 2),
        _ => true,
    }
}

/// The length of the header behind the file header, which tells its layout.
fn header(bytes: &[u8]) -> Option<u32> {
    le32(bytes, FILE_HEADER)
}

/// A negative height means rows from the top; the size is its absolute value.
fn size(bytes: &[u8]) -> Option<Size> {
    let size = match header(bytes)? {
        CORE => Size { width: le16(bytes, 18)?, height: le16(bytes, 20)? },
        16..=OS2 | 108 | 124 => {
            let (width, height) = (le32(bytes, 18)? as i32, le32(bytes, 22)? as i32);
            Size { width: width.max(0).unsigned_abs(), height: height.unsigned_abs() }
        }
        _ => return None,
    };
    Some(size).filter(|size| size.width > 0 && size.height > 0)
}

struct Pixels {
    /// Bits of a whole pixel.
    bits: u32,
    compression: u32,
}

impl Pixels {
    fn read(bytes: &[u8]) -> Option<Self> {
        Some(match header(bytes)? {
            CORE => Self { bits: le16(bytes, 24)?, compression: RGB },
            // Fields that the header does not have are 0.
            16..20 => Self { bits: le16(bytes, 28)?, compression: RGB },
            _ => Self { bits: le16(bytes, 28)?, compression: le32(bytes, 30)? },
        })
    }
}

/// Whether run-length encoded rows end, by the mark or because the last pixel is there.
fn runs_end(runs: &[u8], size: Size, pixels_per_byte: usize) -> bool {
    let (width, height) = (u64::from(size.width), u64::from(size.height));
    let (mut at, mut x, mut y) = (0, 0, 0);
    while y + 1 < height || (y + 1 == height && x < width) {
        let Some([count, value]) = runs.get(at..at + 2).and_then(|pair| <[u8; 2]>::try_from(pair).ok()) else {
            return false;
        };
        at += 2;
        match (count, value) {
            (0, 0) => (x, y) = (0, y + 1),
            (0, 1) => return true,
            (0, 2) => {
                let Some([right, down]) = runs.get(at..at + 2) else { return false };
                (x, y) = (x + u64::from(*right), y + u64::from(*down));
                at += 2;
            }
            // Pixels as they are, padded to 2 bytes.
            (0, pixels) => {
                x += u64::from(pixels);
                at += index(pixels).div_ceil(pixels_per_byte).next_multiple_of(2);
            }
            (pixels, _) => x += u64::from(pixels),
        }
    }
    at <= runs.len()
}
