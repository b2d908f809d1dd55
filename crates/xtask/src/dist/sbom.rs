//! What is inside of the released files: the list of crates as CycloneDX JSON, and their licences as a text.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::build::{Built, ZIG, host};
use super::epoch;
use crate::installed::VERSION;
use crate::python::environment;
use crate::sh::{output, root, run, say};

/// The judge of the JSON, which has the schema of CycloneDX, and the licences of SPDX.
pub(super) const JUDGE: &str = "cyclonedx-python-lib[json-validation]==11.12.0\n";

/// A crate in the release.
#[derive(Debug)]
struct Package {
    id: String,
    name: String,
    version: String,
    licence: String,
    /// The SHA-256 of the file that the registry serves; crates of the workspace have none.
    checksum: Option<String>,
    folder: PathBuf,
    /// Ids of other crates in the release.
    dependencies: Vec<String>,
}

impl Package {
    fn purl(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }

    fn component(&self) -> Value {
        let mut component = json!({
            "type": "library",
            "bom-ref": self.purl(),
            "name": self.name,
            "version": self.version,
            "licenses": [{ "expression": self.licence }],
            "purl": self.purl(),
        });
        if let Some(checksum) = &self.checksum {
            component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
        }
        component
    }
}

/// The crates that were linked, by name and version, with what their manifests and the lock file say.
fn packages(built: &Built) -> Result<Vec<Package>, String> {
    let line = format!("cargo metadata --locked --format-version 1 --filter-platform {}", host()?);
    let metadata: Value = serde_json::from_str(&output(&root(), &line)?).map_err(|error| error.to_string())?;
    let checksums = checksums()?;
    let mut edges: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for node in metadata["resolve"]["nodes"].as_array().into_iter().flatten() {
        let to = node["dependencies"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let to = to.filter(|id| built.packages.contains(*id)).map(str::to_owned).collect();
        edges.insert(node["id"].as_str().unwrap_or_default(), to);
    }
    let text = |package: &Value, key: &str| package[key].as_str().map(str::to_owned);
    let all = metadata["packages"].as_array().into_iter().flatten();
    let linked = all.filter(|package| package["id"].as_str().is_some_and(|id| built.packages.contains(id)));
    let mut packages = linked
        .map(|package| {
            let name = text(package, "name").ok_or("a crate without a name")?;
            let id = text(package, "id").ok_or_else(|| format!("{name} has no id"))?;
            let version = text(package, "version").ok_or_else(|| format!("{name} has no version"))?;
            let licence = text(package, "license").ok_or_else(|| format!("{name} names no licence"))?;
            let manifest = text(package, "manifest_path").ok_or_else(|| format!("{name} has no manifest"))?;
            Ok(Package {
                dependencies: edges.remove(&*id).unwrap_or_default(),
                checksum: checksums.get(&(name.clone(), version.clone())).cloned(),
                // Cargo still takes the form of the time before SPDX.
                licence: licence.replace('/', " OR "),
                folder: Path::new(&manifest).parent().map(Path::to_path_buf).unwrap_or_default(),
                id,
                name,
                version,
            })
        })
        .collect::<Result<Vec<_>, String>>()?;
    packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    Ok(packages)
}

/// The checksums in `Cargo.lock`, by name and version.
fn checksums() -> Result<BTreeMap<(String, String), String>, String> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).map_err(|error| format!("Cargo.lock: {error}"))?;
    let entries = lock.split("[[package]]").skip(1).filter_map(|entry| {
        let value = |key: &str| {
            let line = entry.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
            line.map(|value| value.trim_matches('"').to_owned())
        };
        Some(((value("name")?, value("version")?), value("checksum")?))
    });
    Ok(entries.collect())
}

