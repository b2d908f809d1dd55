//! TIFF in both byte orders: TIFF revision 6.0, section 2, and the BigTIFF design with its 8-byte offsets.

use super::info::PictureInfo;
use super::number::{Endian, index, number};
use crate::expansion::Size;

const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const BITS_PER_SAMPLE: u16 = 258;
const PHOTOMETRIC: u16 = 262;
const STRIP_OFFSETS: u16 = 273;
const ORIENTATION: u16 = 274;
const STRIP_BYTE_COUNTS: u16 = 279;
const TILE_OFFSETS: u16 = 324;
const TILE_BYTE_COUNTS: u16 = 325;
const EXTRA_SAMPLES: u16 = 338;

/// The first directory is the first page, which is the picture.
pub(super) fn read(bytes: &[u8], info: &mut PictureInfo) -> Option<()> {
    let tiff = Tiff::new(bytes)?;
    let page = tiff.directory(tiff.first()?)?;
    let first = |tag| page.field(tag)?.number(0);
    let pixels = |tag| u32::try_from(first(tag)?).ok();
    info.size = Some(Size { width: pixels(WIDTH)?, height: pixels(HEIGHT)? });
    info.orientation = page.orientation();
    let photometric = first(PHOTOMETRIC);
    info.cmyk = photometric == Some(5);
    info.bits = match photometric {
        // An index into a palette.
        Some(3) => 8,
        // One bit is the default.
        _ => page.field(BITS_PER_SAMPLE).map_or(Some(1), |bits| bits.number(0)).map_or(0, |bits| bits.min(255) as u8),
    };
    // 1 and 2 are alpha, 0 is a sample of any other meaning.
    info.alpha = page.field(EXTRA_SAMPLES).is_some_and(|extra| matches!(extra.number(0), Some(1 | 2)));
    Some(())
}

/// Whether all values, strips and tiles of all pages lie inside the file.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    Tiff::new(bytes).and_then(|tiff| tiff.reaches_its_end()).is_some()
}

#[derive(Clone, Copy)]
pub(super) struct Tiff<'a> {
    bytes: &'a [u8],
    endian: Endian,
    /// The length of an offset: 4, or 8 in BigTIFF.
    word: usize,
}

impl<'a> Tiff<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let (endian, word) = match bytes.get(..8)? {
            [b'I', b'I', 42, 0, ..] => (Endian::Little, 4),
            [b'M', b'M', 0, 42, ..] => (Endian::Big, 4),
            [b'I', b'I', 43, 0, 8, 0, 0, 0] => (Endian::Little, 8),
            [b'M', b'M', 0, 43, 0, 8, 0, 0] => (Endian::Big, 8),
            _ => return None,
        };
        Some(Self { bytes, endian, word })
    }

    fn number(&self, at: usize, length: usize) -> Option<u64> {
        number(self.bytes, at, length, self.endian)
    }

    fn offset(&self, at: usize) -> Option<usize> {
        Some(index(self.number(at, self.word)?))
    }

    /// The offset of the first directory.
    pub(super) fn first(&self) -> Option<usize> {
        self.offset(self.word)
    }

    /// The fields from `at` on.
    pub(super) fn directory(self, at: usize) -> Option<Directory<'a>> {
        let count_length = if self.word == 8 { 8 } else { 2 };
        let count = index(self.number(at, count_length)?);
        Some(Directory { tiff: self, fields: at + count_length, count })
    }

    fn reaches_its_end(&self) -> Option<()> {
        // Fields and offsets of a real file do not overlap, so there are fewer of them than bytes. Where directories
        // form a circle, all their fields have been checked when `left` is 0.
        let mut left = self.bytes.len();
        let mut at = self.first()?;
        while at != 0 && left > 0 {
            let directory = self.directory(at)?;
            let end = directory.fields.checked_add(directory.count.checked_mul(directory.field_length())?)?;
            at = self.offset(end)?;
            left = left.saturating_sub(1 + directory.reaches_its_end(left)?);
        }
        Some(())
    }
}

/// The fields of one page.
pub(super) struct Directory<'a> {
    tiff: Tiff<'a>,
    /// The offset of the first field.
    fields: usize,
    count: usize,
}

impl<'a> Directory<'a> {
    /// Tag, type, count and value.
    fn field_length(&self) -> usize {
        4 + 2 * self.tiff.word
    }

    /// The fields, up to the end of the file.
    fn fields(&self) -> impl Iterator<Item = Field<'a>> {
        let (tiff, length) = (self.tiff, self.field_length());
        let end = self.fields.saturating_add(self.count.saturating_mul(length)).min(tiff.bytes.len());
        (self.fields..end).step_by(length).map_while(move |at| Field::read(tiff, at))
    }

    fn field(&self, tag: u16) -> Option<Field<'a>> {
        self.fields().find(|field| field.tag == tag)
    }

    /// EXIF orientation, 1 where it is missing or not between 1 and 8.
    pub(super) fn orientation(&self) -> u8 {
        let value = self.field(ORIENTATION).and_then(|field| field.number(0));
        value.and_then(|value| u8::try_from(value).ok()).filter(|value| (1..=8).contains(value)).unwrap_or(1)
    }

    /// The number of fields and offsets that were checked, at most `limit`; `None` if one points outside the file.
    fn reaches_its_end(&self, limit: usize) -> Option<usize> {
        let length = self.tiff.bytes.len();
        for field in self.fields().take(limit) {
            (field.at.checked_add(index(field.count).checked_mul(field.value_length())?)? <= length).then_some(())?;
        }
        let mut looked_at = self.count;
        for (offsets, counts) in [(STRIP_OFFSETS, STRIP_BYTE_COUNTS), (TILE_OFFSETS, TILE_BYTE_COUNTS)] {
            let Some(offsets) = self.field(offsets) else { continue };
            let counts = self.field(counts);
            for i in 0..index(offsets.count).min(limit) {
                let count = counts.as_ref().map_or(Some(0), |counts| counts.number(i))?;
                (offsets.number(i)?.checked_add(count)? <= length as u64).then_some(())?;
            }
            looked_at = looked_at.saturating_add(index(offsets.count));
        }
        Some(looked_at)
    }
}

struct Field<'a> {
    tiff: Tiff<'a>,
    tag: u16,
    kind: u16,
    count: u64,
    /// The offset of the values: in the field itself where there is room for them.
    at: usize,
}

impl<'a> Field<'a> {
    fn read(tiff: Tiff<'a>, at: usize) -> Option<Self> {
        let (tag, kind) = (tiff.number(at, 2)? as u16, tiff.number(at + 2, 2)? as u16);
        let count = tiff.number(at + 4, tiff.word)?;
        let mut field = Self { tiff, tag, kind, count, at: at + 4 + tiff.word };
        let inside = tiff.offset(field.at)?;
        if index(count).saturating_mul(field.value_length()) > tiff.word {
            field.at = inside;
        }
        Some(field)
    }

    /// The bytes of one value; 0 for unknown types, whose values are not read.
    fn value_length(&self) -> usize {
        match self.kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16 | 17 | 18 => 8,
            _ => 0,
        }
    }

    /// The value with this index, if the field holds unsigned whole numbers: BYTE, SHORT, LONG, IFD and their 8-byte
    /// forms.
    fn number(&self, i: usize) -> Option<u64> {
        let holds = matches!(self.kind, 1 | 3 | 4 | 13 | 16 | 18) && (i as u64) < self.count;
        let at = self.at.checked_add(i.checked_mul(self.value_length())?)?;
        holds.then(|| self.tiff.number(at, self.value_length()))?
    }
}
