//! The head of a reply, read leniently: a line that is no header is left out, and the reply is read.
//!
//! ureq's parser refuses the whole reply for such a line, and any reply with more than 128 headers. So ureq is given the
//! status, where the body ends and whether the connection does, and the sink gets the headers from here.

use std::fmt;

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::transport::MAX_HEADERS;

/// A larger head is an error, as it is on hyper, which takes 408 KiB.
const MAX_HEAD: usize = 400 * 1024;

/// The head of a final reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) headers: HeaderMap,
    /// Status, framing and `connection: close` as the head of a reply, for ureq.
    pub(super) for_ureq: String,
}

/// Collects a head from the pieces in which it arrives.
#[derive(Debug, Default)]
pub(super) struct HeadReader {
    bytes: Vec<u8>,
    /// The blank line does not end before this place.
    searched: usize,
}

impl HeadReader {
    /// Takes the next bytes. Gives the head of the final reply once it is whole, and the bytes that came behind it.
    /// Interim replies (1xx, except for 101) are left out.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Option<(Head, Vec<u8>)>, HeadError> {
        self.bytes.extend_from_slice(bytes);
        loop {
            let blank = self.bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            self.bytes.drain(..blank);
            let start = self.bytes.len().min(PROTOCOL.len());
            if self.bytes[..start] != PROTOCOL[..start] {
                return Err(HeadError("the reply is not HTTP/1"));
            }
            let end = end_of(&self.bytes, self.searched);
            if end.unwrap_or(self.bytes.len()) > MAX_HEAD {
                return Err(HeadError("the head of the reply is larger than 400 KiB"));
            }
            let Some(end) = end else {
                self.searched = self.bytes.len().saturating_sub(2);
                return Ok(None);
            };
            let rest = self.bytes.split_off(end);
            let head = parse(&std::mem::replace(&mut self.bytes, rest))?;
            self.searched = 0;
            if let Some(head) = head {
                return Ok(Some((head, std::mem::take(&mut self.bytes))));
            }
        }
    }
}

const PROTOCOL: &[u8] = b"HTTP/1.";

/// Why a reply cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HeadError(&'static str);

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for HeadError {}

/// Where the first blank line ends, if it does not end before `from`. Lines end with LF or CRLF.
pub(super) fn end_of(bytes: &[u8], from: usize) -> Option<usize> {
    let newlines = (from..bytes.len()).filter(|at| bytes[*at] == b'\n');
    newlines.map(|at| at + 1).find_map(|next| match &bytes[next..] {
        [b'\n', ..] => Some(next + 1),
        [b'\r', b'\n', ..] => Some(next + 2),
        _ => None,
    })
}

/// Reads a whole head; nothing if it is an interim one.
fn parse(head: &[u8]) -> Result<Option<Head>, HeadError> {
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let (minor, status) = lines.next().and_then(status_line).ok_or(HeadError("the reply has no status"))?;
    if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(None);
    }
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(header) {
        if headers.len() == MAX_HEADERS {
            return Err(HeadError("the reply has more than 2000 headers"));
        }
        headers.append(name, value);
    }
    let framing = match status {
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => String::new(),
        _ => framing(minor, &headers)?,
    };
    let close = if is_last(&headers) { "connection: close\r\n" } else { "" };
    let for_ureq = format!("HTTP/1.{minor} {}\r\n{framing}{close}\r\n", status.as_str());
    Ok(Some(Head { headers, for_ureq }))
}

/// Whether the server closes the connection behind this reply.
fn is_last(headers: &HeaderMap) -> bool {
    let mut options = headers.get_all(CONNECTION).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
}

/// The minor version and the status. The reason behind them says nothing to a program.
fn status_line(line: &[u8]) -> Option<(char, StatusCode)> {
    let (minor, status, reason) = match line.strip_prefix(PROTOCOL)? {
        [minor @ (b'0' | b'1'), b' ', a, b, c, reason @ ..] => (*minor, [*a, *b, *c], reason),
        _ => return None,
    };
    let status = StatusCode::from_bytes(&status).ok()?;
    matches!(reason, [] | [b' ', ..]).then_some((char::from(minor), status))
}

/// Name and value, if the line is a header.
fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let value = &line[colon + 1..];
    let is_ink = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let value = match (value.iter().position(is_ink), value.iter().rposition(is_ink)) {
        (Some(first), Some(last)) => &value[first..=last],
        _ => &[],
    };
    Some((HeaderName::from_bytes(&line[..colon]).ok()?, HeaderValue::from_bytes(value).ok()?))
}

