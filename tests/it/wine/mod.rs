//! volcv on Windows x86-64: programs in C and C++ by MinGW, and the command, run under Wine beside the emulator.
//!
//! `cargo xtask ci Windows` builds what is tested here, makes the folder in which Wine lives, and ends Wine afterwards.

mod command;
mod packaged;
mod programs;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::c::{Build, compilation, fresh_folder, ran, root};

pub(crate) const GCC: &str = "x86_64-w64-mingw32-gcc";
pub(crate) const GXX: &str = "x86_64-w64-mingw32-g++";

/// Debian keeps it out of the search path.
const WINE: &str = "/usr/lib/wine/wine64";

/// A folder that `cargo xtask ci Windows` has made.
fn made(name: &str) -> PathBuf {
    let folder = root().join("target/windows").join(name);
    assert!(folder.exists(), "{} is missing: `cargo xtask ci Windows` makes it", folder.display());
    folder
}

/// What starts a program of Windows.
pub(crate) fn wine(program: &Path) -> Command {
    let mut command = Command::new(WINE);
    // Without the name of a display, no window can be waited for.
    command.env("WINEPREFIX", made("wine")).env("WINEDEBUG", "-all").env_remove("DISPLAY").arg(program);
    command
}

/// A path as Windows has it: Wine's drive Z is the root.
pub(crate) fn path(path: &Path) -> String {
    format!("Z:{}", path.display()).replace('/', "\\")
}

/// The folder that has `volcv.dll`.
pub(crate) fn library(build: Build) -> PathBuf {
    match build {
        Build::Full => made("package/bin"),
        _ => made("no-http"),
    }
}

/// What programs are linked with.
fn import_library(build: Build) -> PathBuf {
    match build {
        Build::Full => made("package/lib/libvolcv.dll.a"),
        _ => made("no-http/libvolcv.dll.a"),
    }
}

/// [`crate::c::compile`] for Windows. Programs lie beside the library, as a game ships it.
pub(crate) fn compile(compiler: &str, flags: &[&str], source: &str, build: Build, name: &str) -> PathBuf {
    let folder = made("wine").join("programs").join(if build == Build::Full { "full" } else { "no-http" });
    std::fs::create_dir_all(&folder).unwrap();
    copied(&library(build).join("volcv.dll"), &folder);
    let program = folder.join(format!("{name}.exe"));
    let mut command = compilation(compiler, source, &program);
    // MinGW's own libraries are linked statically: those of threads and C++ would have to lie beside the program as well.
    ran(command.args(flags).arg("-static").arg(import_library(build)).arg("-lws2_32"));
    program
}

/// Copies a file into a folder, unless it is there. It may be in use.
fn copied(file: &Path, folder: &Path) {
    let to = folder.join(file.file_name().unwrap());
    let time = |path: &Path| std::fs::metadata(path).and_then(|data| data.modified()).ok();
    if time(&to) < time(file) {
        let temporary = tempfile_beside(&to);
        std::fs::copy(file, &temporary).unwrap();
        std::fs::rename(&temporary, &to).unwrap();
    }
}

/// A name that no other thread uses.
fn tempfile_beside(path: &Path) -> PathBuf {
    path.with_extension(format!("{:?}", std::thread::current().id()))
}

/// An empty folder, and its name on Windows.
fn folder(name: &str) -> (PathBuf, String) {
    let folder = fresh_folder(name);
    let windows = path(&folder);
    (folder, windows)
}
