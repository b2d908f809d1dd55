//! How much of a request was delivered.

/// How much of the request body a transport has taken when an attempt ended.
///
/// The service acts on a complete JSON document only, so everything short of [`Delivery::Full`] has bought nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// No byte of the body was taken.
    NotSent,
    /// A part of the body was taken: the service cannot have a complete document.
    Partial {
        /// Bytes taken by the transport.
        sent: u64,
        /// Bytes of the whole body.
        total: u64,
    },
    /// The whole body was taken: the service may have acted on it.
    Full {
        /// Bytes of the whole body.
        total: u64,
    },
}

impl Delivery {
    /// Whether the service can have the whole document.
    pub fn is_full(self) -> bool {
        matches!(self, Delivery::Full { .. })
    }
}
