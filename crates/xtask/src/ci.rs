//! The second ring of checks: formatting, lints, documentation, feature combinations, and the README in a fresh clone.

use std::path::Path;

use crate::sh::{need, root, run, say};
use crate::sizes;
use crate::{bench, header};

/// Runs everything; the first failure ends it.
pub(crate) fn ci() -> Result<(), String> {
    need("cargo hack --version", "install it with: cargo install cargo-hack --locked")?;
    need("cargo fuzz --version", "install it with: cargo install cargo-fuzz --locked")?;
    need("git --version", "install git")?;
    let root = &root();
    run(root, "cargo fmt --all --check", &[])?;
    run(root, "cargo clippy --workspace --all-targets --locked -- -D warnings", &[])?;
    run(root, "cargo doc --workspace --no-deps --all-features --locked", &[("RUSTDOCFLAGS", "-D warnings")])?;
    header::check()?;
    features(root)?;
    sizes::check()?;
    bench::compare()?;
    let tls = "cargo test --locked -p tests --features aws-lc --test it -- tls::";
    // No certificate store to be found: the bundled roots have to do.
    run(root, tls, &[("SSL_CERT_FILE", "/nonexistent"), ("SSL_CERT_DIR", "/nonexistent")])?;
    // What needs the right to mount.
    run(root, "cargo test --locked -p volcv-cli --features mounts --test cli -- a_mount_point_is_written", &[])?;
    proxies(root)?;
    fuzz(root)?;
    readme(root)
}

/// Each combination of features compiles without a warning.
fn features(root: &Path) -> Result<(), String> {
    let strict = [("RUSTFLAGS", "-D warnings"), ("CARGO_TARGET_DIR", "target/features")];
    run(root, "cargo hack check --locked --feature-powerset -p volcv-core", &strict)?;
    // Two features that add code of their own and touch nobody else's travel as one.
    let transport = "cargo hack check --locked --feature-powerset --exclude-features default \
                     --group-features tracing,test-util -p volcv-transport";
    run(root, transport, &strict)?;
    run(root, "cargo hack check --locked --feature-powerset --exclude-features default,capi -p volcv-ffi", &strict)
}

/// Calls through proxies that others have written.
fn proxies(root: &Path) -> Result<(), String> {
    need("tinyproxy -v", "install it with: apt-get install tinyproxy")?;
    need("which microsocks", "install it with: apt-get install microsocks")?;
    run(root, "cargo test --locked -p tests --features proxies --test it -- proxy::debian::", &[])
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
