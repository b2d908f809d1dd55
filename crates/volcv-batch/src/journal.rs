//! The journal of one item: each attempt of its paid calls has a row in the ledger before it is sent, and its answer is kept before the
//! picture is made of it.
//!
//! This file decides no charge: it writes down what the core has decided.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use volcv::core::RequestBody;
use volcv::core::http::HeaderMap;
use volcv::{AttemptRecord, Begun, BoxFuture, CancelToken, Charge, Delivery, Error, ErrorKind, Journal, JournalEntry};

use crate::error::BatchError;
use crate::event::Phase;
use crate::ledger::{Answer, AttemptEnd, AttemptId, Begin, Claimed, Kept, NewRun};
use crate::pace::Permit;
use crate::run::{Context, Halt};
use crate::store::{AnswerWriter, StoredAnswer, parse};

/// The journal of one operation of an item.
#[derive(Debug, Clone)]
pub(crate) struct ItemJournal {
    context: Arc<Context>,
    /// The run that has taken the item.
    run: Arc<NewRun>,
    worker: usize,
    item: Arc<str>,
    /// Ends the operation, and nothing else of the run.
    pub(crate) cancel: CancelToken,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Answers of earlier operations that this one has not asked for yet.
    answers: VecDeque<Answer>,
    next: i64,
    /// The attempt that may have a row, and has no end yet.
    open: Option<AttemptId>,
    /// The place of a call whose end concerns all others: none of them takes it until they know.
    held: Option<Permit>,
    notes: Notes,
}

/// What the operation has done, for the verdict about it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes {
    /// Why an attempt was not allowed.
    pub(crate) refusal: Option<Refusal>,
    /// What the last attempt of this operation cost; `None` if none was made.
    pub(crate) last_charge: Option<Charge>,
    /// The numbers of the answers that are kept, those of earlier operations included.
    pub(crate) kept: Vec<i64>,
    /// An answer could not be kept; it is only in memory.
    pub(crate) not_kept: bool,
    /// A task was accepted, and its result did not come yet.
    pub(crate) waits_for_task: bool,
}

/// Why an attempt was not allowed. Nothing was sent.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// The run ends.
    Halted,
    /// Another run has the item by now.
    Taken,
    /// A recorded answer belongs to another request, or cannot be read.
    Answer(String),
}

impl ItemJournal {
    pub(crate) fn new(context: &Arc<Context>, run: &Arc<NewRun>, worker: usize, claimed: &Claimed) -> Self {
        let notes = Notes { kept: claimed.answers.iter().map(|answer| answer.number).collect(), ..Notes::default() };
        let (answers, next) = (claimed.answers.iter().cloned().collect(), claimed.next_attempt);
        Self {
            context: Arc::clone(context),
            run: Arc::clone(run),
            worker,
            item: claimed.item.id.as_str().into(),
            cancel: CancelToken::new(),
            state: Arc::new(Mutex::new(State { answers, next, notes, ..State::default() })),
        }
    }

    /// The operation has ended: an attempt that was begun and never sent gets its end.
    pub(crate) async fn close(&self) -> Notes {
        let open = self.lock().open.take();
        if let Some(attempt) = open {
            self.write_end(&attempt, &not_sent(), None).await;
        }
        self.lock().notes.clone()
    }

    /// A task was accepted. If the run ends, it is left to the next one.
    pub(crate) fn task_accepted(&self) {
        self.lock().notes.waits_for_task = true;
        self.context.working(self.worker, Phase::Waiting);
        if self.context.halt().is_some() {
            self.cancel.cancel();
        }
    }

    pub(crate) fn waits_for_task(&self) -> bool {
        self.lock().notes.waits_for_task
    }

    /// The answer that an earlier operation was given to the same request.
    async fn answered(&self, key: [u8; 32]) -> Result<Option<Begun>, String> {
        let Some(answer) = self.lock().answers.front().cloned() else { return Ok(None) };
        if answer.key != key {
            return Err(
                "the request is not the one whose answer was paid for: the picture, its wish or volcv has changed; \
                        restore them, or plan it under another id"
                    .to_owned(),
            );
        }
        let (context, attempt) = (Arc::clone(&self.context), self.attempt(answer.number));
        let read = tokio::task::spawn_blocking(move || match answer.inline {
            Some(bytes) => parse(bytes.into()),
            None => context.store.read(&attempt),
        });
        let read = read.await.map_err(|error| error.to_string())?;
        let reply = read.map_err(|error| format!("the answer that was paid for cannot be read: {error}"))?;
        self.lock().answers.pop_front();
        Ok(Some(Begun::Answered(reply)))
    }

    async fn begin_attempt(&self, key: [u8; 32]) -> Result<(AttemptId, Permit), Refusal> {
        let context = &self.context;
        self.context.working(self.worker, Phase::Queued);
        loop {
            if context.halt().is_some() {
                return Err(Refusal::Halted);
            }
            let permit = tokio::select! {
                permit = context.gate.enter() => permit,
                () = context.halted() => return Err(Refusal::Halted),
            };
            let attempt = {
                let mut state = self.lock();
                let attempt = self.attempt(state.next);
                state.open = Some(attempt.clone());
                attempt
            };
            let begun = context.patiently(|| context.ledger.begin(&self.run, &attempt, key, context.max_cost)).await;
            match begun {
                Ok(Begin::Send) => {
                    self.lock().next += 1;
                    context.working(self.worker, Phase::Sending);
                    return Ok((attempt, permit));
                }
                Ok(refused) => {
                    // Nothing was written.
                    self.lock().open = None;
                    drop(permit);
                    match refused {
                        Begin::Wait(pause) => context.pause(pause),
                        Begin::Stopped(reason) => context.end_with(Halt::Account(reason)),
                        Begin::CostReached => context.end_with(Halt::CostReached),
                        Begin::LeaseLost | Begin::Send => return Err(Refusal::Taken),
                    }
                }
                Err(error) => {
                    context.end_with(Halt::Failed(error.into()));
                    return Err(Refusal::Halted);
                }
            }
        }
    }

