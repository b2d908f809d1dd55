//! The programs that the second ring needs, and how each is installed.

use crate::dist;
use crate::sh::{root, say, succeeds};
use crate::toolchain::Toolchain;

/// Debian's packages, one in each line.
const PACKAGES: &str = include_str!("../../../.ci/packages");

/// Tools of cargo: the command that shows that one is there, and what `cargo install` has to be told.
const CARGO: [(&str, &str); 7] = [
    ("cargo hack --version", "cargo-hack --version 0.6.46"),
    ("cargo fuzz --version", "cargo-fuzz --version 0.13.2"),
    ("cargo cinstall --version", "cargo-c --version 0.10.24+cargo-0.98.0 --debug"),
    ("cargo deny --version", "cargo-deny --version 0.20.2 --debug"),
    ("cargo tarpaulin --version", "cargo-tarpaulin --version 0.37.5 --debug"),
    ("cargo public-api --version", "cargo-public-api --version 0.52.0 --debug"),
    ("gungraun-runner --version", "gungraun-runner --version 0.20.0 --debug"),
];

/// Programs of Debian's packages, and libraries as pkg-config knows them.
const PROGRAMS: &[&str] = &[
    "git --version",
    "gcc --version",
    "g++ --version",
    "clang --version",
    "clang++ --version",
    "llvm-symbolizer --version",
    "cmake --version",
    "aarch64-linux-gnu-gcc --version",
    "i686-linux-gnu-gcc --version",
    "s390x-linux-gnu-gcc --version",
    "qemu-aarch64 --version",
    "qemu-s390x --version",
    "valgrind --version",
    "abidiff --version",
    "strip --version",
    "which dh",
    "dpkg-buildpackage --version",
    "lintian --version",
    "man --version",
    "mcs --version",
    "mono --version",
    "love --version",
    "which godot3-server",
    "which xvfb-run",
    "which xauth",
    "tinyproxy -v",
    "which microsocks",
    "pkg-config --exists libcurl openssl",
    "pkg-config --exists sdl2 SDL2_image",
    "pkg-config --exists spng libturbojpeg",
    "x86_64-w64-mingw32-gcc --version",
    "x86_64-w64-mingw32-g++ --version",
    "which llvm-dlltool",
    "lld-link --version",
    "/usr/lib/wine/wine64 --version",
    "which pg_ctlcluster",
    "parallel --version",
    "shellcheck --version",
    "strace --version",
    "/usr/bin/python3 -m PIL",
    "/usr/bin/python3 -m html5lib.constants",
    "/usr/bin/python3 -m yaml.tokens",
    "/usr/bin/python3 -m ensurepip --version",
];

/// Fails with the list of all that is missing.
pub(crate) fn check_all() -> Result<(), String> {
    let programs: Vec<_> = PROGRAMS.iter().copied().filter(|line| !succeeds(line)).collect();
    let tools: Vec<_> = CARGO.into_iter().filter(|(line, _)| !succeeds(line)).collect();
    if programs.is_empty() && tools.is_empty() {
        return Ok(());
    }
    let mut text = String::from("The second ring needs programs that are not here.\n");
    if !programs.is_empty() {
        let packages: Vec<_> = PACKAGES.split_whitespace().collect();
        text += &format!("  missing: {}\n", programs.join("; "));
        text += &format!("  on Debian: apt-get install --no-install-recommends {}\n", packages.join(" "));
    }
    for (line, install) in tools {
        text += &format!("  missing: {line}\n  cargo install --locked {install}\n");
    }
    Err(text)
}

/// Installs the tools of cargo that are missing, and fetches Debian's compilers. A debug build of a tool runs as well, and is
/// there in half the time.
pub(crate) fn install() -> Result<(), String> {
    for (line, install) in CARGO.into_iter().filter(|(line, _)| !succeeds(line)) {
        say(&format!("{line} fails"));
        crate::sh::run(&root(), &format!("cargo install --locked --quiet {install}"), &[])?;
    }
    Toolchain::oldest()?;
    Toolchain::newest()?.sanitizer_runtimes()?;
    dist::install()
}
