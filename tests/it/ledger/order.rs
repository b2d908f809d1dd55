//! What is on the disk before what leaves, as the system calls show it: the promise that holds when the power fails.

use std::process::Command;

use fastrand::Rng;

use super::bench::volcv;
use super::{Bench, Recipe};
use crate::c::told;

/// One system call of the command.
#[derive(Debug)]
struct Call {
    name: String,
    text: String,
}

impl Call {
    /// Whether it is one of these calls on a file or folder whose path ends so.
    fn is(&self, names: &[&str], path: &str) -> bool {
        // -y shows the path of a descriptor: `fsync(9</tmp/out/.volcv.sqlite-wal>)`.
        names.contains(&self.name.as_str()) && self.text.contains(&format!("{path}>"))
    }
}

const SYNCS: [&str; 2] = ["fsync", "fdatasync"];
const WRITES: [&str; 4] = ["write", "pwrite64", "writev", "pwritev"];
const SENDS: [&str; 5] = ["write", "writev", "sendto", "sendmsg", "sendmmsg"];
const NAMES: [&str; 5] = ["rename", "renameat", "renameat2", "link", "linkat"];
const WAL: &str = "/out/.volcv.sqlite-wal";

/// The system calls of a run, in the order in which they ended.
fn traced(bench: &Bench, arguments: &str) -> Vec<Call> {
    let run = bench.run(arguments);
    let trace = bench.path("trace");
    let mut strace = Command::new("strace");
    let calls = [&SYNCS[..], &WRITES, &SENDS, &NAMES].concat().join(",");
    strace.args(["-f", "-y", "-s", "64", "-e", &format!("trace={calls}"), "-o"]);
    strace.arg(&trace).arg(volcv()).args(run.get_args()).current_dir(bench.home.path());
    bench.environment(&mut strace);
    let output = strace.output().unwrap_or_else(|error| panic!("strace: {error}; apt-get install strace"));
    assert!(output.status.success(), "{}", told(&output));
    let text = String::from_utf8_lossy(&std::fs::read(trace).unwrap()).into_owned();
    parse(&text)
}

/// Joins a call that another thread has interrupted with its end.
fn parse(text: &str) -> Vec<Call> {
    let mut begun = std::collections::HashMap::<&str, String>::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        let whole = if let Some(begin) = rest.strip_suffix(" <unfinished ...>") {
            // What is sent may leave at once; what is synced is safe only at the end.
            if !SYNCS.iter().any(|name| begin.starts_with(name)) {
                calls.extend(call(begin));
                continue;
            }
            begun.insert(thread, begin.to_owned());
            continue;
        } else if rest.starts_with("<... ") {
            match begun.remove(thread) {
                Some(begin) => begin,
                None => continue,
            }
        } else {
            rest.to_owned()
        };
        calls.extend(call(&whole));
    }
    calls
}

fn call(text: &str) -> Option<Call> {
    let (name, arguments) = text.split_once('(')?;
    Some(Call { name: name.to_owned(), text: arguments.to_owned() })
}

#[test]
fn the_ledger_is_synced_before_a_call_leaves_and_the_picture_before_it_counts_as_done() {
    let bench = Bench::new(&Recipe::plain(1), &mut Rng::with_seed(10));
    let calls = traced(&bench, "--concurrency 1 --transport ureq");
    let show = || calls.iter().map(|call| format!("{} {}\n", call.name, call.text)).collect::<String>();
    let find = |what: &str, from: usize, is: &dyn Fn(&Call) -> bool| {
        let found = calls[from..].iter().position(is);
        from + found.unwrap_or_else(|| panic!("{what} is missing after {from}:\n{}", show()))
    };
    let last = |to: usize, is: &dyn Fn(&Call) -> bool| calls[..to].iter().rposition(is);

    let sent =
        find("the request", 0, &|call| SENDS.contains(&call.name.as_str()) && call.text.contains("POST /volcv/v1"));
    let written = last(sent, &|call| call.is(&WRITES, WAL)).unwrap_or_else(|| panic!("no row before:\n{}", show()));
    let synced = last(sent, &|call| call.is(&SYNCS, WAL)).unwrap_or_else(|| panic!("no sync before:\n{}", show()));
    assert!(written < synced, "the ledger is written at {written}, synced at {synced}, sent at {sent}:\n{}", show());

    // The folder of the output is synced after the picture has its name, which it gets after its own sync.
    let output = bench.lines[0].output.clone();
    let folder = format!("/out/{}", output.rsplit_once('/').unwrap().0);
    let named = find("the name of the picture", sent, &|call| {
        ["rename", "renameat", "renameat2", "linkat", "link"].contains(&call.name.as_str())
            && call.text.contains(&output)
    });
    let of_picture = |call: &Call| SYNCS.contains(&call.name.as_str()) && call.text.contains("/out/.volcv/picture-");
    let picture = last(named, &of_picture).unwrap_or_else(|| panic!("the picture is not synced:\n{}", show()));
    let folder_synced = find("the sync of the folder", named, &|call| call.is(&SYNCS, &folder));
    let done = find("the row `done`", folder_synced, &|call| call.is(&WRITES, WAL));
    assert!(sent < picture && picture < named && named < folder_synced && folder_synced < done);
}
