//! Platforms beside x86-64 Linux: tests and programs in emulation, and a check of the sources where nothing can be run.
//!
//! Debian's newest compiler builds the standard library of each platform from its source, and Debian's cross compilers
//! link.

use std::fs;
use std::path::Path;

use volcv_emulator::{DEFAULT_ACCESS_KEY, DEFAULT_KEY, DEFAULT_SECRET_KEY, Emulator};

use crate::sh::{output, root, run, say};
use crate::toolchain::{Toolchain, UNSTABLE};

/// A platform whose programs run here.
struct Runnable {
    target: &'static str,
    linker: &'static str,
    /// What runs a program; empty where the kernel does.
    runner: &'static str,
    flags: &'static str,
}

/// 64 bits and little-endian as x86-64 is, with other vector code.
const AARCH64: Runnable = Runnable {
    target: "aarch64-unknown-linux-gnu",
    linker: "aarch64-linux-gnu-gcc",
    runner: "qemu-aarch64 -L /usr/aarch64-linux-gnu",
    flags: "",
};

/// 32 bits. The kernel of x86-64 runs it, and a static program needs no loader of that platform.
const I686: Runnable = Runnable {
    target: "i686-unknown-linux-gnu",
    linker: "i686-linux-gnu-gcc",
    runner: "",
    flags: "-C target-feature=+crt-static",
};

/// Big-endian.
const S390X: Runnable = Runnable {
    target: "s390x-unknown-linux-gnu",
    linker: "s390x-linux-gnu-gcc",
    runner: "qemu-s390x -L /usr/s390x-linux-gnu",
    flags: "",
};

/// What has no C in it, with every part that needs none: of the providers of TLS, each is C.
const WITHOUT_C: &str = "-p volcv-types -p volcv-core -p volcv-image -p volcv-transport -p volcv -p volcv-ffi \
     --no-default-features --features volcv-core/http-body,volcv-transport/test-util,volcv/image,volcv/reqwest,\
     volcv/ureq,volcv/roots-webpki,volcv/roots-platform,volcv/tracing,volcv-ffi/image";

/// The C library, whose HTTP is the game's. The rest is as on macOS.
const IN_GAMES: &str = "-p volcv-ffi --no-default-features --features image";

/// A browser has neither sockets nor threads for the built-in HTTP: a program there brings its own.
const IN_BROWSERS: &str = "-p volcv-types -p volcv-core -p volcv-image -p volcv-transport -p volcv \
     --no-default-features --features volcv/image,volcv-transport/test-util";

/// The programs in C that run against the emulator: their name, what stands before the name of the result, and a part of
/// what they say. Each makes one paid call.
const PROGRAMS: [(&str, &str, &str); 5] = [
    ("outpaint", "examples/assets/valley.jpg", ": 1920x640\n"),
    ("direct", "examples/assets/valley.jpg", ": 1920x640\n"),
    ("task", "submit examples/assets/valley.jpg", ": 1920x640\n"),
    ("poll", "examples/assets/valley.jpg", "done after 1 attempts: 1138x640\n"),
    ("texture", TEXTURE, "1920x640, the original is untouched"),
];

/// Tests that take minutes in emulation: arithmetic alone, and what another test shows with fewer pictures.
const SLOW: &str =
    "-- --skip brute_force --skip every_offset_up_to_8_pixels --skip a_cast_over_a_picture_without_details";

/// The photo of the examples without compression.
const TEXTURE: &str = "target/platforms/valley.ppm";

