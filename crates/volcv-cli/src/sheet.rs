//! The contact sheet: all pictures of a run in one.

use std::path::{Path, PathBuf};

use volcv::{Encoding, Image, Size, contact_sheet};

use crate::encoding;
use crate::report::CliError;
use crate::save;

/// The room that one picture gets at most.
const CELL: Size = Size { width: 512, height: 512 };

/// Checks that the sheet can be written, before anything is paid for.
pub(crate) fn prepare(path: &Path) -> Result<(PathBuf, Encoding), CliError> {
    let encoding = encoding::by_ending(path)?;
    save::check(path).map_err(|error| CliError::config(format!("cannot write {}: {error}", path.display())))?;
    Ok((path.to_owned(), encoding))
}

/// Writes the sheet of pictures that were planned to have this size.
pub(crate) fn write(images: &[&Image], planned: Size, path: &Path, encoding: Encoding) -> Result<(), CliError> {
    let sheet = contact_sheet(images, planned.shrink_into(CELL))
        .map_err(|error| CliError::config(format!("cannot write {}: {error}", path.display())))?;
    encoding::write(&sheet.image.pixels(), path, encoding).map(drop)
}
