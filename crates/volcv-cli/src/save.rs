//! Puts pictures on the disk: whole or not at all where a file can be replaced, in place where it cannot.

use std::ffi::OsString;
use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::{NamedTempFile, PersistError};

use crate::attributes::{self, is_replaceable, take_over};

/// Stands behind the name of a picture that failed a check.
pub(crate) const REJECTED: &str = ".rejected";
/// Stands behind the name of a file whose picture a task makes.
pub(crate) const TASK: &str = ".task.json";

/// Held while a file is being written, so that a second Ctrl-C leaves no half-written temporary file behind.
static WRITING: Mutex<()> = Mutex::new(());

/// Whether [`save`] can write this file, as far as that can be known before. Nothing stays behind, and a file that is
/// there already is opened but not changed.
pub(crate) fn check(path: &Path) -> io::Result<()> {
    let (path, old) = resolve(path)?;
    let beside = temporary_beside(&path, old.as_ref());
    let Some(old) = old else { return beside.map(drop) };
    match (beside, OpenOptions::new().write(true).open(&path)) {
        (_, Ok(_)) => Ok(()),
        (Ok(new), Err(error)) if is_replaceable(new.as_file(), &path, &old, &error) => Ok(()),
        (_, Err(error)) => Err(error),
    }
}

/// Writes the file whole or not at all; what was there before stays until the new file is complete.
///
/// The new file takes over the mode of the one it replaces, and owner and group as far as the system lets it; access
/// lists and other attributes are those of a new file, and other hard links keep the old content. A file that cannot be
/// replaced (it is a mount point, its folder takes no files, or is sticky) is written in place.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> io::Result<()> {
    save_by(path, bytes, |new, path| new.persist(path).map(drop).map_err(|error| error.error))
}

/// A file that takes the place of another one once it is whole, for what is too large for the memory.
pub(crate) struct Replacement {
    path: PathBuf,
    old: Option<Metadata>,
    new: NamedTempFile,
}

impl Replacement {
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        let (path, old) = resolve(path)?;
        let new = temporary_beside(&path, old.as_ref())?;
        Ok(Self { path, old, new })
    }

    pub(crate) fn file(&mut self) -> &mut fs::File {
        self.new.as_file_mut()
    }

    pub(crate) fn finish(self) -> io::Result<()> {
        let _writing = writing();
        self.old.map_or(Ok(()), |old| take_over(self.new.as_file(), &old))?;
        self.new.as_file().sync_all()?;
        self.new.persist(self.path).map(drop).map_err(|error| error.error)
    }
}

/// Keeps what belongs to a file beside it: with `ending` behind its name, such as `.rejected`, or `.rejected-2` and so on if
/// that is taken. Gives the name.
pub(crate) fn save_beside(path: &Path, ending: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    let _writing = writing();
    // A rejected picture is readable only for users who can read the file it was meant for.
    let old = resolve(path)?.1;
    let mut file = temporary_beside(&attributes::without_limit(path), old.as_ref())?;
    file.write_all(bytes)?;
    old.map_or(Ok(()), |old| take_over(file.as_file(), &old))?;
    file.as_file().sync_all()?;
    let mut number = 1;
    loop {
        let mut name = OsString::from(path);
        name.push(ending);
        if number > 1 {
            name.push(format!("-{number}"));
        }
        match file.persist_noclobber(attributes::without_limit(Path::new(&name))) {
            Ok(_) => return Ok(name.into()),
            Err(PersistError { error, file: back }) if error.kind() == io::ErrorKind::AlreadyExists => file = back,
            Err(PersistError { error, .. }) => return Err(error),
        }
        number += 1;
    }
}

/// Keeps a picture that cannot be written where it should be; gives the place in the temporary folder.
pub(crate) fn rescue(bytes: &[u8], ending: &str) -> io::Result<PathBuf> {
    let _writing = writing();
    Ok(temporary_copy(bytes, ending)?.keep()?.1)
}

/// Writes the picture to standard output, past the standard library's buffer, which takes some failures for success. If
/// the process is killed while the reader lets it wait, a whole copy is in the temporary folder.
pub(crate) fn write_to_stdout(bytes: &[u8]) -> io::Result<()> {
    // The writer's lock is not held: it would let a second Ctrl-C wait for the reader.
    let _copy = temporary_copy(bytes, "");
    attributes::stdout()?.write_all(bytes)
}

/// Returns once no file is being written.
pub(crate) fn wait_for_writer() {
    drop(WRITING.lock());
}

