//! Files that the command makes itself: their format, by the ending of their name.

use std::fmt::Display;
use std::path::Path;

use volcv::{EncodeOptions, Encoding, Pixels, PngEffort};

use crate::report::CliError;
use crate::save;

/// The format of a file. A name without an ending is a PNG, and so is standard output.
///
/// # Errors
/// The ending is that of a format that cannot be written here.
pub(crate) fn by_ending(path: &Path) -> Result<Encoding, CliError> {
    let Some(ending) = path.extension().map(|ending| ending.to_string_lossy()) else {
        return Ok(Encoding::Png(PngEffort::Fast));
    };
    Encoding::of_ending(&ending).ok_or_else(|| {
        let file = path.display();
        CliError::invalid_input(format!("{file} ends in {ending}, but a picture made here is png, jpg or bmp"))
    })
}

/// Whether every bit of the pixels is kept.
pub(crate) fn is_lossless(encoding: Encoding) -> bool {
    matches!(encoding, Encoding::Png(_) | Encoding::Bmp)
}

/// Writes pixels that nobody has paid for.
pub(crate) fn write(pixels: &Pixels<'_>, path: &Path, encoding: Encoding) -> Result<Vec<u8>, CliError> {
    let failed = |why: &dyn Display| CliError::config(format!("cannot write {}: {why}", path.display()));
    let encoded = volcv::encode(pixels, &EncodeOptions::new(encoding)).map_err(|error| failed(&error))?;
    save::save(path, &encoded.bytes).map_err(|error| failed(&error))?;
    Ok(encoded.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_the_format() {
        for (name, lossless) in [("a.PNG", true), ("a.bmp", true), ("-", true), ("a.b/c", true), ("a.JPeG", false)] {
            assert_eq!(is_lossless(by_ending(Path::new(name)).unwrap()), lossless, "{name}");
        }
        assert!(by_ending(Path::new("a.webp")).is_err());
    }
}
