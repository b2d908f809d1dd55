//! Several seeds of one picture.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use volcv::{
    CallOptions, CancelToken, ClientBuilder, ErrorKind, Outpaint, TransportError, TransportErrorKind, from_async_fn,
    from_fn,
};
use volcv_emulator::{Emulator, Fault};

use crate::support::{AnyClient, TRANSPORTS, builder, small};

const SEEDS: [i64; 4] = [11, 12, 13, 14];

#[test]
fn four_seeds_give_four_different_pictures_in_order() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        let client = AnyClient::new(transport, builder(&emulator));
        let results = client.variants(&Outpaint::equal(small(), 0.5), &SEEDS, &CallOptions::new()).unwrap();
        let outcomes: Vec<_> = results.into_iter().map(Result::unwrap).collect();
        assert_eq!(outcomes.iter().map(|outcome| outcome.seed).collect::<Vec<_>>(), SEEDS.map(Some));
        for (i, outcome) in outcomes.iter().enumerate() {
            assert!(outcomes[..i].iter().all(|other| other.picture() != outcome.picture()), "{transport}");
        }
        assert_eq!(emulator.charges(), 4);
    }
}

#[test]
fn a_seed_given_twice_is_refused_before_anything_is_bought_and_only_minus_one_may_repeat() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        let client = AnyClient::new(transport, builder(&emulator));
        let variants = |seeds: &[i64]| client.variants(&Outpaint::equal(small(), 0.25), seeds, &CallOptions::new());
        for seeds in [&[5, 5][..], &[1, -1, 5, -1, 0, 5], &[5, 5, 1, 1]] {
            let error = variants(seeds).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{transport}");
            let text = "seed is 5 more than once, but must be different in each call of a batch, or -1";
            assert_eq!(error.to_string(), text, "{transport}");
        }
        assert_eq!(emulator.connections(), 0, "{transport}");
        assert!(variants(&[-1, 5, -1, 0]).unwrap().iter().all(Result::is_ok), "{transport}");
        assert_eq!(emulator.charges(), 4, "{transport}");
    }
}

#[test]
fn a_refused_seed_leaves_the_others_alone() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        emulator.push(Fault::code(50412));
        let client = AnyClient::new(transport, builder(&emulator).max_concurrent(1));
        let results = client.variants(&Outpaint::equal(small(), 0.5), &SEEDS, &CallOptions::new()).unwrap();
        let kinds: Vec<_> = results.iter().map(|result| result.as_ref().err().map(|error| error.kind())).collect();
        assert_eq!(kinds, [Some(ErrorKind::Refused), None, None, None], "{transport}");
    }
}

#[test]
fn an_account_that_fails_stops_the_seeds_that_were_not_sent() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        emulator.push(Fault::default());
        emulator.push("body=gateway-quota".parse().unwrap());
        let client = AnyClient::new(transport, builder(&emulator).max_concurrent(1));
        let results = client.variants(&Outpaint::equal(small(), 0.5), &SEEDS, &CallOptions::new()).unwrap();
        let kinds: Vec<_> = results.iter().map(|result| result.as_ref().err().map(|error| error.kind())).collect();
        let quota = Some(ErrorKind::Quota);
        assert_eq!(kinds, [None, quota, quota, quota], "{transport}");
        assert_eq!(emulator.complete_bodies(), 2, "{transport}");
    }
}

#[test]
fn each_result_is_handed_over_as_soon_as_it_is_there() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        // One call never ends, until the three others were handed over.
        emulator.push("stall=body".parse().unwrap());
        let client = AnyClient::new(transport, builder(&emulator).attempt_limit(Duration::from_secs(20)));
        let (cancel, count) = (CancelToken::new(), AtomicUsize::new(0));
        let options = CallOptions::new().cancel(&cancel).on_result({
            let cancel = cancel.clone();
            move |_, result| {
                if result.is_ok() && count.fetch_add(1, SeqCst) == 2 {
                    cancel.cancel();
                }
            }
        });
        let results = client.variants(&Outpaint::equal(small(), 0.25), &SEEDS, &options).unwrap();
        let errors: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
        assert_eq!(errors.iter().map(|error| error.kind()).collect::<Vec<_>>(), [ErrorKind::Cancelled], "{transport}");
    }
}

#[test]
fn max_concurrent_bounds_how_many_calls_run_at_once() {
    const WORK: Duration = Duration::from_millis(20);
    for (calls, most) in [(1, 1), (2, 2), (9, 4)] {
        let builder = || ClientBuilder::new("https://gateway.example", "some-key").max_concurrent(calls);
        let outpaint = Outpaint::equal(small(), 0.25);

        let running = Arc::new(Running::default());
        let seen = Arc::clone(&running);
        let blocking = from_fn(move |_, _, _, _| {
            let _one = running.enter();
            std::thread::sleep(WORK);
            Err(TransportError::new(TransportErrorKind::Tls))
        });
        builder().transport(blocking).unwrap().variants(&outpaint, &SEEDS, &CallOptions::new()).unwrap();
        assert_eq!(seen.most.load(SeqCst), most, "blocking");

        let running = Arc::new(Running::default());
        let seen = Arc::clone(&running);
        let transport = from_async_fn(
            move |_, _, _| {
                let running = Arc::clone(&running);
                Box::pin(async move {
                    let _one = running.enter();
                    tokio::time::sleep(WORK).await;
                    Err(TransportError::new(TransportErrorKind::Tls))
                })
            },
            |time| Box::pin(tokio::time::sleep(time)),
        );
        let client = builder().async_transport(transport).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(client.variants(&outpaint, &SEEDS, &CallOptions::new())).unwrap();
        assert_eq!(seen.most.load(SeqCst), most, "async");
    }
}

/// How many calls run, and how many did at most.
#[derive(Default)]
struct Running {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Running {
    fn enter(&self) -> Leave<'_> {
        self.most.fetch_max(self.now.fetch_add(1, SeqCst) + 1, SeqCst);
        Leave(self)
    }
}

struct Leave<'a>(&'a Running);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, SeqCst);
    }
}
