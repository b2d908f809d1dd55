//! The C surface: constants, structs and the extern functions, each of which is guard, check, call.
//!
//! The header `include/volcv.h` is made of these files, comments included, so they speak to readers of C.

mod access;
mod api;
mod client;
mod codec;
mod constants;
mod credentials_structs;
#[cfg(feature = "image")]
mod expand;
#[cfg(not(feature = "image"))]
#[path = "no_expand.rs"]
mod expand;
mod http;
mod inpaint;
mod job;
mod memory_structs;
mod modes;
mod options;
mod pixel_structs;
mod pixels;
mod read;
mod request;
mod results;
mod structs;
mod submit;
mod task;
mod task_structs;
mod thread_structs;
mod version;

pub use api::*;
pub use client::*;
pub use codec::*;
pub use constants::*;
pub use credentials_structs::*;
pub use http::*;
pub use inpaint::*;
pub use job::*;
pub use memory_structs::*;
pub use pixel_structs::*;
pub use pixels::*;
pub(crate) use read::optional_secret;
pub use results::*;
pub use structs::*;
pub use submit::*;
pub use task::*;
pub use task_structs::*;
pub use thread_structs::*;
pub use version::*;
