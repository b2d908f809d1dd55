//! The results of whole operations: what is written, what is said about it, and which one is the best.

use std::path::Path;

use volcv::{Bytes, Charge, DecodeOptions, Encoding, Error, ExpandPlan, Expanded, FitReport, Image, PictureInfo};

use crate::encoding::is_lossless;
use crate::fitted::Fitted;
use crate::pending::Pending;
use crate::rejected::Reason;
use crate::report::CliError;
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
    pub(crate) pending: &'a Pending,
    pub(crate) store: Store<'a>,
}

/// What is written of a result.
pub(crate) struct File {
    pub(crate) bytes: Bytes,
    /// Metadata of the service's file that the format cannot carry, by name.
    dropped: Vec<String>,
}

/// The finished picture, or without an encoding the file of the service.
pub(crate) fn file(expanded: &Expanded, encoding: Option<Encoding>) -> Result<File, CliError> {
    let Some(encoding) = encoding else {
        // A plan of several calls never comes without an encoding.
        return Ok(File { bytes: expanded.files().last().cloned().unwrap_or_default(), dropped: Vec::new() });
    };
    match expanded.encode(encoding) {
        Ok(encoded) => Ok(File { bytes: encoded.bytes.into(), dropped: encoded.dropped }),
        Err(error) => Err(CliError::config(format!("cannot encode the picture: {error}; the call was charged"))),
    }
}

