//! The library as a packager installs it and as programs outside of the tree find it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use volcv_emulator::Emulator;

use super::{fresh_folder, program, ran, root, target_folder, told};

/// A package: made for `/usr`, but lying in a folder of its own. So whatever is found in it is found after a move.
struct Package {
    folder: PathBuf,
    /// Below the folder, as in `usr/lib/x86_64-linux-gnu`.
    libdir: String,
}

impl Package {
    fn get() -> &'static Self {
        static PACKAGE: OnceLock<Package> = OnceLock::new();
        PACKAGE.get_or_init(|| {
            let folder = fresh_folder("package");
            let libdir = format!("usr/lib/{}", ran(Command::new("gcc").arg("-print-multiarch")).trim());
            // A debug build is there sooner; what is installed where is the same.
            let mut cinstall = cinstall("package", &["--debug", "--prefix=/usr"]);
            ran(cinstall.arg("--libdir").arg(format!("/{libdir}")).arg("--destdir").arg(&folder));
            Self { folder, libdir }
        })
    }

    /// The words that pkg-config has for a compiler.
    fn pkg_config(&self, flags: &[&str]) -> Vec<String> {
        let mut pkg_config = pkg_config(&self.folder.join(&self.libdir));
        pkg_config.env("PKG_CONFIG_SYSROOT_DIR", &self.folder);
        words(&ran(pkg_config.args(flags).arg("volcv")))
    }
}

/// `cargo cinstall` with a target folder of its own, for the runner of the tests holds the lock of the usual one.
fn cinstall(target: &str, arguments: &[&str]) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    let target = target_folder().join("libvolcv-install").join(target);
    cargo.args(["cinstall", "--locked", "-p", "volcv-ffi", "--target-dir"]).arg(target).args(arguments);
    cargo.current_dir(root());
    cargo
}

