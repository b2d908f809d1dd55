//! volcv-transport
