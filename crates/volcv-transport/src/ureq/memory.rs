//! The two buffers through which ureq moves bytes.
//!
//! ureq's own live and die with a connection. These belong to a lane, so that a call on a new connection does not have to
//! allocate and clear them, and connections that are idle hold none.

use ureq::unversioned::transport::Buffers;

/// A request is made, counted and sent in about so many pieces: the fewer, the less often the server is woken; the more, the
/// less is in doubt when a connection breaks.
const PIECES: u64 = 16;
/// Smaller pieces would be so many system calls that they would show.
const SMALLEST_PIECE: u64 = 64 * 1024;
/// A larger piece would leave the second-level cache between being made and being sent.
const LARGEST_PIECE: u64 = 256 * 1024;
/// So much of a reply is read at once.
const INPUT: usize = 128 * 1024;

/// ureq's buffers.
#[derive(Default)]
pub(super) struct Memory {
    output: Vec<u8>,
    piece: usize,
    input: Vec<u8>,
    /// What of the input was filled and not consumed.
    start: usize,
    end: usize,
    consumed: bool,
}

impl Memory {
    /// Makes room for a request with so many bytes of body, unless an earlier one had it made.
    pub(super) fn prepare(&mut self, body: u64) {
        self.piece = (body / PIECES).clamp(SMALLEST_PIECE, LARGEST_PIECE) as usize;
        if self.output.len() < self.piece {
            self.output.resize(self.piece, 0);
        }
        self.input.resize(INPUT, 0);
    }

    /// Puts a few bytes where those that are read go.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.input_append_buf()[..bytes.len()].copy_from_slice(bytes);
        self.input_appended(bytes.len());
    }

    /// Forgets what was read.
    pub(super) fn clear(&mut self) {
        (self.start, self.end, self.consumed) = (0, 0, false);
    }
}

impl Buffers for Memory {
    fn output(&mut self) -> &mut [u8] {
        &mut self.output[..self.piece]
    }

    fn input(&self) -> &[u8] {
        &self.input[self.start..self.end]
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.input.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        &mut self.input[self.end..]
    }

    fn input_appended(&mut self, amount: usize) {
        self.end += amount;
    }

    fn input_consume(&mut self, amount: usize) {
        self.consumed = amount > 0;
        self.start += amount;
    }

    /// The first half is for chunked requests, which volcv never sends.
    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        (&mut self.input[self.end..], &mut self.output[..self.piece])
    }

    fn can_use_input(&self) -> bool {
        self.start < self.end && self.consumed
    }
}
