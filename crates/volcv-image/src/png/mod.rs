//! PNG: reading and writing with the crate `png`.

mod chunks;
mod read;
mod write;

pub(crate) use chunks::chunks;
pub(crate) use read::{Decoder, memory};
pub(crate) use write::encode;

const NAME: &str = "png";
