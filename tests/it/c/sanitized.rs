//! The programs in C with ThreadSanitizer in them, in libvolcv, in its dependencies and in the standard library.
//! `cargo xtask ci ThreadSanitizer` builds such a library, and says here where it is.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use volcv_emulator::Emulator;

use super::abuse::{Under, all_calls, built, whole_suite};
use super::{Build, program, ran, told};

/// What the runtime reads. A report that names no function would be of little use.
pub(super) const OPTIONS: [(&str, &str); 1] = [("TSAN_OPTIONS", "external_symbolizer_path=/usr/bin/llvm-symbolizer")];

/// What `cargo xtask ci` says in a variable.
fn told_by_xtask(variable: &str) -> PathBuf {
    std::env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable} is not set: run `cargo xtask ci ThreadSanitizer`"))
        .into()
}

/// The folder of `libvolcv.so`.
pub(super) fn library() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| told_by_xtask("VOLCV_SANITIZED_LIBRARY"))
}

/// The flags of clang that compile with ThreadSanitizer and link with the runtime that fits Rust's compiler.
pub(super) fn flags() -> Vec<String> {
    let runtime = told_by_xtask("VOLCV_SANITIZER_RUNTIME").display().to_string();
    let (whole, symbols) = (["-Wl,--whole-archive", &runtime, "-Wl,--no-whole-archive"], "-Wl,--dynamic-list=");
    let mut flags = vec!["-fsanitize=thread".to_owned(), "-fno-sanitize-link-runtime".to_owned()];
    flags.extend(whole.map(str::to_owned));
    flags.push(format!("{symbols}{runtime}.syms"));
    flags.extend(["-lm", "-ldl", "-lresolv"].map(str::to_owned));
    flags
}

/// Whether a function of the standard library, which is compiled once for all, has calls of this kind in it.
fn std_has(calls: &str) -> bool {
    let library = library().join("libvolcv.so");
    let symbols = ran(Command::new("nm").arg(&library));
    let symbol = symbols.split_whitespace().find(|word| word.contains("futex") && word.contains("lock_contended"));
    let disassemble = format!("--disassemble={}", symbol.expect("std locks with futexes"));
    ran(Command::new("objdump").args(["--no-show-raw-insn", &disassemble]).arg(&library)).contains(calls)
}

#[test]
fn threads_that_race_are_reported_with_the_function_of_volcv() {
    assert!(std_has("__tsan_"), "the standard library was built without ThreadSanitizer");
    let emulator = Emulator::start().unwrap();
    let race = built("race", Under::Threads, Build::Full);
    let output = program(&race, &emulator).envs(OPTIONS).output().unwrap();
    let said = told(&output);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("WARNING: ThreadSanitizer: data race") && said.contains("volcv_job_progress"), "{said}");
}

#[test]
fn threads_do_not_race_in_the_suite() {
    whole_suite(Under::Threads);
}

#[test]
fn threads_do_not_race_in_calls() {
    all_calls(Under::Threads, 1, 300);
}

/// Programs of one purpose each, among them that of the wrapper for C++.
#[test]
fn threads_do_not_race_in_the_other_programs() {
    let under = Under::Threads;
    super::engine::deadline(under);
    super::engine::rejected(under);
    super::engine::download(&built("download", under, Build::Full), under);
    super::examples::wrapper(&flags().iter().map(String::as_str).collect::<Vec<_>>());
}
