//! Memory mappings for large pictures, and a short list of those that are free.
//!
//! A picture of 256 KiB or more has a mapping of its own, so that its memory goes back to the system when it is dropped,
//! whatever the allocator keeps. A few free mappings are kept, because fresh memory has to be cleared page by page:
//! measured, that is 0.5 ms of CPU for a picture of 1 MiB and 1 to 3 ms for 8 MiB.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use memmap2::MmapMut;

/// Smaller buffers come from the allocator.
pub(crate) const MAPPED_FROM: usize = 256 * 1024;

/// Free mappings that are kept, and the memory that they may hold together: that of one or two calls with large pictures.
const MAX_FREE: usize = 4;
const MAX_FREE_BYTES: usize = 24 << 20;

/// The huge page of most systems.
const HUGE_PAGE: usize = 2 << 20;

/// Sizes are multiples of this, so that pictures of about the same size can use the same mapping. Those of two huge pages
/// and more are whole huge pages, because the system places only such mappings so that they can have huge pages.
const STEP: usize = 64 * 1024;

/// The free mappings of one client. They go back to the system when the last user of the pool is dropped.
#[derive(Clone, Default)]
pub struct BufferPool {
    free: Arc<Mutex<Vec<Memory>>>,
    /// There are no mappings.
    heap: bool,
}

/// A mapping that goes back to its pool when it is dropped.
pub(crate) struct Mapping {
    /// Present until then.
    memory: Option<Memory>,
    pool: BufferPool,
}

struct Memory {
    map: MmapMut,
    /// The first bytes that may be in huge pages.
    huge: usize,
    /// The first bytes that were written to.
    touched: usize,
}

impl BufferPool {
    /// A pool without mappings: every picture has memory of Rust's allocator, and none is kept.
    pub fn heap() -> Self {
        Self { heap: true, ..Self::default() }
    }

    /// A mapping of at least this length, free or new; `None` for a small one, or if the system has none.
    pub(crate) fn mapping(&self, length: usize) -> Option<Mapping> {
        let step = if length < 2 * HUGE_PAGE { STEP } else { HUGE_PAGE };
        let whole = length.checked_next_multiple_of(step).filter(|_| length >= MAPPED_FROM && !self.heap)?;
        let memory = self.take(whole).or_else(|| Memory::new(whole, length))?;
        Some(Mapping { memory: Some(memory), pool: self.clone() })
    }

    /// The smallest free mapping that is large enough and not much larger.
    fn take(&self, length: usize) -> Option<Memory> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let lengths = free.iter().map(|memory| memory.map.len()).enumerate();
        let (index, _) =
            lengths.filter(|(_, found)| (length..=most_for(length)).contains(found)).min_by_key(|(_, found)| *found)?;
        Some(free.remove(index))
    }

    /// Keeps a mapping, and drops the oldest ones beyond the limits.
    fn put(&self, memory: Memory) {
        if memory.resident() > MAX_FREE_BYTES {
            return;
        }
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(memory);
        while free.len() > MAX_FREE || bytes(&free) > MAX_FREE_BYTES {
            free.remove(0);
        }
    }

    /// The memory that is kept.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        bytes(&self.free.lock().unwrap())
    }
}

fn bytes(free: &[Memory]) -> usize {
    free.iter().map(Memory::resident).sum()
}

/// The most memory that a picture of this length may hold for as long as its owner likes.
fn most_for(length: usize) -> usize {
    length.saturating_add(length / 4)
}

impl fmt::Debug for BufferPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BufferPool")
    }
}

impl Mapping {
    /// Copies the bytes to this offset, behind which there is room for them.
    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        self.room(at, bytes.len()).copy_from_slice(bytes);
    }

    /// This many bytes at this offset, to be written to.
    pub(crate) fn room(&mut self, at: usize, length: usize) -> &mut [u8] {
        let Some(memory) = &mut self.memory else { return &mut [] };
        memory.touched = memory.touched.max(at + length);
        &mut memory.map[at..at + length]
    }

    /// Whether the mapping holds hardly more memory than a picture of this length needs.
    pub(crate) fn suits(&self, length: usize) -> bool {
        self.resident() <= most_for(length)
    }

    /// The memory that the mapping holds.
    pub(crate) fn resident(&self) -> usize {
        self.memory.as_ref().map_or(0, Memory::resident)
    }
}

