//! No memory is an error code, and loses nothing that was paid for: `tests/c/oom.c`, and the server's records of it.

use std::collections::BTreeMap;

use volcv_emulator::{Emulator, OutputFormat, TaskPace};

use super::Build;
use super::abuse::{RUNS, Under, built, run};

const OUT_OF_MEMORY: i32 = -11;

/// Runs all jobs, each with each of its requests for memory failing, and holds what they say of their cost against what the
/// server has got.
fn tortured(under: Under, what: &[&str], output: OutputFormat, env: &[(&str, u32)]) {
    let emulator = Emulator::builder().output(output).task_pace(TaskPace::polls(0, 0)).start().unwrap();
    let output = run(&built("oom", under, Build::Full), under, &emulator, what, env);
    let mut complete: BTreeMap<i64, usize> = BTreeMap::new();
    for record in emulator.requests().into_iter().filter(|record| record.body_complete) {
        if let Some(seed) = record.json.as_ref().and_then(|json| json["seed"].as_i64()) {
            *complete.entry(seed).or_default() += 1;
        }
    }
    let (mut ends, mut failed) = ([0; 3], 0);
    for line in output.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        let mut number = || words.next().unwrap().parse::<i64>().unwrap();
        let (seed, result, charge) = (number(), i32::try_from(number()).unwrap(), usize::try_from(number()).unwrap());
        assert!(result == 0 || result == OUT_OF_MEMORY, "{line}");
        let arrived = complete.get(&seed).copied().unwrap_or_default();
        let is_download = line.contains(" fetched ");
        // A picture behind a link was paid for before.
        assert!(is_download || (arrived > 0) == (charge > 0), "{arrived} complete requests: {line}");
        ends[charge] += 1;
        failed += usize::from(result == OUT_OF_MEMORY);
    }
    println!("{failed} of {} jobs had no memory; they cost {ends:?}", ends.iter().sum::<usize>());
    assert!(failed > 25 && ends[0] > 0 && ends[2] > 0, "{failed} {ends:?}");
}

pub(crate) fn oom(under: Under) {
    tortured(under, &["all"], OutputFormat::Jpeg, &[]);
}

#[test]
#[cfg(target_os = "linux")]
fn each_large_block_that_the_system_does_not_have_is_an_error_that_loses_nothing() {
    tortured(Under::Nothing, &["malloc"], OutputFormat::Png, &[("VOLCV_LARGE", 1)]);
    tortured(Under::Nothing, &["malloc", "all"], OutputFormat::Jpeg, &[]);
}

#[test]
fn each_large_block_that_the_host_does_not_give_is_an_error_and_all_others_come_back() {
    tortured(Under::Nothing, &[], OutputFormat::Png, &[]);
    RUNS.iter().copied().for_each(oom);
}
