//! A worker: runs one item after the other, each as a whole operation of the crate `volcv`.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use volcv::{CallOptions, Charge, Encoding, ExpandOptions, Expanded, PictureFormat, PictureInfo, Source, Wish};

use super::queue::Queue;
use super::verdict::{Failure, verdict};
use super::{Context, Halt};
use crate::error::BatchError;
use crate::event::{Event, Phase};
use crate::job::Job;
use crate::journal::{ItemJournal, Notes};
use crate::ledger::{AttemptId, Claimed, ItemResult, NewRun, Verdict};
use crate::state::State;

/// Runs until the queue is empty or the run ends.
pub(super) async fn run(context: Arc<Context>, queue: Arc<Queue>, worker: usize) {
    while let Some((run, claimed)) = queue.next().await {
        Worker { context: &context, run: &run, worker, claimed: &claimed }.run().await;
        queue.item_ended();
    }
}

struct Worker<'a> {
    context: &'a Arc<Context>,
    run: &'a Arc<NewRun>,
    worker: usize,
    claimed: &'a Claimed,
}

impl Worker<'_> {
    async fn run(&self) {
        let (context, item) = (self.context, &self.claimed.item);
        context.tell(Event::Started { worker: self.worker, id: item.id.clone() });
        context.working(self.worker, Phase::Preparing);
        let begun = Instant::now();
        // A call that must slow all others down, or stop them, holds its place until they know: as long as this lives.
        let journal = ItemJournal::new(context, self.run, self.worker, self.claimed);
        let expanded = self.expand(&journal).await;
        let notes = journal.close().await;
        let finished = match expanded {
            Ok(expanded) => self.finish(expanded, &notes).await,
            Err(failure) => Err(failure),
        };
        let mut verdict = match finished {
            Ok(result) => done(result),
            Err(failure) => self.failed(failure, &notes).await,
        };
        verdict.result.elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.end(&verdict, &notes).await;
    }

    /// From the file to the finished pixels.
    async fn expand(&self, journal: &ItemJournal) -> Result<Expanded, Failure> {
        let job = &self.claimed.item.job;
        let (wish, options) = wish_of(job).map_err(Failure::Input)?;
        let source = self.source(job).await?;
        let options = options.call(self.call(journal));
        let _cancel = self.context.cancel.on_cancel({
            let cancel = journal.cancel.clone();
            move || cancel.cancel()
        });
        let mut operation = std::pin::pin!(self.context.client.expand(source, wish, options));
        let result = tokio::select! {
            result = &mut operation => result,
            () = self.context.halted() => {
                // What is on its way ends; a task goes on by itself.
                if journal.waits_for_task() {
                    journal.cancel.cancel();
                }
                operation.await
            }
        };
        result.map_err(|error| Failure::Operation(Box::new(error)))
    }

    async fn source(&self, job: &Job) -> Result<Source, Failure> {
        if let Some(link) = job.link() {
            return Ok(Source::Link(link.to_owned()));
        }
        let path = self.context.base.join(&job.input);
        let failed = |why: &dyn std::fmt::Display| Failure::Input(format!("cannot read {}: {why}", path.display()));
        let read = tokio::task::spawn_blocking({
            let path = path.clone();
            move || std::fs::read(path)
        });
        match read.await {
            Ok(Ok(bytes)) => Ok(Source::File(bytes.into())),
            Ok(Err(error)) => Err(failed(&error)),
            Err(error) => Err(failed(&error)),
        }
    }

    fn call(&self, journal: &ItemJournal) -> CallOptions {
        let (context, worker) = (Arc::clone(self.context), self.worker);
        let tasks = journal.clone();
        CallOptions::new()
            .cancel(&journal.cancel)
            .journal(Arc::new(journal.clone()))
            .on_task(move |_| tasks.task_accepted())
            .progress(move |progress| context.tell(Event::Moved { worker, progress: *progress }))
    }

    /// Encodes the picture and puts it on the disk.
    async fn finish(&self, expanded: Expanded, notes: &Notes) -> Result<ItemResult, Failure> {
        self.context.working(self.worker, Phase::Finishing);
        let (store, name) = (Arc::clone(&self.context.store), self.claimed.item.job.output.clone());
        let is_kept = !notes.not_kept;
        let encoding = self.claimed.item.job.encoding().map_err(|error| Failure::Input(error.to_string()))?;
        let pastes = self.claimed.item.job.paste_back.unwrap_or(true);
        let written = tokio::task::spawn_blocking(move || {
            let result = result_of(&expanded);
            let bytes = encoded(&expanded, encoding, pastes).map_err(Failure::Output)?;
            let Err(error) = store.save(&name, &bytes) else { return Ok(result) };
            // The answer is nowhere else: the picture must not be lost with this process.
            if let Some(rescued) = (!is_kept).then(|| rescue(&name, &bytes).ok()).flatten() {
                return Err(Failure::Rescued(format!("cannot write {name}: {error}; the picture is in {rescued}")));
            }
            Err(if ends_run(&error) {
                Failure::Disk(error)
            } else {
                Failure::Output(format!("cannot write {name}: {error}"))
            })
        });
        written.await.unwrap_or_else(|error| Err(Failure::Output(error.to_string())))
    }

    async fn failed(&self, failure: Failure, notes: &Notes) -> Verdict {
        let context = self.context;
        let mut verdict = verdict(&failure, notes, self.claimed.tries, context.tries);
        let error = match failure {
            Failure::Operation(error) => error,
            Failure::Disk(source) => {
                context.end_with(Halt::Failed(
                    BatchError::File { path: context.store.output().to_owned(), source }.into(),
                ));
                return verdict;
            }
            Failure::Input(_) | Failure::Output(_) | Failure::Rescued(_) => return verdict,
        };
        if error.kind().is_account_failure() && notes.refusal.is_none() {
            let reason = error.to_string();
            // If the ledger is away, the other runs learn it from their own calls.
            let _ = context.ledger.stop(&reason).await;
            context.end_with(Halt::Account(reason));
        }
        if let Some(pause) = error.retry_after() {
            context.slow_down(pause).await;
        }
        // A picture that failed a check was paid for; one of an answer that is kept comes again.
        if verdict.forget || verdict.state == State::Failed {
            for picture in error.rejected_pictures() {
                let (store, name) = (Arc::clone(&context.store), self.claimed.item.job.output.clone());
                let picture = picture.clone();
                let saved = tokio::task::spawn_blocking(move || store.save_rejected(&name, &picture)).await;
                match saved.map_err(std::io::Error::other).and_then(|saved| saved) {
                    Ok(name) => verdict.result.rejected.push(name),
                    Err(error) => verdict.result.warnings.push(format!("a rejected picture is lost: {error}")),
                }
            }
        }
        verdict
    }

    /// Writes the verdict down, then removes what nobody needs any more.
    async fn end(&self, verdict: &Verdict, notes: &Notes) {
        let (context, item) = (self.context, &self.claimed.item);
        let finished = context.patiently(|| context.ledger.finish(self.run, &item.id, verdict)).await;
        match finished {
            Ok(true) if verdict.forget => {
                for number in notes.kept.iter().copied() {
                    context.store.remove(&AttemptId { item: item.id.clone(), number });
                }
            }
            Ok(_) => {}
            Err(error) => context.end_with(Halt::Failed(error.into())),
        }
        context.tell(Event::Ended {
            worker: self.worker,
            id: item.id.clone(),
            state: verdict.state,
            charge: notes.last_charge.unwrap_or(Charge::None),
            message: verdict.result.message.clone(),
        });
    }
}

