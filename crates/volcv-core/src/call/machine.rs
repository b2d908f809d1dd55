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

use crate::call::classify::{AttemptEnd, Classified, cancelled, classify};
use crate::call::config::CallConfig;
use crate::call::limits::{Limits, Timer};
use crate::call::meter::Meter;
use crate::call::policy::{RetryBudget, backoff};
use crate::call::progress::{Observer, Phase};
use crate::call::time::Now;
use crate::error::{AttemptRecord, Error, ErrorKind};
use crate::exchange::{ReplySink, Request, Stop, TransportError, TransportErrorKind};
use crate::outcome::Outcome;
use crate::reply::inbox::Inbox;
use crate::request::expects::Expects;
use crate::request::plan::Plan;
use crate::retry::{Decision, RetryAction, charge_of_call, decide, is_retryable};

/// What the driver has to do next.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a step is moved once for each attempt, which takes seconds")]
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
    /// The timer that reports which limit has passed.
    pub timer: Timer,
}

/// The seeds that volcv chooses from. Every ability of the service accepts them.
const NEW_SEEDS: std::ops::RangeInclusive<i64> = 0..=i32::MAX as i64;

/// The most redirects of a result's link that are followed. Each target is checked as the link itself.
const MAX_REDIRECTS: usize = 5;

/// One call.
pub struct Call {
    plan: Plan,
    /// Of a download that was redirected: the link itself, with which the next try begins.
    link: Option<Plan>,
    /// Redirects since the last try of the link itself.
    hops: usize,
    /// All redirects. Each has a record in `attempts`, but does not count towards `max_attempts`.
    redirects: usize,
    config: CallConfig,
    /// Tokens for retries; none of a download.
    budget: Option<Arc<RetryBudget>>,
    observer: Option<Observer>,
    index: usize,
    rng: fastrand::Rng,
    attempts: Vec<AttemptRecord>,
    deadline: Option<Duration>,
    state: State,
    no_reply: NoReply,
}

enum State {
    /// The next attempt is due.
    Ready,
    /// The transport has the attempt.
    Sending { meter: Meter, inbox: Box<Inbox>, since: Duration },
    /// The next attempt is due at `until`. `last` is the error of the call if the deadline passes before.
    Waiting { until: Duration, last: Error },
    /// The result is not reported yet.
    Ended(Box<Result<Outcome, Error>>),
    /// The result is reported.
    Reported,
}

impl Call {
    /// A call that has not been sent yet.
    pub fn new(plan: Plan, config: CallConfig) -> Self {
        // The budget protects the paid service, and the host of a link is a different one.
        let budget = (plan.expects() != Expects::File).then(|| Arc::clone(&config.budget));
        let rng = fastrand::Rng::new();
        Self {
            plan,
            link: None,
            hops: 0,
            redirects: 0,
            config,
            budget,
            observer: None,
            index: 0,
            rng,
            attempts: Vec::new(),
            deadline: None,
            state: State::Ready,
            no_reply: NoReply,
        }
    }

