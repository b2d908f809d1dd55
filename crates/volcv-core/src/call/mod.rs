//! One paid call as a state machine, its limits, and the meter of what was delivered.

pub(crate) mod batch;
pub(crate) mod classify;
pub(crate) mod config;
pub(crate) mod delivery;
pub(crate) mod limits;
pub(crate) mod machine;
pub(crate) mod meter;
pub(crate) mod policy;
pub(crate) mod progress;
pub(crate) mod step;
pub(crate) mod time;
