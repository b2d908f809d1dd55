//! The folder of a batch: finished pictures, and below `.volcv` the answers to paid calls until their pictures are finished.
//!
//! What is written here is whole and on the disk when a function returns: the bytes are synced, the name is changed, the folder is
//! synced. Nothing here knows of the ledger.

mod answer;

use std::fs;
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use volcv::RecordedReply;

pub(crate) use answer::{Answer as StoredAnswer, AnswerWriter, parse};

use crate::error::BatchError;
use crate::ledger::AttemptId;

/// The folder below the output folder that is not for people.
pub(crate) const FOLDER: &str = ".volcv";
const ENDING: &str = "answer";
const PART: &str = ".part";
/// A file that was not finished is removed by a later run when it is older than this; no call takes so long.
const STALE: Duration = Duration::from_secs(24 * 3600);

/// An output folder, and the folder for answers in it.
#[derive(Debug)]
pub(crate) struct Store {
    output: PathBuf,
    folder: PathBuf,
    id: String,
}

impl Store {
    /// Makes the folders if they are not there, and removes what processes have left that were killed long ago.
    pub(crate) fn open(output: &Path) -> Result<Self, BatchError> {
        let folder = output.join(FOLDER);
        let failed = |source| BatchError::File { path: folder.clone(), source };
        fs::create_dir_all(&folder).map_err(failed)?;
        let id = id_of(&folder).map_err(failed)?;
        let store = Self { output: output.to_owned(), folder: folder.clone(), id };
        store.remove_stale().map_err(failed)?;
        Ok(store)
    }

    /// The random id of the folder: files of answers can be read only where this is the same.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The output folder.
    pub(crate) fn output(&self) -> &Path {
        &self.output
    }

    /// The folder for answers.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes the answer to an attempt as it comes.
    pub(crate) fn writer(&self, attempt: &AttemptId) -> AnswerWriter {
        AnswerWriter::new(&self.folder, self.path_of(attempt), attempt)
    }

    /// The answer that was kept for an attempt.
    pub(crate) fn read(&self, attempt: &AttemptId) -> io::Result<RecordedReply> {
        let path = self.path_of(attempt);
        parse(fs::read(&path)?.into())
    }

    /// Keeps an answer in a file that was meant for the ledger.
    pub(crate) fn keep(&self, attempt: &AttemptId, bytes: &[u8]) -> io::Result<()> {
        let file = self.written(bytes)?;
        let path = self.path_of(attempt);
        file.persist(&path).map_err(|error| error.error)?;
        sync_folder(&path)
    }

    /// Removes the file of an answer that is used up, if there is one.
    pub(crate) fn remove(&self, attempt: &AttemptId) {
        // A file that stays behind is found by the next run, which asks the ledger about it.
        let _ = fs::remove_file(self.path_of(attempt));
    }

