//! The retry policy of the caller and the retry budget of a client: how often, how fast and at what risk a call is sent
//! again.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use crate::error::AttemptRecord;
use crate::retry::RetryAction;

/// How often, how fast and at what risk a call is sent again.
#[derive(Clone)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Attempts of one call, the first included; 4. Questions about a task may fail five times as often in a row.
    pub max_attempts: u32,
    /// Attempts of one call that are or may be charged; 1. Raising it allows resending after an unknown outcome.
    pub charge_limit: u32,
    /// The first wait is random between zero and this, the next between zero and twice this, …; 500 ms.
    pub base: Duration,
    /// No random wait is longer; 20 s.
    pub cap: Duration,
    /// The call fails at once if the service asks for a longer wait than this; 120 s.
    pub max_wait: Duration,
    /// The first wait between two questions about a task; each next one is a quarter longer, up to five times the first; 2 s.
    pub poll_interval: Duration,
    /// Sends a call again with a new seed when the review refused its result; `charge_limit` holds; false.
    pub new_seed: bool,
    /// A hook that can replace the table's action for an attempt. The limits above still hold.
    pub decide: Option<Decide>,
}

/// The decision hook: it gets the attempt and the action of the table, and returns the action to take.
pub type Decide = Arc<dyn Fn(&AttemptRecord, RetryAction) -> RetryAction + Send + Sync>;

impl RetryPolicy {
    /// The default policy.
    ///
    /// ```
    /// use volcv_core::RetryPolicy;
    /// let policy = RetryPolicy::new().max_attempts(3).charge_limit(2);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// One attempt, however it ends; five of a question about a task.
    pub fn none() -> Self {
        Self::new().max_attempts(1)
    }

    /// Attempts of one call, the first included: at least 1; 4 by default. Questions about a task cost nothing, so they may
    /// fail five times as often in a row.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Attempts of one call that are or may be charged: at least 1; 1 by default. A higher limit allows to send a call
    /// again after an unknown outcome.
    #[must_use]
    pub fn charge_limit(mut self, attempts: u32) -> Self {
        self.charge_limit = attempts;
        self
    }

    /// The longest first wait; it doubles with each retry. Any duration; 500 ms by default.
    #[must_use]
    pub fn base(mut self, wait: Duration) -> Self {
        self.base = wait;
        self
    }

    /// The longest random wait. Any duration; 20 s by default.
    #[must_use]
    pub fn cap(mut self, wait: Duration) -> Self {
        self.cap = wait;
        self
    }

    /// The longest wait that the service may ask for. Any duration; 120 s by default.
    #[must_use]
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// The first wait between two questions about a task; each next one is a quarter longer, up to five times the first. At
    /// least 50 ms; 2 s by default, as public backends do it.
    #[must_use]
    pub fn poll_interval(mut self, wait: Duration) -> Self {
        self.poll_interval = wait;
        self
    }

    /// Whether a call whose result was refused is sent again with a new seed; false by default.
    #[must_use]
    pub fn new_seed(mut self, new_seed: bool) -> Self {
        self.new_seed = new_seed;
        self
    }

    /// Asks this hook for the action after each failed attempt; no hook by default.
    #[must_use]
    pub fn decide(mut self, hook: impl Fn(&AttemptRecord, RetryAction) -> RetryAction + Send + Sync + 'static) -> Self {
        self.decide = Some(Arc::new(hook));
        self
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 4,
            charge_limit: 1,
            base: Duration::from_millis(500),
            cap: Duration::from_secs(20),
            max_wait: Duration::from_secs(120),
            poll_interval: Duration::from_secs(2),
            new_seed: false,
            decide: None,
        }
    }
}

impl fmt::Debug for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryPolicy")
            .field("max_attempts", &self.max_attempts)
            .field("charge_limit", &self.charge_limit)
            .field("base", &self.base)
            .field("cap", &self.cap)
            .field("max_wait", &self.max_wait)
            .field("poll_interval", &self.poll_interval)
            .field("new_seed", &self.new_seed)
            .field("decide", &self.decide.is_some())
            .finish()
    }
}

/// Tokens for retries, shared by all calls of a client, so that a broken service is not flooded.
///
/// Every retry takes one token and every success gives one back; without a token the call fails at once.
#[derive(Debug)]
pub struct RetryBudget {
    tokens: AtomicU32,
    full: u32,
}

impl RetryBudget {
    /// A full budget of this many tokens; clients start with 10.
    pub fn new(tokens: u32) -> Self {
        Self { tokens: AtomicU32::new(tokens), full: tokens }
    }

    /// The tokens that are left.
    pub fn tokens(&self) -> u32 {
        self.tokens.load(SeqCst)
    }

    pub(crate) fn take(&self) -> bool {
        self.tokens.fetch_update(SeqCst, SeqCst, |tokens| tokens.checked_sub(1)).is_ok()
    }

    pub(crate) fn give_back(&self) {
        // A full budget stays as it is.
        let _ = self.tokens.fetch_update(SeqCst, SeqCst, |tokens| (tokens < self.full).then_some(tokens + 1));
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new(10)
    }
}

/// Full jitter: a random wait between zero and the doubled base, so that many clients do not return at the same time.
pub(crate) fn backoff(policy: &RetryPolicy, retries: u32, rng: &mut fastrand::Rng) -> Duration {
    let ceiling = policy.base.saturating_mul(2_u32.saturating_pow(retries)).min(policy.cap);
    ceiling.mul_f64(rng.f64())
}

/// The wait before the next question about a task that was at work in `polls` answers before.
pub(crate) fn poll_wait(policy: &RetryPolicy, polls: u32) -> Duration {
    // The service answers at most 20 questions a second (<https://www.volcengine.com/docs/6791/1359424>).
    let first = policy.poll_interval.max(Duration::from_millis(50));
    let longest = first.saturating_mul(5);
    (0..polls.min(16)).fold(first, |wait, _| wait.saturating_add(wait / 4)).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_cap() {
        let (policy, mut rng) = (RetryPolicy::default(), fastrand::Rng::with_seed(1));
        for retries in 0..40 {
            let ceiling = Duration::from_millis(500 * (1 << retries.min(10))).min(Duration::from_secs(20));
            assert!(backoff(&policy, retries, &mut rng) <= ceiling);
        }
    }

    #[test]
    fn questions_about_a_task_become_rarer() {
        let policy = RetryPolicy::default().poll_interval(Duration::from_secs(2));
        let waits: Vec<_> = (0..40).map(|polls| poll_wait(&policy, polls).as_millis()).collect();
        assert_eq!((&waits[..3], waits[39]), (&[2000, 2500, 3125][..], 10_000));
        assert!(waits.is_sorted());
        assert_eq!(poll_wait(&RetryPolicy::default().poll_interval(Duration::MAX), 9), Duration::MAX);
    }

    #[test]
    fn a_budget_is_never_negative_nor_overfull() {
        let budget = RetryBudget::new(2);
        assert!(budget.take() && budget.take() && !budget.take());
        (0..5).for_each(|_| budget.give_back());
        assert_eq!(budget.tokens(), 2);
    }
}
