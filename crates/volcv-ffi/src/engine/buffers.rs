//! Bytes that were taken by the host. They are named by ids, so that releasing twice is an error code.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use volcv::Bytes;

use super::{CError, fork};
use crate::abi::volcv_buffer;

/// An empty tree holds no memory, so that a host that frees everything leaves nothing behind.
static TAKEN: Mutex<BTreeMap<u64, Bytes>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Keeps bytes until [`free`].
pub(crate) fn keep(bytes: Bytes) -> volcv_buffer {
    let id = NEXT.fetch_add(1, Relaxed);
    let buffer = volcv_buffer { id, data: bytes.as_ptr().cast(), size: bytes.len() };
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner).insert(id, bytes);
    buffer
}

/// Frees the bytes with this id; 0 is no bytes.
pub(crate) fn free(id: u64) -> Result<(), CError> {
    if id == 0 {
        return Ok(());
    }
    fork::check()?;
    let bytes = TAKEN.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    bytes.map(drop).ok_or_else(|| CError::stale("buffer"))
}
