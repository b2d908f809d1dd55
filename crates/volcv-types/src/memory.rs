//! Memory for work whose code allocates without asking, such as a codec's. It is asked for before the work begins, so that
//! no memory is an error instead of the end of the program.
//!
//! Without a `Provider`, `Working::new` allocates as much once and frees it again: the work that follows finds it, unless
//! another thread is quicker. The C library has a provider that keeps it for the work.

use std::fmt;
use std::sync::OnceLock;

/// Smaller allocations are not asked for: they are control structures, which end the program as all of Rust's do.
pub const LARGE: usize = 64 * 1024;

/// There is no memory for this many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoMemory(pub usize);

impl fmt::Display for NoMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no memory for {} bytes", self.0)
    }
}

impl std::error::Error for NoMemory {}

/// Who keeps memory for the work.
pub trait Provider: Sync {
    /// Memory of this many bytes; `None` if there is none.
    fn keep(&self, bytes: usize) -> Option<Box<dyn Kept>>;

    /// Runs `work`, a part of other work, whose large allocations outlive that.
    fn outside(&self, work: &mut dyn FnMut());
}

/// Memory that is kept for work.
pub trait Kept: Send {
    /// Runs `work`, whose large allocations come from this memory.
    fn run(&self, work: &mut dyn FnMut());
}

static PROVIDER: OnceLock<&'static dyn Provider> = OnceLock::new();

/// Sets the provider of the process, once.
pub fn provide(provider: &'static dyn Provider) {
    let _ = PROVIDER.set(provider);
}

/// The working memory of a piece of work.
pub struct Working(Option<Box<dyn Kept>>);

impl Working {
    /// Memory for work whose large allocations are at most so many bytes together.
    ///
    /// # Errors
    /// There is none.
    pub fn new(bytes: usize) -> Result<Self, NoMemory> {
        match PROVIDER.get() {
            _ if bytes < LARGE => Ok(Self(None)),
            Some(provider) => provider.keep(bytes).map(|kept| Self(Some(kept))).ok_or(NoMemory(bytes)),
            None => room_for(bytes).map(|_| Self(None)),
        }
    }

    /// Nothing is kept.
    pub fn none() -> Self {
        Self(None)
    }

    /// Runs the work or a part of it. What it allocates may outlive this value.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        once(work, |work| match &self.0 {
            None => work(),
            Some(kept) => kept.run(work),
        })
    }
}

impl fmt::Debug for Working {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Working")
    }
}

/// Runs a part of the work of a [`Working`] whose allocations have nothing to do with it.
pub fn outside<T>(work: impl FnOnce() -> T) -> T {
    once(work, |work| match PROVIDER.get() {
        None => work(),
        Some(provider) => provider.outside(work),
    })
}

/// The work is compiled once, whoever runs it.
fn once<T>(work: impl FnOnce() -> T, run: impl FnOnce(&mut dyn FnMut())) -> T {
    let (mut work, mut result) = (Some(work), None);
    run(&mut || result = work.take().map(|work| work()));
    result.expect("a provider runs the work")
}

/// Room for so many bytes.
fn room_for(bytes: usize) -> Result<Vec<u8>, NoMemory> {
    let mut room = Vec::new();
    room.try_reserve_exact(bytes).map_err(|_| NoMemory(bytes))?;
    Ok(room)
}

/// So many zeros.
///
/// # Errors
/// There is no memory for them.
pub fn zeros(bytes: usize) -> Result<Vec<u8>, NoMemory> {
    let mut zeros = room_for(bytes)?;
    zeros.resize(bytes, 0);
    Ok(zeros)
}

/// A copy of bytes, with room for `more` behind it.
///
/// # Errors
/// There is no memory for it.
pub fn copy(bytes: &[u8], more: usize) -> Result<Vec<u8>, NoMemory> {
    let mut copy = room_for(bytes.len().saturating_add(more))?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_runs_once_and_more_than_there_can_be_is_an_error() {
        let mut runs = 0;
        assert_eq!(
            Working::new(LARGE).unwrap().run(|| outside(|| {
                runs += 1;
                runs
            })),
            1
        );
        assert_eq!(Working::new(usize::MAX).unwrap_err(), NoMemory(usize::MAX));
        assert_eq!((zeros(3).unwrap(), zeros(usize::MAX).is_err()), (vec![0; 3], true));
        assert_eq!((copy(b"ab", 1).unwrap(), copy(b"ab", usize::MAX).is_err()), (b"ab".to_vec(), true));
    }
}
