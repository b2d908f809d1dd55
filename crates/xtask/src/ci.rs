//! The second ring of checks: the list of them, and what they cost in time.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::sh::{root, run, say};
use crate::{
    abi, bench, conan, coverage, dist, fuzz, header, licences, oldest, package, platforms, public_api, readme,
    sanitizers, sheets, sizes, tools, vcpkg, wheel, windows,
};

/// A check gets the workspace's root.
type Check = fn(&Path) -> Result<(), String>;

/// The checks of the code, in the order in which they run.
const CODE: &[(&str, Check)] = &[
    ("format", |root| run(root, "cargo fmt --all --check", &[])),
    ("lints", lints),
    ("documentation", documentation),
    ("licences, versions and sources of dependencies", |_| licences::check()),
    ("include/volcv.h is what the sources say", |_| header::check()),
    ("combinations of features", features),
    ("tarballs of the published crates", |_| package::tarballs()),
    ("oldest versions of the dependencies", |_| package::oldest_versions()),
    ("public API", |_| public_api::compare(false)),
    ("ABI", |_| abi::compare(false)),
    ("sizes of libvolcv", |_| sizes::check()),
    ("instruction counts", |_| bench::compare()),
    ("tests of the second ring", second_ring),
    ("batches: killed processes, PostgreSQL, examples, budgets", batches),
    ("pixels beside libspng and Pillow", pixels),
    ("the official Python SDK", official_sdk),
    ("contact sheets beside html5lib", |_| sheets::check()),
    ("fuzz targets", |_| fuzz::run_each()),
    ("the README's first command in a fresh clone", |_| readme::check()),
    ("the README's pictures", |_| readme::check_pictures()),
    ("line coverage", |_| coverage::report()),
];

/// The checks of platforms and packages. They run beside the others: much of both is one linker, or a test that waits.
const PLATFORMS: &[(&str, Check)] = &[
    ("Rust 1.85", |_| oldest::check()),
    ("other platforms", |_| platforms::check()),
    ("Windows x86-64 under Wine", |_| windows::check()),
    ("the Conan recipe", |_| conan::check()),
    ("the vcpkg port", |_| vcpkg::check()),
    ("tarball, Debian's packages, list of crates", |_| dist::check()),
    ("the Python wheel", wheel::check),
    ("ThreadSanitizer", |_| sanitizers::threads()),
    ("orders of the threads of libvolcv", |_| sanitizers::orders()),
];

/// The argument by which the program starts itself for [`PLATFORMS`].
pub(crate) const PLATFORMS_ALONE: &str = "--platforms-alone";

/// Runs every check, or those whose names contain the given text. The first failure ends the run.
pub(crate) fn ci(part: &str) -> Result<(), String> {
    tools::check_all()?;
    if part == PLATFORMS_ALONE {
        return each(PLATFORMS.iter().copied());
    }
    if !part.is_empty() {
        let found: Vec<_> = CODE.iter().chain(PLATFORMS).copied().filter(|(name, _)| name.contains(part)).collect();
        return match found.is_empty() {
            true => Err(format!("no check is named {part}: {}", names().join("; "))),
            false => each(found),
        };
    }
    let mut platforms = Beside::start()?;
    each(CODE.iter().copied())?;
    platforms.end()
}

/// The other half of the checks, in a process of its own.
struct Beside {
    process: Child,
    log: PathBuf,
}

impl Beside {
    fn start() -> Result<Self, String> {
        let log = root().join("target/ci-platforms.log");
        let failed = |error: io::Error| format!("{}: {error}", log.display());
        let file = File::create(&log).map_err(failed)?;
        let mut command = Command::new(std::env::current_exe().map_err(failed)?);
        command.args(["ci", PLATFORMS_ALONE]).stdout(file.try_clone().map_err(failed)?).stderr(file);
        let process = command.spawn().map_err(failed)?;
        Ok(Self { process, log })
    }

