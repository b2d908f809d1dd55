//! JPEG: ITU-T T.81, annex B; the position of the EXIF block is from the EXIF specification (CIPA DC-008), section
//! 4.7.2.

use super::exif;
use super::info::PictureInfo;
use super::number::{be16, index};
use crate::expansion::Size;

const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const APP1: u8 = 0xe1;

/// Walks the segments up to the first scan, for the first frame header and the first EXIF block.
///
/// A height of 0, which a DNL segment behind the scan would correct, makes an unknown size: decoders refuse it.
pub(super) fn read(bytes: &[u8], info: &mut PictureInfo) -> Option<()> {
    let mut has_exif = false;
    let mut at = 2;
    loop {
        let Segment { marker, data, end, .. } = Segment::next(bytes, at)?;
        match marker {
            END | SCAN => return Some(()),
            // SOF0 to SOF15: DHT, JPG and DAC have numbers in the same row.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) && info.size.is_none() => {
                info.size = Some(Size { width: be16(data, 3)?, height: be16(data, 1)? });
                info.bits = data[0];
                info.cmyk = *data.get(5)? == 4;
            }
            APP1 if !has_exif && end <= bytes.len() => {
                if let Some(block) = data.strip_prefix(b"Exif\0\0") {
                    has_exif = true;
                    info.orientation = exif::orientation(block);
                }
            }
            _ => {}
        }
        at = end;
    }
}

/// Whether there is an end marker behind the start of the first scan. In a scan every 0xff of the data is followed by
/// a zero, so the marker can be found without decoding; an embedded thumbnail lies before the scan.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(segment) = Segment::next(bytes, at) {
        match segment.marker {
            END => return false,
            SCAN => return bytes[segment.start..].windows(2).rev().any(|pair| pair == [0xff, END]),
            _ => at = segment.end,
        }
    }
    false
}

struct Segment<'a> {
    marker: u8,
    /// The offset behind the marker.
    start: usize,
    /// The content behind the length, up to the end of the file.
    data: &'a [u8],
    /// The end that the segment announces; a cut file ends before it.
    end: usize,
}

impl<'a> Segment<'a> {
    /// The next segment from `at` on. Like decoders, it skips stray bytes, fill bytes and markers without a length.
    fn next(bytes: &'a [u8], mut at: usize) -> Option<Self> {
        loop {
            at += bytes.get(at..)?.iter().position(|byte| *byte == 0xff)?;
            at += bytes[at..].iter().position(|byte| *byte != 0xff)?;
            let (marker, start) = (bytes[at], at + 1);
            at = start;
            match marker {
                // A zero stands behind an 0xff that is data.
                0x00 | 0x01 | 0xd0..=0xd8 => {}
                END => return Some(Self { marker, start, data: &[], end: start }),
                _ => {
                    let end = start + index(be16(bytes, start)?).max(2);
                    return Some(Self { marker, start, data: &bytes[start + 2..end.min(bytes.len())], end });
                }
            }
        }
    }
}