/// What is linked in besides crates: the standard library, what unwinds the stack, and SQLite, which one of the crates holds.
fn runtimes(packages: &[Package]) -> Result<[Value; 3], String> {
    let rustc = output(&root(), "rustc --version")?;
    let rustc = rustc.split(' ').nth(1).ok_or("rustc has no version")?;
    let zig = ZIG.lines().find_map(|line| line.strip_prefix("ziglang==")).ok_or("packaging/linker.txt without zig")?;
    let (zig, checksum) = zig.split_once(" --hash=sha256:").ok_or("packaging/linker.txt without a checksum of zig")?;
    let component = |name: &str, version: &str, licence: &str, purl: String| {
        json!({
            "type": "library", "bom-ref": purl, "name": name, "version": version,
            "licenses": [{ "expression": licence }], "purl": purl,
        })
    };
    let mut unwinder =
        component("ziglang", zig, "MIT AND Apache-2.0 WITH LLVM-exception", format!("pkg:pypi/ziglang@{zig}"));
    unwinder["description"] = json!("LLVM's libunwind and compiler-rt, as the linker brings them");
    unwinder["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    let (version, checksum) = sqlite(packages)?;
    let mut sqlite = component("sqlite", &version, "blessing", format!("pkg:generic/sqlite@{version}"));
    sqlite["cpe"] = json!(format!("cpe:2.3:a:sqlite:sqlite:{version}:*:*:*:*:*:*:*"));
    sqlite["description"] = json!("the source in C that the crate libsqlite3-sys holds");
    sqlite["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    let standard = component("rust-std", rustc, "MIT OR Apache-2.0", format!("pkg:generic/rust-std@{rustc}"));
    Ok([standard, unwinder, sqlite])
}

/// The version of SQLite, and the SHA-256 of its source.
fn sqlite(packages: &[Package]) -> Result<(String, String), String> {
    let holder = packages.iter().find(|package| package.name == "libsqlite3-sys").ok_or("no SQLite is linked in")?;
    let folder = holder.folder.join("sqlite3");
    let header = fs::read_to_string(folder.join("sqlite3.h")).map_err(|error| format!("sqlite3.h: {error}"))?;
    let line = header.lines().find_map(|line| line.strip_prefix("#define SQLITE_VERSION "));
    let version = line.ok_or("sqlite3.h names no version")?.trim().trim_matches('"').to_owned();
    let sum = output(&folder, "sha256sum sqlite3.c")?;
    Ok((version, sum.split(' ').next().unwrap_or_default().to_owned()))
}

/// Writes the list and the licences.
pub(super) fn write(list: &Path, licences: &Path, built: &Built) -> Result<(), String> {
    let packages = packages(built)?;
    let time = output(&root(), &format!("date --utc --date=@{} +%FT%TZ", epoch()?))?;
    let release = format!("pkg:github/volcv/volcv@v{VERSION}");
    let purls: BTreeMap<_, _> = packages.iter().map(|package| (&package.id, package.purl())).collect();
    let runtimes = runtimes(&packages)?;
    let tops = packages.iter().filter(|package| ["volcv-ffi", "volcv-cli"].contains(&&*package.name));
    let tops =
        tops.map(Package::purl).chain(runtimes.iter().filter_map(|found| found["purl"].as_str().map(str::to_owned)));
    let mut dependencies = vec![json!({ "ref": release, "dependsOn": tops.collect::<Vec<_>>() })];
    for package in &packages {
        let to: BTreeSet<_> = package.dependencies.iter().filter_map(|id| purls.get(id)).collect();
        dependencies.push(json!({ "ref": package.purl(), "dependsOn": to }));
    }
    let components: Vec<_> = packages.iter().map(Package::component).chain(runtimes).collect();
    let bom = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": time.trim(),
            "tools": { "components": [{ "type": "application", "name": "cargo xtask dist", "version": VERSION }] },
            "authors": [{ "name": "volcv maintainers" }],
            "component": {
                "type": "application", "bom-ref": release, "name": "volcv", "version": VERSION,
                "licenses": [{ "expression": "MIT OR Apache-2.0" }], "purl": release,
            },
        },
        "components": components,
        "dependencies": dependencies,
    });
    let text = serde_json::to_string_pretty(&bom).map_err(|error| error.to_string())?;
    super::stage::write(list, &format!("{text}\n"))?;
    super::stage::write(licences, &texts(&packages)?)
}