    /// Writes the end of an attempt down. If the ledger cannot be reached, a short answer goes into a file, and the run ends: the
    /// next one finds it there.
    async fn write_end(&self, attempt: &AttemptId, end: &AttemptEnd, answer: Option<&[u8]>) {
        let context = &self.context;
        if let Err(error) = context.patiently(|| context.ledger.end(&self.run, attempt, end)).await {
            if let Some(Err(failed)) = answer.map(|bytes| context.store.keep(attempt, bytes)) {
                self.not_kept(failed);
            }
            context.end_with(Halt::Failed(error.into()));
        }
    }

    /// An answer is only in memory. Nothing more is bought while answers cannot be kept.
    fn not_kept(&self, source: std::io::Error) {
        self.lock().notes.not_kept = true;
        let path = self.context.store.folder().to_owned();
        self.context.end_with(Halt::Failed(BatchError::File { path, source }.into()));
    }

    fn attempt(&self, number: i64) -> AttemptId {
        AttemptId { item: self.item.as_ref().to_owned(), number }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for ItemJournal {
    fn begin<'a>(&'a self, body: &'a RequestBody) -> BoxFuture<'a, Result<Begun, Error>> {
        Box::pin(async move {
            let key = key_of(body).await?;
            let found = match self.answered(key).await {
                Ok(Some(begun)) => return Ok(begun),
                Ok(None) => self.begin_attempt(key).await,
                Err(message) => Err(Refusal::Answer(message)),
            };
            match found {
                Ok((attempt, permit)) => {
                    let writer = self.context.store.writer(&attempt);
                    let journal = self.clone();
                    Ok(Begun::Send(Box::new(Entry { journal, attempt, writer, permit })))
                }
                Err(refusal) => {
                    let text = match &refusal {
                        Refusal::Halted => "the batch ends".to_owned(),
                        Refusal::Taken => "another run has taken the item over".to_owned(),
                        Refusal::Answer(text) => text.clone(),
                    };
                    self.lock().notes.refusal = Some(refusal);
                    Err(Error::config(text))
                }
            }
        })
    }
}

/// The SHA-256 of a body, computed where it holds nobody up.
async fn key_of(body: &RequestBody) -> Result<[u8; 32], Error> {
    let body = body.clone();
    let hashed = tokio::task::spawn_blocking(move || body.sha256()).await;
    hashed.map_err(|error| Error::config(format!("the request could not be hashed: {error}")))
}

/// One attempt on its way.
#[derive(Debug)]
struct Entry {
    journal: ItemJournal,
    attempt: AttemptId,
    writer: AnswerWriter,
    permit: Permit,
}

impl JournalEntry for Entry {
    fn head(&mut self, status: u16, headers: &HeaderMap) {
        self.writer.head(status, headers);
    }

    fn data(&mut self, chunk: &[u8]) {
        self.writer.data(chunk);
    }

    fn ended(self: Box<Self>, record: Option<AttemptRecord>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let Self { journal, attempt, writer, permit } = *self;
            let context = &journal.context;
            let kind = record.as_ref().and_then(|record| record.error);
            let throttled = kind == Some(ErrorKind::Throttled);
            // The place is free for the next call, unless all calls have to slow down or to stop first.
            let permit = Some(permit).filter(|_| throttled || kind.is_some_and(ErrorKind::is_account_failure));
            let mut end = record.as_ref().map_or_else(not_sent, end_of);
            let mut short = None;
            // An answer that gave what was asked for is kept: the call does not have to be paid again whatever happens to the process.
            if record.as_ref().is_some_and(|record| record.error.is_none()) && writer.has_head() {
                match tokio::task::spawn_blocking(|| writer.keep()).await {
                    Ok(Ok(StoredAnswer::File)) => end.answer = Some(Kept::File),
                    Ok(Ok(StoredAnswer::Inline(bytes))) => {
                        end.answer = Some(Kept::Inline(bytes.clone()));
                        short = Some(bytes);
                    }
                    Ok(Err(error)) => journal.not_kept(error),
                    Err(error) => journal.not_kept(std::io::Error::other(error)),
                }
            }
            journal.write_end(&attempt, &end, short.as_deref()).await;
            {
                let mut state = journal.lock();
                state.open = None;
                state.notes.last_charge = record.as_ref().map(|record| record.charge).or(state.notes.last_charge);
                state.notes.kept.extend(end.answer.is_some().then_some(attempt.number));
                state.notes.waits_for_task = false;
            }
            if throttled {
                context.slow_down(record.as_ref().and_then(|record| record.wait).unwrap_or_default()).await;
            } else {
                journal.lock().held = permit;
            }
            if record.is_some() && kind.is_none() {
                context.gate.succeeded();
            }
            context.working(journal.worker, Phase::Finishing);
        })
    }
}

fn not_sent() -> AttemptEnd {
    AttemptEnd {
        charge: Charge::None,
        delivery: Delivery::NotSent,
        error: None,
        status: None,
        code: None,
        answer: None,
    }
}

fn end_of(record: &AttemptRecord) -> AttemptEnd {
    AttemptEnd {
        charge: record.charge,
        delivery: record.delivery,
        error: record.error.map(|kind| kind.as_str().to_owned()),
        status: record.status,
        code: record.code.as_ref().map(ToString::to_string),
        answer: None,
    }
}
