//! Pictures that are not a result: they are paid for, so they are kept, and the user is told where.

use std::io;
use std::path::PathBuf;

use volcv::Bytes;
use volcv::{Error, Outcome};

use crate::progress::Bar;

/// Why a picture is not a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    FailedCheck,
    /// It is what a whole operation has of the picture that it could not finish.
    Unfinished,
}

/// Those of a call, whether it succeeded or failed.
pub(crate) fn pictures(result: &Result<Outcome, Error>) -> &[Bytes] {
    match result {
        Ok(outcome) => &outcome.rejected,
        Err(error) => error.rejected_pictures(),
    }
}

/// Says where the picture is kept; gives the file if it is.
pub(crate) fn tell(bar: &Bar, kept: io::Result<PathBuf>, reason: Reason) -> Option<PathBuf> {
    let (picture, failure) = match reason {
        Reason::FailedCheck => ("the picture failed a check, but was paid for", "that failed a check"),
        Reason::Unfinished => ("what came back so far was paid for", "of an unfinished operation"),
    };
    match &kept {
        Ok(path) => bar.note("note", format!("{picture}; it is kept in {}", path.display())),
        Err(error) => bar.note("warning", format!("a picture {failure} was paid for, but cannot be kept: {error}")),
    }
    kept.ok()
}