    /// Reports every change of progress to `observer`.
    #[must_use]
    pub fn observed_by(mut self, observer: Option<Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// Sets the index of the call in its batch, which its observer gets.
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
            // The driver slept too long. The last error explains more than the deadline.
            State::Waiting { last, .. } if now.mono >= deadline => Step::Done(Err(last)),
            State::Ready if now.mono >= deadline => {
                let error = Error::new(ErrorKind::Timeout, "the deadline passed before the call was sent");
                Step::Done(Err(self.finish(error, false)))
            }
            State::Ready | State::Waiting { .. } => Step::Send(self.start(now.mono, deadline)),
            State::Ended(result) => Step::Done(*result),
            sending @ State::Sending { .. } => {
                // The driver did not call `on_sent`. The attempt counts as failed.
                self.state = sending;
                self.on_sent(now, Err(TransportError::new(TransportErrorKind::Other)));
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
        match &mut self.state {
            State::Sending { inbox, .. } => inbox.as_mut(),
            _ => &mut self.no_reply,
        }
    }

    /// The attempt has ended: the transport returned, or was dropped because a limit had passed.
    pub fn on_sent(&mut self, now: Now, result: Result<(), TransportError>) {
        let State::Sending { meter, inbox, since } = std::mem::replace(&mut self.state, State::Reported) else {
            debug_assert!(false, "on_sent belongs to a Step::Send");
            return;
        };
        let phase = meter.progress().phase;
        let delivery = meter.seal();
        let end = AttemptEnd { inbox: *inbox, delivery, phase, result, now };
        let Classified { facts, location, result } = classify(&self.plan, end, &self.config.hint);
        let decision = decide(&facts);
        let is_redirect = decision.action == RetryAction::Follow;
        let failure = result.as_ref().err().filter(|_| !is_redirect);
        self.attempts.push(AttemptRecord {
            error: failure.map(Error::kind),
            delivery,
            status: facts.status,
            code: failure.and_then(Error::service_code).cloned(),
            charge: decision.charge,
            elapsed: now.mono.saturating_sub(since),
            wait: None,
        });
        match result {
            Ok(mut outcome) => {
                self.give_back_token();
                outcome.attempts = self.attempts.clone();
                self.state = State::Ended(Box::new(Ok(outcome)));
            }
            Err(_) if is_redirect => self.follow(&location.unwrap_or_default()),
            Err(error) => self.retry_or_end(error, decision, now.mono, &meter),
        }
    }

    /// The caller cancels the call between attempts. During an attempt, the transport ends it with `Cancelled` instead.
    pub fn cancel(&mut self, now: Now) {
        if let State::Sending { .. } = self.state {
            return self.on_sent(now, Err(TransportError::new(TransportErrorKind::Cancelled)));
        }
        if !matches!(self.state, State::Ended(_) | State::Reported) {
            let error = if matches!(self.state, State::Waiting { .. }) {
                // The retry for this token is not made.
                self.give_back_token();
                cancelled(format_args!("while {}", Phase::Backoff))
            } else {
                cancelled("before it was sent")
            };
            self.end(error, false);
        }
    }

    /// Applies the decision about the last attempt. The caller's hook may replace the action; the limits still hold.
    fn retry_or_end(&mut self, error: Error, decision: Decision, now: Duration, meter: &Meter) {
        let policy = &self.config.policy;
        let record = self.attempts.last().expect("the attempt was recorded by the caller");
        let action = policy.decide.as_ref().map_or(decision.action, |hook| hook(record, decision.action));
        let wanted = match action {
            RetryAction::Again | RetryAction::WithinChargeLimit => true,
            RetryAction::NewSeed => policy.new_seed && self.plan.seed().is_some(),
            RetryAction::Follow | RetryAction::Stop => false,
        };
        let paid = self.charges().filter(|charge| *charge > Charge::None).count();
        let attempts = self.attempts.len() - self.redirects;
        let affordable = paid < policy.charge_limit as usize && attempts < policy.max_attempts as usize;
        let retryable = is_retryable(decision, self.charges());
        // No hook can undo a cancel.
        if !wanted || !affordable || error.kind() == ErrorKind::Cancelled {
            return self.end(error, retryable);
        }
        let retries = u32::try_from(attempts - 1).unwrap_or(u32::MAX);
        let asked = error.retry_after().unwrap_or_default();
        let wait = backoff(policy, retries, &mut self.rng).max(asked);
        let until = now.saturating_add(wait);
        let in_time = self.deadline.is_none_or(|deadline| until < deadline) && asked <= policy.max_wait;
        if !in_time || !self.budget.as_ref().is_none_or(|budget| budget.take()) {
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

    /// Follows a redirect.
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

    fn give_back_token(&self) {
        if let Some(budget) = &self.budget {
            budget.give_back();
        }
    }

    fn charges(&self) -> impl Iterator<Item = Charge> + '_ {
        self.attempts.iter().map(|attempt| attempt.charge)
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
        let charge = charge_of_call(self.plan.expects(), self.charges());
        error.with_charge(charge).with_retryable(retryable).with_attempts(self.attempts.clone())
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("plan", &self.plan).field("attempts", &self.attempts).finish_non_exhaustive()
    }
}

/// The sink between two attempts, which refuses every reply.
struct NoReply;

impl ReplySink for NoReply {
    fn head(&mut self, _: u16, _: &http::HeaderMap) -> Result<(), Stop> {
        Err(Stop)
    }

    fn data(&mut self, _: &[u8]) -> Result<(), Stop> {
        Err(Stop)
    }
}
