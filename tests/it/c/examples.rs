//! Every program under `examples/c`, `cpp`, `unity`, `godot3`, `godot4` and `love`: compiled as strictly as can be, run against the emulator,
//! and checked for what it says and writes. Those in C alone are in this file.

#[cfg(feature = "second-ring")]
mod curl;
#[cfg(feature = "second-ring")]
mod engines;
#[cfg(feature = "second-ring")]
mod godot;
#[cfg(feature = "second-ring")]
mod unity;
#[cfg(feature = "second-ring")]
mod windows;
#[cfg(feature = "second-ring")]
mod wrapper;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use volcv_emulator::{Emulator, TaskPace};

#[cfg(feature = "second-ring")]
pub(super) use self::curl::pkg_config;
#[cfg(feature = "second-ring")]
pub(super) use self::wrapper::sanitized as wrapper;
use super::{Build, C_COMPILERS, compile, fresh_folder, program, ran, root, runs, told};

pub(crate) const PHOTO: &str = "examples/assets/valley.jpg";

/// The size of a picture in a file.
pub(crate) fn size_of(path: &Path) -> (u32, u32) {
    image::ImageReader::open(path).unwrap().with_guessed_format().unwrap().into_dimensions().unwrap()
}

pub(crate) fn emulator(faults: &[&str]) -> Emulator {
    let emulator = Emulator::start().unwrap();
    faults.iter().for_each(|fault| emulator.push(fault.parse().unwrap()));
    emulator
}

#[track_caller]
pub(crate) fn failed(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    output
}

/// What Ctrl-C does.
fn interrupt(child: &Child) {
    ran(Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]));
}

#[test]
fn the_shortest_program_in_c_makes_a_wider_picture_in_60_lines() {
    assert!(std::fs::read_to_string(root().join("examples/c/outpaint.c")).unwrap().lines().count() <= 60);
    outpaint(C_COMPILERS);
}

/// A folder for the files of programs by these compilers.
fn folder_for(name: &str, compilers: &[&str]) -> PathBuf {
    fresh_folder(&format!("{name}-{}", compilers[0]))
}

pub(crate) fn outpaint(compilers: &[&str]) {
    let source = "examples/c/outpaint.c";
    let out = folder_for("outpaint-c", compilers).join("wide.png");
    for compiler in compilers {
        let outpaint = compile(compiler, &["-std=c99"], source, Build::Full);
        let said = ran(program(&outpaint, &emulator(&[])).arg(PHOTO).arg(&out));
        assert_eq!(said, format!("{}: 1920x640\n", out.display()));
        assert_eq!(size_of(&out), (1920, 640));
        let output = failed(program(&outpaint, &emulator(&["close=body"])).arg(PHOTO).arg(&out));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with("VOLCV_E_OUTCOME_UNKNOWN: ") && said.contains("may have been charged"), "{said}");
        failed(program(&outpaint, &emulator(&[])).args(["no-such-file", "out"]));
    }
    let outpaint = compile(compilers[0], &["-std=c99"], source, Build::Full);
    runs(&outpaint, &emulator(&[])).iter_mut().for_each(|command| drop(ran(command.arg(PHOTO).arg(&out))));
}

#[test]
fn the_program_in_c_that_loads_the_library_needs_one_symbol() {
    let folder = fresh_folder("dlopen-c");
    let (dlopen, out) = (folder.join("dlopen"), folder.join("wide.png"));
    let library = super::library(Build::Full).join("libvolcv.so");
    for compiler in C_COMPILERS {
        let mut command = Command::new(compiler);
        command.args(["-std=c99", "-I"]).arg(root().join("include")).args(super::STRICT);
        // Without the library.
        ran(command.arg(root().join("examples/c/dlopen.c")).arg("-ldl").arg("-o").arg(&dlopen));
        for command in &mut runs(&dlopen, &emulator(&[])) {
            let said = ran(command.arg(&library).arg(PHOTO).arg(&out));
            assert!(said.starts_with(&format!("{}: 1920x640 by libvolcv ", out.display())), "{said}");
            assert_eq!(size_of(&out), (1920, 640));
        }
        let said = failed(program(&dlopen, &emulator(&["code=50411"])).arg(&library).arg(PHOTO).arg(&out)).stderr;
        assert!(String::from_utf8(said).unwrap().starts_with("VOLCV_E_REFUSED: "));
        let said = failed(program(&dlopen, &emulator(&[])).args(["libm.so.6", PHOTO]).arg(&out)).stderr;
        assert_eq!(String::from_utf8(said).unwrap(), "libm.so.6 has no volcv_get_api\n");
    }
}

#[test]
fn the_program_in_c_with_an_access_key_makes_a_wider_picture_without_a_gateway() {
    direct(C_COMPILERS);
}

