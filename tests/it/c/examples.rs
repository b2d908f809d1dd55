//! The wrapper for C++, and every program under `examples/c`, `cpp`, `unity` and `love`: compiled as strictly
//! as can be, run against the emulator, and checked for what it says and writes.

mod engines;
mod unity;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use volcv_emulator::Emulator;

use super::{Build, compile, fresh_folder, library, program, ran, root, told, under_valgrind};

const PHOTO: &str = "examples/assets/valley.jpg";

const ENGINE_LOOP: &str = "examples/cpp/engine_loop.cpp";

/// As engines build: C++ without exceptions and RTTI.
const BARE: [&str; 2] = ["-fno-exceptions", "-fno-rtti"];

/// The size of a picture in a file.
fn size_of(path: &Path) -> (u32, u32) {
    image::ImageReader::open(path).unwrap().with_guessed_format().unwrap().into_dimensions().unwrap()
}

/// What `pkg-config` says about libraries, as flags.
pub(super) fn pkg_config(names: &[&str]) -> Vec<String> {
    let flags = ran(Command::new("pkg-config").args(["--cflags", "--libs"]).args(names));
    flags.split_whitespace().map(str::to_owned).collect()
}

fn compile_with(compiler: &str, flags: &[&str], libraries: &[&str], source: &str, build: Build) -> PathBuf {
    let found = pkg_config(libraries);
    let all: Vec<&str> = flags.iter().copied().chain(found.iter().map(String::as_str)).collect();
    compile(compiler, &all, source, build)
}

fn emulator(faults: &[&str]) -> Emulator {
    let emulator = Emulator::start().unwrap();
    faults.iter().for_each(|fault| emulator.push(fault.parse().unwrap()));
    emulator
}

#[track_caller]
fn failed(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    output
}

/// What Ctrl-C does.
fn interrupt(child: &Child) {
    ran(Command::new("kill").args(["-INT", &child.id().to_string()]));
}

#[test]
fn every_member_of_the_wrapper_works_in_every_standard() {
    let emulator = emulator(&[]);
    for compiler in ["g++", "clang++"] {
        for standard in ["-std=c++17", "-std=c++20", "-std=c++2b"] {
            let wrapper = compile(compiler, &[standard, BARE[0], BARE[1]], "tests/c/wrapper.cpp", Build::Full);
            if standard == "-std=c++17" {
                assert_eq!(ran(program(wrapper, &emulator).arg(PHOTO)), "ok\n");
            }
        }
    }
}

#[test]
fn the_wrapper_leaks_nothing() {
    let wrapper = compile("g++", &["-std=c++17", "-O1", BARE[0], BARE[1]], "tests/c/wrapper.cpp", Build::Full);
    assert_eq!(ran(under_valgrind(wrapper, &emulator(&[])).arg(PHOTO)), "ok\n");
}

#[test]
fn the_wrapper_is_light_and_leaves_nothing_in_an_object_file() {
    let folder = fresh_folder("wrapper-weight");
    let empty = folder.join("empty.cpp");
    std::fs::write(&empty, "#include <volcv.hpp>\n").unwrap();
    for compiler in ["g++", "clang++"] {
        let include = format!("-I{}", root().join("include").display());
        let text = ran(Command::new(compiler).args(["-std=c++17", "-E", &include]).arg(&empty));
        assert!(text.lines().count() <= 1600, "{compiler}: {} lines", text.lines().count());
        for source in [&empty, &root().join("examples/cpp/outpaint.cpp"), &root().join(ENGINE_LOOP)] {
            let object = folder.join("it.o");
            let mut command = Command::new(compiler);
            command.args(["-std=c++17", "-O2", "-c", "-o"]).arg(&object).arg(source).arg(&include).args(BARE);
            let sdl = pkg_config(&["sdl2"]);
            ran(command.args(sdl.iter().filter(|flag| !flag.starts_with("-l"))));
            let symbols = ran(Command::new("nm").arg("-C").arg(&object));
            let ours: Vec<_> = symbols.lines().filter(|line| line.contains("volcv::")).collect();
            assert!(ours.is_empty(), "{compiler}, {}: {ours:#?}", source.display());
        }
    }
}

#[test]
fn clang_has_nothing_at_all_to_say_about_the_wrapper() {
    let allowed = ["-Wno-c++98-compat", "-Wno-c++98-compat-pedantic", "-Wno-padded"];
    let test = ["-Wno-exit-time-destructors", "-Wno-global-constructors", "-Wno-missing-prototypes"];
    let mut clang = Command::new("clang++");
    clang.args(["-std=c++17", "-fsyntax-only", "-Weverything", "-Werror"]).args(allowed).args(test).args(BARE);
    clang.arg("-I").arg(root().join("include")).arg(root().join("tests/c/wrapper.cpp"));
    ran(&mut clang);
}

