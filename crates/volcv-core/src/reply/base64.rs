//! One picture text of a reply, decoded as it arrives: base64 in pieces of any size becomes bytes at once.
//!
//! It accepts every form that services and gateways send: both alphabets (`+/` and `-_`), with or without padding,
//! blanks and line breaks, a `data:` prefix. Every other form is an error, so that no short picture counts as a whole
//! one.

use crate::buffer::Buffer;
use crate::codec;
use crate::pool::BufferPool;

/// A media type in front of the comma of a `data:` prefix is not longer than this.
const MAX_PREFIX: usize = 256;

/// More text is decoded in pieces, because a text with blanks is copied without them.
const PIECE: usize = 32 * 1024;

const NO_MEMORY: &str = "found no memory";

/// The decoder of one text.
#[derive(Debug)]
pub(crate) struct PictureText {
    bytes: Buffer,
    /// Characters that do not make a group of four yet.
    rest: Vec<u8>,
    prefix: Prefix,
    /// A padded group ends the text.
    ended: bool,
    problem: Option<&'static str>,
    breaks_json: bool,
}

/// The result of one text.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// The bytes of the whole text, empty for an empty text; or the bytes that could be decoded.
    pub(crate) picture: Result<Buffer, Damaged>,
    /// The text has characters that JSON allows only as escapes. The scanner passes an escape that JSON does not know
    /// as the byte 0, which is such a character.
    pub(crate) breaks_json: bool,
}

/// A text that is not valid: why, and the bytes that were decoded before the problem.
#[derive(Debug)]
pub(crate) struct Damaged {
    pub(crate) why: &'static str,
    pub(crate) bytes: Buffer,
}

impl Damaged {
    /// Whether the system had no memory for the picture.
    pub(crate) fn has_no_memory(&self) -> bool {
        self.why == NO_MEMORY
    }
}

/// How much is known about a `data:` prefix.
#[derive(Debug)]
enum Prefix {
    /// The first characters, until there are enough to tell.
    Undecided(Vec<u8>),
    /// Inside the prefix; the number of its characters so far.
    Inside(usize),
    /// Behind it, or there is none.
    Over,
}

impl PictureText {
    /// A decoder for a text of about `expected` characters or fewer.
    pub(crate) fn new(expected: usize, pool: &BufferPool) -> Self {
        Self {
            bytes: Buffer::with_pool(expected / 4 * 3, pool),
            rest: Vec::with_capacity(4),
            prefix: Prefix::Undecided(Vec::new()),
            ended: false,
            problem: None,
            breaks_json: false,
        }
    }

