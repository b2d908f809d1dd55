//! The peer in C: a release build of libvolcv, and a program that is compiled against its header.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds both where they are missing or old, and returns the program's path.
pub fn program() -> io::Result<PathBuf> {
    let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = benches.join("target/libvolcv");
    let mut cargo = Command::new("cargo");
    // The static library is not needed.
    cargo.args(["rustc", "--quiet", "--release", "--locked", "-p", "volcv-ffi", "--crate-type", "cdylib"]);
    succeed(cargo.arg("--target-dir").arg(&target).current_dir(benches.join("..")))?;
    let (library, program): (PathBuf, PathBuf) = (target.join("release"), target.join("peer"));
    let mut cc = Command::new("cc");
    cc.args(["-O2", "-Wall", "-Wextra", "-Werror"]).arg(benches.join("c/peer.c")).arg("-o").arg(&program);
    cc.arg("-I").arg(benches.join("../include")).arg("-L").arg(&library).arg("-lvolcv");
    succeed(cc.arg(format!("-Wl,-rpath,{}", library.display())))?;
    Ok(program)
}

fn succeed(command: &mut Command) -> io::Result<()> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{command:?} failed: {status}"))) }
}