#[test]
fn the_shortest_program_in_c_makes_a_wider_picture_in_60_lines() {
    let source = "examples/c/outpaint.c";
    assert!(std::fs::read_to_string(root().join(source)).unwrap().lines().count() <= 60);
    let out = fresh_folder("outpaint-c").join("wide.png");
    for compiler in ["gcc", "clang"] {
        let outpaint = compile(compiler, &["-std=c99"], source, Build::Full);
        let said = ran(program(&outpaint, &emulator(&[])).arg(PHOTO).arg(&out));
        assert_eq!(said, format!("{}: 1920x640\n", out.display()));
        assert_eq!(size_of(&out), (1920, 640));
        let output = failed(program(&outpaint, &emulator(&["close=body"])).arg(PHOTO).arg(&out));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with("VOLCV_E_OUTCOME_UNKNOWN: ") && said.contains("may have been charged"), "{said}");
        failed(program(&outpaint, &emulator(&[])).args(["no-such-file", "out"]));
    }
    let outpaint = compile("gcc", &["-std=c99"], source, Build::Full);
    ran(under_valgrind(&outpaint, &emulator(&[])).arg(PHOTO).arg(&out));
}

#[test]
fn the_shortest_program_in_cpp_makes_a_wider_picture() {
    let out = fresh_folder("outpaint-cpp").join("wide.png");
    for compiler in ["g++", "clang++"] {
        let flags = ["-std=c++17", BARE[0], BARE[1]];
        let outpaint = compile(compiler, &flags, "examples/cpp/outpaint.cpp", Build::Full);
        ran(program(&outpaint, &emulator(&[])).arg(PHOTO).arg(&out));
        assert_eq!(size_of(&out), (1920, 640));
        let said = failed(program(&outpaint, &emulator(&["code=50411"])).arg(PHOTO).arg(&out)).stderr;
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains("50411") && said.contains("nothing was charged"), "{said}");
    }
}

#[test]
fn the_frame_loop_in_c_shows_its_progress_and_never_waits_for_the_picture() {
    let out = fresh_folder("poll-c").join("wide.png");
    for compiler in ["gcc", "clang"] {
        let poll = compile(compiler, &["-std=c99"], "examples/c/poll.c", Build::Full);
        let said = ran(program(poll, &emulator(&["delay=500"])).arg(PHOTO).arg(&out));
        assert!(said.contains("\nwaiting, attempt 1, ") && said.contains("\nended, attempt 1, "), "{said}");
        assert!(said.contains("done after 1 attempts: 1138x640\n"), "{said}");
        let frames: u32 = said.lines().last().unwrap().strip_suffix(" frames").unwrap().parse().unwrap();
        assert!(frames >= 15, "{frames} frames in half a second");
        assert_eq!(size_of(&out), (1138, 640));
    }
    let poll = compile("gcc", &["-std=c99"], "examples/c/poll.c", Build::Full);
    ran(under_valgrind(poll, &emulator(&[])).arg(PHOTO).arg(&out));
}

#[test]
fn the_frame_loop_in_c_is_cancelled_by_ctrl_c() {
    let poll = compile("gcc", &["-std=c99", "-O2"], "examples/c/poll.c", Build::Full);
    let emulator = emulator(&[]);
    for mut command in [program(&poll, &emulator), under_valgrind(&poll, &emulator)] {
        emulator.push("stall=body".parse().unwrap());
        let mut child = command.args([PHOTO, "/dev/null"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line.starts_with("waiting, ")));
        interrupt(&child);
        let said: Vec<String> = lines.collect();
        assert_eq!(child.wait().unwrap().code(), Some(1), "{said:#?}");
        let last = said.iter().find(|line| line.starts_with("VOLCV_E_CANCELLED: ")).unwrap();
        assert!(last.contains("may have been charged"), "{last}");
    }
}

/// Compiled once: its tests run at the same time, and a program cannot be written while it runs.
fn curl_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let [_, program] = ["clang", "gcc"].map(|compiler| {
            let flags = ["-std=c99", "-pthread"];
            compile_with(compiler, &flags, &["libcurl"], "examples/c/host_http_curl.c", Build::NoHttp)
        });
        program
    })
}