    /// The next characters, escapes resolved.
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.read(text);
        // Behind a problem nothing is decoded, but control characters still break the JSON.
        self.breaks_json |= self.problem.is_some() && text.iter().any(|byte| *byte < b' ');
    }

    /// Whether the system has no memory for the picture.
    pub(crate) fn has_no_memory(&self) -> bool {
        self.problem == Some(NO_MEMORY)
    }

    /// The result of the whole text.
    pub(crate) fn finish(mut self) -> Decoded {
        self.decide();
        if let Prefix::Inside(_) = self.prefix {
            self.problem.get_or_insert("its data: prefix has no end");
        }
        let rest = std::mem::take(&mut self.rest);
        self.decode_groups(&rest);
        let picture = match self.problem {
            None => Ok(self.bytes.fitted()),
            Some(why) => Err(Damaged { why, bytes: self.bytes.fitted() }),
        };
        Decoded { picture, breaks_json: self.breaks_json }
    }

    /// The result of a text that was cut with its reply.
    pub(crate) fn cut_off(mut self) -> Decoded {
        self.problem.get_or_insert("has no end");
        self.finish()
    }

    fn read(&mut self, mut text: &[u8]) {
        // A recursion would fill the stack with a megabyte of blanks.
        while let Prefix::Undecided(_) = &self.prefix {
            let Some((first, rest)) = text.split_first() else { return };
            text = rest;
            let kept = (!self.is_blank(*first)).then_some(*first);
            let Prefix::Undecided(start) = &mut self.prefix else { return };
            start.extend(kept);
            if start.len() == b"data:".len() {
                self.decide();
            }
        }
        if let Prefix::Inside(length) = &mut self.prefix {
            let comma = text.iter().position(|byte| *byte == b',');
            let part = &text[..comma.unwrap_or(text.len())];
            *length += part.len();
            // The scanner passes an escape that is no character of a prefix as a backslash.
            let bad = part.iter().any(|byte| !matches!(byte, b' '..=b'~') || *byte == b'\\');
            if bad || *length > MAX_PREFIX {
                self.problem.get_or_insert("has a data: prefix that is none");
            }
            let Some(comma) = comma else { return };
            text = &text[comma + 1..];
            self.prefix = Prefix::Over;
        }
        text.chunks(PIECE).for_each(|piece| self.decode(piece));
    }

    /// Decides whether the text has a `data:` prefix. base64 has no colon.
    fn decide(&mut self) {
        let Prefix::Undecided(start) = &mut self.prefix else { return };
        let start = std::mem::take(start);
        self.prefix = Prefix::Over;
        if start.eq_ignore_ascii_case(b"data:") {
            self.prefix = Prefix::Inside(0);
        } else {
            self.decode(&start);
        }
    }

    fn decode(&mut self, mut text: &[u8]) {
        // Whole groups go through the fast engine, straight from the transport's buffer.
        while !self.rest.is_empty() {
            let Some((first, after)) = text.split_first() else { return };
            text = after;
            let kept = self.character(*first);
            self.rest.extend(kept);
            if self.rest.len() == 4 {
                let group = [self.rest[0], self.rest[1], self.rest[2], self.rest[3]];
                self.rest.clear();
                self.decode_groups(&group);
            }
        }
        let (whole, rest) = text.split_at(text.len() / 4 * 4);
        if self.decode_groups_or_not(whole) {
            let kept: Vec<u8> = rest.iter().filter_map(|byte| self.character(*byte)).collect();
            self.rest.extend(kept);
            return;
        }
        // The fast engine knows one alphabet and no blanks.
        let dense: Vec<u8> = text.iter().filter_map(|byte| self.character(*byte)).collect();
        let (whole, rest) = dense.split_at(dense.len() / 4 * 4);
        self.decode_groups(whole);
        self.rest.extend(rest);
    }

    /// A character in the standard alphabet; nothing for a blank.
    fn character(&mut self, byte: u8) -> Option<u8> {
        match byte {
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            byte => (!self.is_blank(byte)).then_some(byte),
        }
    }

    fn is_blank(&mut self, byte: u8) -> bool {
        self.breaks_json |= byte < b' ';
        matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
    }

    fn decode_groups(&mut self, groups: &[u8]) {
        // The groups before the bad one are decoded, however the text is cut into pieces.
        if !self.decode_groups_or_not(groups) && !groups.chunks(4).all(|group| self.decode_groups_or_not(group)) {
            self.problem.get_or_insert("is not valid base64");
        }
    }

    fn decode_groups_or_not(&mut self, groups: &[u8]) -> bool {
        if groups.is_empty() || self.problem.is_some() {
            return true;
        }
        if self.ended {
            return false;
        }
        match codec::decode_onto(groups, &mut self.bytes) {
            Ok(false) => return false,
            Ok(true) => self.ended = groups.ends_with(b"="),
            Err(_) => self.problem = Some(NO_MEMORY),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn decode(pieces: &[&str]) -> Result<Vec<u8>, &'static str> {
        let mut text = PictureText::new(100, &BufferPool::default());
        pieces.iter().for_each(|piece| text.push(piece.as_bytes()));
        text.finish().picture.map(|bytes| bytes.to_vec()).map_err(|damaged| damaged.why)
    }

    #[test]
    fn every_spelling_of_the_same_bytes_decodes_however_it_is_cut() {
        let prefixed = "data:image/png;base64,AQIDBA==";
        for whole in ["AQIDBA==", "AQIDBA", "AQID BA==  ", " AQ ID BA ", prefixed, "DATA:,AQIDBA", " data:,AQIDBA"] {
            assert_eq!(decode(&[whole]), Ok(vec![1, 2, 3, 4]), "{whole:?}");
            for cut in 0..whole.len() {
                assert_eq!(decode(&[&whole[..cut], &whole[cut..]]), Ok(vec![1, 2, 3, 4]), "{whole:?} cut at {cut}");
            }
            let single: Vec<&str> = (0..whole.len()).map(|i| &whole[i..=i]).collect();
            assert_eq!(decode(&single), Ok(vec![1, 2, 3, 4]), "{whole:?} in single characters");
        }
        assert_eq!(decode(&["", "  "]), Ok(Vec::new()));
    }

    #[test]
    fn both_alphabets_give_the_same_bytes() {
        let raw: Vec<u8> = (0..=255).rev().cycle().take(100_000).collect();
        let padded = STANDARD.encode(&raw);
        let url_safe = padded.replace('+', "-").replace('/', "_");
        for text in [&*padded, &*url_safe, url_safe.trim_end_matches('='), &*padded.replacen('+', "-", 100)] {
            for size in [1, 7, 64, 10_000, 200_000] {
                let mut decoder = PictureText::new(0, &BufferPool::default());
                text.as_bytes().chunks(size).for_each(|piece| decoder.push(piece));
                let decoded = decoder.finish();
                assert!(decoded.picture.is_ok_and(|bytes| *bytes == *raw) && !decoded.breaks_json, "by {size}");
            }
        }
    }

    #[test]
    fn raw_line_breaks_are_blanks_that_json_does_not_allow() {
        for text in ["AQ\nIDBA==", "AQID\r\nBA", "\tAQIDBA==\n", "da\nta:,AQIDBA"] {
            for cut in 0..text.len() {
                let mut decoder = PictureText::new(0, &BufferPool::default());
                decoder.push(&text.as_bytes()[..cut]);
                decoder.push(&text.as_bytes()[cut..]);
                let decoded = decoder.finish();
                assert!(decoded.breaks_json, "{text:?} cut at {cut}");
                assert_eq!(decoded.picture.unwrap().to_vec(), [1, 2, 3, 4], "{text:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn the_bytes_before_a_problem_are_returned() {
        let damaged = |decoder: PictureText, cut: bool| {
            let decoded = if cut { decoder.cut_off() } else { decoder.finish() };
            decoded.picture.map(|_| ()).unwrap_err()
        };
        for size in 1..20 {
            let mut decoder = PictureText::new(0, &BufferPool::default());
            b"AQ IDBAUG****AQID".chunks(size).for_each(|piece| decoder.push(piece));
            assert_eq!(damaged(decoder, false).bytes.to_vec(), [1, 2, 3, 4, 5, 6], "by {size}");
        }
        let mut decoder = PictureText::new(0, &BufferPool::default());
        decoder.push(b"AQIDBA");
        let damaged = damaged(decoder, true);
        assert_eq!((damaged.why, damaged.bytes.to_vec()), ("has no end", vec![1, 2, 3]));
    }

    #[test]
    fn a_text_that_is_not_base64_is_an_error_and_never_a_short_picture() {
        for whole in [
            "AQIDB",
            "AQ==IDBA",
            "AQID*A==",
            "AQIDBB==",
            "a,AQID",
            "=",
            "AQID===",
            "data:x",
            "AQID=AQI",
            "AQID\u{1}BA",
            "AQID\0BA=",
        ] {
            for cut in 0..whole.len() {
                assert!(decode(&[&whole[..cut], &whole[cut..]]).is_err(), "{whole:?} cut at {cut}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_pieces_give_the_bytes_back(raw: Vec<u8>, sizes in prop::collection::vec(1_usize..40, 1..6), spaces: bool) {
            let mut text = STANDARD.encode(&raw);
            if spaces {
                text = text.as_bytes().chunks(7).map(|c| format!("{}  ", String::from_utf8_lossy(c))).collect();
            }
            let (mut decoder, mut left) = (PictureText::new(0, &BufferPool::default()), text.as_bytes());
            for size in sizes.iter().cycle() {
                let (piece, rest) = left.split_at(left.len().min(*size));
                decoder.push(piece);
                left = rest;
                if left.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(decoder.finish().picture.unwrap().to_vec(), raw);
        }
    }
}
