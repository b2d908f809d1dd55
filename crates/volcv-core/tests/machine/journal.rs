//! Attempts that are written down before they are sent.

use std::time::Duration;

use volcv_core::types::Charge;
use volcv_core::{Call, CallConfig, Error, ErrorKind, Plan, Step, TransportErrorKind};

use crate::play::*;

const START: Duration = Duration::ZERO;

fn call() -> Call {
    Call::new(plan(), CallConfig::default()).with_rng_seed(1).journaled(true)
}

#[test]
fn each_attempt_of_a_paid_call_is_written_down_with_its_body_before_it_is_sent() {
    let events = [Event::fail(0, TransportErrorKind::Io), Event::reply(429, ""), Event::reply(200, SUCCESS)];
    let run = play(call(), &events);
    let bytes = run.begun[0].1;
    assert_eq!(run.begun, [(0, bytes), (1, bytes), (2, bytes)]);
    assert!(run.result.is_ok() && bytes > 0);
}

#[test]
fn the_hand_in_of_a_task_is_written_down_and_the_questions_about_it_are_not() {
    let submit = Call::new(Plan::submit(&task_request(), &gateway()).unwrap(), CallConfig::default()).journaled(true);
    assert_eq!(play(submit, &[Event::reply(200, ACCEPTED)]).begun.len(), 1);
    let wait = Call::new(Plan::wait(&task(), &gateway()).unwrap(), CallConfig::default()).journaled(true);
    assert_eq!(play(wait, &[Event::reply(200, SUCCESS)]).begun, []);
}

#[test]
fn a_signed_call_is_written_down_before_its_credentials_are_asked_for() {
    let plan = Plan::pictures(&outpaint(), &direct(None)).unwrap();
    let mut call = Call::new(plan, CallConfig::default()).journaled(true);
    assert!(matches!(call.next(at(START)), Step::Begin(_)));
    call.on_begun(Ok(()));
    assert!(matches!(call.next(at(START)), Step::Credentials(_)));
    call.on_credentials(at(START), Some(Ok(pair())));
    assert!(matches!(call.next(at(START)), Step::Send(_)));
}

#[test]
fn an_attempt_that_cannot_be_written_down_ends_the_call_with_that_error() {
    let mut call = call();
    assert!(matches!(call.next(at(START)), Step::Begin(_)));
    call.on_begun(Err(Error::config("the ledger is full")));
    let Step::Done(Err(error)) = call.next(at(START)) else { panic!("the call ends") };
    assert_eq!(
        (error.kind(), error.charge(), error.message()),
        (ErrorKind::Config, Charge::None, "the ledger is full")
    );
}

#[test]
fn the_wait_for_the_mark_counts_towards_the_deadline_and_towards_no_other_limit() {
    let mut config = CallConfig::default();
    config.limits.deadline = Some(Duration::from_secs(3600));
    for (waited, is_sent) in [(3599, true), (3600, false)] {
        let mut call = Call::new(plan(), config.clone()).journaled(true);
        assert!(matches!(call.next(at(START)), Step::Begin(_)));
        call.on_begun(Ok(()));
        let now = at(Duration::from_secs(waited));
        match call.next(now) {
            Step::Send(mut attempt) => assert!(is_sent && attempt.timer.check(now.mono).is_ok()),
            step => assert!(!is_sent && matches!(step, Step::Done(Err(_)))),
        }
    }
}
