//! What a run would do and cost, without a network, and without a change of the ledger.

#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _};
use std::path::Path;

use serde::Serialize;
use tokio::task::spawn_blocking;
use volcv::{ExpandPlan, InvalidInput, PictureInfo, Size};

use crate::error::BatchError;
use crate::input::{Defaults, Input, Shard};
use crate::job::Job;
use crate::ledger::{Counts, Ledger};
use crate::state::State;

/// What a run would do. An item that the ledger has ended already (`unknown`, `done`, `refused` or `failed`) costs nothing more.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Preview {
    /// Items of the input, those of other shards left out.
    pub items: u64,
    /// Items among them that the ledger has ended already.
    pub ended: u64,
    /// Files in folders that are no pictures, by their endings.
    pub others: u64,
    /// Paid calls of the items that have not ended, each link counted as one; less if some were made already.
    pub calls: u64,
    /// The same with each link counted as the most calls that it may take.
    pub most_calls: u64,
    /// Items that are links: their size, and so the number of their calls, is unknown.
    pub links: u64,
    /// Pixels of all pictures that are sent, those of links left out.
    pub upload_pixels: u64,
    /// Items that have not ended and cannot be carried out: no picture, or a wish that does not fit it.
    pub failing: u64,
    /// The first 20 of them.
    pub failures: Vec<Unplannable>,
    /// How many items of the ledger, of all shards and inputs, are in each state; `None` without a ledger.
    pub ledger: Option<Counts>,
}

/// An item that would fail before anything is sent for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Unplannable {
    /// The item's id.
    pub id: String,
    /// Why.
    pub message: String,
}

impl fmt::Display for Unplannable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id, self.message)
    }
}

const MOST_FAILURES: usize = 20;

/// Checks an input as [`plan`](crate::plan) does, and plans each item by the header of its picture.
///
/// # Errors
/// As [`plan`](crate::plan). An item that cannot be carried out is no error; it is counted.
pub async fn preview(
    ledger: Option<&Ledger>,
    input: &Input,
    defaults: &Defaults,
    shard: Option<Shard>,
) -> Result<Preview, BatchError> {
    let counts = match ledger {
        Some(ledger) => Some(ledger.counts().await?),
        None => None,
    };
    let ended = match ledger {
        Some(ledger) => ended(ledger).await?,
        None => Vec::new(),
    };
    let (input, defaults) = (input.clone(), defaults.clone());
    let previewed = spawn_blocking(move || {
        input.survey(&defaults, shard, None)?;
        let mut preview = Preview { ledger: counts, ..Preview::default() };
        preview.others = input.each(&defaults, false, &mut |found| {
            if shard.is_none_or(|shard| shard.has(&found.item.id)) {
                let has_ended = ended.binary_search(&hash(&found.item.id)).is_ok();
                preview.add(&found.item.id, &found.item.job, input.base(), has_ended);
            }
            Ok(())
        })?;
        Ok(preview)
    });
    previewed.await.map_err(|error| BatchError::Option(format!("the input was not read to its end: {error}")))?
}

/// Hashes of the ids that no run takes any more, in order.
async fn ended(ledger: &Ledger) -> Result<Vec<u64>, BatchError> {
    let states: Vec<State> = State::ALL.into_iter().filter(|state| state.is_final()).collect();
    let (mut ids, mut from) = (Vec::new(), None);
    loop {
        let page = ledger.page(from.as_ref(), &states, 1000).await?;
        ids.extend(page.items.iter().map(|report| hash(&report.item.id)));
        from = page.next;
        if from.is_none() {
            ids.sort_unstable();
            return Ok(ids);
        }
    }
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

impl Preview {
    fn add(&mut self, id: &str, job: &Job, base: &Path, has_ended: bool) {
        self.items += 1;
        if has_ended {
            self.ended += 1;
        } else if job.link().is_some() {
            self.links += 1;
            self.calls += 1;
            self.most_calls += u64::from(job.max_passes.unwrap_or(1));
        } else {
            match planned(job, base) {
                Ok(plan) => {
                    self.calls += u64::from(plan.calls());
                    self.most_calls += u64::from(plan.calls());
                    let pixels = |size: Size| u64::from(size.width) * u64::from(size.height);
                    self.upload_pixels += plan.passes.iter().map(|pass| pixels(pass.upload)).sum::<u64>();
                }
                Err(message) => {
                    self.failing += 1;
                    if self.failures.len() < MOST_FAILURES {
                        self.failures.push(Unplannable { id: id.to_owned(), message });
                    }
                }
            }
        }
    }
}

fn planned(job: &Job, base: &Path) -> Result<ExpandPlan, String> {
    let refused = |error: InvalidInput| error.to_string();
    let (wish, options) = (job.wish().map_err(refused)?, job.options().map_err(refused)?);
    let path = base.join(&job.input);
    let size = size_of(&path).map_err(|error| format!("cannot read the picture {}: {error}", path.display()))?;
    let size = size.ok_or_else(|| format!("{} is no png, jpg or bmp whose size can be read", path.display()))?;
    options.plan_for(size, &wish).map_err(refused)
}

/// The size of an upright picture by its header. The orientation of a PNG can lie behind its pixels, and is not seen then.
fn size_of(path: &Path) -> io::Result<Option<Size>> {
    let file = File::open(path)?;
    let mut head = Vec::new();
    // The header of a JPEG lies behind its metadata, which can be large.
    for most in [1_u64 << 16, 1 << 20, 1 << 24] {
        let before = head.len() as u64;
        (&file).take(most - before).read_to_end(&mut head)?;
        let size = PictureInfo::read(&head).and_then(|info| info.upright_size());
        if size.is_some() || (head.len() as u64) < most {
            return Ok(size);
        }
    }
    Ok(None)
}
