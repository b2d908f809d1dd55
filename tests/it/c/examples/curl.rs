//! The program that brings its own HTTP, libcurl's.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use super::super::{Build, compile, fresh_folder, program, ran, root, runs, told, under_valgrind};
use super::{PHOTO, emulator, interrupt, size_of};

/// What `pkg-config` says about libraries, as flags.
pub(in crate::c) fn pkg_config(names: &[&str]) -> Vec<String> {
    let flags = ran(Command::new("pkg-config").args(["--cflags", "--libs"]).args(names));
    flags.split_whitespace().map(str::to_owned).collect()
}

pub(super) fn compile_with(compiler: &str, flags: &[&str], libraries: &[&str], source: &str, build: Build) -> PathBuf {
    let found = pkg_config(libraries);
    let all: Vec<&str> = flags.iter().copied().chain(found.iter().map(String::as_str)).collect();
    compile(compiler, &all, source, build)
}

/// Compiled once: its tests run at the same time, and a program cannot be written while it runs.
fn curl_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let [_, program] = ["clang", "gcc"].map(|compiler| {
            let flags = ["-std=c99", "-pthread"];
            compile_with(compiler, &flags, &["libcurl"], "examples/c/host_http_curl.c", Build::NoHttp)
        });
        program
    })
}

/// curl heeds proxies from the environment, which are not for an emulator.
fn without_proxy(command: &mut Command) -> &mut Command {
    command.env("no_proxy", "127.0.0.1")
}

/// A picture whose request does not fit into the buffers of a connection, so that one can break in its middle.
fn large_photo(folder: &Path) -> PathBuf {
    let mut bytes = std::fs::read(root().join(PHOTO)).unwrap();
    bytes.resize(bytes.len() + (12 << 20), 0);
    let path = folder.join("large.jpg");
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn retries_and_charges_are_the_same_over_curl_without_any_http_of_our_own() {
    let folder = fresh_folder("host-http-curl");
    let out = folder.join("wide.png");
    let (small, large) = (root().join(PHOTO), large_photo(&folder));
    let curl = curl_program();
    let built_in = compile("gcc", &["-std=c99", "-O1"], "examples/c/poll.c", Build::Full);
    for (photo, fault, result, attempts, charge, bodies) in [
        (&small, "ok", "VOLCV_OK", 1, "charged", 1),
        (&small, "code=50429,retry-after=1", "VOLCV_OK", 2, "charged", 2),
        (&small, "status=503,retry-after=1", "VOLCV_OK", 2, "charged", 2),
        (&large, "close=1000000", "VOLCV_OK", 2, "charged", 1),
        (&large, "reset=1000000", "VOLCV_OK", 2, "charged", 1),
        (&small, "stall=100000,for=300", "VOLCV_OK", 1, "charged", 1),
        (&small, "trickle=65536/5,close-delimited", "VOLCV_OK", 1, "charged", 1),
        (&small, "chunked", "VOLCV_OK", 1, "charged", 1),
        (&small, "close=body", "VOLCV_E_OUTCOME_UNKNOWN", 1, "unknown", 1),
        (&small, "garbage", "VOLCV_E_OUTCOME_UNKNOWN", 1, "unknown", 1),
        (&small, "status=502", "VOLCV_E_SERVICE", 1, "unknown", 1),
        (&small, "cut=1000", "VOLCV_E_DECODE", 1, "charged", 1),
        (&small, "code=50411", "VOLCV_E_REFUSED", 1, "none", 1),
        (&small, "body=redirect,location=http://127.0.0.1:1/", "VOLCV_E_SERVICE", 1, "none", 1),
    ] {
        let over_curl = emulator(&[fault]);
        let output = without_proxy(&mut program(curl, &over_curl)).arg(photo).arg(&out).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let wanted = format!("{result}, attempts {attempts}, charge {charge}: ");
        assert!(said.starts_with(&wanted), "{fault}: {wanted}, {}", told(&output));
        assert_eq!(over_curl.complete_bodies(), bodies, "{fault}");
        assert!(!over_curl.requests().iter().any(|request| request.header("expect").is_some() || request.chunked));

        let over_ours = emulator(&[fault]);
        let output = program(&built_in, &over_ours).arg(photo).arg("/dev/null").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let wanted = match result {
            "VOLCV_OK" => format!("done after {attempts} attempts"),
            _ => format!("{result}: "),
        };
        assert!(said.contains(&wanted), "{fault}: {wanted}, {}", told(&output));
        assert_eq!(over_ours.complete_bodies(), bodies, "{fault}");
    }
    assert_eq!(size_of(&out), (1920, 640));
}

#[test]
fn a_cancel_closes_the_connection_of_curl() {
    let (curl, emulator) = (curl_program(), emulator(&[]));
    for mut command in runs(curl, &emulator) {
        let before = emulator.complete_bodies();
        emulator.push("stall=body".parse().unwrap());
        let child = without_proxy(&mut command)
            .args([PHOTO, "/dev/null"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while emulator.complete_bodies() == before {
            assert!(Instant::now() < deadline, "the request arrives");
            thread::sleep(Duration::from_millis(5));
        }
        interrupt(&child);
        assert!(emulator.wait_idle(Duration::from_secs(20)));
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.starts_with("VOLCV_E_CANCELLED, attempts 1, charge unknown: "), "{}", told(&output));
        assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    }
}

#[test]
fn a_retry_over_curl_leaks_nothing() {
    let emulator = emulator(&["code=50429,retry-after=1"]);
    let said = ran(without_proxy(&mut under_valgrind(curl_program(), &emulator)).args([PHOTO, "/dev/null"]));
    assert!(said.starts_with("VOLCV_OK, attempts 2, charge charged: "), "{said}");
}
