//! What happens to each kind of call for every event, as a text that is read in the review.

use expect_test::expect_file;
use volcv_core::types::{CODES, Charge, CodeRow};
use volcv_core::{Call, CallConfig, Plan, TimeLimit, TransportErrorKind};

use crate::play::*;

/// A date that is 20 minutes ahead of [`at`].
const DATE: &str = "Sun, 06 Nov 1994 09:09:37 GMT";
const STATUSES: [u16; 19] =
    [200, 204, 302, 400, 401, 402, 403, 404, 406, 408, 413, 422, 429, 500, 501, 502, 503, 504, 520];

struct Table(String);

impl Table {
    fn part(&mut self, title: &str) {
        let gap = if self.0.is_empty() { "" } else { "\n" };
        self.0 += &format!("{gap}{title} | kind | charge | bodies delivered | attempts | retryable\n");
    }

    /// The event happens again and again.
    fn add(&mut self, name: &str, plan: &Plan, event: &Event) {
        let call = Call::new(plan.clone(), CallConfig::default()).with_rng_seed(1);
        let mut provider = |_| Some(Ok(pair()));
        let run = play_with(call, std::slice::from_ref(event), &mut provider);
        let (kind, charge, retryable) = match &run.result {
            Ok(outcome) => ("success", outcome.attempts.last().map_or(Charge::None, |last| last.charge), false),
            Err(error) => (error.kind().as_str(), error.charge(), error.is_retryable()),
        };
        self.0 += &format!("{name} | {kind} | {charge} | {} | {} | {retryable}\n", run.complete, run.sent);
    }

    /// Everything that can happen without the service.
    fn add_network(&mut self, plan: &Plan) {
        use TransportErrorKind as T;
        let kinds = [
            T::Resolve,
            T::Connect,
            T::Tls,
            T::ProxyAuth,
            T::Timeout(TimeLimit::Connect),
            T::Timeout(TimeLimit::Stall),
            T::Timeout(TimeLimit::Attempt),
            T::Io,
            T::Protocol,
            T::Other,
            T::Cancelled,
        ];
        for (taken, delivery) in ["none", "part", "all"].iter().enumerate() {
            for kind in kinds {
                let event = Event::fail(u8::try_from(taken).unwrap(), kind);
                self.add(&format!("{kind:?}, {delivery} of the body delivered"), plan, &event);
            }
        }
        for status in STATUSES {
            self.add(&format!("HTTP {status} without a body"), plan, &Event::reply(status, ""));
        }
        let busy = Event::reply(503, "").header("retry-after", "1");
        self.add("HTTP 503 with Retry-After: 1", plan, &busy);
    }
}

