//! volcv-core