fn wish_of(job: &Job) -> Result<(Wish, ExpandOptions), String> {
    Ok((job.wish().map_err(|error| error.to_string())?, job.options().map_err(|error| error.to_string())?))
}

fn done(result: ItemResult) -> Verdict {
    Verdict {
        state: State::Done,
        wait: Duration::ZERO,
        counts_as_try: false,
        forget: true,
        settled: Some(Charge::Charged),
        result,
    }
}

fn result_of(expanded: &Expanded) -> ItemResult {
    let (size, report, place) = (expanded.image.size(), expanded.report(), expanded.plan.original_at);
    let warnings = expanded.passes.iter().flat_map(|pass| pass.outcome.warnings.iter().cloned());
    ItemResult {
        size: Some((size.width, size.height)),
        original: report.map(|_| (place.x, place.y, place.width, place.height)),
        seeds: expanded.seeds().collect(),
        seam: report.map(|report| report.seam_after),
        seam_before: report.map(|report| report.seam_before),
        recognised: report.map(|report| report.recognised),
        exact: report.is_some().then(|| expanded.is_exact()),
        request_ids: expanded.passes.iter().filter_map(|pass| pass.outcome.request_id.clone()).collect(),
        warnings: warnings.collect(),
        ..ItemResult::default()
    }
}

/// The bytes of the file to write: the service's own where nothing was changed and the format is the wished one.
fn encoded(expanded: &Expanded, encoding: Encoding, pastes: bool) -> Result<Vec<u8>, String> {
    if let Some(file) = expanded.files().last().filter(|_| !pastes && expanded.plan.calls() == 1) {
        let info = PictureInfo::read(file).filter(|info| is_of(info.format, encoding));
        // The plan may have cut something off.
        if info.and_then(|info| info.size) == Some(expanded.image.size()) {
            return Ok(file.to_vec());
        }
    }
    Ok(expanded.encode(encoding).map_err(|error| format!("cannot encode the picture: {error}"))?.bytes)
}

fn is_of(format: PictureFormat, encoding: Encoding) -> bool {
    match encoding {
        Encoding::Png(_) => format == PictureFormat::Png,
        Encoding::Jpeg { .. } => format == PictureFormat::Jpeg,
        Encoding::Bmp => format == PictureFormat::Bmp,
        _ => false,
    }
}

/// Whether the next picture could not be written either.
fn ends_run(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), FileTooLarge | PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull)
}

/// Keeps a picture in the temporary folder of the system.
fn rescue(name: &str, bytes: &[u8]) -> std::io::Result<String> {
    let ending = Path::new(name).extension().unwrap_or_default().to_string_lossy().into_owned();
    let mut file = tempfile::Builder::new().prefix("volcv-").suffix(&format!(".{ending}")).tempfile()?;
    std::io::Write::write_all(&mut file, bytes)?;
    file.as_file().sync_all()?;
    Ok(file.keep()?.1.display().to_string())
}
