//! Encodes and decodes base64 with the fastest engine of this machine.

use std::collections::TryReserveError;

use base64::Engine as _;
use base64::engine::general_purpose::PAD_INDIFFERENT;

use crate::buffer::Buffer;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
type Codec = base64::engine::Simd;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type Codec = base64::engine::GeneralPurpose;

/// The engine. It detects the processor's features at run time.
fn codec() -> Codec {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    return Codec::standard(PAD_INDIFFERENT);
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    return Codec::new(&base64::alphabet::STANDARD, PAD_INDIFFERENT);
}

/// Encodes into the front of `out`, which has room for it, and returns the number of bytes written.
pub(crate) fn encode_into(raw: &[u8], out: &mut [u8]) -> usize {
    codec().encode_slice(raw, out).expect("the caller sized the output by encoded_len")
}

/// The length of the padded base64 text of `raw` bytes.
pub(crate) const fn encoded_len(raw: u64) -> u64 {
    raw.div_ceil(3) * 4
}

/// Decodes whole groups of four characters, the last of them padded or not, and appends the bytes. Nothing is appended
/// if they are not base64.
///
/// # Errors
/// The system has no memory for the bytes; nothing is appended.
pub(crate) fn decode_onto(groups: &[u8], bytes: &mut Buffer) -> Result<bool, TryReserveError> {
    if let Some(decoded) = bytes.fill(groups.len() / 4 * 3, |room| codec().decode_slice(groups, room)) {
        return Ok(decoded.is_ok());
    }
    let before = bytes.len();
    // A text with line breaks comes in many short pieces.
    let decoded =
        if groups.len() <= 256 { pieces::<192>(groups, bytes) } else { pieces::<{ 12 * 1024 }>(groups, bytes) };
    if !matches!(decoded, Ok(true)) {
        bytes.truncate(before);
    }
    decoded
}

/// Decodes in pieces of `BYTES` bytes through a buffer that stays in the first-level cache. The engine writes only to
/// cleared memory, and clearing heap memory would take longer than the copy.
fn pieces<const BYTES: usize>(groups: &[u8], bytes: &mut Buffer) -> Result<bool, TryReserveError> {
    let mut buffer = [0; BYTES];
    let mut pieces = groups.chunks(BYTES / 3 * 4).peekable();
    while let Some(piece) = pieces.next() {
        let ends_early = piece.ends_with(b"=") && pieces.peek().is_some();
        match codec().decode_slice(piece, &mut buffer) {
            Ok(length) if !ends_early => bytes.try_extend(&buffer[..length])?,
            _ => return Ok(false),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A buffer that the engine writes to directly.
    fn mapped() -> Buffer {
        let mut buffer = Buffer::new(8 << 20);
        buffer.extend_from_slice(&[0; 100_000]);
        buffer
    }

    proptest! {
        #[test]
        fn encoding_and_decoding_give_the_bytes_back(raw: Vec<u8>) {
            let mut text = vec![0; encoded_len(raw.len() as u64) as usize];
            prop_assert_eq!(encode_into(&raw, &mut text), text.len());
            for mut bytes in [Buffer::new(0), mapped()] {
                let before = bytes.len();
                prop_assert!(decode_onto(&text, &mut bytes).unwrap());
                prop_assert_eq!(&bytes[before..], &raw);
            }
        }
    }

    #[test]
    fn only_the_last_group_of_all_pieces_may_be_padded() {
        const PIECE: usize = 16 * 1024;
        let mut text = b"AQID".repeat(3 * PIECE / 4);
        let decode = |text: &[u8]| {
            let lengths = [Buffer::new(0), mapped()].map(|mut bytes| {
                let before = bytes.len();
                let decoded = decode_onto(text, &mut bytes).unwrap();
                assert!(decoded || bytes.len() == before, "nothing is appended");
                decoded.then_some(bytes.len() - before)
            });
            assert_eq!(lengths[0], lengths[1]);
            lengths[0]
        };
        assert_eq!(decode(&text), Some(text.len() / 4 * 3));
        for end in [PIECE, 2 * PIECE, 3 * PIECE] {
            text[end - 2..end].copy_from_slice(b"==");
            text[end - 3] = b'Q';
            assert_eq!(decode(&text).is_some(), end == text.len(), "padded at {end}");
            text[end - 4..end].copy_from_slice(b"AQID");
        }
        text[2 * PIECE] = b'*';
        assert_eq!(decode(&text), None);
    }
}
