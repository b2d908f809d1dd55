//! The published crates as their users get them: from their own tarballs, with any dependencies that they allow.

use std::fs;

use crate::sh::{outside, root, run};

/// The crates that are published, in the order of their layers.
const PUBLISHED: [&str; 6] = ["volcv-types", "volcv-core", "volcv-transport", "volcv", "volcv-emulator", "volcv-cli"];

/// Each crate builds from its own tarball, and the tests of volcv-types pass in it.
///
/// The other crates depend on each other, and their tarballs find each other in the registry only.
pub(crate) fn tarballs() -> Result<(), String> {
    let (root, packages) = (root(), PUBLISHED.map(|name| format!("-p {name}")).join(" "));
    // The tree may have changes that are not committed yet.
    run(&root, &format!("cargo package --quiet --locked --allow-dirty {packages}"), &[])?;
    let name = format!("volcv-types-{}", env!("CARGO_PKG_VERSION"));
    let tarball = root.join(format!("target/package/{name}.crate")).display().to_string();
    // Outside of the workspace, which does not know the unpacked crate.
    outside("package", |folder| {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        run(folder, &format!("tar -xf {tarball}"), &[])?;
        let target = root.join("target/package-tests").display().to_string();
        run(&folder.join(&name), "cargo test --quiet --locked", &[("CARGO_TARGET_DIR", &target)])
    })
}

/// The library crates compile with the oldest versions of their direct dependencies that they allow.
pub(crate) fn oldest_versions() -> Result<(), String> {
    let root = root();
    // In a clone, so that the committed lock file stays.
    outside("oldest", |folder| {
        run(&root, &format!("git clone --quiet {} {}", root.display(), folder.display()), &[])?;
        // The resolver's option is not stable; the code is compiled without any unstable feature.
        run(folder, "cargo update --quiet -Z direct-minimal-versions", &[("RUSTC_BOOTSTRAP", "1")])?;
        let target = root.join("target/minimal").display().to_string();
        run(folder, "cargo check --quiet -p volcv --all-features", &[("CARGO_TARGET_DIR", &target)])
    })
}
