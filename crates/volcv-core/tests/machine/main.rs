//! Drives the call machine without sockets and clocks, with thousands of cases per second.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod any;
mod clock;
mod credentials;
mod journal;
mod messages;
mod paid;
mod play;
mod secrets;
mod table;
mod tasks;

use std::io::Read as _;
use std::time::Duration;

use play::*;
use proptest::prelude::*;
use volcv_core::http::HeaderMap;
use volcv_core::types::Charge;
use volcv_core::{Batch, Call, CallConfig, Error, ErrorKind, Step, TimeLimit, TransportErrorKind};

#[test]
fn a_success_carries_picture_seed_request_id_and_attempts() {
    let outcome = run(CallConfig::default(), &[Event::reply(200, SUCCESS)]).result.unwrap();
    assert_eq!(outcome.picture().unwrap().as_ref(), GIF);
    assert_eq!((outcome.seed, outcome.request_id.as_deref(), outcome.attempts.len()), (Some(7), Some("r"), 1));
    assert_eq!(outcome.attempts[0].charge, Charge::Charged);
}

#[test]
fn an_upload_that_breaks_is_sent_again_and_bought_once() {
    let broken = Event::fail(1, TransportErrorKind::Io);
    let run = run(CallConfig::default(), &[broken.clone(), broken, Event::reply(200, SUCCESS)]);
    assert_eq!((run.result.unwrap().attempts.len(), run.sent, run.complete), (3, 3, 1));
}

#[test]
fn a_request_that_was_delivered_is_never_sent_again() {
    for kind in [TransportErrorKind::Io, TransportErrorKind::Timeout(TimeLimit::Attempt), TransportErrorKind::Other] {
        let run = run(CallConfig::default(), &[Event::fail(2, kind)]);
        let error = run.result.unwrap_err();
        assert_eq!((error.kind(), error.charge(), run.complete), (ErrorKind::OutcomeUnknown, Charge::Unknown, 1));
        assert!(!error.is_retryable());
    }
}

#[test]
fn the_charge_limit_is_the_only_way_to_send_after_an_unknown_outcome() {
    let run = run(policy(9, 3), &[Event::fail(2, TransportErrorKind::Io)]);
    assert_eq!((run.complete, run.result.unwrap_err().charge()), (3, Charge::Unknown));
    let run = self::run(policy(9, 3), &[Event::reply(500, ""), Event::reply(200, SUCCESS)]);
    assert_eq!(run.complete, 2);
    assert_eq!(run.result.unwrap().attempts[0].charge, Charge::Unknown);
}

#[test]
fn max_attempts_ends_free_attempts() {
    let run = run(CallConfig::default(), &[Event::reply(429, "")]);
    let error = run.result.unwrap_err();
    assert_eq!(
        (run.sent, error.kind(), error.charge(), error.is_retryable()),
        (4, ErrorKind::Throttled, Charge::None, true)
    );
    assert_eq!(error.attempts().iter().filter(|attempt| attempt.wait.is_some()).count(), 3);
}

#[test]
fn retry_after_is_the_floor_of_the_wait() {
    for (text, low) in [("3", 3), ("Sun, 06 Nov 1994 08:49:48 GMT", 10), ("nonsense", 0)] {
        let events = [Event::reply(429, "").header("retry-after", text), Event::reply(200, SUCCESS)];
        let run = run(CallConfig::default(), &events);
        run.result.unwrap();
        assert!(run.waits[0] >= Duration::from_secs(low), "{text}: {:?}", run.waits);
    }
}

#[test]
fn a_wait_beyond_the_deadline_or_max_wait_fails_at_once() {
    let mut config = CallConfig::default();
    config.limits.deadline = Some(Duration::from_secs(5));
    for (config, text) in
        [(config, "10"), (CallConfig::default(), "1e9"), (CallConfig::default(), "99999999999999999999")]
    {
        let run = run(config, &[Event::reply(503, "").header("retry-after", text)]);
        let error = run.result.unwrap_err();
        assert_eq!((run.sent, run.waits.len()), (1, 0));
        assert!(error.retry_after().unwrap() >= Duration::from_secs(10) && error.is_retryable());
    }
}

