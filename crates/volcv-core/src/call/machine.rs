//! One call as a state machine: what to send, how long to wait, and how it ends. To wait for a task is one call, too.
//!
//! A driver is a loop around [`Call::next`]:
//!
//! ```text
//! loop {
//!     match call.next(now()) {
//!         Step::Begin(body) => { let written = journal.begin(body); call.on_begun(written) }
//!         Step::Credentials(limit) => { let found = provider.ask(limit); call.on_credentials(now(), found) }
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
use crate::call::policy::{RetryBudget, backoff, poll_wait};
use crate::call::progress::{Observer, Phase};
use crate::call::step::{Attempt, CredentialsError, Step};
use crate::call::time::Now;
use crate::error::{AttemptRecord, Error, ErrorKind};
use crate::exchange::{ReplySink, Stop, TransportError, TransportErrorKind};
use crate::outcome::Outcome;
use crate::redact::brief;
use crate::reply::inbox::Inbox;
use crate::request::access::Clock;
use crate::request::credentials::Credentials;
use crate::request::expects::Expects;
use crate::request::plan::Plan;
use crate::retry::{AttemptEvent, Decision, RetryAction};
use crate::retry::{charge_before, charge_of_attempt, charge_of_call, decide, is_retryable};

/// The seeds that volcv chooses from. Every ability of the service accepts them.
const NEW_SEEDS: std::ops::RangeInclusive<i64> = 0..=i32::MAX as i64;

/// A wait for a task without a deadline ends after this time. The service forgets tasks after 12 to 24 hours.
const TASK_LIMIT: Duration = Duration::from_secs(3600);

/// Questions about a task cost nothing, so they may fail this many times as often in a row as an attempt of a call.
const POLLS_PER_ATTEMPT: u32 = 5;

/// The most redirects of a result's link that are followed. Each target is checked as the link itself.
const MAX_REDIRECTS: usize = 5;

