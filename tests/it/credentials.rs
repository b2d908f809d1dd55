//! Providers of credentials on both clients: when they are asked, and what becomes of a call whose provider fails, panics or
//! never answers.

use std::future::{pending, poll_fn};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use volcv::testing::{Act, ScriptedTransport};
use volcv::{
    AsyncCredentialsProvider, BoxFuture, CallOptions, CancelToken, Charge, ClientBuilder, Credentials,
    CredentialsError, CredentialsSource, Error, ErrorKind, Outpaint,
};
use volcv_emulator::{DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Emulator};

use crate::examples::program;
use crate::support::{AnyClient, TRANSPORTS, block_on, small};

type Found = Result<Credentials, CredentialsError>;

/// An async provider made of a closure.
struct Asynchronous<F>(F);

impl<F: Fn() -> BoxFuture<'static, Found> + Send + Sync + 'static> AsyncCredentialsProvider for Asynchronous<F> {
    async fn credentials(&self) -> Found {
        (self.0)().await
    }
}

fn asynchronous(ask: impl Fn() -> BoxFuture<'static, Found> + Send + Sync + 'static) -> CredentialsSource {
    CredentialsSource::async_provider(Asynchronous(ask))
}

fn good() -> Credentials {
    Credentials::new(DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY).unwrap()
}

fn outpaint() -> Outpaint {
    Outpaint::equal(small(), 0.25)
}

/// One call with credentials from this source; gives its result and how many requests the emulator saw.
fn call(transport: &str, source: &CredentialsSource, options: &CallOptions) -> (Result<(), Error>, usize) {
    let emulator = Emulator::start().unwrap();
    let builder = ClientBuilder::direct(source.clone()).base_url(emulator.base_url());
    let result = AnyClient::new(transport, builder).outpaint(&outpaint(), options).map(drop);
    (result, emulator.requests().len())
}

#[test]
fn a_provider_is_asked_once_and_its_credentials_serve_all_calls() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let source = CredentialsSource::provider(move || {
            assert_eq!(std::thread::current().name(), Some("volcv-credentials"));
            counter.fetch_add(1, SeqCst);
            Ok(good())
        });
        let client = AnyClient::new(transport, ClientBuilder::direct(source).base_url(emulator.base_url()));
        assert_eq!(asked.load(SeqCst), 0, "a client that makes no call asks for nothing");
        client.variants(&outpaint(), &[1], &CallOptions::new()).unwrap();
        client.outpaint(&outpaint(), &CallOptions::new()).unwrap();
        assert_eq!((asked.load(SeqCst), emulator.charges()), (1, 2), "{transport}");
    }
}

#[test]
fn calls_of_the_async_client_that_start_together_share_one_answer_of_a_blocking_provider() {
    let emulator = Emulator::start().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let (counter, (go, wait)) = (Arc::clone(&asked), mpsc::channel::<()>());
    let wait = Mutex::new(wait);
    let source = CredentialsSource::provider(move || {
        counter.fetch_add(1, SeqCst);
        wait.lock().unwrap().recv()?;
        Ok(good())
    });
    let builder = ClientBuilder::direct(source).base_url(emulator.base_url()).max_concurrent(4);
    let AnyClient::Reqwest(runtime, client) = AnyClient::new("reqwest", builder) else { unreachable!() };
    let outpaint = outpaint();
    let options = CallOptions::new();
    let results = runtime.block_on(async {
        // The calls are polled first, so all four wait when the provider may go on.
        let (results, ()) =
            tokio::join!(client.variants(&outpaint, &[1, 2, 3, 4], &options), async { go.send(()).unwrap() });
        results.unwrap()
    });
    assert!(results.iter().all(Result::is_ok));
    assert_eq!((asked.load(SeqCst), emulator.charges()), (1, 4));
}

#[test]
fn an_async_provider_serves_the_async_client_and_is_refused_by_a_blocking_one() {
    let source = asynchronous(|| {
        Box::pin(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(good())
        })
    });
    let (result, requests) = call("reqwest", &source, &CallOptions::new());
    result.unwrap();
    assert_eq!(requests, 1);
    for refused in [
        ClientBuilder::direct(source.clone()).ureq().unwrap_err(),
        ClientBuilder::direct(source).transport(ScriptedTransport::default()).unwrap_err(),
    ] {
        assert_eq!(refused.kind(), ErrorKind::Config);
        assert_eq!(refused.message(), "a blocking client cannot ask an async provider of credentials");
    }
}

#[test]
fn a_provider_has_the_stack_of_an_ordinary_thread() {
    fn deep(calls: u32) -> u32 {
        let room = std::hint::black_box([1_u8; 16 * 1024]);
        if calls == 0 { 0 } else { deep(calls - 1) + u32::from(room[calls as usize]) }
    }
    // A frame has the array once in an optimised program, and up to three times in others: 320 to 960 KiB in all.
    let source = CredentialsSource::provider(|| {
        assert_eq!(deep(20), 20);
        Ok(good())
    });
    for transport in TRANSPORTS {
        call(transport, &source, &CallOptions::new()).0.unwrap();
    }
}

