//! Debian's Rust compilers, beside the machine's own: the oldest one that the libraries promise, and one with the source of
//! the standard library, which is built for other platforms and sanitizers. They are unpacked and never installed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::sh::{output, root, run};

/// Allows options that are not stable.
pub(crate) const UNSTABLE: (&str, &str) = ("RUSTC_BOOTSTRAP", "1");

/// A compiler in a folder of its own.
#[derive(Debug)]
pub(crate) struct Toolchain {
    /// What `RUSTC` is set to.
    pub(crate) rustc: String,
    /// Debian's version of its packages.
    pub(crate) version: String,
    /// Where packages are unpacked; the sysroot is `usr` in it.
    pub(crate) folder: PathBuf,
}

impl Toolchain {
    /// The oldest compiler that the library crates promise: `rust-version` of the workspace.
    pub(crate) fn oldest() -> Result<Self, String> {
        Self::get(env!("CARGO_PKG_RUST_VERSION"))
    }

    /// The newest compiler that Debian has, with the source of the standard library for `-Z build-std`.
    pub(crate) fn newest() -> Result<Self, String> {
        Self::get("")
    }

    /// Runs a command line of cargo with this compiler, in `target/<target>`. `-Z build-std` needs [`UNSTABLE`] in `env`.
    pub(crate) fn cargo(&self, line: &str, target: &str, env: &[(&str, &str)]) -> Result<(), String> {
        let root = root();
        let target = root.join("target").join(target).display().to_string();
        let mut all = vec![("RUSTC", &*self.rustc), ("CARGO_TARGET_DIR", &target)];
        all.extend(env);
        run(&root, &format!("cargo {line}"), &all)
    }

    /// The folder with the runtimes of clang's sanitizers, of the compiler's own version of LLVM: Debian's rustc has none.
    pub(crate) fn sanitizer_runtimes(&self) -> Result<PathBuf, String> {
        let about = output(&root(), &format!("{} -vV", self.rustc))?;
        let llvm = about.lines().find_map(|line| line.strip_prefix("LLVM version: ")?.split('.').next());
        let llvm = llvm.ok_or("rustc -vV names no version of LLVM")?;
        let folder = self.folder.join(format!("usr/lib/llvm-{llvm}/lib/clang/{llvm}/lib/linux"));
        if !folder.exists() {
            download(&self.folder, &format!("libclang-rt-{llvm}-dev"))?;
        }
        Ok(folder)
    }

    /// The newest version that starts with `release`, unpacked on the first use.
    fn get(release: &str) -> Result<Self, String> {
        let known = output(&root(), "apt-cache madison rustc-web")?;
        let versions = known.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim);
        let version = versions
            .filter(|version| version.starts_with(release))
            .max_by_key(|version| numbers(version))
            .ok_or(format!("Debian has no rustc-web {release}: is this bookworm, and has apt-get update been run?"))?
            .to_owned();
        let folder = root().join("target/toolchains").join(&version);
        let rustc = folder.join("rustc");
        if !rustc.exists() {
            unpack(&version, &folder)?;
            wrapper(&rustc)?;
        }
        Ok(Self { rustc: rustc.display().to_string(), version, folder })
    }
}

/// The numbers in a version, which sort as versions do.
fn numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

/// Downloads the compiler and what it loads, and unpacks both.
fn unpack(version: &str, folder: &Path) -> Result<(), String> {
    // A run that was interrupted may have left half of a package.
    let _ = fs::remove_dir_all(folder);
    let release = version.split('.').take(2).collect::<Vec<_>>().join(".");
    let packages = ["rustc-web", "libstd-rust-web-dev", "rust-web-src", &format!("libstd-rust-web-{release}")];
    let packages = packages.map(|name| format!("{name}={version}")).join(" ");
    // The name of LLVM's library has its version in it.
    let needed = output(&root(), &format!("apt-cache depends libstd-rust-web-{release}={version}"))?;
    let llvm = needed.split_whitespace().find(|name| name.starts_with("libllvm")).ok_or("rustc-web without libllvm")?;
    download(folder, &format!("{packages} {llvm}"))
}

/// Downloads packages, and unpacks them in `folder`.
fn download(folder: &Path, packages: &str) -> Result<(), String> {
    let debs = folder.join("debs");
    let _ = fs::remove_dir_all(&debs);
    fs::create_dir_all(&debs).map_err(|error| format!("{}: {error}", debs.display()))?;
    run(&debs, &format!("apt-get download -qq {packages}"), &[])?;
    for deb in fs::read_dir(&debs).map_err(|error| error.to_string())?.flatten() {
        run(folder, &format!("dpkg -x {} .", deb.path().display()), &[])?;
    }
    fs::remove_dir_all(&debs).map_err(|error| error.to_string())
}

/// A script that runs the compiler with its own libraries, and nothing else with them. The folder may be moved.
fn wrapper(rustc: &Path) -> Result<(), String> {
    let script =
        "#!/bin/sh\nusr=${0%/*}/usr\nLD_LIBRARY_PATH=$usr/lib/x86_64-linux-gnu exec \"$usr/bin/rustc\" \"$@\"\n";
    fs::write(rustc, script).map_err(|error| error.to_string())?;
    fs::set_permissions(rustc, fs::Permissions::from_mode(0o755)).map_err(|error| error.to_string())
}
