//! Giving up in every phase: the call returns at once, and its connection is closed.

use std::thread;
use std::time::{Duration, Instant};

use volcv::core::types::Charge;
use volcv::{CallOptions, CancelToken, ErrorKind, Outpaint, Picture};
use volcv_emulator::Emulator;

use crate::support::{AnyClient, TRANSPORTS, builder, large, small};

#[test]
fn a_cancelled_call_returns_at_once_and_says_what_it_may_have_cost() {
    let phases = [
        ("stall=headers", large as fn() -> Picture, Charge::None),
        ("stall=200000", large, Charge::None),
        ("stall=body", small, Charge::Unknown),
        ("stall=reply-body", small, Charge::Charged),
        ("status=429,retry-after=60", small, Charge::None),
    ];
    for transport in TRANSPORTS {
        for (fault, picture, charge) in phases {
            let emulator = Emulator::start().unwrap();
            emulator.push(fault.parse().unwrap());
            let client = AnyClient::new(transport, builder(&emulator));
            let cancel = CancelToken::new();
            let cancelled_at = thread::spawn({
                let cancel = cancel.clone();
                move || {
                    thread::sleep(Duration::from_millis(300));
                    cancel.cancel();
                    Instant::now()
                }
            });
            let error =
                client.outpaint(&Outpaint::equal(picture(), 0.25), &CallOptions::new().cancel(&cancel)).unwrap_err();
            let late = cancelled_at.join().unwrap().elapsed();
            assert_eq!((error.kind(), error.charge()), (ErrorKind::Cancelled, charge), "{transport} {fault}: {error}");
            // No limit ends any of these calls this early; how long a cancel takes is measured, not tested.
            assert!(late < Duration::from_secs(8), "{transport} {fault}: {late:?} after the cancel");
            drop(client);
            assert!(emulator.wait_idle(Duration::from_secs(5)), "{transport} {fault}: a connection stays open");
        }
    }
}

#[test]
fn a_call_with_a_cancelled_token_sends_nothing() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        let client = AnyClient::new(transport, builder(&emulator));
        let cancel = CancelToken::new();
        cancel.cancel();
        let error = client.outpaint(&Outpaint::equal(small(), 0.5), &CallOptions::new().cancel(&cancel)).unwrap_err();
        assert_eq!((error.kind(), error.charge()), (ErrorKind::Cancelled, Charge::None));
        assert_eq!(emulator.connections(), 0);
    }
}

#[test]
fn a_dropped_future_closes_its_connection() {
    let emulator = Emulator::start().unwrap();
    emulator.push("stall=body".parse().unwrap());
    let AnyClient::Reqwest(runtime, client) = AnyClient::new("reqwest", builder(&emulator)) else { unreachable!() };
    runtime.block_on(async {
        let outpaint = Outpaint::equal(small(), 0.5);
        let call = client.outpaint(&outpaint);
        tokio::time::timeout(Duration::from_millis(300), call).await.unwrap_err();
        // The connection's own task needs a turn to notice.
        tokio::time::sleep(Duration::from_millis(50)).await;
    });
    assert!(emulator.wait_idle(Duration::from_secs(5)));
    assert_eq!(emulator.complete_bodies(), 1);
}

#[test]
fn the_blocking_client_can_be_used_and_dropped_inside_a_runtime() {
    let emulator = Emulator::start().unwrap();
    let AnyClient::Reqwest(runtime, _) = AnyClient::new("reqwest", builder(&emulator)) else { unreachable!() };
    runtime.block_on(async {
        let client = builder(&emulator).ureq().unwrap();
        client.outpaint(&Outpaint::equal(small(), 0.25)).unwrap();
    });
}
