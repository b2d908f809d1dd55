//! The benches of `benches/`: what a call costs beside other clients, how fast the codec is, and how many instructions the
//! core takes, which are held against a committed table.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::sh::{need, output, root, run, say};

/// The committed counts.
const TABLE: &str = "benches/instructions.txt";
/// A count may grow by this much; more has to be looked at, and written down with `--update`.
const TOLERANCE: f64 = 0.02;

/// `cargo xtask bench`, with the words behind it.
pub(crate) fn bench(words: &[String]) -> Result<(), String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["--instructions"] => compare(&root()),
        ["--instructions", "--update"] => update(&root()),
        ["--codec"] => run(&root(), "cargo bench --locked --manifest-path benches/codec/Cargo.toml --bench speed", &[]),
        _ => {
            let words = words.join(" ");
            run(&root(), &format!("cargo run --release --locked --manifest-path benches/Cargo.toml -- {words}"), &[])
        }
    }
}

/// Fails if a count has grown by more than the tolerance, and says so if the table has got too high.
fn compare(root: &Path) -> Result<(), String> {
    let table = fs::read_to_string(root.join(TABLE)).map_err(|error| format!("{TABLE}: {error}"))?;
    let mut grown = Vec::new();
    for (name, count) in count(root)? {
        let line = table.lines().find_map(|line| line.strip_prefix(name.as_str()));
        let before: u64 = line.and_then(|line| line.trim().parse().ok()).ok_or(format!("{TABLE} has no {name}"))?;
        let change = count as f64 / before as f64 - 1.0;
        say(&format!("{name:16} {before:>10} -> {count:>10}  {:+.2} %", change * 100.0));
        if change > TOLERANCE {
            grown.push(name);
        } else if change < -TOLERANCE {
            say(&format!("{name} takes less: write that down with `cargo xtask bench --instructions --update`"));
        }
    }
    if grown.is_empty() { Ok(()) } else { Err(format!("more instructions than {TABLE} allows: {}", grown.join(", "))) }
}

fn update(root: &Path) -> Result<(), String> {
    let mut table =
        "# Instructions by valgrind's count. `cargo xtask bench --instructions` fails above +2 %.\n".to_owned();
    for (name, count) in count(root)? {
        // Writing to a text cannot fail.
        let _ = writeln!(table, "{name:16} {count:>10}");
    }
    fs::write(root.join(TABLE), table).map_err(|error| format!("{TABLE}: {error}"))
}

/// Runs the benches under valgrind.
fn count(root: &Path) -> Result<Vec<(String, u64)>, String> {
    need("valgrind --version", "install valgrind")?;
    if std::env::var_os("GUNGRAUN_RUNNER").is_none() {
        // A debug build starts valgrind just as well, and is there in a third of the time.
        let way_out = "install it with: cargo install gungraun-runner --version 0.20.0 --locked --debug";
        need("gungraun-runner --version", way_out)?;
    }
    let json = output(
        root,
        "cargo bench --locked --manifest-path benches/codec/Cargo.toml --bench instructions -- --output-format=json",
    )?;
    let counts = json.lines().map(|line| {
        let bench: Value = serde_json::from_str(line).ok()?;
        let count = bench.pointer("/profiles/0/data/total/metrics/Ir/values/new")?.as_u64()?;
        Some((bench["function_name"].as_str()?.to_owned(), count))
    });
    counts.collect::<Option<_>>().ok_or_else(|| "gungraun's report is not as expected".to_owned())
}
