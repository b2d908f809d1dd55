//! Transports that are not ours: closures, scripts, and an executor that is not tokio's.

use std::time::Duration;

use volcv::testing::{Act, ScriptedTransport};
use volcv::{
    AsyncTransport, Charge, ClientBuilder, ErrorKind, Outpaint, Transport, TransportErrorKind, from_async_fn, from_fn,
};

use crate::support::{block_on, small};

const REFUSED: &str = r#"{"code":50412,"message":"Text Risk Not Pass"}"#;

fn builder() -> ClientBuilder {
    ClientBuilder::new("https://gateway.example", "key")
}

#[test]
fn a_closure_is_a_transport_with_the_same_rules() {
    let script = ScriptedTransport::new([Act::fail(TransportErrorKind::Io).after(50), Act::reply(400, REFUSED)]);
    let inner = script.clone();
    let client = builder()
        .transport(from_fn(move |request, reply, limits, cancel| {
            Transport::send(&inner, request, reply, limits, cancel)
        }))
        .unwrap();
    let error = client.outpaint(&Outpaint::equal(small(), 0.5)).unwrap_err();
    assert_eq!((error.kind(), error.attempts().len(), script.complete_bodies()), (ErrorKind::Refused, 2, 1));
}

#[test]
fn async_closures_run_on_any_executor() {
    let script = ScriptedTransport::new([Act::fail(TransportErrorKind::Io).after(50), Act::reply(400, REFUSED)]);
    let (send, sleep) = (script.clone(), script.clone());
    let transport = from_async_fn(
        move |request, reply, limits| {
            let script = send.clone();
            Box::pin(async move { AsyncTransport::send(&script, request, reply, limits).await })
        },
        move |time| {
            let script = sleep.clone();
            Box::pin(async move { AsyncTransport::sleep(&script, time).await })
        },
    );
    let client = builder().async_transport(transport).unwrap();
    let error = block_on(client.outpaint(&Outpaint::equal(small(), 0.5))).unwrap_err();
    assert_eq!((error.kind(), error.attempts().len(), script.complete_bodies()), (ErrorKind::Refused, 2, 1));
}

#[test]
fn every_limit_ends_a_transport_that_hangs_and_names_its_phase() {
    let hangs: [(Act, ErrorKind, Charge, &str, u64); 3] = [
        (Act::hang(), ErrorKind::Timeout, Charge::None, "connect limit", 10),
        (Act::hang().after(100), ErrorKind::Timeout, Charge::None, "stall limit while uploading", 30),
        (
            Act::hang().after_all(),
            ErrorKind::OutcomeUnknown,
            Charge::Unknown,
            "attempt limit passed while waiting",
            300,
        ),
    ];
    for (act, kind, charge, text, seconds) in hangs {
        let (blocking, asynchronous) = (ScriptedTransport::new([act.clone()]), ScriptedTransport::new([act]));
        let client = builder().max_attempts(1).transport(blocking.clone()).unwrap();
        let from_blocking = client.outpaint(&Outpaint::equal(small(), 0.5)).unwrap_err();
        let client = builder().max_attempts(1).async_transport(asynchronous.clone()).unwrap();
        let from_async = block_on(client.outpaint(&Outpaint::equal(small(), 0.5))).unwrap_err();
        for error in [&from_blocking, &from_async] {
            assert_eq!((error.kind(), error.charge()), (kind, charge), "{error}");
            assert!(error.to_string().contains(text), "{error}");
            // The watch looks now and then: a stall is found at the latest an eighth later.
            let (elapsed, limit) = (error.attempts()[0].elapsed, Duration::from_secs(seconds));
            assert!(elapsed >= limit && elapsed <= limit.max(Duration::from_millis(33_750)), "{elapsed:?}: {error}");
        }
        assert_eq!(from_blocking.to_string(), from_async.to_string());
    }
}

#[test]
fn a_deadline_ends_a_hanging_call_in_time() {
    let script = ScriptedTransport::new([Act::hang(), Act::hang(), Act::hang()]);
    let client = builder().deadline(Duration::from_secs(12)).async_transport(script.clone()).unwrap();
    let error = block_on(client.outpaint(&Outpaint::equal(small(), 0.5))).unwrap_err();
    assert_eq!((error.kind(), error.charge()), (ErrorKind::Timeout, Charge::None));
    let total: Duration =
        error.attempts().iter().map(|attempt| attempt.elapsed + attempt.wait.unwrap_or_default()).sum();
    assert!(total <= Duration::from_secs(12), "{total:?}");
}

#[test]
fn futures_and_clients_can_be_sent_and_shared() {
    fn send<T: Send>(value: T) -> T {
        value
    }
    fn shared<T: Send + Sync + Clone + Unpin + 'static>(_: &T) {}
    let client = builder().async_transport(ScriptedTransport::default()).unwrap();
    shared(&client);
    shared(&builder().transport(ScriptedTransport::default()).unwrap());
    let outpaint = Outpaint::equal(small(), 0.5);
    block_on(send(client.outpaint(&outpaint))).unwrap_err();
    assert_eq!(size_of::<volcv::Error>(), size_of::<usize>());
}

/// A redirect would send the key elsewhere.
#[test]
fn a_reqwest_client_of_the_caller_follows_no_redirect_whatever_its_builder_says() {
    let emulator = volcv_emulator::Emulator::start().unwrap();
    emulator.push("body=redirect,location=/elsewhere".parse().unwrap());
    let own = reqwest::Client::builder()
        .tls_backend_preconfigured(crate::keep_alive::tls())
        .redirect(reqwest::redirect::Policy::limited(10));
    let transport = volcv::unversioned::reqwest_transport(own).unwrap();
    let builder = ClientBuilder::new(emulator.base_url(), volcv_emulator::DEFAULT_KEY);
    let client = builder.async_transport(transport).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(client.outpaint(&Outpaint::equal(small(), 0.25))).unwrap_err();
    assert_eq!((error.http_status(), error.attempts().len(), emulator.requests().len()), (Some(307), 1, 1), "{error}");
}
