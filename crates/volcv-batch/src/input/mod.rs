//! Where the items of a batch come from: a folder, a glob, or a manifest. Nothing here holds more than one item at a time.

mod lines;
mod shard;
mod survey;
#[cfg(test)]
mod tests;
mod walk;

use std::fs::{self, File};
use std::io::{self, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use volcv::InvalidInput;

pub use self::shard::Shard;
pub(crate) use self::survey::Surveyed;

use self::lines::Lines;
use self::walk::Walk;
use crate::error::BatchError;
use crate::job::{Item, Job, parse, text};

const STDIN: &str = "standard input";

/// What a batch is made of: a folder, a glob, or a manifest.
///
/// * A **folder** stands for all pictures in it and below it, by their endings: png, jpg, jpeg and bmp. Files and folders
///   whose name begins with a dot, the output folder, and links to other folders are left out. A link to a file counts as the
///   file.
/// * A **glob**, such as `photos/**/*_raw.jpg`, stands for the pictures among the files that it matches, with the same
///   exceptions.
/// * A **manifest** is a file that ends in `.jsonl` or `.ndjson`, or `-` for standard input: one [`Job`] as a JSON object in
///   each line, in UTF-8. Empty lines do not count. A line may have 1 MiB.
///
/// The id of an item is its `id` in the manifest; otherwise, that of a picture in a folder is its path relative to the folder,
/// with `/` between folders, and that of a line is its output. An output that is not given is the input's relative path with
/// the ending of the run's format; that of a link or an absolute path is the last part of it.
#[derive(Debug, Clone)]
pub struct Input {
    /// For errors.
    name: String,
    base: PathBuf,
    output: PathBuf,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Walk(Walk),
    /// A file that can be read again and again, one reader at a time.
    Manifest(Arc<Mutex<File>>),
}

/// What holds for all items of a run that do not say otherwise.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Defaults {
    /// The wish and the settings. Input, output and id are not used.
    pub job: Job,
    /// The ending of outputs that are not given: png, jpg or bmp.
    pub format: String,
}

impl Default for Defaults {
    /// PNG, and nothing wished for.
    fn default() -> Self {
        Self { job: Job::default(), format: "png".to_owned() }
    }
}

/// One item of the input.
pub(crate) struct Found {
    /// The number of its line in a manifest.
    line: Option<u64>,
    pub(crate) item: Item,
}

impl Input {
    /// Finds out what a text names. `output` is the output folder of the batch, which is no part of its input.
    ///
    /// Standard input, or a manifest that is a pipe, is read to its end, into a file of the system's folder for temporary
    /// files that has no name.
    ///
    /// # Errors
    /// There is no such folder or manifest, the pattern of a glob is wrong, or the output folder is the input folder.
    pub fn find(text: &str, output: &Path) -> Result<Self, BatchError> {
        if text == "-" {
            let file = spooled(&mut io::stdin().lock());
            let file = file.map_err(|source| BatchError::File { path: STDIN.into(), source })?;
            return Ok(Self::new(STDIN, PathBuf::new(), output, Kind::Manifest(file)));
        }
        let path = Path::new(text);
        let known = fs::metadata(path);
        if known.as_ref().is_ok_and(fs::Metadata::is_dir) {
            return Ok(Self::walk(text, output, Walk::folder(path, output)?));
        }
        let lower = text.to_ascii_lowercase();
        if lower.ends_with(".jsonl") || lower.ends_with(".ndjson") {
            let file = manifest(path).map_err(|source| BatchError::File { path: path.to_owned(), source })?;
            let base = path.parent().map(Path::to_owned).unwrap_or_default();
            return Ok(Self::new(text, base, output, Kind::Manifest(file)));
        }
        match known {
            Ok(_) => {
                let allowed = "a folder, a glob, a manifest that ends in .jsonl or .ndjson, or - for standard input";
                Err(BatchError::Option(InvalidInput::new("the input", format_args!("{text:?}"), allowed).to_string()))
            }
            Err(_) if text.contains(walk::WILD) => Ok(Self::walk(text, output, Walk::glob(text, output)?)),
            Err(source) => Err(BatchError::File { path: path.to_owned(), source }),
        }
    }

    /// The folder that relative inputs are relative to: the input folder, the folder of the manifest, or what stands before the
    /// first wildcard of a glob.
    pub fn base(&self) -> &Path {
        &self.base
    }

    fn walk(text: &str, output: &Path, walk: Walk) -> Self {
        Self::new(text, walk.root().to_owned(), output, Kind::Walk(walk))
    }

    fn new(name: &str, base: PathBuf, output: &Path, kind: Kind) -> Self {
        Self { name: name.to_owned(), base, output: output.to_owned(), kind }
    }

