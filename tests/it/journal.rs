//! The journal of paid attempts over real sockets: a mark before each attempt, its cost after it, and recorded answers.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use volcv::core::RequestBody;
use volcv::core::http::HeaderMap;
use volcv::{
    AttemptRecord, Begun, BoxFuture, CallOptions, CancelToken, Charge, Delivery, Error, ErrorKind, Journal,
    JournalEntry, Outpaint, RecordedReply, TaskRequest,
};
use volcv_emulator::{Emulator, Fault, Stage, TaskPace};

use crate::support::{large, on_each_client, small};

/// Writes down what it is told, in order.
#[derive(Debug, Clone, Default)]
struct Notebook(Arc<Mutex<Notes>>);

#[derive(Debug, Default)]
struct Notes {
    lines: Vec<String>,
    /// Answers by the hash of their request.
    answers: Vec<([u8; 32], RecordedReply)>,
    refuses: bool,
}

impl Notebook {
    fn write(&self, line: String) {
        self.0.lock().unwrap().lines.push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().lines)
    }

    fn options(&self) -> CallOptions {
        CallOptions::new().journal(Arc::new(self.clone()))
    }
}

impl Journal for Notebook {
    fn begin<'a>(&'a self, body: &'a RequestBody) -> BoxFuture<'a, Result<Begun, Error>> {
        Box::pin(async move {
            let notes = self.0.lock().unwrap();
            if notes.refuses {
                return Err(Error::config("the notebook is full"));
            }
            if let Some((_, reply)) = notes.answers.iter().find(|(key, _)| *key == body.sha256()) {
                return Ok(Begun::Answered(reply.clone()));
            }
            drop(notes);
            self.write("begun".to_owned());
            Ok(Begun::Send(Box::new(Line { notebook: self.clone(), key: body.sha256(), reply: None })))
        })
    }
}

#[derive(Debug)]
struct Line {
    notebook: Notebook,
    key: [u8; 32],
    reply: Option<(u16, HeaderMap, Vec<u8>)>,
}

impl JournalEntry for Line {
    fn head(&mut self, status: u16, headers: &HeaderMap) {
        self.reply = Some((status, headers.clone(), Vec::new()));
    }

    fn data(&mut self, chunk: &[u8]) {
        self.reply.as_mut().unwrap().2.extend_from_slice(chunk);
    }

    fn ended(self: Box<Self>, record: Option<AttemptRecord>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let Some(record) = record else { return self.notebook.write("never sent".to_owned()) };
            let delivery = match record.delivery {
                Delivery::NotSent => "not sent",
                Delivery::Partial { .. } => "partly sent",
                Delivery::Full { .. } => "sent",
            };
            self.notebook.write(format!("{delivery}, charge {}", record.charge));
            if let (None, Some((status, headers, body))) = (record.error, self.reply) {
                let reply = RecordedReply { status, headers, body: body.into() };
                self.notebook.0.lock().unwrap().answers.push((self.key, reply));
            }
        })
    }
}

fn outpaint() -> Outpaint {
    Outpaint::equal(small(), 0.25).seed(7)
}

#[test]
fn each_attempt_has_a_mark_before_it_and_its_cost_after_it() {
    on_each_client(|emulator, client, _| {
        let notebook = Notebook::default();
        emulator.push(Fault::code(50429));
        emulator.push(Fault::reset(Stage::Bytes(100_000)));
        client.outpaint(&Outpaint::equal(large(), 0.25), &notebook.options()).unwrap();
        let lines =
            ["begun", "sent, charge none", "begun", "partly sent, charge none", "begun", "sent, charge charged"];
        assert_eq!(notebook.take(), lines);
        assert_eq!(emulator.complete_bodies(), 2);
    });
}

#[test]
fn a_recorded_answer_is_read_again_and_nothing_is_sent() {
    on_each_client(|emulator, client, _| {
        let notebook = Notebook::default();
        let first = client.outpaint(&outpaint(), &notebook.options()).unwrap();
        notebook.take();
        let again = client.outpaint(&outpaint(), &notebook.options()).unwrap();
        assert_eq!(again.picture(), first.picture());
        assert_eq!((again.request_id, again.attempts[0].charge), (first.request_id, Charge::Charged));
        assert_eq!((notebook.take(), emulator.charges(), emulator.requests().len()), (vec![], 1, 1));
    });
}

#[test]
fn a_task_is_handed_in_once_and_asked_for_again_by_its_recorded_id() {
    on_each_client(|emulator, client, _| {
        let notebook = Notebook::default();
        let request = TaskRequest::of(&outpaint()).unwrap();
        emulator.set_task_pace(TaskPace::polls(0, 2));
        client.run_task(&request, &notebook.options()).unwrap();
        client.run_task(&request, &notebook.options()).unwrap();
        assert_eq!(notebook.take(), ["begun", "sent, charge unknown"]);
        assert_eq!((emulator.submits(), emulator.charges()), (1, 1));
    });
}

#[test]
fn a_journal_that_refuses_ends_the_call_before_anything_is_sent() {
    on_each_client(|emulator, client, _| {
        let notebook = Notebook::default();
        notebook.0.lock().unwrap().refuses = true;
        let error = client.outpaint(&outpaint(), &notebook.options()).unwrap_err();
        assert_eq!(
            (error.kind(), error.charge(), error.message()),
            (ErrorKind::Config, Charge::None, "the notebook is full")
        );
        assert_eq!((error.attempts().len(), emulator.connections()), (0, 0));
    });
}

#[test]
fn a_cancel_ends_the_wait_for_a_turn() {
    /// Never lets anything through.
    #[derive(Debug)]
    struct Closed;
    impl Journal for Closed {
        fn begin<'a>(&'a self, _: &'a RequestBody) -> BoxFuture<'a, Result<Begun, Error>> {
            Box::pin(std::future::pending())
        }
    }
    on_each_client(|emulator, client, _| {
        let cancel = CancelToken::new();
        let options = CallOptions::new().journal(Arc::new(Closed)).cancel(&cancel);
        let error = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(20));
                cancel.cancel();
            });
            client.outpaint(&outpaint(), &options).unwrap_err()
        });
        assert_eq!((error.kind(), error.charge()), (ErrorKind::Cancelled, Charge::None));
        assert_eq!(emulator.connections(), 0);
    });
}

#[test]
fn the_calls_of_several_seeds_have_entries_of_their_own() {
    let emulator = Emulator::start().unwrap();
    for transport in crate::support::TRANSPORTS {
        let client = crate::support::AnyClient::new(transport, crate::support::builder(&emulator).max_concurrent(2));
        let notebook = Notebook::default();
        let results = client.variants(&outpaint(), &[1, 2, 3], &notebook.options()).unwrap();
        assert!(results.iter().all(Result::is_ok));
        let mut lines = notebook.take();
        lines.sort();
        assert_eq!(lines, [["begun"; 3], ["sent, charge charged"; 3]].concat());
        assert_eq!(notebook.0.lock().unwrap().answers.len(), 3);
    }
}
