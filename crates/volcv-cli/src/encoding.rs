//! The format of a file that the command makes itself, by the ending of its name.

use std::path::Path;

use volcv::{Encoding, Image, Provenance};

use crate::report::CliError;

/// How good a JPEG is that the command makes.
const QUALITY: u8 = 95;

/// The formats that can be written. A name without an ending is a PNG, and so is standard output.
pub(crate) fn by_ending(path: &Path) -> Result<Encoding, CliError> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        None | Some("png") => Ok(PNG),
        Some("jpg" | "jpeg" | "jpe" | "jfif") => Ok(JPEG),
        Some("bmp") => Ok(Encoding::Bmp),
        Some(other) => Err(CliError::invalid_input(format!(
            "{}: a picture that is made here is a png, jpg or bmp, not a {other}",
            path.display()
        ))),
    }
}
