//! The request: its URL, its credentials, and a body that is encoded while it is read.

pub(crate) mod access;
pub(crate) mod auth;
pub(crate) mod body;
pub(crate) mod credentials;
pub(crate) mod endpoint;
pub(crate) mod expects;
mod host;
pub(crate) mod percent;
pub(crate) mod plan;
pub(crate) mod signature;
