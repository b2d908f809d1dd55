//! Several seeds of one picture.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use volcv_emulator::{Emulator, Fault};
use volcv_transport::{CallOptions, CancelToken, ErrorKind, Outpaint};

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
fn a_refused_seed_leaves_the_others_alone() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        emulator.push(Fault::code(50412));
        let client = AnyClient::new(transport, builder(&emulator).window(1));
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
        let client = AnyClient::new(transport, builder(&emulator).window(1));
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
                if result.is_ok() && count.fetch_add(1, Ordering::SeqCst) == 2 {
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
fn the_window_bounds_how_many_calls_run_at_once() {
    for transport in TRANSPORTS {
        for (window, most) in [(1, 1), (2, 2), (9, 4)] {
            let emulator = Emulator::builder().delay(Duration::from_millis(100)).start().unwrap();
            let client = AnyClient::new(transport, builder(&emulator).window(window));
            client.variants(&Outpaint::equal(small(), 0.25), &SEEDS, &CallOptions::new()).unwrap();
            assert!(emulator.connections() <= most, "{transport}: {} connections", emulator.connections());
        }
    }
}
