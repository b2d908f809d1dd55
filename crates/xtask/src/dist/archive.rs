//! Tarballs and checksums that come out the same when they are made again from the same files.

use std::fs;
use std::path::Path;

use super::epoch;
use crate::sh::{output, run};

/// Packs the folder `name` of `parent` as `<out>/<name>.tar.gz`: sorted, without the owner, the time and the umask of this machine.
pub(super) fn pack(parent: &Path, name: &str, out: &Path) -> Result<(), String> {
    let tar = out.join(format!("{name}.tar")).display().to_string();
    let line = format!(
        "tar --create --file {tar} --format=ustar --sort=name --mtime=@{} --owner=0 --group=0 --numeric-owner \
         --mode=u+rw,go+rX,go-w {name}",
        epoch()?
    );
    run(parent, &line, &[])?;
    // Without the name and the time of the tarball.
    run(out, &format!("gzip --no-name --best --force {tar}"), &[])
}

/// Writes `SHA256SUMS` of all other files in a folder, for `sha256sum --check`.
pub(super) fn sums(folder: &Path) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name != "SHA256SUMS");
    names.sort();
    let sums = output(folder, &format!("sha256sum {}", names.join(" ")))?;
    super::stage::write(&folder.join("SHA256SUMS"), &sums)
}
