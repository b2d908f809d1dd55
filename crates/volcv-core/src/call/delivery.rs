//! How much of a request was delivered: the fact that decides whether it can have been charged.

/// How much of the request body a transport has taken when an attempt ended.
///
/// The service acts on a complete JSON document only, so everything short of [`Delivery::Full`] has bought nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Not a byte of the body was taken.
    NotSent,
    /// Some of it: the service cannot have a complete document.
    Partial {
        /// Bytes taken by the transport.
        sent: u64,
        /// Bytes of the whole body.
        total: u64,
    },
    /// All of it: the service may have acted on it.
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
