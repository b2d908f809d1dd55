//! The programs with a window: the frame loop on SDL, and LÖVE.

use std::collections::BTreeSet;
use std::path::Path;

use volcv_emulator::Emulator;

use super::super::{Build, fresh_folder, library, program, ran, root, told};
use super::curl::compile_with;
use super::wrapper::{BARE, ENGINE_LOOP};
use super::{PHOTO, emulator, failed};

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
