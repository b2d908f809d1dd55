//! What lies in the folder of an installed package of the C library.

use std::path::Path;

use crate::sh::output;

/// All crates have the version of the workspace.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The files of the library below a folder such as `lib`, as [`compare`] takes them; the shared one is seen to have its soname.
pub(crate) fn library(package: &Path, lib: &str, shared: bool) -> Result<Vec<String>, String> {
    if !shared {
        return Ok(vec![format!("{lib}/libvolcv.a")]);
    }
    let (library, soname) = (format!("libvolcv.so.{VERSION}"), soname());
    let dynamic = output(package, &format!("readelf -d {lib}/{library}"))?;
    if !dynamic.contains(&format!("soname: [{soname}]")) {
        return Err(format!("the soname is not {soname}: {dynamic}"));
    }
    let links = ["libvolcv.so", &soname].map(|link| format!("{lib}/{link}\t{library}"));
    Ok([&links[..], &[format!("{lib}/{library}")]].concat())
}

/// The package has these files and no others, and no empty folder. A link is `name`, a tab, and where it leads. Files of the
/// package manager's own in the topmost folder do not count.
pub(crate) fn compare(package: &Path, mut wanted: Vec<String>) -> Result<(), String> {
    let empty = output(package, "find . -type d -empty")?;
    if !empty.is_empty() {
        return Err(format!("empty folders: {empty}"));
    }
    wanted.sort_unstable();
    let find = output(package, "find . -mindepth 2 -not -type d -printf %P\\t%l\\n")?;
    let mut files: Vec<_> = find.lines().map(str::trim_end).collect();
    files.sort_unstable();
    if files == wanted { Ok(()) } else { Err(format!("the package has {files:#?} instead of {wanted:#?}")) }
}

/// What `libvolcv.so` bears: its version up to the first number that is not 0, as cargo-c has it. What may break programs gets
/// another name.
pub(crate) fn soname() -> String {
    let mut numbers = VERSION.split('.');
    match (numbers.next(), numbers.next()) {
        (Some("0"), Some(minor)) => format!("libvolcv.so.0.{minor}"),
        (major, _) => format!("libvolcv.so.{}", major.unwrap_or_default()),
    }
}
