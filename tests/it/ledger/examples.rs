//! `examples/batch`: the scripts run, with Slurm's variables and under GNU parallel, and the files of Kubernetes are what its API takes.

use std::process::Command;

use fastrand::Rng;
use serde_json::Value;

use super::bench::{keeps_secrets, volcv};
use super::page::path;
use super::{Bench, Judge, Recipe};
use crate::c::{ran, root, told};

/// Runs a program that finds `volcv`, to success.
#[track_caller]
fn works(bench: &Bench, mut command: Command) {
    bench.environment(&mut command);
    command.env("PATH", path(volcv().parent().unwrap())).current_dir(bench.home.path());
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    keeps_secrets(&output);
    assert!(output.status.success(), "{command:?}: {}", told(&output));
}

/// All parts together have bought each picture once.
fn judge_parts(bench: &Bench, parts: usize) {
    let (mut charged, mut done) = (0, 0);
    for part in 0..parts {
        let status: Value =
            serde_json::from_str(&bench.told(&format!("status out --json --shard {part}/{parts}"))).unwrap();
        charged += status["spending"]["charged"].as_u64().unwrap();
        done += status["counts"]["done"].as_u64().unwrap();
        let report = bench.path(&format!("out/report-{part}-of-{parts}.jsonl"));
        assert!(report.exists(), "{}", report.display());
    }
    assert_eq!((charged, done, bench.emulator.charges()), (12, 12, 12));
    for line in &bench.lines {
        assert_eq!(image::image_dimensions(bench.path("out").join(&line.output)).unwrap(), line.size);
    }
}

fn bench() -> Bench {
    Bench::new(&Recipe::plain(12), &mut Rng::with_seed(9))
}

#[test]
fn the_scripts_are_what_shellcheck_takes() {
    for script in ["slurm.sh", "gnu-parallel.sh"] {
        let script = root().join("examples/batch").join(script);
        ran(Command::new("bash").arg("-n").arg(&script));
        ran(Command::new("shellcheck").arg("--severity=style").arg(&script));
    }
}

#[test]
fn the_script_for_slurm_runs_each_task_of_its_array() {
    let bench = bench();
    // Slurm may number them from any number on.
    for task in 5..8 {
        let mut script = Command::new("bash");
        script.arg(root().join("examples/batch/slurm.sh")).arg("--quiet");
        script.envs([("IN", "jobs.jsonl"), ("OUT", "out")]).env("SLURM_ARRAY_TASK_ID", task.to_string());
        script.envs([("SLURM_ARRAY_TASK_MIN", "5"), ("SLURM_ARRAY_TASK_COUNT", "3")]);
        works(&bench, script);
    }
    judge_parts(&bench, 3);
}

#[test]
fn the_script_for_gnu_parallel_runs_all_parts() {
    let bench = bench();
    for _ in 0..2 {
        let mut script = Command::new("bash");
        script.arg(root().join("examples/batch/gnu-parallel.sh")).args(["jobs.jsonl", "out", "3", "--quiet"]);
        works(&bench, script);
    }
    judge_parts(&bench, 3);
}

/// The commands of the containers in a file of Kubernetes, which is checked.
fn containers(file: &str) -> Vec<Value> {
    let mut python = Command::new("/usr/bin/python3");
    python.arg(root().join("tests/python/kubernetes.py")).arg(root().join("examples/batch").join(file));
    ran(&mut python).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn command_of(container: &Value) -> Command {
    let mut words = container["command"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
    let mut command = Command::new(words.next().unwrap());
    command.args(words);
    command
}

#[test]
fn the_indexed_job_is_what_kubernetes_takes_and_each_index_runs_its_part() {
    let bench = bench();
    let containers = containers("kubernetes-indexed-job.yaml");
    let [container] = &containers[..] else { panic!("{containers:?}") };
    let parts = container["completions"].as_u64().unwrap();
    assert!(
        container["command"].to_string().contains(&format!("/{parts}\\\"")),
        "--shard has the number of completions"
    );
    for index in 0..parts {
        let mut command = command_of(container);
        command.env("JOB_COMPLETION_INDEX", index.to_string());
        works(&bench, command);
    }
    judge_parts(&bench, usize::try_from(parts).unwrap());
}

#[test]
fn the_job_with_postgresql_is_what_kubernetes_takes_and_its_pods_share_the_work() {
    let mut bench = bench();
    let server = crate::postgres::Postgres::start("kubernetes");
    bench.ledger = Some(server.url());
    let containers = containers("kubernetes-postgres.yaml");
    let [container] = &containers[..] else { panic!("{containers:?}") };
    std::thread::scope(|scope| {
        (0..2).for_each(|_| _ = scope.spawn(|| works(&bench, command_of(container))));
    });
    let judge = Judge::new(&bench);
    judge.judge(&bench);
    judge.counts_are_equal();
}
