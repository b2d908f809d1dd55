//! Memory of large buffers that were dropped, for those to come.
//!
//! Clearing fresh memory takes as long as decoding a picture into it, so a little is always kept. More is kept only while
//! there is a keeper, who gives back what nobody has needed for a while; and never so much that more memory is resident than
//! calls had in use at once.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use memmap2::MmapMut;

/// The huge page of most systems.
const HUGE_PAGE: usize = 2 << 20;

/// Below, an allocator is as good.
pub(crate) const MAPPED_FROM: usize = 256 * 1024;

/// Sizes are multiples of this, so that pictures of about the same size can have the same memory. Those of two huge pages and
/// more are whole huge pages, because only then the system places them so that they can be.
const STEP: usize = 64 * 1024;

/// So much is kept without a keeper: what one or two calls with large pictures need.
const ALWAYS: usize = 24 << 20;

/// Memory for large buffers, shared by those of one client.
#[derive(Clone, Default)]
pub struct BufferPool(Arc<Shared>);

#[derive(Default)]
struct Shared {
    kept: Mutex<Kept>,
    keeper: Option<Keeper>,
}

type Keeper = Box<dyn Fn(&BufferPool) -> bool + Send + Sync>;

#[derive(Default)]
struct Kept {
    /// The oldest first.
    pieces: Vec<Piece>,
    /// The fewest bytes that were kept since the keeper's last look: these were of no use.
    least: usize,
    has_keeper: bool,
    closed: bool,
}

/// A mapping that becomes pool when it is dropped.
pub(crate) struct Mapping {
    /// There until then.
    piece: Option<Piece>,
    pool: BufferPool,
}

struct Piece {
    map: MmapMut,
    /// So much from its start may be in huge pages.
    huge: usize,
    /// So much from its start was written to.
    touched: usize,
}

impl BufferPool {
    /// With somebody to call when more is kept than usual. The keeper says whether [`BufferPool::trim`] will be called from now on,
    /// every few seconds, until that says that it is enough.
    pub fn with_keeper(keeper: impl Fn(&BufferPool) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(Shared { kept: Mutex::default(), keeper: Some(Box::new(keeper)) }))
    }

    /// Gives back what nobody has needed since the last time, and says whether there may be more to give back later.
    pub fn trim(&self) -> bool {
        let (again, _gone) = self.with(|kept| {
            let needed = kept.bytes() - kept.least;
            let gone = kept.shrink(needed.max(ALWAYS));
            kept.least = kept.bytes();
            kept.has_keeper = kept.least > ALWAYS;
            (kept.has_keeper, gone)
        });
        again
    }

    /// How much is kept.
    pub fn bytes(&self) -> usize {
        self.with(|kept| kept.bytes())
    }

    /// Gives back all, and keeps nothing from now on: nobody will ask for it.
    pub fn close(&self) {
        let _gone = self.with(|kept| {
            kept.closed = true;
            kept.shrink(0)
        });
    }

    /// Memory for so many bytes, pool or new; `None` if that does not pay.
    pub(crate) fn mapping(&self, length: usize) -> Option<Mapping> {
        let step = if length < 2 * HUGE_PAGE { STEP } else { HUGE_PAGE };
        let whole = length.checked_next_multiple_of(step).filter(|_| length >= MAPPED_FROM)?;
        let piece = self.take(whole).or_else(|| Piece::new(whole, length))?;
        Some(Mapping { piece: Some(piece), pool: self.clone() })
    }

    fn take(&self, length: usize) -> Option<Piece> {
        let (found, _gone) = self.with(|kept| {
            let found = kept.take(length);
            // Fresh memory comes in exchange for memory that does not fit, as long as there is more of that than usual.
            let exchanged = if found.is_some() { 0 } else { length };
            let gone = kept.shrink(kept.bytes().saturating_sub(exchanged).max(ALWAYS));
            (found, gone)
        });
        found
    }

    fn put(&self, piece: Piece) {
        let (needs_keeper, _gone) = self.with(|kept| {
            if kept.closed {
                return (false, Some(piece));
            }
            kept.pieces.push(piece);
            let is_new = kept.bytes() > ALWAYS && !kept.has_keeper;
            kept.has_keeper |= is_new;
            (is_new, None)
        });
        if needs_keeper && !self.0.keeper.as_ref().is_some_and(|keeper| keeper(self)) {
            let _gone = self.with(|kept| {
                kept.has_keeper = false;
                kept.shrink(ALWAYS)
            });
        }
    }

    /// What is taken out is dropped by the caller: it takes a while, and nobody else has to wait for it.
    fn with<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> T {
        change(&mut self.0.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Kept {
    // Called in many places, and never where it would have to be fast.
    #[inline(never)]
    fn bytes(&self) -> usize {
        self.pieces.iter().map(Piece::resident).sum()
    }

    /// Takes out what has room for so many bytes, and not for many more.
    fn take(&mut self, length: usize) -> Option<Piece> {
        let lengths = self.pieces.iter().map(|piece| piece.map.len()).enumerate().rev();
        let fitting = lengths.filter(|(_, found)| (length..=most_for(length)).contains(found));
        let (place, _) = fitting.min_by_key(|(_, found)| *found)?;
        let found = self.pieces.remove(place);
        self.least = self.least.min(self.bytes());
        Some(found)
    }

    /// Takes the oldest out until no more than so many bytes are left.
    fn shrink(&mut self, to: usize) -> Vec<Piece> {
        let mut bytes = self.bytes();
        let too_many = self.pieces.iter().take_while(|piece| {
            let is_too_many = bytes > to;
            bytes -= piece.resident();
            is_too_many
        });
        let count = too_many.count();
        let rest = self.pieces.split_off(count);
        let gone = std::mem::replace(&mut self.pieces, rest);
        self.least = self.least.min(self.bytes());
        gone
    }
}

impl fmt::Debug for BufferPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BufferPool")
    }
}

