//! Another Rust library in the same program.

#[unsafe(no_mangle)]
extern "C" fn other_panics() -> i32 {
    std::panic::catch_unwind(|| panic!("as ordered")).is_err().into()
}
