//! One debug build of the library, the command and the program that writes its man pages, for the packages and the wheel.

use std::path::PathBuf;

use crate::sh::{root, run};

/// Builds all three, and says in which folder they are. The folder of ordinary builds has them with other features.
pub(crate) fn build() -> Result<PathBuf, String> {
    let line = "cargo build --quiet --locked -p volcv-ffi -p volcv-cli --lib --bins --example manual --target-dir target/plain";
    // Debug information is most of the bytes, and of the time to link.
    run(&root(), line, &[("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_INCREMENTAL", "0")])?;
    Ok(root().join("target/plain/debug"))
}
