//! The inbox: receives one reply, up to the limits.

use http::{HeaderMap, HeaderName, header};

use crate::buffer::Buffer;
use crate::call::meter::Meter;
use crate::exchange::{ReplySink, Stop};
use crate::pool::BufferPool;
use crate::reply::scanner::{LimitExceeded, MAX_JSON, Scanned, Scanner};
use crate::request::expects::Expects;

/// The headers of a reply that volcv reads. A transport may leave the others out.
pub static REPLY_HEADERS: [HeaderName; 11] = [
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("x-tt-logid"),
    HeaderName::from_static("x-oneapi-request-id"),
    HeaderName::from_static("request-id"),
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::RETRY_AFTER,
    header::LOCATION,
    header::DATE,
];

/// The number of request id headers at the start of [`REPLY_HEADERS`], the most specific first. Gateways use them when
/// the body has no request id.
const REQUEST_IDS: usize = 4;

/// The sink of one attempt.
#[derive(Debug)]
pub(crate) struct Inbox {
    meter: Meter,
    limit: u64,
    expects: Expects,
    head: Option<Head>,
    scanner: Scanner,
    /// The whole body, for a caller who wants JSON or a file.
    body: Buffer,
    received: u64,
    limit_exceeded: Option<LimitExceeded>,
    pool: BufferPool,
}

/// A reply, complete or not.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) head: Head,
    /// The JSON without its picture texts; of a file, nothing.
    pub(crate) scanned: Scanned,
    pub(crate) body: Buffer,
    pub(crate) received: u64,
    /// The limit that the reply is over, so that it was not read to its end.
    pub(crate) limit_exceeded: Option<LimitExceeded>,
}

/// Status and headers of a reply.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content_encoding: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) date: Option<String>,
    /// Whether the head has the length of the body.
    pub(crate) has_length: bool,
}

impl Inbox {
    pub(crate) fn new(meter: Meter, limit: u64, expects: Expects, pool: &BufferPool) -> Self {
        let scanner = Scanner::default();
        let pool = pool.clone();
        Self {
            meter,
            limit,
            expects,
            head: None,
            scanner,
            body: Buffer::default(),
            received: 0,
            limit_exceeded: None,
            pool,
        }
    }

    /// The status, if a reply has begun.
    pub(crate) fn status(&self) -> Option<u16> {
        self.head.as_ref().map(|head| head.status)
    }

    /// The bytes of the body that were received.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// Whether the body is kept as it came.
    fn keeps_body(&self) -> bool {
        self.expects == Expects::File || self.expects.wants_text()
    }

    /// The reply, if one has begun.
    pub(crate) fn into_received(self) -> Option<Received> {
        let Self { head, scanner, body, received, limit_exceeded, .. } = self;
        head.map(|head| Received { head, scanned: scanner.finish(), body, received, limit_exceeded })
    }
}

impl ReplySink for Inbox {
    fn head(&mut self, status: u16, headers: &HeaderMap) -> Result<(), Stop> {
        let text = |name: &HeaderName| Some(String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned());
        let announced: Option<u64> = text(&header::CONTENT_LENGTH).and_then(|length| length.trim().parse().ok());
        self.head = Some(Head {
            status,
            retry_after: text(&header::RETRY_AFTER),
            request_id: REPLY_HEADERS[..REQUEST_IDS].iter().find_map(text),
            content_type: text(&header::CONTENT_TYPE),
            content_encoding: text(&header::CONTENT_ENCODING),
            location: text(&header::LOCATION),
            date: text(&header::DATE),
            has_length: headers.contains_key(header::CONTENT_LENGTH),
        });
        self.meter.on_head(announced);
        if announced.is_some_and(|length| length > self.limit) {
            self.limit_exceeded = Some(LimitExceeded::Size(self.limit, announced));
            return Err(Stop);
        }
        let expected = usize::try_from(announced.unwrap_or(0)).unwrap_or(0);
        if self.keeps_body() {
            self.body = Buffer::with_pool(expected, &self.pool);
        } else {
            self.scanner = Scanner::with_pool(expected, &self.pool).limited_to(MAX_JSON);
        }
        Ok(())
    }

    fn data(&mut self, chunk: &[u8]) -> Result<(), Stop> {
        self.meter.on_data(chunk.len() as u64);
        // Bytes over the limit are not read: the outcome must not depend on how a transport cuts the reply.
        let room = usize::try_from(self.limit - self.received.min(self.limit)).unwrap_or(usize::MAX);
        let over = chunk.len() > room;
        let chunk = &chunk[..chunk.len().min(room)];
        self.received += chunk.len() as u64;
        let scanned = if self.expects == Expects::File { Ok(()) } else { self.scanner.push(chunk) };
        let kept = if self.keeps_body() { self.body.try_extend(chunk) } else { Ok(()) };
        let size = || LimitExceeded::Size(self.limit, self.meter.progress().receive_total);
        let over = if over { Err(size()) } else { Ok(()) };
        kept.map_err(|_| LimitExceeded::Memory).and(scanned).and(over).map_err(|limit_exceeded| {
            self.limit_exceeded = Some(limit_exceeded);
            Stop
        })
    }
}
