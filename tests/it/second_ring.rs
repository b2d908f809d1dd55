//! What `cargo test --workspace` does not run, in the name of a test, so that everyone who runs it reads it.

use crate::c::root;

#[test]
fn cargo_xtask_ci_also_tests_cpp_clang_valgrind_sanitizers_cmake_install_csharp_sdl_love_curl_proxies_pixels_and_sdk() {
    let ci = std::fs::read_to_string(root().join("crates/xtask/src/ci.rs")).unwrap();
    assert!(ci.contains("--features tests/second-ring") && ci.contains("ledger::"));
}
