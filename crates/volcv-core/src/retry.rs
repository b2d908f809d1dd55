//! What an attempt cost and what follows it. Every decision about money and about sending again is made in this file.
//!
//! `decide` turns the facts of an attempt into a charge and an action, by two tables: [`RULES`] for paid calls, and
//! `DOWNLOADS` for fetching the link of a result, which is free.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, SystemTime};

use volcv_types::Charge;

use crate::call::delivery::Delivery;
use crate::error::AttemptRecord;

/// What ended an attempt, as far as money is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttemptEvent {
    /// No name, no connection, no handshake, or a limit before the first byte of the body.
    NotSent,
    /// The server's certificate was refused.
    CertificateRefused,
    /// The proxy asks for a user name and a password, or for others.
    ProxyRefused,
    /// A write error, a stall, a limit or a failure reply while the body was only partly delivered.
    UploadBroken,
    /// The whole body was delivered, and then an error or a limit came instead of a reply.
    Unanswered,
    /// A success status, but a reply that is cut, malformed or too large.
    ReplyUnusable,
    /// Status 429, or code 50429 or 50430 at any status.
    Throttled,
    /// Status 503 with `Retry-After`.
    Busy,
    /// Status 5xx, 406 `upstream_error` without an inner code, codes 50500 and 50501, unknown codes.
    ServiceFailed,
    /// Codes such as 50511 and 50519: this one result was refused.
    ResultRefusedOnce,
    /// The result was refused for good.
    ResultRefused,
    /// Status 4xx, a redirect of a call, input refused, key or account refused.
    CallRefused,
    /// The caller gave up.
    Cancelled,
}

/// What the client does after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetryAction {
    /// Sends it again, if attempts, budget and deadline allow.
    Again,
    /// Sends it again only as far as `charge_limit` allows attempts that may have been charged.
    WithinChargeLimit,
    /// As [`RetryAction::WithinChargeLimit`], with a new seed, if the policy asks for it.
    NewSeed,
    /// Gives up.
    Stop,
}

/// One row of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// What ended the attempt.
    pub event: AttemptEvent,
    /// Whether an attempt whose whole body was delivered may have been charged.
    pub charge: Charge,
    /// What follows by default.
    pub action: RetryAction,
}

/// The table of paid calls. Its reasons: the service acts on complete JSON only, so what was partly delivered has bought
/// nothing; what was fully delivered may have been billed whatever became of the reply.
#[rustfmt::skip]
pub const RULES: [Rule; 13] = [
    rule(AttemptEvent::NotSent,            Charge::None,    RetryAction::Again),
    rule(AttemptEvent::CertificateRefused, Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::ProxyRefused,       Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::UploadBroken,       Charge::None,    RetryAction::Again),
    rule(AttemptEvent::Unanswered,         Charge::Unknown, RetryAction::WithinChargeLimit),
    rule(AttemptEvent::ReplyUnusable,      Charge::Charged, RetryAction::Stop),
    rule(AttemptEvent::Throttled,          Charge::None,    RetryAction::Again),
    rule(AttemptEvent::Busy,               Charge::None,    RetryAction::Again),
    rule(AttemptEvent::ServiceFailed,      Charge::Unknown, RetryAction::WithinChargeLimit),
    rule(AttemptEvent::ResultRefusedOnce,  Charge::Unknown, RetryAction::NewSeed),
    rule(AttemptEvent::ResultRefused,      Charge::Unknown, RetryAction::Stop),
    rule(AttemptEvent::CallRefused,        Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::Cancelled,          Charge::Unknown, RetryAction::Stop),
];

const fn rule(event: AttemptEvent, charge: Charge, action: RetryAction) -> Rule {
    Rule { event, charge, action }
}

impl AttemptEvent {
    /// The row of [`RULES`].
    pub fn rule(self) -> Rule {
        // The table has the order of the enum, which a test checks.
        RULES[self as usize]
    }
}

/// What ended an attempt to fetch the link of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DownloadEvent {
    /// No connection, or no reply.
    NotReached,
    /// The certificate of the link's host was refused.
    CertificateRefused,
    /// A status other than 2xx. Storage that answers 403 or 404 may only not have the picture yet.
    Refused,
    /// A file that is cut, or not a picture.
    Broken,
    /// A file over the size limit, or compressed.
    Unusable,
    /// The caller gave up.
    Cancelled,
}

