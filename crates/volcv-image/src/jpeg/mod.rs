//! JPEG: reading with the crate `zune-jpeg`, writing with the crate `jpeg-encoder`.

mod frame;
mod read;
mod segments;
mod write;

pub(crate) use read::Decoder;
pub(crate) use segments::{SOS, segments};
pub(crate) use write::encode;

const NAME: &str = "jpeg";
