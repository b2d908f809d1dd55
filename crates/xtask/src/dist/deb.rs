//! Debian's packages of the library, its development files and the command.

use std::fs;
use std::path::Path;
use std::process::Command;

use volcv_emulator::Emulator;

use super::build::GLIBC;
use super::epoch;
use crate::installed::VERSION;
use crate::sh::{output, outside, root, run, say};

/// Makes the packages of the staged files in `out`, as `dpkg-buildpackage -b` does it on any machine.
pub(super) fn build(stage: &Path, out: &Path) -> Result<(), String> {
    let changelog = root().join("packaging/debian/changelog");
    let version = output(&root(), &format!("dpkg-parsechangelog --show-field Version --file {}", changelog.display()))?;
    if version.trim() != VERSION {
        return Err(format!("packaging/debian/changelog is about {}, not about {VERSION}", version.trim()));
    }
    outside("deb", |folder| {
        let tree = folder.join("volcv");
        export(&tree)?;
        run(&tree, "cp -r packaging/debian debian", &[])?;
        let (stage, epoch) = (stage.display().to_string(), epoch()?);
        let env = [
            ("VOLCV_STAGE", &*stage),
            ("VOLCV_GLIBC", GLIBC),
            ("SOURCE_DATE_EPOCH", &epoch),
            ("DEB_BUILD_OPTIONS", "terse"),
        ];
        run(&tree, "dpkg-buildpackage --build=binary --no-sign --no-check-builddeps", &env)?;
        // Its errors and warnings fail; what is only informative is not shown.
        run(folder, &format!("lintian --fail-on error,warning --allow-root {}", changes(folder)?), &[])?;
        for deb in debs(folder)? {
            let needs = output(folder, &format!("dpkg-deb --field {deb} Depends"))?;
            if !needs.contains(&format!("libc6 (>= {GLIBC})")) && !deb.contains("-dev") {
                return Err(format!("{deb} needs {needs}"));
            }
            fs::copy(folder.join(&deb), out.join(&deb)).map_err(|error| format!("{deb}: {error}"))?;
        }
        Ok(())
    })
}

/// Copies the tree without what is not in git, but with what is not committed yet.
fn export(to: &Path) -> Result<(), String> {
    fs::create_dir_all(to).map_err(|error| format!("{}: {error}", to.display()))?;
    let line = format!(
        "git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from - --ignore-failed-read | \
         tar --extract --directory {}",
        to.display()
    );
    let status = Command::new("sh").args(["-c", &line]).current_dir(root()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        other => Err(format!("{line}: {other:?}")),
    }
}

fn names(folder: &Path, ending: &str) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name.ends_with(ending));
    names.sort();
    Ok(names)
}

fn changes(folder: &Path) -> Result<String, String> {
    names(folder, ".changes")?.pop().ok_or_else(|| "dpkg-buildpackage has made no .changes".to_owned())
}

/// The names of the packages in a folder.
pub(super) fn debs(folder: &Path) -> Result<Vec<String>, String> {
    let found = names(folder, ".deb")?;
    if found.len() == 3 { Ok(found) } else { Err(format!("{found:?} are not the three packages")) }
}

/// Installs the packages in a copy of this machine that is gone afterwards, builds and runs programs there, and removes the
/// packages. The copy is an overlay that only this check sees, so it needs the right to mount.
pub(super) fn check(packages: &Path) -> Result<(), String> {
    debs(packages)?;
    let emulator = Emulator::start().map_err(|error| format!("the emulator: {error}"))?;
    outside("installed", |folder| {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let photo = root().join("examples/assets/valley.jpg");
        fs::copy(&photo, folder.join("photo.jpg")).map_err(|error| format!("{}: {error}", photo.display()))?;
        for deb in debs(packages)? {
            fs::copy(packages.join(&deb), folder.join(&deb)).map_err(|error| format!("{deb}: {error}"))?;
        }
        fs::write(folder.join("installed.sh"), include_str!("installed.sh")).map_err(|error| error.to_string())?;
        let url = emulator.base_url();
        let env = [("VOLCV_BASE_URL", &*url), ("VOLCV_API_KEY", volcv_emulator::DEFAULT_KEY)];
        run(folder, "unshare --mount sh -eu installed.sh", &env)?;
        // Shared, static, CMake and the command.
        if emulator.charges() != 4 {
            return Err(format!("the emulator was paid {} times instead of 4", emulator.charges()));
        }
        say("the packages were installed, used and removed");
        Ok(())
    })
}
