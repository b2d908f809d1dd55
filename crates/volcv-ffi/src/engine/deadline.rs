//! The end of a wait, which may never come.

use std::sync::{Condvar, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// When somebody's patience ends; without a moment, it does not.
#[derive(Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(super) const NEVER: Self = Self(None);

    /// Counted from now. `None`, and what is beyond the clock, is never.
    pub(crate) fn after(timeout: Option<Duration>) -> Self {
        Self(timeout.and_then(|timeout| Instant::now().checked_add(timeout)))
    }

    /// The one that comes first, behind its place; `None` if none ever comes.
    pub(super) fn first(deadlines: impl Iterator<Item = Self>) -> Option<(usize, Self)> {
        let moments = deadlines.enumerate().filter_map(|(place, deadline)| Some((deadline.0?, place)));
        moments.min().map(|(moment, place)| (place, Self(Some(moment))))
    }

    pub(super) fn is_never(self) -> bool {
        self.0.is_none()
    }

    /// The time until then; `None` if it never comes.
    pub(super) fn left(self) -> Option<Duration> {
        self.0.map(|end| end.saturating_duration_since(Instant::now()))
    }

    pub(super) fn is_over(self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }

    /// Waits until `bell` rings, maybe for no reason; `None` if the deadline has passed already.
    pub(super) fn wait<'a, T>(self, bell: &Condvar, guard: MutexGuard<'a, T>) -> Option<MutexGuard<'a, T>> {
        let Some(left) = self.left() else {
            return Some(bell.wait(guard).unwrap_or_else(PoisonError::into_inner));
        };
        (!left.is_zero()).then(|| bell.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0)
    }
}
