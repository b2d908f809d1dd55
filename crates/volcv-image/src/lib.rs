//! Pixels for picture outpainting: decoding into memory of any layout, encoding, padding, and an exact paste-back.
//!
//! This crate has no `unsafe` code, opens no file and no socket, and panics for no input.

#![forbid(unsafe_code)]

mod error;
mod image;
mod pixels;

pub use error::ImageError;
pub use image::Image;
pub use pixels::{Alpha, Layout, PixelFormat, Pixels, PixelsMut, RowOrder};
