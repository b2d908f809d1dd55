//! The table of jobs. An id is a number that is never used twice, with the index of its job in the low bits; so an id
//! that is stale, invented or of another client meets a slot with another id. Reading progress takes no lock.

use std::sync::{OnceLock, atomic};

use volcv::{Phase, Progress};

use super::job::Job;
use super::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering::*};
use super::sync::{Mutex, MutexGuard};
use super::{CError, lock};
use crate::abi::*;

const CHUNK: usize = 256;
const INDEX_BITS: u32 = 16;
const CAPACITY: usize = 1 << INDEX_BITS;

/// All jobs of a client, at most 65,536. Their slots never move.
pub(super) struct JobTable {
    chunks: Box<[OnceLock<Box<[Slot]>>]>,
    free: Mutex<Free>,
}

#[derive(Default)]
struct Free {
    indexes: Vec<usize>,
    /// Indexes from here on were never used.
    fresh: usize,
}

/// The place of one job.
#[derive(Default)]
pub(super) struct Slot {
    /// The id; 0 if no call of C may ask for the job.
    id: AtomicU64,
    cells: Cells,
    job: Mutex<Option<Job>>,
}

#[derive(Default)]
struct Cells {
    phase: AtomicU32,
    attempt: AtomicU32,
    result: AtomicI32,
    sent: AtomicU64,
    send_total: AtomicU64,
    received: AtomicU64,
    receive_total: AtomicU64,
}

impl JobTable {
    pub(super) fn new() -> Self {
        let chunks = (0..CAPACITY / CHUNK).map(|_| OnceLock::new()).collect();
        Self { chunks, free: Mutex::default() }
    }

    /// Takes an index for a job, which `open` makes from its id; `None` if the client is full.
    pub(super) fn open(&self, open: impl FnOnce(volcv_job) -> Job) -> Option<volcv_job> {
        static NEXT: atomic::AtomicU64 = atomic::AtomicU64::new(1);
        let index = {
            let mut free = lock(&self.free);
            let fresh = free.fresh;
            match free.indexes.pop() {
                Some(index) => index,
                None if fresh < CAPACITY => {
                    free.fresh += 1;
                    fresh
                }
                None => return None,
            }
        };
        let chunk = self.chunks[index / CHUNK].get_or_init(|| (0..CHUNK).map(|_| Slot::default()).collect());
        let slot = &chunk[index % CHUNK];
        let id = NEXT.fetch_add(1, Relaxed) << INDEX_BITS | index as u64;
        slot.cells.reset();
        *lock(&slot.job) = Some(open(id));
        slot.id.store(id, Release);
        Some(id)
    }

    /// The slot of a job that may be asked for.
    pub(super) fn find(&self, id: volcv_job) -> Result<&Slot, CError> {
        self.slot(id).filter(|slot| slot.has(id)).ok_or_else(|| CError::stale("job"))
    }

    /// The slot of a job, also of one that was released while it runs.
    pub(super) fn slot(&self, id: volcv_job) -> Option<&Slot> {
        let index = id as usize % CAPACITY;
        self.chunks[index / CHUNK].get().map(|chunk| &chunk[index % CHUNK])
    }

    /// Gives the index of a job back when no thread works on the job any more, and returns the job.
    pub(super) fn close(&self, id: volcv_job, mut job: MutexGuard<'_, Option<Job>>) -> Option<Job> {
        let last = job.take();
        drop(job);
        lock(&self.free).indexes.push(id as usize % CAPACITY);
        last
    }

    /// Every slot that was ever used.
    pub(super) fn all(&self) -> impl Iterator<Item = &Slot> {
        self.chunks.iter().filter_map(|chunk| chunk.get()).flatten()
    }
}

impl Slot {
    pub(super) fn job(&self) -> MutexGuard<'_, Option<Job>> {
        lock(&self.job)
    }

    /// Whether this is the job's slot, and it may be asked for.
    pub(super) fn has(&self, id: volcv_job) -> bool {
        id != 0 && self.id.load(Acquire) == id
    }

    /// From now on the id is stale.
    pub(super) fn forget(&self) {
        self.id.store(0, Release);
    }

    pub(super) fn note(&self, progress: &Progress) {
        let cells = &self.cells;
        cells.attempt.store(progress.attempt, Relaxed);
        cells.sent.store(progress.sent, Relaxed);
        cells.send_total.store(progress.send_total, Relaxed);
        cells.received.store(progress.received, Relaxed);
        cells.receive_total.store(progress.receive_total.unwrap_or(0), Relaxed);
        cells.phase.store(phase_of(progress.phase), Release);
    }

    pub(super) fn note_end(&self, result: volcv_result) {
        self.cells.result.store(result, Relaxed);
        self.cells.phase.store(VOLCV_PHASE_ENDED, Release);
    }

    pub(super) fn progress(&self) -> volcv_progress {
        let cells = &self.cells;
        volcv_progress {
            struct_size: size_of::<volcv_progress>() as u32,
            phase: cells.phase.load(Acquire),
            attempt: cells.attempt.load(Relaxed),
            result: cells.result.load(Relaxed),
            sent: cells.sent.load(Relaxed),
            send_total: cells.send_total.load(Relaxed),
            received: cells.received.load(Relaxed),
            receive_total: cells.receive_total.load(Relaxed),
        }
    }
}

impl Cells {
    fn reset(&self) {
        self.phase.store(VOLCV_PHASE_QUEUED, Relaxed);
        self.attempt.store(0, Relaxed);
        self.result.store(VOLCV_E_NOT_READY, Relaxed);
        [&self.sent, &self.send_total, &self.received, &self.receive_total]
            .iter()
            .for_each(|cell| cell.store(0, Relaxed));
    }
}

fn phase_of(phase: Phase) -> u32 {
    match phase {
        Phase::Connecting => VOLCV_PHASE_CONNECTING,
        Phase::Uploading => VOLCV_PHASE_UPLOADING,
        Phase::Downloading => VOLCV_PHASE_DOWNLOADING,
        Phase::Backoff => VOLCV_PHASE_BACKOFF,
        Phase::Task => VOLCV_PHASE_TASK,
        // `Waiting`, and phases that may come: the service is at work.
        _ => VOLCV_PHASE_WAITING,
    }
}
