//! The error of this crate.

use volcv_types::InvalidInput;
use volcv_types::memory::NoMemory;

/// Why pixels could not be read, written or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// An argument is out of range, or memory of the caller is too small for its layout.
    #[error(transparent)]
    Invalid(#[from] InvalidInput),
    /// A picture is larger than the limits; no codec has seen it.
    #[error("the picture is too large: {0}")]
    TooLarge(InvalidInput),
    /// The file is none that this crate can read; the text names the format or its feature.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// The file is damaged or ends early.
    #[error("the {format} is damaged: {reason}")]
    Damaged {
        /// `png`, `jpeg` or `bmp`.
        format: &'static str,
        /// What the codec says.
        reason: String,
    },
    /// There is no memory for the picture, or for the work on it.
    #[error("there is no memory for {bytes} bytes")]
    OutOfMemory {
        /// What was asked for.
        bytes: usize,
    },
    /// A codec did not write the file.
    #[error("the {format} cannot be written: {reason}")]
    NotWritten {
        /// `png`, `jpeg` or `bmp`.
        format: &'static str,
        /// What the codec says.
        reason: String,
    },
}

impl ImageError {
    pub(crate) fn damaged(format: &'static str, reason: impl std::fmt::Display) -> Self {
        ImageError::Damaged { format, reason: reason.to_string() }
    }

    pub(crate) fn not_written(format: &'static str, reason: impl std::fmt::Display) -> Self {
        ImageError::NotWritten { format, reason: reason.to_string() }
    }

    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        ImageError::Unsupported(what.into())
    }
}

impl From<NoMemory> for ImageError {
    fn from(NoMemory(bytes): NoMemory) -> Self {
        ImageError::OutOfMemory { bytes }
    }
}
