//! The vcpkg port: its manifest follows vcpkg's rules, and its portfile builds packages that programs work with.
//!
//! vcpkg itself is not here. `tests/vcpkg/run.cmake` stands for its functions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value};
use volcv_emulator::{DEFAULT_KEY, Emulator};

use crate::installed::{self, VERSION};
use crate::sh::{output, root, run, say};

const PORT: &str = "packaging/vcpkg/ports/volcv";
const LICENCE: &str = env!("CARGO_PKG_LICENSE");

/// The fields of a manifest in the order of `vcpkg format-manifest`, and the fields of a feature and of a dependency. Source:
/// vcpkg's reference of vcpkg.json, and its vcpkg.schema.json.
const MANIFEST: [&str; 16] = [
    "$schema",
    "name",
    "version",
    "version-semver",
    "version-date",
    "version-string",
    "port-version",
    "maintainers",
    "summary",
    "description",
    "homepage",
    "documentation",
    "license",
    "supports",
    "dependencies",
    "default-features",
];
const FEATURE: [&str; 4] = ["description", "supports", "license", "dependencies"];
const DEPENDENCY: [&str; 6] = ["name", "default-features", "features", "host", "platform", "version>="];

/// Triplets of systems that are not here, what their rustc says of a static library, and what is installed in `bin` and `lib`.
const ELSEWHERE: [(&str, &str, &str, &[&str]); 7] = [
    ("x64-windows", "dynamic", "", &["bin/volcv.dll", "lib/volcv.lib"]),
    ("arm64-windows", "static", "kernel32.lib ntdll.lib /defaultlib:msvcrt", &["lib/volcv.lib"]),
    ("x64-mingw", "dynamic", "", &["bin/volcv.dll", "lib/libvolcv.dll.a"]),
    ("x86-mingw", "static", "-lkernel32 -lntdll", &["lib/libvolcv.a"]),
    ("arm64-osx", "dynamic", "", &["lib/libvolcv.dylib"]),
    ("x64-osx", "static", "-framework Security -liconv -lm", &["lib/libvolcv.a"]),
    ("arm64-linux", "static", "-lgcc_s -lc", &["lib/libvolcv.a"]),
];

/// The features that the portfile knows, and the crate's own names for them.
const FEATURES: [(&str, &str); 2] = [("http", "ureq"), ("image", "image")];

pub(crate) fn check() -> Result<(), String> {
    let root = root();
    let path = root.join(PORT).join("vcpkg.json");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    manifest(&text).map_err(|error| format!("vcpkg.json: {error}"))?;
    ELSEWHERE
        .iter()
        .try_for_each(|(triplet, linkage, needs, files)| elsewhere(&root, triplet, linkage, needs, files))?;
    let (all, none) = ("core;http;image", "core");
    for package in [Package("static", all, &BOTH), Package("dynamic", all, &BOTH), Package("static", none, &BOTH[..1])]
    {
        let name = package.folder().display().to_string();
        say(&format!("{name}:"));
        package
            .build()
            .and_then(|()| package.compare())
            .and_then(|()| package.use_it())
            .map_err(|e| format!("{name}: {e}"))?;
    }
    Ok(())
}

