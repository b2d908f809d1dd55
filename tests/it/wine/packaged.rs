//! The package for Windows as programs find it: exports, import libraries, the static library, CMake and pkg-config.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use super::{GCC, folder, made};
use crate::c::examples::{PHOTO, emulator, size_of};
use crate::c::header::Header;
use crate::c::{Build, compilation, fresh_folder, program, ran, root};

/// The names that a DLL exports.
fn exports(dll: &Path) -> BTreeSet<String> {
    let said = ran(Command::new("x86_64-w64-mingw32-objdump").arg("-p").arg(dll));
    let table = said.split("[Ordinal/Name Pointer] Table").nth(1).unwrap();
    let lines = table.lines().skip(1).map(str::trim).take_while(|line| line.starts_with('['));
    lines.map(|line| line.split_whitespace().last().unwrap().to_owned()).collect()
}

fn functions() -> BTreeSet<String> {
    Header::read().functions().into_iter().map(|function| function.name).collect()
}

#[test]
fn the_dll_exports_the_functions_of_the_header_and_nothing_else() {
    for build in [Build::Full, Build::NoHttp] {
        assert_eq!(exports(&super::library(build).join("volcv.dll")), functions(), "{build:?}");
    }
}

#[test]
fn the_package_has_what_it_should_and_no_more() {
    let find = ran(Command::new("find").args(["-type", "f", "-printf", "%P\n"]).current_dir(made("package")));
    let files: BTreeSet<&str> = find.lines().collect();
    let expected = [
        "bin/volcv.dll",
        "bin/volcv.exe",
        "include/volcv.h",
        "include/volcv.hpp",
        "lib/libvolcv.a",
        "lib/libvolcv.dll.a",
        "lib/pkgconfig/volcv.pc",
        "lib/volcv.def",
        "lib/volcv.lib",
        "share/cmake/volcv/volcv-config-version.cmake",
        "share/cmake/volcv/volcv-config.cmake",
    ];
    assert_eq!(files, BTreeSet::from(expected));
}

/// Runs a build of `outpaint.c`.
fn outpaints(path: &Path) {
    let wide = path.with_extension("png");
    let emulator = emulator(&[]);
    let said = ran(program(path, &emulator).arg(PHOTO).arg(&wide));
    assert!(said.ends_with(": 1920x640\n"), "{said}");
    assert_eq!((size_of(&wide), emulator.charges()), ((1920, 640), 1));
}

/// The import library in Microsoft's format, with a program that clang compiles for Microsoft's ABI and LLD links. It has no
/// other library of Microsoft's: C's functions come from Windows' own msvcrt.dll.
#[test]
fn a_program_with_microsofts_abi_is_linked_with_volcv_lib() {
    let folder = fresh_folder("windows-msvc");
    let (object, lib) = (folder.join("msvc.obj"), made("package/lib"));
    let mut clang = Command::new("clang");
    clang.args([
        "--target=x86_64-pc-windows-msvc",
        "-std=c99",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-ffreestanding",
        "-O1",
        "-c",
    ]);
    clang.arg("-I").arg(root().join("include")).arg(root().join("tests/c/windows/msvc.c")).arg("-o").arg(&object);
    ran(&mut clang);
    let crt = folder.join("msvcrt.def");
    std::fs::write(&crt, "LIBRARY msvcrt.dll\nEXPORTS\n    exit\n    getenv\n    memset\n    printf\n").unwrap();
    let mut dlltool = Command::new("llvm-dlltool");
    ran(dlltool.args(["-m", "i386:x86-64", "-d", "msvcrt.def", "-l", "msvcrt.lib"]).current_dir(&folder));
    let program_file = folder.join("msvc.exe");
    let mut link = Command::new("lld-link");
    link.args(["/nologo", "/nodefaultlib", "/entry:start", "/subsystem:console", "msvc.obj", "msvcrt.lib"]);
    ran(link.arg(lib.join("volcv.lib")).arg("/out:msvc.exe").current_dir(&folder));
    std::fs::copy(made("package/bin").join("volcv.dll"), folder.join("volcv.dll")).unwrap();
    assert_eq!(ran(&mut program(&program_file, &emulator(&[]))), "VOLCV_OK, 128x64\n");
    // Every function is in it, by its own name and by the pointer behind it.
    let symbols = ran(Command::new("llvm-nm").arg("--defined-only").arg(lib.join("volcv.lib")));
    for name in functions() {
        assert!(symbols.contains(&format!(" T {name}\n")) && symbols.contains(&format!(" T __imp_{name}\n")), "{name}");
    }
}

