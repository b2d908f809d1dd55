//! Planning, reading and planning again.

use super::*;

#[tokio::test]
async fn items_are_added_once() {
    for bench in Bench::all().await {
        bench.add(250).await;
        let items: Vec<Item> = (0..350).map(item).collect();
        assert_eq!(bench.ledger.add(&items).await.unwrap(), 100);
        assert_eq!(bench.ledger.add(&items).await.unwrap(), 0);
        assert_eq!(bench.ledger.counts().await.unwrap(), Counts { planned: 350, ..Counts::default() });
    }
}

fn message(error: &BatchError) -> String {
    assert!(matches!(error, BatchError::Input { .. }), "{error:?}");
    error.to_string()
}

#[tokio::test]
async fn ids_and_outputs_are_unique() {
    for bench in Bench::all().await {
        bench.add(200).await;
        let mut other = item(5);
        other.job.input = "other.jpg".to_owned();
        let error = bench.ledger.add(&[other.clone()]).await.unwrap_err();
        assert_eq!(message(&error), "item item-5: the id comes twice, with different jobs");
        // In another planning the job may be a new one, as long as nothing was sent.
        bench.ledger.set_source("list", "1").await.unwrap();
        assert_eq!(bench.ledger.add(&[other.clone()]).await.unwrap(), 0);
        let page = bench.ledger.page(None, &[], 1000).await.unwrap();
        assert_eq!(page.items[5].item, other);
        let mut same_output = item(500);
        same_output.job.output = "7.png".to_owned();
        let error = bench.ledger.add(&[item(300), same_output]).await.unwrap_err();
        assert_eq!(message(&error), "item item-500: its output \"7.png\" is that of item item-7 too");
        assert_eq!(bench.ledger.counts().await.unwrap().planned, 200, "nothing of a wrong chunk is planned");
        let mut twice = item(600);
        twice.job.input = "x".to_owned();
        message(&bench.ledger.add(&[item(600), twice]).await.unwrap_err());
        for id in ["", "a\0b", &"x".repeat(513)] {
            message(&bench.ledger.add(&[Item { id: id.to_owned(), ..item(700) }]).await.unwrap_err());
        }
        assert_eq!(bench.ledger.source("list").await.unwrap().as_deref(), Some("1"));
        assert_eq!(bench.ledger.source("other").await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_job_that_was_sent_stays() {
    for bench in Bench::all().await {
        bench.add(3).await;
        let run = bench.start("a").await;
        for claimed in bench.claim(&run, 3).await {
            let id = attempt(&claimed.item.id, 1);
            assert_eq!(bench.begin(&run, &id).await, Begin::Send);
            bench.end(&run, &id, Charge::None, None).await;
            bench.finish(&run, &id.item, State::Failed).await;
        }
        bench.ledger.set_source("list", "1").await.unwrap();
        let mut changed = item(1);
        changed.job.input = "new.jpg".to_owned();
        let error = message(&bench.ledger.add(&[changed]).await.unwrap_err());
        assert!(error.contains("give the new job another id"), "{error}");
        assert_eq!(bench.ledger.add(&[item(1)]).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn pages_follow_the_input() {
    for bench in Bench::all().await {
        bench.add(25).await;
        let run = bench.start("a").await;
        for (n, claimed) in bench.claim(&run, 20).await.into_iter().enumerate() {
            let state = if n % 3 == 0 { State::Failed } else { State::Done };
            bench.finish(&run, &claimed.item.id, state).await;
        }
        for (states, expected) in [
            (vec![], (0..25).collect::<Vec<u64>>()),
            (vec![State::Failed], vec![0, 3, 6, 9, 12, 15, 18]),
            (vec![State::Failed, State::Planned], vec![0, 3, 6, 9, 12, 15, 18, 20, 21, 22, 23, 24]),
        ] {
            let (mut found, mut from) = (Vec::new(), None);
            loop {
                let page = bench.ledger.page(from.as_ref(), &states, 4).await.unwrap();
                found.extend(page.items.iter().map(|report| report.item.seq));
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
            assert_eq!(found, expected, "{states:?}");
        }
    }
}

#[tokio::test]
async fn failed_items_are_taken_again() {
    for bench in Bench::all().await {
        bench.add(4).await;
        let run = bench.start("a").await;
        let states = [State::Failed, State::Refused, State::Unknown, State::Done];
        for (claimed, state) in bench.claim(&run, 4).await.into_iter().zip(states) {
            bench.finish(&run, &claimed.item.id, state).await;
        }
        assert_eq!(bench.ledger.retry(&[State::Failed]).await.unwrap(), 1);
        assert_eq!(bench.ledger.retry(&[State::Refused, State::Unknown]).await.unwrap(), 2);
        assert!(matches!(bench.ledger.retry(&[State::Done]).await, Err(BatchError::Option(_))));
        assert_eq!(bench.claim(&run, 9).await.len(), 3);
    }
}
