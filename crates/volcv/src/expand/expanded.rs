//! The result of a whole operation.

use volcv_image::{EncodeOptions, Encoded, Encoding, FitReport, Image, ImageError, Provenance};

use crate::{AttemptRecord, Bytes, Charge, Error, ExpandPlan, Outcome};

/// A picture that has grown, and how it came to be.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Expanded {
    /// The finished picture.
    pub image: Image,
    /// What was planned: sizes, places and calls.
    pub plan: ExpandPlan,
    /// One for each call, in order. There is at least one.
    pub passes: Vec<ExpandedPass>,
}

/// One call of a whole operation, and what became of its picture.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ExpandedPass {
    /// The file of the service, byte for byte.
    pub file: Bytes,
    /// Seed, request id, attempts and warnings of the call.
    pub outcome: Outcome,
    /// What the paste-back found and did; `None` if the operation was told not to paste.
    pub report: Option<FitReport>,
}

impl Expanded {
    /// What the last paste-back found and did; `None` if the operation was told not to paste.
    pub fn report(&self) -> Option<&FitReport> {
        self.passes.last()?.report.as_ref()
    }

    /// Whether every pixel that the program had is in the picture, bit for bit.
    pub fn is_exact(&self) -> bool {
        self.passes.iter().all(|pass| pass.report.as_ref().is_some_and(|report| report.exact))
    }

    /// The files of the service, one for each call.
    pub fn files(&self) -> impl Iterator<Item = &Bytes> {
        self.passes.iter().map(|pass| &pass.file)
    }

    /// The seeds that were sent, one for each call.
    pub fn seeds(&self) -> impl Iterator<Item = Option<i64>> {
        self.passes.iter().map(|pass| pass.outcome.seed)
    }

    /// Every attempt of every call, in order.
    pub fn attempts(&self) -> impl Iterator<Item = &AttemptRecord> {
        self.passes.iter().flat_map(|pass| &pass.outcome.attempts)
    }

    /// How many attempts were billed; those of an unknown charge are not among them.
    pub fn charges(&self) -> usize {
        self.attempts().filter(|attempt| attempt.charge == Charge::Charged).count()
    }

    /// A file of the finished picture, with the provenance metadata that the service wrote into its own file.
    ///
    /// # Errors
    /// The picture is too large for the format.
    pub fn encode(&self, encoding: Encoding) -> Result<Encoded, ImageError> {
        let provenance = self.passes.last().map(|pass| Provenance::read(&pass.file)).unwrap_or_default();
        volcv_image::encode(&self.image.pixels(), &EncodeOptions::new(encoding).provenance(provenance))
    }
}

/// The index of the best of several results: the original was recognised, and the seam is the smallest. `None` if all have
/// failed.
pub fn best<'a>(results: impl IntoIterator<Item = &'a Result<Expanded, Error>>) -> Option<usize> {
    let done = results.into_iter().enumerate().filter_map(|(index, result)| Some((index, result.as_ref().ok()?)));
    // Without paste-back there is no score: the first one wins.
    done.min_by(|(_, a), (_, b)| match (a.report(), b.report()) {
        (Some(a), Some(b)) => a.compare(b),
        _ => std::cmp::Ordering::Equal,
    })
    .map(|(index, _)| index)
}
