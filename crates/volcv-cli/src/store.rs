//! Puts the pictures of a command where they belong and keeps the account of them: nothing that was paid for gets lost.

use std::fs;
use std::io;

use volcv::{Bytes, PictureInfo};

use crate::client::Client;
use crate::early::Early;
use crate::fitted::Fitted;
use crate::output::{self, Place, Target};
use crate::progress::Bar;
use crate::rejected::{self, Reason};
use crate::report::{CliError, Report, Saved};
use crate::save;

/// The way of pictures to the disk.
pub(crate) struct Store<'a> {
    pub(crate) target: &'a Target,
    pub(crate) client: &'a Client,
    pub(crate) bar: &'a Bar,
    pub(crate) early: Early,
    pub(crate) report: &'a mut Report,
}

/// What a report says about a picture beside what is in its header.
#[derive(Default)]
pub(crate) struct About {
    pub(crate) seed: Option<i64>,
    pub(crate) fitted: Option<Fitted>,
}

impl Store<'_> {
    /// Keeps pictures of a call that are not a result, but were paid for.
    pub(crate) fn keep_rejected(&mut self, call: usize, pictures: &[Bytes], reason: Reason) {
        for (i, bytes) in pictures.iter().enumerate() {
            let keep = || self.target.keep_rejected(call, i, pictures.len(), bytes);
            let kept = self.early.rejected(call, i).map_or_else(keep, Ok);
            self.report.rejected.extend(rejected::tell(self.bar, kept, reason));
        }
    }

    /// Writes a picture, unless that was done early.
    pub(crate) fn save(&mut self, place: Place, bytes: &[u8], about: About) -> Result<(), CliError> {
        let info = PictureInfo::read(bytes);
        let path = match place {
            Place::File(path) => path,
            // Standard output has the picture and nothing else, so there is nothing to report either.
            Place::Stdout => {
                let written = save::write_to_stdout(bytes);
                return written.map_err(|error| self.unsaved("to standard output", &error, bytes));
            }
            Place::TemporaryFolder => {
                let kept = save::rescue(bytes, &ending(info)).map_err(|error| {
                    CliError::config(format!("cannot keep a further picture: {error}; the call was charged"))
                })?;
                self.bar.note("note", format!("the reply has a further picture; it is kept in {}", kept.display()));
                return Ok(());
            }
        };
        let saved = if self.early.has(&path) { Ok(()) } else { save::save(&path, bytes) };
        saved.map_err(|error| self.unsaved(&path.display().to_string(), &error, bytes))?;
        if let Some(format) = info.map(|info| info.format).filter(|format| output::ending_differs(&path, *format)) {
            self.warn(format!("{} holds a picture in the format {}", path.display(), format.extension()));
        }
        self.report.outputs.push(Saved { path, info, seed: about.seed, fitted: about.fitted });
        Ok(())
    }

    /// Keeps a picture that could not be written where it should be.
    fn unsaved(&self, place: &str, error: &io::Error, bytes: &[u8]) -> CliError {
        match save::rescue(bytes, &ending(PictureInfo::read(bytes))) {
            Ok(kept) => self.bar.note("note", format!("the picture is paid for; it is kept in {}", kept.display())),
            Err(error) => self.bar.note("warning", format!("the picture could not be kept elsewhere either: {error}")),
        }
        CliError::config(format!("cannot write {place}: {error}; the call was charged"))
    }

    /// Removes the numbered file of a picture that now has the name OUT.
    pub(crate) fn remove(&self, place: &Place) {
        if let Place::File(path) = place
            && self.early.has(path)
            && let Err(error) = fs::remove_file(path)
        {
            self.bar.note("note", format!("{} holds the same picture as OUT: {error}", path.display()));
        }
    }

    /// Shows the way to a picture that is paid for and could not be fetched. Links come from outside: nothing of one may
    /// steer the terminal.
    pub(crate) fn show_link(&self, link: &str) {
        self.bar
            .note("note", format!("the picture is paid for; its link: {}", self.client.redact(link).escape_default()));
    }

    pub(crate) fn warn(&mut self, text: String) {
        self.bar.note("warning", &text);
        self.report.warnings.push(text);
    }
}

fn ending(info: Option<PictureInfo>) -> String {
    info.map(|info| format!(".{}", info.format.extension())).unwrap_or_default()
}
