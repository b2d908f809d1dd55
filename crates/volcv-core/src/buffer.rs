//! The memory of one large thing: a picture as it arrives, or a copy of one.
//!
//! A picture of 256 KiB and more gets a mapping of its own. Memory that an allocator hands out for the first time costs a page
//! fault for every 4 KiB, which is more than base64 and sockets together, and an allocator keeps what each thread has freed.
//! A mapping can be had in huge pages, and goes to [`Spare`] when it is dropped.

use std::collections::TryReserveError;
use std::fmt;
use std::ops::Deref;

use bytes::Bytes;

use crate::spare::{Mapping, Spare};

/// So much has to have come before memory is taken for all that was announced.
const BELIEVED: usize = 32 * 1024;

/// Bytes that grow at their end.
#[derive(Default)]
pub struct Buffer {
    memory: Memory,
    /// The length that was announced; 0 once it has been made use of.
    expected: usize,
    spare: Spare,
}

enum Memory {
    Heap(Vec<u8>),
    Mapped { map: Mapping, length: usize },
}

impl Buffer {
    /// An empty one, of which a stranger says that it will hold `expected` bytes.
    pub fn new(expected: usize) -> Self {
        Self::with_spare(expected, &Spare::default())
    }

    /// As [`Buffer::new`], with memory of earlier ones if there is some that fits.
    pub fn with_spare(expected: usize, spare: &Spare) -> Self {
        Self { memory: Memory::default(), expected, spare: spare.clone() }
    }

    /// Makes sure of memory for `more` bytes.
    ///
    /// # Errors
    /// There is none.
    pub fn try_reserve(&mut self, more: usize) -> Result<(), TryReserveError> {
        match &mut self.memory {
            Memory::Heap(heap) if heap.len().saturating_add(more) > BELIEVED.max(heap.capacity()) => {
                let whole = std::mem::take(&mut self.expected);
                match whole.checked_sub(heap.len()).filter(|rest| *rest >= more) {
                    None => return heap.try_reserve(more),
                    Some(rest) => match self.spare.mapping(whole) {
                        None => return heap.try_reserve_exact(rest),
                        Some(mut map) => {
                            map[..heap.len()].copy_from_slice(heap);
                            self.memory = Memory::Mapped { length: heap.len(), map };
                        }
                    },
                }
            }
            // Somebody has sent more than was announced.
            Memory::Mapped { map, length } if map.len() - *length < more => {
                let mut heap = Vec::new();
                heap.try_reserve(*length + more)?;
                heap.extend_from_slice(&map[..*length]);
                self.memory = Memory::Heap(heap);
            }
            _ => {}
        }
        Ok(())
    }

    /// Appends; without memory for it, the program ends as it does with a [`Vec`].
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        let reserved = self.try_reserve(bytes.len());
        match &mut self.memory {
            // Without memory, this is where the allocator has its say.
            Memory::Heap(heap) => heap.extend_from_slice(bytes),
            Memory::Mapped { map, length } => {
                debug_assert!(reserved.is_ok(), "the mapping is only left as it is if it is large enough");
                map[*length..*length + bytes.len()].copy_from_slice(bytes);
                *length += bytes.len();
            }
        }
    }

    /// Appends what `fill` writes to the front of memory of `most` bytes that holds anything, as many as it says; `None` if
    /// there is no such memory, and then `fill` is not called.
    pub(crate) fn fill<E>(
        &mut self,
        most: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Option<Result<(), E>> {
        self.try_reserve(most).ok()?;
        match &mut self.memory {
            Memory::Heap(_) => None,
            Memory::Mapped { map, length } => {
                let room = &mut map[*length..*length + most];
                Some(fill(room).map(|written| *length += written.min(most)))
            }
        }
    }

    pub(crate) fn truncate(&mut self, to: usize) {
        match &mut self.memory {
            Memory::Heap(heap) => heap.truncate(to),
            Memory::Mapped { length, .. } => *length = to.min(*length),
        }
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.memory {
            Memory::Heap(heap) => heap,
            Memory::Mapped { map, length } => &map[..*length],
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Memory::Heap(Vec::new())
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// Without a copy.
impl From<Buffer> for Bytes {
    fn from(buffer: Buffer) -> Self {
        match buffer.memory {
            Memory::Heap(heap) => Bytes::from(heap),
            Memory::Mapped { .. } => Bytes::from_owner(buffer),
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
    use crate::spare::MAPPED_FROM;

    fn is_mapped(buffer: &Buffer) -> bool {
        matches!(buffer.memory, Memory::Mapped { .. })
    }

    #[test]
    fn a_large_buffer_is_mapped_once_it_is_believed_and_a_small_one_never() {
        for (expected, mapped) in [(MAPPED_FROM, true), (MAPPED_FROM - 1, false), (0, false), (usize::MAX, false)] {
            let mut buffer = Buffer::new(expected);
            buffer.extend_from_slice(&[1; BELIEVED]);
            assert!(!is_mapped(&buffer), "{expected} bytes were announced, and nobody knows yet whether that is true");
            buffer.extend_from_slice(&[2]);
            assert_eq!(is_mapped(&buffer), mapped, "{expected}");
            assert_eq!((buffer.len(), buffer[BELIEVED - 1], buffer[BELIEVED]), (BELIEVED + 1, 1, 2));
            assert_eq!(Bytes::from(buffer).len(), BELIEVED + 1);
        }
    }

    #[test]
    fn what_was_announced_is_allocated_at_once() {
        let mut buffer = Buffer::new(200_000);
        buffer.extend_from_slice(&[0; 40_000]);
        let Memory::Heap(heap) = buffer.memory else { panic!("too small for a mapping") };
        assert_eq!(heap.capacity(), 200_000);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn it_holds_what_was_put_in_however_much_was_announced(
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
