//! Pixels for picture outpainting: decoding into memory of any layout, encoding, padding, and an exact paste-back.
//!
//! This crate has no `unsafe` code, opens no file and no socket, and panics for no input.

#![forbid(unsafe_code)]

mod bmp;
mod canvas;
mod convert;
mod decode;
mod encode;
mod error;
mod fit;
mod icc;
mod image;
mod jpeg;
mod metadata;
mod pixels;
mod png;
mod resize;
mod sheet;

pub use canvas::{Fill, Mask, pad};
pub use decode::{ColorProfile, DecodeLimits, DecodeOptions, ImageInfo, decode, decode_into, probe};
pub use encode::{Chroma, EncodeOptions, Encoded, Encoding, PngEffort, encode};
pub use error::ImageError;
pub use fit::{FitOptions, FitReport, fit};
pub use image::Image;
pub use metadata::Provenance;
pub use pixels::{Alpha, Layout, PixelFormat, Pixels, PixelsMut, RowOrder};
pub use resize::resize;
pub use sheet::{Sheet, contact_sheet};
pub use volcv_types::{InvalidInput, Rect, Size};
