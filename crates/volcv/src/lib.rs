//! The front door.
pub use volcv_transport::*;
