//! volcv for Windows x86-64: libraries and command, made with Debian's MinGW, and their tests under Wine.

use std::fs;
use std::path::{Path, PathBuf};

use crate::ci::it;
use crate::sh::{output, root, run};
use crate::toolchain::{Toolchain, UNSTABLE};

const TARGET: &str = "x86_64-pc-windows-gnu";
/// The standard library is built from its source, for Debian has no compiled one for Windows.
const STD: &str = "-Z build-std=std,panic_unwind --target x86_64-pc-windows-gnu";
const MINGW: &str = "x86_64-w64-mingw32";
/// Debian keeps it out of the search path.
const WINE: &str = "/usr/lib/wine/wine64";
const WINESERVER: &str = "/usr/lib/wine/wineserver64";

/// Where everything is, from the workspace's root: `package`, `no-http` and `wine`, which `tests/it/wine` uses.
const FOLDER: &str = "target/windows";

/// The folder of a package that is released.
const RELEASE: &str = concat!("volcv-", env!("CARGO_PKG_VERSION"), "-windows-x86_64");

/// The package and a library without HTTP are built, and programs in C and C++, and the command, run under Wine.
pub(crate) fn check() -> Result<(), String> {
    let toolchain = Toolchain::newest()?;
    // No debugger looks at them, and the linker is done in a third of the time.
    let env = [UNSTABLE, ("CARGO_PROFILE_DEV_DEBUG", "0")];
    package(&toolchain, "dev", &env, "package")?;
    without_http(&toolchain, &env)?;
    let wine = Wine::start()?;
    let prefix = wine.prefix.display().to_string();
    let wine_env = [("WINEPREFIX", &*prefix), ("WINEDEBUG", "-all")];
    run(&root(), &it("wine::"), &wine_env)
}

/// Builds what is shipped, and says where it is.
pub(crate) fn release() -> Result<(), String> {
    package(&Toolchain::newest()?, "release", &[UNSTABLE], RELEASE)
}

/// What is shipped, laid out as `cargo cinstall` does it, with the command and an import library for Microsoft's linker. It is
/// not made by `cargo cinstall`, whose cargo shares no compiled crate with ours.
fn package(toolchain: &Toolchain, profile: &str, env: &[(&str, &str)], name: &str) -> Result<(), String> {
    let (package, built) = (folder(name), built(profile));
    // What an earlier version has left is not in the package.
    let _ = fs::remove_dir_all(&package);
    toolchain.cargo(&format!("build --locked --profile {profile} -p volcv-ffi -p volcv-cli {STD}"), "windows", env)?;
    let (bin, lib) = (package.join("bin"), package.join("lib"));
    copy(&built.join("volcv.dll"), &bin)?;
    copy(&built.join("volcv.exe"), &bin)?;
    copy(&built.join("libvolcv.dll.a"), &lib)?;
    copy(&built.join("libvolcv.a"), &lib)?;
    ["volcv.h", "volcv.hpp"]
        .iter()
        .try_for_each(|name| copy(&root().join("include").join(name), &package.join("include")))?;
    let cmake = package.join("share/cmake/volcv");
    let files = ["volcv-config.cmake", "volcv-config-version.cmake"];
    files.iter().try_for_each(|name| copy(&root().join("packaging").join(name), &cmake))?;
    write(&lib.join("pkgconfig/volcv.pc"), PKG_CONFIG)?;
    let exports = output(&bin, &format!("{MINGW}-objdump -p volcv.dll"))?;
    write(&lib.join("volcv.def"), &format!("EXPORTS\n{}", exported(&exports)))?;
    run(&lib, "llvm-dlltool -m i386:x86-64 -D volcv.dll -d volcv.def -l volcv.lib", &[])
}

/// The libraries of Windows are those that the compiler names for a static library (`--print native-static-libs`).
const PKG_CONFIG: &str = concat!(
    "prefix=${pcfiledir}/../..\n\nName: volcv\nDescription: Volcengine's picture outpainting for C and C++\nVersion: ",
    env!("CARGO_PKG_VERSION"),
    "\nLibs: -L${prefix}/lib -lvolcv\nCflags: -I${prefix}/include\n",
    "Libs.private: -lbcrypt -ladvapi32 -lkernel32 -lntdll -luserenv -lws2_32 -ldbghelp\n"
);

/// The names in a DLL's table of exports, as objdump prints it, one in each line.
fn exported(text: &str) -> String {
    let table = text.split("[Ordinal/Name Pointer] Table").nth(1).unwrap_or_default();
    let lines = table.lines().skip(1).map(str::trim).take_while(|line| line.starts_with('['));
    lines.filter_map(|line| line.split_whitespace().last()).map(|name| format!("    {name}\n")).collect()
}

/// The library without HTTP, in `no-http`.
fn without_http(toolchain: &Toolchain, env: &[(&str, &str)]) -> Result<(), String> {
    let line = format!("build --locked -p volcv-ffi --no-default-features {STD}");
    toolchain.cargo(&line, "windows", env)?;
    let place = folder("no-http");
    ["volcv.dll", "libvolcv.dll.a"].iter().try_for_each(|name| copy(&built("dev").join(name), &place))
}

/// A Wine of our own: its processes end with this value, and no other Wine is touched.
struct Wine {
    prefix: PathBuf,
}

impl Wine {
    fn start() -> Result<Self, String> {
        let wine = Self { prefix: folder("wine") };
        let prefix = wine.prefix.display().to_string();
        let env = [("WINEPREFIX", &*prefix), ("WINEDEBUG", "-all"), ("WINEDLLOVERRIDES", "mscoree,mshtml=")];
        let system = wine.prefix.join("drive_c/windows/system32");
        if !system.join("kernel32.dll").exists() {
            run(&root(), &format!("{WINE} wineboot -i"), &env)?;
        }
        let shim = "tests/c/windows/bcryptprimitives.c -ladvapi32";
        run(&root(), &format!("{MINGW}-gcc -shared -o {}/bcryptprimitives.dll {shim}", system.display()), &[])?;
        Ok(wine)
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        // Nothing runs any more if it cannot be reached.
        let _ = run(&root(), &format!("{WINESERVER} -k"), &[("WINEPREFIX", &self.prefix.display().to_string())]);
    }
}

fn folder(name: &str) -> PathBuf {
    // The linker and Wine run in other folders.
    let root = root();
    root.canonicalize().unwrap_or(root).join(FOLDER).join(name)
}

/// What cargo has built with a profile.
fn built(profile: &str) -> PathBuf {
    folder(TARGET).join(if profile == "dev" { "debug" } else { profile })
}

fn copy(file: &Path, to: &Path) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", file.display());
    fs::create_dir_all(to).map_err(failed)?;
    let name = file.file_name().ok_or_else(|| format!("{} is no file", file.display()))?;
    fs::copy(file, to.join(name)).map(drop).map_err(failed)
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    let folder = file.parent().unwrap_or(file);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(file, text));
    written.map_err(|error| format!("{}: {error}", file.display()))
}
