//! base64 in both directions, with the fastest engine of this machine.

use base64::Engine as _;
use base64::engine::general_purpose::PAD_INDIFFERENT;

#[cfg(target_arch = "x86_64")]
type Codec = base64::engine::Simd;
#[cfg(not(target_arch = "x86_64"))]
type Codec = base64::engine::GeneralPurpose;

/// Picks the engine; on x86-64 it finds out at run time what the processor can do.
fn codec() -> Codec {
    #[cfg(target_arch = "x86_64")]
    return Codec::standard(PAD_INDIFFERENT);
    #[cfg(not(target_arch = "x86_64"))]
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
pub(crate) fn decode_onto(groups: &[u8], bytes: &mut Vec<u8>) -> bool {
    let before = bytes.len();
    if codec().decode_vec(groups, bytes).is_ok() {
        return true;
    }
    bytes.truncate(before);
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn encoding_and_decoding_give_the_bytes_back(raw: Vec<u8>) {
            let mut text = vec![0; encoded_len(raw.len() as u64) as usize];
            prop_assert_eq!(encode_into(&raw, &mut text), text.len());
            let mut bytes = Vec::new();
            prop_assert!(decode_onto(&text, &mut bytes));
            prop_assert_eq!(bytes, raw);
        }
    }
}
