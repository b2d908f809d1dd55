//! libvolcv with ThreadSanitizer in all of it: its own code, its dependencies and the standard library. The tests in
//! `tests/it/c/sanitized.rs` link programs in C with it, which have ThreadSanitizer too, and run them.
//!
//! The standard library is built with its debug assertions, so each run also checks the conditions of the unsafe
//! functions that it offers.

use crate::ci::it;
use crate::sh::{root, run};
use crate::toolchain::{Toolchain, UNSTABLE};

/// Data races.
pub(crate) fn threads() -> Result<(), String> {
    let toolchain = Toolchain::newest()?;
    let runtime = toolchain.sanitizer_runtimes()?.join("libclang_rt.tsan-x86_64.a");
    let target = "thread-sanitizer";
    let env = [
        UNSTABLE,
        // The programs bring the runtime.
        ("RUSTFLAGS", "-Zsanitizer=thread -Zexternal-clangrt"),
        // What ring has in C.
        ("CC_x86_64_unknown_linux_gnu", "clang"),
        ("CFLAGS_x86_64_unknown_linux_gnu", "-fsanitize=thread"),
        ("CARGO_PROFILE_DEV_DEBUG", "line-tables-only"),
    ];
    let build = "rustc --locked -Z build-std=std,panic_unwind --target x86_64-unknown-linux-gnu \
                 -p volcv-ffi --lib --crate-type cdylib";
    toolchain.cargo(build, target, &env)?;
    let library = root().join("target").join(target).join("x86_64-unknown-linux-gnu/debug").display().to_string();
    let runtime = runtime.display().to_string();
    run(&root(), &it("c::sanitized::"), &[("VOLCV_SANITIZED_LIBRARY", &library), ("VOLCV_SANITIZER_RUNTIME", &runtime)])
}

/// The engine of the C library in many orders of its threads.
pub(crate) fn orders() -> Result<(), String> {
    let test = "cargo test --locked --manifest-path tests/interleavings/Cargo.toml --target-dir target/interleavings";
    run(&root(), test, &[])
}
