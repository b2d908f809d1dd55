//! volcv-types
