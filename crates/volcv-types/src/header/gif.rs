//! GIF: the GIF89a specification of CompuServe, sections 18 to 27.

use super::info::PictureInfo;
use super::number::{index, le16};
use crate::expansion::Size;

/// The size is that of the logical screen; a second frame makes the file an animation.
pub(super) fn read(bytes: &[u8], info: &mut PictureInfo) -> Option<()> {
    info.size = Some(Size { width: le16(bytes, 6)?, height: le16(bytes, 8)? });
    info.bits = 8;
    let mut frames = 0;
    walk(bytes, |block| {
        match block {
            // Later frames use a transparent colour for unchanged pixels.
            Block::Control { transparent } => info.alpha |= transparent && frames == 0,
            Block::Frame => frames += 1,
        }
        info.animated = frames > 1;
        !info.animated
    })
}

/// Whether there is a trailer. What follows it does not matter.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    walk(bytes, |_| true).is_some()
}

enum Block {
    Control { transparent: bool },
    Frame,
}

/// Calls `look` with each block, until it returns false or the trailer comes; `None` if the file ends before.
fn walk(bytes: &[u8], mut look: impl FnMut(Block) -> bool) -> Option<()> {
    const EXTENSION: u8 = 0x21;
    const GRAPHIC_CONTROL: u8 = 0xf9;
    const FRAME: u8 = 0x2c;
    const TRAILER: u8 = 0x3b;
    let mut at = 13 + palette(*bytes.get(10)?);
    loop {
        let more = match *bytes.get(at)? {
            TRAILER => return Some(()),
            FRAME => {
                // The descriptor, its palette, and the code size of the data.
                at += 10 + palette(*bytes.get(at + 9)?) + 1;
                at = behind_sub_blocks(bytes, at)?;
                look(Block::Frame)
            }
            EXTENSION => {
                let control = *bytes.get(at + 1)? == GRAPHIC_CONTROL;
                let transparent = bytes.get(at + 3)? & 1 == 1;
                at = behind_sub_blocks(bytes, at + 2)?;
                !control || look(Block::Control { transparent })
            }
            // Decoders skip stray bytes between blocks.
            _ => {
                at += 1;
                true
            }
        };
        if !more {
            return Some(());
        }
    }
}

/// Bytes of the palette that these flags announce.
fn palette(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Sub-blocks begin with their length; one of length 0 ends them.
fn behind_sub_blocks(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = *bytes.get(at)?;
        at += 1 + index(length);
        if length == 0 {
            return Some(at);
        }
    }
}
