//! The crates as others get them: from their own tarballs, with licences that fit, with the oldest dependencies they ask for.

use std::fs;
use std::path::Path;

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
        let path = Path::new("docs/api").join(format!("{name}.txt"));
        let line = format!(
            "cargo public-api --omit blanket-impls,auto-trait-impls,auto-derived-impls --all-features -p {name}"
        );
        let now = output(&root(), &line)?;
        let file = root().join(&path);
        if update {
            fs::write(&file, now).map_err(|error| format!("{}: {error}", file.display()))?;
            continue;
        }
        let before = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
        let (old, new) = (lines(&before), lines(&now));
        old.difference(&new).for_each(|line| say(&format!("- {line}")));
        new.difference(&old).for_each(|line| say(&format!("+ {line}")));
        if old != new {
            return Err(format!("the public API of {name} has changed: see above, and `cargo xtask api --update`"));
        }
    }
    Ok(())
}