#[test]
fn a_provider_that_fails_or_panics_ends_the_call_before_anything_is_sent() {
    let failing: CredentialsSource = CredentialsSource::provider(|| Err("the vault is\n locked".into()));
    let panicking = CredentialsSource::provider(|| panic!("of the provider"));
    let expired = || Ok(good().expires_at(SystemTime::now() - Duration::from_secs(1)));
    let fixed = CredentialsSource::from(expired().unwrap());
    let cases = [
        ("ureq", failing.clone(), "there are no credentials: the vault is\\n locked"),
        ("reqwest", failing, "there are no credentials: the vault is\\n locked"),
        ("ureq", panicking.clone(), "the provider of credentials panicked"),
        ("reqwest", panicking, "the provider of credentials panicked"),
        ("reqwest", asynchronous(|| Box::pin(async { Err("no network".into()) })), "no network"),
        ("reqwest", asynchronous(|| panic!("before the future")), "the provider of credentials panicked"),
        (
            "reqwest",
            asynchronous(|| Box::pin(async { panic!("in the future") })),
            "the provider of credentials panicked",
        ),
        ("ureq", CredentialsSource::provider(expired), "the credentials have expired"),
        ("reqwest", CredentialsSource::provider(expired), "the credentials have expired"),
        ("ureq", fixed.clone(), "the given ones have expired, and there is no provider of others"),
        ("reqwest", fixed, "the given ones have expired, and there is no provider of others"),
    ];
    for (transport, source, text) in cases {
        let (result, requests) = call(transport, &source, &CallOptions::new());
        let error = result.unwrap_err();
        assert_eq!(
            (error.kind(), error.charge(), requests),
            (ErrorKind::Auth, Charge::None, 0),
            "{transport}: {error}"
        );
        assert!(error.to_string().contains(text) && error.attempts().is_empty(), "{transport}: {error}");
    }
}

/// A provider that does `first`, and then waits until the test ends.
fn hanging(first: impl Fn() + Send + Sync + 'static) -> (CredentialsSource, mpsc::Sender<()>) {
    let (end, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let source = CredentialsSource::provider(move || {
        first();
        wait.lock().unwrap().recv()?;
        Ok(good())
    });
    (source, end)
}

fn hanging_async(first: impl Fn() + Send + Sync + 'static) -> CredentialsSource {
    asynchronous(move || {
        first();
        Box::pin(pending())
    })
}

#[test]
fn a_provider_that_never_answers_ends_each_call_at_its_deadline() {
    let (source, _end) = hanging(|| ());
    for (transport, source) in [("ureq", source.clone()), ("reqwest", source), ("reqwest", hanging_async(|| ()))] {
        for _ in 0..2 {
            let begun = Instant::now();
            let (result, requests) = call(transport, &source, &CallOptions::new().deadline(Duration::from_millis(200)));
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.charge(), requests), (ErrorKind::Timeout, Charge::None, 0), "{error}");
            assert!(error.to_string().contains("the provider of credentials did not answer in time"), "{error}");
            assert!(begun.elapsed() >= Duration::from_millis(200), "{transport}");
        }
    }
}

#[test]
fn a_cancel_ends_the_wait_for_a_provider() {
    for (transport, is_async) in [("ureq", false), ("reqwest", false), ("reqwest", true)] {
        // The provider itself cancels, so the call waits for it; without a deadline, nothing else ends the call so early.
        let cancel = CancelToken::new();
        let canceller = cancel.clone();
        let first = move || canceller.cancel();
        let (source, _end) = match is_async {
            true => (hanging_async(first), None),
            false => {
                let (source, end) = hanging(first);
                (source, Some(end))
            }
        };
        let (result, requests) = call(transport, &source, &CallOptions::new().cancel(&cancel));
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.charge(), requests), (ErrorKind::Cancelled, Charge::None, 0), "{error}");
    }
}

#[test]
fn a_call_that_is_dropped_drops_the_future_of_its_provider() {
    struct Noted(Arc<AtomicUsize>);
    impl Drop for Noted {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&dropped);
    let source = asynchronous(move || {
        let noted = Noted(Arc::clone(&counter));
        Box::pin(async move {
            let _noted = noted;
            pending().await
        })
    });
    let AnyClient::Reqwest(runtime, client) = AnyClient::new("reqwest", ClientBuilder::direct(source)) else {
        unreachable!()
    };
    let outpaint = outpaint();
    runtime.block_on(async {
        let mut call = Box::pin(client.outpaint(&outpaint));
        let waits = poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_pending())).await;
        assert!(waits && dropped.load(SeqCst) == 0);
        drop(call);
        assert_eq!(dropped.load(SeqCst), 1);
    });
}

#[test]
fn a_client_can_be_dropped_while_its_provider_is_asked() {
    for transport in TRANSPORTS {
        let provided = Arc::new(());
        let held = Arc::clone(&provided);
        let (source, end) = hanging(move || assert_eq!(Arc::strong_count(&held), 2));
        // The client ends with the call; only the thread of the provider is left, and it ends with its answer.
        let (result, _) = call(transport, &source, &CallOptions::new().deadline(Duration::from_millis(50)));
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Timeout);
        drop(source);
        assert_eq!(Arc::strong_count(&provided), 2, "the thread has the provider");
        drop(end);
        while Arc::strong_count(&provided) > 1 {
            std::thread::yield_now();
        }
    }
}

