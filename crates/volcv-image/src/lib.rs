//! Pixels for picture outpainting: decoding into memory of any layout, encoding, padding, and an exact paste-back.
//!
//! This crate has no `unsafe` code, opens no file and no socket, and panics for no input.

#![forbid(unsafe_code)]

mod canvas;
mod error;
mod fit;
mod image;
mod pixels;
mod resize;
mod sheet;

pub use canvas::{Fill, Mask, pad};
pub use error::ImageError;
pub use fit::{FitOptions, FitReport, fit};
pub use image::Image;
pub use pixels::{Alpha, Layout, PixelFormat, Pixels, PixelsMut, RowOrder};
pub use resize::resize;
pub use sheet::{Sheet, contact_sheet};
