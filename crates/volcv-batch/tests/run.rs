//! Runs over real sockets: what becomes of an item for each way in which its calls can end, with both clients.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use volcv::{CancelToken, Charge, ClientBuilder, Credentials, Image, Layout, RetryPolicy, Size};
use volcv_batch::{
    AnyClient, Batch, BatchError, Defaults, Ended, Event, Input, ItemReport, Job, Ledger, LedgerUrl, State, Summary,
    plan,
};
use volcv_emulator::{BodyKind, DEFAULT_ACCESS_KEY, DEFAULT_KEY, DEFAULT_SECRET_KEY, Emulator, Fault, Stage, TaskPace};

const CLIENTS: [&str; 4] = ["ureq", "reqwest", "ureq direct", "reqwest direct"];

const TASK: &str = r#"{"left":0.5,"right":0.5,"ability":"painting-edit"}"#;

/// A client that repeats nothing by itself, so that the test sees what the batch does.
fn client(name: &str, emulator: &Emulator) -> AnyClient {
    let credentials = || Credentials::new(DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY).unwrap();
    let builder = if name.ends_with("direct") {
        ClientBuilder::direct(credentials()).base_url(emulator.base_url())
    } else {
        ClientBuilder::new(emulator.base_url(), DEFAULT_KEY)
    };
    let builder = builder.retry(RetryPolicy::none().poll_interval(Duration::from_millis(50)));
    let builder = builder.stall_limit(Duration::from_secs(5));
    if name.starts_with("ureq") { builder.ureq().unwrap().into() } else { builder.reqwest().unwrap().into() }
}

/// A folder with pictures, and an output folder.
struct Studio {
    folder: TempDir,
    runtime: Runtime,
}

impl Studio {
    fn new(pictures: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        for number in 0..pictures {
            fs::write(folder.path().join(format!("in/{number:03}.png")), png(number)).unwrap();
        }
        Self { folder, runtime: Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap() }
    }

    fn output(&self) -> std::path::PathBuf {
        self.folder.path().join("out")
    }

    fn ledger(&self) -> Ledger {
        fs::create_dir_all(self.output()).unwrap();
        let url = LedgerUrl::Sqlite(self.output().join(".volcv.sqlite"));
        self.runtime.block_on(Ledger::open(&url)).unwrap()
    }

    fn planned(&self, job: Job) -> Ledger {
        let ledger = self.ledger();
        let input = Input::find(self.folder.path().join("in").to_str().unwrap(), &self.output()).unwrap();
        let mut defaults = Defaults::default();
        defaults.job = job;
        self.runtime.block_on(plan(&ledger, &input, &defaults, None, &|_| ())).unwrap();
        ledger
    }

    fn batch(&self, client: AnyClient, ledger: &Ledger) -> Batch {
        Batch::new(client, ledger.clone(), self.folder.path().join("in"), self.output()).lease(Duration::from_secs(5))
    }

    fn run(&self, batch: &Batch) -> Result<Summary, BatchError> {
        self.runtime.block_on(batch.run(|_| ()))
    }

    fn items(&self, ledger: &Ledger) -> Vec<ItemReport> {
        self.runtime.block_on(ledger.page(None, &[], 1000)).unwrap().items
    }

    fn picture(&self, item: &ItemReport) -> Image {
        let file = fs::read(self.output().join(&item.item.job.output)).unwrap();
        volcv::decode(&file, &Default::default()).unwrap().0
    }
}

fn png(number: u32) -> Vec<u8> {
    let (width, height) = (48, 32);
    let pixels: Vec<u8> =
        (0..width * height).flat_map(|i| [(i % width * 5) as u8, (i / width * 7) as u8, number as u8]).collect();
    let image = volcv::Pixels::new(&pixels, Layout::new(Size { width, height }, volcv::PixelFormat::Rgb8)).unwrap();
    volcv::encode(&image, &volcv::EncodeOptions::new(volcv::Encoding::of_ending("png").unwrap())).unwrap().bytes
}

fn job(json: &str) -> Job {
    serde_json::from_str(json).unwrap()
}

