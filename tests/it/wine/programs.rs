//! The programs of `tests/c` and `examples`, with what their tests on Linux assert. The others are POSIX's or Linux's alone:
//! `fork.c` forks; `budgets.c` and `frames.c` stand in for the allocator of glibc and forbid system calls; `host_http_curl.c`
//! and `engine_loop.cpp` need libcurl and SDL, which Debian does not have for MinGW; `spng.c` measures libspng, `proxy.c` is run beside the proxies of Debian, and `race.c` races, for
//! ThreadSanitizer to see.

use std::process::Command;

use super::{GCC, GXX};
use crate::c::abuse::{SUITE, Under, built, run_suite};
use crate::c::{Build, abuse, compile, direct, engine, examples, fresh_folder, oom, program, ran, root};

/// What needs POSIX, and `load.c`, which has a test of its own.
const ELSEWHERE: [&str; 7] = ["budgets.c", "fork.c", "frames.c", "load.c", "proxy.c", "race.c", "spng.c"];

#[test]
fn every_program_is_run_or_named() {
    let ours = std::fs::read_to_string(root().join("tests/it/wine/programs.rs")).unwrap();
    for entry in std::fs::read_dir(root().join("tests/c")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(stem) = name.strip_suffix(".c") else { continue };
        let is_in_suite = SUITE.iter().any(|row| row.0 == stem);
        let is_run = [
            format!("{stem}(Under::Wine"),
            format!("{stem}_in_every_phase(Under::Wine"),
            format!("{stem}\", Under::Wine"),
            format!("::{stem}(GCC"),
            format!("::{stem}(&[GCC"),
        ]
        .iter()
        .any(|text| ours.contains(text));
        assert!(
            is_in_suite || is_run || ELSEWHERE.contains(&name.as_str()),
            "{name} is not run on Windows, and nothing says why"
        );
    }
}

#[test]
fn misuse_is_an_error_code_on_windows() {
    SUITE.iter().filter(|row| row.0 != "fork").for_each(|row| run_suite(row.0, Under::Wine));
}

#[test]
fn the_library_can_be_unloaded_after_its_shutdown() {
    abuse::load(Under::Wine);
}

#[test]
fn jobs_end_once_and_are_bought_at_most_once_on_windows() {
    engine::fuzz(Under::Wine, 1, 300);
}

#[test]
fn jobs_are_cancelled_in_every_phase_on_windows() {
    engine::cancel_in_every_phase(Under::Wine, 20);
    engine::deadline(Under::Wine);
}

#[test]
fn the_hosts_own_http_works_on_windows() {
    engine::host_transport(Under::Wine);
}

#[test]
fn results_of_every_kind_arrive_on_windows() {
    engine::texture(Under::Wine);
    engine::rejected(Under::Wine);
    engine::download(&built("download", Under::Wine, Build::Full), Under::Wine);
}

#[test]
fn direct_access_and_tasks_work_on_windows() {
    direct::direct(Under::Wine);
    direct::tasks(Under::Wine);
}

#[test]
fn memory_that_the_host_does_not_give_loses_nothing_on_windows() {
    oom::oom(Under::Wine);
}

#[test]
fn the_examples_in_c_work_on_windows() {
    examples::outpaint(&[GCC]);
    examples::direct(&[GCC]);
    examples::task(GCC);
    examples::texture(&[GCC]);
    examples::poll(&[GCC]);
    examples::poll_interrupted(GCC);
}

#[test]
fn programs_in_cpp_work_on_windows() {
    let emulator = examples::emulator(&[]);
    let wrapper = compile(GXX, &["-std=c++17"], "tests/c/wrapper.cpp", Build::Full);
    assert_eq!(ran(program(wrapper, &emulator).arg(examples::PHOTO)), "ok\n");
    let out = fresh_folder("outpaint-cpp-windows").join("wide.png");
    let outpaint = compile(GXX, &["-std=c++17"], "examples/cpp/outpaint.cpp", Build::Full);
    ran(program(outpaint, &emulator).arg(examples::PHOTO).arg(&out));
    assert_eq!(examples::size_of(&out), (1920, 640));
}

#[test]
fn nothing_but_windows_itself_is_needed() {
    let dll = super::library(Build::Full).join("volcv.dll");
    let said = ran(Command::new("x86_64-w64-mingw32-objdump").arg("-p").arg(dll));
    let needed: Vec<&str> = said.lines().filter_map(|line| line.trim().strip_prefix("DLL Name: ")).collect();
    assert!(needed.len() > 3);
    for name in needed {
        let name = name.to_ascii_lowercase();
        assert!(!name.starts_with("lib"), "{name} belongs to MinGW");
    }
}
