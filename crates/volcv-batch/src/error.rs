//! Why a batch cannot go on. What becomes of a single item is in its report.

use std::path::PathBuf;

/// An error of a batch as a whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// A field of the input is wrong. Nothing of the input was planned beyond the items that the ledger has already.
    #[error("{place}: {message}")]
    Input {
        /// The file and the line, such as `jobs.jsonl:12`.
        place: String,
        /// The field, the value and the allowed range.
        message: String,
    },
    /// An option is out of range.
    #[error("{0}")]
    Option(String),
    /// A file or folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The ledger cannot be opened, read or written. The text holds no password.
    #[error("the ledger {ledger}: {message}")]
    Ledger {
        /// The file, or the URL without its password.
        ledger: String,
        /// Why.
        message: String,
        /// Whether the same operation may succeed later: the server is gone or busy.
        transient: bool,
    },
}

impl BatchError {
    /// Whether the same operation may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, BatchError::Ledger { transient: true, .. })
    }
}
