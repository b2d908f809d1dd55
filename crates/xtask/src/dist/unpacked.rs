//! The tarball as its users get it: unpacked somewhere, with programs that are built against it by pkg-config and CMake.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use volcv_emulator::Emulator;

use super::NAME;
use crate::installed::soname;
use crate::sh::{output, outside, root, say};

/// A game for CMake, with the library of the tarball both ways.
const CMAKE: &str = "\
cmake_minimum_required(VERSION 3.21)
project(game C)
find_package(volcv 0.1 CONFIG REQUIRED)
foreach(kind volcv static)
    add_executable(cmake-${kind} game.c)
    target_link_libraries(cmake-${kind} PRIVATE volcv::${kind})
endforeach()
";

/// Runs the commands of docs/install.md in a fresh folder, and every program against the emulator.
pub(super) fn check(packages: &Path) -> Result<(), String> {
    let emulator = Emulator::start().map_err(|error| format!("the emulator: {error}"))?;
    outside("unpacked", |folder| {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for file in [&*format!("{NAME}.tar.gz"), "SHA256SUMS"] {
            copy(&packages.join(file), &folder.join(file))?;
        }
        copy(&root().join("examples/c/outpaint.c"), &folder.join("game.c"))?;
        copy(&root().join("examples/assets/valley.jpg"), &folder.join("photo.jpg"))?;
        fs::write(folder.join("CMakeLists.txt"), CMAKE).map_err(|error| error.to_string())?;
        let page = fs::read_to_string(root().join("docs/install.md")).map_err(|e| format!("docs/install.md: {e}"))?;
        let commands = page.split("<!-- tarball -->\n```sh\n").nth(1).and_then(|rest| rest.split("```").next());
        let commands = commands.ok_or("docs/install.md has no commands behind <!-- tarball -->")?;
        shell(folder, commands, &emulator)?;
        for name in ["shared", "static", "cmake-volcv", "cmake-static"] {
            let path = if name.starts_with("cmake") { PathBuf::from("build").join(name) } else { PathBuf::from(name) };
            shell(folder, &format!("./{} photo.jpg {name}.png", path.display()), &emulator)?;
            let needed = output(folder, &format!("readelf -d {}", path.display()))?;
            if needed.contains(&soname()) == name.ends_with("static") {
                return Err(format!("{name} is linked with the wrong libvolcv:\n{needed}"));
            }
            size(&folder.join(format!("{name}.png")))?;
        }
        size(&folder.join("wide.png"))?;
        if emulator.charges() != 5 {
            return Err(format!("the emulator was paid {} times instead of 5", emulator.charges()));
        }
        say(&format!("{NAME} was unpacked and used"));
        Ok(())
    })
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to).map(drop).map_err(|error| format!("{}: {error}", from.display()))
}

/// Runs commands as a user types them.
fn shell(folder: &Path, commands: &str, emulator: &Emulator) -> Result<(), String> {
    say(commands.trim());
    let status = Command::new("sh")
        .args(["-euc", commands])
        .current_dir(folder)
        .env_remove("PKG_CONFIG_PATH")
        .env_remove("LD_LIBRARY_PATH")
        .env("HOME", folder)
        .env("VOLCV_BASE_URL", emulator.base_url())
        .env("VOLCV_API_KEY", volcv_emulator::DEFAULT_KEY)
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        other => Err(format!("{other:?}: {commands}")),
    }
}

/// All programs make the photo twice as wide.
fn size(picture: &Path) -> Result<(), String> {
    match image::image_dimensions(picture) {
        Ok((1920, 640)) => Ok(()),
        other => Err(format!("{}: {other:?} instead of 1920x640", picture.display())),
    }
}
