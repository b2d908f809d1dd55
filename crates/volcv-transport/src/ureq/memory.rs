//! The two buffers through which ureq moves bytes.
//!
//! ureq's own live and die with a connection. These belong to a lane, so that a call on a new connection does not have to
//! allocate and clear them, and connections that are idle hold none.

use ureq::unversioned::transport::Buffers;

/// What is made, counted and sent at once. Megabytes travel, so system calls should be rare; but a connection that breaks
/// in the last piece leaves an unknown outcome, so that it should not be the whole of a request.
const OUTPUT: usize = 128 * 1024;
/// The head of a reply has to fit, for which ureq allows 64 KiB.
const INPUT: usize = 128 * 1024;

/// ureq's buffers.
#[derive(Default)]
pub(super) struct Memory {
    output: Vec<u8>,
    input: Vec<u8>,
    /// What of the input was filled and not consumed.
    start: usize,
    end: usize,
    consumed: bool,
}

impl Memory {
    /// Makes room, once for all calls, and forgets what was read.
    pub(super) fn prepare(&mut self) {
        self.output.resize(OUTPUT, 0);
        self.input.resize(INPUT, 0);
        (self.start, self.end, self.consumed) = (0, 0, false);
    }
}

impl Buffers for Memory {
    fn output(&mut self) -> &mut [u8] {
        &mut self.output
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
        (&mut self.input[self.end..], &mut self.output)
    }

    fn can_use_input(&self) -> bool {
        self.start < self.end && self.consumed
    }
}