/// The licence texts that the crates bring, each text once.
fn texts(packages: &[Package]) -> Result<String, String> {
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut list = String::from(
        "The crates in libvolcv and in the command volcv, and the licences that each brings. SQLite, which libsqlite3-sys holds, is\n\
         in the public domain.\n\n",
    );
    for package in packages.iter().filter(|package| package.checksum.is_some()) {
        let title = format!("{} {}", package.name, package.version);
        list += &format!("{title}: {}\n", package.licence);
        let entries =
            fs::read_dir(&package.folder).map_err(|error| format!("{}: {error}", package.folder.display()))?;
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
            if ["LICEN", "COPYING", "COPYRIGHT", "NOTICE"].iter().any(|start| name.starts_with(start)) {
                let text = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                let text = String::from_utf8_lossy(&text).trim().replace("\r\n", "\n");
                texts.entry(text).or_default().push(title.clone());
            }
        }
    }
    let mut texts: Vec<_> = texts.into_iter().map(|(text, crates)| (crates, text)).collect();
    texts.sort();
    for (mut crates, text) in texts {
        crates.dedup();
        list += &format!("\n{}\n{}\n\n{text}\n", "=".repeat(80), crates.join(", "));
    }
    Ok(list)
}

/// The list is valid, and has each crate that `cargo tree` names, with its version, licence and checksum, and no other.
pub(super) fn check(list: &Path) -> Result<(), String> {
    let python = environment("sbom", JUDGE)?.join("python");
    run(&root(), &format!("{} crates/xtask/src/dist/sbom.py {}", python.display(), list.display()), &[])?;
    let text = fs::read_to_string(list).map_err(|error| format!("{}: {error}", list.display()))?;
    let bom: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", list.display()))?;
    let mut tree = BTreeSet::new();
    for package in ["volcv-ffi", "volcv-cli"] {
        let line = "cargo tree --locked --prefix none --edges normal,no-proc-macro --format {p}";
        let lines = output(&root(), &format!("{line} --target {} -p {package}", host()?))?;
        tree.extend(lines.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")));
    }
    tree.remove("");
    let crates = compare(&bom, &tree)?;
    say(&format!("{crates} crates are in {}", list.display()));
    Ok(())
}

/// Compares a list with the crates as `cargo tree` names them, such as `bytes v1.0.0`; gives their number.
fn compare(bom: &Value, tree: &BTreeSet<String>) -> Result<usize, String> {
    let mut listed = BTreeSet::new();
    for component in bom["components"].as_array().into_iter().flatten() {
        let [name, version, purl] = ["name", "version", "purl"].map(|key| component[key].as_str().unwrap_or_default());
        let licence = component["licenses"][0]["expression"].as_str().unwrap_or_default();
        let whole = name.starts_with("volcv") || name == "rust-std" || component["hashes"][0]["content"].is_string();
        if licence.is_empty() || !purl.ends_with(&format!("{name}@{version}")) || !whole {
            return Err(format!("{name} {version} lacks a licence, a purl or a checksum: {component}"));
        }
        if purl.starts_with("pkg:cargo/") {
            listed.insert(format!("{name} v{version}"));
        }
    }
    match tree.symmetric_difference(&listed).next() {
        Some(other) if listed.contains(other) => Err(format!("{other} is only in the list of crates")),
        Some(other) => Err(format!("{other} is not in the list of crates")),
        None => Ok(listed.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_lacks_something_is_refused() {
        let component = json!({
            "name": "bytes", "version": "1.0.0", "purl": "pkg:cargo/bytes@1.0.0",
            "licenses": [{ "expression": "MIT" }], "hashes": [{ "alg": "SHA-256", "content": "00" }],
        });
        let tree = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<BTreeSet<_>>();
        let bytes = tree(&["bytes v1.0.0"]);
        assert_eq!(compare(&json!({ "components": [component] }), &bytes), Ok(1));
        for key in ["version", "purl", "licenses", "hashes"] {
            let mut less = component.clone();
            less.as_object_mut().unwrap().remove(key);
            assert!(compare(&json!({ "components": [less] }), &bytes).is_err(), "{key}");
        }
        assert!(compare(&json!({ "components": [] }), &bytes).is_err());
        assert!(compare(&json!({ "components": [component] }), &tree(&["bytes v1.0.0", "ring v0.17.0"])).is_err());
        assert!(compare(&json!({ "components": [component] }), &tree(&[])).is_err());
    }
}
