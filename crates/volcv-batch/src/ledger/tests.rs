//! The ledger by itself, on SQLite, and on PostgreSQL too where `VOLCV_TEST_POSTGRES` has the URL of a server.

mod items;
mod measure;
mod model;
mod money;
mod pace;
mod runs;

use std::sync::atomic::Ordering;
use std::time::Duration;

use volcv::{Charge, Delivery};

use super::*;
use crate::error::BatchError;
use crate::job::{Item, Job};
use crate::state::State;

const LEASE: Duration = Duration::from_secs(30);
const FULL: Delivery = Delivery::Full { total: 10 };

/// A new ledger, gone at the end of the test.
struct Bench {
    ledger: Ledger,
    url: LedgerUrl,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = LedgerUrl::Sqlite(folder.path().join("ledger.sqlite"));
        Bench { ledger: Ledger::open(&url).await.unwrap(), url, _folder: folder }
    }

    /// All databases that can be reached.
    async fn all() -> Vec<Self> {
        let mut all = vec![Bench::sqlite().await];
        if let Some(server) = std::env::var("VOLCV_TEST_POSTGRES").ok().filter(|server| !server.is_empty()) {
            let url = LedgerUrl::Postgres { url: server, schema: format!("test_{:016x}", fastrand::u64(..)) };
            let ledger = Ledger::open(&url).await.unwrap();
            all.push(Bench { ledger, url, _folder: tempfile::tempdir().unwrap() });
        }
        all
    }

    async fn add(&self, number: usize) {
        let items: Vec<Item> = (0..number).map(item).collect();
        self.ledger.add(&items).await.unwrap();
    }

    async fn start(&self, store: &str) -> NewRun {
        let run = run(store);
        self.ledger.patiently(LEASE, &|_| (), || self.ledger.start_run(&run)).await.unwrap();
        run
    }

    /// Moves the ledger's clock.
    fn pass(&self, time: Duration) {
        self.ledger.0.skew.fetch_add(millis(time), Ordering::Relaxed);
    }

    async fn claim(&self, run: &NewRun, limit: u32) -> Vec<Claimed> {
        self.ledger.claim(run, fastrand::i64(1..), limit).await.unwrap().unwrap()
    }

    async fn claim_one(&self, run: &NewRun) -> Claimed {
        self.claim(run, 1).await.pop().expect("an item")
    }

    async fn begin(&self, run: &NewRun, id: &AttemptId) -> Begin {
        self.ledger.begin(run, id, [7; 32], None).await.unwrap()
    }

    async fn end(&self, run: &NewRun, id: &AttemptId, charge: Charge, answer: Option<Kept>) {
        let end = AttemptEnd { charge, delivery: FULL, error: None, status: Some(200), code: None, answer };
        self.ledger.end(run, id, &end).await.unwrap();
    }

    async fn finish(&self, run: &NewRun, item: &str, state: State) -> bool {
        self.ledger.finish(run, item, &verdict(state)).await.unwrap()
    }

    async fn state(&self, item: &str) -> State {
        let page = self.ledger.page(None, &[], 10_000).await.unwrap();
        page.items.iter().find(|report| report.item.id == item).unwrap().state
    }
}

fn run(store: &str) -> NewRun {
    NewRun { id: fastrand::i64(1..), name: "test".to_owned(), store: store.to_owned(), lease: LEASE }
}

fn item(number: usize) -> Item {
    let job = Job { input: format!("{number}.jpg"), output: format!("{number}.png"), ..Job::default() };
    Item { id: format!("item-{number}"), seq: number as u64, job }
}

fn attempt(item: &str, number: i64) -> AttemptId {
    AttemptId { item: item.to_owned(), number }
}

fn verdict(state: State) -> Verdict {
    Verdict {
        state,
        wait: Duration::ZERO,
        forget: false,
        counts_as_try: false,
        settled: None,
        result: ItemResult::default(),
    }
}

#[tokio::test]
async fn a_newer_ledger_is_told_as_such() {
    for bench in Bench::all().await {
        let text = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                    VALUES (9000, 'later', TRUE, $1, 0)";
        bench
            .ledger
            .write(move |tx| Box::pin(async move { tx.run(text, &[b"x".as_slice().into()]).await }))
            .await
            .unwrap();
        let error = Ledger::open(&bench.url).await.unwrap_err();
        assert!(error.to_string().contains("newer version of volcv"), "{error}");
        assert!(matches!(error, BatchError::Ledger { transient: false, .. }));
    }
}

#[tokio::test]
async fn passwords_are_in_no_text() {
    let address = "postgres://me:hidden-word@127.0.0.1:1/base?connect_timeout=1";
    let url: LedgerUrl = address.parse().unwrap();
    assert_eq!(url.to_string(), "postgres://me@127.0.0.1:1/base (schema volcv)");
    let error = Ledger::open(&url).await.unwrap_err();
    assert!(matches!(error, BatchError::Ledger { transient: true, .. }), "{error:?}");
    let broken =
        LedgerUrl::Postgres { url: "postgres://me:hidden-word@host:port/x".to_owned(), schema: "a".to_owned() };
    let wrong = Ledger::open(&broken).await.unwrap_err();
    for text in [format!("{url:?}{error}{error:?}"), format!("{broken:?}{broken}{wrong}{wrong:?}")] {
        assert!(!text.contains("hidden-word"), "{text}");
    }
    for schema in ["", "A", "1a", "a-b", "pg_x", "a\"b"] {
        let url = LedgerUrl::Postgres { url: address.to_owned(), schema: schema.to_owned() };
        assert!(matches!(Ledger::open(&url).await, Err(BatchError::Option(_))), "{schema}");
    }
}

#[tokio::test]
async fn many_open_one_ledger_at_once() {
    for bench in Bench::all().await {
        let folder = tempfile::tempdir().unwrap();
        let url = match &bench.url {
            LedgerUrl::Sqlite(_) => LedgerUrl::Sqlite(folder.path().join("new")),
            LedgerUrl::Postgres { url, schema } => {
                LedgerUrl::Postgres { url: url.clone(), schema: format!("{schema}_x") }
            }
        };
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                tokio::spawn({
                    let url = url.clone();
                    async move { Ledger::open(&url).await }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    }
}

/// The sums that are kept are those of the attempts.
async fn assert_sums(ledger: &Ledger) {
    let text = "SELECT CAST(COALESCE(sum(CASE WHEN charge = 'charged' THEN 1 ELSE 0 END), 0) AS BIGINT), \
                CAST(COALESCE(sum(CASE WHEN charge = 'unknown' THEN 1 ELSE 0 END), 0) AS BIGINT), \
                CAST(COALESCE(sum(CASE WHEN delivery = 'full' THEN 1 ELSE 0 END), 0) AS BIGINT), \
                CAST(COALESCE(sum(CASE WHEN delivery = 'in_doubt' THEN 1 ELSE 0 END), 0) AS BIGINT), count(*) FROM attempts";
    let sums = ledger
        .read(|tx| {
            Box::pin(async move {
                let row = tx.one(text, &[]).await?;
                Ok([row.count(0)?, row.count(1)?, row.count(2)?, row.count(3)?, row.count(4)?])
            })
        })
        .await
        .unwrap();
    let kept = ledger.spending().await.unwrap();
    let all = kept.charged + kept.unknown + kept.refused + kept.not_sent;
    assert_eq!(sums, [kept.charged, kept.unknown, kept.complete, kept.in_doubt, all]);
}
