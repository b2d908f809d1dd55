//! The many ways to send a reply.

use std::io;
use std::thread;

use crate::clock;
use crate::connection::{Connection, Next, Pause};
use crate::fault::{Fault, Framing, Stage};
use crate::reply::Reply;

const NOTICE: &str = "X-Volcv-Emulator: picture painted by a local emulator, not by a model\r\n";

/// Sends a reply as the fault wants it, and says whether the connection can go on.
pub(crate) fn send(connection: &Connection, reply: &Reply, fault: &Fault) -> Next {
    let wire = Wire { connection, fault };
    let sent = if fault.garbage {
        wire.garbage()
    } else if fault.endless_headers {
        wire.endless_headers(reply)
    } else {
        wire.reply(reply)
    };
    match sent {
        Ok(()) if !closes(reply, fault) => Next::KeepOpen,
        _ => Next::Close,
    }
}

/// Whether the connection is of no use after this reply.
fn closes(reply: &Reply, fault: &Fault) -> bool {
    let close_delimited = fault.framing == Some(Framing::CloseDelimited);
    reply.closes || close_delimited || fault.garbage || fault.cut.is_some() || fault.length.is_some_and(|by| by != 0)
}

struct Wire<'a> {
    connection: &'a Connection,
    fault: &'a Fault,
}

impl Wire<'_> {
    fn reply(&self, reply: &Reply) -> io::Result<()> {
        // These two statuses have no body by definition.
        let body: &[u8] = if matches!(reply.status, 204 | 304) { &[] } else { &reply.body };
        let total = self.fault.oversize.unwrap_or(0).max(body.len() as u64);
        let head = self.head(reply, total);
        if self.fault.stall == Some(Stage::ReplyHead) {
            let (first, rest) = head.as_bytes().split_at(head.len() / 2);
            self.write(first)?;
            self.stall(Stage::ReplyHead)?;
            self.write(rest)?;
        } else {
            self.write(head.as_bytes())?;
        }
        let end = self.fault.cut.map_or(total, |cut| cut.min(total));
        let stall_at = if self.fault.stall == Some(Stage::ReplyBody) { (total / 2).min(end) } else { end };
        self.body(body, 0, stall_at)?;
        self.stall(Stage::ReplyBody)?;
        self.body(body, stall_at, end)?;
        if self.fault.framing == Some(Framing::Chunked) && end == total {
            self.write(b"0\r\n\r\n")?;
        }
        Ok(())
    }

    fn head(&self, reply: &Reply, total: u64) -> String {
        let mut head = self.status_line(reply);
        for (name, value) in &reply.headers {
            head += &format!("{name}: {value}\r\n");
        }
        match self.fault.framing {
            Some(Framing::Chunked) => head += "Transfer-Encoding: chunked\r\n",
            Some(Framing::CloseDelimited) => {}
            None => {
                let length = i128::from(total) + i128::from(self.fault.length.unwrap_or(0));
                head += &format!("Content-Length: {}\r\n", length.max(0));
            }
        }
        // A reply that is cut or has a wrong length does not announce its end: the client is to be surprised.
        if reply.closes || self.fault.framing == Some(Framing::CloseDelimited) {
            head += "Connection: close\r\n";
        }
        head + "\r\n"
    }

    fn status_line(&self, reply: &Reply) -> String {
        let reason = reason(reply.status);
        let (media_type, date) = (reply.media_type, clock::http_date(self.connection.shared.now()));
        format!("HTTP/1.1 {} {reason}\r\nContent-Type: {media_type}\r\nDate: {date}\r\n{NOTICE}", reply.status)
    }

    /// Sends the bytes `from..to` of the body, which is followed by as many spaces as are needed.
    fn body(&self, body: &[u8], from: u64, to: u64) -> io::Result<()> {
        const PIECE: u64 = 64 * 1024;
        let mut at = from;
        while at < to {
            let length = (to - at).min(PIECE);
            let start = usize::try_from(at).unwrap_or(usize::MAX).min(body.len());
            let piece = &body[start..body.len().min(start + length as usize)];
            if piece.is_empty() {
                self.piece(&vec![b' '; length as usize])?;
                at += length;
            } else {
                self.piece(piece)?;
                at += piece.len() as u64;
            }
        }
        Ok(())
    }

    fn piece(&self, bytes: &[u8]) -> io::Result<()> {
        if self.fault.framing != Some(Framing::Chunked) {
            return self.write(bytes);
        }
        self.write(format!("{:x}\r\n", bytes.len()).as_bytes())?;
        self.write(bytes)?;
        self.write(b"\r\n")
    }

    /// Writes bytes, in small pieces if the fault wants that.
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let Some(trickle) = self.fault.trickle else { return self.connection.write(bytes) };
        for piece in bytes.chunks(trickle.bytes.max(1)) {
            self.connection.write(piece)?;
            if !trickle.pause.is_zero() && self.connection.pause(Some(trickle.pause)) == Pause::Gone {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
        }
        Ok(())
    }

    fn stall(&self, stage: Stage) -> io::Result<()> {
        match self.connection.stall(self.fault, stage) {
            Next::KeepOpen => Ok(()),
            Next::Close => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }

    /// Sends header after header until the client has enough.
    fn endless_headers(&self, reply: &Reply) -> io::Result<()> {
        self.write(self.status_line(reply).as_bytes())?;
        for number in 0u64.. {
            self.write(format!("X-Endless-{number}: {}\r\n", "a".repeat(1000)).as_bytes())?;
            // A fast reader must not keep this thread from noticing that it shares the machine.
            thread::yield_now();
        }
        Ok(())
    }

    fn garbage(&self) -> io::Result<()> {
        self.write(b"\x16\x03\x01 220 this is not HTTP \x00\xff\xfe\r\n\r\n\x01\x02\x03")
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        406 => "Not Acceptable",
        411 => "Length Required",
        413 => "Payload Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}
