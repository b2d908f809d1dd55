//! The file that a codec writes.

use std::io::{self, Write};

use volcv_types::memory::{NoMemory, outside};

use crate::ImageError;

/// A file that grows. Without memory for it, it remembers that, because a codec has its own errors.
#[derive(Default)]
pub(crate) struct Output {
    bytes: Vec<u8>,
    failed: Option<NoMemory>,
}

impl Output {
    /// The file, if the codec has written it.
    pub(crate) fn finish(self, written: Result<(), ImageError>) -> Result<Vec<u8>, ImageError> {
        self.failed.map_or(Ok(()), |none| Err(none.into())).and(written).map(|()| self.bytes)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if outside(|| self.bytes.try_reserve(bytes.len())).is_err() {
            self.failed = Some(NoMemory(self.bytes.len() + bytes.len()));
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