/// pkg-config, for the libraries of this folder and no others: a reader of the README has set a path of his own.
fn pkg_config(libraries: &Path) -> Command {
    let mut command = Command::new("pkg-config");
    command.env_remove("PKG_CONFIG_PATH").env("PKG_CONFIG_LIBDIR", libraries.join("pkgconfig"));
    command
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// The version of the committed header.
fn version() -> String {
    let header = fs::read_to_string(root().join("include/volcv.h")).unwrap();
    header.lines().find_map(|line| line.strip_prefix("#define VOLCV_VERSION ")).unwrap().trim_matches('"').to_owned()
}

/// A folder with the given files of the project and nothing else of it.
fn project(name: &str, files: &[&str]) -> PathBuf {
    let folder = fresh_folder(name);
    for file in files {
        let file = root().join(file);
        fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
    }
    folder
}

/// Runs a build of `outpaint.c` or `outpaint.cpp` against an emulator, with a search path for libraries or without.
fn outpaints(path: &Path, libraries: Option<&Path>) {
    let emulator = Emulator::start().unwrap();
    let wide = path.with_extension("png");
    let mut program = program(path, &emulator);
    program.env_remove("LD_LIBRARY_PATH").envs(libraries.map(|libraries| ("LD_LIBRARY_PATH", libraries)));
    let said = ran(program.arg("examples/assets/valley.jpg").arg(&wide));
    assert!(said.ends_with(": 1920x640\n"), "{said}");
    assert_eq!(image::image_dimensions(&wide).unwrap(), (1920, 640));
    assert_eq!(emulator.charges(), 1);
}

/// Whether a program loads libvolcv.so, and by its soname.
fn loads_the_shared_library(path: &Path) -> bool {
    let needed = ran(Command::new("readelf").arg("-d").arg(path));
    let found = needed.contains("libvolcv.so");
    assert_eq!(found, needed.contains(&format!("[{}]", soname())), "{needed}");
    found
}

/// The version up to the first number that is not 0: what may break programs has another name.
fn soname() -> String {
    let version = version();
    let (major, rest) = version.split_once('.').unwrap();
    let (minor, _) = rest.split_once('.').unwrap();
    if major == "0" { format!("libvolcv.so.0.{minor}") } else { format!("libvolcv.so.{major}") }
}

#[test]
fn a_package_has_what_it_should_and_no_more() {
    let Package { folder, libdir } = Package::get();
    let version = version();
    let find = ran(Command::new("find").args(["-not", "-type", "d", "-printf", "%P %l\n"]).current_dir(folder));
    let mut files: Vec<&str> = find.lines().map(str::trim_end).collect();
    files.sort_unstable();
    let expected = [
        "usr/include/volcv.h".to_owned(),
        "usr/include/volcv.hpp".to_owned(),
        format!("{libdir}/libvolcv.a"),
        format!("{libdir}/libvolcv.so libvolcv.so.{version}"),
        format!("{libdir}/{} libvolcv.so.{version}", soname()),
        format!("{libdir}/libvolcv.so.{version}"),
        format!("{libdir}/pkgconfig/volcv.pc"),
        "usr/share/cmake/volcv/volcv-config-version.cmake".to_owned(),
        "usr/share/cmake/volcv/volcv-config.cmake".to_owned(),
    ];
    assert_eq!(files, expected);

    for header in ["volcv.h", "volcv.hpp"] {
        let installed = fs::read(folder.join("usr/include").join(header)).unwrap();
        assert!(installed == fs::read(root().join("include").join(header)).unwrap(), "{header}");
    }
    let pc = fs::read_to_string(folder.join(libdir).join("pkgconfig/volcv.pc")).unwrap();
    assert!(pc.starts_with("prefix=/usr\n") && pc.contains(&format!("\nVersion: {version}\n")), "{pc}");

    let library = folder.join(libdir).join("libvolcv.so");
    let dynamic = ran(Command::new("readelf").arg("-d").arg(&library));
    assert!(dynamic.contains(&format!("Library soname: [{}]", soname())), "{dynamic}");
    let symbols = ran(Command::new("nm").args(["-D", "--defined-only", "--format=just-symbols"]).arg(&library));
    assert!(symbols.lines().count() > 20 && symbols.lines().all(|name| name.starts_with("volcv_")), "{symbols}");
}

#[test]
fn pkg_config_builds_programs_shared_and_static() {
    let package = Package::get();
    let folder = project("pkg-config", &["examples/c/outpaint.c", "examples/cpp/outpaint.cpp"]);
    let libdir = package.folder.join(&package.libdir);
    let shared = package.pkg_config(&["--cflags", "--libs"]);
    let mut fixed = package.pkg_config(&["--static", "--cflags", "--libs"]);
    // Where both libraries are installed, the linker has to be told which one.
    *fixed.iter_mut().find(|word| *word == "-lvolcv").unwrap() = "-l:libvolcv.a".to_owned();
    fixed.push("-DVOLCV_STATIC".to_owned());

    for (compiler, source) in
        [("gcc", "outpaint.c"), ("clang", "outpaint.c"), ("g++", "outpaint.cpp"), ("clang++", "outpaint.cpp")]
    {
        for (kind, words) in [("shared", &shared), ("static", &fixed)] {
            let path = folder.join(format!("{compiler}-{kind}"));
            let mut command = Command::new(compiler);
            command.args(source.ends_with("pp").then_some("-std=c++17")).arg("-Werror").arg(source);
            ran(command.args(words).arg("-o").arg(&path).current_dir(&folder));
            assert_eq!(loads_the_shared_library(&path), kind == "shared", "{path:?}");
            outpaints(&path, (kind == "shared").then_some(&libdir));
        }
    }
}

#[test]
fn cmake_builds_and_ships_programs_shared_and_static() {
    let files = ["tests/c/install/CMakeLists.txt", "examples/c/outpaint.c", "examples/cpp/outpaint.cpp"];
    for (c, cpp) in [("gcc", "g++"), ("clang", "clang++")] {
        let folder = project(&format!("cmake-{c}"), &files);
        let mut configure = cmake(&folder);
        configure.args(["-S", ".", "-B", "build"]).arg(format!("-DCMAKE_C_COMPILER={c}"));
        let said = ran(configure.arg(format!("-DCMAKE_CXX_COMPILER={cpp}")));
        assert!(said.contains(&format!("volcv {}\n", version())), "{said}");
        ran(cmake(&folder).args(["--build", "build"]));
        for name in ["c-volcv", "c-static", "cpp-volcv", "cpp-static"] {
            let path = folder.join("build").join(name);
            assert_eq!(loads_the_shared_library(&path), name.ends_with("-volcv"), "{name}");
            outpaints(&path, None);
        }
        // What a game ships has the library beside it and knows nothing of the place where it was built.
        ran(cmake(&folder).args(["--install", "build", "--prefix", "shipped"]));
        let moved = folder.join("moved");
        fs::rename(folder.join("shipped"), &moved).unwrap();
        fs::remove_dir_all(folder.join("build")).unwrap();
        outpaints(&moved.join("bin/c-volcv"), None);
        let loader = ran(Command::new("ldd").arg(moved.join("bin/c-volcv")));
        assert!(loader.contains(&format!("moved/bin/../lib/{}", soname())), "{loader}");
    }
}

#[test]
fn cmake_refuses_another_version() {
    let folder = project("cmake-version", &["tests/c/install/CMakeLists.txt"]);
    let text = fs::read_to_string(folder.join("CMakeLists.txt")).unwrap();
    for wanted in ["0.1", "0.1.0 EXACT", "", "0.0", "0.1.1", "0.2", "1"] {
        // Only the search for the package.
        let text = text.lines().take_while(|line| !line.starts_with("foreach")).collect::<Vec<_>>().join("\n");
        let project = folder.join(format!("for-{}", wanted.replace(' ', "-")));
        fs::create_dir_all(&project).unwrap();
        fs::write(project.join("CMakeLists.txt"), text.replace("volcv 0.1 ", &format!("volcv {wanted} "))).unwrap();
        let output = cmake(&project).args(["-S", ".", "-B", "build"]).output().unwrap();
        let fits = ["0.1", "0.1.0 EXACT", ""].contains(&wanted);
        assert_eq!(output.status.success(), fits, "{wanted}: {}", told(&output));
    }
}

/// The commands and the CMake of `docs/c.md`, as a reader copies them.
#[test]
fn the_page_on_c_installs_and_links() {
    let page = fs::read_to_string(root().join("docs/c.md")).unwrap();
    let blocks: Vec<&str> = page.split("\n```").collect();
    let block = |start: &str| blocks.iter().find_map(|block| block.strip_prefix(start)).unwrap();
    let folder = project("page", &["examples/c/outpaint.c"]);
    fs::rename(folder.join("outpaint.c"), folder.join("game.c")).unwrap();
    let home = folder.display().to_string();
    let shell = |place: &Path, line: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", &line.replace("$HOME", &home)]).current_dir(place).env_remove("PKG_CONFIG_LIBDIR");
        ran(&mut shell)
    };

    let install = block("sh\ncargo install cargo-c --locked\n");
    let target = target_folder().join("libvolcv-install/package");
    // A debug build takes less time.
    shell(&root(), &format!("{install} --debug --target-dir {}", target.display()));
    let (path, lines) = block("sh\nexport PKG_CONFIG_PATH=").split_once('\n').unwrap();
    for line in lines.lines() {
        shell(&folder, &format!("export PKG_CONFIG_PATH={path}\n{line}"));
        assert_eq!(loads_the_shared_library(&folder.join("game")), line.ends_with("# shared"), "{line}");
        outpaints(&folder.join("game"), None);
    }
    assert_eq!(lines.lines().count(), 2);

    let start = "cmake_minimum_required(VERSION 3.21)\nproject(game C)\nadd_executable(game game.c)\n";
    fs::write(folder.join("CMakeLists.txt"), format!("{start}{}\n", block("cmake\n"))).unwrap();
    shell(&folder, "cmake -S . -B build -DCMAKE_PREFIX_PATH=$HOME/volcv && cmake --build build");
    outpaints(&folder.join("build/game"), None);
    shell(&folder, "cmake --install build --prefix shipped");
    assert!(folder.join("shipped/lib").join(soname()).exists());
}

