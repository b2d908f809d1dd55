//! Where pictures go: names, checks before anything is paid for, and files that are whole or not there.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::NamedTempFile;
use volcv_transport::PictureFormat;

use crate::report::Failure;

/// Held while a file is being written, so that a second Ctrl-C leaves no half-written temporary file behind.
static WRITING: Mutex<()> = Mutex::new(());

/// OUT, and how many calls share it.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    out: PathBuf,
    calls: usize,
}

impl Target {
    /// Checks that every name OUT stands for can be written, before anything is paid for.
    pub(crate) fn prepare(out: &Path, calls: usize) -> Result<Self, Failure> {
        let target = Self { out: out.to_owned(), calls };
        for call in 0..calls {
            let path = target.path(call, 0, 1);
            let probe = || temporary_beside(&resolve(&path)?);
            // The probe is removed again at once: nothing stays behind, however this process ends.
            probe().map_err(|error| Failure::config(format!("cannot write {}: {error}", path.display())))?;
        }
        Ok(target)
    }

    /// The file for a picture: OUT itself, or OUT with a number before its ending where several pictures come.
    ///
    /// A call keeps its number when another one fails. Further pictures of one of several calls get a second number.
    pub(crate) fn path(&self, call: usize, picture: usize, pictures: usize) -> PathBuf {
        let number = match (self.calls > 1, pictures > 1) {
            (false, false) => return self.out.clone(),
            (false, true) => format!("-{}", picture + 1),
            (true, _) if picture == 0 => format!("-{}", call + 1),
            (true, _) => format!("-{}-{}", call + 1, picture + 1),
        };
        let mut name = self.out.file_stem().map(OsString::from).unwrap_or_default();
        name.push(number);
        if let Some(ending) = self.out.extension() {
            name.push(".");
            name.push(ending);
        }
        self.out.with_file_name(name)
    }
}

/// Writes the file whole or not at all; what was there before stays until the new file is complete.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let path = resolve(path)?;
    let mut file = temporary_beside(&path)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Keeps a picture that was paid for but cannot be written under its name; gives the place in the temporary folder.
pub(crate) fn rescue(bytes: &[u8], format: Option<PictureFormat>) -> io::Result<PathBuf> {
    let ending = format.map(|format| format!(".{}", format.extension())).unwrap_or_default();
    let mut file = tempfile::Builder::new().prefix("volcv-").suffix(&ending).tempfile()?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file.keep()?.1)
}

/// Returns once no file is being written.
pub(crate) fn wait_for_writer() {
    drop(WRITING.lock());
}

/// Whether the ending of a name says something else than the format that it is going to hold.
pub(crate) fn ending_differs(path: &Path, format: PictureFormat) -> bool {
    let Some(ending) = path.extension() else { return false };
    let ending = ending.to_string_lossy().to_lowercase();
    let allowed: &[&str] = match format {
        PictureFormat::Jpeg => &["jpeg", "jpg", "jpe", "jfif"],
        PictureFormat::Tiff => &["tiff", "tif"],
        PictureFormat::Heif => &["heif", "heic", "avif"],
        other => &[other.extension()],
    };
    !allowed.contains(&ending.as_str())
}

/// The file that is meant, behind a symbolic link too; refuses everything that must not be replaced by a file.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    if path.file_name().is_none() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the name of a file is needed"));
    }
    match fs::metadata(path) {
        Ok(found) if found.is_file() => fs::canonicalize(path),
        Ok(found) if found.is_dir() => Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder")),
        // Renaming over /dev/null, say, would replace it for the whole machine.
        Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        Err(error) => Err(error),
    }
}

/// A temporary file in the folder of `path`, so that it can be renamed into place.
fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".volcv-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // A temporary file is private by default, a picture is as readable as the umask lets any file be.
        builder.permissions(fs::Permissions::from_mode(0o644));
    }
    match builder.tempfile_in(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(io::Error::new(error.kind(), format!("there is no folder {}", folder.display())))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(out: &str, calls: usize, call: usize, picture: usize, pictures: usize) -> String {
        let target = Target { out: out.into(), calls };
        target.path(call, picture, pictures).to_string_lossy().into_owned()
    }

    #[test]
    fn numbers_stand_before_the_ending() {
        assert_eq!(name("a/wide.png", 1, 0, 0, 1), "a/wide.png");
        assert_eq!(name("a/wide.png", 3, 2, 0, 1), "a/wide-3.png");
        assert_eq!(name("a.b/wide", 3, 0, 0, 1), "a.b/wide-1");
        assert_eq!(name("x.tar.png", 1, 0, 1, 2), "x.tar-2.png");
        assert_eq!(name("wide.png", 2, 1, 0, 2), "wide-2.png");
        assert_eq!(name("wide.png", 2, 1, 1, 2), "wide-2-2.png");
    }

    #[test]
    fn endings_are_compared_with_the_format() {
        assert!(!ending_differs(Path::new("a.JPG"), PictureFormat::Jpeg));
        assert!(!ending_differs(Path::new("a"), PictureFormat::Png));
        assert!(ending_differs(Path::new("a.png"), PictureFormat::Jpeg));
    }
}