    /// The attempts whose answers have a file.
    pub(crate) fn answers(&self) -> io::Result<Vec<AttemptId>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == ENDING) {
                // A file that volcv has not written is left alone.
                found.extend(answer::attempt_of(&path).ok());
            }
        }
        Ok(found)
    }

    /// Writes a picture: whole and on the disk, or not at all. `name` is relative to the output folder.
    pub(crate) fn save(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.place(name)?;
        let file = self.written(bytes)?;
        file.persist(&path).map_err(|error| error.error)?;
        sync_folder(&path)?;
        Ok(path)
    }

    /// Writes a picture that failed a check beside its place, under a name that is free. Gives the name, relative to the output folder.
    pub(crate) fn save_rejected(&self, name: &str, bytes: &[u8]) -> io::Result<String> {
        let mut file = self.written(bytes)?;
        for number in 1_u32.. {
            let suffix = if number == 1 { String::new() } else { format!("-{number}") };
            let name = format!("{name}.rejected{suffix}");
            let path = self.place(&name)?;
            match file.persist_noclobber(&path) {
                Ok(_) => return sync_folder(&path).map(|()| name),
                Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => file = error.file,
                Err(error) => return Err(error.error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// The path of a file, whose folders are made.
    fn place(&self, name: &str) -> io::Result<PathBuf> {
        let relative = Path::new(name);
        // The input was checked when it was planned; the ledger could have been written by another program.
        if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{name} leaves the output folder")));
        }
        let path = self.output.join(relative);
        if let Some(folder) = path.parent().filter(|folder| !folder.is_dir()) {
            fs::create_dir_all(folder)?;
            let made = folder.ancestors().take_while(|folder| folder.starts_with(&self.output));
            made.filter(|folder| *folder != self.output).try_for_each(sync_folder)?;
        }
        Ok(path)
    }

    /// A temporary file that is on the disk.
    fn written(&self, bytes: &[u8]) -> io::Result<NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        // The picture gets the mode of a file that the user makes, not that of a temporary one.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.prefix("picture-").suffix(PART).tempfile_in(&self.folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        Ok(file)
    }

    fn path_of(&self, attempt: &AttemptId) -> PathBuf {
        // An id may have characters that no file name has.
        let hash = Sha256::digest(attempt.item.as_bytes());
        let hash: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(format!("{hash}-{}.{ENDING}", attempt.number))
    }

    fn remove_stale(&self) -> io::Result<()> {
        let now = SystemTime::now();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let is_part = entry.file_name().to_string_lossy().ends_with(PART);
            // Another process may have removed it already.
            let changed = entry.metadata().and_then(|found| found.modified()).unwrap_or(now);
            if is_part && now.duration_since(changed).unwrap_or_default() > STALE {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }
}

/// Syncs the folder that a file lies in, so that its name is on the disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    // Windows has no such call; its journal keeps the order.
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        fs::File::open(folder)?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// The id of a folder for answers, made by the first process that opens it.
fn id_of(folder: &Path) -> io::Result<String> {
    let path = folder.join("id");
    if let Err(error) = fs::metadata(&path) {
        if error.kind() != io::ErrorKind::NotFound {
            return Err(error);
        }
        let mut file = NamedTempFile::new_in(folder)?;
        write!(file, "{:032x}", fastrand::u128(..))?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(&path) {
            Ok(_) => sync_folder(&path)?,
            // Another process was faster.
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.error),
        }
    }
    let id = fs::read_to_string(&path)?;
    if id.len() == 32 { Ok(id) } else { Err(io::Error::new(io::ErrorKind::InvalidData, "the file id is damaged")) }
}

#[cfg(test)]
mod tests {
    use volcv::core::http::{HeaderMap, HeaderValue, header};

    use super::*;

    fn attempt(item: &str, number: i64) -> AttemptId {
        AttemptId { item: item.to_owned(), number }
    }

    fn told(store: &Store, attempt: &AttemptId, body: &[u8]) -> AnswerWriter {
        let mut writer = store.writer(attempt);
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", HeaderValue::from_static("r-1"));
        headers.insert(header::SET_COOKIE, HeaderValue::from_static("not kept"));
        writer.head(200, &headers);
        body.chunks(1000).for_each(|chunk| writer.data(chunk));
        writer
    }

    #[test]
    fn an_answer_of_any_length_is_kept_with_status_headers_and_body() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        for (number, length) in [(1, 0), (2, 10), (3, 200_000)] {
            let attempt = attempt("a/b \u{1f600}\n", number);
            let body: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let reply = match told(&store, &attempt, &body).keep().unwrap() {
                StoredAnswer::Inline(bytes) => parse(bytes.into()).unwrap(),
                StoredAnswer::File => store.read(&attempt).unwrap(),
            };
            assert_eq!((reply.status, &reply.body[..], reply.headers.len()), (200, &body[..], 1));
            assert_eq!(reply.headers["x-request-id"], "r-1");
        }
        assert_eq!(store.answers().unwrap(), [attempt("a/b \u{1f600}\n", 3)], "only the long one has a file");
        store.remove(&attempt("a/b \u{1f600}\n", 3));
        assert_eq!(store.answers().unwrap(), []);
    }

    #[test]
    fn an_answer_that_is_not_kept_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        drop(told(&store, &attempt("a", 1), &[7; 200_000]));
        assert_eq!(fs::read_dir(folder.path().join(FOLDER)).unwrap().count(), 1, "the id alone");
    }

    #[test]
    fn an_answer_that_cannot_be_written_is_an_error_when_it_is_to_be_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        fs::remove_dir_all(folder.path().join(FOLDER)).unwrap();
        assert!(told(&store, &attempt("a", 1), &[7; 200_000]).keep().is_err());
    }

    #[test]
    fn a_folder_keeps_its_id_and_another_folder_has_another_one() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let id = |folder: &Path| Store::open(folder).unwrap().id().to_owned();
        assert_eq!(id(one.path()), id(one.path()));
        assert_ne!(id(one.path()), id(two.path()));
    }

    #[test]
    fn a_picture_is_written_into_folders_that_are_made_and_never_outside() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.save("a/b/c.png", b"one").unwrap();
        let path = store.save("a/b/c.png", b"two").unwrap();
        assert_eq!(fs::read(path).unwrap(), b"two");
        for name in ["../x.png", "/x.png", "a/../../x.png", ""] {
            assert!(store.save(name, b"x").is_err(), "{name}");
        }
        let names = [(); 3].map(|()| store.save_rejected("a/b/c.png", b"bad").unwrap());
        assert_eq!(names, ["a/b/c.png.rejected", "a/b/c.png.rejected-2", "a/b/c.png.rejected-3"]);
    }
}