/// One call.
pub struct Call {
    plan: Plan,
    /// Of a download that was redirected: the link itself, with which the next try begins.
    link: Option<Plan>,
    /// Redirects since the last try of the link itself.
    hops: usize,
    /// Attempts that do not count towards `max_attempts`, but have a record in `attempts`: redirects, an attempt with a wrong
    /// clock or an old token, and all polls before the last one that was answered.
    uncounted: usize,
    /// The call was signed again, for another clock or with other credentials, since the last answer about its task.
    signed_again: bool,
    /// Polls that found the task at work.
    polls: u32,
    /// Of a poll: what the task has cost, as far as its last answer tells.
    task_charge: Charge,
    config: CallConfig,
    /// Each attempt is written down before it is sent.
    journaled: bool,
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
    /// The driver writes the next attempt down.
    Beginning,
    /// The next attempt is due, and is written down.
    Begun,
    /// The driver asks for credentials.
    Asking,
    /// The next attempt is due, with the credentials that the driver has found.
    Signable,
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
        // The budget protects the paid service: the host of a link is a different one, and polls are cheap.
        let budget = plan.expects().is_paid().then(|| Arc::clone(&config.budget));
        let task_charge = charge_before(plan.expects());
        let rng = fastrand::Rng::new();
        Self {
            plan,
            link: None,
            hops: 0,
            uncounted: 0,
            signed_again: false,
            polls: 0,
            task_charge,
            config,
            journaled: false,
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

    /// Lets the driver write each attempt down before it is sent ([`Step::Begin`]), unless the call costs nothing.
    #[must_use]
    pub fn journaled(mut self, journaled: bool) -> Self {
        self.journaled = journaled && self.plan.expects().is_paid();
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
        let usual = if self.plan.expects() == Expects::TaskResult { TASK_LIMIT } else { Duration::MAX };
        let deadline = *self.deadline.get_or_insert_with(|| {
            let deadline = self.config.limits.deadline.unwrap_or(usual);
            now.mono.saturating_add(deadline)
        });
        match std::mem::replace(&mut self.state, State::Reported) {
            State::Waiting { until, last } if now.mono < until => {
                self.state = State::Waiting { until, last };
                Step::Wait(until - now.mono)
            }
            // The driver slept too long. The last error explains more than the deadline.
            State::Waiting { last, .. } if now.mono >= deadline => Step::Done(Err(last)),
            State::Ready | State::Begun | State::Signable if now.mono >= deadline => {
                let error = Error::new(ErrorKind::Timeout, "the deadline passed before the call was sent");
                Step::Done(Err(self.finish(error, self.plan.expects().is_poll())))
            }
            State::Ready | State::Waiting { .. } if self.journaled => {
                self.state = State::Beginning;
                Step::Begin(self.plan.body())
            }
            State::Ready | State::Begun | State::Waiting { .. } if !self.plan.is_ready(now.wall) => {
                self.state = State::Asking;
                Step::Credentials(self.config.limits.attempt.min(deadline.saturating_sub(now.mono)))
            }
            State::Ready | State::Begun | State::Waiting { .. } | State::Signable => {
                Step::Send(self.start(now, deadline))
            }
            State::Ended(result) => Step::Done(*result),
            // The driver did not report what came of the last step. The attempt counts as failed.
            sending @ State::Sending { .. } => {
                self.state = sending;
                self.on_sent(now, Err(TransportError::new(TransportErrorKind::Other)));
                self.next(now)
            }
            State::Beginning => {
                self.state = State::Beginning;
                self.on_begun(Err(Error::config("the driver did not write the attempt down")));
                self.next(now)
            }
            State::Asking => {
                self.state = State::Asking;
                self.on_credentials(now, Some(Err("the driver did not ask for any".into())));
                self.next(now)
            }
            State::Reported => Step::Done(Err(Error::config("the call has ended already"))),
        }
    }

    /// The attempt that [`Step::Begin`] speaks of is written down; or it must not be sent, and the call ends with this error.
    pub fn on_begun(&mut self, begun: Result<(), Error>) {
        debug_assert!(matches!(self.state, State::Beginning), "on_begun belongs to a Step::Begin");
        match (&self.state, begun) {
            (State::Beginning, Ok(())) => self.state = State::Begun,
            (State::Beginning, Err(error)) => {
                let retryable = error.is_retryable();
                self.end(error, retryable);
            }
            _ => {}
        }
    }

    /// Takes the credentials that [`Step::Credentials`] asks for; `None` says that the time for them has passed. Credentials
    /// that are known and have not ended yet are used where there are no new ones.
    pub fn on_credentials(&mut self, now: Now, found: Option<Result<Credentials, CredentialsError>>) {
        let (State::Asking, Some(signer)) = (&self.state, self.plan.signer()) else {
            debug_assert!(false, "on_credentials belongs to a Step::Credentials");
            return;
        };
        let failed = match found {
            Some(Ok(credentials)) => signer.keep(credentials, now.wall),
            Some(Err(error)) => {
                let text = brief(&error.to_string(), self.plan.secrets());
                Err(Error::auth(format!("there are no credentials: {text}")).with_source(error))
            }
            None => Err(Error::new(ErrorKind::Timeout, "the provider of credentials did not answer in time")),
        };
        match failed.or_else(|error| signer.usable(now.wall).ok_or(error)) {
            Ok(credentials) => {
                self.plan.set_credentials(credentials);
                self.state = State::Signable;
            }
            Err(error) => self.end(error, false),
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
        let Classified { facts, location, clock, result } = classify(&self.plan, end, &self.config.hint);
        let mut decision = decide(&facts);
        if decision.action == RetryAction::SignAgain && !self.can_sign_again(facts.event, clock) {
            decision.action = RetryAction::Stop;
        }
        let failure =
            result.as_ref().err().filter(|_| !matches!(decision.action, RetryAction::Follow | RetryAction::Poll));
        self.task_charge = decision.charge;
        self.record(AttemptRecord {
            error: failure.map(Error::kind),
            delivery,
            status: facts.status,
            code: failure.and_then(Error::service_code).cloned(),
            charge: charge_of_attempt(facts.expects, decision),
            elapsed: now.mono.saturating_sub(since),
            wait: None,
        });
        match (result, decision.action) {
            (Ok(mut outcome), _) => {
                self.give_back_token();
                outcome.attempts = self.attempts.clone();
                self.state = State::Ended(Box::new(Ok(outcome)));
            }
            (Err(_), RetryAction::Follow) => self.follow(&location.unwrap_or_default()),
            (Err(_), RetryAction::SignAgain) => self.sign_again(clock),
            (Err(error), RetryAction::Poll) => self.poll_later(error, now.mono, &meter),
            (Err(error), _) => {
                let error = error.with_task_ended(facts.event.ends_task());
                self.retry_or_end(error, facts.event, decision, now.mono, &meter);
            }
        }
    }

    /// Whether another signature can help: the clock of the service is known, or the driver can find other credentials.
    fn can_sign_again(&self, event: AttemptEvent, clock: Option<Clock>) -> bool {
        !self.signed_again
            && self.plan.signer().is_some_and(|signer| match event {
                AttemptEvent::ClockRefused => clock.is_some(),
                _ => signer.can_renew(),
            })
    }

    /// Keeps the record of an attempt. One record stands for all polls in a row that found the task at work.
    fn record(&mut self, record: AttemptRecord) {
        let was_pending = self.attempts.last().is_some_and(|last| self.polls > 0 && last.error.is_none());
        if was_pending && record.error.is_none() {
            self.attempts.pop();
        }
        self.attempts.push(record);
    }

    /// The caller cancels the call between attempts. During an attempt, the transport ends it with `Cancelled` instead.
    pub fn cancel(&mut self, now: Now) {
        if let State::Sending { .. } = self.state {
            return self.on_sent(now, Err(TransportError::new(TransportErrorKind::Cancelled)));
        }
        if !matches!(self.state, State::Ended(_) | State::Reported) {
            let error = match self.state {
                State::Waiting { .. } => {
                    // The retry for this token is not made.
                    self.give_back_token();
                    let has_failed = self.attempts.last().is_some_and(|last| last.error.is_some());
                    cancelled(format_args!("while {}", if has_failed { Phase::Backoff } else { Phase::Task }))
                }
                State::Asking => cancelled("while its credentials were asked for"),
                _ => cancelled("before it was sent"),
            };
            self.end(error, false);
        }
    }

    /// Applies the decision about the last attempt. The caller's hook may replace the action; the limits still hold.
    fn retry_or_end(&mut self, error: Error, event: AttemptEvent, decision: Decision, now: Duration, meter: &Meter) {
        let policy = &self.config.policy;
        let record = self.attempts.last().expect("the attempt was recorded by the caller");
        let action = policy.decide.as_ref().map_or(decision.action, |hook| hook(record, decision.action));
        let wanted = match action {
            RetryAction::Again | RetryAction::WithinChargeLimit => true,
            RetryAction::NewSeed => policy.new_seed && self.plan.seed().is_some(),
            RetryAction::Follow | RetryAction::SignAgain | RetryAction::Poll | RetryAction::Stop => false,
        };
        let paid = self.charges().filter(|charge| *charge > Charge::None).count();
        let attempts = self.attempts.len() - self.uncounted;
        let affordable = paid < policy.charge_limit as usize && attempts < self.max_attempts(event);
        let retryable = is_retryable(self.plan.expects(), decision, self.charges());
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

    /// How often an attempt may fail. A task that is not known is given up as early as a call.
    fn max_attempts(&self, event: AttemptEvent) -> usize {
        let attempts = self.config.policy.max_attempts;
        let is_patient = self.plan.expects().is_poll() && event != AttemptEvent::TaskNotFound;
        (if is_patient { attempts.saturating_mul(POLLS_PER_ATTEMPT) } else { attempts }) as usize
    }

    /// Asks about the task again after a while; at the deadline, the wait ends.
    fn poll_later(&mut self, error: Error, now: Duration, meter: &Meter) {
        let wait = poll_wait(&self.config.policy, self.polls);
        self.polls += 1;
        // An answer ends a row of failures, and says that the signature was good.
        (self.uncounted, self.signed_again) = (self.attempts.len(), false);
        if let Some(last) = self.attempts.last_mut() {
            last.wait = Some(wait);
        }
        meter.report_task();
        let until = now.saturating_add(wait);
        let until = self.deadline.map_or(until, |deadline| until.min(deadline));
        let last = self.finish(error, true);
        self.state = State::Waiting { until, last };
    }

    /// Sends the call again, signed for the clock of the service or with new credentials.
    fn sign_again(&mut self, clock: Option<Clock>) {
        (self.signed_again, self.uncounted) = (true, self.uncounted + 1);
        if let Some(signer) = self.plan.signer() {
            match (clock, self.plan.credentials()) {
                (Some(clock), _) => signer.set_clock(clock),
                (None, Some(refused)) => signer.forget(refused),
                (None, None) => {}
            }
        }
        self.state = State::Ready;
    }

    /// Follows a redirect.
    fn follow(&mut self, location: &str) {
        (self.hops, self.uncounted) = (self.hops + 1, self.uncounted + 1);
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

    fn start(&mut self, now: Now, deadline: Duration) -> Attempt {
        let (now, wall) = (now.mono, now.wall);
        let number = u32::try_from(self.attempts.len() + 1).unwrap_or(u32::MAX);
        let meter = Meter::of(self.index, number, self.plan.body_len(), self.observer.clone());
        meter.report();
        let configured = self.config.limits;
        let limits = Limits { attempt: configured.attempt.min(deadline.saturating_sub(now)), ..configured };
        let timer = Timer::new(configured, meter.clone(), now, Some(deadline));
        let request = self.plan.request(meter.clone(), wall);
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
        let charge = charge_of_call(self.plan.expects(), self.task_charge, self.charges());
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
