//! The struct of a host's memory, with the rules of `structs.rs`.

use std::ffi::c_void;

/// Gives memory: see volcv_allocator.
pub type volcv_alloc_fn = Option<unsafe extern "C" fn(user: *mut c_void, size: usize, align: usize) -> *mut c_void>;

/// Takes memory back: see volcv_allocator.
pub type volcv_free_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, memory: *mut c_void, size: usize, align: usize)>;

/// The host's memory for one client: each block of 64 KiB and more that work for the client takes comes from here, which is
/// where pictures, replies, pixels and the working memory of codecs are. Smaller blocks, stacks of threads, and what is made
/// while the client itself is made come from the system.
///
/// alloc: returns size bytes, at least 65536, at an address that align divides, which is a power of two; NULL if there are
/// none, which ends the job with VOLCV_E_OUT_OF_MEMORY.
/// free: gets each block back once, with the size and the align of its alloc.
///
/// Both are called on any thread, several at once, also inside of functions of volcv that are called with this client. They
/// must not call volcv, and are called even after a volcv_client_destroy() that returned VOLCV_E_TIMEOUT. All blocks are back
/// when volcv_client_destroy() returns VOLCV_OK, but for those of buffers that were taken: user has to live until the last
/// volcv_buffer_release(). A library that was built without the feature allocator answers VOLCV_E_UNSUPPORTED.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_allocator {
    /// sizeof(volcv_allocator).
    pub struct_size: u32,
    /// 0.
    pub flags: u32,
    /// Handed to both functions.
    pub user: *mut c_void,
    /// Gives memory; required.
    pub alloc: volcv_alloc_fn,
    /// Takes it back; required.
    pub free: volcv_free_fn,
}
