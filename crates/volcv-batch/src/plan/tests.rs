//! Inputs in a real ledger.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use tempfile::TempDir;

use super::*;
use crate::ledger::LedgerUrl;
use crate::preview::preview;

struct Place {
    folder: TempDir,
    ledger: Ledger,
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&LedgerUrl::Sqlite(folder.path().join("ledger.sqlite"))).await.unwrap();
        Self { folder, ledger }
    }

    fn input(&self, name: &str) -> Input {
        Input::find(self.folder.path().join(name).to_str().unwrap(), &self.folder.path().join("out")).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// What was planned, and the two numbers of each event.
    async fn plan(&self, input: &Input, shard: Option<&str>) -> Result<(Planned, Vec<(u64, u64)>), BatchError> {
        let events = Mutex::new(Vec::new());
        let observe = |event| match event {
            Event::Planned { read, added } => events.lock().unwrap().push((read, added)),
            other => panic!("{other:?}"),
        };
        let shard = shard.map(|text| text.parse().unwrap());
        let planned = plan(&self.ledger, input, &defaults(), shard, &observe).await?;
        Ok((planned, events.into_inner().unwrap()))
    }

    async fn planned(&self) -> u64 {
        self.ledger.counts().await.unwrap().planned
    }
}

fn defaults() -> Defaults {
    let mut defaults = Defaults::default();
    defaults.job.equal = Some(0.1);
    defaults
}

fn lines(numbers: std::ops::Range<u32>) -> String {
    numbers.fold(String::new(), |mut text, number| {
        // Writing into a text cannot fail.
        let _ = writeln!(text, "{{\"input\": \"https://example.org/{number}.jpg\"}}");
        text
    })
}

#[tokio::test]
async fn a_manifest_is_planned_once() {
    let place = Place::new().await;
    place.write("jobs.jsonl", &lines(0..2500));
    let (planned, events) = place.plan(&place.input("jobs.jsonl"), None).await.unwrap();
    assert_eq!(planned, Planned { items: 2500, added: 2500, others: 0, unchanged: false });
    assert_eq!(events, [(1000, 1000), (2000, 2000), (2500, 2500)]);
    let (planned, events) = place.plan(&place.input("jobs.jsonl"), None).await.unwrap();
    assert_eq!(planned, Planned { items: 2500, added: 0, others: 0, unchanged: true });
    assert_eq!(events, []);
    place.write("jobs.jsonl", &lines(0..2501));
    let (planned, _) = place.plan(&place.input("jobs.jsonl"), None).await.unwrap();
    assert_eq!(planned, Planned { items: 2501, added: 1, others: 0, unchanged: false });
    assert_eq!(place.planned().await, 2501);
}

#[tokio::test]
async fn long_lines_come_in_small_chunks() {
    let place = Place::new().await;
    let prompt = format!("\"prompt\": \"{}\", \"input\"", "x".repeat(400_000));
    place.write("jobs.jsonl", &lines(0..8).replace("\"input\"", &prompt));
    let (_, events) = place.plan(&place.input("jobs.jsonl"), None).await.unwrap();
    assert_eq!(events, [(3, 3), (6, 6), (8, 8)]);
}

#[tokio::test]
async fn a_folder_is_planned_again_when_it_has_grown() {
    let place = Place::new().await;
    for name in ["in/a.jpg", "in/b/c.png", "in/notes.txt"] {
        place.write(name, "");
    }
    let input = place.input("in");
    let (planned, _) = place.plan(&input, None).await.unwrap();
    assert_eq!(planned, Planned { items: 2, added: 2, others: 1, unchanged: false });
    let (planned, _) = place.plan(&input, None).await.unwrap();
    assert_eq!(planned, Planned { items: 2, added: 0, others: 1, unchanged: true });
    place.write("in/d.bmp", "");
    let (planned, _) = place.plan(&input, None).await.unwrap();
    assert_eq!(planned, Planned { items: 3, added: 1, others: 1, unchanged: false });
}

#[tokio::test]
async fn shards_are_planned_one_beside_the_other() {
    let place = Place::new().await;
    place.write("jobs.jsonl", &lines(0..200));
    let input = place.input("jobs.jsonl");
    let mut items = 0;
    for shard in ["0/3", "1/3", "2/3", "1/3"] {
        let (planned, _) = place.plan(&input, Some(shard)).await.unwrap();
        assert_eq!(planned.unchanged, shard == "1/3" && items == 200, "{shard}");
        items += planned.added;
    }
    assert_eq!((items, place.planned().await), (200, 200));
}

#[tokio::test]
async fn nothing_is_planned_if_the_last_line_is_wrong() {
    let place = Place::new().await;
    place.write("jobs.jsonl", &(lines(0..3000) + "{}\n"));
    let error = place.plan(&place.input("jobs.jsonl"), None).await.unwrap_err().to_string();
    assert!(error.contains("jobs.jsonl:3001: input is missing"), "{error}");
    assert_eq!(place.planned().await, 0);
}

#[tokio::test]
async fn an_output_that_the_ledger_has_already_is_refused_by_it() {
    let place = Place::new().await;
    place.write("first.jsonl", &lines(7..8));
    place.plan(&place.input("first.jsonl"), None).await.unwrap();
    // More chunks follow than the reader may be ahead by.
    let second = lines(0..10).replace(".jpg\"", ".jpg\", \"id\": \"other\"").lines().nth(7).unwrap().to_owned();
    place.write("second.jsonl", &(second + "\n" + &lines(10..6000)));
    let error = place.plan(&place.input("second.jsonl"), None).await.unwrap_err().to_string();
    assert!(error.contains("other") && error.contains("7.png"), "{error}");
}

#[tokio::test]
async fn a_preview_leaves_the_ledger_as_it_is() {
    let place = Place::new().await;
    place.write("jobs.jsonl", &lines(0..30));
    let input = place.input("jobs.jsonl");
    let shown = preview(Some(&place.ledger), &input, &defaults(), None).await.unwrap();
    assert_eq!((shown.items, shown.ended, shown.calls), (30, 0, 30));
    assert_eq!(place.planned().await, 0);
    assert!(!Path::new(&place.folder.path().join("out")).exists());
    place.plan(&input, None).await.unwrap();
    let shown = preview(Some(&place.ledger), &input, &defaults(), None).await.unwrap();
    assert_eq!(shown.ledger.map(|counts| counts.planned), Some(30));
}