/// The header that says where the body ends; empty if the end of the connection does. The rules are those of RFC 9112,
/// section 6.3, as hyper applies them: both transports take the same replies.
fn framing(minor: char, headers: &HeaderMap) -> Result<String, HeadError> {
    if let Some(last) = headers.get_all(TRANSFER_ENCODING).iter().next_back() {
        if minor == '0' {
            return Err(HeadError("a reply in HTTP/1.0 cannot have a transfer-encoding"));
        }
        let last = last.as_bytes().rsplit(|byte| *byte == b',').next().unwrap_or_default();
        let is_chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
        return Ok(if is_chunked { "transfer-encoding: chunked\r\n".to_owned() } else { String::new() });
    }
    let mut length: Option<u64> = None;
    for text in headers.get_all(CONTENT_LENGTH).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b',')) {
        let digits = std::str::from_utf8(text.trim_ascii()).ok().filter(|text| !text.starts_with('+'));
        let number = digits.and_then(|text| text.parse().ok());
        if number.is_none() || length.is_some_and(|length| number != Some(length)) {
            return Err(HeadError("the content-length of the reply is not one number"));
        }
        length = number;
    }
    Ok(length.map(|length| format!("content-length: {length}\r\n")).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head and what is behind it, read in pieces of this size.
    fn read(bytes: &[u8], piece: usize) -> Result<Option<(Head, Vec<u8>)>, HeadError> {
        let mut reader = HeadReader::default();
        let mut pieces = bytes.chunks(piece);
        while let Some(piece) = pieces.next() {
            if let Some((head, mut rest)) = reader.push(piece)? {
                pieces.for_each(|piece| rest.extend_from_slice(piece));
                return Ok(Some((head, rest)));
            }
        }
        Ok(None)
    }

    fn whole(bytes: impl AsRef<[u8]>) -> Head {
        read(bytes.as_ref(), usize::MAX).unwrap().unwrap().0
    }

    #[test]
    fn a_line_that_is_no_header_is_left_out() {
        let bad = [
            "Server : x",
            "X Bad: 1",
            " folded",
            "\tfolded",
            "no colon",
            ": no name",
            "X: \x01",
            "X: a\0b",
            "X: a\rb",
            "X: a\r",
            "X: \x7f",
            "\0: x",
        ];
        for bad in bad.iter().copied().chain([bad.join("\r\n").as_str()]) {
            let head = whole(format!("HTTP/1.1 200 OK\r\n{bad}\r\nA: 1\r\n{bad}\r\na:\t2 \r\nB:\r\n\r\n"));
            let headers: Vec<_> = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
            assert_eq!(headers, [("a", &b"1"[..]), ("a", b"2"), ("b", b"")], "{bad:?}");
        }
    }

    #[test]
    fn the_reason_says_nothing() {
        for line in ["200", "200 ", "200 OK", "200 \u{597d}", "200 \x01\0\r", "200  \t OK"] {
            assert_eq!(whole(format!("HTTP/1.1 {line}\r\n\r\n")).for_ureq, "HTTP/1.1 200\r\n\r\n", "{line:?}");
        }
    }

    #[test]
    fn what_is_no_reply_is_an_error_as_soon_as_that_is_known() {
        for bytes in ["H2", "<html>", "HTTP/2", "http/1.1 200 OK", " HTTP/1.1 200 OK"] {
            assert!(read(bytes.as_bytes(), 1).is_err(), "{bytes}");
        }
        for line in ["HTTP/1.2 200", "HTTP/1.1200", "HTTP/1.1 2000", "HTTP/1.1 099", "HTTP/1.1 20x", "HTTP/1.1  200"] {
            assert!(read(format!("{line}\r\n\r\n").as_bytes(), 1).is_err(), "{line}");
        }
    }

    #[test]
    fn one_length_or_chunks_or_the_end_of_the_connection_end_a_body() {
        let framing = |version: &str, headers: &str| {
            let head = read(format!("HTTP/{version} 200\r\n{headers}\r\n").as_bytes(), usize::MAX)?.unwrap().0;
            Ok(head.for_ureq.split_once("\r\n").unwrap().1.trim_end().to_owned())
        };
        for (headers, expected) in [
            ("", Some("")),
            ("Content-Length: 5\r\n", Some("content-length: 5")),
            ("Content-Length: 5\r\nContent-Length: 5, 05\r\n", Some("content-length: 5")),
            ("Content-Length: 5\r\nContent-Length: 6\r\n", None),
            ("Content-Length: 5, 6\r\n", None),
            ("Content-Length: +5\r\n", None),
            ("Content-Length: -5\r\n", None),
            ("Content-Length: five\r\n", None),
            ("Content-Length:\r\n", None),
            ("Content-Length: 99999999999999999999\r\n", None),
            ("Content-Length : 5\r\n", Some("")),
            ("Transfer-Encoding: Chunked\r\nContent-Length: x\r\n", Some("transfer-encoding: chunked")),
            ("Transfer-Encoding: gzip , chunked\r\n", Some("transfer-encoding: chunked")),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\nContent-Length: 5\r\n", Some("")),
        ] {
            let found: Result<String, HeadError> = framing("1.1", headers);
            assert_eq!(found.as_deref().ok(), expected, "{headers:?}: {found:?}");
        }
        assert!(framing("1.0", "Transfer-Encoding: chunked\r\n").is_err());
        assert_eq!(framing("1.0", "Content-Length: 5\r\n").unwrap(), "content-length: 5");
    }

    #[test]
    fn ureq_is_told_that_the_server_closes_the_connection() {
        for (headers, closes) in [
            ("Connection: close\r\n", true),
            ("Connection: keep-alive, Close\r\n", true),
            ("Connection: keep-alive\r\nConnection:\tCLOSE \r\n", true),
            ("Connection: keep-alive\r\n", false),
            ("Connection: closed\r\n", false),
            ("Proxy-Connection: close\r\n", false),
        ] {
            let head = whole(format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: 5\r\n\r\n"));
            let expected = if closes { "connection: close\r\n" } else { "" };
            let expected = format!("HTTP/1.1 200\r\ncontent-length: 5\r\n{expected}\r\n");
            assert_eq!(head.for_ureq, expected, "{headers:?}");
        }
    }

    #[test]
    fn interim_heads_are_passed_over_however_the_bytes_are_cut() {
        let bytes = "\r\n\nHTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.0 103\n\n\r\nHTTP/1.1 200\nA: 1\r\n\nbody\n\n";
        let expected = (whole("HTTP/1.1 200 OK\r\nA: 1\r\n\r\n"), b"body\n\n".to_vec());
        for piece in 1..=bytes.len() {
            assert_eq!(read(bytes.as_bytes(), piece).unwrap().as_ref(), Some(&expected), "pieces of {piece}");
        }
        assert!(read(b"HTTP/1.1 100 Continue\r\n\r\n", 1).unwrap().is_none());
        assert_eq!(whole("HTTP/1.1 101 Switching\r\n\r\n").for_ureq, "HTTP/1.1 101\r\n\r\n");
    }

    #[test]
    fn large_heads_are_read_and_endless_ones_are_not() {
        let line = |bytes: usize| format!("X: {}\r\n", "x".repeat(bytes - 5));
        let head = |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
        assert_eq!(whole(head(&line(256).repeat(1000))).headers.len(), 1000);
        assert_eq!(whole(head(&line(350 * 1024))).headers.len(), 1);
        assert_eq!(whole(head(&"a:\n".repeat(MAX_HEADERS))).headers.len(), MAX_HEADERS);
        assert!(read(head(&"a:\n".repeat(MAX_HEADERS + 1)).as_bytes(), 4096).is_err());
        for piece in [1, 4096, usize::MAX] {
            let endless = head(&line(256).repeat(2000));
            assert!(read(endless.as_bytes(), piece).is_err(), "pieces of {piece}");
        }
    }

    /// Pieces of heads in every order: nothing panics, and the cut makes no difference.
    #[test]
    fn no_bytes_make_it_panic_and_no_cut_makes_a_difference() {
        let parts: [&[u8]; 16] = [
            b"HTTP/1.1 200 OK",
            b"HTTP/1.0 ",
            b"HTTP/1.1 100 ",
            b"\r\n",
            b"\n",
            b"\r",
            b"\r\n\r\n",
            b"Content-Length: 3",
            b"Content-Length: 4",
            b"Transfer-Encoding: chunked",
            b":",
            b" ",
            b"\0",
            b"\xff",
            b"X: y",
            b"204",
        ];
        let mut state = 1_u32;
        let mut random = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as usize % below
        };
        let mut read_whole = 0;
        for _ in 0..4000 {
            let mut bytes = if random(4) > 0 { parts[random(3)].to_vec() } else { Vec::new() };
            (0..random(14)).for_each(|_| bytes.extend_from_slice(parts[random(parts.len())]));
            let at_once = read(&bytes, usize::MAX);
            read_whole += usize::from(matches!(at_once, Ok(Some(_))));
            let piece = 1 + random(5);
            assert_eq!(read(&bytes, piece), at_once, "{:?} in pieces of {piece}", bytes.escape_ascii().to_string());
        }
        assert!(read_whole > 200, "{read_whole}");
    }
}
