//! BMP, by hand: reading every uncompressed kind, and writing 24 and 32 bits.

mod header;
mod read;
mod write;

pub(crate) use read::Decoder;
pub(crate) use write::encode;

const NAME: &str = "bmp";
