//! Cleans foreign text for errors and logs: no key, no picture text, no control characters, a bounded length.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::request::percent;

/// The longest text that is taken over from a reply.
const MAX_CHARS: usize = 400;
/// The longest foreign text inside a sentence of volcv. C has 512 bytes for an error, which holds two such texts.
const MAX_BRIEF: usize = 200;
/// A run of base64 characters this long is a picture or a token, not a word.
const MAX_RUN: usize = 96;

/// The texts that must not appear in any other text: the parts of the credentials that a call was made with. A part that is
/// not there is empty.
#[derive(Clone, Copy, Default)]
pub(crate) struct Secrets<'a>(pub(crate) [&'a str; 3]);

impl Secrets<'_> {
    /// For texts that came before there were any credentials.
    pub(crate) const NONE: Secrets<'static> = Secrets(["", "", ""]);

    /// The secrets as they may stand in a text: as they are, percent-encoded and in base64, alone or behind `Bearer`. Very
    /// short ones are left out, because to replace them would only make a text unreadable.
    pub(crate) fn spellings(&self) -> impl Iterator<Item = String> {
        const SHORTEST: usize = 4;
        self.0.into_iter().filter(|secret| secret.len() >= SHORTEST).flat_map(|secret| {
            let percent = percent::escape(secret).to_string();
            let strict_percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
            let bearer = STANDARD_NO_PAD.encode(format!("Bearer {secret}"));
            [secret.to_owned(), percent, strict_percent, STANDARD_NO_PAD.encode(secret), bearer]
        })
    }
}

/// Cleans a text that came from outside. The secrets are replaced wherever they stand.
pub(crate) fn clean(text: &str, secrets: Secrets<'_>) -> String {
    let hidden = without(text, secrets);
    let text = hidden.as_ref();
    let mut out = String::new();
    for word in text.split_inclusive(|c: char| !is_base64(c)) {
        // The character that ended the run is kept.
        let run = word.trim_end_matches(|c| !is_base64(c));
        let shown = if run.len() > MAX_RUN {
            out.push_str(&format!("[{} characters]", run.len()));
            &word[run.len()..]
        } else {
            word
        };
        escape(shown, &mut out);
        if out.len() > 4 * MAX_CHARS {
            break;
        }
    }
    match out.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &out[..end]),
        None => out,
    }
}

/// The text with a mark in the place of the secrets; nothing else of it changes.
pub(crate) fn without<'a>(text: &'a str, secrets: Secrets<'_>) -> Cow<'a, str> {
    secrets.spellings().fold(Cow::Borrowed(text), hide)
}

/// As [`clean`], for a text inside a sentence of volcv: the end of the sentence must not be lost where room is short.
pub(crate) fn brief(text: &str, secrets: Secrets<'_>) -> String {
    shortened(&clean(text, secrets), MAX_BRIEF).into_owned()
}

/// A text of at most `room` bytes, cut between two characters. A mark at the end shows the cut.
pub(crate) fn shortened(text: &str, room: usize) -> Cow<'_, str> {
    const MARK: &str = "…";
    if text.len() <= room {
        return Cow::Borrowed(text);
    }
    let end = (0..=room.saturating_sub(MARK.len())).rfind(|end| text.is_char_boundary(*end));
    Cow::Owned(format!("{}{MARK}", &text[..end.unwrap_or_default()]))
}

/// Replaces a secret.
fn hide<'a>(text: Cow<'a, str>, secret: String) -> Cow<'a, str> {
    // Most texts have no secret. This search is smaller than that of the standard library, and faster for short texts.
    let mut starts = memchr::memchr_iter(secret.as_bytes()[0], text.as_bytes());
    let is_there = starts.any(|at| text.as_bytes()[at..].starts_with(secret.as_bytes()));
    if is_there { Cow::Owned(text.replace(&secret, "[key]")) } else { text }
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_')
}

/// Control characters could move a terminal's cursor or forge a log line; so could the bidirectional marks.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                out.extend(c.escape_unicode());
            }
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(clean("a\r\n\x1b[2Jb\0\u{202e}", Secrets::NONE), r"a\r\n\u{1b}[2Jb\u{0}\u{202e}");
        assert_eq!(clean("蓝色的海洋 é", Secrets::NONE), "蓝色的海洋 é");
    }

    #[test]
    fn the_key_and_picture_texts_are_replaced() {
        assert_eq!(clean("bad key sk-123!", Secrets(["sk-123", "", ""])), "bad key [key]!");
        let text = format!("got \"{}\" there", "A".repeat(5000));
        assert_eq!(clean(&text, Secrets::NONE), "got \"[5000 characters]\" there");
    }

    #[test]
    fn the_key_is_found_in_every_spelling() {
        let key = "sk-a+b/c=";
        for text in [
            "x sk-a+b/c= y",
            "x sk-a%2Bb%2Fc%3D y",
            "x sk%2Da%2Bb%2Fc%3D y",
            "x c2stYStiL2M9 y",
            "x QmVhcmVyIHNrLWErYi9jPQ y",
        ] {
            assert_eq!(clean(text, Secrets(["", key, ""])), "x [key] y");
        }
        assert_eq!(clean("a key", Secrets(["key", "", ""])), "a key");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let text = clean(&"海 ".repeat(1000), Secrets::NONE);
        assert_eq!(text.chars().count(), MAX_CHARS + 1);
        let text = brief(&"海 ".repeat(1000), Secrets::NONE);
        assert!(text.ends_with('…') && (MAX_BRIEF - 3..=MAX_BRIEF).contains(&text.len()), "{text}");
        assert_eq!(brief("a word", Secrets::NONE), "a word");
    }
}