    /// Waits for the process, and prints what it has printed.
    fn end(&mut self) -> Result<(), String> {
        let ended = self.process.wait();
        say(&fs::read_to_string(&self.log).unwrap_or_default());
        match ended {
            Ok(status) if status.success() => Ok(()),
            _ => Err("a check of platforms and packages failed: see above".to_owned()),
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // It has ended already, unless a check of the other half failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn names() -> Vec<&'static str> {
    CODE.iter().chain(PLATFORMS).map(|(name, _)| *name).collect()
}

/// Runs these checks one after the other, and prints how long each took.
fn each(checks: impl IntoIterator<Item = (&'static str, Check)>) -> Result<(), String> {
    let mut times = Vec::new();
    for (name, check) in checks {
        say(&format!("== {name}"));
        let start = Instant::now();
        check(&root()).map_err(|error| format!("{name}: {error}"))?;
        times.push((name, start.elapsed()));
    }
    for (name, time) in &times {
        say(&format!("{:6.0} s  {name}", time.as_secs_f64()));
    }
    let sum: Duration = times.iter().map(|(_, time)| time).sum();
    say(&format!("{:6.0} s  in all", sum.as_secs_f64()));
    Ok(())
}

/// A release build that is not optimised as a whole, for checks in which it only has to be fast: the packages' check makes the whole.
pub(crate) const QUICK: [(&str, &str); 2] =
    [("CARGO_PROFILE_RELEASE_LTO", "off"), ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")];

/// The command that runs some of the tests behind the feature `second-ring`. With the whole workspace, the crates have the features
/// that they have in `cargo test --workspace`; with `-p tests`, forty would be built once more.
pub(crate) fn it(filters: &str) -> String {
    format!("cargo test --locked --workspace --features tests/second-ring --test it -- {filters}")
}

fn lints(root: &Path) -> Result<(), String> {
    run(root, "cargo clippy --workspace --all-targets --locked -- -D warnings", &[])?;
    run(root, "cargo clippy --workspace --all-targets --features tests/second-ring --locked -- -D warnings", &[])
}

fn documentation(root: &Path) -> Result<(), String> {
    run(root, "cargo doc --workspace --no-deps --all-features --locked", &[("RUSTDOCFLAGS", "-D warnings")])
}

/// Each combination of features compiles without a warning.
fn features(root: &Path) -> Result<(), String> {
    let strict = [("RUSTFLAGS", "-D warnings"), ("CARGO_TARGET_DIR", "target/features")];
    run(root, "cargo hack check --locked --feature-powerset -p volcv-core", &strict)?;
    // The two features that only add code of their own are checked as one.
    let transport = "cargo hack check --locked --feature-powerset --exclude-features default \
                     --group-features tracing,test-util -p volcv-transport";
    run(root, transport, &strict)?;
    run(
        root,
        "cargo hack check --locked --feature-powerset --exclude-features default,capi --group-features allocator,image -p volcv-ffi",
        &strict,
    )?;
    run(root, "cargo hack check --locked --each-feature -p volcv", &strict)?;
    // It has no features; by itself it has those of its dependencies that it names.
    run(root, "cargo check --locked -p volcv-batch", &strict)
}

/// Nothing is bought twice, with pictures by the hundred, one process and four, SQLite and Debian's PostgreSQL.
fn batches(root: &Path) -> Result<(), String> {
    run(root, &it("ledger:: postgres::"), &QUICK)
}

/// The codecs and the paste-back as other programs see them. Without `VOLCV_TEST_PICTURES` the tests say what they leave out.
fn pixels(root: &Path) -> Result<(), String> {
    run(root, &it("judged::"), &[])
}

/// The emulator with the official SDK as its client, and volcv's signatures beside the SDK's. The SDK comes from Python's
/// package index.
fn official_sdk(root: &Path) -> Result<(), String> {
    run(root, &it("official::"), &[])
}

/// The tests that need more than Rust and a C compiler.
fn second_ring(root: &Path) -> Result<(), String> {
    run(root, &it("c:: proxy::debian:: seams:: --skip c::sanitized::"), &[])?;
    let tls = "cargo test --locked --workspace --features tests/aws-lc --test it -- tls::";
    // No certificate store can be found: the bundled roots are used.
    run(root, tls, &[("SSL_CERT_FILE", "/nonexistent"), ("SSL_CERT_DIR", "/nonexistent")])?;
    // This test needs the right to mount.
    run(root, "cargo test --locked --workspace --features volcv-cli/mounts --test cli -- a_mount_point_is_written", &[])
}
