//! The crates as others get them: from their own tarballs, with the oldest dependencies they allow, with a public API that
//! changes only on purpose.

use std::collections::BTreeSet;
use std::fs;

use crate::sh::{output, root, run, say};

/// The crates that are published, in the order of their layers.
pub(crate) const PUBLISHED: [&str; 6] =
    ["volcv-types", "volcv-core", "volcv-transport", "volcv", "volcv-emulator", "volcv-cli"];

/// Checks tarballs, minimal versions and the public API.
pub(crate) fn check() -> Result<(), String> {
    tarballs()?;
    minimal_versions()?;
    public_api(false)
}

/// Each crate builds from its own tarball.
fn tarballs() -> Result<(), String> {
    let packages: Vec<_> = PUBLISHED.iter().map(|name| format!("-p {name}")).collect();
    // The tree may have changes that are not committed yet.
    run(&root(), &format!("cargo package --quiet --locked --allow-dirty {}", packages.join(" ")), &[])
}

/// The library crates compile with the oldest versions of their direct dependencies that they allow.
fn minimal_versions() -> Result<(), String> {
    let (root, folder) = (root(), std::env::temp_dir().join(format!("volcv-minimal-{}", std::process::id())));
    let (from, to) = (root.display().to_string(), folder.display().to_string());
    run(&root, &format!("git clone --quiet {from} {to}"), &[])?;
    // The resolver's option is not stable; the code is compiled without any unstable feature.
    let unstable = [("RUSTC_BOOTSTRAP", "1")];
    let target = root.join("target/minimal").display().to_string();
    let result = run(&folder, "cargo update --quiet -Z direct-minimal-versions", &unstable)
        .and_then(|()| run(&folder, "cargo check --quiet -p volcv --all-features", &[("CARGO_TARGET_DIR", &target)]));
    fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    result
}

/// Compares the public items of the library crates with the committed lists, or writes the lists.
pub(crate) fn public_api(update: bool) -> Result<(), String> {
    for name in &PUBLISHED[..4] {
        let list = root().join("docs/api").join(format!("{name}.txt"));
        let failed = |error: std::io::Error| format!("{}: {error}", list.display());
        let now = public_items(name)?;
        if update {
            fs::write(&list, now).map_err(failed)?;
            continue;
        }
        let before = fs::read_to_string(&list).map_err(failed)?;
        let (old, new): (BTreeSet<_>, BTreeSet<_>) = (before.lines().collect(), now.lines().collect());
        old.difference(&new).for_each(|line| say(&format!("- {line}")));
        new.difference(&old).for_each(|line| say(&format!("+ {line}")));
        if old != new {
            return Err(format!("the public API of {name} has changed: see above, and `cargo xtask api --update`"));
        }
    }
    Ok(())
}

fn public_items(name: &str) -> Result<String, String> {
    let target = "--lib --all-features --target-dir target/api";
    let line = format!("cargo rustdoc --quiet --locked -p {name} {target} -- -Z unstable-options --output-format json");
    // The JSON of rustdoc is not stable yet; the code that it describes is.
    run(&root(), &line, &[("RUSTC_BOOTSTRAP", "1")])?;
    let json = format!("target/api/doc/{}.json", name.replace('-', "_"));
    let omitted = "--omit blanket-impls,auto-trait-impls,auto-derived-impls";
    output(&root(), &format!("cargo public-api --rustdoc-json {json} {omitted}"))
}
