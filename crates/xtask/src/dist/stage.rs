//! The files of a release as they are installed: `bin`, `include`, `lib` and `share` of a prefix that may be moved.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::build::Built;
use super::epoch;
use crate::debug;
use crate::installed::{VERSION, soname};
use crate::sh::{output, root, run};

/// What a program needs that links the static library, by `rustc --print native-static-libs`.
const STATIC: &str = "-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc";

/// Files of the tree and where each is installed.
const COPIES: [(&str, &str); 8] = [
    ("include/volcv.h", "include/volcv.h"),
    ("include/volcv.hpp", "include/volcv.hpp"),
    ("packaging/volcv-config.cmake", "share/cmake/volcv/volcv-config.cmake"),
    ("packaging/volcv-config-version.cmake", "share/cmake/volcv/volcv-config-version.cmake"),
    ("CHANGELOG.md", "share/doc/volcv/CHANGELOG.md"),
    ("LICENSE-APACHE", "share/doc/volcv/LICENSE-APACHE"),
    ("LICENSE-MIT", "share/doc/volcv/LICENSE-MIT"),
    ("README.md", "share/doc/volcv/README.md"),
];

/// Fills a new folder.
pub(super) fn fill(folder: &Path, built: &Built) -> Result<(), String> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    for (from, to) in COPIES {
        copy(&root().join(from), &folder.join(to))?;
    }
    copy(&built.folder.join("volcv"), &folder.join("bin/volcv"))?;
    copy(&built.folder.join("libvolcv.a"), &folder.join("lib/libvolcv.a"))?;
    let name = format!("libvolcv.so.{VERSION}");
    copy(&built.folder.join("libvolcv.so"), &folder.join("lib").join(&name))?;
    // A linked game finds the library by its soname, a compiler finds it by its plain name.
    for link in [soname(), "libvolcv.so".to_owned()] {
        symlink(&name, folder.join("lib").join(&link)).map_err(|error| format!("{link}: {error}"))?;
    }
    write(&folder.join("lib/pkgconfig/volcv.pc"), &pkg_config())?;
    let date = output(&root(), &format!("date --utc --date=@{} +%F", epoch()?))?;
    let manual = debug::build()?.join("examples/manual");
    run(&root(), &format!("{} {} {date}", manual.display(), folder.display()), &[])
}

/// The file for pkg-config, which finds the others from the place where it lies itself.
fn pkg_config() -> String {
    format!(
        "prefix=${{pcfiledir}}/../..\n\
         libdir=${{prefix}}/lib\n\
         includedir=${{prefix}}/include\n\n\
         Name: volcv\n\
         Description: Volcengine's picture outpainting for C and C++\n\
         Version: {VERSION}\n\
         Libs: -L${{libdir}} -lvolcv\n\
         Libs.private: {STATIC}\n\
         Cflags: -I${{includedir}}\n"
    )
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let folder = to.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    fs::copy(from, to).map(drop).map_err(|error| format!("{} to {}: {error}", from.display(), to.display()))
}

/// Writes a file, and makes its folder.
pub(super) fn write(path: &Path, text: &str) -> Result<(), String> {
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
