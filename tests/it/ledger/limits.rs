//! What stops or slows a batch holds for all processes of its ledger.

use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use volcv_emulator::{Emulator, Fault};

use super::bench::{PATIENCE, keeps_secrets};
use super::{Bench, Books, Judge, Recipe};

const PROCESSES: u64 = 4;

/// Starts some processes of the same run.
fn start(bench: &Bench, count: u64, arguments: &str) -> Vec<Child> {
    let piped = || std::process::Stdio::piped();
    (0..count).map(|_| bench.run(arguments).stdout(piped()).stderr(piped()).spawn().unwrap()).collect()
}

/// The exit codes of processes that end by themselves.
fn ends(processes: Vec<Child>) -> Vec<i32> {
    let end = |process: Child| {
        let output = process.wait_with_output().unwrap();
        keeps_secrets(&output);
        output.status.code().unwrap()
    };
    processes.into_iter().map(end).collect()
}

/// Waits for something that happens soon.
pub(super) fn until(what: &str, mut is_true: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_true() {
        assert!(Instant::now() < end, "{what} did not happen");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn four_processes_together_buy_as_many_pictures_as_max_cost_says_and_no_more() {
    let emulator = Emulator::builder().delay(Duration::from_millis(30));
    let bench = Bench::with(emulator, &Recipe::plain(30), &mut Rng::with_seed(1));
    // Faults that may be charged count as well.
    (0..3).for_each(|_| bench.emulator.push(Fault::code(50500)));
    assert_eq!(ends(start(&bench, PROCESSES, "--max-cost 10 --concurrency 4")), [11; 4]);
    let (books, counts) = Books::read(&bench);
    assert_eq!((bench.emulator.charges(), books.charged, books.unknown), (10, 7, 3), "{books:?}");
    assert_eq!((counts["done"], counts["unknown"], counts["planned"]), (7, 3, 20), "{counts:?}");
    // It holds for later runs too, until they say more.
    assert_eq!(ends(start(&bench, 1, "--max-cost 10")), [11]);
    assert_eq!(bench.emulator.charges(), 10);
    assert_eq!(ends(start(&bench, PROCESSES, "--max-cost 100")), [7; 4]);
    Judge::new(&bench).judge(&bench);
}

#[test]
fn a_refused_key_stops_four_processes_and_costs_nothing() {
    let bench = Bench::new(&Recipe::plain(30), &mut Rng::with_seed(2));
    let wrong = |_| bench.run("--concurrency 2").env("VOLCV_API_KEY", "wrong").spawn().unwrap();
    assert_eq!(ends((0..PROCESSES).map(wrong).collect()), [3; 4]);
    let bodies = bench.emulator.complete_bodies();
    assert!((1..=PROCESSES * 2).contains(&bodies), "{bodies} calls with a refused key");
    let (books, counts) = Books::read(&bench);
    assert_eq!((books.charged, books.unknown, counts["planned"]), (0, 0, 30), "{books:?} {counts:?}");
    assert_eq!(ends(start(&bench, PROCESSES, "")), [0; 4]);
    let judge = Judge::new(&bench);
    judge.judge(&bench);
    judge.counts_are_equal();
}

#[test]
fn the_wait_that_the_service_asked_one_process_for_holds_for_all() {
    let bench = Bench::new(&Recipe::plain(12), &mut Rng::with_seed(3));
    bench.emulator.push("code=50429,retry-after=3".parse().unwrap());
    let first = start(&bench, 1, "--concurrency 1");
    let mut before = Instant::now();
    // The last moment at which the reply was not sent yet.
    until("the throttle", || {
        let now = Instant::now();
        let is_throttled = bench.emulator.requests().iter().any(|request| request.status.is_some());
        if !is_throttled {
            before = now;
        }
        is_throttled
    });
    let others = start(&bench, PROCESSES - 1, "--concurrency 2");
    loop {
        let bodies = bench.emulator.complete_bodies();
        if before.elapsed() >= Duration::from_secs(3) {
            break;
        }
        // A process that began at the same moment may have had a call on its way: there was none.
        assert_eq!(bodies, 1, "sent {:?} after a wait of 3 s was asked for", before.elapsed());
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!([ends(first), ends(others)].concat(), [0; 4]);
    let judge = Judge::new(&bench);
    judge.judge(&bench);
    judge.counts_are_equal();
}
