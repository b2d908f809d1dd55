//! For every behaviour of the network and the driver a call ends within its attempts, charges and deadline.
#![no_main]

use std::sync::Arc;
use std::time::Duration;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use volcv_core::{Call, CallConfig, RetryBudget, RetryAction};
use volcv_fuzz::{Event, check_texts, drive, plan};
use volcv_types::Charge;

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    /// Attempts, charges and tokens that are allowed, and what the decision hook says.
    allowed: [u8; 4],
    new_seed: bool,
    deadline: Option<u16>,
    seed: u64,
    events: Vec<Event<'a>>,
}

fuzz_target!(|case: Case<'_>| {
    let [max_attempts, charge_limit, tokens, hook] = case.allowed.map(|byte| u32::from(byte % 8));
    let mut config = CallConfig::default();
    (config.policy.max_attempts, config.policy.charge_limit) = (max_attempts, charge_limit);
    config.policy.new_seed = case.new_seed;
    let says = [RetryAction::Again, RetryAction::WithinChargeLimit, RetryAction::NewSeed, RetryAction::Stop].get(hook as usize).copied();
    config.policy.decide = says.map(|then| Arc::new(move |_: &_, _| then) as _);
    config.budget = Arc::new(RetryBudget::new(tokens));
    config.limits.deadline = case.deadline.map(|millis| Duration::from_millis(millis.into()));
    let deadline = config.limits.deadline.unwrap_or(Duration::MAX);

    let mut call = Call::new(plan(), config.clone()).with_rng_seed(case.seed);
    let (result, sent) = drive(&mut call, &case.events, deadline);

    let attempts = result.as_ref().map_or_else(|error| error.attempts(), |outcome| &outcome.attempts);
    assert_eq!(attempts.len(), sent);
    assert!(sent <= 1.max(max_attempts as usize) && sent <= 1 + tokens as usize);
    assert!(config.budget.tokens() <= tokens);
    let paid = attempts.iter().filter(|attempt| attempt.charge > Charge::None).count();
    assert!(paid <= 1.max(charge_limit as usize));
    for attempt in attempts {
        let success = attempt.status.is_some_and(|status| (200..300).contains(&status));
        assert!(attempt.charge == Charge::None || attempt.delivery.is_full() || success);
        // A call that may have bought a picture is never reported as free.
        assert!(attempt.charge > Charge::None || attempt.status.is_some() || !attempt.delivery.is_full());
    }
    if let Err(error) = &result {
        let charge = attempts.iter().map(|attempt| attempt.charge).max().unwrap_or(Charge::None);
        assert_eq!(error.charge(), charge);
        assert!(!error.is_retryable() || charge == Charge::None);
        check_texts(error);
    }
});
