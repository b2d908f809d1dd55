//! Pixels for picture outpainting: decoding into memory of any layout, encoding, padding, and an exact paste-back.
//!
//! This crate has no `unsafe` code, opens no file and no socket, and panics for no input.
//!
//! ```
//! use volcv_image::{DecodeOptions, EncodeOptions, Encoding, Layout, PixelFormat, Pixels, PixelsMut, RowOrder};
//! use volcv_image::{decode_into, encode, probe};
//! use volcv_types::Size;
//!
//! // A texture of a game: blue, green, red, alpha; the bottom row first.
//! let layout = Layout::new(Size { width: 4, height: 2 }, PixelFormat::Bgra8).rows(RowOrder::BottomUp);
//! let texture = [255; 4 * 2 * 4];
//! let file = encode(&Pixels::new(&texture, layout)?, &EncodeOptions::new(Encoding::UPLOAD))?;
//!
//! let info = probe(&file.bytes)?;
//! assert_eq!(info.size.to_string(), "4x2");
//! let mut copy = [0; 4 * 2 * 4];
//! decode_into(&file.bytes, &mut PixelsMut::new(&mut copy, layout)?, &DecodeOptions::default())?;
//! assert_eq!(copy, texture);
//! # Ok::<(), volcv_image::ImageError>(())
//! ```

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