/// The table of downloads. The picture was paid for before: no row has a charge.
const DOWNLOADS: [(DownloadEvent, RetryAction); 6] = [
    (DownloadEvent::NotReached, RetryAction::Again),
    (DownloadEvent::CertificateRefused, RetryAction::Stop),
    (DownloadEvent::Refused, RetryAction::Again),
    (DownloadEvent::Broken, RetryAction::Again),
    (DownloadEvent::Unusable, RetryAction::Stop),
    (DownloadEvent::Cancelled, RetryAction::Stop),
];

/// The facts of a failed attempt. They say what was seen, and nothing of what it means for money.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Facts {
    /// Of a paid call.
    Call {
        event: AttemptEvent,
        delivery: Delivery,
        /// The HTTP status, if a reply began.
        status: Option<u16>,
        /// A whole picture is among the bytes of the reply.
        has_picture: bool,
    },
    /// Of a download.
    Download(DownloadEvent),
}

/// What an attempt cost, and what follows it by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) charge: Charge,
    pub(crate) action: RetryAction,
}

/// Decides by the two tables. [`RULES`] speaks of a whole body; three facts weigh more than its rows.
pub(crate) fn decide(facts: Facts) -> Decision {
    let (mut event, delivery, status, has_picture) = match facts {
        Facts::Download(event) => {
            // The table has the order of the enum, which a test checks.
            return Decision { charge: Charge::None, action: DOWNLOADS[event as usize].1 };
        }
        Facts::Call { event, delivery, status, has_picture } => (event, delivery, status, has_picture),
    };
    let success_status = matches!(status, Some(200..=299));
    // To send the call again would buy a second picture.
    if has_picture {
        event = AttemptEvent::ReplyUnusable;
    }
    let charge = match event {
        // A reply with a success status was billed, however much of the request had been sent when it came.
        AttemptEvent::ReplyUnusable | AttemptEvent::Cancelled if success_status => Charge::Charged,
        AttemptEvent::Cancelled if matches!(status, Some(..=499)) => Charge::None,
        // The service acts on a complete document only.
        _ if !delivery.is_full() => Charge::None,
        event => event.rule().charge,
    };
    // Status 408 is how a server says that it waited too long for the rest of the request.
    let is_broken_upload = !delivery.is_full() && (event == AttemptEvent::ServiceFailed || status == Some(408));
    if is_broken_upload && event != AttemptEvent::Cancelled {
        event = AttemptEvent::UploadBroken;
    }
    Decision { charge, action: event.rule().action }
}

/// What all attempts of a call cost together. The picture behind a link was paid for, whatever becomes of its download.
pub(crate) fn total_charge(attempts: &[AttemptRecord], is_download: bool) -> Charge {
    if is_download {
        return Charge::Charged;
    }
    attempts.iter().map(|attempt| attempt.charge).max().unwrap_or(Charge::None)
}

/// How often, how fast and at what risk a call is sent again.
#[derive(Clone)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Attempts of one call, the first included; 4.
    pub max_attempts: u32,
    /// Attempts of one call that are or may be charged; 1. Raising it allows resending after an unknown outcome.
    pub charge_limit: u32,
    /// The first wait is random between zero and this, the next between zero and twice this, …; 500 ms.
    pub base: Duration,
    /// No random wait is longer; 20 s.
    pub cap: Duration,
    /// A service that asks for a longer wait than this gets none: the call fails at once; 120 s.
    pub max_wait: Duration,
    /// Sends a call again with a new seed when the review refused its result; `charge_limit` holds; false.
    pub new_seed: bool,
    /// May replace what the table says for an attempt. The limits above hold all the same.
    pub decide: Option<Decide>,
}

/// The decision hook: the attempt, what the table says, and the answer.
pub type Decide = Arc<dyn Fn(&AttemptRecord, RetryAction) -> RetryAction + Send + Sync>;

impl RetryPolicy {
    /// The default policy.
    pub fn new() -> Self {
        Self::default()
    }

    /// One attempt, whatever happens.
    pub fn none() -> Self {
        Self::new().max_attempts(1)
    }

    /// Sets [`RetryPolicy::max_attempts`], at least 1.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets [`RetryPolicy::charge_limit`], at least 1.
    #[must_use]
    pub fn charge_limit(mut self, attempts: u32) -> Self {
        self.charge_limit = attempts;
        self
    }

