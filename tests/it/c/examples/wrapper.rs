//! The wrapper for C++, `include/volcv.hpp`, and the shortest program with it.

use std::process::Command;

use super::super::{Build, compile, fresh_folder, program, ran, root, under_valgrind};
use super::{PHOTO, emulator, failed, pkg_config, size_of};

/// As engines build: C++ without exceptions and RTTI.
pub(super) const BARE: [&str; 2] = ["-fno-exceptions", "-fno-rtti"];

pub(super) const ENGINE_LOOP: &str = "examples/cpp/engine_loop.cpp";

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

/// The wrapper with a sanitizer, see [`super::super::sanitized`].
pub(in super::super) fn sanitized(flags: &[&str]) {
    let flags = [&["-std=c++17", BARE[0], BARE[1]], flags].concat();
    let wrapper = compile("clang++", &flags, "tests/c/wrapper.cpp", Build::Sanitized);
    assert_eq!(ran(program(wrapper, &emulator(&[])).arg(PHOTO)), "ok\n");
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
        // 1,900 for outpainting, 350 for direct access, inpainting and tasks, 120 for threads and the table of functions, 100 for
        // memory and codecs, and 180 that g++ writes to say where each NULL of an empty table comes from.
        assert!(text.lines().count() <= 2650, "{compiler}: {} lines", text.lines().count());
        for source in [&empty, &root().join("examples/cpp/outpaint.cpp"), &root().join(ENGINE_LOOP)] {
            let object = folder.join("it.o");
            let mut command = Command::new(compiler);
            command.args(["-std=c++17", "-O2", "-c", "-o"]).arg(&object).arg(source).arg(&include).args(BARE);
            let sdl = pkg_config(&["sdl2"]);
            ran(command.args(sdl.iter().filter(|flag| !flag.starts_with("-l"))));
            let symbols = ran(Command::new("nm").arg("-C").arg(&object));
            // A hook is a function by its nature.
            let is_hook = |line: &str| line.contains("::pixels_hooks<") || line.contains("::credentials_hook<");
            let is_ours = |line: &&str| line.contains("volcv::") && !is_hook(line);
            let ours: Vec<_> = symbols.lines().filter(is_ours).collect();
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
fn the_inpainting_program_in_cpp_edits_and_erases_what_a_mask_covers() {
    let folder = fresh_folder("inpaint-cpp");
    let (mask, out) = (folder.join("mask.png"), folder.join("edited.png"));
    let white = image::GrayImage::from_fn(960, 640, |x, _| image::Luma([if x > 480 { 255 } else { 0 }]));
    white.save(&mask).unwrap();
    let emulator = emulator(&[]);
    for compiler in ["g++", "clang++"] {
        let inpaint = compile(compiler, &["-std=c++17", BARE[0], BARE[1]], "examples/cpp/inpaint.cpp", Build::Full);
        for prompt in [Some("a red kite"), None] {
            let said = ran(program(&inpaint, &emulator).arg(PHOTO).arg(&mask).arg(&out).args(prompt));
            assert_eq!(said, format!("{}: 960x640\n", out.display()));
            assert_eq!(size_of(&out), (960, 640));
        }
        let said = failed(program(&inpaint, &emulator).args([PHOTO, "no-such-file"]).arg(&out)).stderr;
        assert!(String::from_utf8(said).unwrap().contains("mask is empty"));
    }
    let keys: Vec<_> = emulator.requests().into_iter().filter_map(|request| request.json).collect();
    let keys: Vec<_> = keys.iter().map(|json| json["req_key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["i2i_inpainting_edit", "i2i_inpainting", "i2i_inpainting_edit", "i2i_inpainting"]);
}