/// A failure with this code; `more` are further members of the reply.
fn with_code(row: &CodeRow, more: &str) -> String {
    if row.number == 0 {
        format!(r#"{{"error":{{"code":"{}","message":"m"}}{more}}}"#, row.name)
    } else {
        format!(r#"{{"code":{},"message":"m"{more}}}"#, row.number)
    }
}

fn calls(table: &mut Table) {
    table.part("a call, with the default policy");
    let plan = plan();
    table.add_network(&plan);
    for row in CODES {
        for status in [200, 400, 429, 500] {
            let event = Event::reply(status, &with_code(row, ""));
            table.add(&format!("HTTP {status} code {} {}", row.number, row.name), &plan, &event);
        }
    }
    for status in [200, 400, 500] {
        let event = Event::reply(status, r#"{"code":60001}"#);
        table.add(&format!("HTTP {status} code 60001, which nobody knows"), &plan, &event);
    }
}

fn signed(table: &mut Table) {
    table.part("a signed call");
    for (credentials, access) in [("fixed", direct(Some(pair()))), ("from a provider", direct(None))] {
        let plan = Plan::pictures(&outpaint(), &access).unwrap();
        for (name, body) in [("InvalidTimestamp", CLOCK_REFUSED), ("InvalidSecretToken", TOKEN_REFUSED)] {
            for status in [400, 401, 403] {
                let event = Event::reply(status, body);
                let mut add = |date, event| {
                    table.add(&format!("HTTP {status} {name} {date}, credentials {credentials}"), &plan, event);
                };
                add("without a date", &event);
                add("with a date", &event.clone().header("date", DATE));
            }
        }
    }
}

/// The states of a task, in a reply that says success, and what else the reply can say.
fn states() -> Vec<(String, String)> {
    let state = |status: &str, more: &str| {
        let name = format!("status {status:?}{}", if more.is_empty() { "" } else { " with " });
        let data = format!(r#""status":"{status}"{}"#, if more.is_empty() { "" } else { "," });
        (name + more, format!(r#"{{"code":10000,"data":{{{data}{more}}}}}"#))
    };
    let mut states: Vec<_> =
        ["in_queue", "generating", "paused", "not_found", "expired", "done", ""].map(|text| state(text, "")).into();
    states.push(state("done", r#""binary_data_base64":["R0lGODlhAQABAAAAADs="]"#));
    states.push(state("done", r#""image_urls":["https://cdn.example/a"]"#));
    states.push(state("done", r#""binary_data_base64":["R0lGO"]"#));
    states.push(("no data".to_owned(), r#"{"code":10000}"#.to_owned()));
    states
}

fn tasks(table: &mut Table) {
    let access = gateway();
    table.part("a task that is submitted");
    let submit = Plan::submit(&task_request(), &access).unwrap();
    table.add_network(&submit);
    table.add("HTTP 200 with a task id", &submit, &Event::reply(200, ACCEPTED));
    table.add("HTTP 200 without a task id", &submit, &Event::reply(200, r#"{"code":10000,"data":{"task_id":""}}"#));
    table.add("HTTP 200 with a cut reply", &submit, &Event::cut(200, ACCEPTED));

    table.part("a task that is waited for, with the default limit of an hour");
    let wait = Plan::wait(&task(), &access).unwrap();
    table.add_network(&wait);
    for (name, reply) in states() {
        table.add(&format!("HTTP 200 {name}"), &wait, &Event::reply(200, &reply));
    }
    table.add("HTTP 200 with a cut reply", &wait, &Event::cut(200, IN_QUEUE));
    for row in CODES {
        for (state, more) in [("", ""), (" and status \"done\"", r#","data":{"status":"done"}"#)] {
            let event = Event::reply(if row.number == 10000 { 200 } else { 400 }, &with_code(row, more));
            table.add(&format!("code {} {}{state}", row.number, row.name), &wait, &event);
        }
    }

    table.part("a task whose state is asked for");
    let status = Plan::status(&task(), &access).unwrap();
    for (name, reply) in states() {
        table.add(&format!("HTTP 200 {name}"), &status, &Event::reply(200, &reply));
    }
    table.add("HTTP 429 without a body", &status, &Event::reply(429, ""));

    table.part("a task that is cancelled");
    let cancel = Plan::cancel(&task(), &access).unwrap();
    table.add("Io, all of the body delivered", &cancel, &Event::fail(2, TransportErrorKind::Io));
    table.add("HTTP 429 without a body", &cancel, &Event::reply(429, ""));
    table.add("HTTP 200 code 10000", &cancel, &Event::reply(200, r#"{"code":10000}"#));
    table.add("HTTP 200 metadata only", &cancel, &Event::reply(200, r#"{"ResponseMetadata":{"RequestId":"r"}}"#));
    table.add("HTTP 400 code 50215", &cancel, &Event::reply(400, r#"{"code":50215}"#));
}

#[test]
fn the_decision_table_is_the_reviewed_one() {
    let mut table = Table(String::new());
    calls(&mut table);
    signed(&mut table);
    tasks(&mut table);
    expect_file!["../decision_table.txt"].assert_eq(&table.0);
}
