//! The sizes of `libvolcv.so`, stripped, for each set of features: held against budgets and a committed table.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::sh::{need, output, root, run, say};

/// The committed sizes.
const TABLE: &str = "docs/sizes.txt";
/// A library may grow by this much; more has to be looked at, and written down with `--update`.
const TOLERANCE: f64 = 0.02;

/// A set of features: its name in the table, cargo's words for it, and its budget in bytes.
const SETS: [(&str, &str, u64); 3] = [
    ("default", "", 3_000_000),
    ("no-default-features", "--no-default-features", 800_000),
    ("roots-platform", "--features roots-platform", 3_000_000),
];

/// Fails if a library is above its budget or has grown by more than the tolerance.
pub(crate) fn check() -> Result<(), String> {
    let table = fs::read_to_string(root().join(TABLE)).map_err(|error| format!("{TABLE}: {error}"))?;
    let mut too_large = Vec::new();
    for (name, budget, size) in measure()? {
        let line = table.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let before: u64 = line.trim().parse().map_err(|_| format!("{TABLE} has no size of {name}"))?;
        let change = size as f64 / before as f64 - 1.0;
        say(&format!("{name:20} {before:>9} -> {size:>9}  {:+.2} %, budget {budget}", change * 100.0));
        if change > TOLERANCE || size > budget {
            too_large.push(name);
        } else if change < -TOLERANCE {
            say(&format!("{name} is smaller: write that down with `cargo xtask sizes --update`"));
        }
    }
    if too_large.is_empty() { Ok(()) } else { Err(format!("too large: {}, see {TABLE}", too_large.join(", "))) }
}

/// Writes the table, whatever the budgets say: the next check is theirs.
pub(crate) fn update() -> Result<(), String> {
    let compiler = output(&root(), "rustc --version")?;
    let mut table = format!("# Bytes of libvolcv.so, release, stripped, for each set of features; by {compiler}");
    table.push_str("# `cargo xtask sizes` fails above +2 % and above the budgets.\n");
    for (name, _, size) in measure()? {
        // Writing to a text cannot fail.
        let _ = writeln!(table, "{name:20} {size:>9}");
    }
    fs::write(root().join(TABLE), table).map_err(|error| format!("{TABLE}: {error}"))
}

/// Builds each library as `cargo cinstall` does, and gives its name, budget and size.
fn measure() -> Result<Vec<(&'static str, u64, u64)>, String> {
    need("strip --version", "install binutils")?;
    let sizes = SETS.into_iter().map(|(name, features, budget)| {
        // One type of library: beside an rlib there would be no LTO.
        let build = "cargo rustc --release --locked -p volcv-ffi --lib --crate-type cdylib --target-dir target/sizes";
        run(&root(), &format!("{build} {features}"), &[])?;
        Ok((name, budget, stripped(&root().join("target/sizes/release"))?))
    });
    sizes.collect()
}

fn stripped(folder: &Path) -> Result<u64, String> {
    run(folder, "strip -o stripped.so libvolcv.so", &[])?;
    let file = folder.join("stripped.so");
    fs::metadata(&file).map(|file| file.len()).map_err(|error| format!("{}: {error}", file.display()))
}
