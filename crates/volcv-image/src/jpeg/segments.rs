//! The segments of a JPEG: ITU-T T.81, annex B.

/// Start of scan: entropy-coded data follow it.
pub(crate) const SOS: u8 = 0xda;
const EOI: u8 = 0xd9;

/// A segment as it lies in the file, without its length.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment<'a> {
    pub(crate) marker: u8,
    pub(crate) data: &'a [u8],
}

/// The segments up to the end of the picture or of the file, those between scans included. Like decoders, it skips stray
/// bytes, fill bytes, entropy-coded data and markers without a length.
pub(crate) fn segments(bytes: &[u8]) -> impl Iterator<Item = Segment<'_>> {
    let mut rest = bytes.get(2..).unwrap_or_default();
    std::iter::from_fn(move || {
        loop {
            let start = rest.iter().position(|byte| *byte == 0xff)?;
            let skip = rest[start..].iter().position(|byte| *byte != 0xff)?;
            let (marker, after) = rest[start + skip..].split_first()?;
            rest = after;
            match *marker {
                // A zero stands behind an 0xff that is data; 0xd0 to 0xd7 are restarts, 0xd8 is the start.
                0x00 | 0x01 | 0xd0..=0xd8 => {}
                EOI => return None,
                marker => {
                    let length = u16::from_be_bytes(*rest.first_chunk()?).max(2);
                    let (segment, after) = rest.split_at_checked(usize::from(length))?;
                    rest = after;
                    return Some(Segment { marker, data: &segment[2..] });
                }
            }
        }
    })
}
