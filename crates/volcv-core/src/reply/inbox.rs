//! Takes in one reply, up to the limit.

use http::{HeaderMap, HeaderName, header};

use crate::buffer::Buffer;
use crate::call::meter::Meter;
use crate::exchange::{ReplySink, Stop};
use crate::pool::BufferPool;
use crate::redact::{brief, clean};
use crate::reply::scanner::{LimitExceeded, MAX_TEXT, Scanned, Scanner};
use crate::request::plan::Expects;

/// The headers of a reply that mean something to volcv: a transport may leave the others out.
pub static REPLY_HEADERS: [HeaderName; 10] = [
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
];

/// So many of them are where gateways put their request id when it is not in the body, most specific first.
const REQUEST_IDS: usize = 4;

/// The sink of one attempt.
#[derive(Debug)]
pub(crate) struct Inbox {
    meter: Meter,
    limit: u64,
    expects: Expects,
    head: Option<Head>,
    scanner: Scanner,
    /// The reply as it came, if that is what the caller wants.
    body: Buffer,
    received: u64,
    exceeded: Option<LimitExceeded>,
    pool: BufferPool,
}

/// A reply, as far as it came.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) head: Head,
    /// The JSON without its picture texts; of a file, nothing.
    pub(crate) json: Scanned,
    pub(crate) body: Buffer,
    pub(crate) received: u64,
    /// It is more than the limits allow, so that it was not read to its end.
    pub(crate) exceeded: Option<LimitExceeded>,
}

/// What the rest of the crate wants to know of a reply's head.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content_encoding: Option<String>,
    pub(crate) location: Option<String>,
    /// The head says how long the body is.
    pub(crate) has_length: bool,
}

impl Head {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What is wrong with a reply that is compressed.
    pub(crate) fn compressed(&self, secret: &str) -> Option<String> {
        let coding = self.content_encoding.as_deref().map(str::trim)?;
        let is_plain = coding.is_empty() || coding.eq_ignore_ascii_case("identity");
        let coding = brief(coding, secret);
        (!is_plain).then(|| format!("the reply is compressed ({coding}), which volcv does not ask for"))
    }

    /// What a body looks like that is not what it should be: its type and its first characters.
    pub(crate) fn looks_like(&self, body: &[u8], secret: &str) -> String {
        let kind = self.content_type.as_deref().map(|kind| brief(kind, secret)).unwrap_or_default();
        let start = start(body, secret.as_bytes());
        match (kind.is_empty(), start.trim().is_empty()) {
            (_, true) => "; the body is empty".to_owned(),
            (true, _) => format!("; it starts with: {}", clean(start.trim(), secret)),
            (false, _) => format!("; it is {kind} and starts with: {}", clean(start.trim(), secret)),
        }
    }
}

/// The first bytes of a body. A cut through the key would leave a part that [`clean`] does not know, so it is made
/// behind the key.
fn start<'a>(body: &'a [u8], secret: &[u8]) -> std::borrow::Cow<'a, str> {
    const SHOWN: usize = 80;
    let cut = body.len().min(SHOWN);
    let key = (0..cut).rev().take(secret.len()).find(|at| body[*at..].starts_with(secret));
    let end = key.map_or(cut, |at| cut.max(at + secret.len()));
    String::from_utf8_lossy(&body[..end])
}

impl Inbox {
    pub(crate) fn new(meter: Meter, limit: u64, expects: Expects, pool: &BufferPool) -> Self {
        let scanner = Scanner::default();
        let pool = pool.clone();
        Self { meter, limit, expects, head: None, scanner, body: Buffer::default(), received: 0, exceeded: None, pool }
    }

    /// The status, if a reply has begun.
    pub(crate) fn status(&self) -> Option<u16> {
        self.head.as_ref().map(|head| head.status)
    }

    /// Bytes of the reply's body that were taken in.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// The reply, if one has begun.
    pub(crate) fn into_received(self) -> Option<Received> {
        let Self { head, scanner, body, received, exceeded, .. } = self;
        head.map(|head| Received { head, json: scanner.finish(), body, received, exceeded })
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
            has_length: headers.contains_key(header::CONTENT_LENGTH),
        });
        self.meter.on_head(announced);
        if announced.is_some_and(|length| length > self.limit) {
            self.exceeded = Some(LimitExceeded::Size(self.limit, announced));
            return Err(Stop);
        }
        let expected = usize::try_from(announced.unwrap_or(0)).unwrap_or(0);
        match self.expects {
            Expects::Pictures => self.scanner = Scanner::with_pool(expected, &self.pool).limited_to(MAX_TEXT),
            Expects::Json | Expects::File => self.body = Buffer::with_pool(expected, &self.pool),
        }
        Ok(())
    }

    fn data(&mut self, chunk: &[u8]) -> Result<(), Stop> {
        self.meter.on_data(chunk.len() as u64);
        // What is over the limit is not looked at: the outcome must not depend on how a transport cuts the reply.
        let room = usize::try_from(self.limit - self.received.min(self.limit)).unwrap_or(usize::MAX);
        let over = chunk.len() > room;
        let chunk = &chunk[..chunk.len().min(room)];
        self.received += chunk.len() as u64;
        let scanned = match self.expects {
            Expects::File => Ok(()),
            Expects::Pictures | Expects::Json => self.scanner.push(chunk),
        };
        if self.expects != Expects::Pictures {
            self.body.extend_from_slice(chunk);
        }
        let size = || LimitExceeded::Size(self.limit, self.meter.progress().receive_total);
        let over = if over { Err(size()) } else { Ok(()) };
        scanned.and(over).map_err(|exceeded| {
            self.exceeded = Some(exceeded);
            Stop
        })
    }
}
