//! The head of a reply, read so that no odd line in it costs the reply: a line that is no header is left out.
//!
//! ureq refuses a whole reply for one such line, and for more than 128 headers. It gets the few headers that say where the
//! body ends; all of them go to the sink.

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue};

/// No head is larger: the limit of hyper, so that both transports take the same heads.
pub(super) const MAX_HEAD: usize = 8192 + 4096 * 100;

/// The longest start of a status line that tells whether this is HTTP.
const START: &[u8] = b"HTTP/1.";

/// Collects a head from pieces of any size.
#[derive(Debug, Default)]
pub(super) struct HeadReader {
    bytes: Vec<u8>,
    /// So much of it was searched for the end.
    searched: usize,
}

/// What became of the bytes so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The head goes on.
    More,
    /// The head has ended: all headers, and what ureq gets in place of it, with what followed the head.
    Head(HeaderMap, Vec<u8>),
    /// This is no head of HTTP; ureq says what is wrong with it.
    NotHttp(Vec<u8>),
    /// It is larger than [`MAX_HEAD`].
    TooLarge,
}

impl HeadReader {
    /// The next bytes of the connection. Interim replies (1xx) are left out.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Step {
        self.bytes.extend_from_slice(bytes);
        loop {
            // Empty lines in front of a reply are left over from the one before (RFC 9112, 2.2).
            let blank = self.bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            self.bytes.drain(..blank);
            self.searched = self.searched.saturating_sub(blank);
            if !START.starts_with(&self.bytes[..self.bytes.len().min(START.len())]) {
                return Step::NotHttp(std::mem::take(&mut self.bytes));
            }
            let Some(end) = self.end() else {
                return if self.bytes.len() > MAX_HEAD { Step::TooLarge } else { Step::More };
            };
            let rest = self.bytes.split_off(end);
            let head = std::mem::replace(&mut self.bytes, rest);
            self.searched = 0;
            match parse(&head) {
                None => return Step::NotHttp([head, std::mem::take(&mut self.bytes)].concat()),
                // 101 would end HTTP, and volcv never asks for that.
                Some(Parsed { status: 100 | 102..=199, .. }) => {}
                Some(parsed) => {
                    let mut plain = parsed.plain();
                    plain.append(&mut self.bytes);
                    return Step::Head(parsed.headers, plain);
                }
            }
        }
    }

    /// The connection has ended within the head.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Where the head ends, behind its empty line. Lines may end without a carriage return (RFC 9112, 2.2).
    fn end(&mut self) -> Option<usize> {
        for (at, _) in self.bytes.iter().enumerate().skip(self.searched).filter(|(_, byte)| **byte == b'\n') {
            match self.bytes[at + 1..] {
                [b'\n', ..] => return Some(at + 2),
                [b'\r', b'\n', ..] => return Some(at + 3),
                [] | [b'\r'] => {
                    self.searched = at;
                    return None;
                }
                _ => {}
            }
        }
        self.searched = self.bytes.len();
        None
    }
}

struct Parsed<'a> {
    /// Version and status, without the reason, which may hold anything.
    status_line: &'a [u8],
    status: u16,
    headers: HeaderMap,
}

fn parse(head: &[u8]) -> Option<Parsed<'_>> {
    let mut lines = head.split(|byte| *byte == b'\n');
    let status_line = lines.next()?.get(..b"HTTP/1.1 200".len())?;
    let (version, status) = status_line.split_at(b"HTTP/1.1".len());
    let status = std::str::from_utf8(status.strip_prefix(b" ")?).ok()?.parse().ok()?;
    matches!(version, b"HTTP/1.0" | b"HTTP/1.1").then_some(())?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) =
            (HeaderName::from_bytes(&line[..colon]), HeaderValue::from_bytes(line[colon + 1..].trim_ascii()));
        if let (Ok(name), Ok(value)) = (name, value) {
            // A map has room for 32,768 headers, which is more than a head can have.
            let _ = headers.try_append(name, value);
        }
    }
    Some(Parsed { status_line, status, headers })
}

