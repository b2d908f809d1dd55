//! The Python wheel: how it is built, and the check that installs and tests it.

use std::fs;
use std::path::Path;

use crate::debug;
use crate::dist;
use crate::python::environment;
use crate::sh::{output, outside, root, run};

/// What builds, judges and tests the wheel.
const PACKAGES: &str = "setuptools==84.2.1\n\
    cffi==2.1.1\n\
    auditwheel==6.8.2\n\
    pytest==9.2.0\n\
    mypy==2.4.1\n\
    numpy==2.4.6\n\
    pillow==12.3.0\n\
    types-cffi==2.1.0.20260827\n";

/// `cargo xtask wheel`: builds the wheel in `target/wheels`, around the library of the other packages of a release.
pub(crate) fn wheel() -> Result<(), String> {
    build(&dist::library()?, &root().join("target/wheels")).map(|_| ())
}

/// The check: the wheel is built of a debug library, installed, and tested from outside of the tree.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    let built = debug::build()?;
    let wheel = build(&built.join("libvolcv.so"), &root.join("target/python/wheels"))?;
    let bin = bin()?;
    let tag = output(root, &format!("{bin}/auditwheel show {wheel}"))?;
    let platform = wheel.rsplit('-').next().unwrap_or_default().trim_end_matches(".whl");
    if !tag.split_whitespace().collect::<Vec<_>>().join(" ").contains(&format!("\"{platform}\"")) {
        return Err(format!("auditwheel does not agree with {platform}: {tag}"));
    }
    run(root, &format!("{bin}/pip install --quiet --force-reinstall --no-deps --no-index {wheel}"), &[])?;
    let command = built.join("volcv").display().to_string();
    let header = root.join("include/volcv.h").display().to_string();
    let readme = root.join("python/README.md").display().to_string();
    outside("python", |folder| {
        run(root, &format!("cp -r python/tests {}", folder.display()), &[])?;
        run(folder, &format!("cp {}/python/pyproject.toml .", root.display()), &[])?;
        let cache = root.join("target/python/mypy").display().to_string();
        run(folder, &format!("{bin}/mypy --cache-dir {cache} -p volcv"), &[])?;
        run(folder, &format!("{bin}/mypy --cache-dir {cache} ."), &[])?;
        let env = [("VOLCV_COMMAND", &*command), ("VOLCV_HEADER", &header), ("VOLCV_README", &readme)];
        run(folder, &format!("{bin}/python -m pytest -q -p no:cacheprovider --show-capture=no"), &env)
    })
}

/// Builds the wheel around a library, in a folder of its own; gives its path.
fn build(library: &Path, into: &Path) -> Result<String, String> {
    let root = root();
    let bin = bin()?;
    let work = root.join("target/python");
    let source = work.join("source");
    // What is not there need not be removed.
    let _ = fs::remove_dir_all(&source);
    let _ = fs::remove_dir_all(into);
    fs::create_dir_all(&source).map_err(|error| format!("{}: {error}", source.display()))?;
    // setuptools writes beside its sources.
    run(&root, &format!("cp -r python include {}", source.display()), &[])?;
    let stripped = work.join("libvolcv.so").display().to_string();
    run(&root, &format!("strip --strip-debug -o {stripped} {}", library.display()), &[])?;
    let platform = platform(&stripped)?;
    let line = format!(
        "{bin}/pip wheel --quiet --no-build-isolation --no-deps --no-index --wheel-dir {} {}",
        into.display(),
        source.join("python").display()
    );
    run(&root, &line, &[("VOLCV_LIBRARY", &*stripped), ("VOLCV_WHEEL_PLATFORM", &platform)])?;
    let entries = fs::read_dir(into).map_err(|error| format!("{}: {error}", into.display()))?;
    let mut wheels = entries.flatten().map(|entry| entry.path().display().to_string());
    wheels.next().ok_or_else(|| format!("no wheel is in {}", into.display()))
}

/// The platform's tag: the oldest glibc that has every symbol the library needs. No tag is older than 2.5.
fn platform(library: &str) -> Result<String, String> {
    let symbols = output(&root(), &format!("readelf --wide --dyn-syms {library}"))?;
    let [major, minor] = dist::newest_glibc(&symbols).ok_or_else(|| format!("{library} needs no glibc"))?.max([2, 5]);
    Ok(format!("manylinux_{major}_{minor}_{}", std::env::consts::ARCH))
}

/// The programs of the environment.
fn bin() -> Result<String, String> {
    environment("python/venv", PACKAGES).map(|bin| bin.display().to_string())
}
