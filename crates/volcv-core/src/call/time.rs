//! The time, which the driver passes to the core. It can be real or virtual.

use std::time::{Duration, SystemTime};

/// The current time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The time since a fixed point, which never goes back. All limits and waits use it.
    pub mono: Duration,
    /// The calendar time. Only a date in `Retry-After`, signatures and credentials that end need it.
    pub wall: SystemTime,
}
