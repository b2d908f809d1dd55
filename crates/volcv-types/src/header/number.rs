//! Numbers in the bytes of a file.

/// The byte order of a number.
#[derive(Clone, Copy)]
pub(super) enum Endian {
    Big,
    Little,
}

/// The unsigned number in `length` bytes (at most 8) from `at` on.
pub(super) fn number(bytes: &[u8], at: usize, length: usize, endian: Endian) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(length)?)?.iter();
    let shift_in = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    Some(match endian {
        Endian::Big => bytes.fold(0, shift_in),
        Endian::Little => bytes.rev().fold(0, shift_in),
    })
}

pub(super) fn be16(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u16::from_be_bytes(array(bytes, at)?).into())
}

pub(super) fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(array(bytes, at)?))
}

pub(super) fn le16(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u16::from_le_bytes(array(bytes, at)?).into())
}

pub(super) fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(array(bytes, at)?))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// A length or an offset of a file. A number that does not fit into memory lies outside of every file.
pub(super) fn index(number: impl TryInto<usize>) -> usize {
    number.try_into().unwrap_or(usize::MAX)
}
