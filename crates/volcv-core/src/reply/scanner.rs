//! Scans the JSON of a reply as it arrives. Picture texts are decoded at once and never held. All other bytes are
//! copied to the JSON text, which is parsed at the end and decides whether the reply is valid JSON.
//!
//! A picture text is a text in one of the two lists of `data`, at the top or in the `Result` of a wrapped reply, and
//! nowhere else: one in `binary_data_base64` that is no link, or one in `image_urls` that is a `data:` URL or begins
//! like a picture in base64. Where a key comes twice, the last one counts, as for serde_json.

use std::fmt;

use bytes::Bytes;
use memchr::memchr2;

use crate::buffer::Buffer;
use crate::pool::BufferPool;
use crate::reply::base64::{Damaged, Decoded, PictureText};
use crate::reply::reply_text::{Kind, kind_of};

/// Values of JSON beside the pictures: each takes much more memory than its text. Real replies have a few dozen.
const MAX_VALUES: usize = 100_000;

/// Bytes of JSON beside the pictures of an outpainting. Real replies have a few hundred.
pub(crate) const MAX_JSON: usize = 1 << 20;

/// Room for the JSON behind a large picture, reserved together with the picture's memory. Without it a small allocation
/// between two pictures could keep the allocator from using the picture's memory again.
const ROOM: usize = 16 * 1024;

/// A reply that was scanned: its JSON, and its pictures apart from that.
#[derive(Debug, Default)]
pub(crate) struct Scanned {
    /// The JSON, with an empty text in the place of each picture text.
    pub(crate) json: Vec<u8>,
    pub(crate) pictures: Pictures,
    /// What is wrong with the reply although its JSON text can be valid.
    pub(crate) warning: Option<&'static str>,
}

/// All picture texts of a reply.
#[derive(Debug, Default)]
pub(crate) struct Pictures {
    /// The pictures in `data`.
    pub(crate) data: Lists,
    /// The pictures in `Result.data`.
    pub(crate) result_data: Lists,
}

/// The picture texts of one `data`, in order: one for each empty text of the JSON text in that list.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    /// The pictures of `binary_data_base64`.
    pub(crate) bytes: Vec<Picture>,
    /// The pictures of `image_urls`.
    pub(crate) links: Vec<Picture>,
}

impl Pictures {
    /// The bytes of all pictures, for a reply that cannot be read or says that the call failed.
    pub(crate) fn into_bytes(self) -> Vec<Bytes> {
        let Self { data, result_data } = self;
        let all = [data.bytes, data.links, result_data.bytes, result_data.links].into_iter().flatten();
        let bytes = all.map(|text| Bytes::from(text.unwrap_or_else(|damaged| damaged.bytes)));
        bytes.filter(|bytes| !bytes.is_empty()).collect()
    }
}

/// The bytes of one picture text, empty for an empty text.
pub(crate) type Picture = Result<Buffer, Damaged>;

/// The deepest nesting of containers; serde_json refuses more than 128 levels.
const MAX_DEPTH: usize = 128;

/// The reply is more than the limits allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitExceeded {
    /// More bytes than the limit; the announced number of bytes, if any.
    Size(u64, Option<u64>),
    /// More bytes of JSON beside the pictures than this.
    Json(usize),
    /// Too many values.
    Values,
    /// Nested too deeply.
    Depth,
    /// The system has no memory for more.
    Memory,
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LimitExceeded::Size(limit, announced) => {
                write!(f, "the reply is larger than the limit of {limit} bytes")?;
                announced.map_or(Ok(()), |length| write!(f, " ({length} bytes were announced)"))
            }
            LimitExceeded::Json(max) => write!(f, "the reply has more than {max} bytes of JSON beside its pictures"),
            LimitExceeded::Values => write!(f, "the reply's JSON has more than {MAX_VALUES} values"),
            LimitExceeded::Depth => write!(f, "the reply's JSON is nested more than {MAX_DEPTH} levels deep"),
            LimitExceeded::Memory => f.write_str("there is no memory for the reply"),
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
    /// Where the text that is being copied begins in the JSON text.
    start: usize,
    /// About how many bytes are to come, for the memory of pictures.
    expected: usize,
    max_json: Option<usize>,
    no_memory: bool,
    pool: BufferPool,
}

/// A container that is open.
#[derive(Debug)]
struct Frame {
    kind: ValueKind,
    object: bool,
    /// In an object: the next text is a key.
    key_next: bool,
    /// In an object: what the value of the last key can hold.
    member: ValueKind,
    /// A value has begun since the last comma. A second value before the next comma is not valid JSON and is not read
    /// as a picture, so the number of commas bounds the number of pictures.
    has_value: bool,
}

/// What a value can hold of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueKind {
    Root,
    Result,
    Data(Source),
    Pictures(List),
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Data,
    ResultData,
}

/// A list of `data` that may hold pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct List {
    source: Source,
    /// It is `image_urls`, not `binary_data_base64`.
    links: bool,
}

