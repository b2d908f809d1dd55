//! From the input to the ledger.

#[cfg(test)]
mod tests;

use tokio::sync::mpsc;
use tokio::task::{JoinError, spawn_blocking};

use crate::error::BatchError;
use crate::event::Event;
use crate::input::{Defaults, Found, Input, Shard, Surveyed};
use crate::job::{Item, Job};
use crate::ledger::Ledger;

/// The most items that are written in one transaction.
const CHUNK: usize = 1000;
/// As many bytes of texts end a chunk too: a line may have 1 MiB, and a few chunks are in memory at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// What was planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Planned {
    /// Items of the input, those of other shards left out.
    pub items: u64,
    /// Items among them that the ledger did not have.
    pub added: u64,
    /// Files in folders that are no pictures, by their endings.
    pub others: u64,
    /// The input and the defaults are those that were planned before, so nothing was added.
    pub unchanged: bool,
}

/// Adds the items of an input to a ledger; those that it has already stay as they are.
///
/// The input is read twice: every item is checked before the first one is added, and nothing is sent here. An input that
/// was planned to its end with the same defaults is not planned again; of a folder, that is one with the same names. Memory
/// does not grow with the number of items but for 16 bytes of each.
///
/// # Errors
/// An item is wrong, two items have the same id or the same output, or the ledger refuses one: then the error names it, and
/// its place in the input.
pub async fn plan(
    ledger: &Ledger,
    input: &Input,
    defaults: &Defaults,
    shard: Option<Shard>,
    observe: &(dyn Fn(Event) + Send + Sync),
) -> Result<Planned, BatchError> {
    let source = input.source(shard);
    let before = ledger.source(&source).await?;
    let (theirs, default) = (input.clone(), defaults.clone());
    let surveyed = spawn_blocking(move || theirs.survey(&default, shard, before.as_deref()));
    let survey = match surveyed.await.map_err(ended)?? {
        Surveyed::Same(survey) => {
            return Ok(Planned { items: survey.items, added: 0, others: survey.others, unchanged: true });
        }
        Surveyed::New(survey) => survey,
    };
    let (sender, mut chunks) = mpsc::channel(2);
    let (theirs, default) = (input.clone(), defaults.clone());
    let reader = spawn_blocking(move || theirs.send(&default, shard, &sender));
    let (mut read, mut added) = (0, 0);
    while let Some(chunk) = chunks.recv().await {
        added += ledger.add(&chunk).await?;
        read += chunk.len() as u64;
        observe(Event::Planned { read, added });
    }
    reader.await.map_err(ended)??;
    let survey_text = serde_json::to_string(&survey).unwrap_or_default();
    ledger.set_source(&source, &survey_text).await?;
    Ok(Planned { items: read, added, others: survey.others, unchanged: false })
}

impl Input {
    /// Sends the items in chunks, until there are no more or nobody wants them.
    fn send(
        &self,
        defaults: &Defaults,
        shard: Option<Shard>,
        sender: &mpsc::Sender<Vec<Item>>,
    ) -> Result<(), BatchError> {
        let (mut chunk, mut bytes) = (Vec::new(), 0);
        let unwanted = |_| BatchError::Option("the ledger refused an item".to_owned());
        self.each(defaults, false, &mut |Found { item, .. }| {
            if shard.is_some_and(|shard| !shard.has(&item.id)) {
                return Ok(());
            }
            let Job { input, output, prompt, .. } = &item.job;
            bytes += input.len() + output.len() + prompt.as_ref().map_or(0, String::len);
            chunk.push(item);
            if chunk.len() < CHUNK && bytes < CHUNK_BYTES {
                return Ok(());
            }
            bytes = 0;
            sender.blocking_send(std::mem::take(&mut chunk)).map_err(unwanted)
        })?;
        if chunk.is_empty() { Ok(()) } else { sender.blocking_send(chunk).map_err(unwanted) }
    }
}

/// A thread that reads does not panic, and is not cancelled while its runtime lives.
fn ended(error: JoinError) -> BatchError {
    BatchError::Option(format!("the input was not read to its end: {error}"))
}
