//! A growing buffer for the bytes of one picture.
//!
//! A picture of 256 KiB or more has a mapping of its own. An allocator keeps the memory that each thread has freed, and fresh
//! memory costs a page fault for every 4 KiB. A mapping can have huge pages, and goes to [`BufferPool`] when it is dropped.

use std::collections::TryReserveError;
use std::fmt;
use std::ops::Deref;

use bytes::Bytes;

use crate::pool::{BufferPool, MAPPED_FROM, Mapping};

/// Memory for the announced length is taken once this many bytes have arrived.
const TRUSTED_FROM: usize = 32 * 1024;

/// The first mapping of a picture without an announced length. Only pages that are written to take memory, and most
/// pictures are smaller.
const UNKNOWN: usize = 16 << 20;

/// Bytes that grow at their end.
#[derive(Default)]
pub struct Buffer {
    storage: Storage,
    /// The announced length; 0 after it has been used.
    expected: usize,
    pool: BufferPool,
}

enum Storage {
    Heap(Vec<u8>),
    Mapped { map: Mapping, length: usize },
}

impl Buffer {
    /// An empty buffer. The server has announced `expected` bytes, which may be wrong.
    pub fn new(expected: usize) -> Self {
        Self::with_pool(expected, &BufferPool::default())
    }

    /// As [`Buffer::new`], with a free mapping of the pool if one fits.
    pub fn with_pool(expected: usize, pool: &BufferPool) -> Self {
        Self { storage: Storage::default(), expected, pool: pool.clone() }
    }

    /// Takes memory for `more` bytes.
    ///
    /// # Errors
    /// The system has no memory.
    pub fn try_reserve(&mut self, more: usize) -> Result<(), TryReserveError> {
        let needed = self.len().saturating_add(more);
        match &mut self.storage {
            Storage::Heap(heap) if needed <= TRUSTED_FROM.max(heap.capacity()) => {}
            Storage::Mapped { map, .. } if needed <= map.len() => {}
            _ => {
                let announced = Some(std::mem::take(&mut self.expected)).filter(|announced| *announced >= needed);
                // What was announced may be untrue, so no memory for it does not mean that there is too little.
                if announced.is_some_and(|room| self.move_to(self.pool.mapping(room), room).is_ok()) {
                    return Ok(());
                }
                let room = if needed < MAPPED_FROM { 0 } else { UNKNOWN.max(needed.saturating_mul(2)) };
                return self.move_to(self.pool.mapping(room), needed);
            }
        }
        Ok(())
    }

    /// Moves the bytes to this mapping, or without a mapping to a heap buffer of `room` bytes.
    fn move_to(&mut self, map: Option<Mapping>, room: usize) -> Result<(), TryReserveError> {
        let length = self.len();
        match (map, &mut self.storage) {
            (Some(mut map), _) => {
                map.write(0, self);
                self.storage = Storage::Mapped { map, length };
            }
            (None, Storage::Heap(heap)) => heap.try_reserve(room - length)?,
            (None, Storage::Mapped { .. }) => {
                let mut heap = Vec::new();
                heap.try_reserve(room)?;
                heap.extend_from_slice(self);
                self.storage = Storage::Heap(heap);
            }
        }
        Ok(())
    }

    /// The same bytes in memory that is hardly larger, because a caller may hold them for long.
    pub(crate) fn fitted(mut self) -> Self {
        if matches!(&self.storage, Storage::Mapped { map, length } if !map.suits(*length)) {
            // Without memory for a copy, the bytes stay where they are.
            let _ = self.move_to(self.pool.mapping(self.len()), self.len());
        }
        self
    }

    /// Appends.
    ///
    /// # Errors
    /// The system has no memory; nothing was appended.
    pub fn try_extend(&mut self, bytes: &[u8]) -> Result<(), TryReserveError> {
        self.try_reserve(bytes.len())?;
        match &mut self.storage {
            Storage::Heap(heap) => heap.extend_from_slice(bytes),
            Storage::Mapped { map, length } => {
                map.write(*length, bytes);
                *length += bytes.len();
            }
        }
        Ok(())
    }

    /// Appends. Without memory the program ends, as it does with a [`Vec`].
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        if self.try_extend(bytes).is_err() {
            let layout =
                std::alloc::Layout::array::<u8>(self.len() + bytes.len()).unwrap_or(std::alloc::Layout::new::<u8>());
            std::alloc::handle_alloc_error(layout);
        }
    }

    /// Lets `fill` write up to `most` bytes directly into the mapping; it returns how many it wrote. Without a mapping the
    /// result is `None`, and `fill` is not called.
    pub(crate) fn fill<E>(
        &mut self,
        most: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Option<Result<(), E>> {
        self.try_reserve(most).ok()?;
        match &mut self.storage {
            Storage::Heap(_) => None,
            Storage::Mapped { map, length } => {
                let filled = fill(map.room(*length, most));
                Some(filled.map(|written| *length += written.min(most)))
            }
        }
    }

    pub(crate) fn truncate(&mut self, to: usize) {
        match &mut self.storage {
            Storage::Heap(heap) => heap.truncate(to),
            Storage::Mapped { length, .. } => *length = to.min(*length),
        }
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.storage {
            Storage::Heap(heap) => heap,
            Storage::Mapped { map, length } => &map[..*length],
        }
    }
}