#[derive(Debug)]
enum State {
    /// In front of the JSON; `comment` inside a comment line.
    Before {
        comment: bool,
    },
    Between,
    /// In a text that is copied; whether the last byte was a backslash.
    Text {
        escaped: bool,
    },
    /// At the start of a text that may be a picture; `start` is its escaped text so far.
    Start {
        list: List,
        start: Vec<u8>,
    },
    /// In a picture text.
    Picture {
        list: List,
        text: Box<PictureText>,
        escape: Escape,
    },
}

impl Default for State {
    fn default() -> Self {
        State::Before { comment: false }
    }
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
    /// A scanner for a reply of about `expected` bytes, whose pictures get their memory from `pool`.
    pub(crate) fn with_pool(expected: usize, pool: &BufferPool) -> Self {
        Self { expected, pool: pool.clone(), ..Self::default() }
    }

    /// Limits the bytes of JSON beside the pictures.
    pub(crate) fn limited_to(self, max_json: usize) -> Self {
        Self { max_json: Some(max_json), ..self }
    }

    /// The next bytes.
    pub(crate) fn push(&mut self, mut chunk: &[u8]) -> Result<(), LimitExceeded> {
        let coming = self.expected.saturating_sub(chunk.len());
        while !chunk.is_empty() {
            chunk = match &mut self.state {
                State::Before { .. } => self.before(chunk),
                State::Between => self.between(chunk),
                State::Text { .. } => self.text(chunk),
                State::Start { .. } => self.start(chunk),
                State::Picture { .. } => self.picture(chunk),
            };
            if self.no_memory {
                return Err(LimitExceeded::Memory);
            }
            if self.deepest > MAX_DEPTH {
                return Err(LimitExceeded::Depth);
            }
            if self.values > MAX_VALUES {
                return Err(LimitExceeded::Values);
            }
            if let Some(max) = self.max_json.filter(|max| self.scanned.json.len() > *max) {
                self.scanned.json.truncate(max);
                return Err(LimitExceeded::Json(max));
            }
        }
        self.expected = coming;
        Ok(())
    }

    /// The scanned reply. A picture text without an end leaves a JSON text that is not valid.
    pub(crate) fn finish(mut self) -> Scanned {
        if let State::Start { list, start } = &mut self.state {
            let (list, start) = (*list, std::mem::take(start));
            let kind = kind_of(&start, true, list.links).unwrap_or(Kind::Link);
            self.begin(kind, list, &start);
        }
        if let State::Picture { list, text, .. } = std::mem::replace(&mut self.state, State::Between) {
            self.pictures(list).push(text.cut_off().picture);
        }
        self.scanned
    }

