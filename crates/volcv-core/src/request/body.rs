//! The request body: JSON text and raw picture bytes. The bytes are encoded as base64 while a transport reads the body.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::call::meter::Meter;
use crate::codec;

/// A piece of a request body.
#[derive(Clone)]
pub enum Segment {
    /// Sent as it is.
    Text(Bytes),
    /// Raw bytes, sent as base64 with padding.
    Base64(Bytes),
}

impl Segment {
    fn len(&self) -> u64 {
        match self {
            Segment::Text(text) => text.len() as u64,
            Segment::Base64(raw) => codec::encoded_len(raw.len() as u64),
        }
    }
}

/// Prints kind and length only.
impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Segment::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Segment::Base64(raw) => write!(f, "Base64({} raw bytes)", raw.len()),
        }
    }
}

/// A body of known length that can be read any number of times and never holds base64 text.
#[derive(Clone)]
pub struct RequestBody(Arc<Whole>);

struct Whole {
    segments: Vec<Segment>,
    len: u64,
    /// Computed for the first signature.
    sha256: OnceLock<[u8; 32]>,
}

impl RequestBody {
    /// Joins the segments.
    pub fn new(segments: Vec<Segment>) -> Self {
        let len = segments.iter().map(Segment::len).sum();
        Self(Arc::new(Whole { segments, len, sha256: OnceLock::new() }))
    }

    /// The exact number of bytes that a reader yields.
    pub fn len(&self) -> u64 {
        self.0.len
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The SHA-256 of the whole body, read in pieces. A signed request needs it in its head, before a transport reads the
    /// body. It is computed once, however often the body is sent.
    pub fn sha256(&self) -> [u8; 32] {
        *self.0.sha256.get_or_init(|| {
            let mut reader = self.reader(Meter::of(0, 0, self.len(), None));
            let (mut hash, mut piece) = (Sha256::new(), [0; 16 * 1024]);
            loop {
                match reader.fill(&mut piece) {
                    0 => return hash.finalize().into(),
                    bytes => hash.update(&piece[..bytes]),
                }
            }
        })
    }

    /// A reader from the start, whose bytes are counted by `meter`.
    pub(crate) fn reader(&self, meter: Meter) -> BodyReader {
        let body = self.clone();
        let left = body.len();
        #[cfg(feature = "http-body")]
        let frames = std::collections::VecDeque::new();
        BodyReader {
            body,
            segment: 0,
            offset: 0,
            carry: [0; 4],
            carried: 0,
            left,
            meter,
            #[cfg(feature = "http-body")]
            frames,
        }
    }
}

/// Prints lengths only.
impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestBody({} bytes in {} segments)", self.0.len, self.0.segments.len())
    }
}

/// Yields a [`RequestBody`] once, as [`io::Read`] or, with the feature `http-body`, as `http_body::Body`.
///
/// Reading fails once the attempt it belongs to has ended.
pub struct BodyReader {
    body: RequestBody,
    segment: usize,
    /// The bytes of the segment that were read: of its text, or of its raw bytes.
    offset: usize,
    /// The tail of an encoded group that did not fit into the last buffer, right-aligned.
    carry: [u8; 4],
    carried: usize,
    left: u64,
    meter: Meter,
    /// Frames that a transport of the hyper family holds. A frame that it has dropped is filled again.
    #[cfg(feature = "http-body")]
    frames: std::collections::VecDeque<Bytes>,
}

impl BodyReader {
    /// Bytes that are still to come: the exact `Content-Length` before the first read.
    pub fn remaining(&self) -> u64 {
        self.left
    }

    /// Fills as much of `out` as the body has bytes for.
    fn fill(&mut self, out: &mut [u8]) -> usize {
        let mut filled = 0;
        while filled < out.len() {
            let room = &mut out[filled..];
            if self.carried > 0 {
                let from = self.carry.len() - self.carried;
                let n = room.len().min(self.carried);
                room[..n].copy_from_slice(&self.carry[from..from + n]);
                self.carried -= n;
                filled += n;
                continue;
            }
            let Some(segment) = self.body.0.segments.get(self.segment) else { break };
            let (Segment::Text(bytes) | Segment::Base64(bytes)) = segment;
            let rest = &bytes[self.offset..];
            if rest.is_empty() {
                self.segment += 1;
                self.offset = 0;
                continue;
            }
            let (taken, written) = match segment {
                Segment::Text(_) => {
                    let n = rest.len().min(room.len());
                    room[..n].copy_from_slice(&rest[..n]);
                    (n, n)
                }
                // Whole groups go straight into the buffer; only the last one of the picture is padded.
                Segment::Base64(_) if room.len() >= 4 => {
                    let n = rest.len().min(room.len() / 4 * 3);
                    (n, codec::encode_into(&rest[..n], room))
                }
                // The output has less room than one group. The group is encoded into `carry` and copied in several
                // reads.
                Segment::Base64(_) => {
                    let n = rest.len().min(3);
                    codec::encode_into(&rest[..n], &mut self.carry);
                    self.carried = self.carry.len();
                    (n, 0)
                }
            };
            self.offset += taken;
            filled += written;
        }
        filled
    }
}

impl Read for BodyReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let filled = self.fill(out);
        if filled > 0 {
            self.meter.take(filled as u64)?;
            self.left -= filled as u64;
        }
        Ok(filled)
    }
}

impl fmt::Debug for BodyReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BodyReader({} of {} bytes left)", self.left, self.body.len())
    }
}

