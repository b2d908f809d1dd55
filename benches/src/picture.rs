//! A picture of any number of bytes: the chunks of a PNG around noise. No client decodes it.

/// Signature, IHDR, the frame of one IDAT, IEND.
const FRAME: usize = 8 + 25 + 12 + 12;

/// A PNG of exactly `bytes` bytes, as far as its structure goes.
///
/// # Panics
/// There is no room for the structure.
pub fn picture(bytes: usize) -> Vec<u8> {
    let length = bytes.checked_sub(FRAME).expect("a picture is larger than its frame");
    let mut png = Vec::with_capacity(bytes);
    png.extend_from_slice(b"\x89PNG\r\n\x1a\n");
    // 1024 x 1024, eight bits, RGB.
    chunk(&mut png, b"IHDR", [0, 0, 4, 0, 0, 0, 4, 0, 8, 2, 0, 0, 0]);
    let mut state = 1_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    chunk(&mut png, b"IDAT", noise.take(length));
    chunk(&mut png, b"IEND", []);
    png
}

/// The checksum stays empty, because no client decodes the pixels.
fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], data: impl IntoIterator<Item = u8>) {
    let start = png.len();
    png.extend_from_slice(&[0; 4]);
    png.extend_from_slice(kind);
    png.extend(data);
    let length = u32::try_from(png.len() - start - 8).expect("a chunk has less than 4 GiB");
    png[start..start + 4].copy_from_slice(&length.to_be_bytes());
    png.extend_from_slice(&[0; 4]);
}
