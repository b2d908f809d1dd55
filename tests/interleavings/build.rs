//! Tells the engine's source that its locks and threads are shuttle's.

fn main() {
    println!("cargo::rustc-cfg=shuttle");
    println!("cargo::rustc-check-cfg=cfg(shuttle)");
}
