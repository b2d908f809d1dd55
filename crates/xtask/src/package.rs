//! The published crates as their users get them: from their own tarballs, with any dependencies that they allow.

use std::{fs, io};

use crate::sh::{outside, root, run};

/// The crates that are published, in the order of their layers.
const PUBLISHED: [&str; 7] =
    ["volcv-types", "volcv-core", "volcv-transport", "volcv-image", "volcv", "volcv-emulator", "volcv-cli"];

/// All crates have the version of the workspace.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Each crate builds from its own tarball, and the tests of volcv-types pass in it.
///
/// cargo's own verification keeps what it built of a crate for as long as the version stays the same, and would build a
/// changed crate with the old code of the crates below it.
pub(crate) fn tarballs() -> Result<(), String> {
    let root = root();
    let packages = PUBLISHED.map(|name| format!("-p {name}")).join(" ");
    // The tree may have changes that are not committed yet.
    run(&root, &format!("cargo package --quiet --locked --allow-dirty --no-verify {packages}"), &[])?;
    outside("package", |folder| {
        let failed = |error: io::Error| format!("{}: {error}", folder.display());
        fs::create_dir_all(folder).map_err(failed)?;
        for name in PUBLISHED {
            run(folder, &format!("tar -xf {}/target/package/{name}-{VERSION}.crate", root.display()), &[])?;
        }
        fs::write(folder.join("Cargo.toml"), workspace()).map_err(failed)?;
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).map_err(failed)?;
        let target = root.join("target/tarballs").display().to_string();
        run(folder, "cargo check --quiet --workspace", &[("CARGO_TARGET_DIR", &target)])?;
        run(folder, "cargo test --quiet -p volcv-types", &[("CARGO_TARGET_DIR", &target)])
    })
}

/// The manifest of a workspace of the unpacked tarballs, which find each other there and not in the registry.
fn workspace() -> String {
    let folders = PUBLISHED.map(|name| format!("\"{name}-{VERSION}\"")).join(", ");
    let patches = PUBLISHED.map(|name| format!("{name} = {{ path = \"{name}-{VERSION}\" }}\n")).concat();
    format!("[workspace]\nresolver = \"3\"\nmembers = [{folders}]\n\n[patch.crates-io]\n{patches}")
}

/// The published crates compile with the oldest versions of their direct dependencies that they allow.
pub(crate) fn oldest_versions() -> Result<(), String> {
    let root = root();
    // In a clone, so that the committed lock file stays.
    outside("oldest", |folder| {
        run(&root, &format!("git clone --quiet {} {}", root.display(), folder.display()), &[])?;
        // The resolver's option is not stable; the code is compiled without any unstable feature.
        run(folder, "cargo update --quiet -Z direct-minimal-versions", &[("RUSTC_BOOTSTRAP", "1")])?;
        let target = root.join("target/minimal").display().to_string();
        run(
            folder,
            "cargo check --quiet -p volcv -p volcv-emulator -p volcv-cli --all-features",
            &[("CARGO_TARGET_DIR", &target)],
        )
    })
}
