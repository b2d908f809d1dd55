//! Runs the same faults against volcv and against other clients, and counts how often each sent a paid request.
//!
//! The table goes to stdout as Markdown, progress to stderr. `--check` fails if volcv is wrong in any row.

mod clients;
mod faults;
mod http;
mod server;
mod table;

use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use clients::{CONTESTANTS, Contestant, Outcome, Target};
use faults::{Fault, ROWS, Row};
use server::Server;

/// No call is watched for longer. azure_core gives up by itself after about 90 s of retries.
const WATCH: Duration = Duration::from_secs(120);
/// Rows start one after the other, so that uploads of different rows do not slow each other down.
const STAGGER: Duration = Duration::from_secs(1);
/// Longer than the server takes to close an idle connection, and shorter than any client keeps one.
const IDLE: Duration = Duration::from_secs(1);
/// The time limit of each client where the server stays silent.
const LIMIT: Duration = Duration::from_secs(3);
/// Variables that make clients with default settings use a proxy.
const PROXIES: [&str; 4] = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];

/// What one client did under one fault.
pub struct Cell {
    /// Complete request bodies that reached the server.
    pub bodies: usize,
    /// How the call ended, in words.
    pub outcome: String,
}

fn main() -> ExitCode {
    let check = std::env::args().skip(1).any(|argument| argument == "--check");
    if let Some(name) = PROXIES.iter().find(|name| std::env::var_os(name).is_some()) {
        eprintln!("{name} is set, and most clients here would send to it: run this with `env -u {name}`");
        return ExitCode::FAILURE;
    }
    // The picture takes a moment to make, so it is made before the first time limit begins.
    clients::prepare();
    let rows: Vec<Vec<Cell>> = thread::scope(|scope| {
        let running: Vec<Vec<_>> = ROWS
            .iter()
            .enumerate()
            .map(|(i, row)| {
                let start = STAGGER * i as u32;
                CONTESTANTS.iter().map(|contestant| scope.spawn(move || meet(row, contestant, start))).collect()
            })
            .collect();
        let finish = |cells: Vec<thread::ScopedJoinHandle<_>>| {
            cells.into_iter().map(|cell| cell.join().expect("a supervisor only waits and does not panic")).collect()
        };
        running.into_iter().map(finish).collect()
    });
    print!("{}", table::markdown(&rows));
    if !check {
        return ExitCode::SUCCESS;
    }
    let wrong = table::wrong(&rows);
    wrong.iter().for_each(|line| eprintln!("wrong: {line}"));
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One cell: starts a server, makes a call, and stops watching after [`WATCH`].
fn meet(row: &'static Row, contestant: &'static Contestant, start: Duration) -> Cell {
    thread::sleep(start);
    let server = Server::start(row.fault).expect("a port of this machine is free");
    let target = Target { url: server.url(), limit: (row.fault == Fault::Silent).then_some(LIMIT) };
    let (sender, receiver) = mpsc::channel();
    let seen = server.clone();
    // Not a scoped thread: a client that hangs must not hold the program.
    thread::spawn(move || {
        // The receiver is gone if the client took too long.
        let _ = sender.send(call(row.fault, contestant, &target, &seen));
    });
    let outcome = match receiver.recv_timeout(WATCH) {
        Ok(outcome) => outcome,
        Err(RecvTimeoutError::Timeout) => Outcome::failure("still going", format!("stopped watching after {WATCH:?}")),
        Err(RecvTimeoutError::Disconnected) => Outcome::failure("panicked", "see above"),
    };
    let bodies = server.bodies();
    eprintln!("{} | {} | {bodies}, {} | {}", row.title, contestant.name, outcome.words, outcome.detail);
    let early = if server.returned_too_early() { ", too early" } else { "" };
    Cell { bodies, outcome: outcome.words + early }
}

fn call(fault: Fault, contestant: &Contestant, target: &Target, server: &Server) -> Outcome {
    let client = (contestant.connect)(target);
    if fault == Fault::CloseIdle {
        let first = client.call();
        if !first.success {
            return Outcome::failure("first call failed", first.detail);
        }
        thread::sleep(IDLE);
        server.forget_bodies();
    }
    client.call()
}
