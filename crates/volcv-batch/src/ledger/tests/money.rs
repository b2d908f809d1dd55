//! Attempts: what is durable, what is known of them, and what becomes of their item.

use super::*;

#[tokio::test]
async fn an_item_goes_through() {
    for bench in Bench::all().await {
        bench.add(2).await;
        let run = bench.start("a").await;
        let claimed = bench.claim_one(&run).await;
        assert_eq!((claimed.item.clone(), claimed.tries, claimed.next_attempt), (item(0), 0, 1));
        assert!(claimed.answers.is_empty());
        assert_eq!(bench.state("item-0").await, State::Claimed);
        let id = attempt("item-0", 1);
        for _ in 0..2 {
            assert_eq!(bench.begin(&run, &id).await, Begin::Send);
            assert_eq!(bench.state("item-0").await, State::Sending);
        }
        let open = Spending { unknown: 1, ..Spending::default() };
        assert_eq!(bench.ledger.spending().await.unwrap(), open);
        for _ in 0..2 {
            bench.end(&run, &id, Charge::Charged, Some(Kept::File)).await;
            assert_eq!(bench.state("item-0").await, State::Claimed);
        }
        for _ in 0..2 {
            assert!(bench.finish(&run, "item-0", State::Done).await);
            assert_eq!(bench.state("item-0").await, State::Done);
        }
        let spent = Spending { charged: 1, complete: 1, ..Spending::default() };
        assert_eq!(bench.ledger.spending().await.unwrap(), spent);
        let page = bench.ledger.page(None, &[State::Done], 10).await.unwrap();
        assert_eq!((page.items[0].charged, page.items[0].unknown, page.items[0].attempts), (1, 0, 1));
        assert_sums(&bench.ledger).await;
    }
}

#[tokio::test]
async fn what_was_sending_is_unknown_after_the_lease() {
    for bench in Bench::all().await {
        bench.add(3).await;
        let dead = bench.start("a").await;
        for claimed in bench.claim(&dead, 3).await.into_iter().take(2) {
            assert_eq!(bench.begin(&dead, &attempt(&claimed.item.id, 1)).await, Begin::Send);
        }
        bench.end(&dead, &attempt("item-1", 1), Charge::Charged, Some(Kept::File)).await;
        bench.pass(LEASE);
        let run = bench.start("a").await;
        assert_eq!(bench.state("item-0").await, State::Unknown);
        assert_eq!(bench.state("item-1").await, State::Paid);
        assert_eq!(bench.state("item-2").await, State::Planned);
        assert_eq!(bench.ledger.spending().await.unwrap().in_doubt, 1);
        assert_eq!(bench.begin(&dead, &attempt("item-2", 1)).await, Begin::LeaseLost);
        assert!(matches!(bench.ledger.claim(&dead, 5, 1).await, Ok(None)));
        assert!(matches!(bench.ledger.beat(&dead, false).await, Ok(None)));
        // The run that lost its lease knows more in the end.
        bench.end(&dead, &attempt("item-0", 1), Charge::None, None).await;
        assert_eq!(bench.state("item-0").await, State::Planned);
        let claimed = bench.claim(&run, 9).await;
        assert_eq!(claimed.iter().map(|one| one.item.seq).collect::<Vec<_>>(), [1, 0, 2], "paid ones first");
        assert_eq!((claimed[0].answers.len(), claimed[0].next_attempt, claimed[1].next_attempt), (1, 2, 2));
        assert!(!bench.finish(&dead, "item-2", State::Done).await, "it is in other hands");
        assert_sums(&bench.ledger).await;
    }
}

#[tokio::test]
async fn a_run_without_a_lease_may_finish_what_nobody_has() {
    for bench in Bench::all().await {
        bench.add(1).await;
        let slow = bench.start("a").await;
        bench.claim_one(&slow).await;
        assert_eq!(bench.begin(&slow, &attempt("item-0", 1)).await, Begin::Send);
        bench.pass(LEASE);
        let run = bench.start("a").await;
        assert_eq!(bench.state("item-0").await, State::Unknown);
        bench.end(&slow, &attempt("item-0", 1), Charge::Charged, Some(Kept::Inline(b"answer".to_vec()))).await;
        assert_eq!(bench.state("item-0").await, State::Paid);
        assert!(bench.finish(&slow, "item-0", State::Done).await);
        assert!(bench.claim(&run, 1).await.is_empty());
        assert_eq!(bench.state("item-0").await, State::Done);
    }
}

