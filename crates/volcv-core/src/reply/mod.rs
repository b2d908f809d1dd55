//! What comes back: takes the bytes in, finds the pictures in them, and reads the rest as JSON.

pub(crate) mod base64;
pub(crate) mod decode;
pub(crate) mod inbox;
pub(crate) mod lenient;
mod reply_text;
pub(crate) mod scanner;