/// The names and places of a package for another system, without a build.
fn elsewhere(root: &Path, triplet: &str, linkage: &str, needs: &str, files: &[&str]) -> Result<(), String> {
    let folder = root.join("target/vcpkg/elsewhere");
    let (trees, package) = (folder.join("buildtrees"), folder.join(triplet));
    let mut cmake = Command::new("cmake");
    let needs_all = format!("-DNEEDS={needs}");
    cmake.args(["-DPRETEND=ON", "-DFEATURES=core;http", &needs_all, &format!("-DVERSION={VERSION}")]);
    cmake.args([format!("-DTRIPLET={triplet}"), format!("-DLINKAGE={linkage}")]);
    cmake.args([format!("-DBUILDTREES={}", trees.display()), format!("-DPACKAGES={}", package.display())]);
    let output = cmake.args(["-P", "tests/vcpkg/run.cmake"]).current_dir(root).output();
    let output = output.map_err(|error| format!("cmake: {error}"))?;
    if !output.status.success() {
        return Err(format!("{triplet}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let libraries = files.iter().flat_map(|file| [String::from(*file), format!("debug/{file}")]).collect();
    has_files(&package, libraries).map_err(|error| format!("{triplet}: {error}"))?;
    let config = package.join("share/volcv/volcv-config.cmake");
    let text = fs::read_to_string(&config).map_err(|error| format!("{}: {error}", config.display()))?;
    let words = needs.replace(' ', ";").replace("framework;", "framework ");
    let location = format!("/{}\"", files[0]);
    if !text.contains(&format!("INTERFACE_LINK_LIBRARIES \"{words}\"")) || !text.contains(&location) {
        return Err(format!("{triplet}: {text}"));
    }
    Ok(())
}

/// There is nothing but these libraries and what each package has.
fn has_files(package: &Path, mut wanted: Vec<String>) -> Result<(), String> {
    wanted.extend(["include/volcv.h", "include/volcv.hpp"].map(String::from));
    let share = ["copyright", "usage", "volcv-config-version.cmake", "volcv-config.cmake"];
    wanted.extend(share.map(|name| format!("share/volcv/{name}")));
    installed::compare(package, wanted)
}

/// Where the library lies, and the configuration of CMake that takes it from there.
const BOTH: [(&str, &str); 2] = [("lib", "Release"), ("debug/lib", "Debug")];

/// A linkage, features, and for which configurations there is a library.
struct Package(&'static str, &'static str, &'static [(&'static str, &'static str)]);

impl Package {
    fn folder(&self) -> PathBuf {
        root().join("target/vcpkg").join(format!("{}-{}", self.0, self.1.replace(';', "-")))
    }

    /// Runs the portfile, in cargo's release profile without what makes a release small and slow to build.
    fn build(&self) -> Result<(), String> {
        let build_type = if self.2.len() == 1 { "release" } else { "" };
        let line = format!(
            "cmake -DTRIPLET=x64-linux -DLINKAGE={} -DFEATURES={} -DBUILD_TYPE={build_type} -DVERSION={VERSION} \
             -DBUILDTREES={} -DPACKAGES={} -P tests/vcpkg/run.cmake",
            self.0,
            self.1,
            root().join("target/vcpkg/buildtrees").display(),
            self.folder().display()
        );
        let quick = [("LTO", "off"), ("CODEGEN_UNITS", "16"), ("OPT_LEVEL", "0")];
        let names = quick.map(|(name, value)| (format!("CARGO_PROFILE_RELEASE_{name}"), value));
        let env: Vec<_> = names.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        run(&root(), &line, &env)
    }

    /// What vcpkg's checks after a build look for, and the exact files.
    fn compare(&self) -> Result<(), String> {
        let package = self.folder();
        let libraries = self.2.iter().map(|(lib, _)| installed::library(&package, lib, self.0 == "dynamic"));
        has_files(&package, libraries.collect::<Result<Vec<_>, _>>()?.concat())?;
        let read =
            |name| fs::read_to_string(package.join("share/volcv").join(name)).map_err(|e| format!("{name}: {e}"));
        let (copyright, config) = (read("copyright")?, read("volcv-config.cmake")?);
        if !copyright.contains("MIT License") || !copyright.contains("Apache License") {
            return Err("copyright lacks a licence".into());
        }
        // A package is moved after the build, and shared.
        if config.contains(&root().display().to_string()) || config.contains('@') {
            return Err(format!("volcv-config.cmake is not whole: {config}"));
        }
        Ok(())
    }

    /// The programs of Conan's test package find the moved package by CMake alone, and outpaint.
    fn use_it(&self) -> Result<(), String> {
        let (root, moved) = (root(), self.folder().with_extension("installed"));
        let _ = fs::remove_dir_all(&moved);
        fs::rename(self.folder(), &moved).map_err(|error| error.to_string())?;
        let kind = if self.0 == "static" { "static" } else { "volcv" };
        for (lib, configuration) in self.2 {
            let build = self.folder().with_extension(configuration);
            let _ = fs::remove_dir_all(&build);
            let build = build.display();
            let configure = format!(
                "cmake -S packaging/conan/test_package -B {build} -DKIND={kind} -DCMAKE_BUILD_TYPE={configuration} \
                 -DCMAKE_PREFIX_PATH={}",
                moved.display()
            );
            run(&root, &configure, &[])?;
            run(&root, &format!("cmake --build {build}"), &[])?;
            let emulator = Emulator::start().map_err(|error| error.to_string())?;
            let (url, library) = (emulator.base_url(), format!(".installed/{lib}/libvolcv"));
            for program in ["test_c", "test_cpp"].map(|name| format!("{build}/{name}")) {
                if self.0 == "dynamic" && !output(&root, &format!("ldd {program}"))?.contains(&library) {
                    return Err(format!("{program} does not load the library of {configuration}"));
                }
                let env = [("VOLCV_BASE_URL", url.as_str()), ("VOLCV_API_KEY", DEFAULT_KEY)];
                run(&root, &format!("{program} examples/assets/valley.jpg"), &env)?;
            }
            let charges = if self.1.contains("http") { 2 } else { 0 };
            if emulator.charges() != charges {
                return Err(format!("{configuration}: {} calls were charged instead of {charges}", emulator.charges()));
            }
        }
        Ok(())
    }
}

fn manifest(text: &str) -> Result<(), String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let object = value.as_object().ok_or("not an object")?;
    known(object, &[&MANIFEST[..], &["features"]].concat())?;
    // serde_json sorts the fields, so that their order is looked up in the text.
    let places: Vec<_> = MANIFEST.iter().filter_map(|name| text.find(&format!("\n  \"{name}\":"))).collect();
    if !places.is_sorted() || text.find("\n  \"features\":") < places.last().copied() {
        return Err(format!("the fields are not in the order of vcpkg format-manifest: {MANIFEST:?}, features"));
    }
    if object.get("name") != Some(&Value::from("volcv")) || object.get("license") != Some(&Value::from(LICENCE)) {
        return Err(format!("name is not volcv, or license is not {LICENCE}"));
    }
    let versions: Vec<_> = object.keys().filter(|name| name.starts_with("version")).collect();
    if versions != ["version-semver"] || object["version-semver"] != VERSION {
        return Err(format!("version-semver is not {VERSION}, or there is a version beside it: {versions:?}"));
    }
    for name in ["description", "homepage", "supports"] {
        object.get(name).and_then(Value::as_str).ok_or(format!("{name} is not a text"))?;
    }
    dependencies(object)?;
    let features = object.get("features").and_then(Value::as_object).ok_or("features is not an object")?;
    let names: Vec<_> = features.keys().map(String::as_str).collect();
    if names != FEATURES.map(|(name, _)| name) {
        return Err(format!("the features are {names:?}"));
    }
    for (name, feature) in features {
        let feature = feature.as_object().ok_or(format!("feature {name} is not an object"))?;
        known(feature, &FEATURE)?;
        feature.get("description").and_then(Value::as_str).ok_or(format!("feature {name} has no description"))?;
        dependencies(feature)?;
    }
    let defaults = object.get("default-features").and_then(Value::as_array).ok_or("default-features is not a list")?;
    if let Some(strange) = defaults.iter().find(|name| !name.as_str().is_some_and(|name| names.contains(&name))) {
        return Err(format!("default-features names {strange}"));
    }
    ffi_has_features()
}

/// The crate's manifest has each feature that the portfile asks for.
fn ffi_has_features() -> Result<(), String> {
    let path = root().join("crates/volcv-ffi/Cargo.toml");
    let manifest = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let missing = FEATURES.iter().find(|(_, name)| !manifest.contains(&format!("\n{name} = [")));
    missing.map_or(Ok(()), |(_, name)| Err(format!("volcv-ffi has no feature {name}")))
}

fn known(object: &Map<String, Value>, fields: &[&str]) -> Result<(), String> {
    match object.keys().find(|name| !fields.contains(&name.as_str())) {
        Some(name) => Err(format!("{name} is not a field here: {fields:?}")),
        None => Ok(()),
    }
}

/// A dependency is a name or an object with a name.
fn dependencies(object: &Map<String, Value>) -> Result<(), String> {
    let list = object.get("dependencies").map_or(Some(&[][..]), |list| list.as_array().map(Vec::as_slice));
    for dependency in list.ok_or("dependencies is not a list")? {
        let name = dependency.as_str().or(dependency["name"].as_str()).ok_or(format!("{dependency} has no name"))?;
        if !identifier(name) {
            return Err(format!("{name} is not an identifier"));
        }
        if let Some(object) = dependency.as_object() {
            known(object, &DEPENDENCY)?;
        }
    }
    Ok(())
}

/// Lower-case letters, digits and single hyphens, with no hyphen at either end.
fn identifier(name: &str) -> bool {
    name.split('-')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
}