#[tokio::test]
async fn files_of_answers_belong_to_their_store() {
    for bench in Bench::all().await {
        bench.add(2).await;
        let run = bench.start("a").await;
        for (claimed, kept) in bench.claim(&run, 2).await.iter().zip([Kept::File, Kept::Inline(b"id".to_vec())]) {
            let id = attempt(&claimed.item.id, 1);
            bench.begin(&run, &id).await;
            bench.end(&run, &id, Charge::Unknown, Some(kept)).await;
            assert!(bench.finish(&run, &id.item, State::Paid).await);
        }
        let other = bench.start("b").await;
        let claimed = bench.claim(&other, 9).await;
        assert_eq!(claimed.len(), 1);
        assert_eq!(claimed[0].answers[0].inline.as_deref(), Some(b"id".as_slice()));
        assert_eq!(claimed[0].answers[0].key, [7; 32]);
        // What the operation finds out is written to the attempt.
        let settled = Verdict { settled: Some(Charge::Charged), ..verdict(State::Done) };
        assert!(bench.ledger.finish(&other, "item-1", &settled).await.unwrap());
        assert_eq!(bench.claim_one(&run).await.item.id, "item-0");
        let spending = bench.ledger.spending().await.unwrap();
        assert_eq!((spending.charged, spending.unknown), (1, 1));
        assert_sums(&bench.ledger).await;
    }
}

#[tokio::test]
async fn files_that_nobody_told_of_are_found() {
    for bench in Bench::all().await {
        bench.add(3).await;
        let dead = bench.start("a").await;
        for claimed in bench.claim(&dead, 3).await {
            bench.begin(&dead, &attempt(&claimed.item.id, 1)).await;
        }
        // One is found while the run seems to live, the other after it was swept.
        assert_eq!(bench.ledger.recover("a", &[attempt("item-0", 1), attempt("none", 4)]).await.unwrap(), []);
        bench.pass(LEASE);
        let run = bench.start("a").await;
        assert_eq!(bench.ledger.recover("a", &[attempt("item-1", 1)]).await.unwrap(), []);
        let claimed = bench.claim(&run, 9).await;
        assert_eq!(claimed.iter().map(|one| one.item.seq).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(bench.state("item-2").await, State::Unknown);
        // To use an answer is to know what it cost.
        bench.end(&run, &attempt("item-0", 1), Charge::Charged, None).await;
        assert!(bench.finish(&run, "item-0", State::Failed).await);
        assert_eq!(bench.ledger.retry(&[State::Failed]).await.unwrap(), 1);
        assert_eq!(bench.state("item-0").await, State::Paid, "a charged answer is used again");
        assert_sums(&bench.ledger).await;
    }
}

#[tokio::test]
async fn unknown_is_not_sent_again_unless_asked() {
    for bench in Bench::all().await {
        bench.add(2).await;
        let run = bench.start("a").await;
        for claimed in bench.claim(&run, 2).await {
            let id = attempt(&claimed.item.id, 1);
            bench.begin(&run, &id).await;
            bench.end(&run, &id, Charge::Unknown, None).await;
            let state = if claimed.item.seq == 0 { State::Planned } else { State::Failed };
            assert!(bench.finish(&run, &id.item, state).await);
        }
        assert_eq!(bench.state("item-0").await, State::Unknown, "an engine that plans it again is not believed");
        assert_eq!(bench.ledger.retry(&[State::Failed]).await.unwrap(), 0);
        assert_eq!(bench.state("item-1").await, State::Unknown);
        assert_eq!(bench.ledger.retry(&[State::Unknown]).await.unwrap(), 2);
        let claimed = bench.claim(&run, 2).await;
        assert_eq!((claimed.len(), claimed[0].next_attempt, claimed[0].answers.len()), (2, 2, 0));
        assert_eq!(bench.ledger.spending().await.unwrap().unknown, 2);
    }
}

#[tokio::test]
async fn a_late_answer_is_used_before_it_is_bought_again() {
    for bench in Bench::all().await {
        bench.add(1).await;
        let slow = bench.start("a").await;
        bench.claim_one(&slow).await;
        bench.begin(&slow, &attempt("item-0", 1)).await;
        bench.pass(LEASE);
        let run = bench.start("a").await;
        assert_eq!(bench.ledger.retry(&[State::Unknown]).await.unwrap(), 1);
        assert_eq!(bench.state("item-0").await, State::Planned);
        bench.end(&slow, &attempt("item-0", 1), Charge::Charged, Some(Kept::File)).await;
        let claimed = bench.claim_one(&run).await;
        assert_eq!(claimed.answers.len(), 1);
        // A charge that is known stays.
        bench.end(&slow, &attempt("item-0", 1), Charge::Unknown, None).await;
        assert_eq!(bench.ledger.spending().await.unwrap().charged, 1);
    }
}

#[tokio::test]
async fn the_cost_is_not_exceeded_by_many_at_once() {
    for bench in Bench::all().await {
        bench.add(40).await;
        let mut tasks = Vec::new();
        for _ in 0..4 {
            let ledger = Ledger::open(&bench.url).await.unwrap();
            let run = bench.start("a").await;
            for claimed in bench.claim(&run, 10).await {
                let (ledger, run) = (ledger.clone(), run.clone());
                tasks.push(tokio::spawn(async move {
                    ledger.begin(&run, &attempt(&claimed.item.id, 1), [0; 32], Some(13)).await.unwrap()
                }));
            }
        }
        let mut sent = 0;
        for task in tasks {
            match task.await.unwrap() {
                Begin::Send => sent += 1,
                other => assert_eq!(other, Begin::CostReached),
            }
        }
        assert_eq!(sent, 13);
        assert_eq!(bench.ledger.spending().await.unwrap().unknown, 13);
    }
}
