//! A process that sleeps longer than its lease, a disk that is full, a folder that cannot be written.

use std::process::{Child, Command, Stdio};

use fastrand::Rng;

use super::bench::keeps_secrets;
use super::limits::until;
use super::{Bench, Books, Judge, Recipe};
use crate::c::told;

fn signal(process: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &process.id().to_string()]).status().unwrap().success());
}

/// Runs the batch to its end; its exit code and what it said.
fn ends(mut command: Command) -> (i32, String) {
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    keeps_secrets(&output);
    (output.status.code().unwrap(), told(&output))
}

#[test]
fn the_answer_of_a_process_that_slept_beyond_its_lease_is_used_and_nothing_is_bought_again() {
    let bench = Bench::new(&Recipe::plain(6), &mut Rng::with_seed(4));
    bench.emulator.push("delay=700".parse().unwrap());
    let sleeper = bench.run("--concurrency 1 --lease 2").stderr(Stdio::piped()).spawn().unwrap();
    until("the first call", || bench.emulator.complete_bodies() == 1);
    signal(&sleeper, "-STOP");
    // Another run takes over what the first one had claimed; the call on its way is unknown to it.
    let (code, text) = ends(bench.run("--concurrency 2 --lease 2"));
    assert_eq!(code, 7, "{text}");
    let (books, counts) = Books::read(&bench);
    assert_eq!((counts["done"], counts["unknown"], books.unknown), (5, 1, 1), "{books:?} {counts:?}");
    until("the answer", || bench.emulator.requests()[0].status.is_some());
    signal(&sleeper, "-CONT");
    let output = sleeper.wait_with_output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 7 | 9 | 12)), "{}", told(&output));
    // What it learned late is in the ledger: one more run, if any is needed, has the picture without a call.
    let (code, text) = ends(bench.run("--lease 2"));
    assert_eq!(code, 0, "{text}");
    let judge = Judge::new(&bench);
    judge.judge(&bench);
    assert_eq!((judge.count("done"), bench.emulator.charges()), (6, 6));
    judge.counts_are_equal();
}

#[test]
fn an_output_that_is_a_file_is_an_error_before_anything_is_sent() {
    let bench = Bench::new(&Recipe::plain(2), &mut Rng::with_seed(5));
    std::fs::write(bench.path("out"), "").unwrap();
    let (code, text) = ends(bench.run(""));
    assert!(code == 2 && text.contains("out"), "{text}");
    assert_eq!(bench.emulator.connections(), 0);
}

/// A file system of its own for `out`; it ends with this.
#[cfg(feature = "second-ring")]
struct SmallDisk(std::path::PathBuf);

#[cfg(feature = "second-ring")]
impl SmallDisk {
    fn mount(bench: &Bench, kilobytes: u32) -> Self {
        let folder = bench.path("out");
        std::fs::create_dir(&folder).unwrap();
        let disk = Self(folder);
        crate::c::ran(
            Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={kilobytes}k"), "tmpfs"]).arg(&disk.0),
        );
        disk
    }

    fn remount(&self, options: &str) {
        crate::c::ran(Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.0));
    }
}

#[cfg(feature = "second-ring")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
#[cfg(feature = "second-ring")]
fn a_full_disk_is_a_clear_error_and_loses_nothing() {
    // 3 MB of pictures in all; half of them fit.
    let recipe = Recipe { large: 100, ..Recipe::plain(4) };
    let bench = Bench::new(&recipe, &mut Rng::with_seed(6));
    let disk = SmallDisk::mount(&bench, 12_000);
    let (code, text) = ends(bench.run("--concurrency 1 --lease 2"));
    assert!(code != 0 && text.contains("No space left"), "{code}: {text}");
    let bought = bench.emulator.charges();
    disk.remount("size=64m");
    let (books, counts) = Books::read(&bench);
    assert_eq!(books.charged + books.unknown, bought, "{books:?}");
    println!("full: {counts:?} {books:?}");
    let (_, text) = ends(bench.run("--concurrency 1 --lease 2"));
    println!("{text}");
    Judge::new(&bench).judge(&bench);
}

#[test]
#[cfg(feature = "second-ring")]
fn a_folder_that_cannot_be_written_is_an_error_before_anything_is_sent() {
    let bench = Bench::new(&Recipe::plain(3), &mut Rng::with_seed(7));
    let disk = SmallDisk::mount(&bench, 20_000);
    disk.remount("ro");
    let (code, text) = ends(bench.run(""));
    assert!(code == 2 && text.contains("out") && text.to_lowercase().contains("read-only"), "{code}: {text}");
    assert_eq!(bench.emulator.connections(), 0);
    disk.remount("rw");
    assert_eq!(ends(bench.run("")).0, 0);
    Judge::new(&bench).judge(&bench);
}
