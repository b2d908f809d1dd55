//! The second ring of checks. It needs more than Rust and a C compiler, and says at its start what is missing.

use std::path::Path;

use crate::sh::{root, run, say};
use crate::{bench, coverage, header, package, sizes, tools};

/// Runs everything; the first failure ends it.
pub(crate) fn ci() -> Result<(), String> {
    tools::check_all()?;
    let root = &root();
    run(root, "cargo fmt --all --check", &[])?;
    run(root, "cargo clippy --workspace --all-targets --locked -- -D warnings", &[])?;
    run(root, "cargo clippy -p tests --all-targets --features second-ring --locked -- -D warnings", &[])?;
    run(root, "cargo doc --workspace --no-deps --all-features --locked", &[("RUSTDOCFLAGS", "-D warnings")])?;
    run(root, "cargo deny --log-level error --locked check licenses bans sources", &[])?;
    header::check()?;
    features(root)?;
    package::check()?;
    sizes::check()?;
    bench::compare()?;
    second_ring(root)?;
    fuzz(root)?;
    readme(root)?;
    coverage::report()
}

/// The tests that need more than Rust and a C compiler.
fn second_ring(root: &Path) -> Result<(), String> {
    run(root, "cargo test --locked -p tests --features second-ring --test it -- c:: proxy::debian::", &[])?;
    let tls = "cargo test --locked -p tests --features aws-lc --test it -- tls::";
    // No certificate store can be found: the bundled roots are used.
    run(root, tls, &[("SSL_CERT_FILE", "/nonexistent"), ("SSL_CERT_DIR", "/nonexistent")])?;
    // This test needs the right to mount.
    run(root, "cargo test --locked -p volcv-cli --features mounts --test cli -- a_mount_point_is_written", &[])
}

/// Each combination of features compiles without a warning.
fn features(root: &Path) -> Result<(), String> {
    let strict = [("RUSTFLAGS", "-D warnings"), ("CARGO_TARGET_DIR", "target/features")];
    run(root, "cargo hack check --locked --feature-powerset -p volcv-core", &strict)?;
    // The two features that only add code of their own are checked as one.
    let transport = "cargo hack check --locked --feature-powerset --exclude-features default \
                     --group-features tracing,test-util -p volcv-transport";
    run(root, transport, &strict)?;
    run(root, "cargo hack check --locked --feature-powerset --exclude-features default,capi -p volcv-ffi", &strict)?;
    run(root, "cargo hack check --locked --each-feature -p volcv", &strict)
}

/// A short run of each fuzz target, from the committed corpus. New inputs go to a folder outside of the tree.
///
/// The seed is fixed, so that a change is judged by itself and not by the luck of the day; a long run with new luck is
/// `cargo fuzz run reply`, by hand.
fn fuzz(root: &Path) -> Result<(), String> {
    let found = std::env::temp_dir().join(format!("volcv-fuzz-{}", std::process::id()));
    for target in ["reply", "machine", "request", "base_url", "picture", "retry_after", "c_abi"] {
        let new = found.join(target);
        std::fs::create_dir_all(&new).map_err(|error| format!("{}: {error}", new.display()))?;
        let limits = "-seed=1 -runs=20000 -max_total_time=60 -timeout=5 -rss_limit_mb=512 -verbosity=0";
        let new = new.display();
        // Without a sanitizer it needs no nightly compiler. Only `c_abi` reaches unsafe code, that of volcv-ffi, whose
        // memory errors are looked for by valgrind in `tests/it/c/abuse.rs`.
        run(root, &format!("cargo fuzz run --sanitizer none {target} {new} fuzz/corpus/{target} -- {limits}"), &[])?;
    }
    std::fs::remove_dir_all(&found).map_err(|error| format!("{}: {error}", found.display()))
}

/// The README's first command, word by word, in a fresh clone; the picture has the size that the README promises.
fn readme(root: &Path) -> Result<(), String> {
    let command = first_command(root)?;
    let clone = std::env::temp_dir().join(format!("volcv-clone-{}", std::process::id()));
    let (from, to) = (root.display().to_string(), clone.display().to_string());
    run(root, &format!("git clone --quiet {from} {to}"), &[])?;
    let target = root.join("target").display().to_string();
    let result = run(&clone, &command, &[("CARGO_TARGET_DIR", &target)]).and_then(|()| {
        let (width, height) = image::image_dimensions(clone.join("wide.png")).map_err(|e| format!("wide.png: {e}"))?;
        say(&format!("wide.png is {width}x{height}"));
        if (width, height) == (1920, 640) { Ok(()) } else { Err("wide.png should be 1920x640".to_owned()) }
    });
    std::fs::remove_dir_all(&clone).map_err(|error| format!("{}: {error}", clone.display()))?;
    result
}

/// The first `cargo run` line of the README.
pub(crate) fn first_command(root: &Path) -> Result<String, String> {
    let readme = std::fs::read_to_string(root.join("README.md")).map_err(|error| format!("README.md: {error}"))?;
    let line = readme.lines().find(|line| line.starts_with("cargo run"));
    line.map(str::to_owned).ok_or_else(|| "the README has no line that starts with cargo run".to_owned())
}
