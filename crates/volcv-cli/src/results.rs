//! The results of whole operations: what is written, what is said about it, and which one is the best.

use std::path::Path;

use volcv::{Bytes, Charge, DecodeOptions, Encoding, Error, ExpandPlan, Expanded, Image, PictureInfo};

use crate::encoding::is_lossless;
use crate::fitted::Fitted;
use crate::rejected::Reason;
use crate::report::CliError;
use crate::save;
use crate::sheet;
use crate::store::{About, Store};

/// Takes the results of one run.
pub(crate) struct Results<'a> {
    pub(crate) plan: &'a ExpandPlan,
    /// Empty if the service chose the seed.
    pub(crate) seeds: &'a [i64],
    /// How the finished picture is written; `None` if the file of the service is.
    pub(crate) encoding: Option<Encoding>,
    pub(crate) best_of: bool,
    pub(crate) store: Store<'a>,
}

/// The bytes to write: the finished picture, or without an encoding the file of the service.
pub(crate) fn file(expanded: &Expanded, encoding: Option<Encoding>) -> Result<Bytes, CliError> {
    match encoding {
        Some(encoding) => match expanded.encode(encoding) {
            Ok(encoded) => Ok(encoded.bytes.into()),
            Err(error) => Err(CliError::config(format!("cannot encode the picture: {error}; the call was charged"))),
        },
        // A plan of several calls is never without an encoding.
        None => Ok(expanded.files().last().cloned().unwrap_or_default()),
    }
}

impl Results<'_> {
    /// Writes the pictures of each operation and keeps the account of them. The best one comes first.
    pub(crate) fn take(&mut self, results: &[Result<Expanded, Error>]) {
        let best = if self.best_of { volcv::best(results) } else { None };
        for (index, result) in results.iter().enumerate() {
            match result {
                Ok(expanded) => self.finished(index, expanded, best),
                Err(error) => self.failed(index, error),
            }
        }
        let is_best = |saved: &crate::report::Saved| saved.fitted.as_ref().is_some_and(|fitted| fitted.best == Some(true));
        self.store.report.outputs.sort_by_key(|saved| !is_best(saved));
    }

    /// Writes one picture that shows all finished ones.
    pub(crate) fn show_all(&mut self, results: &[Result<Expanded, Error>], path: &Path, encoding: Encoding) {
        let finished: Vec<&Expanded> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
        if finished.is_empty() {
            return;
        }
        let written = self.shown(&finished).iter().collect::<Vec<_>>();
        todo!()
    }
}
