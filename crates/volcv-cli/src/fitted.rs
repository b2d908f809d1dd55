//! What the report says about a picture of a whole operation.

use std::fmt;

use serde_json::{Value, json};
use volcv::Expanded;

/// How a picture came to be, and how well it fits its original.
#[derive(Debug)]
pub(crate) struct Fitted {
    /// One seed for each call; `None` where the service chose it.
    seeds: Vec<Option<i64>>,
    charges: usize,
    /// Whether every pixel of the original is in the written file, bit for bit; `None` if it was not pasted back.
    exact: Option<bool>,
    seam: Option<Seam>,
    /// Whether it is the best of several; `None` if nobody asked.
    best: Option<bool>,
}

/// The step along the edges of the original, in levels of 0 to 255.
#[derive(Debug)]
struct Seam {
    recognised: bool,
    /// As the service made it.
    before: f64,
    /// After the paste-back; `None` if what was written is the file of the service.
    after: Option<f64>,
}

impl Fitted {
    /// `pasted` is whether the finished picture is written, not the file of the service, and `lossless` whether its format
    /// keeps every bit.
    pub(crate) fn new(expanded: &Expanded, pasted: bool, lossless: bool, best: Option<bool>) -> Self {
        let seam = expanded.report().map(|report| Seam {
            recognised: report.recognised,
            before: report.seam_before,
            after: pasted.then_some(report.seam_after),
        });
        Self {
            seeds: expanded.seeds().collect(),
            charges: expanded.charges(),
            exact: pasted.then(|| lossless && expanded.is_exact()),
            seam,
            best,
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let seam = self.seam.as_ref();
        json!({
            "passes": self.seeds.len(),
            "seeds": self.seeds,
            "charges": self.charges,
            "exact": self.exact,
            "recognised": seam.map(|seam| seam.recognised),
            "seam_before": seam.map(|seam| hundredths(seam.before)),
            "seam_after": seam.and_then(|seam| seam.after).map(hundredths),
            "best": self.best,
        })
    }
}

/// ` 2 calls seam 4.81 -> 1.20 exact best`; what is not known is left out, and so is one call.
impl fmt::Display for Fitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.seeds.len() > 1 {
            write!(f, " {} calls", self.seeds.len())?;
        }
        if let Some(seam) = &self.seam {
            write!(f, " seam {:.2}", seam.before)?;
            seam.after.map_or(Ok(()), |after| write!(f, " -> {after:.2}"))?;
        }
        match self.exact {
            Some(true) => f.write_str(" exact")?,
            Some(false) => f.write_str(" not exact")?,
            None => {}
        }
        if self.best == Some(true) { f.write_str(" best") } else { Ok(()) }
    }
}

/// A score has no more digits than it means.
fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