fn writing() -> MutexGuard<'static, ()> {
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn save_by(path: &Path, bytes: &[u8], rename: impl FnOnce(NamedTempFile, &Path) -> io::Result<()>) -> io::Result<()> {
    let _writing = writing();
    let (path, old) = resolve(path)?;
    let mut new = match (temporary_beside(&path, old.as_ref()), &old) {
        (Ok(new), _) => new,
        (Err(_), Some(_)) => return write_in_place(&path, bytes),
        (Err(error), None) => return Err(error),
    };
    new.write_all(bytes)?;
    let taken_over = old.as_ref().map_or(Ok(()), |old| take_over(new.as_file(), old));
    new.as_file().sync_all()?;
    match taken_over.and_then(|()| rename(new, &path)) {
        Err(_) if old.is_some() => write_in_place(&path, bytes),
        result => result,
    }
}

/// Writes into the file that is there; all that is known of it but its content stays. A crash in the middle leaves it
/// partly written, with a whole copy in the temporary folder; an error leaves it empty, because a cut picture could be
/// taken for a whole one.
fn write_in_place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Without a copy, this is still the only place that the picture can be written to.
    let _copy = temporary_copy(bytes, "");
    let mut file = OpenOptions::new().write(true).open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.set_len(bytes.len() as u64)).and_then(|()| file.sync_all());
    if written.is_err() {
        // If this fails too, the first error says what is wrong.
        let _ = file.set_len(0);
    }
    written
}

/// A whole copy in the temporary folder, which is removed when it is dropped.
fn temporary_copy(bytes: &[u8], ending: &str) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix("volcv-").suffix(ending).tempfile()?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// The file that is meant, behind a symbolic link too, and what is there already; refuses everything that must not be
/// replaced by a file.
fn resolve(path: &Path) -> io::Result<(PathBuf, Option<Metadata>)> {
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the name of a file is needed"));
    };
    attributes::check_name(name)?;
    match fs::metadata(path) {
        Ok(found) if found.is_file() => Ok((attributes::real_path(path)?, Some(found))),
        Ok(found) if found.is_dir() => Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder")),
        // Renaming over /dev/null, say, would replace it for the whole machine.
        Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((attributes::without_limit(path), None)),
        Err(error) => Err(error),
    }
}

/// A temporary file in the folder of `path`, so that it can be renamed into place. It is private if it is going to take
/// over the mode of a file that is there, and as readable as the umask lets any file be otherwise.
fn temporary_beside(path: &Path, old: Option<&Metadata>) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".volcv-");
    if old.is_none() {
        attributes::make_readable(&mut builder);
    }
    match builder.tempfile_in(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(io::Error::new(error.kind(), "its folder does not exist"))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(kind: io::ErrorKind) -> impl FnOnce(NamedTempFile, &Path) -> io::Result<()> {
        move |_, _| Err(kind.into())
    }

    #[test]
    fn a_file_that_cannot_be_renamed_over_is_written_in_place() {
        use io::ErrorKind::{CrossesDevices, PermissionDenied, ResourceBusy};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.png");
        for kind in [ResourceBusy, CrossesDevices, PermissionDenied] {
            for (old, new) in [(&b"short"[..], &b"a longer one"[..]), (b"a longer one", b"short")] {
                fs::write(&path, old).unwrap();
                fs::hard_link(&path, folder.path().join("link")).unwrap();
                save_by(&path, new, failing(kind)).unwrap();
                assert_eq!(fs::read(&path).unwrap(), new, "{kind}");
                assert_eq!(fs::read(folder.path().join("link")).unwrap(), new, "the same file");
                fs::remove_file(folder.path().join("link")).unwrap();
                assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays");
            }
        }
    }

    #[test]
    fn a_new_file_that_cannot_get_its_name_is_an_error_and_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let error = save_by(&folder.path().join("out.png"), b"new", failing(io::ErrorKind::ResourceBusy)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_check_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.png");
        check(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        fs::write(&path, b"old").unwrap();
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        check(&path).unwrap();
        assert_eq!(
            (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap()),
            (b"old".to_vec(), before)
        );
    }

    #[test]
    fn rejected_pictures_never_take_the_name_of_a_file_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wide.png");
        fs::write(folder.path().join("wide.png.rejected-2"), b"old").unwrap();
        for (bytes, name) in [(b"1", "wide.png.rejected"), (b"2", "wide.png.rejected-3"), (b"3", "wide.png.rejected-4")]
        {
            let kept = save_beside(&path, REJECTED, bytes).unwrap();
            assert_eq!((kept.clone(), fs::read(kept).unwrap()), (folder.path().join(name), bytes.to_vec()));
        }
        assert_eq!(fs::read(folder.path().join("wide.png.rejected-2")).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
    }
}
