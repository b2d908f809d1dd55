//! The pictures of a folder, or those that match a glob.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};
use walkdir::{DirEntry, WalkDir};

use crate::error::BatchError;
use crate::job::text;

/// What makes a text a glob.
pub(super) const WILD: [char; 3] = ['*', '?', '['];

const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

#[derive(Debug, Clone)]
pub(super) struct Walk {
    root: PathBuf,
    /// What the paths relative to the root have to match.
    pattern: Option<Pattern>,
    /// How far below the root a match can be.
    depth: usize,
    /// The output folder.
    output: PathBuf,
}

impl Walk {
    pub(super) fn folder(root: &Path, output: &Path) -> Result<Self, BatchError> {
        let failed = |source| BatchError::File { path: root.to_owned(), source };
        let same = fs::canonicalize(output).is_ok_and(|output| fs::canonicalize(root).is_ok_and(|root| root == output));
        if same {
            let message =
                format!("the output folder is {0}, but must be another than the input folder, {0}", root.display());
            return Err(BatchError::Option(message));
        }
        fs::read_dir(root).map_err(failed)?;
        Ok(Self { root: root.to_owned(), pattern: None, depth: usize::MAX, output: output.to_owned() })
    }

    /// The root is what stands before the first part with a wildcard.
    pub(super) fn glob(text: &str, output: &Path) -> Result<Self, BatchError> {
        let text = if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() };
        let wild = text.find(WILD).unwrap_or(text.len());
        let start = text[..wild].rfind('/').map_or(0, |slash| slash + 1);
        let (root, rest) = text.split_at(start);
        let pattern = Pattern::new(rest).map_err(|error| {
            BatchError::Option(format!("the input is {text:?}, but must be a glob that can be read: {error}"))
        })?;
        let root = PathBuf::from(if root.is_empty() { "." } else { root });
        fs::read_dir(&root).map_err(|source| BatchError::File { path: root.clone(), source })?;
        let depth = if rest.contains("**") { usize::MAX } else { rest.split('/').count() };
        Ok(Self { root, pattern: Some(pattern), depth, output: output.to_owned() })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The canonical root and the pattern.
    pub(super) fn name(&self) -> PathBuf {
        let root = fs::canonicalize(&self.root).unwrap_or_else(|_| self.root.clone());
        self.pattern.as_ref().map_or(root.clone(), |pattern| root.join(pattern.as_str()))
    }

    /// Gives the path of each picture relative to the root, with `/` between its parts, in the order in which the system
    /// lists them, and returns the number of files that are no pictures.
    pub(super) fn each(&self, take: &mut dyn FnMut(String) -> Result<(), BatchError>) -> Result<u64, BatchError> {
        let output = self.output_below_root();
        let is_left_out = |entry: &DirEntry| {
            let hidden = entry.file_name().as_encoded_bytes().first() == Some(&b'.');
            entry.depth() > 0 && (hidden || output.as_deref().is_some_and(|output| self.below_root(entry) == output))
        };
        let entries = WalkDir::new(&self.root).max_depth(self.depth).into_iter();
        let mut others = 0;
        for entry in entries.filter_entry(|entry| !is_left_out(entry)) {
            let entry = entry.map_err(|error| self.unreadable(error))?;
            if entry.file_type().is_dir() {
                continue;
            }
            let path = self.below_root(&entry);
            let name = path.to_str().ok_or_else(|| BatchError::Input {
                place: entry.path().display().to_string(),
                message: "the name of a picture must be Unicode".to_owned(),
            });
            let name = match name {
                Ok(name) if cfg!(windows) => name.replace('\\', "/"),
                Ok(name) => name.to_owned(),
                Err(error) if text::is_picture(&entry.file_name().to_string_lossy()) => return Err(error),
                Err(_) => {
                    others += 1;
                    continue;
                }
            };
            if self.pattern.as_ref().is_some_and(|pattern| !pattern.matches_with(&name, OPTIONS)) {
                continue;
            }
            if text::is_picture(&name) && is_file(&entry)? { take(name)? } else { others += 1 }
        }
        Ok(others)
    }

    fn below_root<'a>(&self, entry: &'a DirEntry) -> &'a Path {
        // What is walked lies below the root.
        entry.path().strip_prefix(&self.root).unwrap_or(entry.path())
    }

    /// The output folder as a path relative to the root, if it lies below it and exists.
    fn output_below_root(&self) -> Option<PathBuf> {
        let (root, output) = (fs::canonicalize(&self.root).ok()?, fs::canonicalize(&self.output).ok()?);
        output.strip_prefix(root).ok().map(Path::to_owned)
    }

    fn unreadable(&self, error: walkdir::Error) -> BatchError {
        let path = error.path().unwrap_or(&self.root).to_owned();
        BatchError::File { path, source: error.into_io_error().unwrap_or_else(|| io::Error::other("a loop of links")) }
    }
}

/// A link counts as the file that it leads to.
fn is_file(entry: &DirEntry) -> Result<bool, BatchError> {
    if !entry.path_is_symlink() {
        return Ok(entry.file_type().is_file());
    }
    let metadata = fs::metadata(entry.path());
    metadata
        .map(|metadata| metadata.is_file())
        .map_err(|source| BatchError::File { path: entry.path().to_owned(), source })
}
