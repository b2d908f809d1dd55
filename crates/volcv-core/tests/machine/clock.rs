//! A signature whose time the service refuses: the clock of the service is taken from its reply, once.

use volcv_core::types::Charge;
use volcv_core::{Access, Call, CallConfig, ErrorKind, Plan, Step};

use crate::play::*;

/// 20 minutes before and after the start of [`at`], which is 08:49:37.
const BEHIND: &str = "Sun, 06 Nov 1994 08:29:37 GMT";
const AHEAD: &str = "Sun, 06 Nov 1994 09:09:37 GMT";

fn refused(status: u16, date: &str) -> Event {
    Event { lasts: std::time::Duration::ZERO, ..Event::reply(status, CLOCK_REFUSED).header("date", date) }
}

fn call(access: &Access, config: CallConfig) -> Call {
    Call::new(Plan::pictures(&outpaint(), access).unwrap(), config)
}

fn dates(run: &Run) -> Vec<&str> {
    run.headers.iter().map(|headers| headers["x-date"].to_str().unwrap()).collect()
}

#[test]
fn a_refused_time_is_corrected_from_the_reply_and_remembered_by_the_access() {
    for (status, date, x_date) in [
        (400, BEHIND, "19941106T082937Z"),
        (403, BEHIND, "19941106T082937Z"),
        (400, AHEAD, "19941106T090937Z"),
        (403, AHEAD, "19941106T090937Z"),
    ] {
        let access = direct(Some(pair()));
        // It does not count as an attempt, and takes no token.
        let config = policy(1, 1);
        let events = [refused(status, date), Event::reply(200, SUCCESS)];
        let run = play(call(&access, config.clone()), &events);
        assert_eq!((dates(&run), run.waits.len()), (vec!["19941106T084937Z", x_date], 0));
        let charges: Vec<_> = run.attempts().iter().map(|attempt| attempt.charge).collect();
        assert_eq!((charges, config.budget.tokens()), (vec![Charge::None, Charge::Charged], 10));
        run.result.unwrap();

        let next = play(call(&access.clone(), config), &[Event::reply(200, SUCCESS)]);
        assert_eq!(dates(&next), [x_date]);
    }
    let events = [refused(400, AHEAD), Event::reply(429, "")];
    let run = play(call(&direct(Some(pair())), policy(2, 1)), &events);
    assert_eq!((run.sent, run.error().kind(), run.error().attempts().len()), (3, ErrorKind::Throttled, 3));
}

#[test]
fn a_time_that_is_refused_twice_ends_the_call_and_names_the_difference() {
    for (date, difference) in [(BEHIND, "1200 s behind"), (AHEAD, "1200 s ahead of")] {
        let run = play(call(&direct(Some(pair())), CallConfig::default()), &[refused(403, date)]);
        let error = run.error();
        assert_eq!((run.sent, error.kind(), error.charge()), (2, ErrorKind::Auth, Charge::None));
        assert_eq!(error.service_code().and_then(|code| code.number()), Some(100_006));
        assert!(!error.is_retryable());
        let text = format!(
            "the time of the signature was not accepted: The Signature of the request is expired or from the future.; its \
             clock is {difference} the clock of this machine (code 100006, HTTP 403, request id r); nothing was charged"
        );
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn without_a_date_nothing_is_sent_again() {
    for event in [Event::reply(400, CLOCK_REFUSED), refused(400, "yesterday")] {
        let access = direct(Some(pair()));
        let run = play(call(&access, CallConfig::default()), &[event]);
        assert_eq!((run.sent, run.error().kind(), run.error().charge()), (1, ErrorKind::Auth, Charge::None));
        assert!(!run.error().message().contains("clock of this machine"), "{}", run.error());
        let next = play(call(&access, CallConfig::default()), &[Event::reply(200, SUCCESS)]);
        assert_eq!(dates(&next), ["19941106T084937Z"]);
    }
}

#[test]
fn a_gateway_signs_nothing_and_so_nothing_is_sent_again() {
    let run = play(call(&gateway(), CallConfig::default()), &[refused(400, AHEAD)]);
    assert_eq!((run.sent, run.error().kind(), run.error().charge()), (1, ErrorKind::Auth, Charge::None));
}

#[test]
fn a_clock_is_corrected_in_the_middle_of_a_wait_for_a_task() {
    let plan = Plan::wait(&task(), &direct(Some(pair()))).unwrap();
    let pending = Event { lasts: std::time::Duration::ZERO, ..Event::reply(200, IN_QUEUE) };
    // What follows the refused question counts as before.
    let failed = Event::reply(500, "");
    let run = play(
        Call::new(plan, CallConfig::default()),
        &[pending, refused(400, AHEAD), failed, Event::reply(200, SUCCESS)],
    );
    assert_eq!((run.sent, run.waits.len()), (4, 2));
    assert_eq!(dates(&run)[..3], ["19941106T084937Z", "19941106T084939Z", "19941106T090937Z"]);
    run.result.unwrap();
}

#[test]
fn a_cancel_between_the_two_attempts_ends_the_call() {
    let mut call = call(&direct(Some(pair())), CallConfig::default());
    let now = at(std::time::Duration::ZERO);
    let Step::Send(_) = call.next(now) else { panic!("a new call is sent") };
    let pushed = push(&mut call, &refused(400, AHEAD));
    call.on_sent(now, pushed);
    call.cancel(now);
    let Step::Done(Err(error)) = call.next(now) else { panic!("a cancelled call has ended") };
    assert_eq!((error.kind(), error.charge(), error.attempts().len()), (ErrorKind::Cancelled, Charge::None, 1));
}
