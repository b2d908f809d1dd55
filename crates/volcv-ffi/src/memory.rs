//! The memory of the library. Blocks of 64 KiB and more, which is what pictures and replies are in, come from the host's
//! allocator where the work is done for a client that has one; smaller ones come from the system.
//!
//! A large block has a head that says where it came from, so that it can be freed on any thread. A codec allocates without
//! asking, so its working memory is an [`Arena`], a block that was asked for before the codec begins.
//!
//! Without the feature `allocator`, nothing of this is used: all blocks come from the system.
#![cfg_attr(not(feature = "allocator"), allow(dead_code, reason = "see above"))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use volcv::core::types::memory::{self, Kept, LARGE, Provider};

/// The functions of a `volcv_allocator`.
pub(crate) struct HostMemory {
    pub(crate) user: *mut c_void,
    pub(crate) alloc: unsafe extern "C" fn(*mut c_void, usize, usize) -> *mut c_void,
    pub(crate) free: unsafe extern "C" fn(*mut c_void, *mut c_void, usize, usize),
}

// SAFETY: the header says that these are called on any thread, and what `user` points to is the host's affair.
unsafe impl Send for HostMemory {}
// SAFETY: as above.
unsafe impl Sync for HostMemory {}

/// Where large blocks of this thread come from now. The pointers are those of living `Arc`s, or null.
#[derive(Clone, Copy)]
struct Source {
    host: *const HostMemory,
    arena: *const Arena,
}

thread_local! {
    static SOURCE: Cell<Source> = const { Cell::new(Source { host: ptr::null(), arena: ptr::null() }) };
}

/// Restores the source of the thread.
struct Restore(Source);

impl Drop for Restore {
    fn drop(&mut self) {
        // A thread that ends has no work left.
        let _ = SOURCE.try_with(|source| source.set(self.0));
    }
}

fn switch(to: impl FnOnce(Source) -> Source) -> Restore {
    let before = SOURCE.get();
    SOURCE.set(to(before));
    Restore(before)
}

/// Runs work for a client: its large blocks come from the host's allocator, if there is one.
pub(crate) fn of_client<T>(host: Option<&Arc<HostMemory>>, work: impl FnOnce() -> T) -> T {
    let host = host.map_or(ptr::null(), Arc::as_ptr);
    let _restore = switch(|_| Source { host, arena: ptr::null() });
    work()
}

/// A block from which other blocks are cut. It is freed when the last of them is.
struct Arena {
    block: NonNull<u8>,
    layout: Layout,
    used: AtomicUsize,
    living: AtomicUsize,
}

// SAFETY: the block is owned, and only its parts are handed out, once each.
unsafe impl Send for Arena {}
// SAFETY: as above; its numbers are atomic.
unsafe impl Sync for Arena {}

impl Drop for Arena {
    fn drop(&mut self) {
        // SAFETY: the block was made by `Arena::new` with this layout, and no part of it is in use.
        unsafe { std::alloc::dealloc(self.block.as_ptr(), self.layout) }
    }
}

impl Arena {
    fn new(bytes: usize) -> Option<Self> {
        // The heads of the blocks, and what is lost between them.
        let layout = Layout::from_size_align(bytes.max(LARGE).checked_add(HEADS)?, ALIGN).ok()?;
        // SAFETY: the size is not 0.
        let block = NonNull::new(unsafe { std::alloc::alloc(layout) })?;
        Some(Self { block, layout, used: AtomicUsize::new(0), living: AtomicUsize::new(0) })
    }

    /// The next bytes, for the one thread whose source this is; null if there are too few.
    fn cut(&self, layout: Layout) -> *mut u8 {
        let used = if self.living.load(SeqCst) == 0 { 0 } else { self.used.load(SeqCst) };
        let start = self.block.as_ptr();
        let gap = start.wrapping_add(used).align_offset(layout.align());
        let end = used.saturating_add(gap).saturating_add(layout.size());
        if end > self.layout.size() {
            return ptr::null_mut();
        }
        self.used.store(end, SeqCst);
        self.living.fetch_add(1, SeqCst);
        start.wrapping_add(used + gap)
    }

    /// Makes the last block that was cut longer or shorter, if `block` is that.
    fn resize(&self, block: *mut u8, from: usize, to: usize) -> bool {
        let offset = block as usize - self.block.as_ptr() as usize;
        let fits = offset + from == self.used.load(SeqCst) && offset.saturating_add(to) <= self.layout.size();
        if fits {
            self.used.store(offset + to, SeqCst);
        }
        fits
    }
}

struct Room(Arc<Arena>);

impl Kept for Room {
    fn run(&self, work: &mut dyn FnMut()) {
        let _restore = switch(|source| Source { arena: Arc::as_ptr(&self.0), ..source });
        work();
    }
}

struct Rooms;

impl Provider for Rooms {
    fn keep(&self, bytes: usize) -> Option<Box<dyn Kept>> {
        let arena = memory::outside(|| Arena::new(bytes))?;
        Some(Box::new(Room(Arc::new(arena))))
    }

    fn outside(&self, work: &mut dyn FnMut()) {
        let _restore = switch(|source| Source { arena: ptr::null(), ..source });
        work();
    }
}

/// For a few dozen blocks of an arena.
const HEADS: usize = 4096;
const ALIGN: usize = align_of::<Head>();

/// From now on, memory that is asked for in advance is kept.
pub(crate) fn keep_what_is_asked_for() {
    if cfg!(feature = "allocator") {
        memory::provide(&Rooms);
    }
}

/// In front of a large block: where it came from. One of the two is there, or none for the system.
struct Head {
    host: Option<NonNull<HostMemory>>,
    arena: Option<NonNull<Arena>>,
}

