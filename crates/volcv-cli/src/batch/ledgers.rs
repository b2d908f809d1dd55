//! Which ledger a command means, and the files that belong to it.

use std::fs;
use std::path::{Path, PathBuf};

use volcv_batch::LedgerUrl;

use crate::args::LedgerArgs;
use crate::report::CliError;

const LEDGER: &str = "VOLCV_LEDGER";
/// The schema of a batch without a name.
const SCHEMA: &str = "volcv";
const FILE: &str = ".volcv.sqlite";

/// A ledger, and what stands behind the names of its report and its sheets.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) url: LedgerUrl,
    /// `-3-of-20` for a part.
    part: String,
}

impl Place {
    /// Where a run writes its report if the caller does not say it.
    pub(crate) fn report(&self, out: &Path) -> PathBuf {
        out.join(format!("report{}.jsonl", self.part))
    }

    /// Where a run writes its contact sheets.
    pub(crate) fn sheet(&self, out: &Path) -> PathBuf {
        out.join(format!("sheet{}", self.part))
    }

    /// The file, if it is one.
    fn file(&self) -> Option<&Path> {
        match &self.url {
            LedgerUrl::Sqlite(file) => Some(file),
            _ => None,
        }
    }
}

/// The ledger of a run.
pub(crate) fn of_run(args: &LedgerArgs, out: &Path) -> Result<Place, CliError> {
    Ok(named(args)?.unwrap_or_else(|| default(args, out)))
}

/// The files of other ledgers in the folder of a run: what they have would be bought again. The other parts are none of them.
pub(crate) fn others(place: &Place, out: &Path) -> Vec<PathBuf> {
    let count = place.file().and_then(parts).map(|(_, count)| count);
    let is_part = |file: &Path| count.is_some() && parts(file).map(|(_, count)| count) == count;
    files(out).into_iter().filter(|file| place.file() != Some(file) && !is_part(file)).collect()
}

/// The error of a run whose folder has a batch in another ledger.
pub(crate) fn refused(place: &Place, out: &Path, other: &Path) -> CliError {
    CliError::invalid_input(format!(
        "{} has a batch already, whose ledger is {}, and not {}: its pictures would be bought again; go on with that ledger \
         (--ledger, --shard), or give another folder",
        out.display(),
        other.display(),
        place.url,
    ))
}

/// The ledgers of a batch that was started before: one, or those of all parts.
pub(crate) fn of_batch(args: &LedgerArgs, out: &Path) -> Result<Vec<Place>, CliError> {
    let places = match named(args)? {
        Some(place) => vec![place],
        None if args.shard.is_some() => vec![default(args, out)],
        None => files(out).into_iter().map(|file| of_file(&file)).collect(),
    };
    // What does not exist would be made by the first look at it.
    let missing = places.iter().filter_map(Place::file).find(|file| !file.exists());
    match (missing, places.is_empty()) {
        (None, false) => Ok(places),
        (missing, _) => {
            let file = missing.map_or_else(|| out.join(FILE), Path::to_owned);
            let ways = format!("give the folder of a batch, or --ledger or {LEDGER}");
            Err(CliError::invalid_input(format!("there is no ledger {}; {ways}", file.display())))
        }
    }
}

/// The ledger that the arguments or the environment name.
fn named(args: &LedgerArgs) -> Result<Option<Place>, CliError> {
    let text = match &args.ledger {
        Some(text) => Some(text.0.clone()),
        None => std::env::var_os(LEDGER)
            .filter(|text| !text.is_empty())
            .map(|text| text.into_string().map_err(|_| CliError::config(format!("{LEDGER} is not a text"))))
            .transpose()?,
    };
    let part = part(args);
    let Some(text) = text else {
        return match &args.batch {
            Some(_) => {
                let message = format!("--batch names a batch in PostgreSQL, but no --ledger and no {LEDGER} is given");
                Err(CliError::invalid_input(message))
            }
            None => Ok(None),
        };
    };
    let url = if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        LedgerUrl::Postgres { url: text, schema: args.batch.clone().unwrap_or_else(|| SCHEMA.to_owned()) }
    } else if args.batch.is_some() {
        return Err(CliError::invalid_input("--batch names a batch in PostgreSQL, but the ledger is a file"));
    } else {
        match text.split_once("://") {
            // The rest may hold a password.
            Some((scheme, _)) => {
                let message = format!("a ledger is a file, or begins with postgres://, not with {scheme}://");
                return Err(CliError::invalid_input(message));
            }
            None => LedgerUrl::Sqlite(PathBuf::from(text.strip_prefix("sqlite:").unwrap_or(&text))),
        }
    };
    Ok(Some(Place { url, part }))
}