impl Default for Storage {
    fn default() -> Self {
        Storage::Heap(Vec::new())
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// Copies the bytes only if their memory is much larger than they are.
impl From<Buffer> for Bytes {
    fn from(buffer: Buffer) -> Self {
        let buffer = buffer.fitted();
        match buffer.storage {
            Storage::Heap(heap) => Bytes::from(heap),
            Storage::Mapped { .. } => Bytes::from_owner(buffer),
        }
    }
}

/// Prints the length in place of the bytes.
impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_mapped(buffer: &Buffer) -> bool {
        matches!(buffer.storage, Storage::Mapped { .. })
    }

    #[test]
    fn a_large_buffer_is_mapped_once_enough_has_come_and_a_small_one_never() {
        for (expected, mapped) in [(MAPPED_FROM, true), (MAPPED_FROM - 1, false), (0, false), (usize::MAX, false)] {
            let mut buffer = Buffer::new(expected);
            buffer.extend_from_slice(&[1; TRUSTED_FROM]);
            assert!(!is_mapped(&buffer), "{expected} bytes were announced, which may be untrue");
            buffer.extend_from_slice(&[2]);
            assert_eq!(is_mapped(&buffer), mapped, "{expected}");
            assert_eq!((buffer.len(), buffer[TRUSTED_FROM - 1], buffer[TRUSTED_FROM]), (TRUSTED_FROM + 1, 1, 2));
            assert_eq!(Bytes::from(buffer).len(), TRUSTED_FROM + 1);
        }
    }

    #[test]
    fn a_buffer_without_a_length_grows_in_a_mapping_and_moves_to_a_fitting_one() {
        let pool = BufferPool::default();
        for (length, held) in [(MAPPED_FROM - 1, 0), (1 << 20, 1 << 20), (12 << 20, 12 << 20), (40 << 20, 40 << 20)] {
            let mut buffer = Buffer::with_pool(0, &pool);
            for _ in 0..length / 1000 {
                buffer.extend_from_slice(&[3; 1000]);
            }
            buffer.extend_from_slice(&vec![3; length % 1000]);
            let buffer = buffer.fitted();
            assert!(buffer.len() == length && buffer.iter().all(|byte| *byte == 3));
            match &buffer.storage {
                Storage::Heap(heap) => assert!(held == 0 && heap.capacity() < 2 * length),
                Storage::Mapped { map, .. } => assert_eq!(map.resident(), held),
            }
        }
    }

    #[test]
    fn a_small_part_of_the_announced_length_does_not_hold_the_memory_for_all() {
        let pool = BufferPool::default();
        let parts: Vec<Bytes> = (0..100)
            .map(|_| {
                let mut buffer = Buffer::with_pool(40 << 20, &pool);
                buffer.extend_from_slice(&[5; TRUSTED_FROM + 1]);
                assert!(is_mapped(&buffer));
                Bytes::from(buffer)
            })
            .collect();
        assert!(parts.iter().all(|part| part.len() == TRUSTED_FROM + 1));
        assert_eq!(pool.bytes(), 2 << 20, "one mapping, with its first huge page");
    }

    #[test]
    fn the_announced_length_is_allocated_at_once() {
        let mut buffer = Buffer::new(200_000);
        buffer.extend_from_slice(&[0; 40_000]);
        let Storage::Heap(heap) = buffer.storage else { panic!("too small for a mapping") };
        assert_eq!(heap.capacity(), 200_000);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_buffer_holds_the_appended_bytes_whatever_length_was_announced(
            expected in prop::sample::select(vec![0, 1000, 100_000, MAPPED_FROM, MAPPED_FROM + 100_000]),
            sizes in prop::collection::vec((0_usize..700_000, 0_u8..4), 0..12),
        ) {
            let (mut buffer, mut model) = (Buffer::new(expected), Vec::new());
            for (size, how) in sizes {
                let bytes = vec![model.len() as u8; size];
                match how {
                    0 => {
                        buffer.truncate(model.len() / 2);
                        model.truncate(model.len() / 2);
                    }
                    1 => {
                        let written = buffer.fill(size, |room| {
                            room[..size / 2].copy_from_slice(&bytes[..size / 2]);
                            Ok::<_, ()>(size / 2)
                        });
                        prop_assert_eq!(written.is_some(), is_mapped(&buffer));
                        model.extend(written.into_iter().flat_map(|_| &bytes[..size / 2]));
                    }
                    _ => {
                        buffer.extend_from_slice(&bytes);
                        model.extend(&bytes);
                    }
                }
            }
            prop_assert!(*buffer == *model);
            prop_assert!(Bytes::from(buffer) == model);
        }
    }
}
