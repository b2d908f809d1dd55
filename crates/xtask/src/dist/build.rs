//! The one release build behind all packages: the C library and the command, and what they need of the system.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::installed::soname;
use crate::python::environment;
use crate::sh::{output, output_with, root, say};

/// What released files may need of glibc: the version of Debian 10, from which Steam's second runtime ("soldier") is made.
const NEWEST_GLIBC: [u32; 2] = [2, 28];

/// What is linked against. Rust's standard library needs this version itself.
pub(super) const GLIBC: &str = "2.17";

/// The linker, as pip reads it.
pub(super) const ZIG: &str = include_str!("../../../../packaging/linker.txt");

/// Libraries of the system that a released file may load; each is part of glibc.
const LOADED: [&str; 5] = ["ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0"];

/// Who links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Linker {
    /// Zig, with the symbols of [`GLIBC`].
    Zig,
    /// This machine's own, for this machine's own distribution.
    Native,
}

/// A release build.
#[derive(Debug)]
pub(super) struct Built {
    /// Where `libvolcv.so`, `libvolcv.a` and `volcv` are.
    pub(super) folder: PathBuf,
    /// Cargo's ids of the packages that are linked in.
    pub(super) packages: BTreeSet<String>,
}

/// Builds the library and the command, each with its own features.
pub(super) fn build(linker: Linker) -> Result<Built, String> {
    let host = host()?;
    // Cargo does not see that the linker is another one, so each has a folder of its own.
    let (cargo, target, folder) = match linker {
        Linker::Zig => ("cargo-zigbuild", format!("{host}.{GLIBC}"), "target/dist"),
        Linker::Native => ("cargo", host.clone(), "target/dist-native"),
    };
    let bin = if linker == Linker::Zig { environment("zig", ZIG)? } else { PathBuf::new() };
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let path = path.trim_start_matches(':');
    let flags = remapped()?;
    let env = [("PATH", path), ("RUSTFLAGS", &*flags), ("CARGO_PROFILE_RELEASE_STRIP", "symbols")];
    // With a target, the crates that are linked lie apart from those that only compile.
    let options =
        format!("--release --locked --target {target} --target-dir {folder} --message-format json-render-diagnostics");
    let command = if linker == Linker::Zig { "zigbuild" } else { "build" };
    // Cargo does LTO only if no rlib is made beside the library.
    let lines = [
        format!(
            "{cargo} rustc {options} -p volcv-ffi --lib --crate-type cdylib,staticlib -- -C link-arg=-Wl,-soname,{}",
            soname()
        ),
        format!("{cargo} {command} {options} -p volcv-cli"),
    ];
    let mut packages = BTreeSet::new();
    for line in lines {
        packages.extend(linked(&output_with(&root(), &line, &env)?, &host)?);
    }
    Ok(Built { folder: root().join(folder).join(host).join("release"), packages })
}

/// The target that this machine is, such as `x86_64-unknown-linux-gnu`.
pub(super) fn host() -> Result<String, String> {
    let version = output(&root(), "rustc -vV")?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc -vV names no host".to_owned())
}

/// The packages whose libraries and programs cargo has put among those of the target.
fn linked(messages: &str, host: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for line in messages.lines() {
        let message: Value = serde_json::from_str(line).map_err(|error| format!("{line}: {error}"))?;
        let files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if message["reason"] == "compiler-artifact" && files.into_iter().any(|file| file.contains(host)) {
            found.extend(message["package_id"].as_str().map(str::to_owned));
        }
    }
    Ok(found)
}

/// Where this machine has the sources: of the dependencies, and of the workspace.
fn sources() -> Result<[PathBuf; 2], String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home =
        home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).ok_or("neither CARGO_HOME nor HOME is set")?;
    Ok([home.join("registry/src"), root().canonicalize().map_err(|error| error.to_string())?])
}

/// Flags that keep the paths of this machine out of the files.
fn remapped() -> Result<String, String> {
    let [registry, workspace] = sources()?;
    // The registry's folder has a number in its name, which another machine need not have.
    let folders = fs::read_dir(&registry).into_iter().flatten().flatten().map(|entry| entry.path());
    let flags = folders.chain([workspace]).map(|path| format!("--remap-path-prefix={}/=", path.display()));
    Ok(flags.collect::<Vec<_>>().join(" "))
}

