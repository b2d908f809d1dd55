//! Time as the core sees it: handed in by the driver, real or virtual.

use std::time::{Duration, SystemTime};

/// The time of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Time since any fixed point, never going back: all limits and waits are measured with it.
    pub mono: Duration,
    /// The calendar, which only a `Retry-After` date needs.
    pub wall: SystemTime,
}