/// The layout of a large block with its head, and where in it the block begins.
fn with_head(layout: Layout) -> Option<(Layout, usize)> {
    Layout::new::<Head>().extend(layout).ok()
}

/// The allocator of the library.
pub(crate) struct Memory;

#[cfg(feature = "allocator")]
#[global_allocator]
static MEMORY: Memory = Memory;

// SAFETY: small blocks are the system's. A large one lies behind its head, which is written when the block is made and read
// when it is freed or moved; its memory has the layout of both, and is freed where it came from. Nothing here unwinds.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match layout.size() < LARGE {
            // SAFETY: as the caller promises.
            true => unsafe { System.alloc(layout) },
            false => large(layout, false),
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match layout.size() < LARGE {
            // SAFETY: as the caller promises.
            true => unsafe { System.alloc_zeroed(layout) },
            false => large(layout, true),
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match layout.size() < LARGE {
            // SAFETY: as the caller promises.
            true => unsafe { System.dealloc(block, layout) },
            // SAFETY: the block was made by `large`, with this layout.
            false => unsafe { free(block, layout) },
        }
    }

    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that the size is none that overflows.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (layout.size() < LARGE, size < LARGE) {
            // SAFETY: as the caller promises.
            (true, true) => return unsafe { System.realloc(block, layout, size) },
            (false, false) => {
                // SAFETY: the block was made by `large`, with this layout.
                if let Some(moved) = unsafe { moved(block, layout, new) } {
                    return moved;
                }
            }
            _ => {}
        }
        // SAFETY: the new block has room for the bytes of both, and the old one is freed with its layout.
        unsafe {
            let to = self.alloc(new);
            if !to.is_null() {
                ptr::copy_nonoverlapping(block, to, layout.size().min(size));
                self.dealloc(block, layout);
            }
            to
        }
    }
}

/// How often an arena had too few bytes.
#[cfg(test)]
static MISSES: AtomicUsize = AtomicUsize::new(0);

/// A large block; null if there is no memory.
fn large(layout: Layout, zeroed: bool) -> *mut u8 {
    let Some((whole, offset)) = with_head(layout) else { return ptr::null_mut() };
    let Source { host, arena } = SOURCE.try_with(Cell::get).unwrap_or(Source { host: ptr::null(), arena: ptr::null() });
    // SAFETY: the source's pointers are those of living values, the layouts have a size, and each block that is there has room
    // for the head and, `offset` behind it, for what was asked for.
    unsafe {
        let mut head = Head { host: None, arena: None };
        let mut base = ptr::null_mut();
        if let Some(arena) = arena.as_ref() {
            base = arena.cut(whole);
            head.arena = NonNull::new(ptr::from_ref(arena).cast_mut()).filter(|_| !base.is_null());
        }
        #[cfg(test)]
        MISSES.fetch_add(usize::from(!arena.is_null() && base.is_null()), SeqCst);
        if base.is_null() {
            base = match host.as_ref() {
                Some(host) => (host.alloc)(host.user, whole.size(), whole.align()).cast(),
                None if zeroed => System.alloc_zeroed(whole),
                None => System.alloc(whole),
            };
            head.host = NonNull::new(host.cast_mut());
        }
        if base.is_null() {
            return base;
        }
        // What a block came from lives as long as the block.
        head.arena.iter().for_each(|arena| Arc::increment_strong_count(arena.as_ptr()));
        head.host.iter().for_each(|host| Arc::increment_strong_count(host.as_ptr()));
        let block = base.add(offset);
        if zeroed && (head.arena.is_some() || head.host.is_some()) {
            block.write_bytes(0, layout.size());
        }
        head_of(block).write(head);
        block
    }
}

/// The head lies right in front of the block.
fn head_of(block: *mut u8) -> *mut Head {
    block.wrapping_sub(size_of::<Head>()).cast()
}

/// Frees a large block.
///
/// # Safety
/// It was made by [`large`] with this layout.
unsafe fn free(block: *mut u8, layout: Layout) {
    let Some((whole, offset)) = with_head(layout) else { return };
    // SAFETY: the head was written when the block was made, and counts as an owner of what it names.
    unsafe {
        let Head { host, arena } = head_of(block).read();
        let base = block.sub(offset);
        if let Some(arena) = arena {
            let arena = Arc::from_raw(arena.as_ptr());
            arena.living.fetch_sub(1, SeqCst);
        } else if let Some(host) = host {
            let host = Arc::from_raw(host.as_ptr());
            (host.free)(host.user, base.cast(), whole.size(), whole.align());
        } else {
            System.dealloc(base, whole);
        }
    }
}

/// A large block in another size, if the place that it came from can do that without a copy by hand.
///
/// # Safety
/// It was made by [`large`] with the layout `from`, and both are large.
unsafe fn moved(block: *mut u8, from: Layout, to: Layout) -> Option<*mut u8> {
    let ((old, offset), (new, _)) = (with_head(from)?, with_head(to)?);
    // SAFETY: the head was written when the block was made. The system keeps it with the rest of the block.
    unsafe {
        match &*head_of(block) {
            Head { host: None, arena: None } => {
                let base = System.realloc(block.sub(offset), old, new.size());
                Some(if base.is_null() { base } else { base.add(offset) })
            }
            Head { arena: Some(arena), .. } if ptr::eq(arena.as_ptr(), SOURCE.try_with(Cell::get).ok()?.arena) => {
                arena.as_ref().resize(block, from.size(), to.size()).then_some(block)
            }
            _ => None,
        }
    }
}

#[cfg(all(test, feature = "allocator", feature = "image"))]
mod tests;