impl Results<'_> {
    /// Writes the pictures of all operations and keeps the account of them.
    pub(crate) fn take(&mut self, results: &[Result<Expanded, Error>]) {
        let best = if self.best_of { self.best(results) } else { None };
        let is_best = |index| best.map(|best| best == index);
        // OUT comes first.
        if let Some((index, Ok(expanded))) = best.and_then(|index| Some((index, results.get(index)?))) {
            self.finished(index, expanded, Some(true));
        }
        for (index, result) in results.iter().enumerate().filter(|(index, _)| is_best(*index) != Some(true)) {
            match result {
                Ok(expanded) => self.finished(index, expanded, is_best(index)),
                Err(error) => self.failed(index, error),
            }
        }
    }

    /// Writes one picture that shows all finished ones.
    pub(crate) fn show_all(&mut self, results: &[Result<Expanded, Error>], path: &Path, encoding: Encoding) {
        let finished: Vec<&Expanded> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
        if finished.is_empty() {
            return;
        }
        let decoded: Vec<Option<Image>> = finished.iter().map(|expanded| self.written(expanded)).collect();
        let shown: Vec<&Image> =
            finished.iter().zip(&decoded).map(|(expanded, other)| other.as_ref().unwrap_or(&expanded.image)).collect();
        match sheet::write(&shown, self.plan.result, path, encoding) {
            Ok(()) => self.store.report.contact_sheet = Some(path.to_owned()),
            Err(failure) => {
                let (request_id, attempts) = (self.store.report.request_id.clone(), self.store.report.attempts);
                self.store.report.failures.push(failure.after_payment(request_id.as_deref(), attempts));
            }
        }
    }

    /// The one whose written picture has the smallest seam.
    fn best(&self, results: &[Result<Expanded, Error>]) -> Option<usize> {
        if self.encoding.is_some() {
            return volcv::best(results);
        }
        // The library judges finished pictures; here the files of the service are compared as they came.
        let reports = results.iter().enumerate();
        let reports = reports.filter_map(|(index, result)| Some((index, result.as_ref().ok()?.report()?)));
        let order = |report: &FitReport| (!report.recognised, report.seam_before);
        let less = |a: &(bool, f64), b: &(bool, f64)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1));
        reports.min_by(|(_, a), (_, b)| less(&order(a), &order(b))).map(|(index, _)| index)
    }

    /// The pixels of the file of the service, where that was written in place of the finished picture.
    fn written(&self, expanded: &Expanded) -> Option<Image> {
        let file = expanded.files().last().filter(|_| self.encoding.is_none() && expanded.report().is_some())?;
        Some(volcv::decode(file, &DecodeOptions::default()).ok()?.0)
    }

    fn finished(&mut self, index: usize, expanded: &Expanded, best: Option<bool>) {
        for pass in &expanded.passes {
            for warning in &pass.outcome.warnings {
                let text = self.of_seed(index, warning);
                self.store.warn(text);
            }
        }
        let request_id = expanded.passes.iter().find_map(|pass| pass.outcome.request_id.clone());
        let attempts = expanded.attempts().count();
        self.store.report.count(request_id.as_deref(), attempts);
        self.store.report.charges = Some(self.store.report.charges.unwrap_or_default() + expanded.charges());
        if let Err(failure) = self.save(index, expanded, best) {
            self.store.report.failures.push(failure.after_payment(request_id.as_deref(), attempts));
        }
    }

    fn save(&mut self, index: usize, expanded: &Expanded, best: Option<bool>) -> Result<(), CliError> {
        let file = match file(expanded, self.encoding) {
            Ok(file) => file,
            Err(failure) => {
                let files: Vec<Bytes> = expanded.files().cloned().collect();
                self.store.keep_rejected(index, &files, Reason::Unfinished);
                return Err(failure);
            }
        };
        if !file.dropped.is_empty() {
            let text =
                format!("the format of the file cannot carry what the service wrote: {}", file.dropped.join(", "));
            let text = self.of_seed(index, &text);
            self.store.warn(text);
        }
        self.about_fit(index, expanded, &file.bytes);
        let numbered = self.store.target.place(index, 0, 1);
        let place = if best == Some(true) { self.store.target.best() } else { numbered.clone() };
        let lossless = self.encoding.is_some_and(is_lossless);
        let fitted = Fitted::new(expanded, self.encoding.is_some(), lossless, best);
        let about = About { seed: expanded.seeds().next().flatten(), fitted: Some(fitted) };
        self.store.save(place.clone(), &file.bytes, about)?;
        if place != numbered {
            self.store.remove(&numbered);
        }
        Ok(())
    }

    /// Warns of a result that is not what was wished for.
    fn about_fit(&mut self, index: usize, expanded: &Expanded, file: &[u8]) {
        let mut texts = Vec::new();
        if expanded.report().is_some_and(|report| !report.recognised) {
            texts.push("the original was not recognised in the result, so nothing of it was corrected".to_owned());
        }
        let size = PictureInfo::read(file).and_then(|info| info.upright_size());
        if let Some(size) = size.filter(|size| self.encoding.is_none() && *size != self.plan.result) {
            let planned = self.plan.result;
            texts.push(format!("the service made {size}, not {planned}; --keep-original makes exactly that"));
        }
        for text in texts {
            let text = self.of_seed(index, &text);
            self.store.warn(text);
        }
    }

    fn failed(&mut self, index: usize, error: &Error) {
        let reason = if self.plan.calls() > 1 { Reason::Unfinished } else { Reason::FailedCheck };
        self.pending.failed(error);
        self.store.keep_rejected(index, error.rejected_pictures(), reason);
        error.links().iter().for_each(|link| self.store.show_link(link));
        let charged = error.attempts().iter().filter(|attempt| attempt.charge == Charge::Charged).count();
        self.store.report.charges = Some(self.store.report.charges.unwrap_or_default() + charged);
        self.store.report.failures.push(CliError::from(error.clone()).of_seed(self.seed(index)));
    }

    /// The seed of one of several operations; with one there is nothing to tell apart.
    fn seed(&self, index: usize) -> Option<i64> {
        self.seeds.get(index).copied().filter(|_| self.seeds.len() > 1)
    }

    fn of_seed(&self, index: usize, text: &str) -> String {
        self.seed(index).map_or_else(|| text.to_owned(), |seed| format!("seed {seed}: {text}"))
    }
}