/// CMake, told where the package is.
fn cmake(folder: &Path) -> Command {
    let mut cmake = Command::new("cmake");
    cmake.env("CMAKE_PREFIX_PATH", Package::get().folder.join("usr")).current_dir(folder);
    cmake
}

/// Rust's runtime is in each static library; without LTO it is the same in both, and the linker takes one.
#[test]
fn a_static_library_without_lto_stands_another_rust_library() {
    let folder = project("two", &["tests/c/install/two.c", "tests/c/install/other.rs"]);
    let prefix = folder.join("volcv");
    let mut cinstall = cinstall("no-lto", &["--no-default-features", "--library-type=staticlib", "--libdir=lib"]);
    ran(cinstall.args(["--config", "profile.release.lto=\"off\""]).arg("--prefix").arg(&prefix));
    ran(Command::new("rustc").args(["-O", "--crate-type=staticlib", "other.rs"]).current_dir(&folder));

    // Moved, and alone: no shared library that the linker could prefer.
    let moved = folder.join("moved");
    fs::rename(prefix, &moved).unwrap();
    let mut pkg_config = pkg_config(&moved.join("lib"));
    let words = words(&ran(pkg_config.args(["--define-prefix", "--static", "--cflags", "--libs", "volcv"])));
    for linker in ["bfd", "gold"] {
        let path = folder.join(linker);
        let mut gcc = Command::new("gcc");
        gcc.args(["-DVOLCV_STATIC", "two.c", "libother.a"]).args(&words).arg(format!("-fuse-ld={linker}"));
        ran(gcc.arg("-o").arg(&path).current_dir(&folder));
        let said = ran(&mut Command::new(&path));
        assert_eq!(said, format!("{} (no built-in HTTP), a panic was caught\n", version()));
    }
}