const OK: &str = r#"{"code":10000,"data":{"status":"not_found"}}"#;

/// The number of questions to a provider in a run of calls that each last this long in virtual time; the credentials of its
/// n-th answer end so many seconds after the start.
fn questions(lasting: u64, ends: &'static [u64]) -> (usize, Vec<Result<(), Error>>) {
    let script = ScriptedTransport::new((0..4).map(|_| Act::reply(200, OK).lasting(Duration::from_secs(lasting))));
    let asked = Arc::new(AtomicUsize::new(0));
    let (counter, clock) = (Arc::clone(&asked), script.clone());
    let start = volcv::Transport::now(&clock).wall;
    let source = asynchronous(move || {
        let end = ends.get(counter.fetch_add(1, SeqCst)).map(|end| start + Duration::from_secs(*end));
        Box::pin(async move { Ok(good().expires_at(end.ok_or("the provider has no more")?)) })
    });
    let client = ClientBuilder::direct(source).async_transport(script).unwrap();
    let task = volcv::Task::new("1", "i2i_outpainting").unwrap();
    let results = (0..4).map(|_| block_on(client.task_status(&task, &CallOptions::new())).map(drop)).collect();
    (asked.load(SeqCst), results)
}

#[test]
fn credentials_are_renewed_a_minute_before_they_end() {
    // The calls begin at 0, 50, 100 and 150 seconds.
    let (asked, results) = questions(50, &[10_000]);
    assert!(asked == 1 && results.iter().all(Result::is_ok), "{results:?}");
    let (asked, results) = questions(50, &[100, 10_000]);
    assert!(asked == 2 && results.iter().all(Result::is_ok), "{results:?}");
}

#[test]
fn a_provider_that_fails_before_the_old_credentials_end_costs_nothing_yet() {
    // At 50 and 100 seconds there are no new ones, but the old ones last; at 150 seconds they have ended.
    let (asked, results) = questions(50, &[105]);
    let kinds: Vec<_> = results.iter().map(|result| result.as_ref().err().map(Error::kind)).collect();
    assert_eq!((asked, kinds), (4, vec![None, None, None, Some(ErrorKind::Auth)]));
}

/// Runs the example that finds its credentials on the machine, with this home and these variables.
fn find(emulator: &Emulator, home: &Path, variables: &[(&str, &str)]) -> Output {
    Command::new(program("direct"))
        .env_clear()
        .env("HOME", home)
        .env("VOLC_BASE_URL", emulator.base_url())
        .env("OUT", home.join("wide.png"))
        .envs(variables.iter().copied())
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap()
}

#[test]
fn a_process_finds_its_credentials_in_the_environment_first_and_then_in_the_files_of_the_sdks() {
    let emulator = Emulator::builder().temporary_key("AKTP-1", "temporary-secret", "right").start().unwrap();
    let home = std::env::temp_dir().join(format!("volcv-home-{}", std::process::id()));
    let folder = home.join(".volc");
    std::fs::create_dir_all(&folder).unwrap();
    let (access_key, secret_key) = (("VOLC_ACCESSKEY", DEFAULT_ACCESS_KEY), ("VOLC_SECRETKEY", DEFAULT_SECRET_KEY));
    let temporary =
        [("VOLC_ACCESSKEY", "AKTP-1"), ("VOLC_SECRETKEY", "temporary-secret"), ("VOLC_SESSION_TOKEN", "right")];
    let works = |variables: &[(&str, &str)]| {
        let output = find(&emulator, &home, variables);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let fails = |variables: &[(&str, &str)], text: &str| {
        let output = find(&emulator, &home, variables);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(text), "{error}");
        assert!(!error.contains("secret-key") && !error.contains("temporary-secret"), "{error}");
    };
    let none =
        "VOLC_ACCESSKEY and VOLC_SECRETKEY are not both set; there is neither ~/.volc/credentials nor ~/.volc/config";
    fails(&[], none);
    fails(&[access_key], none);
    works(&[access_key, secret_key]);
    works(&temporary);
    let json = format!(r#"{{"ak":"{DEFAULT_ACCESS_KEY}","sk":"{DEFAULT_SECRET_KEY}"}}"#);
    std::fs::write(folder.join("config"), json).unwrap();
    works(&[]);
    let ini = "[default]\naccess_key_id = AKTP-1\nsecret_access_key = temporary-secret\n";
    std::fs::write(folder.join("credentials"), ini).unwrap();
    fails(&[], "InvalidSecretToken");
    std::fs::write(folder.join("credentials"), format!("{ini}session_token = right\n")).unwrap();
    works(&[]);
    // Half of the environment does not win over a file; all of it does.
    works(&[access_key]);
    works(&[access_key, secret_key]);
    fails(&[access_key, ("VOLC_SECRETKEY", "secret-key\n")], "is not printable ASCII");
    assert_eq!(emulator.charges(), 6);
    std::fs::remove_dir_all(home).unwrap();
}
