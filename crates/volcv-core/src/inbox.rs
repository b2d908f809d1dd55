//! Collects one reply, up to the limit.

use http::{HeaderMap, HeaderName, header};

use crate::exchange::{ReplySink, Stop};
use crate::meter::Meter;

/// Where gateways put their request id when it is not in the body, most specific first.
const REQUEST_ID_HEADERS: [&str; 4] = ["x-request-id", "x-tt-logid", "x-oneapi-request-id", "request-id"];

/// The sink of one attempt. It keeps the text of the reply whole; nothing but this file knows that.
#[derive(Debug)]
pub(crate) struct Inbox {
    meter: Meter,
    limit: u64,
    pub(crate) head: Option<Head>,
    pub(crate) body: Vec<u8>,
    /// The reply is larger than the limit; what came before that is in `body`.
    pub(crate) overflow: bool,
}

/// What the rest of the crate wants to know of a reply's head.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content_encoding: Option<String>,
    pub(crate) location: Option<String>,
}

impl Inbox {
    pub(crate) fn new(meter: Meter, limit: u64) -> Self {
        Self { meter, limit, head: None, body: Vec::new(), overflow: false }
    }
}

impl ReplySink for Inbox {
    fn head(&mut self, status: u16, headers: &HeaderMap) -> Result<(), Stop> {
        let text = |name: &HeaderName| Some(String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned());
        let announced = text(&header::CONTENT_LENGTH).and_then(|length| length.trim().parse().ok());
        self.head = Some(Head {
            status,
            retry_after: text(&header::RETRY_AFTER),
            request_id: REQUEST_ID_HEADERS.iter().find_map(|name| text(&HeaderName::from_static(name))),
            content_type: text(&header::CONTENT_TYPE),
            content_encoding: text(&header::CONTENT_ENCODING),
            location: text(&header::LOCATION),
        });
        self.body.clear();
        self.meter.on_head(announced);
        if announced.is_some_and(|length| length > self.limit) {
            self.overflow = true;
            return Err(Stop);
        }
        // A length is a promise of a stranger: a megabyte is believed, the rest grows as it comes.
        self.body.reserve(announced.unwrap_or(0).min(1 << 20) as usize);
        Ok(())
    }

    fn data(&mut self, chunk: &[u8]) -> Result<(), Stop> {
        self.meter.on_data(chunk.len() as u64);
        if (self.body.len() + chunk.len()) as u64 > self.limit {
            self.overflow = true;
            return Err(Stop);
        }
        self.body.extend_from_slice(chunk);
        Ok(())
    }
}
