//! The README as documentation of an empty crate: its Rust code is compiled by `cargo test --doc`.

#![doc = include_str!("../README.md")]
