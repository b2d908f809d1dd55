//! libvolcv as its users meet it: built, linked into C and C++ programs, and run against the emulator.
//!
//! The programs are in `tests/c`, `examples/c` and `examples/cpp`. The first ring needs a C compiler. The second, with the
//! feature `second-ring`, has a second one, C++, valgrind, CMake, Mono and more: `cargo xtask ci` names them, and a missing
//! one fails.

pub(crate) mod abi;
pub(crate) mod abuse;
pub(crate) mod direct;
pub(crate) mod engine;
pub(crate) mod examples;
pub(crate) mod header;
#[cfg(feature = "second-ring")]
mod install;
mod layout;
pub(crate) mod oom;
mod readme;
pub(crate) mod run;
#[cfg(feature = "second-ring")]
mod sanitized;
mod symbols;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use volcv_emulator::{DEFAULT_ACCESS_KEY, DEFAULT_KEY, DEFAULT_SECRET_KEY, Emulator};

/// The folder of the whole project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// A way to build the library.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Build {
    /// With ureq and TLS.
    Full,
    /// Without any HTTP or TLS.
    NoHttp,
    /// As [`Build::Full`], with a sanitizer in all of it: `cargo xtask ci ThreadSanitizer` builds it.
    #[cfg(feature = "second-ring")]
    Sanitized,
}

/// Builds libvolcv once and says which folder has `libvolcv.so` and `libvolcv.a`.
pub(crate) fn library(build: Build) -> &'static Path {
    static FULL: OnceLock<PathBuf> = OnceLock::new();
    static NO_HTTP: OnceLock<PathBuf> = OnceLock::new();
    let (once, folder, features): (_, _, &[&str]) = match build {
        Build::Full => (&FULL, "libvolcv", &[]),
        Build::NoHttp => (&NO_HTTP, "libvolcv-no-http", &["--no-default-features"]),
        #[cfg(feature = "second-ring")]
        Build::Sanitized => return sanitized::library(),
    };
    once.get_or_init(|| {
        // A folder of its own: the test runner holds the lock of the usual one.
        let target = target_folder().join(folder);
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--locked", "-p", "volcv-ffi", "--target-dir"]).arg(&target).args(features);
        ran(cargo.current_dir(root()));
        target.join("debug")
    })
}

/// Where the tests' own files go.
pub(crate) fn target_folder() -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    // <target>/debug/deps/it-1234
    exe.ancestors().nth(3).unwrap().to_owned()
}

/// A folder for one test's files, empty.
pub(crate) fn fresh_folder(name: &str) -> PathBuf {
    let folder = target_folder().join("c-tests").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The compilers of C of this ring.
pub(crate) const C_COMPILERS: &[&str] = if cfg!(feature = "second-ring") { &["gcc", "clang"] } else { &["cc"] };

/// Those of C++: none in the first ring.
pub(crate) const CXX_COMPILERS: &[&str] = if cfg!(feature = "second-ring") { &["g++", "clang++"] } else { &[] };

/// The strictest settings that both compilers share.
pub(crate) const STRICT: [&str; 10] = [
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wshadow",
    "-Wundef",
    "-Wvla",
    "-Wwrite-strings",
    "-Werror",
    "-g",
];

/// Compiles a program of the project (a path from its root) and links it with libvolcv. `compiler` and `flags` are
/// those of a command line, such as `cc` and `["-std=c99"]`.
pub(crate) fn compile(compiler: &str, flags: &[&str], source: &str, build: Build) -> PathBuf {
    let name = format!("{}-{compiler}-{:016x}", source.replace(['/', '.'], "-"), hash(&(flags, build)));
    #[cfg(feature = "second-ring")]
    if compiler.starts_with("x86_64-w64-mingw32-") {
        return crate::wine::compile(compiler, flags, source, build, &name);
    }
    let folder = target_folder().join("c-programs");
    std::fs::create_dir_all(&folder).unwrap();
    let program = folder.join(name);
    let library = library(build);
    let mut command = compilation(compiler, source, &program);
    command.arg("-L").arg(library).arg("-lvolcv").arg(format!("-Wl,-rpath,{}", library.display()));
    // After the source and -lvolcv, so that libraries among the flags are found by the linker.
    ran(command.args(flags));
    program
}

/// What every compiler is told.
pub(crate) fn compilation(compiler: &str, source: &str, program: &Path) -> Command {
    let mut command = Command::new(compiler);
    command.arg(root().join(source)).arg("-o").arg(program).arg("-I").arg(root().join("include")).args(STRICT);
    command
}

fn hash(value: &impl std::hash::Hash) -> u64 {
    use std::hash::{DefaultHasher, Hasher as _};
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A program that talks to this emulator: its address and keys are in the environment.
pub(crate) fn program(path: impl AsRef<Path>, emulator: &Emulator) -> Command {
    let mut command = starter(path.as_ref());
    command.env("VOLCV_BASE_URL", emulator.base_url()).env("VOLCV_API_KEY", DEFAULT_KEY).current_dir(root());
    command.env("VOLC_ACCESSKEY", DEFAULT_ACCESS_KEY).env("VOLC_SECRETKEY", DEFAULT_SECRET_KEY);
    command.env_remove("VOLC_SESSION_TOKEN");
    // cargo puts folders there in which a libvolcv lies that is not the one that the program was linked with.
    command.env_remove("LD_LIBRARY_PATH");
    command
}

/// What starts a program: itself, or Wine.
fn starter(path: &Path) -> Command {
    #[cfg(feature = "second-ring")]
    if path.extension().is_some_and(|ending| ending == "exe") {
        return crate::wine::wine(path);
    }
    Command::new(path)
}

/// The ways in which this ring runs a program: as it is, and in the second ring under valgrind as well.
pub(crate) fn runs(path: &Path, emulator: &Emulator) -> Vec<Command> {
    #[cfg_attr(not(feature = "second-ring"), allow(unused_mut, reason = "the second ring adds to it"))]
    let mut runs = vec![program(path, emulator)];
    #[cfg(feature = "second-ring")]
    if path.extension().is_none() {
        runs.push(under_valgrind(path, emulator));
    }
    runs
}

/// As [`program`], under valgrind: any error or leak is a failure.
#[cfg(feature = "second-ring")]
pub(crate) fn under_valgrind(path: impl AsRef<Path>, emulator: &Emulator) -> Command {
    let mut command = program("valgrind", emulator);
    command.args(["--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite,possible", "--error-exitcode=99"]);
    let suppressions = format!("--suppressions={}", root().join("tests/c/valgrind.supp").display());
    command.arg("--child-silent-after-fork=yes").arg(suppressions).arg(path.as_ref());
    command
}

/// Runs a command to success and gives its output.
#[track_caller]
pub(crate) fn ran(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", told(&output));
    // Windows ends lines as DOS did.
    String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n")
}

/// What a command said.
pub(crate) fn told(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr))
}