#[cfg(feature = "http-body")]
impl BodyReader {
    /// A frame that hyper has dropped, or a new one. hyper collects a few frames before it writes them all at once.
    fn frame(&mut self) -> bytes::BytesMut {
        /// Large enough to keep system calls rare, small enough for several frames to stay in the second-level cache.
        const FRAME: u64 = 32 * 1024;
        match self.frames.pop_front().map(Bytes::try_into_mut) {
            Some(Ok(frame)) => return frame,
            Some(Err(busy)) => self.frames.push_front(busy),
            None => {}
        }
        bytes::BytesMut::zeroed(self.left.min(FRAME) as usize)
    }
}

#[cfg(feature = "http-body")]
impl http_body::Body for BodyReader {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<io::Result<http_body::Frame<Bytes>>>> {
        if self.left == 0 {
            return std::task::Poll::Ready(None);
        }
        let mut frame = self.frame();
        let filled = self.read(&mut frame).map(|filled| {
            let frame = frame.freeze();
            let data = frame.slice(..filled);
            self.frames.push_back(frame);
            http_body::Frame::data(data)
        });
        std::task::Poll::Ready(Some(filled))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn segment() -> impl Strategy<Value = Segment> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40).prop_map(|v| Segment::Text(v.into())),
            prop::collection::vec(any::<u8>(), 0..400).prop_map(|v| Segment::Base64(v.into())),
        ]
    }

    fn reference(segments: &[Segment]) -> Vec<u8> {
        let mut whole = Vec::new();
        for segment in segments {
            match segment {
                Segment::Text(text) => whole.extend_from_slice(text),
                Segment::Base64(raw) => whole.extend_from_slice(STANDARD.encode(raw).as_bytes()),
            }
        }
        whole
    }

    proptest! {
        #[test]
        fn any_read_sizes_give_the_same_bytes_and_the_promised_length(
            segments in prop::collection::vec(segment(), 0..6),
            sizes in prop::collection::vec(1_usize..70, 1..8),
        ) {
            let expected = reference(&segments);
            let body = RequestBody::new(segments);
            prop_assert_eq!(body.len(), expected.len() as u64);
            let meter = Meter::of(0, 1, body.len(), None);
            let mut reader = body.reader(meter.clone());
            let mut got = Vec::new();
            for size in sizes.iter().cycle() {
                let mut buffer = vec![0; *size];
                let n = reader.read(&mut buffer).unwrap();
                got.extend_from_slice(&buffer[..n]);
                prop_assert_eq!(reader.remaining(), body.len() - got.len() as u64);
                if n == 0 {
                    break;
                }
            }
            prop_assert_eq!(got, expected);
            prop_assert!(meter.delivery().is_full());
        }
    }

    #[cfg(feature = "http-body")]
    #[test]
    fn frames_that_are_still_held_are_not_filled_again() {
        use std::pin::Pin;
        use std::task::{Context, Poll, Waker};

        use http_body::Body as _;

        let segments = vec![Segment::Text("{".into()), Segment::Base64((0..300_000).map(|i| i as u8).collect())];
        let expected = reference(&segments);
        let body = RequestBody::new(segments);
        // Each number of frames that a transport may hold before it lets go of the first.
        for held in 0..10 {
            let mut reader = body.reader(Meter::of(0, 1, body.len(), None));
            let (mut frames, mut got) = (std::collections::VecDeque::new(), Vec::new());
            while let Poll::Ready(Some(frame)) =
                Pin::new(&mut reader).poll_frame(&mut Context::from_waker(Waker::noop()))
            {
                frames.push_back(frame.unwrap().into_data().unwrap());
                if frames.len() > held {
                    got.extend_from_slice(&frames.pop_front().unwrap());
                }
            }
            frames.iter().for_each(|frame| got.extend_from_slice(frame));
            assert_eq!(got, expected);
            assert!(reader.frames.len() <= held + 1, "{} frames for {held} that are held", reader.frames.len());
        }
    }

    #[test]
    fn a_body_can_be_read_again_from_the_start() {
        let body = RequestBody::new(vec![Segment::Text("[".into()), Segment::Base64("abcd".into())]);
        for _ in 0..2 {
            let mut text = String::new();
            body.reader(Meter::of(0, 1, body.len(), None)).read_to_string(&mut text).unwrap();
            assert_eq!(text, "[YWJjZA==");
        }
    }

    /// The hash is that of the official Python SDK (PyPI package volcengine 1.0.229) for the same body.
    #[test]
    fn the_hash_is_that_of_the_bytes_that_are_sent() {
        let body = RequestBody::new(vec![Segment::Text(r#"{"req_key":"i2i_outpainting"}"#.into())]);
        let hex: String = body.sha256().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "822a4fbb0f45ad70936fa279491ea4d2124c43f25771e091d2963498c093355e");
        let segments = vec![Segment::Text("[".into()), Segment::Base64(vec![7; 100_001].into())];
        let whole = reference(&segments);
        assert_eq!(RequestBody::new(segments).sha256()[..], Sha256::digest(whole)[..]);
    }

    #[test]
    fn reading_stops_when_the_attempt_is_over() {
        let body = RequestBody::new(vec![Segment::Base64(vec![7; 3000].into())]);
        let meter = Meter::of(0, 1, body.len(), None);
        let mut reader = body.reader(meter.clone());
        reader.read_exact(&mut [0; 100]).unwrap();
        meter.seal();
        assert!(reader.read(&mut [0; 100]).is_err());
        assert_eq!(meter.delivery(), crate::Delivery::Partial { sent: 100, total: 4000 });
    }
}
