//! Reads the JSON of a reply as it arrives. Picture texts are decoded at once and never held; everything else goes to
//! a side text, which serde_json reads at the end and which alone decides whether the reply is valid JSON.
//!
//! A picture text is a text under `data.binary_data_base64`, at the top or in the `Result` of a wrapped reply, and
//! nowhere else. Where a key comes twice, the last one counts, as for serde_json.

use std::fmt;

use memchr::memchr2;

use crate::buffer::Buffer;
use crate::picture_text::{NOT_JSON, PictureText};
use crate::spare::Spare;

/// Values of JSON beside the pictures: each takes much more memory than its text. Real replies have a few dozen.
const MAX_VALUES: usize = 100_000;

/// Bytes of JSON beside the pictures of an outpainting. Real replies have a few hundred.
pub(crate) const MAX_SIDE: usize = 1 << 20;

/// Room for the JSON behind a large picture. It lies behind the picture's in memory and is given back with it: so an
/// allocator that has put some small thing in between can still use the place for the next picture.
const ROOM: usize = 16 * 1024;

/// What is left of a reply when its pictures are taken out.
#[derive(Debug, Default)]
pub(crate) struct Scanned {
    /// The JSON, with an empty text in the place of each picture.
    pub(crate) side: Vec<u8>,
    /// The pictures of `data`, in order.
    pub(crate) data: Vec<Result<Buffer, &'static str>>,
    /// The pictures of `Result.data`.
    pub(crate) result_data: Vec<Result<Buffer, &'static str>>,
}

/// Containers in containers; serde_json would refuse more than 128 of them at the end.
const MAX_DEPTH: usize = 128;

/// The reply is more than the limits allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Excess {
    /// More bytes in all than the limit; how many were announced, if any.
    Size(u64, Option<u64>),
    /// More bytes of JSON beside the pictures than this.
    Side(usize),
    /// Too many values.
    Values,
    /// Nested too deeply.
    Depth,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Excess::Size(limit, announced) => {
                write!(f, "the reply is larger than the limit of {limit} bytes")?;
                announced.map_or(Ok(()), |length| write!(f, " ({length} bytes were announced)"))
            }
            Excess::Side(max) => write!(f, "the reply has more than {max} bytes of JSON beside its pictures"),
            Excess::Values => write!(f, "the reply's JSON has more than {MAX_VALUES} values"),
            Excess::Depth => write!(f, "the reply's JSON is nested more than {MAX_DEPTH} levels deep"),
        }
    }
}

/// The reader of one reply.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    scanned: Scanned,
    stack: Vec<Frame>,
    state: State,
    values: usize,
    deepest: usize,
    /// Where the text that is being copied begins in the side text.
    start: usize,
    /// About how many bytes are to come, for the memory of pictures.
    expected: usize,
    max_side: Option<usize>,
    spare: Spare,
}

/// A container that is open.
#[derive(Debug)]
struct Frame {
    place: Place,
    object: bool,
    /// In an object: the next text is a key.
    key_next: bool,
    /// In an object: what the value behind the last key is.
    member: Place,
    /// A value has begun since the last comma. Another one is no JSON, and no picture: the number of pictures is bounded by
    /// that of the commas.
    has_value: bool,
}

/// What a value is, as far as pictures are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Result,
    Data(Source),
    Pictures(Source),
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Data,
    ResultData,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Between,
    /// In a text that is copied; whether the last byte was a backslash.
    Text { escaped: bool },
    /// In a picture text.
    Picture { source: Source, text: Box<PictureText>, escape: Escape },
}

#[derive(Debug, Clone, Copy)]
enum Escape {
    None,
    /// Behind a backslash.
    Open,
    /// Behind `\u`: digits so far, and their value.
    Hex(u8, u32),
}

impl Scanner {
    /// A reader of a reply of about `expected` bytes, whose pictures may have memory of earlier ones.
    pub(crate) fn with_spare(expected: usize, spare: &Spare) -> Self {
        Self { expected, spare: spare.clone(), ..Self::default() }
    }

    /// Takes no more than this of JSON beside the pictures.
    pub(crate) fn limited_to(self, max_side: usize) -> Self {
        Self { max_side: Some(max_side), ..self }
    }

    /// The next bytes.
    pub(crate) fn push(&mut self, mut chunk: &[u8]) -> Result<(), Excess> {
        let coming = self.expected.saturating_sub(chunk.len());
        while !chunk.is_empty() {
            chunk = match &mut self.state {
                State::Between => self.between(chunk),
                State::Text { .. } => self.text(chunk),
                State::Picture { .. } => self.picture(chunk),
            };
            if self.deepest > MAX_DEPTH {
                return Err(Excess::Depth);
            }
            if self.values > MAX_VALUES {
                return Err(Excess::Values);
            }
            if let Some(max) = self.max_side.filter(|max| self.scanned.side.len() > *max) {
                // What is over the limit is not looked at, however the reply came.
                self.scanned.side.truncate(max);
                return Err(Excess::Side(max));
            }
        }
        self.expected = coming;
        Ok(())
    }

    /// What was read. A picture text without an end leaves a side text that is not valid JSON.
    pub(crate) fn finish(self) -> Scanned {
        self.scanned
    }