/// Every platform of this file.
pub(crate) fn check() -> Result<(), String> {
    let toolchain = Toolchain::newest()?;
    say(&format!("rustc-web {}", toolchain.version));
    let strict = [UNSTABLE, ("RUSTFLAGS", "-D warnings")];
    let native = "--target aarch64-apple-darwin --target aarch64-linux-android";
    toolchain.cargo(&format!("check --locked -Z build-std=std {native} {WITHOUT_C}"), "platforms", &strict)?;
    toolchain.cargo(
        &format!("check --locked -Z build-std=std --target aarch64-apple-ios {IN_GAMES}"),
        "platforms",
        &strict,
    )?;
    let browsers = format!("check --locked -Z build-std=std --target wasm32-unknown-unknown {IN_BROWSERS}");
    toolchain.cargo(&browsers, "platforms", &strict)?;
    for platform in [I686, S390X] {
        let skipped = if platform.runner.is_empty() { "" } else { SLOW };
        let tests = format!("test --tests -p volcv-types -p volcv-core -p volcv-image {skipped}");
        platform.cargo(&toolchain, &tests)?;
    }
    AARCH64.cargo(&toolchain, &format!("test --tests -p volcv-types -p volcv-core {SLOW}"))?;
    programs(&toolchain)
}

impl Runnable {
    /// Runs cargo for this platform. Properties get few cases, and what is emulated is optimised.
    fn cargo(&self, toolchain: &Toolchain, line: &str) -> Result<(), String> {
        let prefix = format!("CARGO_TARGET_{}", self.target.to_uppercase().replace('-', "_"));
        let variable = |name: &str| format!("{prefix}_{name}");
        let (linker, runner, flags) = (variable("LINKER"), variable("RUNNER"), variable("RUSTFLAGS"));
        let mut env = vec![
            UNSTABLE,
            ("CARGO_PROFILE_DEV_DEBUG", "0"),
            ("PROPTEST_CASES", "16"),
            (&linker, self.linker),
            (&flags, self.flags),
        ];
        if !self.runner.is_empty() {
            env.extend([(&*runner, self.runner), ("CARGO_PROFILE_DEV_OPT_LEVEL", "1")]);
        }
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        let std = "-Z build-std=std,panic_unwind,test";
        toolchain.cargo(&format!("{command} --locked {std} --target {} {rest}", self.target), "platforms", &env)
    }
}

/// Programs in C with libvolcv, all of aarch64, beside an emulator of this machine.
fn programs(toolchain: &Toolchain) -> Result<(), String> {
    AARCH64.cargo(toolchain, "build -p volcv-ffi")?;
    let root = root();
    write_texture(&root).map_err(|error| format!("{TEXTURE}: {error}"))?;
    let folder = format!("target/platforms/{}/debug", AARCH64.target);
    for (name, arguments, said) in PROGRAMS {
        let (program, result) = (format!("{folder}/{name}"), format!("{folder}/{name}.result"));
        let compile = format!(
            "{} -std=c99 -Wall -Wextra -Werror -Iinclude examples/c/{name}.c -L{folder} -lvolcv -Wl,-rpath,{folder} -o \
             {program}",
            AARCH64.linker
        );
        run(&root, &compile, &[])?;
        let emulator = Emulator::start().map_err(|error| format!("the emulator: {error}"))?;
        // cargo puts folders into LD_LIBRARY_PATH.
        let environment = format!(
            "env -u LD_LIBRARY_PATH -u VOLC_SESSION_TOKEN VOLCV_BASE_URL={} VOLCV_API_KEY={DEFAULT_KEY} \
             VOLC_ACCESSKEY={DEFAULT_ACCESS_KEY} VOLC_SECRETKEY={DEFAULT_SECRET_KEY}",
            emulator.base_url()
        );
        let text = output(&root, &format!("{environment} {} {program} {arguments} {result}", AARCH64.runner))?;
        if !text.contains(said) || emulator.charges() != 1 {
            return Err(format!("{name}: {} paid calls, and it said: {text}", emulator.charges()));
        }
    }
    Ok(())
}

fn write_texture(root: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let photo = image::open(root.join("examples/assets/valley.jpg"))?.into_rgb8();
    let head = format!("P6\n{} {}\n255\n", photo.width(), photo.height());
    Ok(fs::write(root.join(TEXTURE), [head.as_bytes(), photo.as_raw()].concat())?)
}