fn default(args: &LedgerArgs, out: &Path) -> Place {
    let part = part(args);
    let name = if part.is_empty() { FILE.to_owned() } else { format!(".volcv{part}.sqlite") };
    Place { url: LedgerUrl::Sqlite(out.join(name)), part }
}

fn part(args: &LedgerArgs) -> String {
    args.shard.map(|shard| format!("-{}", shard.to_string().replace('/', "-of-"))).unwrap_or_default()
}

fn of_file(file: &Path) -> Place {
    let part = parts(file).map(|(index, count)| format!("-{index}-of-{count}")).unwrap_or_default();
    Place { url: LedgerUrl::Sqlite(file.to_owned()), part }
}

/// The files of ledgers in a folder, sorted; none if there is no such folder.
fn files(out: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(out).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name() == FILE || parts(Path::new(&entry.file_name())).is_some())
        .map(|entry| out.join(entry.file_name()))
        .collect();
    files.sort_by_key(|file| parts(file));
    files
}

/// Which part of how many a file is the ledger of.
fn parts(file: &Path) -> Option<(u32, u32)> {
    let name = file.file_name()?.to_str()?.strip_prefix(".volcv-")?.strip_suffix(".sqlite")?;
    let (index, count) = name.split_once("-of-")?;
    Some((index.parse().ok()?, count.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &str) -> LedgerArgs {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            args: LedgerArgs,
        }
        <Line as clap::Parser>::parse_from(std::iter::once("volcv").chain(words.split_whitespace())).args
    }

    fn run(words: &str, out: &Path) -> Result<String, String> {
        of_run(&args(words), out).map(|place| place.url.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_folder_has_one_ledger_or_those_of_its_parts() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let name = |name: &str| out.join(name).display().to_string();
        assert_eq!(run("", out), Ok(name(".volcv.sqlite")));
        assert!(of_batch(&args(""), out).unwrap_err().to_string().contains(".volcv.sqlite"));
        assert_eq!(run("--shard 1/12", out), Ok(name(".volcv-1-of-12.sqlite")));
        assert_eq!(run("", &out.join("none")), Ok(out.join("none").join(".volcv.sqlite").display().to_string()));
        for index in [10, 2] {
            fs::write(out.join(format!(".volcv-{index}-of-12.sqlite")), "").unwrap();
        }
        assert_eq!(run("--shard 3/12", out), Ok(name(".volcv-3-of-12.sqlite")));
        let others = |words: &str| others(&of_run(&args(words), out).unwrap(), out);
        assert_eq!(others("--shard 3/12"), Vec::<PathBuf>::new());
        for words in ["", "--shard 3/13", "--ledger other.sqlite", "--ledger postgres://user:pass@host/db"] {
            assert_eq!(others(words), [2, 10].map(|index| out.join(format!(".volcv-{index}-of-12.sqlite"))), "{words}");
        }
        let all: Vec<_> = of_batch(&args(""), out).unwrap().iter().map(|place| place.report(out)).collect();
        assert_eq!(all, [out.join("report-2-of-12.jsonl"), out.join("report-10-of-12.jsonl")]);
        assert_eq!(of_batch(&args("--shard 2/12"), out).unwrap().len(), 1);
        assert!(of_batch(&args("--shard 1/12"), out).unwrap_err().to_string().contains(".volcv-1-of-12.sqlite"));
    }

    #[test]
    fn texts_are_files_or_postgres() {
        let out = Path::new("no such folder");
        assert_eq!(run("--ledger a/b.sqlite", out), Ok("a/b.sqlite".to_owned()));
        assert_eq!(run("--ledger sqlite:b.db", out), Ok("b.db".to_owned()));
        for scheme in ["postgres", "postgresql"] {
            let place = of_run(&args(&format!("--ledger {scheme}://u:pass@h/d --batch mine")), out).unwrap();
            assert!(matches!(&place.url, LedgerUrl::Postgres { schema, .. } if schema == "mine"));
            assert!(!format!("{place:?} {}", place.url).contains("pass"), "{place:?}");
        }
        for words in ["--ledger mysql://u:pass@h/d", "--batch mine", "--batch mine --ledger a.sqlite"] {
            let error = run(words, out).unwrap_err();
            assert!(error.contains("ledger") && !error.contains("pass"), "{error}");
        }
    }
}
