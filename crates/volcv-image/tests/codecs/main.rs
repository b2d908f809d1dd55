//! The codecs on pictures that the tests make themselves.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod bmp;
mod colours;
mod damage;
mod encode;
mod jpeg;
mod layouts;
mod limits;
mod make;
mod metadata;
mod orientation;
mod png;
