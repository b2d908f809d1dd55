//! Linker settings of the shared library.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let unix_with_elf = ["linux", "android", "freebsd"];
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| unix_with_elf.contains(&os.as_str())) {
        // Unloading a library with thread-local destructors crashes programs; after volcv_shutdown() it only costs its
        // address space.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,now");
    }
}