/// curl heeds proxies from the environment, which are not for an emulator.
fn without_proxy(command: &mut Command) -> &mut Command {
    command.env("no_proxy", "127.0.0.1")
}

/// A picture whose request does not fit into the buffers of a connection, so that one can break in its middle.
fn large_photo(folder: &Path) -> PathBuf {
    let mut bytes = std::fs::read(root().join(PHOTO)).unwrap();
    bytes.resize(bytes.len() + (12 << 20), 0);
    let path = folder.join("large.jpg");
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn retries_and_charges_are_the_same_over_curl_without_any_http_of_our_own() {
    let folder = fresh_folder("host-http-curl");
    let out = folder.join("wide.png");
    let (small, large) = (root().join(PHOTO), large_photo(&folder));
    let curl = curl_program();
    let built_in = compile("gcc", &["-std=c99", "-O1"], "examples/c/poll.c", Build::Full);
    for (photo, fault, result, attempts, charge, bodies) in [
        (&small, "ok", "VOLCV_OK", 1, "charged", 1),
        (&small, "code=50429,retry-after=1", "VOLCV_OK", 2, "charged", 2),
        (&small, "status=503,retry-after=1", "VOLCV_OK", 2, "charged", 2),
        (&large, "close=1000000", "VOLCV_OK", 2, "charged", 1),
        (&large, "reset=1000000", "VOLCV_OK", 2, "charged", 1),
        (&small, "stall=100000,for=300", "VOLCV_OK", 1, "charged", 1),
        (&small, "trickle=65536/5,close-delimited", "VOLCV_OK", 1, "charged", 1),
        (&small, "chunked", "VOLCV_OK", 1, "charged", 1),
        (&small, "close=body", "VOLCV_E_OUTCOME_UNKNOWN", 1, "unknown", 1),
        (&small, "garbage", "VOLCV_E_OUTCOME_UNKNOWN", 1, "unknown", 1),
        (&small, "status=502", "VOLCV_E_SERVICE", 1, "unknown", 1),
        (&small, "cut=1000", "VOLCV_E_DECODE", 1, "charged", 1),
        (&small, "code=50411", "VOLCV_E_REFUSED", 1, "none", 1),
        (&small, "body=redirect,location=http://127.0.0.1:1/", "VOLCV_E_SERVICE", 1, "none", 1),
    ] {
        let over_curl = emulator(&[fault]);
        let output = without_proxy(&mut program(curl, &over_curl)).arg(photo).arg(&out).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let wanted = format!("{result}, attempts {attempts}, charge {charge}: ");
        assert!(said.starts_with(&wanted), "{fault}: {wanted}, {}", told(&output));
        assert_eq!(over_curl.complete_bodies(), bodies, "{fault}");
        assert!(!over_curl.requests().iter().any(|request| request.header("expect").is_some() || request.chunked));

        let over_ours = emulator(&[fault]);
        let output = program(&built_in, &over_ours).arg(photo).arg("/dev/null").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let wanted = match result {
            "VOLCV_OK" => format!("done after {attempts} attempts"),
            _ => format!("{result}: "),
        };
        assert!(said.contains(&wanted), "{fault}: {wanted}, {}", told(&output));
        assert_eq!(over_ours.complete_bodies(), bodies, "{fault}");
    }
    assert_eq!(size_of(&out), (1920, 640));
}

#[test]
fn a_cancel_closes_the_connection_of_curl() {
    let (curl, emulator) = (curl_program(), emulator(&[]));
    for mut command in [program(curl, &emulator), under_valgrind(curl, &emulator)] {
        let before = emulator.complete_bodies();
        emulator.push("stall=body".parse().unwrap());
        let child = without_proxy(&mut command)
            .args([PHOTO, "/dev/null"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while emulator.complete_bodies() == before {
            assert!(Instant::now() < deadline, "the request arrives");
            thread::sleep(Duration::from_millis(5));
        }
        interrupt(&child);
        assert!(emulator.wait_idle(Duration::from_secs(20)));
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.starts_with("VOLCV_E_CANCELLED, attempts 1, charge unknown: "), "{}", told(&output));
        assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    }
}

#[test]
fn a_retry_over_curl_leaks_nothing() {
    let emulator = emulator(&["code=50429,retry-after=1"]);
    let said = ran(without_proxy(&mut under_valgrind(curl_program(), &emulator)).args([PHOTO, "/dev/null"]));
    assert!(said.starts_with("VOLCV_OK, attempts 2, charge charged: "), "{said}");
}

#[test]
fn the_engine_loop_paints_four_seeds_without_being_felt() {
    let out = fresh_folder("engine-loop").join("screen.png");
    for compiler in ["g++", "clang++"] {
        let flags = ["-std=c++17", "-pthread", BARE[0], BARE[1]];
        let engine = compile_with(compiler, &flags, &["sdl2", "SDL2_image"], ENGINE_LOOP, Build::Full);
        let emulator = emulator(&[]);
        let run = program(&engine, &emulator).env("SDL_VIDEODRIVER", "dummy").arg(PHOTO).arg(&out).output().unwrap();
        assert!(run.status.success(), "{}", told(&run));
        let said = String::from_utf8(run.stdout).unwrap();
        // How long is for a quiet machine and a release build to say: see docs/engines.md.
        let (time, frames) = said.split_once(" us out of a frame, ").unwrap();
        assert!(time.strip_prefix("volcv took at most ").unwrap().parse::<f64>().unwrap() > 0.0, "{said}");
        assert!(frames.strip_suffix(" frames\n").unwrap().parse::<u32>().unwrap() > 10, "{said}");
        assert_eq!(emulator.charges(), 4);
        assert_four_pictures(&out);
    }
    let failing = compile_with("g++", &["-std=c++17", "-pthread"], &["sdl2", "SDL2_image"], ENGINE_LOOP, Build::Full);
    let emulator = emulator(&["code=50411"]);
    let said = failed(program(failing, &emulator).env("SDL_VIDEODRIVER", "dummy").arg(PHOTO).arg(&out)).stderr;
    assert!(String::from_utf8(said).unwrap().contains("50411"), "the reason is told");
}

#[test]
fn the_example_for_love_paints_two_seeds_in_its_window() {
    let out = fresh_folder("love").join("screen.png");
    let library = library(Build::Full).join("libvolcv.so");
    let love = |emulator: &Emulator| {
        let mut xvfb = program("xvfb-run", emulator);
        xvfb.args(["-a", "-s", "-screen 0 1400x900x24", "timeout", "60", "love"]).arg(root().join("examples/love"));
        xvfb.arg(root().join("include/volcv.h")).arg(&library).arg(root().join(PHOTO)).arg(&out);
        xvfb
    };
    let painting = emulator(&[]);
    ran(&mut love(&painting));
    assert_eq!(painting.charges(), 2);
    let screen = image::open(&out).unwrap().into_rgb8();
    assert_eq!(screen.dimensions(), (1284, 226));
    let tiles = [8, 646].map(|x| image::imageops::crop_imm(&screen, x, 8, 630, 210).to_image().into_raw());
    assert_ne!(tiles[0], tiles[1]);
    for tile in tiles {
        let colors: BTreeSet<&[u8]> = tile.chunks_exact(3).collect();
        assert!(colors.len() > 5000, "{} colors", colors.len());
    }
    let refusing = emulator(&["code=50411"]);
    let said = failed(&mut love(&refusing)).stderr;
    assert!(String::from_utf8(said).unwrap().contains("VOLCV_E_REFUSED: "), "the reason is told");
}

/// Four tiles, each of which is a picture, and no two of which are the same.
fn assert_four_pictures(screenshot: &Path) {
    let screen = image::open(screenshot).unwrap().into_rgb8();
    assert_eq!(screen.dimensions(), (1284, 864));
    let tiles: BTreeSet<Vec<u8>> = [(8, 8), (646, 8), (8, 436), (646, 436)]
        .map(|(x, y)| image::imageops::crop_imm(&screen, x, y, 630, 420).to_image().into_raw())
        .into_iter()
        .collect();
    assert_eq!(tiles.len(), 4);
    for tile in tiles {
        let colors: BTreeSet<&[u8]> = tile.chunks_exact(3).collect();
        assert!(colors.len() > 5000, "{} colors", colors.len());
    }
}

#[test]
fn the_engine_loop_opens_a_window_on_a_real_display() {
    let out = fresh_folder("engine-loop-x11").join("screen.png");
    let flags = ["-std=c++17", "-O1", "-pthread"];
    let engine = compile_with("g++", &flags, &["sdl2", "SDL2_image"], ENGINE_LOOP, Build::Full);
    let emulator = emulator(&[]);
    let mut xvfb = program("xvfb-run", &emulator);
    xvfb.args(["-a", "-s", "-screen 0 1400x900x24"]).arg(engine).arg(PHOTO).arg(&out);
    ran(xvfb.env("SDL_VIDEODRIVER", "x11"));
    assert_four_pictures(&out);
}
