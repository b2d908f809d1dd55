//! Any behaviour of the service, the network and the driver, for signed calls and tasks.

use std::io::Read as _;
use std::time::Duration;

use proptest::prelude::*;
use volcv_core::types::Charge;
use volcv_core::{Call, CallConfig, Delivery, Error, Outcome, Plan, Step, TransportErrorKind};

use crate::play::*;

/// No attempt is longer, and no driver sleeps longer than it should by more than this.
const LONGEST: Duration = Duration::from_secs(40);

/// What the driver does with one step.
#[derive(Debug, Clone, Copy)]
enum Driver {
    Works,
    /// It does not report what came of an attempt, and does not answer for credentials.
    Forgets,
    Cancels,
    /// It sleeps half as long as it should.
    WakesEarly,
    Oversleeps,
    /// The provider fails, hangs, or has credentials that end so many seconds after the start.
    Fails,
    Hangs,
    Finds(u16),
}

fn any_driver() -> impl Strategy<Value = Driver> {
    use Driver::*;
    prop_oneof![
        10 => Just(Works),
        1 => prop::sample::select(vec![Forgets, Cancels, WakesEarly, Oversleeps, Fails, Hangs]),
        2 => any::<u16>().prop_map(Finds),
    ]
}

fn any_event() -> impl Strategy<Value = Event> {
    let bodies = [
        SUCCESS,
        ACCEPTED,
        IN_QUEUE,
        IN_QUEUE,
        CLOCK_REFUSED,
        TOKEN_REFUSED,
        "",
        "{",
        r#"{"code":10000,"data":{"status":"generating"}}"#,
        r#"{"code":10000,"data":{"status":"not_found"}}"#,
        r#"{"code":10000,"data":{"status":"expired"}}"#,
        r#"{"code":10000,"data":{"status":"done"}}"#,
        r#"{"code":10000,"data":{"status":"done","binary_data_base64":["R0lGO"]}}"#,
        r#"{"code":50411,"data":{"status":"done"}}"#,
        r#"{"code":50500,"data":{"status":"done"}}"#,
        r#"{"code":50500}"#,
        r#"{"code":50429}"#,
    ];
    let kinds = [TransportErrorKind::Connect, TransportErrorKind::Io, TransportErrorKind::Other];
    let dates =
        ["Sun, 06 Nov 1994 09:09:37 GMT", "Sun, 06 Nov 1994 08:29:37 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "x"];
    (
        0_u8..3,
        prop::option::weighted(
            0.9,
            (prop::sample::select(vec![200_u16, 200, 200, 400, 401, 429, 500]), prop::sample::select(bodies.to_vec())),
        ),
        prop::option::of(prop::sample::select(dates.to_vec())),
        prop::option::weighted(0.1, prop::sample::select(kinds.to_vec())),
        0..LONGEST.as_millis(),
    )
        .prop_map(|(taken, reply, date, error, millis)| Event {
            taken,
            reply: reply.map(|(status, body)| (status, body.to_owned())),
            headers: date.map(|date| ("date", date.to_owned())).into_iter().collect(),
            error,
            lasts: Duration::from_millis(u64::try_from(millis).unwrap()),
        })
}

/// The course of a call with any driver.
struct Course {
    result: Result<Outcome, Error>,
    end: Duration,
    deliveries: Vec<Delivery>,
    /// For each mark that was written down, the number of attempts that were sent before.
    begun: Vec<usize>,
}

/// Plays the events and the drivers in turn.
fn course(mut call: Call, events: &[Event], drivers: &[Driver]) -> Course {
    let (mut now, mut deliveries, mut begun) = (Duration::ZERO, Vec::new(), Vec::new());
    for step in 0..100_000 {
        let driver = drivers[step % drivers.len()];
        match call.next(at(now)) {
            Step::Begin(_) => match driver {
                Driver::Forgets => {}
                Driver::Cancels => call.cancel(at(now)),
                Driver::Fails => call.on_begun(Err(Error::config("no"))),
                _ => {
                    begun.push(deliveries.len());
                    call.on_begun(Ok(()));
                }
            },
            Step::Credentials(_) => match driver {
                Driver::Forgets => {}
                Driver::Cancels => call.cancel(at(now)),
                Driver::Fails => call.on_credentials(at(now), Some(Err("no".into()))),
                Driver::Hangs => call.on_credentials(at(now), None),
                Driver::Finds(seconds) => {
                    let end = at(Duration::from_secs(seconds.into())).wall;
                    call.on_credentials(at(now), Some(Ok(pair().expires_at(end))));
                }
                _ => call.on_credentials(at(now), Some(Ok(pair()))),
            },
            Step::Send(mut attempt) => {
                let event = &events[deliveries.len() % events.len()];
                let total = attempt.request.body().remaining();
                let take = [0, total / 2, total][usize::from(event.taken)];
                attempt.request.body_mut().take(take).read_to_end(&mut Vec::new()).unwrap();
                deliveries.push(match event.taken {
                    0 => Delivery::NotSent,
                    1 => Delivery::Partial { sent: take, total },
                    _ => Delivery::Full { total },
                });
                now += event.lasts;
                let result = push(&mut call, event);
                match driver {
                    Driver::Forgets => {}
                    Driver::Cancels => call.cancel(at(now)),
                    _ => call.on_sent(at(now), result),
                }
            }
            Step::Wait(time) => match driver {
                Driver::Cancels => call.cancel(at(now)),
                Driver::WakesEarly => now += time / 2 + Duration::from_millis(1),
                Driver::Oversleeps => now += time + LONGEST,
                _ => now += time,
            },
            Step::Done(result) => return Course { result, end: now, deliveries, begun },
        }
    }
    panic!("the call does not end");
}

fn config(charge_limit: u32, deadline: Option<u64>) -> CallConfig {
    let mut config = policy(4, charge_limit);
    config.limits.deadline = deadline.map(Duration::from_secs);
    config
}

fn attempts(course: &Course) -> &[volcv_core::AttemptRecord] {
    course.result.as_ref().map_or_else(Error::attempts, |outcome| &outcome.attempts)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_task_is_never_handed_in_again_after_one_that_may_have_been_accepted(
        events in prop::collection::vec(any_event(), 1..8), drivers in prop::collection::vec(any_driver(), 1..8),
        fixed: bool, journaled: bool, seed: u64, deadline in prop::option::of(1_u64..100),
    ) {
        let access = direct(fixed.then(pair));
        let plan = Plan::submit(&task_request(), &access).unwrap();
        let call = Call::new(plan, config(1, deadline)).with_rng_seed(seed).journaled(journaled);
        let course = course(call, &events, &drivers);
        if journaled {
            // Each attempt has a mark of its own, written before it. The call may end between a mark and its attempt.
            let marked = (0..course.deliveries.len()).collect::<Vec<_>>();
            prop_assert!(course.begun.starts_with(&marked) && course.begun.len() <= marked.len() + 1);
        }
        let attempts = attempts(&course);
        prop_assert_eq!(attempts.len(), course.deliveries.len());
        prop_assert!(attempts.iter().filter(|attempt| attempt.error.is_some()).count() <= 4 + 1);
        for (i, (attempt, delivery)) in attempts.iter().zip(&course.deliveries).enumerate() {
            prop_assert_eq!(attempt.delivery, *delivery);
            // Only a failure reply, or none to a part of the request, is followed by another attempt.
            let is_last = i + 1 == attempts.len();
            let is_failure = attempt.code.is_some() || attempt.status.is_some_and(|status| status >= 400);
            let may_be_accepted = delivery.is_full() && !is_failure;
            prop_assert!(is_last || !may_be_accepted, "{:?}", attempts);
            prop_assert!(is_last || attempt.charge == Charge::None, "{:?}", attempts);
            prop_assert!(attempt.charge <= Charge::Unknown);
        }
        if let Err(error) = &course.result {
            prop_assert!(!error.is_retryable() || error.charge() == Charge::None);
        }
    }

    #[test]
    fn any_wait_for_a_task_ends_at_the_deadline_and_costs_what_the_task_costs(
        events in prop::collection::vec(any_event(), 1..8), drivers in prop::collection::vec(any_driver(), 1..8),
        fixed: bool, seed: u64, deadline in prop::option::of(1_u64..7200),
    ) {
        let access = direct(fixed.then(pair));
        let plan = Plan::wait(&task(), &access).unwrap();
        let config = config(1, deadline);
        let course = course(Call::new(plan, config.clone()).with_rng_seed(seed), &events, &drivers);
        // Only an attempt or a sleep that was begun before can end after it.
        let limit = Duration::from_secs(deadline.unwrap_or(3600));
        prop_assert!(course.end <= limit + LONGEST, "{:?}", course.end);
        prop_assert_eq!(config.budget.tokens(), 10);
        let paid = attempts(&course).iter().filter(|attempt| attempt.charge > Charge::None).count();
        match &course.result {
            Ok(outcome) => prop_assert!(paid == 1 && !outcome.outputs.is_empty()),
            Err(error) => {
                prop_assert_eq!(paid, usize::from(error.charge() == Charge::Charged));
                prop_assert!(error.kind() != volcv_core::ErrorKind::OutcomeUnknown);
            }
        }
    }

    #[test]
    fn any_signed_call_keeps_to_its_attempts_charges_and_deadline(
        events in prop::collection::vec(any_event(), 1..8), drivers in prop::collection::vec(any_driver(), 1..8),
        fixed: bool, seed: u64, charge_limit in 1_u32..4,
    ) {
        let access = direct(fixed.then(pair));
        let plan = Plan::pictures(&outpaint(), &access).unwrap();
        let course = course(Call::new(plan, config(charge_limit, None)).with_rng_seed(seed), &events, &drivers);
        // One attempt more than allowed, if one was signed again.
        prop_assert!(course.deliveries.len() <= 4 + 1);
        let attempts = attempts(&course);
        let paid = attempts.iter().filter(|attempt| attempt.charge > Charge::None).count();
        prop_assert!(paid <= charge_limit as usize);
        if let Err(error) = &course.result {
            prop_assert_eq!(error.charge(), attempts.iter().map(|a| a.charge).max().unwrap_or(Charge::None));
        }
    }
}
