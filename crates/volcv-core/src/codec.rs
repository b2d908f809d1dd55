//! base64 in both directions: the fastest engine of this machine, and the leniency that replies need.

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

/// Decodes a picture text as the service and its gateways send it: with or without padding, line breaks and a
/// `data:` prefix. Anything else that is not base64 is an error, so that no short picture passes.
pub(crate) fn decode_picture(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    let text = strip_data_url(text.trim_ascii());
    if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        let dense: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        return codec().decode(dense);
    }
    codec().decode(text)
}

/// `data:image/png;base64,` in any spelling; a comma is not a base64 character, so the first one ends the prefix.
fn strip_data_url(text: &str) -> &str {
    let is_data = text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:"));
    match text.split_once(',') {
        Some((_, data)) if is_data => data,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_of_the_same_bytes_decodes() {
        for text in
            ["AQIDBA==", "AQIDBA", "AQID\r\nBA==\n", " AQ ID BA ", "data:image/png;base64,AQIDBA==", "DATA:,AQIDBA"]
        {
            assert_eq!(decode_picture(text).unwrap(), [1, 2, 3, 4], "{text:?}");
        }
    }

    #[test]
    fn what_is_not_base64_is_an_error_and_never_a_short_picture() {
        for text in ["AQIDB", "AQ==IDBA", "AQID*A==", "AQIDBB==", "a,AQID", "=", "AQID===", "A-_D"] {
            assert!(decode_picture(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn encoding_and_decoding_give_the_bytes_back(raw: Vec<u8>) {
            let mut text = vec![0; encoded_len(raw.len() as u64) as usize];
            prop_assert_eq!(encode_into(&raw, &mut text), text.len());
            prop_assert_eq!(decode_picture(std::str::from_utf8(&text).unwrap()).unwrap(), raw);
        }
    }
}
