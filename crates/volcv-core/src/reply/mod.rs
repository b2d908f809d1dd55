//! What comes back: takes the bytes in, finds the pictures in them, and reads the rest as JSON.

mod base64;
mod decode;
pub(crate) mod file;
pub(crate) mod inbox;
mod lenient;
mod reply_text;
mod scanner;
pub(crate) mod verdict;
