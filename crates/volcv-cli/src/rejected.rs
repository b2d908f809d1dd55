//! Pictures that failed a check: they are paid for, so they are kept, and the user is told where.

use std::io;
use std::path::PathBuf;

use volcv::Bytes;
use volcv::{Error, Outcome};

use crate::progress::Bar;

/// Those of a call, whether it succeeded or failed.
pub(crate) fn pictures(result: &Result<Outcome, Error>) -> &[Bytes] {
    match result {
        Ok(outcome) => &outcome.rejected,
        Err(error) => error.rejected_pictures(),
    }
}

/// Says where the picture is kept; gives the file if it is.
pub(crate) fn tell(bar: &Bar, kept: io::Result<PathBuf>) -> Option<PathBuf> {
    match &kept {
        Ok(path) => {
            let path = path.display();
            bar.note("note", format!("the picture failed a check, but was paid for; it is kept in {path}"));
        }
        Err(error) => {
            bar.note("warning", format!("a picture that failed a check was paid for, but cannot be kept: {error}"));
        }
    }
    kept.ok()
}