impl Mapping {
    /// Writes the bytes to this place, for which there is room.
    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        self.room(at, bytes.len()).copy_from_slice(bytes);
    }

    /// So many bytes at this place, to be written to.
    pub(crate) fn room(&mut self, at: usize, length: usize) -> &mut [u8] {
        let Some(piece) = &mut self.piece else { return &mut [] };
        piece.touched = piece.touched.max(at + length);
        &mut piece.map[at..at + length]
    }

    /// Whether so many bytes do not hold much more memory than they need.
    pub(crate) fn suits(&self, length: usize) -> bool {
        self.resident() <= most_for(length)
    }

    /// How much memory this takes, as far as is known.
    pub(crate) fn resident(&self) -> usize {
        self.piece.as_ref().map_or(0, Piece::resident)
    }
}

impl Deref for Mapping {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.piece.as_ref().map_or(&[], |piece| &piece.map)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        self.piece.take().into_iter().for_each(|piece| self.pool.put(piece));
    }
}

/// The most memory that a picture of so many bytes may hold, for as long as its owner likes.
fn most_for(length: usize) -> usize {
    length.saturating_add(length / 4)
}

impl Piece {
    /// Cleared memory from the system, in huge pages where it has them; `None` if there is none.
    fn new(whole: usize, length: usize) -> Option<Self> {
        let map = MmapMut::map_anon(whole).ok()?;
        // Small pages for the rest, of which only a part will be touched.
        let huge = length / HUGE_PAGE * HUGE_PAGE;
        // A kernel without huge pages refuses, and that is fine.
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
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

    use proptest::prelude::*;

    use super::*;

    const MIB: usize = 1 << 20;

    impl BufferPool {
        /// The sizes of what is kept, in MiB.
        fn sizes(&self) -> Vec<usize> {
            self.with(|kept| kept.pieces.iter().map(|piece| piece.map.len() / MIB).collect())
        }

        fn get(&self, mib: usize) -> Mapping {
            let mut mapping = self.mapping(mib * MIB).unwrap();
            mapping.room(0, mapping.len());
            mapping
        }
    }

    fn pointer(mapping: &Mapping) -> *const u8 {
        mapping.as_ptr()
    }

    #[test]
    fn memory_that_was_dropped_is_used_again_by_what_needs_about_as_much() {
        let pool = BufferPool::default();
        let first = pool.get(8);
        let place = pointer(&first);
        drop(first);
        assert_eq!(pool.sizes(), [8]);
        assert_ne!(pointer(&pool.get(4)), place, "too small for so much memory");
        assert_ne!(pointer(&pool.get(9)), place, "too large for it");
        assert_eq!(pool.sizes(), [8, 4, 10]);
        let again = pool.get(7);
        assert_eq!(pointer(&again), place);
        drop((pool.get(20), again));
        assert_eq!(pool.sizes(), [8], "no more is kept than {ALWAYS} bytes, and the youngest of it");
        drop(pool.get(48));
        assert_eq!(pool.sizes(), [0; 0]);
        assert!(pool.mapping(MAPPED_FROM - 1).is_none(), "small ones do not pay");
    }

    #[test]
    fn more_is_kept_while_there_is_a_keeper_who_gives_back_what_was_of_no_use() {
        let calls = Arc::new(AtomicUsize::new(0));
        let pool = BufferPool::with_keeper({
            let calls = Arc::clone(&calls);
            move |_| calls.fetch_add(1, SeqCst) < 10
        });
        let wave = |count: usize| drop((0..count).map(|_| pool.get(8)).collect::<Vec<_>>());
        wave(3);
        assert_eq!((pool.sizes().len(), calls.load(SeqCst)), (3, 0), "so little needs no keeper");
        wave(10);
        assert_eq!((pool.sizes().len(), calls.load(SeqCst)), (10, 1));
        // Those beyond three were dropped last, and nobody knows yet whether they will be needed.
        assert!(pool.trim());
        wave(6);
        assert!(pool.trim());
        assert_eq!(pool.sizes().len(), 6, "four were not touched");
        assert!(!pool.trim());
        assert_eq!(pool.sizes().len(), 3);
        wave(5);
        assert_eq!(calls.load(SeqCst), 2, "the keeper had gone, and was called again");
    }

    #[test]
    fn fresh_memory_comes_in_exchange_for_memory_that_does_not_fit() {
        let pool = BufferPool::with_keeper(|_| true);
        drop((0..10).map(|_| pool.get(8)).collect::<Vec<_>>());
        let large = pool.get(32);
        assert_eq!(pool.sizes().len(), 6);
        drop(large);
        assert_eq!(pool.sizes(), [8, 8, 8, 8, 8, 8, 32]);
    }

    #[test]
    fn a_closed_one_keeps_nothing() {
        let called = Arc::new(AtomicBool::new(false));
        let pool = BufferPool::with_keeper({
            let called = Arc::clone(&called);
            move |_| called.swap(true, SeqCst)
        });
        let still_in_use = [pool.get(8), pool.get(40)];
        drop(pool.get(8));
        pool.close();
        assert_eq!(pool.sizes(), [0; 0]);
        drop(still_in_use);
        assert_eq!(pool.sizes(), [0; 0]);
        assert!(!called.load(SeqCst));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_more_is_ever_kept_than_was_in_use_at_once_and_what_is_always_kept(
            steps in prop::collection::vec((0_usize..4, 4_usize..40), 0..60),
            kept in any::<bool>(),
        ) {
            let pool = BufferPool::with_keeper(move |_| kept);
            let (mut in_use, mut most) = (Vec::<Mapping>::new(), 0);
            for (step, mib) in steps {
                match step {
                    0 | 1 => in_use.push(pool.get(mib)),
                    2 if !in_use.is_empty() => drop(in_use.remove(mib % in_use.len())),
                    _ => { pool.trim(); }
                }
                let used: usize = in_use.iter().map(|mapping| mapping.len()).sum();
                most = most.max(used);
                let kept_bytes = pool.bytes();
                prop_assert!(used + kept_bytes <= most + ALWAYS, "{used} and {kept_bytes}, {most} at once");
                prop_assert!(kept || kept_bytes <= ALWAYS);
            }
        }
    }
}
