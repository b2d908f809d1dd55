//! For every behaviour of the network and the driver a call ends within its attempts, charges and deadline.
#![no_main]

use std::sync::Arc;
use std::time::Duration;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use volcv_core::{Call, CallConfig, ErrorKind, Plan, RetryAction, RetryBudget};
use volcv_fuzz::{Event, check_texts, credentials, direct, drive, gateway, plan, submit, wait};
use volcv_types::Charge;

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    /// Attempts, charges and tokens that are allowed; what the decision hook says, and which call it is.
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
    let says = [RetryAction::Again, RetryAction::WithinChargeLimit, RetryAction::NewSeed, RetryAction::Stop]
        .get(hook as usize)
        .copied();
    config.policy.decide = says.map(|then| Arc::new(move |_: &_, _| then) as _);
    config.budget = Arc::new(RetryBudget::new(tokens));
    config.limits.deadline = case.deadline.map(|millis| Duration::from_millis(millis.into()));

    let (plan, again) = match case.allowed[3] / 8 % 6 {
        1 => (plan(&direct(Some(credentials()))), 1),
        2 => (plan(&direct(None)), 1),
        3 => (submit(&gateway()), 0),
        4 => return check_wait(&wait(&gateway()), config, &case),
        5 => return check_wait(&wait(&direct(None)), config, &case),
        _ => (plan(&gateway()), 0),
    };
    let mut call = Call::new(plan, config.clone()).with_rng_seed(case.seed);
    let deadline = config.limits.deadline.unwrap_or(Duration::MAX);
    let (result, sent) = drive(&mut call, &case.events, deadline, false);

    let attempts = result.as_ref().map_or_else(|error| error.attempts(), |outcome| &outcome.attempts);
    assert_eq!(attempts.len(), sent);
    // A call is signed again at most once, which does not count.
    assert!(sent <= again + 1.max(max_attempts as usize) && sent <= again + 1 + tokens as usize);
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

/// A wait for a task costs nothing but what the task costs, and no token.
fn check_wait(plan: &Plan, mut config: CallConfig, case: &Case<'_>) {
    let deadline = *config.limits.deadline.get_or_insert(Duration::from_secs(3600));
    let tokens = config.budget.tokens();
    let mut call = Call::new(plan.clone(), config.clone()).with_rng_seed(case.seed);
    let (result, _) = drive(&mut call, &case.events, deadline, true);
    assert_eq!(config.budget.tokens(), tokens);
    let attempts = result.as_ref().map_or_else(|error| error.attempts(), |outcome| &outcome.attempts);
    let paid = attempts.iter().filter(|attempt| attempt.charge > Charge::None).count();
    // The decision hook can ask again for a picture that came with a failure.
    assert!(paid <= 1.max(config.policy.charge_limit as usize));
    match &result {
        Ok(outcome) => assert!(paid > 0 && !outcome.outputs.is_empty()),
        Err(error) => {
            assert!(error.kind() != ErrorKind::OutcomeUnknown);
            check_texts(error);
        }
    }
}
