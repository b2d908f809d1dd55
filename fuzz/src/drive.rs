//! A driver and a network with any behaviour, for one call.

use std::time::Duration;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use volcv_core::http::{HeaderMap, HeaderValue};
use volcv_core::{Attempt, Call, Credentials, CredentialsError, Error, Outcome, Step, TransportError};

use crate::{STATUSES, TRANSPORT_ERRORS, at, credentials, take};

/// One attempt: what is taken of the body, what comes back, how long that and the wait after it last.
#[derive(Arbitrary, Debug, Default, Clone, Copy)]
pub struct Event<'a> {
    share: u8,
    status: Option<u8>,
    retry_after: Option<&'a str>,
    body: &'a [u8],
    error: Option<u8>,
    millis: u16,
    /// How much too long the driver sleeps, or too short once.
    slip: i16,
    driver: u8,
}

/// Plays the events, the last one again and again, and returns the result and the number of attempts. Only the last wait for a
/// task may last to the deadline.
///
/// # Panics
/// The call does not end, or sends or waits past its deadline.
pub fn drive(
    call: &mut Call,
    events: &[Event<'_>],
    deadline: Duration,
    is_wait: bool,
) -> (Result<Outcome, Error>, usize) {
    let (mut now, mut sent, mut waits, mut event) = (Duration::ZERO, 0, 0, Event::default());
    let result = loop {
        match call.next(at(now)) {
            Step::Begin(_) => panic!("the call is not journaled"),
            Step::Credentials(limit) => {
                assert!(limit <= deadline - now);
                let next = events.get(sent).or(events.last()).copied().unwrap_or_default();
                provide(call, next.driver, now);
            }
            Step::Send(attempt) => {
                assert!(now < deadline && attempt.limits.attempt <= deadline - now);
                event = events.get(sent).or(events.last()).copied().unwrap_or_default();
                sent += 1;
                now += Duration::from_millis(event.millis.into());
                exchange(call, attempt, event, now, deadline);
            }
            Step::Wait(time) => {
                waits += 1;
                assert!(now + time < deadline || is_wait && now + time == deadline, "a wait past the deadline");
                assert!(waits <= 2 * sent, "the call does not end");
                let slip = Duration::from_millis(event.slip.unsigned_abs().into());
                let early = event.slip < 0 && waits < 2 * sent;
                now += if early { time.saturating_sub(slip) } else { time + slip };
                if event.driver == 2 {
                    call.cancel(at(now));
                }
            }
            Step::Done(result) => break result,
        }
    };
    assert!(matches!(call.next(at(now)), Step::Done(Err(_))), "a call that has ended starts again");
    (result, sent)
}

/// Answers for the provider of credentials.
fn provide(call: &mut Call, driver: u8, now: Duration) {
    let lasting = |time| at(now + Duration::from_secs(time)).wall;
    let found: Option<Result<Credentials, CredentialsError>> = match driver {
        0 => return call.cancel(at(now)),
        // A driver that forgets to answer.
        1 => return,
        3 => Some(Err("there are none".into())),
        4 => None,
        5 => Some(Ok(credentials().expires_at(lasting(0)))),
        6 => Some(Ok(credentials().expires_at(lasting(30)))),
        _ => Some(Ok(credentials())),
    };
    call.on_credentials(at(now), found);
}

fn exchange(call: &mut Call, mut attempt: Attempt, event: Event<'_>, now: Duration, deadline: Duration) {
    take(&mut attempt, u64::from(event.share % 3));
    assert!(now < deadline || attempt.timer.check(now).is_err());
    let pushed = push(call, event);
    match event.driver {
        0 => call.cancel(at(now)),
        // A driver that forgets to report the end.
        1 => {}
        _ => call.on_sent(at(now), pushed),
    }
}

fn push(call: &mut Call, event: Event<'_>) -> Result<(), TransportError> {
    if let Some(status) = event.status {
        let mut headers = HeaderMap::new();
        if let Some(value) = event.retry_after.and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert("retry-after", value);
        }
        if event.driver & 64 != 0 {
            headers.insert("date", HeaderValue::from_static("Sun, 06 Nov 1994 09:09:37 GMT"));
        }
        call.reply().head(STATUSES[usize::from(status & 15)], &headers)?;
        call.reply().data(event.body)?;
    }
    let kind = event.error.map(|which| TRANSPORT_ERRORS[usize::from(which) % TRANSPORT_ERRORS.len()]);
    kind.map_or(Ok(()), |kind| Err(TransportError::new(kind)))
}
