//! Claims, leases and waits.

use super::*;

#[tokio::test]
async fn a_repeated_claim_gives_the_same_items() {
    for bench in Bench::all().await {
        bench.add(10).await;
        let run = bench.start("a").await;
        let ids = |claimed: Vec<Claimed>| claimed.into_iter().map(|one| one.item.id).collect::<Vec<_>>();
        let first = ids(bench.ledger.claim(&run, 77, 4).await.unwrap().unwrap());
        assert_eq!(first, ["item-0", "item-1", "item-2", "item-3"]);
        assert_eq!(ids(bench.ledger.claim(&run, 77, 4).await.unwrap().unwrap()), first);
        assert_eq!(ids(bench.ledger.claim(&run, 78, 2).await.unwrap().unwrap()), ["item-4", "item-5"]);
    }
}

#[tokio::test]
async fn no_two_runs_get_one_item() {
    for bench in Bench::all().await {
        bench.add(200).await;
        let mut tasks = Vec::new();
        for _ in 0..8 {
            let ledger = Ledger::open(&bench.url).await.unwrap();
            let run = bench.start("a").await;
            tasks.push(tokio::spawn(async move {
                let mut got = Vec::new();
                loop {
                    let some = ledger.claim(&run, fastrand::i64(1..), 7).await.unwrap().unwrap();
                    if some.is_empty() {
                        return got;
                    }
                    got.extend(some.into_iter().map(|one| one.item.seq));
                }
            }));
        }
        let mut all = Vec::new();
        for task in tasks {
            all.extend(task.await.unwrap());
        }
        all.sort_unstable();
        assert_eq!(all, (0..200).collect::<Vec<u64>>());
    }
}

#[tokio::test]
async fn a_wait_is_kept() {
    for bench in Bench::all().await {
        bench.add(1).await;
        let run = bench.start("a").await;
        assert_eq!(bench.ledger.next_due(&run).await.unwrap(), Some(Duration::ZERO));
        bench.claim_one(&run).await;
        assert_eq!(bench.ledger.next_due(&run).await.unwrap(), None, "its own items are not waited for");
        let other = bench.start("a").await;
        let due = bench.ledger.next_due(&other).await.unwrap().unwrap();
        assert!(due <= LEASE && due > LEASE / 2, "{due:?}");
        let waits =
            Verdict { wait: Duration::from_secs(600), forget: false, counts_as_try: true, ..verdict(State::Planned) };
        assert!(bench.ledger.finish(&run, "item-0", &waits).await.unwrap());
        assert!(bench.claim(&run, 1).await.is_empty());
        let due = bench.ledger.next_due(&run).await.unwrap().unwrap();
        assert!(due <= waits.wait && due > waits.wait / 2, "{due:?}");
        bench.pass(waits.wait);
        // The lease has passed too; nobody has swept it, so it is renewed.
        bench.ledger.beat(&run, false).await.unwrap().unwrap();
        assert_eq!(bench.ledger.activity().await.unwrap().runs.len(), 1);
        assert_eq!(bench.claim_one(&run).await.tries, 1);
        assert!(bench.finish(&run, "item-0", State::Done).await);
        assert_eq!(bench.ledger.next_due(&run).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_run_gives_back_what_it_has() {
    for bench in Bench::all().await {
        bench.add(3).await;
        let run = bench.start("a").await;
        bench.ledger.start_run(&run).await.unwrap();
        bench.claim(&run, 2).await;
        let other = bench.start("b").await;
        bench.ledger.beat(&other, false).await.unwrap().unwrap();
        assert_eq!(bench.ledger.activity().await.unwrap().runs.len(), 2);
        for _ in 0..2 {
            bench.ledger.end_run(&run).await.unwrap();
        }
        assert_eq!(bench.ledger.counts().await.unwrap().planned, 3);
        bench.ledger.beat(&other, false).await.unwrap().unwrap();
        assert_eq!(bench.ledger.activity().await.unwrap().runs.len(), 1);
        assert_eq!(bench.claim(&other, 9).await.len(), 3);
        assert!(!bench.finish(&run, "item-0", State::Done).await);
    }
}

#[tokio::test]
async fn an_operation_is_tried_for_a_while() {
    let bench = Bench::sqlite().await;
    let (mut calls, told) = (0, std::sync::atomic::AtomicU32::new(0));
    let away = |_: &str| {
        told.fetch_add(1, Ordering::Relaxed);
    };
    let failing = |transient| BatchError::Ledger { ledger: "x".to_owned(), message: "y".to_owned(), transient };
    let found = bench.ledger.patiently(Duration::from_secs(60), &away, || {
        calls += 1;
        let result = if calls < 3 { Err(failing(true)) } else { Ok(calls) };
        async move { result }
    });
    assert_eq!(found.await.unwrap(), 3);
    assert_eq!(told.load(Ordering::Relaxed), 1);
    for (patience, transient) in [(Duration::ZERO, true), (Duration::from_secs(60), false)] {
        let error = bench.ledger.patiently(patience, &away, || async { Err::<(), _>(failing(transient)) }).await;
        assert!(matches!(error, Err(BatchError::Ledger { .. })));
    }
}

#[tokio::test]
async fn runs_at_work_are_told_until_they_end_or_their_lease_passes() {
    for bench in Bench::all().await {
        bench.add(5).await;
        let names = |activity: &Activity| activity.runs.iter().map(|run| run.items).collect::<Vec<_>>();
        let (one, two) = (bench.start("a").await, bench.start("b").await);
        bench.claim(&one, 3).await;
        bench.ledger.slow_down(Duration::from_secs(7), false).await.unwrap();
        bench.ledger.stop("no quota").await.unwrap();
        let activity = bench.ledger.activity().await.unwrap();
        let mut items = names(&activity);
        items.sort_unstable();
        assert_eq!((items, activity.factor, activity.stopped.as_deref()), (vec![0, 3], 0.5, Some("no quota")));
        assert!((1..=7000).contains(&activity.pause_ms) && activity.runs[0].lease_ms > 0, "{activity:?}");
        bench.ledger.end_run(&two).await.unwrap();
        assert_eq!(names(&bench.ledger.activity().await.unwrap()), [3]);
        bench.pass(LEASE);
        assert!(bench.ledger.activity().await.unwrap().runs.is_empty());
    }
}
