//! The README and the pages of `docs/` as documentation of an empty crate: their Rust code is compiled by `cargo test --doc`.

#[doc = include_str!("../README.md")]
mod readme {}

#[doc = include_str!("../docs/abilities.md")]
mod abilities {}

#[doc = include_str!("../docs/rust.md")]
mod rust {}

#[doc = include_str!("../docs/own-http.md")]
mod own_http {}
