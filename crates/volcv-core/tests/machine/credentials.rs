//! Credentials that a driver finds: when they are asked for, and what follows when there are none.

use std::time::{Duration, SystemTime};

use volcv_core::types::Charge;
use volcv_core::{Access, Call, CallConfig, Credentials, Error, ErrorKind, Plan, Step, TransportErrorKind};

use crate::play::*;

const START: Duration = Duration::ZERO;
const MINUTE: Duration = Duration::from_secs(60);

fn named(access_key: &str) -> Credentials {
    Credentials::new(access_key, "canary-SK").unwrap()
}

/// Ends so long after the start of [`at`].
fn until(access_key: &str, time: Duration) -> Credentials {
    named(access_key).expires_at(at(time).wall)
}

fn found(credentials: Credentials) -> Found {
    Some(Ok(credentials))
}

fn no_credentials() -> Found {
    Some(Err("the metadata server does not answer".into()))
}

fn call(access: &Access) -> Call {
    Call::new(Plan::pictures(&outpaint(), access).unwrap(), CallConfig::default()).with_rng_seed(1)
}

/// The access key of each attempt.
fn keys(run: &Run) -> Vec<&str> {
    let header = run.headers.iter().map(|headers| headers["authorization"].to_str().unwrap());
    header.map(|text| text.split(['=', '/']).nth(1).unwrap()).collect()
}

fn never(_: usize) -> Found {
    panic!("credentials are known")
}

#[test]
fn credentials_are_asked_for_once_and_kept_for_the_next_calls() {
    let access = direct(None);
    let mut config = CallConfig::default();
    config.limits.attempt = 20 * MINUTE;
    config.limits.deadline = Some(7 * MINUTE);
    let first = Call::new(Plan::pictures(&outpaint(), &access).unwrap(), config);
    let events = [Event::fail(0, TransportErrorKind::Io), Event::reply(200, SUCCESS)];
    let run = play_with(first, &events, &mut |_| found(named("AK-one")));
    assert_eq!((keys(&run), &run.asked[..]), (vec!["AK-one"; 2], &[7 * MINUTE][..]));
    run.result.unwrap();
    let run = play_with(call(&access.clone()), &[Event::reply(200, SUCCESS)], &mut never);
    assert_eq!(keys(&run), ["AK-one"]);
}

#[test]
fn a_refused_token_is_replaced_once() {
    let answers = |n: usize| found(named(["AK-one", "AK-two", "AK-three"][n]));
    let access = direct(None);
    let run =
        play_with(call(&access), &[Event::reply(401, TOKEN_REFUSED), Event::reply(200, SUCCESS)], &mut { answers });
    assert_eq!((keys(&run), run.asked.len(), run.waits.len()), (vec!["AK-one", "AK-two"], 2, 0));
    assert_eq!(run.attempts().iter().map(|attempt| attempt.error).collect::<Vec<_>>(), [Some(ErrorKind::Auth), None]);
    run.result.unwrap();
    let run = play_with(call(&access), &[Event::reply(200, SUCCESS)], &mut never);
    assert_eq!(keys(&run), ["AK-two"]);

    let run = play_with(call(&direct(None)), &[Event::reply(401, TOKEN_REFUSED)], &mut { answers });
    assert_eq!((keys(&run), run.error().kind()), (vec!["AK-one", "AK-two"], ErrorKind::Auth));
    assert!(run.error().to_string().starts_with("the session token was not accepted: "), "{}", run.error());
    assert_eq!((run.error().charge(), run.error().is_retryable()), (Charge::None, false));
}

#[test]
fn a_refused_token_of_fixed_credentials_ends_the_call() {
    let run = play_with(call(&direct(Some(pair()))), &[Event::reply(401, TOKEN_REFUSED)], &mut never);
    assert_eq!((run.sent, run.error().kind(), run.error().http_status()), (1, ErrorKind::Auth, Some(401)));
}

/// Two calls at the same time: the second one finds what the first one has fetched.
#[test]
fn credentials_that_another_call_has_replaced_are_not_asked_for_again() {
    let access = direct(None);
    let (mut one, mut two) = (call(&access), call(&access));
    let now = at(START);
    assert!(matches!(one.next(now), Step::Credentials(_)));
    one.on_credentials(now, found(named("AK-one")));
    assert!(matches!((one.next(now), two.next(now)), (Step::Send(_), Step::Send(_))));
    for call in [&mut one, &mut two] {
        let pushed = push(call, &Event::reply(401, TOKEN_REFUSED));
        call.on_sent(now, pushed);
    }
    assert!(matches!(one.next(now), Step::Credentials(_)));
    one.on_credentials(now, found(named("AK-two")));
    let Step::Send(attempt) = two.next(now) else { panic!("the credentials of the other call are known") };
    assert!(attempt.request.headers()["authorization"].to_str().unwrap().contains("Credential=AK-two/"));
}

#[test]
fn credentials_are_asked_for_a_minute_before_they_end() {
    let access = direct(None);
    let run = play_with(call(&access), &[Event::reply(200, SUCCESS)], &mut |_| found(until("AK-one", 2 * MINUTE)));
    run.result.unwrap();
    let slow = Event { lasts: MINUTE, ..Event::fail(0, TransportErrorKind::Io) };
    let run = play_with(call(&access), &[slow.clone(), Event::reply(200, SUCCESS)], &mut |_| found(named("AK-two")));
    assert_eq!((keys(&run), run.asked.len()), (vec!["AK-one", "AK-two"], 1));

    // Fixed ones are asked for as well: only the driver knows that there is nobody to ask.
    let access = direct(Some(until("AK-fixed", MINUTE)));
    let run = play_with(call(&access), &[Event::reply(200, SUCCESS)], &mut |_| no_credentials());
    assert_eq!((keys(&run), run.asked.len()), (vec!["AK-fixed"], 1));
    run.result.unwrap();
}

