//! One paid call as a state machine: what to send, how long to wait, and how it ends.
//!
//! A driver is a loop around [`Call::next`]:
//!
//! ```text
//! loop {
//!     match call.next(now()) {
//!         Step::Send(attempt) => { let sent = transport.send(attempt, call.reply()); call.on_sent(now(), sent) }
//!         Step::Wait(time) => sleep(time),
//!         Step::Done(result) => return result,
//!     }
//! }
//! ```

use std::sync::Arc;
use std::time::Duration;

use volcv_types::Charge;

use crate::call::classify::{Failure, cancelled, classify};
use crate::call::limits::{Limits, TimeLimit, Timer};
use crate::call::meter::{Meter, Observer, Phase};
use crate::call::time::Now;
use crate::error::{AttemptRecord, Error, ErrorKind};
use crate::exchange::{ReplySink, Request, Stop, TransportError};
use crate::outcome::Outcome;
use crate::pool::BufferPool;
use crate::reply::inbox::Inbox;
use crate::request::plan::{Expects, Plan};
use crate::retry::{Decision, RetryAction, RetryBudget, RetryPolicy, backoff, decide, total_charge};

/// What the driver has to do next.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "it is moved once for each attempt, which takes seconds")]
pub enum Step {
    /// Send this once, pushing the reply into [`Call::reply`]; then call [`Call::on_sent`].
    Send(Attempt),
    /// Sleep, then ask again.
    Wait(Duration),
    /// The call has ended.
    Done(Result<Outcome, Error>),
}

/// One attempt for a transport.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// What to send.
    pub request: Request,
    /// The limits of this attempt: `attempt` never reaches beyond the deadline of the call.
    pub limits: Limits,
    /// Tells when one of the limits has passed.
    pub timer: Timer,
}

/// What all calls of a client share.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CallConfig {
    /// When to send again.
    pub policy: RetryPolicy,
    /// How long and how much.
    pub limits: Limits,
    /// Tokens for retries.
    pub budget: Arc<RetryBudget>,
    /// Memory for results.
    pub pool: BufferPool,
    /// What to say behind the text of an error when no connection comes about, such as which proxy is used; empty for
    /// nothing. The core reads no environment: who knows about proxies says so here.
    pub hint: String,
}

/// Seeds that volcv makes: those that every ability of the service takes.
const NEW_SEEDS: std::ops::RangeInclusive<i64> = 0..=i32::MAX as i64;

/// Redirects of a result's link that are followed, each checked as the link itself.
const MAX_REDIRECTS: usize = 5;

/// One call.
pub struct Call {
    plan: Plan,
    /// Of a download that was redirected: the link itself, with which the next try begins.
    link: Option<Plan>,
    /// Redirects since the last try of the link itself.
    hops: usize,
    /// All redirects. Each is among `attempts`, but is not counted as one.
    redirects: usize,
    config: CallConfig,
    observer: Option<Observer>,
    index: usize,
    rng: fastrand::Rng,
    attempts: Vec<AttemptRecord>,
    deadline: Option<Duration>,
    state: State,
}

enum State {
    /// To be sent now.
    Ready,
    /// With the transport.
    Sending { meter: Meter, inbox: Box<Inbox>, since: Duration },
    /// To be sent at this moment; the error is what to say if that comes too late.
    Waiting { until: Duration, last: Error },
    /// To be reported.
    Ended(Box<Result<Outcome, Error>>),
    /// Reported.
    Reported,
}

impl Call {
    /// A call that has not been sent yet.
    pub fn new(plan: Plan, config: CallConfig) -> Self {
        let rng = fastrand::Rng::new();
        Self {
            plan,
            link: None,
            hops: 0,
            redirects: 0,
            config,
            observer: None,
            index: 0,
            rng,
            attempts: Vec::new(),
            deadline: None,
            state: State::Ready,
        }
    }

