//! Picture bytes of the host: where they are, or copied.

use std::collections::TryReserveError;
use std::ffi::c_void;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use volcv::Bytes;

use super::Engine;
use super::hooks::{Hooks, Release};
use crate::abi::volcv_release_fn;

/// The handle with which a submit says that its job was accepted, so that the release is due one day. A handle that is
/// dropped unarmed leaves the bytes to the caller.
pub(crate) struct Borrowed(Arc<Memory>);

impl Borrowed {
    /// Also gives up the handle: from here on the job's own pictures keep the bytes alive.
    pub(super) fn arm(self) {
        self.0.accepted.store(true, SeqCst);
    }
}

impl Engine {
    /// Wraps the host's bytes, without a copy.
    pub(crate) fn borrow(
        &self,
        data: *const u8,
        size: usize,
        release: volcv_release_fn,
        user: *mut c_void,
    ) -> (Borrowed, Bytes) {
        let hooks = Arc::clone(&self.hooks);
        let memory = Arc::new(Memory { data, size, release, user, accepted: AtomicBool::new(false), hooks });
        (Borrowed(Arc::clone(&memory)), Bytes::from_owner(Lent(memory)))
    }

    /// Copies a picture, into memory of an earlier one if there is some: fresh memory is what would take time.
    pub(crate) fn copy(&self, data: &[u8]) -> Result<Bytes, TryReserveError> {
        let mut copy = self.client.buffer(data.len());
        copy.try_reserve(data.len())?;
        copy.extend_from_slice(data);
        Ok(Bytes::from_owner(copy))
    }
}

struct Memory {
    data: *const u8,
    size: usize,
    release: volcv_release_fn,
    user: *mut c_void,
    accepted: AtomicBool,
    hooks: Arc<Hooks>,
}

struct Lent(Arc<Memory>);

// SAFETY: the bytes are only read, and the host has promised to leave them alone; `user` is handed back on any thread,
// as the header says.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: the host keeps these bytes until the release, which comes after the last use.
        unsafe { slice::from_raw_parts(self.0.data, self.0.size) }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let (true, Some(release)) = (*self.accepted.get_mut(), self.release) {
            let (data, size) = (self.data.cast(), self.size);
            self.hooks.release(Release { release, user: self.user, data, size });
        }
    }
}
