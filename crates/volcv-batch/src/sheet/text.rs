//! Text and paths of users, as HTML and URLs can carry them.

use std::ffi::OsStr;
use std::fmt::{self, Write as _};
use std::path::{Component, Path, PathBuf, Prefix};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// What a segment of a path keeps as it is (RFC 3986, unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Text for HTML, between tags and in quoted attributes. Control characters, which HTML must not have, become U+FFFD.
pub(super) struct Text<'a>(pub(super) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            match char {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => f.write_char(char)?,
                _ if char.is_control() => f.write_char(char::REPLACEMENT_CHARACTER)?,
                _ => f.write_char(char)?,
            }
        }
        Ok(())
    }
}

/// The URL of a file as seen from a folder: relative, or with `file:` if they have no root in common. Both are absolute.
pub(super) fn url(folder: &Path, file: &Path) -> String {
    let (from, to) = (lexical(folder), lexical(file));
    let from: Vec<_> = from.components().collect();
    let to: Vec<_> = to.components().collect();
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    if common == 0 {
        let names = to.iter().filter(|part| !matches!(part, Component::RootDir)).map(segment);
        return format!("file:///{}", names.collect::<Vec<_>>().join("/"));
    }
    let up = from[common..].iter().map(|_| "..".to_owned());
    up.chain(to[common..].iter().map(segment)).collect::<Vec<_>>().join("/")
}

fn segment(part: &Component<'_>) -> String {
    if let Component::Prefix(prefix) = part {
        match prefix.kind() {
            Prefix::Disk(letter) | Prefix::VerbatimDisk(letter) => return format!("{}:", char::from(letter)),
            Prefix::UNC(server, share) | Prefix::VerbatimUNC(server, share) => {
                return format!("/{}/{}", name(server), name(share));
            }
            _ => {}
        }
    }
    name(part.as_os_str())
}

fn name(name: &OsStr) -> String {
    percent_encode(name.as_encoded_bytes(), SEGMENT).to_string()
}

/// Without `.` and `..`, as a browser reads a URL.
fn lexical(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(clean.pop()),
            part => clean.push(part),
        }
    }
    clean
}

/// A whole number with a thin space between groups of three digits.
pub(super) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_place() {
        let hostile = "\"><script>alert('&')</script>\u{0}\u{1b}[31m\n";
        let text = Text(hostile).to_string();
        assert_eq!(text, "&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;\u{fffd}\u{fffd}[31m\n");
    }

    #[cfg(unix)]
    #[test]
    fn urls_are_relative_and_percent_encoded() {
        let of = |folder: &str, file: &str| url(Path::new(folder), Path::new(file));
        assert_eq!(of("/out/sheet", "/out/a.png"), "../a.png");
        assert_eq!(of("/out", "/out/deep/er/a.png"), "deep/er/a.png");
        assert_eq!(of("/out/sheet/.", "/in/../in/a b#c?d%e.png"), "../../in/a%20b%23c%3Fd%25e.png");
        assert_eq!(of("/out", "/out/javascript:alert(1)"), "javascript%3Aalert%281%29");
        assert_eq!(of("/out", "/out/\"><script>.png"), "%22%3E%3Cscript%3E.png");
        assert_eq!(of("/out", "/out/日本 é.png"), "%E6%97%A5%E6%9C%AC%20%C3%A9.png");
        assert_eq!(of("/out", "/out/back\\slash.png"), "back%5Cslash.png");
        let odd: &OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"\xffa");
        assert_eq!(url(Path::new("/out"), &Path::new("/out").join(odd)), "%FFa");
    }

    #[test]
    fn numbers_have_groups() {
        assert_eq!([0, 999, 1000, 1234567].map(number), ["0", "999", "1\u{202f}000", "1\u{202f}234\u{202f}567"]);
    }
}