    /// Reports every change of progress to `observer`.
    #[must_use]
    pub fn observed_by(mut self, observer: Option<Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// Says which call of a batch this is, for its observer.
    pub(crate) fn with_index(mut self, index: usize) -> Self {
        self.index = index;
        self
    }

    /// Makes the random waits and seeds repeatable, for tests.
    #[must_use]
    pub fn with_rng_seed(mut self, seed: u64) -> Self {
        self.rng = fastrand::Rng::with_seed(seed);
        self
    }

    /// What to do next.
    pub fn next(&mut self, now: Now) -> Step {
        let deadline = *self.deadline.get_or_insert_with(|| {
            let deadline = self.config.limits.deadline.unwrap_or(Duration::MAX);
            now.mono.saturating_add(deadline)
        });
        match std::mem::replace(&mut self.state, State::Reported) {
            State::Waiting { until, last } if now.mono < until => {
                self.state = State::Waiting { until, last };
                Step::Wait(until - now.mono)
            }
            // The driver overslept: the reason for the wait is still the better explanation.
            State::Waiting { last, .. } if now.mono >= deadline => Step::Done(Err(last)),
            State::Ready if now.mono >= deadline => {
                let error = Error::new(ErrorKind::Timeout, "the deadline passed before the call was sent");
                Step::Done(Err(self.finish(error, false)))
            }
            State::Ready | State::Waiting { .. } => Step::Send(self.start(now.mono, deadline)),
            State::Ended(result) => Step::Done(*result),
            sending @ State::Sending { .. } => {
                // Only a driver that forgot `on_sent` comes here; the attempt counts as broken off.
                self.state = sending;
                self.on_sent(now, Err(TransportError::new(crate::TransportErrorKind::Other)));
                self.next(now)
            }
            State::Reported => Step::Done(Err(Error::config("the call has ended already"))),
        }
    }

    /// The attempts that have ended so far, the oldest first.
    pub fn attempts(&self) -> &[AttemptRecord] {
        &self.attempts
    }

    /// The sink for the reply of the current attempt.
    pub fn reply(&mut self) -> &mut (dyn ReplySink + Send) {
        self
    }

    /// The attempt has ended: the transport returned, or was dropped because a limit had passed.
    pub fn on_sent(&mut self, now: Now, result: Result<(), TransportError>) {
        let State::Sending { meter, inbox, since } = std::mem::replace(&mut self.state, State::Reported) else {
            debug_assert!(false, "on_sent belongs to a Step::Send");
            return;
        };
        let phase = meter.progress().phase;
        let delivery = meter.seal();
        let status = inbox.status();
        let mut record = AttemptRecord {
            error: None,
            delivery,
            status,
            code: None,
            charge: if self.is_download() { Charge::None } else { Charge::Charged },
            elapsed: now.mono.saturating_sub(since),
            wait: None,
        };
        match classify(&self.plan, *inbox, delivery, phase, result, &self.config.hint, now) {
            Ok(mut outcome) => {
                self.give_back_token();
                self.attempts.push(record);
                outcome.attempts = self.attempts.clone();
                self.state = State::Ended(Box::new(Ok(outcome)));
            }
            Err(Failure { location: Some(location), .. }) => {
                self.attempts.push(record);
                self.follow(&location);
            }
            Err(failure) => {
                record.error = Some(failure.error.kind());
                record.code = failure.error.service_code().cloned();
                let decision = decide(failure.facts);
                record.charge = decision.charge;
                self.attempts.push(record);
                self.apply(decision, failure.error, now.mono, &meter);
            }
        }
    }

    /// The caller gives up between attempts. During one, the transport ends it with `Cancelled` instead.
    pub fn cancel(&mut self, now: Now) {
        if let State::Sending { .. } = self.state {
            return self.on_sent(now, Err(TransportError::new(crate::TransportErrorKind::Cancelled)));
        }
        if !matches!(self.state, State::Ended(_) | State::Reported) {
            let error = if matches!(self.state, State::Waiting { .. }) {
                // The retry that it paid for will not happen.
                self.give_back_token();
                cancelled(format_args!("while {}", Phase::Backoff))
            } else {
                cancelled("before it was sent")
            };
            self.end(error, false);
        }
    }

    /// Sends again or ends the call. The decision proposes, the caller's hook may differ, the limits have the last word.
    fn apply(&mut self, decision: Decision, error: Error, now: Duration, meter: &Meter) {
        let policy = &self.config.policy;
        let record = self.attempts.last().expect("the attempt was recorded by the caller");
        let action = policy.decide.as_ref().map_or(decision.action, |decide| decide(record, decision.action));
        let paid = self.attempts.iter().filter(|attempt| attempt.charge > Charge::None).count();
        let retryable = decision.action == RetryAction::Again && decision.charge == Charge::None;

        let wanted = match action {
            RetryAction::Again | RetryAction::WithinChargeLimit => true,
            RetryAction::NewSeed => policy.new_seed && self.plan.seed().is_some(),
            RetryAction::Stop => false,
        };
        let cancelled = error.kind() == ErrorKind::Cancelled;
        let attempts = self.attempts.len() - self.redirects;
        let affordable = paid < policy.charge_limit as usize && attempts < policy.max_attempts as usize;
        if !wanted || !affordable || cancelled {
            return self.end(error, retryable);
        }
        let retries = u32::try_from(attempts - 1).unwrap_or(u32::MAX);
        let asked = error.retry_after().unwrap_or_default();
        let wait = backoff(policy, retries, &mut self.rng).max(asked);
        let until = now.saturating_add(wait);
        let in_time = self.deadline.is_none_or(|deadline| until < deadline) && asked <= policy.max_wait;
        if !in_time || !self.take_token() {
            return self.end(error, retryable);
        }
        if action == RetryAction::NewSeed {
            self.plan = self.plan.with_seed(self.rng.i64(NEW_SEEDS));
        }
        if let Some(link) = &self.link {
            (self.plan, self.hops) = (link.clone(), 0);
        }
        if let Some(last) = self.attempts.last_mut() {
            last.wait = Some(wait);
        }
        meter.report_backoff(error.kind(), wait);
        let last = self.finish(error, retryable);
        self.state = State::Waiting { until, last };
    }

    /// Goes on where the link has moved to, at once.
    fn follow(&mut self, location: &str) {
        (self.hops, self.redirects) = (self.hops + 1, self.redirects + 1);
        let next = match self.hops {
            ..=MAX_REDIRECTS => self.plan.redirected(location),
            _ => Err(Error::decode(format!("the link to the picture is redirected more than {MAX_REDIRECTS} times"))),
        };
        match next {
            Ok(next) => {
                let before = std::mem::replace(&mut self.plan, next);
                self.link.get_or_insert(before);
                self.state = State::Ready;
            }
            Err(error) => self.end(error, false),
        }
    }

    /// Takes a token for a retry. The budget protects the paid service: the host of a link is another.
    fn take_token(&self) -> bool {
        self.is_download() || self.config.budget.take()
    }

    fn give_back_token(&self) {
        if !self.is_download() {
            self.config.budget.give_back();
        }
    }

    fn is_download(&self) -> bool {
        self.plan.expects() == Expects::File
    }

    fn start(&mut self, now: Duration, deadline: Duration) -> Attempt {
        let number = u32::try_from(self.attempts.len() + 1).unwrap_or(u32::MAX);
        let meter = Meter::of(self.index, number, self.plan.body_len(), self.observer.clone());
        meter.report();
        let configured = self.config.limits;
        let limits = Limits { attempt: configured.attempt.min(deadline.saturating_sub(now)), ..configured };
        let timer = Timer::new(configured, meter.clone(), now, Some(deadline));
        let request = self.plan.request(meter.clone());
        let inbox = Inbox::new(meter.clone(), configured.reply_bytes, self.plan.expects(), &self.config.pool);
        let inbox = Box::new(inbox);
        self.state = State::Sending { meter, inbox, since: now };
        Attempt { request, limits, timer }
    }

    fn end(&mut self, error: Error, retryable: bool) {
        let error = self.finish(error, retryable);
        self.state = State::Ended(Box::new(Err(error)));
    }

    /// Adds what only the whole call knows: all attempts, and what they cost together.
    fn finish(&self, error: Error, retryable: bool) -> Error {
        let charge = total_charge(&self.attempts, self.is_download());
        let retryable = retryable && (charge == Charge::None || self.is_download());
        error.with_charge(charge).with_retryable(retryable).with_attempts(self.attempts.clone())
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("plan", &self.plan).field("attempts", &self.attempts).finish_non_exhaustive()
    }
}

/// Outside of an attempt there is no reply to take.
impl ReplySink for Call {
    fn head(&mut self, status: u16, headers: &http::HeaderMap) -> Result<(), Stop> {
        match &mut self.state {
            State::Sending { inbox, .. } => inbox.head(status, headers),
            _ => Err(Stop),
        }
    }

    fn data(&mut self, chunk: &[u8]) -> Result<(), Stop> {
        match &mut self.state {
            State::Sending { inbox, .. } => inbox.data(chunk),
            _ => Err(Stop),
        }
    }
}

/// The time limit that a transport hit by itself, for those that report it.
impl From<TimeLimit> for TransportError {
    fn from(limit: TimeLimit) -> Self {
        TransportError::new(crate::TransportErrorKind::Timeout(limit))
    }
}
