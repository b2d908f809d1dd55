//! Decides by the first characters of a text in a reply's two lists whether it is a link or a picture. Services and
//! gateways put both into both lists.

use volcv_types::PictureInfo;

use crate::pool::BufferPool;
use crate::reply::base64::PictureText;

/// The kind of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Link,
    /// base64, a `data:` URL, or nothing at all.
    Picture,
}

/// A text is checked again after each `STEP` bytes. That many characters of base64 hold the magic bytes of every
/// format.
const STEP: usize = 64;

/// A text that begins with `LONGEST` bytes of blanks is not checked again.
const LONGEST: usize = 16 * STEP;

/// The kind of a text with this start, which is still escaped. `whole` means that this is the whole text, `in_links`
/// that it is in `image_urls`. `None` means that the start is too short to decide.
pub(crate) fn kind_of(start: &[u8], whole: bool, in_links: bool) -> Option<Kind> {
    if !whole && (start.is_empty() || start.len() % STEP != 0) {
        return None;
    }
    let text = unescaped(start);
    let text = text.trim_ascii_start();
    if text.is_empty() && !whole && start.len() < LONGEST {
        return None;
    }
    let begins = |with: &[u8]| text.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    let is_picture = match in_links {
        // Without a scheme it is base64, right or wrong.
        false => !begins(b"http://") && !begins(b"https://"),
        true => text.is_empty() || begins(b"data:") || begins_like_a_picture(text),
    };
    Some(if is_picture { Kind::Picture } else { Kind::Link })
}

fn begins_like_a_picture(text: &[u8]) -> bool {
    let mut decoder = PictureText::new(0, &BufferPool::default());
    decoder.push(text);
    // The last group may be cut. The bytes before it are enough.
    let bytes = decoder.finish().picture.unwrap_or_else(|damaged| damaged.bytes);
    PictureInfo::read(&bytes).is_some()
}

/// The characters of a part of a JSON string. An escape that is cut, unknown or not ASCII ends them.
fn unescaped(mut part: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(part.len());
    while let Some((first, rest)) = part.split_first() {
        let (byte, rest) = match (first, rest) {
            (b'\\', [b'u', a, b, c, d, rest @ ..]) => {
                let digits = [*a, *b, *c, *d];
                let value = std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
                let Some(byte) = value else { break };
                (byte, rest)
            }
            (b'\\', [b'/', rest @ ..]) => (b'/', rest),
            (b'\\', [b'n' | b'r' | b't', rest @ ..]) => (b' ', rest),
            (b'\\', _) => break,
            (byte, rest) => (*byte, rest),
        };
        text.push(byte);
        part = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x05\0\0\0\x02\xd0\x08\x02\0\0\0CRC.\0\0\0\0IENDCRC.";

    fn kind(text: &str, in_links: bool) -> Kind {
        let early = (0..=text.len().min(LONGEST)).find_map(|end| kind_of(&text.as_bytes()[..end], false, in_links));
        early.or_else(|| kind_of(text.as_bytes(), true, in_links)).unwrap()
    }

    #[test]
    fn a_link_is_a_link_and_a_picture_a_picture_in_either_list() {
        let path = "x".repeat(200);
        let jpeg = STANDARD.encode([&[0xff, 0xd8, 0xff, 0xe0], &[0x3f; 90][..]].concat());
        for (text, picture) in [
            (format!("https://cdn.example/{path}"), false),
            ("  HTTP:\\/\\/a".to_owned(), false),
            ("\\u0068ttps:\\u002f/a".to_owned(), false),
            (format!("{}https://a", " ".repeat(70)), false),
            (STANDARD.encode(PNG), true),
            (format!("data:image/png;base64,{path}"), true),
            ("\\nDATA:,AQID".to_owned(), true),
            (jpeg.replace('/', "\\/"), true),
            (STANDARD.encode(b"GIF89a\x01\0\x01\0\0\0\0;"), true),
            (String::new(), true),
        ] {
            let expected = if picture { Kind::Picture } else { Kind::Link };
            assert_eq!((kind(&text, false), kind(&text, true)), (expected, expected), "{text}");
        }
    }

    #[test]
    fn a_text_of_neither_form_is_what_its_list_is_for() {
        for text in ["cdn.example/a.png", "//cdn.example/a", "AQID", "ftp://a"] {
            assert_eq!((kind(text, false), kind(text, true)), (Kind::Picture, Kind::Link), "{text}");
        }
        let blank = " ".repeat(2 * LONGEST);
        assert_eq!((kind(&blank, false), kind(&blank, true)), (Kind::Picture, Kind::Picture));
    }
}