impl Parsed<'_> {
    /// The head with nothing in it but what says where the body ends, and whether the connection stays open.
    fn plain(&self) -> Vec<u8> {
        let mut plain = self.status_line.to_vec();
        plain.extend_from_slice(b" \r\n");
        // Where both say how long the body is, the encoding is right (RFC 9112, 6.3).
        let length = if self.headers.contains_key(TRANSFER_ENCODING) { TRANSFER_ENCODING } else { CONTENT_LENGTH };
        for name in [length, CONNECTION] {
            for value in self.headers.get_all(&name) {
                for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                    plain.extend_from_slice(part);
                }
            }
        }
        plain.extend_from_slice(b"\r\n");
        plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], size: usize) -> Step {
        let mut reader = HeadReader::default();
        let mut rest = bytes;
        loop {
            let (piece, after) = rest.split_at(rest.len().min(size));
            rest = after;
            match reader.push(piece) {
                Step::More if rest.is_empty() => return Step::More,
                Step::More => {}
                // What comes behind the head's last piece goes past the reader.
                Step::Head(headers, plain) => return Step::Head(headers, [plain, rest.to_vec()].concat()),
                Step::NotHttp(bytes) => return Step::NotHttp([bytes, rest.to_vec()].concat()),
                Step::TooLarge => return Step::TooLarge,
            }
        }
    }

    #[test]
    fn a_line_that_is_no_header_is_left_out_however_the_head_comes() {
        let head = b"\r\nHTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 103 Early Hints\n\nHTTP/1.1 200 \xe9\x01 OK\r\n\
            Server : x\r\nX Bad: 1\r\n folded\r\n\tfolded: too\r\nno colon\r\n: no name\r\nX-A: \x01\r\nX-B: a\0b\r\n\
            X-C: a\rb\r\nX-D:  \xe9 ok \t\r\nContent-Length: 4\nRetry-After:7\r\nX-D: again\r\n\r\nbody";
        for size in 1..head.len() {
            let Step::Head(headers, plain) = read(head, size) else { panic!("by {size}") };
            let all: Vec<(&str, &[u8])> =
                headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
            let expected: [(&str, &[u8]); 4] =
                [("x-d", b"\xe9 ok"), ("x-d", b"again"), ("content-length", b"4"), ("retry-after", b"7")];
            assert_eq!(all, expected, "by {size}");
            assert_eq!(plain, b"HTTP/1.1 200 \r\ncontent-length: 4\r\n\r\nbody", "by {size}");
        }
    }

    #[test]
    fn a_status_line_needs_no_reason_and_an_encoding_wins_over_a_length() {
        let head = b"HTTP/1.0 404\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\nConnection: close\r\n\r\n";
        let Step::Head(_, plain) = read(head, 7) else { panic!() };
        assert_eq!(plain, b"HTTP/1.0 404 \r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n");
    }

    #[test]
    fn what_is_not_http_is_handed_on_as_it_came() {
        for text in
            [&b"\x16\x03\x01 220 this is not HTTP"[..], b"HTTP/2 200\r\n\r\n", b"HTTP/1.1 2x0\r\n\r\nbody", b"HTTQ"]
        {
            assert_eq!(read(text, 3), Step::NotHttp(text.to_vec()));
        }
        assert_eq!(read(b"HTTP/1.1 200 OK\r\nX: 1\r\n", 5), Step::More);
    }

    #[test]
    fn a_thousand_headers_and_256_kib_fit_and_an_endless_head_does_not() {
        let lines = format!("X-Header: {}\r\n", "a".repeat(260)).repeat(1000);
        let head = format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
        assert!(head.len() > 256 * 1024);
        let Step::Head(headers, plain) = read(head.as_bytes(), 10_000) else { panic!("it fits") };
        assert_eq!((headers.len(), &plain[..]), (1000, &b"HTTP/1.1 200 \r\n\r\n"[..]));
        assert_eq!(read(format!("HTTP/1.1 200 OK\r\n{}", lines.repeat(2)).as_bytes(), 10_000), Step::TooLarge);
    }
}
