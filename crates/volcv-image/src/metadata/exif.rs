//! The orientation in an EXIF block, made upright: EXIF specification (CIPA DC-008), section 4.6.5. The block is a TIFF file.

const ORIENTATION: u16 = 0x0112;
const SHORT: u16 = 3;

/// Sets the orientation in the first directory to 1, if there is one. All other bytes stay.
pub(super) fn make_upright(block: &mut [u8]) {
    // `None` means that the block is damaged, and readers find no orientation in it either.
    let _ = try_make_upright(block);
}

fn try_make_upright(block: &mut [u8]) -> Option<()> {
    let big_endian = match block.first_chunk()? {
        b"MM\0\x2a" => true,
        b"II\x2a\0" => false,
        _ => return None,
    };
    let short = |block: &[u8], at: usize| -> Option<u16> {
        let bytes = *block.get(at..)?.first_chunk()?;
        Some(if big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let bytes = *block.get(4..)?.first_chunk()?;
    let directory = if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
    let directory = usize::try_from(directory).ok()?;
    let count = usize::from(short(block, directory)?);
    for entry in (0..count).map(|index| directory + 2 + index * 12) {
        if short(block, entry)? == ORIENTATION && short(block, entry + 2)? == SHORT {
            let one = if big_endian { 1_u16.to_be_bytes() } else { 1_u16.to_le_bytes() };
            block.get_mut(entry + 8..entry + 10)?.copy_from_slice(&one);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_orientation_changes_in_both_byte_orders() {
        let mut little =
            *b"II\x2a\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x01\0\0\0A\0\0\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let before = little;
        make_upright(&mut little);
        let changed: Vec<usize> = (0..little.len()).filter(|at| little[*at] != before[*at]).collect();
        assert_eq!((changed, little[30]), (vec![30], 1));

        let mut big = *b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0\0\0\0\0";
        make_upright(&mut big);
        assert_eq!(&big[18..20], [0, 1]);
    }

    #[test]
    fn damaged_blocks_stay_as_they_are() {
        for block in [
            &b""[..],
            b"II\x2a\0",
            b"II\x2a\0\xff\xff\xff\xff",
            b"II\x2a\0\x08\0\0\0\xff\xff\x12\x01\x03\0",
            b"nothing at all",
        ] {
            let mut copy = block.to_vec();
            make_upright(&mut copy);
            assert_eq!(copy, block);
        }
    }
}
