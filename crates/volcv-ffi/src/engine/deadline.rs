//! The end of a wait, which may never come.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::sync::{Condvar, MutexGuard};

/// The end of a wait; without a moment, it has none.
#[derive(Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(super) const NEVER: Self = Self(None);

    /// Counted from now. `None`, and what is beyond the clock, is never.
    pub(crate) fn after(timeout: Option<Duration>) -> Self {
        Self(timeout.and_then(|timeout| Instant::now().checked_add(timeout)))
    }

    /// The moment; `None` if it never comes.
    pub(super) fn instant(self) -> Option<Instant> {
        self.0
    }

    /// The time until then; `None` if it never comes.
    pub(super) fn left(self) -> Option<Duration> {
        self.0.map(|end| end.saturating_duration_since(Instant::now()))
    }

    pub(super) fn is_over(self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }

    /// Waits until `condition` is notified, maybe for no reason; `None` if the deadline has passed already.
    pub(super) fn wait<'a, T>(self, condition: &Condvar, guard: MutexGuard<'a, T>) -> Option<MutexGuard<'a, T>> {
        let Some(left) = self.left() else {
            return Some(condition.wait(guard).unwrap_or_else(PoisonError::into_inner));
        };
        (!left.is_zero()).then(|| condition.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0)
    }
}
