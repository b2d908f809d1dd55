//! The library crates compile with the oldest Rust that they promise.

use crate::sh::say;
use crate::toolchain::Toolchain;

/// The crates that keep to it; the emulator, batches and the command may need a newer one.
const LIBRARIES: &str = "-p volcv-types -p volcv-core -p volcv-image -p volcv-transport -p volcv -p volcv-ffi";

pub(crate) fn check() -> Result<(), String> {
    let toolchain = Toolchain::oldest()?;
    say(&format!("rustc-web {}", toolchain.version));
    toolchain.cargo(&format!("check --locked --all-features {LIBRARIES}"), "oldest", &[])
}
