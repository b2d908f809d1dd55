//! A driver and a network with any behaviour, for one call.

use std::time::Duration;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use volcv_core::http::{HeaderMap, HeaderValue};
use volcv_core::{Attempt, Call, Error, Outcome, Step, TransportError};

use crate::{STATUSES, TRANSPORT_ERRORS, at, take};

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

/// Plays the events, the last one again and again, and returns the result and the number of attempts.
///
/// # Panics
/// The call does not end, or sends or waits past its deadline.
pub fn drive(call: &mut Call, events: &[Event<'_>], deadline: Duration) -> (Result<Outcome, Error>, usize) {
    let (mut now, mut sent, mut waits, mut event) = (Duration::ZERO, 0, 0, Event::default());
    let result = loop {
        match call.next(at(now)) {
            Step::Send(attempt) => {
                assert!(now < deadline && attempt.limits.attempt <= deadline - now);
                event = events.get(sent).or(events.last()).copied().unwrap_or_default();
                sent += 1;
                now += Duration::from_millis(event.millis.into());
                exchange(call, attempt, event, now, deadline);
            }
            Step::Wait(time) => {
                waits += 1;
                assert!(now + time < deadline, "a wait past the deadline");
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
        call.reply().head(STATUSES[usize::from(status & 15)], &headers)?;
        call.reply().data(event.body)?;
    }
    let kind = event.error.map(|which| TRANSPORT_ERRORS[usize::from(which) % TRANSPORT_ERRORS.len()]);
    kind.map_or(Ok(()), |kind| Err(TransportError::new(kind)))
}
