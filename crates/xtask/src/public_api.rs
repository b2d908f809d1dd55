//! The public items of the library crates, held against committed lists, so that they change only on purpose.

use std::collections::BTreeSet;
use std::fs;

use crate::sh::{output, root, run, say};

/// The library crates that have a list in `docs/api`.
const CRATES: [&str; 6] = ["volcv-types", "volcv-core", "volcv-transport", "volcv-image", "volcv", "volcv-batch"];

/// Compares the public items of the library crates with the committed lists, or writes the lists.
pub(crate) fn compare(update: bool) -> Result<(), String> {
    for name in CRATES {
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