    /// The name under which a ledger remembers that this input was planned.
    pub(crate) fn source(&self, shard: Option<Shard>) -> String {
        let path = match &self.kind {
            Kind::Walk(walk) => walk.name(),
            Kind::Manifest(_) => fs::canonicalize(&self.name).unwrap_or_else(|_| PathBuf::from(&self.name)),
        };
        let shard = shard.map_or(String::new(), |shard| format!(" shard {shard}"));
        format!("{}{shard}", path.to_string_lossy())
    }

    /// Length and SHA-256 of a manifest; `None` for folders, whose content is what is found.
    pub(crate) fn content(&self) -> Result<Option<String>, BatchError> {
        let Kind::Manifest(file) = &self.kind else { return Ok(None) };
        let failed = |source| self.unreadable(source);
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.rewind().map_err(failed)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        let mut length = 0_u64;
        loop {
            match io::Read::read(&mut *file, &mut buffer).map_err(failed)? {
                0 => break,
                read => {
                    hash.update(&buffer[..read]);
                    length += read as u64;
                }
            }
        }
        Ok(Some(format!("{length} {}", hex(&hash.finalize()))))
    }

    /// Gives each item to `take`, in the order of the input, and returns the number of files that are no pictures.
    ///
    /// With `check`, an item is checked before it is given. What comes from folders shares its wish, which is checked once.
    pub(crate) fn each(
        &self,
        defaults: &Defaults,
        check: bool,
        take: &mut dyn FnMut(Found) -> Result<(), BatchError>,
    ) -> Result<u64, BatchError> {
        let mut seq = 0;
        let folders = check.then(|| (canonical(&self.base), canonical(&self.output)));
        let mut give = |line: Option<u64>, job: Job| {
            let found = complete(line, seq, job, defaults);
            if let Some((base, output)) = &folders {
                let checked = check_item(&found.item, line.is_some() || seq == 0)
                    .and_then(|()| check_overwriting(&found.item.job, base, output));
                checked.map_err(|error| self.refused(&found, &error.to_string()))?;
            }
            seq += 1;
            take(found)
        };
        match &self.kind {
            Kind::Walk(walk) => {
                walk.each(&mut |input| give(None, Job { id: Some(input.clone()), input, ..Job::default() }))
            }
            Kind::Manifest(file) => {
                let file = file.lock().unwrap_or_else(PoisonError::into_inner);
                let mut lines = Lines::new(&file).map_err(|source| self.unreadable(source))?;
                while let Some(line) = lines.next(&self.name)? {
                    let place = || format!("{}:{}", self.name, line.number);
                    let job = parse(line.text).map_err(|message| BatchError::Input { place: place(), message })?;
                    give(Some(line.number), job)?;
                }
                Ok(0)
            }
        }
    }

    /// Where an item stands, for errors: `jobs.jsonl:12`, or the path of the picture.
    pub(crate) fn place(&self, found: &Found) -> String {
        match found.line {
            Some(line) => format!("{}:{line}", self.name),
            None => self.base.join(&found.item.job.input).display().to_string(),
        }
    }

    fn refused(&self, found: &Found, message: &str) -> BatchError {
        BatchError::Input { place: self.place(found), message: message.to_owned() }
    }

    fn unreadable(&self, source: io::Error) -> BatchError {
        BatchError::File { path: PathBuf::from(&self.name), source }
    }
}

/// Opens a manifest; one that cannot be read twice is copied.
fn manifest(path: &Path) -> io::Result<Arc<Mutex<File>>> {
    let mut file = File::open(path)?;
    if file.metadata()?.is_file() { Ok(Arc::new(Mutex::new(file))) } else { spooled(&mut file) }
}

fn spooled(from: &mut dyn io::Read) -> io::Result<Arc<Mutex<File>>> {
    let mut file = tempfile::tempfile()?;
    io::copy(from, &mut file)?;
    Ok(Arc::new(Mutex::new(file)))
}

/// The item of a line or of a picture that was found.
fn complete(line: Option<u64>, seq: u64, job: Job, defaults: &Defaults) -> Found {
    let mut job = job.or(&defaults.job);
    if job.output.is_empty() {
        job.output = text::output_of(&job.input, &defaults.format).unwrap_or_default();
    }
    let id = job.id.take().unwrap_or_else(|| job.output.clone());
    Found { line, item: Item { id, seq, job } }
}

fn check_item(item: &Item, whole: bool) -> Result<(), InvalidInput> {
    if whole {
        item.job.check()?
    } else {
        item.job.check_names()?
    }
    text::check_id(&item.id)
}

/// Refuses an output that would replace its own input.
fn check_overwriting(job: &Job, base: &Path, output: &Path) -> Result<(), InvalidInput> {
    if job.link().is_some() || base.join(&job.input) != output.join(&job.output) {
        return Ok(());
    }
    Err(InvalidInput::new("output", format_args!("{:?}", job.output), "another file than the input"))
}

/// As far as the path exists.
fn canonical(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