    /// Blanks, a byte order mark, and comment lines, which some gateways send to keep a connection alive while they
    /// wait (a line that begins with a colon: WHATWG HTML, 9.2.6, server-sent events).
    fn before<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let State::Before { comment } = &mut self.state else { return chunk };
        for (i, byte) in chunk.iter().enumerate() {
            match byte {
                b'\n' | b'\r' => *comment = false,
                _ if *comment => continue,
                b':' => {
                    *comment = true;
                    self.scanned.warning = Some("has comment lines in front of its JSON");
                    continue;
                }
                b' ' | b'\t' | 0xef | 0xbb | 0xbf => {}
                _ => {
                    self.state = State::Between;
                    return &chunk[i..];
                }
            }
            match self.scanned.json.try_reserve(1) {
                Ok(()) => self.scanned.json.push(*byte),
                Err(_) => self.no_memory = true,
            }
        }
        &[]
    }

    /// Structure: everything up to and including the next quotation mark.
    fn between<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        // Bytes over a limit are not read: the error must not depend on how the transport cuts the reply.
        let room = self.max_json.map_or(usize::MAX, |max| (max + 1).saturating_sub(self.scanned.json.len()));
        let taken = &chunk[..chunk.len().min(room)];
        for (i, byte) in taken.iter().enumerate() {
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
                    self.keep(&chunk[..=i]);
                    self.begin_text();
                    return &chunk[i + 1..];
                }
                _ => {}
            }
            if self.deepest > MAX_DEPTH || self.values > MAX_VALUES {
                self.keep(&chunk[..=i]);
                return &[];
            }
        }
        self.keep(taken);
        &chunk[taken.len()..]
    }

    fn open(&mut self, object: bool) {
        self.values += 1;
        let kind = self.value_kind();
        self.begin_value();
        self.stack.push(Frame { kind, object, key_next: object, member: ValueKind::Other, has_value: false });
        self.deepest = self.deepest.max(self.stack.len());
    }

    /// What a value at this point can hold.
    fn value_kind(&self) -> ValueKind {
        match self.stack.last() {
            None => ValueKind::Root,
            Some(Frame { object: true, member, .. }) => *member,
            // The elements of the list can be pictures. The elements of a list inside the list cannot.
            Some(Frame { kind: ValueKind::Pictures(list), .. }) if !self.in_nested_array() => {
                ValueKind::Pictures(*list)
            }
            Some(_) => ValueKind::Other,
        }
    }

    /// Records that a value begins here, and returns whether JSON allows a value here.
    fn begin_value(&mut self) -> bool {
        self.stack.last_mut().is_some_and(|frame| !std::mem::replace(&mut frame.has_value, true))
    }

    fn in_nested_array(&self) -> bool {
        let below = self.stack.len().checked_sub(2).and_then(|i| self.stack.get(i));
        below.is_some_and(|frame| !frame.object)
    }

    fn begin_text(&mut self) {
        self.start = self.scanned.json.len();
        let is_value = self.stack.last().is_some_and(|frame| !frame.key_next) && self.begin_value();
        self.state = match self.value_kind() {
            ValueKind::Pictures(list) if is_value => State::Start { list, start: Vec::new() },
            _ => State::Text { escaped: false },
        };
    }

    /// The start of a text that may be a picture. It is kept until the kind of the text is known.
    fn start<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let State::Start { list, start } = &mut self.state else { return chunk };
        let list = *list;
        for (i, byte) in chunk.iter().enumerate() {
            let ends = *byte == b'"' && start.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0;
            if !ends {
                start.push(*byte);
            }
            let Some(kind) = kind_of(start, ends, list.links) else { continue };
            let start = std::mem::take(start);
            self.begin(kind, list, &start);
            // The quotation mark at the end belongs to the new state.
            return &chunk[i + usize::from(!ends)..];
        }
        &[]
    }

    /// Continues with a text whose kind is known.
    fn begin(&mut self, kind: Kind, list: List, mut start: &[u8]) {
        self.state = match kind {
            Kind::Link => State::Text { escaped: false },
            Kind::Picture => {
                let text = Box::new(PictureText::new(self.expected, &self.pool));
                self.scanned.json.reserve((self.expected / 256).min(ROOM));
                State::Picture { list, text, escape: Escape::None }
            }
        };
        while !start.is_empty() {
            start = if kind == Kind::Link { self.text(start) } else { self.picture(start) };
        }
    }

    fn pictures(&mut self, list: List) -> &mut Vec<Picture> {
        let Pictures { data, result_data } = &mut self.scanned.pictures;
        let lists = if list.source == Source::Data { data } else { result_data };
        if list.links { &mut lists.links } else { &mut lists.bytes }
    }

    /// A key or an ordinary text, which is copied up to its end.
    fn text<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let State::Text { escaped } = &mut self.state else { return chunk };
        let mut at = usize::from(std::mem::take(escaped));
        while let Some(found) = memchr2(b'"', b'\\', &chunk[at..]).map(|found| at + found) {
            if chunk[found] == b'"' {
                self.keep(&chunk[..=found]);
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
        self.keep(chunk);
        &[]
    }

    /// Appends to the JSON text.
    fn keep(&mut self, bytes: &[u8]) {
        match self.scanned.json.try_reserve(bytes.len()) {
            Ok(()) => self.scanned.json.extend_from_slice(bytes),
            Err(_) => self.no_memory = true,
        }
    }

    /// After a key, notes what its value can hold.
    fn end_text(&mut self) {
        let Some(frame) = self.stack.last_mut().filter(|frame| frame.key_next && !self.no_memory) else { return };
        frame.key_next = false;
        let key = &self.scanned.json[self.start - 1..];
        frame.member = match (frame.kind, unescape(key).as_deref().unwrap_or_default()) {
            (ValueKind::Root, "Result") => ValueKind::Result,
            (ValueKind::Root, "data") => ValueKind::Data(Source::Data),
            (ValueKind::Result, "data") => ValueKind::Data(Source::ResultData),
            (ValueKind::Data(source), "binary_data_base64") => ValueKind::Pictures(List { source, links: false }),
            (ValueKind::Data(source), "image_urls") => ValueKind::Pictures(List { source, links: true }),
            _ => return frame.member = ValueKind::Other,
        };
        // A repeated key replaces the earlier value.
        match frame.member {
            ValueKind::Data(Source::Data) => self.scanned.pictures.data = Lists::default(),
            ValueKind::Pictures(list) => self.pictures(list).clear(),
            _ => self.scanned.pictures.result_data = Lists::default(),
        }
    }

    /// A picture text, which is passed to its decoder up to the next escape or the end.
    fn picture<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let State::Picture { list, text, escape } = &mut self.state else { return chunk };
        match *escape {
            Escape::None => {
                let end = memchr2(b'"', b'\\', chunk).unwrap_or(chunk.len());
                text.push(&chunk[..end]);
                self.no_memory = text.has_no_memory();
                match chunk.get(end) {
                    None => return &[],
                    Some(b'\\') => *escape = Escape::Open,
                    Some(_) => {
                        let list = *list;
                        let State::Picture { text, .. } = std::mem::replace(&mut self.state, State::Between) else {
                            return chunk;
                        };
                        let Decoded { picture, breaks_json } = text.finish();
                        if breaks_json {
                            self.scanned.warning = Some("has a picture text with characters that JSON does not allow");
                        }
                        self.no_memory |= picture.as_ref().is_err_and(Damaged::has_no_memory);
                        self.keep(b"\"");
                        self.pictures(list).push(picture);
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

/// The key without quotation marks and escapes.
fn unescape(key: &[u8]) -> Option<String> {
    serde_json::from_slice(key).ok()
}

#[cfg(test)]
mod tests;
