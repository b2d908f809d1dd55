//! A long run that measures what tests cannot assert by the clock: 10,000 calls with random faults, whether memory, threads
//! or descriptors leak, whether client and server count the same charges, and how long a cancel takes in each phase.
//!
//! `cargo run --release -p tests --example soak -- [CALLS] [CANCELS]`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measuring program may fail and print")]

#[path = "../it/support.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests, which use all of it")]
mod support;

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use support::{AnyClient, TRANSPORTS, builder, large, small};
use volcv::{CallOptions, CancelToken, Charge, Error, ErrorKind, Outpaint, Picture, RetryBudget, RetryPolicy};
use volcv_emulator::Emulator;

/// Faults, and whether a service would have billed a request that met them.
const FAULTS: [(&str, Charge); 16] = [
    ("ok", Charge::Charged),
    ("ok", Charge::Charged),
    ("code=50429", Charge::None),
    ("status=503,retry-after=0", Charge::None),
    ("code=50412", Charge::None),
    ("code=50500", Charge::Unknown),
    ("status=502", Charge::Unknown),
    ("body=gateway", Charge::None),
    ("body=html,status=200", Charge::Charged),
    ("cut=100", Charge::Charged),
    ("close=body", Charge::Unknown),
    ("reset=body", Charge::Unknown),
    ("garbage", Charge::Unknown),
    ("chunked", Charge::Charged),
    ("close-delimited", Charge::Charged),
    ("body=gzip", Charge::Charged),
];

fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse().unwrap());
    let (calls, cancels) = (numbers.next().unwrap_or(10_000), numbers.next().unwrap_or(200));
    for transport in TRANSPORTS {
        soak(transport, calls);
    }
    println!("\ncancel to return, {cancels} runs each:");
    for transport in TRANSPORTS {
        for (phase, fault, picture) in [
            ("unread", "stall=accept", small as fn() -> Picture),
            ("uploading", "stall=200000", large),
            ("waiting", "stall=body", small),
            ("downloading", "stall=reply-body", small),
            ("backing off", "status=429,retry-after=60", small),
        ] {
            cancel_latency(transport, phase, fault, &picture(), cancels);
        }
    }
}

fn soak(transport: &str, calls: usize) {
    let emulator = Emulator::start().unwrap();
    let policy = RetryPolicy::new().base(Duration::from_micros(100));
    // The default budget limits the retries at a service that stays broken; here it would end most calls early.
    let client =
        AnyClient::new(transport, builder(&emulator).retry(policy).retry_budget(RetryBudget::new(1 << 30).into()));
    let outpaint = Outpaint::equal(small(), 0.25);
    let (mut random, mut server, mut reported) = (numbers_from(7), [0_usize; 3], [0_usize; 3]);
    let mut bodies = 0;
    let started = Instant::now();
    let mut before = None;
    for call in 0..calls {
        if call == calls / 10 {
            before = Some(Resources::now());
        }
        let mut faults = Vec::new();
        // As many faults as the call can use: it stops at the first that may cost money.
        while faults.last().is_none_or(|(_, charge)| *charge == Charge::None) && faults.len() < 4 {
            faults.push(FAULTS[random() as usize % FAULTS.len()]);
        }
        let used_before = emulator.complete_bodies();
        faults.iter().for_each(|(fault, _)| emulator.push(fault.parse().unwrap()));
        let result = client.outpaint(&outpaint, &CallOptions::new());
        let attempts = result.as_ref().map_or_else(Error::attempts, |outcome| &outcome.attempts);
        for (attempt, (_, charge)) in attempts.iter().zip(&faults) {
            server[*charge as usize] += 1;
            reported[attempt.charge as usize] += 1;
        }
        bodies += attempts.iter().filter(|attempt| attempt.delivery.is_full()).count() as u64;
        assert!(emulator.complete_bodies() - used_before >= attempts.len() as u64, "{result:?}");
        // Calls that are not counted use up the faults that are left.
        for _ in attempts.len()..faults.len() {
            let _ = client
                .outpaint(&outpaint, &CallOptions::new())
                .map_err(|error| assert_ne!(error.kind(), ErrorKind::Connect));
            bodies = emulator.complete_bodies();
        }
    }
    println!("{transport}: {calls} calls in {:.1?}", started.elapsed());
    println!("  attempts none/unknown/charged: at the server {server:?}, reported {reported:?}");
    println!(
        "  complete bodies at the server {}, delivered by the client's account {bodies}",
        emulator.complete_bodies()
    );
    println!("  after a tenth: {:?}\n  at the end:    {:?}", before.unwrap(), Resources::now());
    assert_eq!(server, reported, "the accounts differ");
    assert_eq!(emulator.complete_bodies(), bodies);
}

fn cancel_latency(transport: &str, phase: &str, fault: &str, picture: &Picture, runs: usize) {
    let emulator = Emulator::builder().faults(vec![fault.parse().unwrap()]).repeat_last(true).start().unwrap();
    let client = AnyClient::new(transport, builder(&emulator));
    let outpaint = Outpaint::equal(picture.clone(), 0.25);
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let cancel = CancelToken::new();
            let canceller = thread::spawn({
                let cancel = cancel.clone();
                move || {
                    thread::sleep(Duration::from_millis(30));
                    let now = Instant::now();
                    cancel.cancel();
                    now
                }
            });
            let error = client.outpaint(&outpaint, &CallOptions::new().cancel(&cancel)).unwrap_err();
            let returned = Instant::now();
            assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
            returned.saturating_duration_since(canceller.join().unwrap())
        })
        .collect();
    times.sort_unstable();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
    println!("  {transport:8} {phase:12} p50 {:>9.1?}  p99 {:>9.1?}  max {:>9.1?}", at(50), at(99), at(100));
}

/// The numbers that a leak would raise.
#[derive(Debug)]
#[allow(dead_code, reason = "printed")]
struct Resources {
    threads: usize,
    descriptors: usize,
    resident_kib: usize,
}

impl Resources {
    fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
        };
        let descriptors = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        Self { threads: field("Threads:"), descriptors, resident_kib: field("VmRSS:") }
    }
}

/// A repeatable sequence of numbers (xorshift).
fn numbers_from(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 11
    }
}
