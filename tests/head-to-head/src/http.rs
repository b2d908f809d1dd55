//! Just enough HTTP/1.1 to read the requests of well-behaved clients.

use std::io::{self, BufRead, ErrorKind, Read, Write};

/// The head of a request.
pub struct Head {
    /// Path and query.
    pub path: String,
    /// Whether the client waits for `100 Continue`.
    pub expects_continue: bool,
    length: Length,
}

enum Length {
    Known(u64),
    Chunked,
}

/// Reads a head; `None` if the client has closed the connection instead.
pub fn read_head(reader: &mut impl BufRead) -> io::Result<Option<Head>> {
    let first = read_line(reader)?;
    if first.is_empty() {
        return Ok(None);
    }
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut head = Head { path, expects_continue: false, length: Length::Known(0) };
    loop {
        let line = read_line(reader)?.to_ascii_lowercase();
        let Some((name, value)) = line.split_once(':') else { return Ok(Some(head)) };
        match (name, value.trim()) {
            ("content-length", value) => head.length = Length::Known(value.parse().map_err(invalid)?),
            ("transfer-encoding", "chunked") => head.length = Length::Chunked,
            ("expect", "100-continue") => head.expects_continue = true,
            _ => {}
        }
    }
}

/// Reads the body to its end. An error means that it never became complete.
pub fn read_body(reader: &mut impl BufRead, head: &Head) -> io::Result<()> {
    match head.length {
        Length::Known(length) => skip(reader, length),
        Length::Chunked => loop {
            let line = read_line(reader)?;
            let size = line.split(';').next().unwrap_or_default();
            let size = u64::from_str_radix(size, 16).map_err(invalid)?;
            skip(reader, size)?;
            // The end of the chunk, or of the trailers, of which these clients send none.
            read_line(reader)?;
            if size == 0 {
                return Ok(());
            }
        },
    }
}

/// Writes a reply, or only its first half, under the length of the whole.
pub fn write_reply(out: &mut impl Write, status: u16, header: &str, body: &[u8], cut: bool) -> io::Result<()> {
    let length = body.len();
    let sent = if cut { length / 2 } else { length };
    write!(
        out,
        "HTTP/1.1 {status} Reply\r\ncontent-type: application/json\r\n{header}content-length: {length}\r\n\r\n"
    )?;
    out.write_all(&body[..sent])?;
    out.flush()
}

fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(line)
}

fn skip(reader: &mut impl BufRead, length: u64) -> io::Result<()> {
    let copied = io::copy(&mut reader.by_ref().take(length), &mut io::sink())?;
    if copied == length { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

fn invalid<E: std::error::Error + Send + Sync + 'static>(error: E) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}
