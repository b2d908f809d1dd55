//! What is sent: where to, as whom, and a body that is encoded while it is read.

pub(crate) mod auth;
pub(crate) mod body;
pub(crate) mod endpoint;
pub(crate) mod escape;
mod host;
pub(crate) mod plan;
