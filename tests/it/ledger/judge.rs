//! Compares what the ledger says with what the server has counted, item by item.

use std::collections::BTreeMap;

use serde_json::Value;
use volcv_emulator::{RequestKind, RequestRecord, Stage};

use super::bench::Bench;

/// What the server saw of one item, or of all.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Requests of paid calls whose body did not arrive as a whole.
    pub(crate) partial: u64,
    /// Those whose body did.
    pub(crate) complete: u64,
    /// Of these: answered with a success, or it would have been.
    pub(crate) billed: u64,
    /// Of these: answered so that nobody can know, or not at all.
    pub(crate) unsure: u64,
}

/// What `volcv batch status --json` says of the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Books {
    pub(crate) charged: u64,
    pub(crate) unknown: u64,
    pub(crate) complete: u64,
    pub(crate) in_doubt: u64,
}

/// Everything that is known at the end.
pub(crate) struct Judge {
    pub(crate) books: Books,
    /// Items in each state.
    pub(crate) counts: BTreeMap<String, u64>,
    pub(crate) report: Vec<Value>,
    pub(crate) seen: BTreeMap<String, Seen>,
}

fn number(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap_or_else(|| panic!("no number {name} in {value}"))
}

impl Books {
    pub(crate) fn read(bench: &Bench) -> (Self, BTreeMap<String, u64>) {
        let status: Value = serde_json::from_str(&bench.told("status out --json")).unwrap();
        let (counts, spending) = (&status["counts"], &status["spending"]);
        let books = Self {
            charged: number(spending, "charged"),
            unknown: number(spending, "unknown"),
            complete: number(spending, "complete"),
            in_doubt: number(spending, "in_doubt"),
        };
        let counts = counts.as_object().unwrap_or_else(|| panic!("no counts in {status}"));
        (books, counts.iter().map(|(state, count)| (state.clone(), count.as_u64().unwrap())).collect())
    }
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.partial += other.partial;
        self.complete += other.complete;
        self.billed += other.billed;
        self.unsure += other.unsure;
    }

    /// What one request was, by what was sent and what the server was told to do with it.
    fn of(record: &RequestRecord) -> Self {
        if !record.body_complete {
            return Self { partial: 1, ..Self::default() };
        }
        let complete = Self { complete: 1, ..Self::default() };
        let fault = record.fault.clone().unwrap_or_default();
        let is_throttled = matches!(fault.code, Some(50429 | 50430)) || fault.status == Some(429);
        let is_busy = fault.status == Some(503) && fault.retry_after.is_some();
        if record.refused.is_some() || is_throttled || is_busy {
            return complete;
        }
        let is_lost = fault.hang_up.is_some() || fault.stall.is_some_and(|stage| stage != Stage::ReplyBody);
        // Of the errors that the tests use, the service bills none for sure.
        let has_failed = fault.code.is_some() || fault.status.is_some_and(|status| status >= 500);
        match is_lost || has_failed || fault.garbage {
            true => Self { unsure: 1, ..complete },
            false => Self { billed: 1, ..complete },
        }
    }
}

impl Judge {
    /// Reads the ledger, the report and the server's records.
    pub(crate) fn new(bench: &Bench) -> Self {
        let (books, counts) = Books::read(bench);
        let report = bench.told("export out");
        let report: Vec<Value> = report.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let records = bench.emulator.requests();
        assert!(records.len() < 4096, "the emulator has forgotten records");
        let mut seen = BTreeMap::<String, Seen>::new();
        for record in records.iter().filter(|record| is_paid(record)) {
            seen.entry(item(record)).or_default().add(Seen::of(record));
        }
        Self { books, counts, report, seen }
    }

    fn total(&self) -> Seen {
        self.seen.values().fold(Seen::default(), |mut total, seen| {
            total.add(*seen);
            total
        })
    }

    pub(crate) fn count(&self, state: &str) -> u64 {
        self.counts.get(state).copied().unwrap_or_default()
    }

    /// All that has to be true of a batch that has ended, whatever happened to it.
    #[track_caller]
    pub(crate) fn judge(&self, bench: &Bench) {
        for state in ["planned", "claimed", "sending", "paid"] {
            assert_eq!(self.count(state), 0, "{state}: {:?}", self.counts);
        }
        let mut ids: Vec<&str> = self.report.iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert!(ids.is_sorted(), "the report is in the order of the input");
        ids.dedup();
        assert_eq!((ids.len(), self.report.len()), (bench.lines.len(), bench.lines.len()), "each item once");
        for (line, row) in bench.lines.iter().zip(&self.report) {
            assert_eq!(row["id"], line.id.as_str());
            self.item(row);
            let file = bench.path("out").join(&line.output);
            if row["state"] == "done" {
                let picture = image::open(&file).unwrap_or_else(|error| panic!("{}: {error}: {row}", file.display()));
                assert_eq!((picture.width(), picture.height()), line.size, "{row}");
            } else {
                assert!(!file.exists(), "{row}");
            }
        }
        self.totals();
    }

    /// One item: bought once at most, and nothing was bought that the ledger does not know of.
    #[track_caller]
    fn item(&self, row: &Value) {
        let seen = self.seen.get(row["id"].as_str().unwrap()).copied().unwrap_or_default();
        let (charged, unknown, attempts) = (number(row, "charged"), number(row, "unknown"), number(row, "attempts"));
        let context = format!("{seen:?} {row}");
        assert!(seen.billed + seen.unsure <= 1, "bought twice, perhaps: {context}");
        assert!(charged <= seen.billed, "charged, says the ledger: {context}");
        assert!(seen.billed <= charged + unknown, "the ledger does not know: {context}");
        assert!(seen.complete + seen.partial <= attempts, "each request has a row: {context}");
        match row["state"].as_str().unwrap() {
            "done" => assert_eq!((seen.billed, charged + unknown), (1, 1), "{context}"),
            // Charged: its process was killed between the answer, which had no whole picture, and the verdict.
            "unknown" => assert!(charged + unknown >= 1, "{context}"),
            "refused" => assert_eq!(charged, 0, "{context}"),
            "failed" => {}
            other => panic!("{other}: {context}"),
        }
        if row["state"] != "done" {
            assert!(row["message"].is_string(), "it does not say why: {context}");
        }
    }

    /// The sums: the server's count lies within what the ledger knows and what it doubts.
    #[track_caller]
    fn totals(&self) {
        let (total, books) = (self.total(), self.books);
        let context = format!("{total:?} {books:?}");
        // A body that the server dropped on its way may have left the client as a whole.
        assert!(books.complete <= total.complete + total.partial, "{context}");
        assert!(total.complete <= books.complete + books.in_doubt, "{context}");
        assert!(books.charged <= total.billed && total.billed <= books.charged + books.unknown, "{context}");
    }

    /// Where no process was killed, the counts are the same, but for bodies that the server dropped on their way.
    #[track_caller]
    pub(crate) fn counts_are_equal(&self) {
        let (total, books) = (self.total(), self.books);
        let dropped = books.complete - total.complete;
        assert!(books.in_doubt == 0 && dropped <= total.partial, "{total:?} {books:?}");
    }
}

fn is_paid(record: &RequestRecord) -> bool {
    matches!(record.kind, Some(RequestKind::Call | RequestKind::Submit))
}

/// Which item a request belongs to: the prompt is its id. A body that was cut belongs to nobody known.
fn item(record: &RequestRecord) -> String {
    let json = record.json.as_ref();
    let text = json.and_then(|json| json["prompt"].as_str().or_else(|| json["custom_prompt"].as_str()));
    text.unwrap_or_default().to_owned()
}