#[test]
fn a_refused_result_gets_a_new_seed_only_on_request_and_within_the_charge_limit() {
    let refused = Event::reply(400, r#"{"code":50511,"message":"Post Img Risk Not Pass"}"#);
    let events = [refused.clone(), Event::reply(200, SUCCESS)];
    assert_eq!(run(policy(4, 4), &events).sent, 1);
    let mut config = policy(4, 1);
    config.policy.new_seed = true;
    assert_eq!(run(config.clone(), &events).sent, 1);
    config.policy.charge_limit = 2;
    let run = run(config, &events);
    assert!(run.seeds.len() == 2 && run.seeds[0] == 7 && run.seeds[1] != 7, "{:?}", run.seeds);
    assert_eq!(run.result.unwrap().seed, Some(run.seeds[1]));
}

#[test]
fn an_empty_budget_ends_retries_and_successes_fill_it() {
    let config = CallConfig::default();
    while config.budget.tokens() > 0 {
        run(config.clone(), &[Event::reply(429, "")]);
    }
    assert_eq!(run(config.clone(), &[Event::reply(429, "")]).sent, 1);
    run(config.clone(), &[Event::reply(200, SUCCESS)]).result.unwrap();
    assert_eq!(run(config, &[Event::reply(429, "")]).sent, 2);
}

#[test]
fn the_hook_may_replace_the_action_but_the_limits_hold() {
    let mut config = policy(3, 1);
    config.policy.decide = Some(std::sync::Arc::new(|_, _| volcv_core::RetryAction::Again));
    assert_eq!(run(config.clone(), &[Event::reply(401, "")]).sent, 3);
    assert_eq!(run(config.clone(), &[Event::reply(500, "")]).sent, 1);
    config.policy.decide = Some(std::sync::Arc::new(|_, _| volcv_core::RetryAction::Stop));
    assert_eq!(run(config, &[Event::reply(429, "")]).sent, 1);
}

#[test]
fn a_failure_reply_before_the_whole_body_has_bought_nothing() {
    let early = |status| Event { taken: 1, ..Event::reply(status, "") };
    let run = run(CallConfig::default(), &[early(502), Event::reply(200, SUCCESS)]);
    assert_eq!((run.sent, run.complete), (2, 1));
    let error = failure(&[early(413)]);
    assert_eq!((error.kind(), error.charge(), error.attempts().len()), (ErrorKind::InvalidInput, Charge::None, 1));
}

#[test]
fn a_cancelled_attempt_is_charged_by_what_was_delivered() {
    for (event, charge) in [
        (Event::fail(0, TransportErrorKind::Cancelled), Charge::None),
        (Event::fail(1, TransportErrorKind::Cancelled), Charge::None),
        (Event::fail(2, TransportErrorKind::Cancelled), Charge::Unknown),
        (Event { error: Some(TransportErrorKind::Cancelled), ..Event::reply(200, "{") }, Charge::Charged),
        (Event { error: Some(TransportErrorKind::Cancelled), ..Event::reply(429, "") }, Charge::None),
    ] {
        let error = failure(std::slice::from_ref(&event));
        assert_eq!(
            (error.kind(), error.charge(), error.attempts().len()),
            (ErrorKind::Cancelled, charge, 1),
            "{event:?}"
        );
    }
}

#[test]
fn a_call_can_be_cancelled_before_and_between_attempts() {
    let mut call = Call::new(plan(), CallConfig::default());
    call.cancel(at(Duration::ZERO));
    let Step::Done(Err(error)) = call.next(at(Duration::ZERO)) else { panic!("a cancelled call has ended") };
    assert_eq!((error.kind(), error.charge()), (ErrorKind::Cancelled, Charge::None));
    assert_eq!(error.message(), "the call was cancelled before it was sent");
}

#[test]
fn cancelling_a_wait_gives_its_token_back() {
    let config = CallConfig::default();
    let mut call = Call::new(plan(), config.clone());
    let Step::Send(mut attempt) = call.next(at(Duration::ZERO)) else { panic!("a new call is sent") };
    attempt.request.body_mut().read_to_end(&mut Vec::new()).unwrap();
    push(&mut call, &Event::reply(429, "")).unwrap();
    call.on_sent(at(Duration::ZERO), Ok(()));
    assert_eq!(config.budget.tokens(), 9);
    call.cancel(at(Duration::ZERO));
    let Step::Done(Err(error)) = call.next(at(Duration::ZERO)) else { panic!("a cancelled call has ended") };
    assert_eq!((error.kind(), error.attempts().len(), config.budget.tokens()), (ErrorKind::Cancelled, 1, 10));
    assert_eq!(error.message(), "the call was cancelled while waiting to try again");
}

#[test]
fn a_batch_keeps_its_order_its_concurrency_and_its_partial_success() {
    let mut batch = Batch::of_seeds(&plan(), &[1, 2, 3, 4], 2, &CallConfig::default(), None);
    let (a, first) = batch.start().unwrap();
    let (b, second) = batch.start().unwrap();
    assert!(batch.start().is_none(), "two calls run");
    batch.finish(b, play(second, &[Event::reply(200, SUCCESS)]).result);
    let (c, third) = batch.start().unwrap();
    batch.finish(a, play(first, &[Event::reply(400, r#"{"code":50412}"#)]).result);
    batch.finish(c, play(third, &[Event::reply(401, "")]).result);
    assert!(batch.start().is_none(), "the account failed");
    let results = batch.into_results();
    let kinds: Vec<_> = results.iter().map(|result| result.as_ref().map(|o| o.seed).map_err(Error::kind)).collect();
    assert_eq!(kinds, [Err(ErrorKind::Refused), Ok(Some(2)), Err(ErrorKind::Auth), Err(ErrorKind::Auth)]);
    let never_sent = results[3].as_ref().unwrap_err();
    assert!(never_sent.attempts().is_empty() && never_sent.to_string().contains("not sent"), "{never_sent}");
}

fn any_event() -> impl Strategy<Value = Event> {
    let kind = prop::sample::select(vec![
        TransportErrorKind::Resolve,
        TransportErrorKind::Connect,
        TransportErrorKind::Tls,
        TransportErrorKind::ProxyAuth,
        TransportErrorKind::Io,
        TransportErrorKind::Timeout(TimeLimit::Stall),
        TransportErrorKind::Protocol,
        TransportErrorKind::Other,
    ]);
    let body = prop::sample::select(vec![
        SUCCESS,
        "",
        "{",
        "{}",
        "<html>",
        r#"{"code":50429}"#,
        r#"{"code":50500}"#,
        r#"{"code":50511}"#,
        r#"{"code":50412}"#,
        r#"{"error":{"message":"x"}}"#,
        r#"{"code":"upstream_error","upsream_message":""}"#,
        r#"{"code":10000,"data":null}"#,
    ]);
    let status = prop::sample::select(vec![200_u16, 200, 200, 400, 401, 406, 429, 500, 503]);
    let retry_after = prop::option::of(prop::sample::select(vec!["0", "1", "7", "1e9", "x"]));
    let reply = prop::option::of((status, body, retry_after));
    (0_u8..3, reply, prop::option::of(kind), 0_u64..40_000).prop_map(|(taken, reply, error, millis)| Event {
        taken,
        reply: reply.map(|(status, body, _)| (status, body.into())),
        headers: reply.and_then(|(.., text)| Some(("retry-after", text?.to_owned()))).into_iter().collect(),
        error,
        lasts: Duration::from_millis(millis),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_ends_within_attempts_charges_budget_and_deadline(
        events in prop::collection::vec(any_event(), 1..8),
        max_attempts in 1_u32..6, charge_limit in 1_u32..4, tokens in 0_u32..4, new_seed: bool, seed: u64,
        deadline in prop::option::of(1_u64..100),
    ) {
        let mut config = policy(max_attempts, charge_limit);
        config.policy.new_seed = new_seed;
        config.budget = std::sync::Arc::new(volcv_core::RetryBudget::new(tokens));
        config.limits.deadline = deadline.map(Duration::from_secs);
        let run = play(Call::new(plan(), config.clone()).with_rng_seed(seed), &events);
        let attempts = match &run.result {
            Ok(outcome) => &outcome.attempts[..],
            Err(error) => error.attempts(),
        };
        prop_assert_eq!(attempts.len(), run.sent);
        prop_assert!(run.sent <= max_attempts as usize && run.sent <= 1 + tokens as usize);
        let paid = attempts.iter().filter(|attempt| attempt.charge > Charge::None).count();
        prop_assert!(paid <= charge_limit as usize);
        // Nothing short of the whole body is ever said to be charged, unless a success status came back.
        for attempt in attempts {
            let success = attempt.status.is_some_and(|status| (200..300).contains(&status));
            prop_assert!(attempt.charge == Charge::None || attempt.delivery.is_full() || success);
        }
        if let Err(error) = &run.result {
            prop_assert_eq!(error.charge(), attempts.iter().map(|a| a.charge).max().unwrap_or(Charge::None));
            prop_assert!(!error.is_retryable() || error.charge() == Charge::None);
        }
        prop_assert!(config.budget.tokens() <= tokens);
        if let Some(deadline) = config.limits.deadline {
            // No wait reaches beyond the deadline: only the last attempt itself can.
            let last = events.get(run.sent.saturating_sub(1)).or(events.last()).map_or(Duration::ZERO, |e| e.lasts);
            prop_assert!(run.end.saturating_sub(last) <= deadline);
        }
    }

    #[test]
    fn any_bytes_as_a_reply_are_an_error_and_never_a_panic(status in 100_u16..1000, body: Vec<u8>) {
        let mut call = Call::new(plan(), policy(1, 1));
        let Step::Send(_) = call.next(at(Duration::ZERO)) else { panic!("a new call is sent") };
        let _ = call.reply().head(status, &HeaderMap::new());
        let _ = call.reply().data(&body);
        call.on_sent(at(Duration::ZERO), Ok(()));
        prop_assert!(matches!(call.next(at(Duration::ZERO)), Step::Done(Err(_))));
    }
}