fn wider() -> Job {
    job(r#"{"left":0.5,"right":0.5}"#)
}

/// The server's files of answers that are kept.
fn answers(output: &Path) -> usize {
    let kept = fs::read_dir(output.join(".volcv")).unwrap();
    kept.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|ending| ending == "answer")).count()
}

#[test]
fn every_picture_of_a_folder_is_made_once_with_each_client() {
    for name in CLIENTS {
        let (studio, emulator) = (Studio::new(6), Emulator::start().unwrap());
        let ledger = studio.planned(wider());
        let batch = studio.batch(client(name, &emulator), &ledger);
        let summary = studio.run(&batch).unwrap();
        assert_eq!((summary.ended, summary.counts.done, summary.spending.charged), (Ended::AllDone, 6, 6), "{name}");
        for item in studio.items(&ledger) {
            assert_eq!((item.state, item.charged, item.result.exact), (State::Done, 1, Some(true)), "{name}");
            assert_eq!(studio.picture(&item).size(), Size { width: 96, height: 32 });
        }
        // Another run finds nothing to do.
        let again = studio.run(&batch).unwrap();
        assert_eq!((again.spent, emulator.complete_bodies(), answers(&studio.output())), (Default::default(), 6, 0));
    }
}

#[test]
fn links_tasks_and_several_passes_are_whole_operations() {
    let growing = job(r#"{"to":"300x32","max_passes":3}"#);
    let links = job(r#"{"left":0.5,"right":0.5,"return_url":true}"#);
    let tasks = job(TASK);
    for name in CLIENTS {
        for (job, calls) in [(&growing, 2), (&links, 1), (&tasks, 1)] {
            let (studio, emulator) = (Studio::new(2), Emulator::start().unwrap());
            emulator.set_task_pace(TaskPace::polls(1, 1));
            let ledger = studio.planned(job.clone());
            let summary = studio.run(&studio.batch(client(name, &emulator), &ledger)).unwrap();
            let items = studio.items(&ledger);
            assert_eq!((summary.counts.done, summary.spending.charged), (2, 2 * calls), "{name} {job:?} {items:?}");
            assert_eq!(emulator.charges(), 2 * calls, "{name} {job:?}");
        }
    }
}

/// What one fault at the first request makes of an item.
struct Case {
    fault: Fault,
    state: State,
    charge: Charge,
    /// Complete bodies that the service has got.
    bodies: u64,
}

#[test]
fn each_failure_becomes_the_state_that_it_deserves() {
    let case = |fault, state, charge, bodies| Case { fault, state, charge, bodies };
    let cases = [
        // Free of charge, and may pass: the item comes again.
        case(Fault::code(50429), State::Done, Charge::Charged, 2),
        case(Fault::status(503), State::Unknown, Charge::Unknown, 1),
        case(Fault { retry_after: Some("0".to_owned()), ..Fault::status(503) }, State::Done, Charge::Charged, 2),
        // Nobody knows.
        case(Fault::close(Stage::Body), State::Unknown, Charge::Unknown, 1),
        case(Fault::status(500), State::Unknown, Charge::Unknown, 1),
        // The service refuses.
        case(Fault::code(50411), State::Refused, Charge::None, 1),
        case(Fault::code(50511), State::Refused, Charge::Unknown, 1),
        // Paid for, and nothing came of it.
        case(Fault::body(BodyKind::CutPicture), State::Failed, Charge::Charged, 1),
    ];
    for name in ["ureq", "reqwest"] {
        for Case { fault, state, charge, bodies } in &cases {
            let (studio, emulator) = (Studio::new(1), Emulator::start().unwrap());
            emulator.push(fault.clone());
            let ledger = studio.planned(wider());
            let summary = studio.run(&studio.batch(client(name, &emulator), &ledger)).unwrap();
            let item = &studio.items(&ledger)[0];
            let expected = (u64::from(*charge == Charge::Charged), u64::from(*charge == Charge::Unknown));
            assert_eq!(
                (item.state, item.charged, item.unknown),
                (*state, expected.0, expected.1),
                "{name} {fault:?} {item:?}"
            );
            assert_eq!((emulator.complete_bodies(), summary.spending.complete), (*bodies, *bodies), "{name} {fault:?}");
            // No run takes it again by itself.
            studio.run(&studio.batch(client(name, &emulator), &ledger)).unwrap();
            assert_eq!(emulator.complete_bodies(), *bodies, "{name} {fault:?}");
        }
    }
}

#[test]
fn an_account_failure_ends_the_run_and_its_item_comes_again() {
    for name in CLIENTS {
        let (studio, emulator) = (Studio::new(20), Emulator::builder().key("another").start().unwrap());
        emulator.push(Fault::status(401));
        let ledger = studio.planned(wider());
        let batch = studio.batch(client(name, &emulator), &ledger).concurrency(2);
        let summary = studio.run(&batch).unwrap();
        assert!(matches!(summary.ended, Ended::AccountRefused(_)), "{name} {:?}", summary.ended);
        assert!(emulator.complete_bodies() <= 4, "{name}: {}", emulator.complete_bodies());
        assert_eq!(summary.counts.planned + summary.counts.done, 20, "{name} {:?}", summary.counts);
    }
}

#[test]
fn the_run_ends_before_a_call_that_could_be_one_more_than_may_be_charged() {
    for name in ["ureq", "reqwest"] {
        let (studio, emulator) = (Studio::new(12), Emulator::start().unwrap());
        let ledger = studio.planned(wider());
        let batch = studio.batch(client(name, &emulator), &ledger).max_cost(5);
        let summary = studio.run(&batch).unwrap();
        assert_eq!((summary.ended, summary.spending.charged, emulator.complete_bodies()), (Ended::CostReached, 5, 5));
        // What is spent counts for the next run, too.
        let summary = studio.run(&batch).unwrap();
        assert_eq!((summary.ended, summary.counts.done, emulator.complete_bodies()), (Ended::CostReached, 5, 5));
    }
}

#[test]
fn a_stopped_run_finishes_what_is_on_its_way_and_the_next_one_goes_on() {
    for name in CLIENTS {
        let emulator = Emulator::builder().delay(Duration::from_millis(30)).start().unwrap();
        let studio = Studio::new(12);
        let ledger = studio.planned(wider());
        let stop = CancelToken::new();
        let batch = studio.batch(client(name, &emulator), &ledger).stop(&stop).concurrency(2);
        let seen = stop.clone();
        let observe = move |event: Event| {
            if matches!(event, Event::Ended { state: State::Done, .. }) {
                seen.cancel();
            }
        };
        let summary = studio.runtime.block_on(batch.run(observe)).unwrap();
        assert_eq!(summary.ended, Ended::Stopped);
        assert_eq!(
            (summary.counts.done, summary.counts.planned + summary.counts.done),
            (emulator.complete_bodies(), 12)
        );
        assert_eq!(summary.counts.unknown, 0, "{name}");
        let summary = studio.run(&studio.batch(client(name, &emulator), &ledger)).unwrap();
        assert_eq!((summary.counts.done, emulator.complete_bodies()), (12, 12), "{name}");
    }
}

#[test]
fn a_task_is_left_by_a_stopped_run_and_asked_for_by_the_next_one() {
    for name in CLIENTS {
        let (studio, emulator) = (Studio::new(2), Emulator::start().unwrap());
        emulator.set_task_pace(TaskPace::polls(1_000_000, 0));
        let ledger = studio.planned(job(TASK));
        let stop = CancelToken::new();
        let batch = studio.batch(client(name, &emulator), &ledger).stop(&stop);
        let waiting = Arc::new(Mutex::new(0));
        let token = stop.clone();
        let observe = move |event: Event| {
            if matches!(event, Event::Working { phase: volcv_batch::Phase::Waiting, .. }) {
                let mut waiting = waiting.lock().unwrap();
                *waiting += 1;
                if *waiting == 2 {
                    token.cancel();
                }
            }
        };
        let summary = studio.runtime.block_on(batch.run(observe)).unwrap();
        assert_eq!((summary.ended, summary.counts.paid, emulator.submits()), (Ended::Stopped, 2, 2), "{name}");
        emulator.set_task_pace(TaskPace::polls(0, 0));
        let summary = studio.run(&studio.batch(client(name, &emulator), &ledger)).unwrap();
        assert_eq!((summary.counts.done, emulator.submits()), (2, 2), "{name}");
        assert_eq!((summary.spending.charged, summary.spending.unknown), (2, 0), "{name}");
    }
}
