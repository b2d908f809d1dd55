//! The pace that all runs share.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn near(duration: Duration, seconds: u64) -> bool {
    // The database's clock goes on while the test runs.
    duration <= Duration::from_secs(seconds) && duration + 5 * SECOND > Duration::from_secs(seconds)
}

#[tokio::test]
async fn one_burst_slows_down_once() {
    for bench in Bench::all().await {
        bench.add(1).await;
        let run = bench.start("a").await;
        bench.claim_one(&run).await;
        for asked in [20, 60, 30] {
            let pace = bench.ledger.slow_down(asked * SECOND, false).await.unwrap();
            assert_eq!(pace.factor, 0.5);
        }
        let Begin::Wait(wait) = bench.begin(&run, &attempt("item-0", 1)).await else { panic!("no wait") };
        assert!(near(wait, 60), "{wait:?}");
        bench.pass(60 * SECOND);
        assert_eq!(bench.begin(&run, &attempt("item-0", 1)).await, Begin::Send);
        let pace = bench.ledger.slow_down(900 * SECOND, false).await.unwrap();
        assert!(pace.factor == 0.25 && near(pace.pause, 120), "{pace:?}");
    }
}

#[tokio::test]
async fn pauses_grow_and_success_speeds_up() {
    for bench in Bench::all().await {
        let run = NewRun { lease: Duration::from_secs(100_000), ..run("a") };
        bench.ledger.start_run(&run).await.unwrap();
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let pace = bench.ledger.slow_down(5 * SECOND, false).await.unwrap();
            pauses.push((pace.factor, pace.pause.as_secs_f64().round() as u64));
            bench.pass(pace.pause);
        }
        assert_eq!(pauses[0], (0.5, 5));
        assert_eq!(pauses[1], (0.25, 10));
        assert_eq!(pauses[2], (0.125, 20));
        assert_eq!(pauses[7], (1.0 / 64.0, 60));
        bench.pass(2 * SECOND);
        let first = bench.ledger.beat(&run, true).await.unwrap().unwrap().factor;
        assert!(first > 0.1 && first < 0.5, "{first}");
        assert_eq!(bench.ledger.beat(&run, false).await.unwrap().unwrap().factor, first);
        for _ in 0..20 {
            bench.pass(2 * SECOND);
            bench.ledger.beat(&run, true).await.unwrap().unwrap();
        }
        assert_eq!(
            bench.ledger.beat(&run, true).await.unwrap().unwrap(),
            Pace { factor: 1.0, pause: Duration::ZERO, stopped: None }
        );
        let pace = bench.ledger.slow_down(SECOND, false).await.unwrap();
        assert!(near(pace.pause, 1), "the growth is forgotten: {pace:?}");
    }
}

#[tokio::test]
async fn a_stop_holds_until_the_next_run() {
    for bench in Bench::all().await {
        bench.add(1).await;
        let run = bench.start("a").await;
        bench.claim_one(&run).await;
        bench.ledger.stop("the key was refused").await.unwrap();
        bench.ledger.stop("later").await.unwrap();
        let stopped = bench.begin(&run, &attempt("item-0", 1)).await;
        assert_eq!(stopped, Begin::Stopped("the key was refused".to_owned()));
        assert_eq!(
            bench.ledger.beat(&run, true).await.unwrap().unwrap().stopped.as_deref(),
            Some("the key was refused")
        );
        bench.start("a").await;
        assert_eq!(bench.begin(&run, &attempt("item-0", 1)).await, Begin::Send);
        // An attempt that was begun is not stopped when it is begun again.
        bench.ledger.stop("again").await.unwrap();
        assert_eq!(bench.begin(&run, &attempt("item-0", 1)).await, Begin::Send);
    }
}

#[tokio::test]
async fn a_throttle_among_calls_that_succeed_makes_no_pause_longer() {
    for bench in Bench::all().await {
        for _ in 0..20 {
            let pace = bench.ledger.slow_down(Duration::ZERO, true).await.unwrap();
            assert!(pace.pause <= SECOND, "{pace:?}");
            bench.pass(SECOND + SECOND / 10);
        }
        assert!(
            bench.ledger.slow_down(60 * SECOND, true).await.unwrap().pause > 59 * SECOND,
            "what the service asks for holds"
        );
    }
}