#[test]
fn a_provider_that_fails_or_hangs_is_an_error_only_if_the_known_credentials_have_ended() {
    for answer in [no_credentials as fn() -> Found, || None, || found(until("AK-old", START))] {
        let access = direct(Some(until("AK-one", MINUTE)));
        let slow = Event { lasts: MINUTE, ..Event::fail(0, TransportErrorKind::Io) };
        let run = play_with(call(&access), &[slow], &mut |_| answer());
        assert_eq!((keys(&run), run.asked.len()), (vec!["AK-one"], 2));
        assert_eq!((run.error().charge(), run.error().attempts().len()), (Charge::None, 1));
    }
}

fn refused(answer: Found) -> Error {
    let run = play_with(call(&direct(None)), &[], &mut {
        let mut answer = Some(answer);
        move |_| answer.take().unwrap()
    });
    assert_eq!((run.sent, run.error().charge()), (0, Charge::None));
    run.result.unwrap_err()
}

#[test]
fn without_credentials_nothing_is_sent() {
    let error = refused(no_credentials());
    assert_eq!(error.kind(), ErrorKind::Auth);
    let text = "there are no credentials: the metadata server does not answer; nothing was charged";
    assert_eq!(error.to_string(), text);
    assert!(std::error::Error::source(&error).is_some());

    let error = refused(found(until("AK-old", START)));
    assert_eq!((error.kind(), error.message()), (ErrorKind::Auth, "the credentials have expired"));

    let error = refused(None);
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.message(), "the provider of credentials did not answer in time");
}

#[test]
fn a_driver_that_forgets_to_answer_has_no_credentials() {
    let mut call = call(&direct(None));
    assert!(matches!(call.next(at(START)), Step::Credentials(_)));
    let Step::Done(Err(error)) = call.next(at(START)) else { panic!("nobody was asked") };
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::Auth, 0));
    assert_eq!(error.message(), "there are no credentials: the driver did not ask for any");
}

#[test]
fn a_cancel_while_credentials_are_asked_for_ends_the_call() {
    let mut call = call(&direct(None));
    assert!(matches!(call.next(at(START)), Step::Credentials(_)));
    call.cancel(at(START));
    let Step::Done(Err(error)) = call.next(at(START)) else { panic!("a cancelled call has ended") };
    assert_eq!((error.kind(), error.charge()), (ErrorKind::Cancelled, Charge::None));
    assert_eq!(error.message(), "the call was cancelled while its credentials were asked for");
}

#[test]
fn the_time_for_credentials_is_that_of_an_attempt_and_ends_at_the_deadline() {
    let mut config = CallConfig::default();
    config.limits.deadline = Some(MINUTE);
    let mut call = Call::new(Plan::pictures(&outpaint(), &direct(None)).unwrap(), config);
    let Step::Credentials(limit) = call.next(at(START)) else { panic!("no credentials are known") };
    assert_eq!(limit, MINUTE);
    // A slow provider leaves no time to send.
    call.on_credentials(at(MINUTE), found(named("AK-one")));
    let Step::Done(Err(error)) = call.next(at(MINUTE)) else { panic!("the deadline has passed") };
    assert_eq!((error.kind(), error.message()), (ErrorKind::Timeout, "the deadline passed before the call was sent"));

    let mut call = self::call(&direct(None));
    let Step::Credentials(limit) = call.next(at(START)) else { panic!("no credentials are known") };
    assert_eq!(limit, CallConfig::default().limits.attempt);
}

#[test]
fn a_wait_for_a_task_renews_credentials_as_often_as_they_end() {
    let plan = Plan::wait(&task(), &direct(None)).unwrap();
    let asked = std::cell::Cell::new(0_u32);
    let mut provider = |n: usize| {
        asked.set(asked.get() + 1);
        // Each lasts a minute beyond the margin, counted from a multiple of a minute.
        found(until("AK", MINUTE * (2 + u32::try_from(n).unwrap())))
    };
    let mut config = CallConfig::default();
    config.limits.deadline = Some(10 * MINUTE);
    let run = play_with(Call::new(plan, config), &[Event::reply(200, IN_QUEUE)], &mut provider);
    assert_eq!((run.asked.len(), run.error().kind(), run.end), (10, ErrorKind::Timeout, 10 * MINUTE));

    // The service refuses a token now and then, which a wait survives as long as answers come between.
    let (pending, refused) = (Event::reply(200, IN_QUEUE), Event::reply(401, TOKEN_REFUSED));
    let events = [&pending, &refused, &pending, &refused, &pending, &Event::reply(200, SUCCESS)].map(Clone::clone);
    let plan = Plan::wait(&task(), &direct(None)).unwrap();
    let run = play_with(Call::new(plan, CallConfig::default()), &events, &mut |_| found(pair()));
    assert_eq!((run.sent, run.asked.len()), (6, 3));
    run.result.unwrap();
}

#[test]
fn a_download_asks_for_no_credentials() {
    let plan = Plan::download("https://cdn.example/a", &direct(None)).unwrap();
    let mut call = Call::new(plan, CallConfig::default());
    let Step::Send(attempt) = call.next(at(START)) else { panic!("a download needs no credentials") };
    assert!(
        ["authorization", "x-date", "x-security-token"]
            .iter()
            .all(|name| !attempt.request.headers().contains_key(*name))
    );
}

#[test]
fn the_end_of_credentials_can_be_any_time() {
    let access = direct(Some(named("AK").expires_at(SystemTime::UNIX_EPOCH)));
    let run = play_with(call(&access), &[], &mut |_| no_credentials());
    assert_eq!((run.sent, run.error().kind()), (0, ErrorKind::Auth));
}