/// Fails if a released file needs more of the system than it should, or if the library shows other names than its own.
pub(super) fn inspect(built: &Built) -> Result<(), String> {
    let folder = &built.folder;
    for file in ["libvolcv.so", "volcv"] {
        let symbols = output(folder, &format!("readelf --wide --dyn-syms {file}"))?;
        let newest = newest_glibc(&symbols).ok_or_else(|| format!("{file} needs nothing of glibc"))?;
        say(&format!("{file} needs glibc {}.{}", newest[0], newest[1]));
        if newest > NEWEST_GLIBC {
            return Err(format!(
                "{file} needs glibc {}.{}, which is newer than {NEWEST_GLIBC:?}",
                newest[0], newest[1]
            ));
        }
        let dynamic = output(folder, &format!("readelf --wide --dynamic {file}"))?;
        let loaded: Vec<_> = dynamic.lines().filter(|line| line.contains("(NEEDED)")).filter_map(bracketed).collect();
        if let Some(other) = loaded.iter().find(|name| !LOADED.contains(name)) {
            return Err(format!("{file} loads {other}, which is not a part of glibc"));
        }
        // Relocations are done at the start, and their table cannot be written to afterwards.
        let headers = output(folder, &format!("readelf --wide --program-headers {file}"))?;
        if !headers.contains("GNU_RELRO") || !dynamic.contains("NOW") {
            return Err(format!("{file} has no full RELRO"));
        }
        let bytes = fs::read(folder.join(file)).map_err(|error| error.to_string())?;
        for path in sources()?.map(|path| path.display().to_string()) {
            if memchr::memmem::find(&bytes, path.as_bytes()).is_some() {
                return Err(format!("{file} holds the path {path} of this machine"));
            }
        }
        if file == "libvolcv.so" {
            library(folder, &dynamic)?;
        }
    }
    Ok(())
}

/// What only the library has to have.
fn library(folder: &Path, dynamic: &str) -> Result<(), String> {
    let name = dynamic.lines().find(|line| line.contains("(SONAME)")).and_then(bracketed);
    if name != Some(&*soname()) || !dynamic.contains("NODELETE") {
        return Err(format!("libvolcv.so is {name:?} instead of {}, or may be unloaded:\n{dynamic}", soname()));
    }
    let exports = output(folder, "nm --dynamic --defined-only --format=just-symbols libvolcv.so")?;
    let header = fs::read_to_string(root().join("include/volcv.h")).map_err(|error| error.to_string())?;
    match exports.lines().find(|export| !export.starts_with("volcv_") || !header.contains(&format!("{export}("))) {
        Some(other) => Err(format!("libvolcv.so exports {other}, which is no function of volcv.h")),
        None if exports.lines().count() < 20 => Err(format!("libvolcv.so exports too little:\n{exports}")),
        None => Ok(()),
    }
}

/// The newest version of glibc among symbols, as `readelf` prints them: `memcpy@GLIBC_2.14 (3)`.
pub(crate) fn newest_glibc(symbols: &str) -> Option<[u32; 2]> {
    let versions = symbols.split("@GLIBC_").skip(1).filter_map(|rest| {
        let mut numbers = rest.split(|c: char| !c.is_ascii_digit()).map(str::parse);
        Some([numbers.next()?.ok()?, numbers.next()?.ok()?])
    });
    versions.max()
}

/// `libc.so.6` of `Shared library: [libc.so.6]`.
fn bracketed(line: &str) -> Option<&str> {
    Some(line.split_once('[')?.1.split_once(']')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_glibc_are_numbers() {
        let symbols = "1: 0 FUNC GLOBAL DEFAULT UND a@GLIBC_2.9 (2)\n2: 0 b@GLIBC_2.17 (3)\n3: c@GLIBC_2.2.5 (4)\n";
        assert_eq!(newest_glibc(symbols), Some([2, 17]));
        assert_eq!(newest_glibc("d@GLIBC_PRIVATE"), None);
    }
}
