//! The reply: takes the bytes in, decodes the pictures in them, and reads the remaining JSON.

pub(crate) mod base64;
pub(crate) mod decode;
pub(crate) mod inbox;
pub(crate) mod lenient;
pub(crate) mod read;
mod reply_text;
pub(crate) mod retry_after;
pub(crate) mod scanner;
pub(crate) mod verdict;
