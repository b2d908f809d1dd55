//! One attempt and its reply, and the memory that it takes.

use std::time::Duration;

use peak_alloc::PeakAlloc;
use volcv_core::http::{HeaderMap, HeaderValue};
use volcv_core::{Call, CallConfig, Error, Outcome, ReplySink, RetryPolicy, Step, TransportError, TransportErrorKind};

use crate::{at, gateway, plan, take};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// The largest reply that the calls of [`receive`] take.
pub const REPLY_LIMIT: usize = 2048;
/// What the values of the JSON parser may take for each byte of a reply: an object with one key in a list costs a
/// hundred times its text, which is why the scanner limits their number. So short a reply does not reach that limit.
const PARSED_PER_BYTE: usize = 160;
/// What a value of the head may take for each of its bytes: four headers have it, a byte that is not UTF-8 becomes three, and
/// a text that grows is twice as large as its content.
const HELD_PER_HEADER_BYTE: usize = 4 * 3 * 2;
/// The memory of texts and records, for every reply.
const OVERHEAD: usize = 64 << 10;

/// A reply that is about to arrive.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    pub status: u16,
    /// The value of every header that the client reads, as far as it can be one.
    pub header: &'a [u8],
    /// The length that the head announces.
    pub length: Option<usize>,
    /// How much of the request is taken first, see [`take`].
    pub share: u64,
    pub failure: Option<TransportErrorKind>,
}

/// Sends once, pushes the head and the pieces, and reports the end of the call.
pub fn receive<'a>(arrival: Arrival<'_>, pieces: impl Iterator<Item = &'a [u8]>) -> Result<Outcome, Error> {
    let mut config = CallConfig::default();
    config.policy = RetryPolicy::none();
    config.limits.reply_bytes = REPLY_LIMIT as u64;
    let mut call = Call::new(plan(&gateway()), config).with_rng_seed(1);
    let Step::Send(mut attempt) = call.next(at(Duration::ZERO)) else { panic!("a new call is sent") };
    take(&mut attempt, arrival.share);

    let overhead = OVERHEAD + HELD_PER_HEADER_BYTE * arrival.header.len();
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let pushed = push(call.reply(), arrival, pieces);
    // A buffer that grows is twice as large as its content, and the old one lives until it is copied.
    assert!(HEAP.peak_usage() - before <= 3 * REPLY_LIMIT + overhead, "more than the limit is held");
    call.on_sent(at(Duration::ZERO), pushed);
    assert!(HEAP.peak_usage() - before <= PARSED_PER_BYTE * REPLY_LIMIT + overhead, "parsing has no bound");

    let Step::Done(result) = call.next(at(Duration::ZERO)) else { panic!("there is only one attempt") };
    result
}

fn push<'a>(
    sink: &mut dyn ReplySink,
    arrival: Arrival<'_>,
    mut pieces: impl Iterator<Item = &'a [u8]>,
) -> Result<(), TransportError> {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(arrival.header) {
        for name in ["content-type", "location", "retry-after", "x-request-id"] {
            headers.insert(name, value.clone());
        }
        // A coding would end the reading of most replies; one that starts like a list of codings may.
        if arrival.header.starts_with(b"gzip") {
            headers.insert("content-encoding", value);
        }
    }
    if let Some(length) = arrival.length {
        headers.insert("content-length", HeaderValue::from(length));
    }
    sink.head(arrival.status, &headers)?;
    pieces.try_for_each(|piece| sink.data(piece))?;
    let source = String::from_utf8_lossy(arrival.header).into_owned();
    arrival.failure.map_or(Ok(()), |kind| Err(TransportError::with_source(kind, source)))
}
