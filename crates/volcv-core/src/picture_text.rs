//! One picture text of a reply, decoded as it arrives: base64 in pieces of any size becomes bytes at once.
//!
//! Accepted is what the service and its gateways send: with or without padding, spaces, a `data:` prefix. Everything
//! else is an error, so that no short picture passes. Line breaks are escapes in JSON, which the scanner leaves out.

use crate::buffer::Buffer;
use crate::codec;
use crate::spare::Spare;

/// A media type in front of the comma of a `data:` prefix is not longer than this.
const MAX_PREFIX: usize = 256;

/// What is wrong with a text that JSON does not allow; the scanner hands on such an escape as the byte 0.
pub(crate) const NOT_JSON: &str = "is no text of JSON";

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
}

/// Where the text stands with regard to a `data:` prefix.
#[derive(Debug)]
enum Prefix {
    /// The first characters, until there are enough to tell.
    Undecided(Vec<u8>),
    /// Inside the prefix, this many characters of it.
    Inside(usize),
    /// Behind it, or there is none.
    Over,
}

impl PictureText {
    /// A text of at most `expected` characters, as far as is known.
    pub(crate) fn new(expected: usize, spare: &Spare) -> Self {
        let bytes = Buffer::with_spare(expected / 4 * 3, spare);
        let prefix = Prefix::Undecided(Vec::new());
        Self { bytes, rest: Vec::with_capacity(4), prefix, ended: false, problem: None }
    }

    /// The next characters, escapes resolved.
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.read(text);
        // The worst problem counts, wherever it stands and however the text comes.
        if self.problem.is_some() && is_not_json(text) {
            self.problem = Some(NOT_JSON);
        }
    }

    fn read(&mut self, mut text: &[u8]) {
        // A loop, not a call of itself: a megabyte of spaces must not fill the stack.
        while let Prefix::Undecided(start) = &mut self.prefix {
            let Some((first, rest)) = text.split_first() else { return };
            text = rest;
            start.extend((*first != b' ').then_some(*first));
            if start.len() == b"data:".len() {
                self.decide();
            }
        }
        if let Prefix::Inside(length) = &mut self.prefix {
            let comma = text.iter().position(|byte| *byte == b',');
            let part = &text[..comma.unwrap_or(text.len())];
            *length += part.len();
            // The scanner hands on escapes that stand for no character of a prefix as a backslash.
            let bad = part.iter().any(|byte| !matches!(byte, b' '..=b'~') || *byte == b'\\');
            if bad || *length > MAX_PREFIX {
                self.problem.get_or_insert("has a data: prefix that is none");
            }
            let Some(comma) = comma else { return };
            text = &text[comma + 1..];
            self.prefix = Prefix::Over;
        }
        self.decode(text);
    }

    /// Tells a `data:` prefix from base64, which has no colon.
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

    /// The bytes of the whole text; empty for an empty text.
    pub(crate) fn finish(mut self) -> Result<Buffer, &'static str> {
        self.decide();
        if let Prefix::Inside(_) = self.prefix {
            self.problem.get_or_insert("its data: prefix has no end");
        }
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() {
            self.decode_groups(&rest);
        }
        self.problem.map_or(Ok(self.bytes.fitted()), Err)
    }

    fn decode(&mut self, mut text: &[u8]) {
        // Whole groups go through the fast engine, straight from the transport's buffer.
        while !self.rest.is_empty() {
            let Some((first, after)) = text.split_first() else { return };
            text = after;
            self.rest.extend((*first != b' ').then_some(*first));
            if self.rest.len() == 4 {
                let group = [self.rest[0], self.rest[1], self.rest[2], self.rest[3]];
                self.rest.clear();
                self.decode_groups(&group);
            }
        }
        let whole = text.len() / 4 * 4;
        if self.decode_groups_or_not(&text[..whole]) {
            self.rest.extend(text[whole..].iter().filter(|byte| **byte != b' '));
            return;
        }
        // Spaces shift the groups: take it out and try again.
        let dense: Vec<u8> = text.iter().copied().filter(|byte| *byte != b' ').collect();
        let whole = dense.len() / 4 * 4;
        self.decode_groups(&dense[..whole]);
        self.rest.extend(&dense[whole..]);
    }

    fn decode_groups(&mut self, groups: &[u8]) {
        if !self.decode_groups_or_not(groups) {
            self.problem.get_or_insert(if is_not_json(groups) { NOT_JSON } else { "is not valid base64" });
        }
    }

    fn decode_groups_or_not(&mut self, groups: &[u8]) -> bool {
        if groups.is_empty() || self.problem.is_some() {
            return true;
        }
        if self.ended || !codec::decode_onto(groups, &mut self.bytes) {
            return false;
        }
        self.ended = groups.ends_with(b"=");
        true
    }
}

fn is_not_json(text: &[u8]) -> bool {
    text.iter().any(|byte| *byte < b' ')
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn decode(pieces: &[&str]) -> Result<Vec<u8>, &'static str> {
        let mut text = PictureText::new(100, &Spare::default());
        pieces.iter().for_each(|piece| text.push(piece.as_bytes()));
        text.finish().map(|bytes| bytes.to_vec())
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
    fn what_is_not_base64_is_an_error_and_never_a_short_picture() {
        for whole in [
            "AQIDB", "AQ==IDBA", "AQID*A==", "AQIDBB==", "a,AQID", "=", "AQID===", "A-_D", "data:x", "AQID=AQI",
            "AQID\tBA",
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
            let (mut decoder, mut left) = (PictureText::new(0, &Spare::default()), text.as_bytes());
            for size in sizes.iter().cycle() {
                let (piece, rest) = left.split_at(left.len().min(*size));
                decoder.push(piece);
                left = rest;
                if left.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(decoder.finish().map(|bytes| bytes.to_vec()), Ok(raw));
        }
    }
}
