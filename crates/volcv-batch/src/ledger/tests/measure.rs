//! Prints what the ledger costs: in a release build 0.65 ms of the processor for an item, 20 s for the planning of a million, 0.2 s for their
//! counts. With the usual few items this is a test that workers can share a ledger; by hand:
//! `VOLCV_LEDGER_ITEMS=1000000 cargo test --release -p volcv-batch --lib measure -- --nocapture`.

use std::time::Instant;

use super::*;

const WORKERS: usize = 16;

fn items() -> usize {
    std::env::var("VOLCV_LEDGER_ITEMS").ok().and_then(|text| text.parse().ok()).unwrap_or(500)
}

/// What this process has used of the processors, in milliseconds.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> =
        stat.rsplit(')').next().unwrap_or("").split(' ').map(|field| field.parse().unwrap_or(0.0)).collect();
    // Ticks of 10 ms on all common kernels.
    fields.get(12..14).map_or(0.0, |times| times.iter().sum::<f64>() * 10.0)
}

async fn timed<T>(name: &str, number: usize, work: impl Future<Output = T>) -> T {
    let (start, before) = (Instant::now(), cpu());
    let done = work.await;
    let (wall, cpu) = (start.elapsed().as_secs_f64() * 1e3, cpu() - before);
    let each = |time: f64| time / number.max(1) as f64;
    println!("{name}: {wall:.1} ms, {number} times {:.4} ms, of the processor {:.4} ms each", each(wall), each(cpu));
    done
}

const PATIENCE: Duration = Duration::from_mins(5);

fn away(message: &str) {
    println!("away: {message}");
}

/// Workers that do what the workers of a run do, with a call that takes `call`.
async fn work(bench: &Bench, number: usize, call: Duration, max_cost: Option<u64>) {
    let run = bench.start("a").await;
    let (queue, next) = tokio::sync::mpsc::channel::<Claimed>(1);
    let next = Arc::new(tokio::sync::Mutex::new(next));
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        let (ledger, run, next) = (bench.ledger.clone(), run.clone(), Arc::clone(&next));
        workers.push(tokio::spawn(async move {
            loop {
                let Some(claimed) = next.lock().await.recv().await else { return };
                let id = attempt(&claimed.item.id, claimed.next_attempt);
                let begun = ledger.patiently(PATIENCE, &away, || ledger.begin(&run, &id, [1; 32], max_cost)).await;
                assert_eq!(begun.unwrap(), Begin::Send);
                if !call.is_zero() {
                    tokio::time::sleep(call).await;
                }
                let charge = Charge::Charged;
                let end = AttemptEnd {
                    charge,
                    delivery: FULL,
                    error: None,
                    status: Some(200),
                    code: None,
                    answer: Some(Kept::File),
                };
                ledger.patiently(PATIENCE, &away, || ledger.end(&run, &id, &end)).await.unwrap();
                let done = verdict(State::Done);
                let finished = ledger.patiently(PATIENCE, &away, || ledger.finish(&run, &id.item, &done)).await;
                assert!(finished.unwrap());
            }
        }));
    }
    let mut sent = 0;
    while sent < number {
        let (name, limit) = (fastrand::i64(1..), 8.min((number - sent) as u32));
        let claimed = bench.ledger.patiently(PATIENCE, &away, || bench.ledger.claim(&run, name, limit)).await;
        for claimed in claimed.unwrap().unwrap() {
            sent += 1;
            queue.send(claimed).await.unwrap();
        }
    }
    drop(queue);
    for worker in workers {
        worker.await.unwrap();
    }
    bench.ledger.end_run(&run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_share_a_ledger() {
    let all = items();
    for bench in Bench::all().await {
        println!("{}", bench.ledger);
        timed("planning", all, async {
            for start in (0..all).step_by(1000) {
                let items: Vec<Item> = (start..all.min(start + 1000)).map(item).collect();
                bench.ledger.patiently(PATIENCE, &away, || bench.ledger.add(&items)).await.unwrap();
            }
        })
        .await;
        let some = (all / 4).min(2000);
        timed("items without calls", some, work(&bench, some, Duration::ZERO, None)).await;
        timed("items without calls, with max_cost", some, work(&bench, some, Duration::ZERO, Some(1 << 40))).await;
        timed("items with calls of 50 ms", some, work(&bench, some, Duration::from_millis(50), None)).await;
        for _ in 0..2 {
            let counts = timed("counts", 1, bench.ledger.counts()).await.unwrap();
            assert_eq!((counts.done, counts.planned), (3 * some as u64, (all - 3 * some) as u64));
        }
        timed("spending", 1, bench.ledger.spending()).await.unwrap();
        timed("a page of 1000 in the middle", 1, bench.ledger.page(Some(&(all as u64 / 2, String::new())), &[], 1000))
            .await
            .unwrap();
        timed("a page of what failed", 1, bench.ledger.page(None, &[State::Failed], 1000)).await.unwrap();
        let run = bench.start("a").await;
        timed("the next claim", 1, bench.ledger.claim(&run, 1, 8)).await.unwrap().unwrap();
        timed("when the next item is due", 1, bench.ledger.next_due(&run)).await.unwrap();
        assert_sums(&bench.ledger).await;
    }
}
