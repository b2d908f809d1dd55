//! The answer to a paid call as it is kept: one line of JSON with the attempt, the status and the headers, then the body as it came.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use volcv::core::REPLY_HEADERS;
use volcv::core::http::{HeaderMap, HeaderName, HeaderValue};
use volcv::{Bytes, RecordedReply};

use super::{PART, sync_folder};
use crate::ledger::AttemptId;

/// A longer answer is a file; a shorter one, such as the id of a task or a link, can be kept in the ledger, where all machines can
/// read it.
const INLINE: usize = 16 * 1024;

/// How an answer is kept.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It is short: the caller keeps it.
    Inline(Vec<u8>),
    /// It is in its file.
    File,
}

#[derive(Serialize, Deserialize)]
struct Head {
    item: String,
    number: i64,
    status: u16,
    headers: Vec<(String, String)>,
}

/// Takes an answer as it comes. Dropped without [`AnswerWriter::keep`], it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct AnswerWriter {
    folder: PathBuf,
    path: PathBuf,
    attempt: AttemptId,
    has_head: bool,
    /// What is not in the file yet.
    bytes: Vec<u8>,
    file: Option<NamedTempFile>,
    /// The first error; the answer cannot be kept any more.
    failed: Option<io::Error>,
}

impl AnswerWriter {
    pub(super) fn new(folder: &Path, path: PathBuf, attempt: &AttemptId) -> Self {
        let (folder, attempt) = (folder.to_owned(), attempt.clone());
        Self { folder, path, attempt, has_head: false, bytes: Vec::new(), file: None, failed: None }
    }

    /// Whether an answer has begun.
    pub(crate) fn has_head(&self) -> bool {
        self.has_head
    }

    pub(crate) fn head(&mut self, status: u16, headers: &HeaderMap) {
        let kept = REPLY_HEADERS.iter().filter_map(|name| Some((name.as_str(), headers.get(name)?.to_str().ok()?)));
        let headers = kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let head = Head { item: self.attempt.item.clone(), number: self.attempt.number, status, headers };
        match serde_json::to_vec(&head) {
            Ok(line) => self.bytes = line,
            Err(error) => self.failed = Some(error.into()),
        }
        self.bytes.push(b'\n');
        self.has_head = true;
    }

    pub(crate) fn data(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
        if self.bytes.len() > INLINE && self.failed.is_none() {
            self.failed = self.spill().err();
        }
        // Nothing is held of an answer that cannot be kept.
        if self.failed.is_some() {
            self.bytes = Vec::new();
        }
    }

    /// Keeps the answer: a long one is on the disk when this returns.
    ///
    /// # Errors
    /// It could not be written, now or before.
    pub(crate) fn keep(mut self) -> io::Result<Answer> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if self.file.is_none() {
            return Ok(Answer::Inline(self.bytes));
        }
        self.spill()?;
        let Some(file) = self.file else { return Err(io::ErrorKind::NotFound.into()) };
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        sync_folder(&self.path)?;
        Ok(Answer::File)
    }

    fn spill(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::Builder::new().prefix("answer-").suffix(PART).tempfile_in(&self.folder)?),
        };
        file.write_all(&self.bytes)?;
        self.bytes.clear();
        Ok(())
    }
}

/// Reads an answer.
///
/// # Errors
/// It is damaged.
pub(crate) fn parse(bytes: Bytes) -> io::Result<RecordedReply> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
    let head: Head = serde_json::from_slice(&bytes[..end])?;
    let mut headers = HeaderMap::new();
    for (name, value) in &head.headers {
        let name = HeaderName::try_from(name).map_err(|_| damaged())?;
        headers.append(name, HeaderValue::try_from(value).map_err(|_| damaged())?);
    }
    Ok(RecordedReply { status: head.status, headers, body: bytes.slice(end + 1..) })
}

/// The attempt that the answer in a file belongs to.
pub(super) fn attempt_of(path: &Path) -> io::Result<AttemptId> {
    let mut line = Vec::new();
    BufReader::new(File::open(path)?).read_until(b'\n', &mut line)?;
    let head: Head = serde_json::from_slice(&line)?;
    Ok(AttemptId { item: head.item, number: head.number })
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the recorded answer is damaged")
}
