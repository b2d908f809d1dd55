//! `cargo xtask dist`: what a release hands out beside crates.io, made from one build of the library and the command.

mod archive;
mod build;
mod deb;
mod manual;
mod sbom;
mod stage;
mod unpacked;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub(crate) use self::build::newest_glibc;
use self::build::{Built, Linker};
use crate::installed::VERSION;
use crate::python::environment;
use crate::sh::{output, outside, root, say};

/// The tarball's name, which is that of the folder in it.
const NAME: &str = concat!("volcv-", env!("CARGO_PKG_VERSION"), "-x86_64-linux");

/// `cargo xtask dist` makes all packages in `target/dist/packages`; `--stage FOLDER` only fills a folder with installed files,
/// linked by this machine's own linker, for packages of this machine's own distribution.
pub(crate) fn dist(words: &[String]) -> Result<(), String> {
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => packages().map(drop),
        ["--stage", folder] => {
            let folder = std::env::current_dir().map_err(|error| error.to_string())?.join(folder);
            fill(&folder, &build::build(Linker::Native)?)
        }
        _ => Err("cargo xtask dist, or cargo xtask dist --stage FOLDER".to_owned()),
    }
}

/// Makes the packages and uses each as its users do.
pub(crate) fn check() -> Result<(), String> {
    let packages = packages()?;
    let stage = stage()?;
    manual::check(&stage)?;
    sbom::check(&packages.join(format!("volcv-{VERSION}.cdx.json")))?;
    reproducible(&stage, &packages)?;
    unpacked::check(&packages)?;
    deb::check(&packages)
}

/// The shared library of a release.
pub(crate) fn library() -> Result<PathBuf, String> {
    let built = build::build(Linker::Zig)?;
    build::inspect(&built)?;
    Ok(built.folder.join("libvolcv.so"))
}

/// Fetches what the build needs, ahead of time.
pub(crate) fn install() -> Result<(), String> {
    environment("zig", build::ZIG)?;
    environment("sbom", sbom::JUDGE).map(drop)
}

/// Where the tarball's folder is filled.
fn stage() -> Result<PathBuf, String> {
    let root = root().canonicalize().map_err(|error| error.to_string())?;
    Ok(root.join("target/dist").join(NAME))
}

/// Builds, packs and sums up; gives the folder of the packages.
fn packages() -> Result<PathBuf, String> {
    let built = build::build(Linker::Zig)?;
    build::inspect(&built)?;
    let stage = stage()?;
    fill(&stage, &built)?;
    let folder = stage.with_file_name("packages");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let list = format!("volcv-{VERSION}.cdx.json");
    fs::copy(stage.join("share/doc/volcv").join(&list), folder.join(&list))
        .map_err(|error| format!("{list}: {error}"))?;
    archive::pack(&stage.with_file_name(""), NAME, &folder)?;
    deb::build(&stage, &folder)?;
    archive::sums(&folder)?;
    say(&format!("{}:\n{}", folder.display(), output(&folder, "ls -l")?));
    Ok(folder)
}

/// Fills a folder with all that is installed.
fn fill(folder: &Path, built: &Built) -> Result<(), String> {
    stage::fill(folder, built)?;
    let documents = folder.join("share/doc/volcv");
    sbom::write(&documents.join(format!("volcv-{VERSION}.cdx.json")), &documents.join("THIRD-PARTY.txt"), built)
}

/// The same files give the same tarball, whatever their times and the umask are.
fn reproducible(stage: &Path, packages: &Path) -> Result<(), String> {
    outside("again", |folder| {
        let parent = folder.join("parent");
        fs::create_dir_all(&parent).map_err(|error| format!("{}: {error}", parent.display()))?;
        // A copy has new times, and its entries another order.
        crate::sh::run(folder, &format!("cp -r {} parent", stage.display()), &[])?;
        crate::sh::run(folder, &format!("chmod -R go-rwx parent/{NAME}"), &[])?;
        archive::pack(&parent, NAME, folder)?;
        let [first, second] = [packages, folder].map(|folder| fs::read(folder.join(format!("{NAME}.tar.gz"))));
        match (first, second) {
            (Ok(first), Ok(second)) if first == second => Ok(()),
            (first, second) => {
                Err(format!("two tarballs of the same files differ: {:?} {:?}", first.err(), second.err()))
            }
        }
    })
}

/// The time that files of a release bear, in seconds since 1970: `SOURCE_DATE_EPOCH`, or that of the last commit.
fn epoch() -> Result<String, String> {
    // One time for all files, though somebody commits in the meantime.
    static EPOCH: OnceLock<Result<String, String>> = OnceLock::new();
    let found = || match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(epoch) => Ok(epoch),
        Err(_) => Ok(output(&root(), "git log -1 --format=%ct")?.trim().to_owned()),
    };
    EPOCH.get_or_init(found).clone()
}