    /// Structure: everything up to and including the next quotation mark.
    fn between<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        for (i, byte) in chunk.iter().enumerate() {
            match byte {
                b'{' | b'[' => self.open(*byte == b'{'),
                b'}' | b']' => drop(self.stack.pop()),
                b',' => {
                    self.values += 1;
                    if let Some(frame) = self.stack.last_mut() {
                        (frame.key_next, frame.has_value) = (frame.object, false);
                    }
                }
                b'"' => {
                    self.scanned.side.extend_from_slice(&chunk[..=i]);
                    self.begin_text();
                    return &chunk[i + 1..];
                }
                _ => {}
            }
        }
        self.scanned.side.extend_from_slice(chunk);
        &[]
    }

    fn open(&mut self, object: bool) {
        self.values += 1;
        let place = self.value_place();
        self.begin_value();
        self.stack.push(Frame { place, object, key_next: object, member: Place::Other, has_value: false });
        self.deepest = self.deepest.max(self.stack.len());
    }

    /// What a value at this point is.
    fn value_place(&self) -> Place {
        match self.stack.last() {
            None => Place::Root,
            Some(Frame { object: true, member, .. }) => *member,
            // The elements of the picture array are pictures, those of an array in it are not.
            Some(Frame { place: Place::Pictures(source), .. }) if !self.in_nested_array() => Place::Pictures(*source),
            Some(_) => Place::Other,
        }
    }

    /// Notes that a value begins here, and says whether one may.
    fn begin_value(&mut self) -> bool {
        self.stack.last_mut().is_some_and(|frame| !std::mem::replace(&mut frame.has_value, true))
    }

    fn in_nested_array(&self) -> bool {
        let below = self.stack.len().checked_sub(2).and_then(|i| self.stack.get(i));
        below.is_some_and(|frame| !frame.object)
    }

    fn begin_text(&mut self) {
        self.start = self.scanned.side.len();
        let is_value = self.stack.last().is_some_and(|frame| !frame.key_next) && self.begin_value();
        self.state = match self.value_place() {
            Place::Pictures(source) if is_value => {
                let text = Box::new(PictureText::new(self.expected, &self.spare));
                self.scanned.side.reserve((self.expected / 256).min(ROOM));
                State::Picture { source, text, escape: Escape::None }
            }
            _ => State::Text { escaped: false },
        };
    }

    /// A key or an ordinary text: copied up to its end.
    fn text<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let State::Text { escaped } = &mut self.state else { return chunk };
        let mut at = usize::from(std::mem::take(escaped));
        while let Some(found) = memchr2(b'"', b'\\', &chunk[at..]).map(|found| at + found) {
            if chunk[found] == b'"' {
                self.scanned.side.extend_from_slice(&chunk[..=found]);
                self.state = State::Between;
                self.end_text();
                return &chunk[found + 1..];
            }
            if found + 1 == chunk.len() {
                self.state = State::Text { escaped: true };
                break;
            }
            at = found + 2;
        }
        self.scanned.side.extend_from_slice(chunk);
        &[]
    }

    /// If the text was a key, it says what its value is.
    fn end_text(&mut self) {
        let Some(frame) = self.stack.last_mut().filter(|frame| frame.key_next) else { return };
        frame.key_next = false;
        let key = &self.scanned.side[self.start - 1..];
        frame.member = match (frame.place, unescape(key).as_deref().unwrap_or_default()) {
            (Place::Root, "Result") => Place::Result,
            (Place::Root, "data") => Place::Data(Source::Data),
            (Place::Result, "data") => Place::Data(Source::ResultData),
            (Place::Data(source), "binary_data_base64") => Place::Pictures(source),
            _ => return frame.member = Place::Other,
        };
        // The same key again makes what was there before void.
        match frame.member {
            Place::Data(Source::Data) | Place::Pictures(Source::Data) => self.scanned.data.clear(),
            _ => self.scanned.result_data.clear(),
        }
    }

    /// A picture text: handed on up to the next escape or the end.
    fn picture<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let State::Picture { source, text, escape } = &mut self.state else { return chunk };
        match *escape {
            Escape::None => {
                let end = memchr2(b'"', b'\\', chunk).unwrap_or(chunk.len());
                text.push(&chunk[..end]);
                match chunk.get(end) {
                    None => return &[],
                    Some(b'\\') => *escape = Escape::Open,
                    Some(_) => {
                        let pictures = match source {
                            Source::Data => &mut self.scanned.data,
                            Source::ResultData => &mut self.scanned.result_data,
                        };
                        let State::Picture { text, .. } = std::mem::take(&mut self.state) else { return chunk };
                        let picture = text.finish();
                        // The JSON stays as wrong as it is, even where the picture is of no interest.
                        self.scanned.side.extend(matches!(picture, Err(NOT_JSON)).then_some(0));
                        self.scanned.side.push(b'"');
                        pictures.push(picture);
                    }
                }
                &chunk[end + 1..]
            }
            Escape::Open => {
                *escape = Escape::None;
                match chunk[0] {
                    b'u' => *escape = Escape::Hex(0, 0),
                    // Line breaks between groups mean nothing.
                    b'n' | b'r' | b't' => {}
                    b'/' => text.push(b"/"),
                    // Not base64.
                    b'b' | b'f' | b'"' | b'\\' => text.push(b"\\"),
                    _ => text.push(&[0]),
                }
                &chunk[1..]
            }
            Escape::Hex(digits, value) => {
                let digit = (chunk[0] as char).to_digit(16);
                let value = value << 4 | digit.unwrap_or(1 << 16);
                *escape = if digits == 3 { Escape::None } else { Escape::Hex(digits + 1, value) };
                if digits == 3 {
                    match u8::try_from(value) {
                        Ok(b'\n' | b'\r' | b'\t') => {}
                        Ok(ascii @ b' '..=b'~') => text.push(&[ascii]),
                        _ if value > 0xffff => text.push(&[0]),
                        // Not base64.
                        _ => text.push(b"\\"),
                    }
                }
                &chunk[1..]
            }
        }
    }
}

/// The key behind its quotation marks; keys are rarely written with escapes, but they may be.
fn unescape(key: &[u8]) -> Option<String> {
    serde_json::from_slice(key).ok()
}

#[cfg(test)]
mod tests;
