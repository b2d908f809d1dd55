//! The sizes of `libvolcv.so`, stripped, for each set of features: held against budgets and a committed table.

use std::fs;
use std::path::Path;

use crate::sh::{need, output, root, run};
use crate::table::{Row, Table};

/// The committed sizes.
const TABLE: Table = Table("docs/sizes.txt");

/// A set of features: its name in the table, cargo's options for it, and its budget in bytes.
const SETS: [(&str, &str, u64); 4] = [
    // Memory that can be missing, threads, the table of functions and codecs for files brought 74 kB.
    ("default", "", 3_175_000),
    // What the feature image brings is the difference to the first: see IMAGE.
    ("without-image", "--no-default-features --features allocator,ureq", 3_000_000),
    // Nearly half of this size is Rust's own code for formatting and for the report of a panic. The structs and functions of
    // pixels, which say in this build that they are not there, take 19 kB. Signatures (SHA-256 is half of them), credentials,
    // tasks and the neighbours with their C functions brought 150 kB, a third of it tables for unwinding and texts. Threads, the
    // table of functions and memory that can be missing brought 20 kB.
    ("no-default-features", "--no-default-features", 1_060_000),
    ("roots-platform", "--features roots-platform", 3_225_000),
];

/// The budget of the feature `image` in bytes. 450,000 were hoped for: the codecs take about 250,000, fit, canvas and conversions
/// 100,000, whole operations, plans and their C functions 80,000, and tables for unwinding and relocation the rest. No
/// optimisation level makes it smaller than `s`.
const IMAGE: u64 = 575_000;

/// Fails if a library is above its budget or has grown by more than the tolerance.
pub(crate) fn check() -> Result<(), String> {
    let rows = measure()?;
    TABLE.compare(&rows)?;
    let image = rows[0].1.saturating_sub(rows[1].1);
    if image > IMAGE {
        return Err(format!("the feature image brings {image} bytes, its budget is {IMAGE}"));
    }
    let above = rows.iter().zip(SETS).find(|((_, size), (_, _, budget))| size > budget);
    above.map_or(Ok(()), |((name, size), (_, _, budget))| {
        Err(format!("{name} has {size} bytes, its budget is {budget}"))
    })
}

/// Writes the table. The budgets are judged by `check` only.
pub(crate) fn update() -> Result<(), String> {
    let compiler = output(&root(), "rustc --version")?;
    let comment = format!(
        "# Bytes of libvolcv.so, release, stripped, for each set of features; by {compiler}\
         # `cargo xtask sizes` fails above +2 % and above the budgets.\n"
    );
    TABLE.write(&comment, &measure()?)
}

/// Builds each library as `cargo cinstall` does, and gives its size.
fn measure() -> Result<Vec<Row>, String> {
    need("strip --version", "install binutils")?;
    let sizes = SETS.into_iter().map(|(name, features, _)| {
        // Cargo does LTO only if no rlib is made beside the library.
        let build = "cargo rustc --release --locked -p volcv-ffi --lib --crate-type cdylib --target-dir target/sizes";
        run(&root(), &format!("{build} {features}"), &[])?;
        Ok((name.to_owned(), stripped(&root().join("target/sizes/release"))?))
    });
    sizes.collect()
}

fn stripped(folder: &Path) -> Result<u64, String> {
    run(folder, "strip -o stripped.so libvolcv.so", &[])?;
    let file = folder.join("stripped.so");
    fs::metadata(&file).map(|file| file.len()).map_err(|error| format!("{}: {error}", file.display()))
}