pub(crate) fn direct(compilers: &[&str]) {
    let out = folder_for("direct-c", compilers).join("wide.png");
    for compiler in compilers {
        let direct = compile(compiler, &["-std=c99"], "examples/c/direct.c", Build::Full);
        for command in &mut runs(&direct, &emulator(&[])) {
            assert_eq!(ran(command.arg(PHOTO).arg(&out)), format!("{}: 1920x640\n", out.display()));
        }
        let wrong = emulator(&[]);
        let output = failed(program(&direct, &wrong).env("VOLC_SECRETKEY", "canary").arg(PHOTO).arg(&out));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with("VOLCV_E_AUTH: ") && !said.contains("canary"), "{said}");
    }
}

#[test]
fn the_task_program_in_c_is_killed_and_another_process_waits_for_its_result() {
    task("cc");
}

pub(crate) fn task(compiler: &str) {
    let out = folder_for("task-c", &[compiler]).join("wide.png");
    let task = compile(compiler, &["-std=c99"], "examples/c/task.c", Build::Full);
    for mut wait in runs(&task, &emulator(&[])) {
        let emulator = Emulator::builder().task_pace(TaskPace::polls(u64::MAX, 0)).start().unwrap();
        let mut first = program(&task, &emulator);
        let mut child = first.args(["submit", PHOTO]).arg(&out).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        // What kill -9 does.
        child.kill().unwrap();
        child.wait().unwrap();
        emulator.set_task_pace(TaskPace::default());
        wait.env("VOLCV_BASE_URL", emulator.base_url());
        let said = ran(wait.args(["wait", line.trim_end()]).arg(&out));
        assert_eq!(said, format!("{}\n{}: 1920x640\n", line.trim_end(), out.display()));
        assert_eq!((emulator.submits(), size_of(&out)), (1, (1920, 640)));
        let output = failed(program(&task, &emulator).args(["wait", "no task"]).arg(&out));
        assert!(String::from_utf8(output.stderr).unwrap().starts_with("VOLCV_E_INVALID_INPUT: task is not JSON"));
        failed(program(&task, &emulator).args(["submit", "no-such-file"]).arg(&out));
    }
}

#[test]
fn the_texture_program_in_c_doubles_a_texture_and_keeps_its_pixels() {
    texture(C_COMPILERS);
}

pub(crate) fn texture(compilers: &[&str]) {
    let folder = folder_for("texture-c", compilers);
    let (photo, wide) = (folder.join("photo.ppm"), folder.join("wide.ppm"));
    let original = image::open(root().join(PHOTO)).unwrap().into_rgb8();
    let head = format!("P6\n{} {}\n255\n", original.width(), original.height());
    std::fs::write(&photo, [head.as_bytes(), original.as_raw()].concat()).unwrap();
    let mut texture = Path::new("").to_owned();
    for compiler in compilers {
        texture = compile(compiler, &["-std=c99"], "examples/c/texture.c", Build::Full);
    }
    for mut command in runs(&texture, &emulator(&[])) {
        let said = ran(command.arg(&photo).arg(&wide));
        assert!(said.starts_with("1920x640, the original is untouched, seam "), "{said}");
        let file = std::fs::read(&wide).unwrap();
        let pixels = file.strip_prefix(b"P6\n1920 640\n255\n").unwrap();
        assert_eq!(pixels.len(), 1920 * 640 * 3);
        for (row, own) in pixels.chunks_exact(1920 * 3).zip(original.as_raw().chunks_exact(960 * 3)) {
            assert_eq!(&row[480 * 3..][..960 * 3], own);
        }
    }
    failed(program(&texture, &emulator(&[])).args(["no-such-file", "out"]));
    let output = failed(program(&texture, &emulator(&["close=body"])).arg(&photo).arg(&wide));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("VOLCV_E_OUTCOME_UNKNOWN: "));
}

#[test]
fn the_frame_loop_in_c_shows_its_progress_and_never_waits_for_the_picture() {
    poll(C_COMPILERS);
}

pub(crate) fn poll(compilers: &[&str]) {
    let out = folder_for("poll-c", compilers).join("wide.png");
    for compiler in compilers {
        let poll = compile(compiler, &["-std=c99"], "examples/c/poll.c", Build::Full);
        let said = ran(program(poll, &emulator(&["delay=500"])).arg(PHOTO).arg(&out));
        assert!(said.contains("\nwaiting, attempt 1, ") && said.contains("\nended, attempt 1, "), "{said}");
        assert!(said.contains("done after 1 attempts: 1138x640\n"), "{said}");
        let frames: u32 = said.lines().last().unwrap().strip_suffix(" frames").unwrap().parse().unwrap();
        assert!(frames >= 15, "{frames} frames in half a second");
        assert_eq!(size_of(&out), (1138, 640));
    }
    let poll = compile(compilers[0], &["-std=c99"], "examples/c/poll.c", Build::Full);
    runs(&poll, &emulator(&[])).iter_mut().for_each(|command| drop(ran(command.arg(PHOTO).arg(&out))));
}

#[test]
fn the_frame_loop_in_c_is_cancelled_by_ctrl_c() {
    poll_interrupted("cc");
}

pub(crate) fn poll_interrupted(compiler: &str) {
    let poll = compile(compiler, &["-std=c99", "-O2"], "examples/c/poll.c", Build::Full);
    let emulator = emulator(&[]);
    for mut command in runs(&poll, &emulator) {
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