impl Deref for Mapping {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.memory.as_ref().map_or(&[], |memory| &memory.map)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        self.memory.take().into_iter().for_each(|memory| self.pool.put(memory));
    }
}

impl Memory {
    /// Cleared memory from the system, in huge pages where it has them.
    fn new(whole: usize, length: usize) -> Option<Self> {
        let map = MmapMut::map_anon(whole).ok()?;
        // The last part of the length, of which less than a huge page is used, gets small pages.
        let huge = length / HUGE_PAGE * HUGE_PAGE;
        // A kernel without huge pages refuses, and then the pages are small.
        #[cfg(target_os = "linux")]
        let _ = map.advise_range(memmap2::Advice::HugePage, 0, huge);
        Some(Self { map, huge, touched: 0 })
    }

    fn resident(&self) -> usize {
        self.touched.max(self.touched.next_multiple_of(HUGE_PAGE).min(self.huge))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIB: usize = 1 << 20;

    impl BufferPool {
        /// The sizes of the free mappings, in MiB.
        fn sizes(&self) -> Vec<usize> {
            self.free.lock().unwrap().iter().map(|memory| memory.map.len() / MIB).collect()
        }

        fn get(&self, mib: usize) -> Mapping {
            let mut mapping = self.mapping(mib * MIB).unwrap();
            mapping.room(0, mapping.len());
            mapping
        }
    }

    #[test]
    fn a_free_mapping_is_used_again_by_a_picture_that_needs_about_as_much() {
        let pool = BufferPool::default();
        let first = pool.get(8);
        let address = first.as_ptr();
        drop(first);
        assert_eq!(pool.sizes(), [8]);
        assert_ne!(pool.get(4).as_ptr(), address, "too small for so much memory");
        assert_ne!(pool.get(9).as_ptr(), address, "too large for it");
        assert_eq!(pool.sizes(), [8, 4, 10]);
        assert_eq!(pool.get(7).as_ptr(), address);
        assert!(pool.mapping(MAPPED_FROM - 1).is_none());
    }

    #[test]
    fn the_oldest_free_mappings_go_back_to_the_system() {
        let pool = BufferPool::default();
        drop([pool.get(8), pool.get(4), pool.get(10)]);
        drop(pool.get(20));
        assert_eq!(pool.sizes(), [20], "no more than 24 MiB is kept");
        drop([pool.get(1), pool.get(2), pool.get(1), pool.get(2), pool.get(1)]);
        assert_eq!(pool.sizes(), [2, 1, 2, 1], "no more than four are kept");
        drop(pool.get(48));
        assert_eq!(pool.sizes(), [2, 1, 2, 1], "too large to be kept");
    }

    #[test]
    fn a_mapping_that_outlives_its_client_leaves_nothing_behind() {
        let pool = BufferPool::default();
        let mapping = pool.get(8);
        let free = Arc::downgrade(&pool.free);
        drop(pool);
        drop(mapping);
        assert!(free.upgrade().is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_more_is_ever_kept_than_the_limits(steps in prop::collection::vec((any::<bool>(), 1_usize..40), 0..60)) {
            let (pool, mut in_use) = (BufferPool::default(), Vec::<Mapping>::new());
            for (get, mib) in steps {
                match get {
                    true => in_use.push(pool.get(mib)),
                    false if !in_use.is_empty() => drop(in_use.remove(mib % in_use.len())),
                    false => {}
                }
                prop_assert!(pool.bytes() <= MAX_FREE_BYTES && pool.sizes().len() <= MAX_FREE);
            }
        }
    }
}
