//! Where pictures go: their names, and checks before anything is paid for.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use volcv::PictureFormat;

use crate::report::CliError;
use crate::save;

/// The name of standard output, where a file is expected.
pub(crate) const STDOUT: &str = "-";

/// OUT, and how many calls share it.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    out: PathBuf,
    calls: usize,
    /// Whether one of several pictures becomes OUT, beside those with a number.
    best_of: bool,
}

/// Where one picture goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    File(PathBuf),
    Stdout,
    /// Standard output takes one picture; a further one of the same reply is paid for, too.
    TemporaryFolder,
}

impl Target {
    /// OUT for the pictures of so many calls.
    pub(crate) fn new(out: &Path, calls: usize) -> Self {
        Self { out: out.to_owned(), calls, best_of: false }
    }

    /// One of the pictures becomes OUT, the others get numbers.
    pub(crate) fn best_of(self, best_of: bool) -> Self {
        Self { best_of, ..self }
    }

    /// Checks that every name OUT stands for can be written, before anything is paid for.
    pub(crate) fn prepare(self, json: bool, dry_run: bool) -> Result<Self, CliError> {
        if self.is_stdout() {
            return match refusal_of_stdout(self.calls, json, dry_run) {
                Some(reason) => Err(CliError::invalid_input(format!("-o {STDOUT}: standard output {reason}"))),
                None => Ok(self),
            };
        }
        let best = self.best_of.then(|| self.out.clone());
        for path in (0..self.calls).map(|call| self.path(call, 0, 1)).chain(best) {
            save::check(&path)
                .map_err(|error| CliError::config(format!("cannot write {}: {error}", path.display())))?;
        }
        Ok(self)
    }

    /// OUT, unless it is standard output.
    pub(crate) fn file(&self) -> Option<&Path> {
        Some(self.out.as_path()).filter(|_| !self.is_stdout())
    }

    /// Where a picture of a call goes, which is one of so many.
    pub(crate) fn place(&self, call: usize, picture: usize, pictures: usize) -> Place {
        match (self.is_stdout(), picture) {
            (false, _) => Place::File(self.path(call, picture, pictures)),
            (true, 0) => Place::Stdout,
            (true, _) => Place::TemporaryFolder,
        }
    }

    /// Where the best of several pictures goes.
    pub(crate) fn best(&self) -> Place {
        if self.is_stdout() { Place::Stdout } else { Place::File(self.out.clone()) }
    }

    /// Keeps a picture that failed a check, which would have been one of so many: beside the file that it would have got,
    /// or in the temporary folder where that cannot be. Gives the file.
    pub(crate) fn keep_rejected(
        &self,
        call: usize,
        picture: usize,
        pictures: usize,
        bytes: &[u8],
    ) -> io::Result<PathBuf> {
        if self.is_stdout() {
            return save::rescue(bytes, save::REJECTED);
        }
        let path = self.path(call, picture, pictures);
        save::save_beside(&path, save::REJECTED, bytes).or_else(|_| save::rescue(bytes, save::REJECTED))
    }

    /// `./-` is a file.
    fn is_stdout(&self) -> bool {
        self.out == Path::new(STDOUT)
    }

    /// The file for a picture: OUT itself, or OUT with a number before its ending where several pictures come.
    ///
    /// A call keeps its number when another one fails. Further pictures of one of several calls get a second number.
    fn path(&self, call: usize, picture: usize, pictures: usize) -> PathBuf {
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

/// Why standard output cannot take the picture. A dry run writes none, so its text may go to a terminal.
fn refusal_of_stdout(calls: usize, json: bool, dry_run: bool) -> Option<&'static str> {
    if calls > 1 {
        return Some("takes one picture, not one for each seed");
    }
    if json {
        return Some("cannot take both a picture and the JSON object of --json");
    }
    (io::stdout().is_terminal() && !dry_run).then_some("is a terminal, which no picture is written to")
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

#[cfg(test)]
mod tests {
    use super::*;

    fn name(out: &str, calls: usize, call: usize, picture: usize, pictures: usize) -> String {
        let target = Target { out: out.into(), calls, best_of: false };
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