/// The words of pkg-config, which looks into the package and nowhere else.
fn pkg_config(flags: &[&str]) -> Vec<String> {
    let mut command = Command::new("pkg-config");
    command.env_remove("PKG_CONFIG_PATH").env("PKG_CONFIG_LIBDIR", made("package/lib/pkgconfig"));
    let said = ran(command.args(["--cflags", "--libs", "volcv"]).args(flags));
    said.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn pkg_config_builds_programs_for_windows_shared_and_static() {
    let folder = fresh_folder("windows-pkg-config");
    std::fs::copy(made("package/bin").join("volcv.dll"), folder.join("volcv.dll")).unwrap();
    let mut fixed = pkg_config(&["--static"]);
    *fixed.iter_mut().find(|word| *word == "-lvolcv").unwrap() = "-l:libvolcv.a".to_owned();
    fixed.push("-DVOLCV_STATIC".to_owned());
    for (name, words) in [("shared", pkg_config(&[])), ("static", fixed)] {
        let path = folder.join(format!("{name}.exe"));
        ran(compilation(GCC, "examples/c/outpaint.c", &path).args(["-std=c99"]).args(words));
        assert_eq!(loads_the_dll(&path), name == "shared");
        outpaints(&path);
    }
}

/// The lines of `docs/windows.md`, as a reader copies them.
#[test]
fn the_page_on_windows_links() {
    let page = std::fs::read_to_string(root().join("docs/windows.md")).unwrap();
    let lines: Vec<&str> = page.lines().filter(|line| line.contains("game.c") && line.contains("# s")).collect();
    let folder = fresh_folder("windows-page");
    std::fs::copy(root().join("examples/c/outpaint.c"), folder.join("game.c")).unwrap();
    std::fs::copy(made("package/bin/volcv.dll"), folder.join("volcv.dll")).unwrap();
    for line in &lines {
        let mut shell = Command::new("sh");
        ran(shell.args(["-c", line]).env("P", made("package")).env_remove("PKG_CONFIG_PATH").current_dir(&folder));
        assert_eq!(loads_the_dll(&folder.join("game.exe")), line.contains("# shared"), "{line}");
        outpaints(&folder.join("game.exe"));
    }
    assert_eq!(lines.len(), 2);
}

fn loads_the_dll(path: &Path) -> bool {
    ran(Command::new("x86_64-w64-mingw32-objdump").arg("-p").arg(path)).contains("DLL Name: volcv.dll")
}

#[test]
fn cmake_builds_and_ships_programs_for_windows_shared_and_static() {
    let (folder, _) = folder("windows-cmake");
    for file in ["tests/c/install/CMakeLists.txt", "examples/c/outpaint.c", "examples/cpp/outpaint.cpp"] {
        let file = root().join(file);
        std::fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
    }
    let cmake = |arguments: &[&str]| {
        let mut cmake = Command::new("cmake");
        ran(cmake.args(arguments).current_dir(&folder))
    };
    let toolchain = format!("-DCMAKE_TOOLCHAIN_FILE={}", root().join("tests/c/windows/mingw.cmake").display());
    let prefix = format!("-DCMAKE_PREFIX_PATH={}", made("package").display());
    cmake(&["-S", ".", "-B", "build", &toolchain, &prefix]);
    cmake(&["--build", "build"]);
    cmake(&["--install", "build", "--prefix", "shipped"]);
    for name in ["c-volcv.exe", "cpp-volcv.exe"] {
        let shipped = folder.join("shipped/bin").join(name);
        assert!(loads_the_dll(&shipped) && folder.join("shipped/bin/volcv.dll").exists());
        outpaints(&shipped);
    }
    for name in ["c-static.exe", "cpp-static.exe"] {
        let path = folder.join("build").join(name);
        assert!(!loads_the_dll(&path), "{name}");
        outpaints(&path);
    }
}
