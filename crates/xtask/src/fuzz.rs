//! A short run of each fuzz target, from the committed corpus.

use std::fs;

use crate::sh::{outside, root, run};

const TARGETS: [&str; 8] = ["reply", "machine", "request", "base_url", "picture", "pixels", "retry_after", "c_abi"];

/// The seed is fixed, so that a change is judged by itself. A long run with a new seed is `cargo fuzz run reply`, by hand.
pub(crate) fn run_each() -> Result<(), String> {
    // New inputs go to a folder outside of the tree.
    outside("fuzz", |found| {
        for target in TARGETS {
            let new = found.join(target);
            fs::create_dir_all(&new).map_err(|error| format!("{}: {error}", new.display()))?;
            let limits = "-seed=1 -runs=20000 -max_total_time=60 -timeout=5 -rss_limit_mb=512 -verbosity=0";
            let folders = format!("{} fuzz/corpus/{target}", new.display());
            // A sanitizer would need a nightly compiler. Only `c_abi` reaches unsafe code, that of volcv-ffi, whose
            // memory errors valgrind looks for in `tests/it/c/abuse.rs`.
            run(&root(), &format!("cargo fuzz run --sanitizer none {target} {folders} -- {limits}"), &[])?;
        }
        Ok(())
    })
}
