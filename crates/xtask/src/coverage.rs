//! Line coverage of the crates that hold the rules, by their own tests: printed, not judged.

use crate::sh::{root, run};

/// The transports' lines are mostly covered by `tests/it` over real sockets, which is not counted here.
pub(crate) fn report() -> Result<(), String> {
    let line = "cargo tarpaulin --locked --engine llvm --skip-clean --target-dir target/coverage --out stdout --color never \
                -p volcv-types -p volcv-core -p volcv-transport --all-features --lib --tests \
                --include-files crates/volcv-types/src/* --include-files crates/volcv-core/src/* \
                --include-files crates/volcv-transport/src/*";
    run(&root(), line, &[])
}
