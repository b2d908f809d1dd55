//! A reply before it is sent.

use serde_json::Value;

/// A reply before it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) media_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the connection closes afterwards.
    pub(crate) closes: bool,
}

impl Reply {
    pub(crate) fn new(status: u16, media_type: &'static str, body: Vec<u8>) -> Self {
        Self { status, media_type, headers: Vec::new(), body, closes: false }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string().into_bytes())
    }

    pub(crate) fn closing(mut self) -> Self {
        self.closes = true;
        self
    }
}
