//! Starts the processes of a batch, kills them at moments that a seed has chosen, and starts them again until all is done.

use std::fs::File;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::bench::{Bench, PATIENCE};

/// How the processes of one batch are treated.
pub(crate) struct Drive<'a> {
    pub(crate) bench: &'a Bench,
    pub(crate) processes: usize,
    /// How many processes are killed in all.
    pub(crate) kills: usize,
    /// A process is killed after this many more complete bodies at most.
    pub(crate) every: u64,
    pub(crate) arguments: &'a str,
}

/// A process, with what it has written to standard error.
struct Run {
    child: Child,
    log: String,
}

impl Drive<'_> {
    /// Runs the batch to its end. `at_kill` is called at each kill, and may do something to the ledger.
    pub(crate) fn until_done(&self, rng: &mut Rng, mut at_kill: impl FnMut(&mut Rng)) {
        let mut runs: Vec<Option<Run>> = (0..self.processes).map(|index| Some(self.start(index, 0))).collect();
        let (mut killed, mut again, mut next) = (0, 0, rng.u64(1..=self.every));
        let end = Instant::now() + PATIENCE * 3;
        while runs.iter().any(Option::is_some) {
            assert!(Instant::now() < end, "the batch does not end: {}", self.logs(&runs));
            for (index, run) in runs.iter_mut().enumerate() {
                if let Some(status) = run.as_mut().and_then(|run| run.child.try_wait().unwrap()) {
                    let log = run.take().map(|run| run.log.clone()).unwrap_or_default();
                    if status.code() == Some(RUN_AGAIN) {
                        again += 1;
                        *run = Some(self.start(index, again));
                        continue;
                    }
                    assert!(ended_by_itself(status), "{status}: {}", self.text(&log));
                }
            }
            if killed < self.kills && self.bench.emulator.complete_bodies() >= next {
                let alive: Vec<usize> = (0..runs.len()).filter(|index| runs[*index].is_some()).collect();
                if let Some(index) = rng.choice(alive) {
                    kill(runs[index].take());
                    killed += 1;
                    at_kill(rng);
                    again += 1;
                    runs[index] = Some(self.start(index, again));
                    next = self.bench.emulator.complete_bodies() + rng.u64(1..=self.every);
                }
            }
            std::thread::sleep(Duration::from_micros(rng.u64(500..4000)));
        }
    }

    fn start(&self, index: usize, again: usize) -> Run {
        let log = format!("log-{index}-{again}");
        let mut command: Command = self.bench.run(self.arguments);
        command.stdout(File::create(self.bench.path(&format!("{log}.out"))).unwrap());
        command.stderr(File::create(self.bench.path(&log)).unwrap());
        Run { child: command.spawn().unwrap(), log }
    }

    fn text(&self, log: &str) -> String {
        let text = std::fs::read_to_string(self.bench.path(log)).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    fn logs(&self, runs: &[Option<Run>]) -> String {
        runs.iter().flatten().map(|run| format!("{}: {}\n", run.log, self.text(&run.log))).collect()
    }
}

fn kill(run: Option<Run>) {
    if let Some(mut run) = run {
        run.child.kill().unwrap();
        run.child.wait().unwrap();
    }
}

/// The ledger is away, or the lease has passed: the exit code that asks for another start.
const RUN_AGAIN: i32 = 12;

/// 0: all done. Other codes that a batch may end with when an item is not done are small; a signal or a panic has none of them.
fn ended_by_itself(status: ExitStatus) -> bool {
    matches!(status.code(), Some(0 | 4 | 7 | 10))
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
