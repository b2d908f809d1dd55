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
pub(crate) fn segments(bytes: &[u8]) -> Segments<'_> {
    Segments { bytes, at: 2 }
}

pub(crate) struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Segments<'_> {
    /// After the last segment: where the end marker is, or the end of the file.
    pub(crate) fn end(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            let Some((marker, behind)) = next_marker(rest) else {
                self.at = self.bytes.len();
                return None;
            };
            match marker {
                EOI => {
                    self.at += behind - 2;
                    return None;
                }
                // A zero stands behind an 0xff that is data; 0xd0 to 0xd7 are restarts, 0xd8 is the start.
                0x00 | 0x01 | 0xd0..=0xd8 => self.at += behind,
                marker => {
                    let length = rest[behind..].first_chunk().map_or(2, |length| u16::from_be_bytes(*length).max(2));
                    let Some(segment) = rest[behind..].get(..usize::from(length)) else {
                        self.at = self.bytes.len();
                        return None;
                    };
                    self.at += behind + segment.len();
                    return Some(Segment { marker, data: &segment[2..] });
                }
            }
        }
    }
}

/// The next byte behind one or more 0xff, and the offset behind it.
fn next_marker(bytes: &[u8]) -> Option<(u8, usize)> {
    let start = bytes.iter().position(|byte| *byte == 0xff)?;
    let fill = bytes[start..].iter().position(|byte| *byte != 0xff)?;
    Some((bytes[start + fill], start + fill + 1))
}
