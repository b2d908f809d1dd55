//! The Conan recipe: packages are built, and programs are built and run with them, by the commands of `docs/conan-vcpkg.md`.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::Value;
use volcv_emulator::{DEFAULT_KEY, Emulator};

use crate::installed;
use crate::python::environment;
use crate::sh::{output, root, run, say};

const CONAN: &str = "conan==2.34.0";
const PAGE: &str = "docs/conan-vcpkg.md";

/// Builds each package in cargo's debug profile. Its programs outpaint, unless the package has no HTTP.
pub(crate) fn check() -> Result<(), String> {
    let root = root();
    let folder = root.join("target/conan");
    let bin = environment("conan/python", CONAN)?;
    let conan = format!("env CONAN_HOME={}/home {}/conan", folder.display(), bin.display());
    run(&root, &format!("{conan} profile detect --force"), &[])?;
    // Packages of earlier runs would pile up; what cargo has built stays.
    run(&root, &format!("{conan} remove * --confirm"), &[])?;
    let page = fs::read_to_string(root.join(PAGE)).map_err(|error| format!("{PAGE}: {error}"))?;
    let creates: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("conan create ")).collect();
    if creates.len() != 3 {
        return Err(format!("{PAGE} has {} lines of conan create", creates.len()));
    }
    for words in creates {
        let emulator = Emulator::start().map_err(|error| error.to_string())?;
        let (url, target) = (emulator.base_url(), folder.display());
        let line = format!(
            "env VOLCV_BASE_URL={url} VOLCV_API_KEY={DEFAULT_KEY} {conan} create {} -s build_type=Debug --format=json \
             -c user.volcv:target_dir={target}/cargo -c tools.cmake.cmake_layout:test_folder={target}/test \
             -c tools.cmake.cmaketoolchain:user_presets=",
            words.replace('"', "")
        );
        let package = package_folder(&output(&root, &line)?)?;
        let http = !words.contains("with_http=False");
        let charges = if http { 2 } else { 0 };
        if emulator.charges() != charges {
            return Err(format!("{words}: {} calls were charged instead of {charges}", emulator.charges()));
        }
        compare(&package, !words.contains("shared=False"))?;
        say(&format!("{words}: {charges} calls"));
    }
    build_a_game(&root, &folder.join("game"), &page, &conan)
}

/// A project with the files of the page, built by the commands of the page, outpaints.
fn build_a_game(root: &Path, folder: &Path, page: &str, conan: &str) -> Result<(), String> {
    let failed = |error: io::Error| format!("{}: {error}", folder.display());
    let block = |language: &str| {
        let rest = page.split_once(&format!("```{language}\n")).map(|(_, rest)| rest);
        rest.and_then(|rest| rest.split("```").next()).ok_or(format!("{PAGE} has no block of {language}"))
    };
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(failed)?;
    fs::copy(root.join("examples/c/outpaint.c"), folder.join("game.c")).map_err(failed)?;
    fs::write(folder.join("conanfile.txt"), block("ini")?).map_err(failed)?;
    let start = "cmake_minimum_required(VERSION 3.21)\nproject(game C)\nadd_executable(game game.c)\n";
    fs::write(folder.join("CMakeLists.txt"), format!("{start}{}", block("cmake")?)).map_err(failed)?;
    for line in page.lines() {
        if let Some(words) = line.strip_prefix("conan install ") {
            run(folder, &format!("{conan} install {words} -s build_type=Debug"), &[])?;
        } else if line.starts_with("cmake ") {
            run(folder, &line.replace("Release", "Debug"), &[])?;
        }
    }
    let emulator = Emulator::start().map_err(|error| error.to_string())?;
    let env = [("VOLCV_BASE_URL", emulator.base_url()), ("VOLCV_API_KEY", DEFAULT_KEY.into())];
    let photo = root.join("examples/assets/valley.jpg");
    run(
        folder,
        &format!("build/game {} wide.png", photo.display()),
        &env.each_ref().map(|(name, value)| (*name, value.as_str())),
    )
}

/// Where the package lies, by what `conan create --format=json` prints.
fn package_folder(json: &str) -> Result<PathBuf, String> {
    let graph: Value = serde_json::from_str(json).map_err(|error| format!("conan's graph: {error}"))?;
    let nodes = graph["graph"]["nodes"].as_object().ok_or("conan's graph has no nodes")?;
    let node = nodes.values().find(|node| node["name"] == "volcv" && node["package_folder"].is_string());
    let folder = node.and_then(|node| node["package_folder"].as_str()).ok_or("conan's graph has no folder of volcv")?;
    Ok(PathBuf::from(folder))
}

/// The package has the files that it should have, and the shared library its soname.
fn compare(package: &Path, shared: bool) -> Result<(), String> {
    let mut wanted = installed::library(package, "lib", shared)?;
    wanted.extend(
        ["include/volcv.h", "include/volcv.hpp", "licenses/LICENSE-APACHE", "licenses/LICENSE-MIT"].map(String::from),
    );
    wanted.extend((!shared).then(|| String::from("res/native-static-libs.txt")));
    installed::compare(package, wanted)
}
