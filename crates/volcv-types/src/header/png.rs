//! PNG: the W3C recommendation, third edition, sections 5 and 11.

use super::exif;
use super::info::PictureInfo;
use super::number::{be32, index};
use crate::expansion::Size;

const SIGNATURE: usize = 8;

/// The first chunk is always IHDR, with size, bit depth and colour type as its first fields (11.2.1).
pub(super) fn read(bytes: &[u8], info: &mut PictureInfo) -> Option<()> {
    (bytes.get(12..16)? == b"IHDR").then_some(())?;
    info.size = Some(Size { width: be32(bytes, 16)?, height: be32(bytes, 20)? });
    let (depth, colour) = (*bytes.get(24)?, *bytes.get(25)?);
    // Colour type 3 is an index into a palette of 8-bit colours; 4 and 6 have alpha.
    info.bits = if colour == 3 { 8 } else { depth };
    info.alpha = matches!(colour, 4 | 6);
    let mut at = SIGNATURE;
    loop {
        let chunk = Chunk::read(bytes, at)?;
        match chunk.kind {
            b"tRNS" => info.alpha = true,
            b"acTL" => info.animated = be32(chunk.data, 0)? > 1,
            b"eXIf" => info.orientation = exif::orientation(chunk.data),
            b"IEND" => return Some(()),
            _ => {}
        }
        at = chunk.end;
    }
}

/// Whether there is an IEND (5.6). What follows it does not matter.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let mut at = SIGNATURE;
    while let Some(chunk) = Chunk::read(bytes, at) {
        if chunk.kind == b"IEND" {
            return true;
        }
        at = chunk.end;
    }
    false
}

struct Chunk<'a> {
    kind: &'a [u8],
    data: &'a [u8],
    end: usize,
}

impl<'a> Chunk<'a> {
    /// Length, kind, data and checksum (5.3); the checksum is not checked.
    fn read(bytes: &'a [u8], at: usize) -> Option<Self> {
        let kind = bytes.get(at + 4..at + 8)?;
        let data = bytes.get(at + 8..)?.get(..index(be32(bytes, at)?))?;
        let end = at + 8 + data.len() + 4;
        (end <= bytes.len()).then_some(Self { kind, data, end })
    }
}