    /// Sets [`RetryPolicy::base`] and [`RetryPolicy::cap`]: the ceiling of the first random wait, and that of all.
    #[must_use]
    pub fn backoff(mut self, base: Duration, cap: Duration) -> Self {
        (self.base, self.cap) = (base, cap);
        self
    }

    /// Sets [`RetryPolicy::max_wait`].
    #[must_use]
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// Sets [`RetryPolicy::new_seed`].
    #[must_use]
    pub fn new_seed(mut self, allow: bool) -> Self {
        self.new_seed = allow;
        self
    }

    /// Sets [`RetryPolicy::decide`].
    #[must_use]
    pub fn decide(
        mut self,
        decide: impl Fn(&AttemptRecord, RetryAction) -> RetryAction + Send + Sync + 'static,
    ) -> Self {
        self.decide = Some(Arc::new(decide));
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

/// Full jitter: anything between zero and the doubled base, so that many clients do not come back together.
pub(crate) fn backoff(policy: &RetryPolicy, retries: u32, rng: &mut fastrand::Rng) -> Duration {
    let ceiling = policy.base.saturating_mul(2_u32.saturating_pow(retries)).min(policy.cap);
    ceiling.mul_f64(rng.f64())
}

/// Reads `Retry-After`: seconds, with or without a fraction, or an HTTP date. Anything else says nothing.
///
/// Public for fuzzing and for hosts that show it.
pub fn parse_retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if text.bytes().next()?.is_ascii_digit() {
        let seconds: f64 = text.parse().ok()?;
        // Too large for a duration is longer than any wait.
        return Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_the_row_of_its_number() {
        for (i, rule) in RULES.iter().enumerate() {
            assert_eq!(rule.event as usize, i);
            assert_eq!(rule.event.rule(), *rule);
        }
        for (i, (event, _)) in DOWNLOADS.iter().enumerate() {
            assert_eq!(*event as usize, i);
        }
    }

    #[test]
    fn nothing_that_may_be_charged_is_sent_again_without_asking() {
        for rule in RULES {
            assert!(rule.charge == Charge::None || rule.action != RetryAction::Again, "{rule:?}");
        }
    }

    #[test]
    fn no_fact_makes_an_attempt_that_may_be_charged_be_sent_again_without_asking() {
        let deliveries = [Delivery::NotSent, Delivery::Partial { sent: 1, total: 2 }, Delivery::Full { total: 2 }];
        let statuses = [None, Some(200), Some(204), Some(302), Some(400), Some(408), Some(429), Some(500), Some(503)];
        for event in RULES.map(|rule| rule.event) {
            for (delivery, status) in deliveries.into_iter().flat_map(|d| statuses.map(|status| (d, status))) {
                for has_picture in [false, true] {
                    let facts = Facts::Call { event, delivery, status, has_picture };
                    let Decision { charge, action } = decide(facts);
                    assert!(charge == Charge::None || action != RetryAction::Again, "{facts:?}");
                    assert!(!has_picture || action == RetryAction::Stop || status == Some(408), "{facts:?}");
                }
            }
        }
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (text, expected) in [
            ("3", Some(Duration::from_secs(3))),
            (" 1.5 ", Some(Duration::from_millis(1500))),
            ("Sun, 06 Nov 1994 08:49:40 GMT", Some(Duration::from_secs(3))),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(Duration::ZERO)),
            ("1e9", Some(Duration::from_secs(1_000_000_000))),
            ("99999999999999999999999", Some(Duration::MAX)),
            ("soon", None),
            ("-1", None),
            ("", None),
            ("3 apples", None),
        ] {
            assert_eq!(parse_retry_after(text, now), expected, "{text:?}");
        }
    }

    #[test]
    fn waits_grow_up_to_the_cap() {
        let (policy, mut rng) = (RetryPolicy::default(), fastrand::Rng::with_seed(1));
        for retries in 0..40 {
            let ceiling = Duration::from_millis(500 * (1 << retries.min(10))).min(Duration::from_secs(20));
            assert!(backoff(&policy, retries, &mut rng) <= ceiling);
        }
    }

    #[test]
    fn a_budget_is_never_negative_nor_overfull() {
        let budget = RetryBudget::new(2);
        assert!(budget.take() && budget.take() && !budget.take());
        (0..5).for_each(|_| budget.give_back());
        assert_eq!(budget.tokens(), 2);
    }
}
