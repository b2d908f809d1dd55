//! `volcv.exe`: what is different on Windows.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use volcv_emulator::Emulator;

use super::{GCC, folder, made};
use crate::c::examples::{PHOTO, emulator, size_of};
use crate::c::{compilation, program, ran, root, told};

fn volcv(emulator: &Emulator) -> Command {
    program(made("package/bin/volcv.exe"), emulator)
}

/// Makes a wider picture.
fn outpaint(emulator: &Emulator, out: &str) -> Output {
    volcv(emulator).args(["outpaint", PHOTO, "--left", "0.5", "--right", "0.5", "-o", out]).output().unwrap()
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}", told(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_batch_has_its_ledger_in_sqlite_and_buys_nothing_twice() {
    let (folder, windows) = folder("windows-batch");
    std::fs::create_dir(folder.join("in")).unwrap();
    for name in ["in/a.jpg", "in/b.jpg"] {
        std::fs::copy(root().join(PHOTO), folder.join(name)).unwrap();
    }
    let emulator = emulator(&[]);
    // The second time everything is done.
    for _ in 0..2 {
        let (pictures, out) = (format!("{windows}\\in"), format!("{windows}\\out"));
        succeeded(
            &volcv(&emulator)
                .args(["batch", &pictures, "-o", &out, "--left", "0.5", "--right", "0.5"])
                .output()
                .unwrap(),
        );
        assert_eq!(emulator.charges(), 2);
    }
    for name in ["out/a.png", "out/b.png"] {
        assert_eq!(size_of(&folder.join(name)), (1920, 640));
    }
    assert!(folder.join("out/.volcv.sqlite").exists());
}

#[test]
fn a_handful_of_commands_ends_as_on_linux() {
    let (folder, windows) = folder("windows-commands");
    let emulator = emulator(&[]);
    let mask = folder.join("mask.png");
    std::fs::write(&mask, crate::support::mask(960, 640)).unwrap();
    let out = folder.join("out.png");
    let said = ran(volcv(&emulator)
        .args(["outpaint", PHOTO, "--emulator", "--left", "0.5", "--right", "0.5", "-o"])
        .arg(&out));
    assert_eq!((said, size_of(&out)), (format!("{} 1920x640 png\n", out.display()), (1920, 640)));
    let plan = ran(volcv(&emulator).args(["plan", PHOTO, "--to", "1920x640"]));
    assert!(plan.contains("1920x640"), "{plan}");
    ran(volcv(&emulator)
        .arg("erase")
        .arg(PHOTO)
        .arg("--mask")
        .arg(&mask)
        .arg("-o")
        .arg(format!("{windows}\\erased.png")));
    assert_eq!(size_of(&folder.join("erased.png")), (960, 640));
    let codes = [(vec!["outpaint", "no-such-file", "-o", "x.png", "--left", "1"], 2), (vec!["--no-such-option"], 2)];
    for (arguments, code) in codes {
        let output = volcv(&emulator).args(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", told(&output));
        // Neither a pipe nor a file gets what steers a terminal.
        assert!(!output.stderr.contains(&b'\x1b') && !output.stderr.is_empty());
    }
}

#[test]
fn names_in_any_script_and_long_paths_are_written_and_replaced() {
    let (folder, windows) = folder("windows-names");
    let emulator = emulator(&[]);
    let deep: PathBuf = (0..4).map(|level| level.to_string().repeat(90)).collect();
    std::fs::create_dir_all(folder.join(&deep)).unwrap();
    let deep = deep.display().to_string().replace('/', "\\");
    for name in ["\u{4e2d}\u{6587} \u{e4}\u{1f600}.png".to_owned(), format!("{deep}\\wide.png")] {
        let file = folder.join(name.replace('\\', "/"));
        for _ in 0..2 {
            let said = succeeded(&outpaint(&emulator, &format!("{windows}\\{name}")));
            assert!(said.contains(&name) && !said.contains("\\\\?\\"), "{said}");
            assert_eq!(size_of(&file), (1920, 640));
            std::fs::write(&file, b"old").unwrap();
        }
        let files = std::fs::read_dir(file.parent().unwrap()).unwrap();
        assert_eq!(files.filter(|it| it.as_ref().unwrap().path().is_file()).count(), 1, "no temporary file stays");
    }
    // The prefix itself is a path as any other.
    succeeded(&outpaint(&emulator, &format!("\\\\?\\{windows}\\prefixed.png")));
    assert_eq!(size_of(&folder.join("prefixed.png")), (1920, 640));
}

#[test]
fn names_that_are_no_files_are_refused_before_anything_is_paid_for() {
    let (folder, windows) = folder("windows-devices");
    let emulator = emulator(&[]);
    for (name, reason) in
        [("NUL", "device"), ("aux.png", "device"), ("com1.png", "device"), ("wide.png:stream", "':'"), ("wide.", "dot")]
    {
        let output = outpaint(&emulator, &format!("{windows}\\{name}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(reason), "{name}: {}", told(&output));
    }
    assert_eq!((emulator.charges(), std::fs::read_dir(folder).unwrap().count()), (0, 0));
}

fn is_picture(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "png")
}

/// The events of a window, as `console_event.c` takes them.
const CTRL_C: &str = "0";
const CTRL_BREAK: &str = "1";
const CLOSED: &str = "2";

/// Waits until something is true.
#[track_caller]
fn until(what: &str, mut is_true: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_true() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A copy of the command under a name by which it is found among the others, and the program that sends it events.
fn found_by_name(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let (ours, sender) = (folder.join(name), folder.join("console_event.exe"));
    std::fs::copy(made("package/bin/volcv.exe"), &ours).unwrap();
    ran(compilation(GCC, "tests/c/windows/console_event.c", &sender).arg("-std=c99"));
    (ours, sender)
}

#[test]
fn ctrl_c_ends_the_emulator_while_a_client_keeps_its_connection() {
    let (folder, _) = folder("windows-emulator");
    let (ours, sender) = found_by_name(&folder, "serving.exe");
    let mut command = super::wine(&ours);
    let mut child = command.args(["emulator", "--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let mut idle = TcpStream::connect(line.trim().trim_start_matches("http://")).unwrap();
    // The start of a head: the emulator waits for the rest.
    idle.write_all(b"POST /").unwrap();
    ran(super::wine(&sender).args(["serving.exe", CTRL_C]));
    until("the end of the emulator", || child.try_wait().unwrap().is_some());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    drop(idle);
}

#[test]
fn ctrl_c_ctrl_break_and_a_closed_window_end_the_command_with_the_picture_that_it_has() {
    for event in [CTRL_C, CTRL_BREAK, CLOSED] {
        let (folder, windows) = folder(&format!("windows-event-{event}"));
        let (ours, sender) = found_by_name(&folder, "told.exe");
        let emulator = emulator(&["ok", "stall=body"]);
        let mut command = program(&ours, &emulator);
        let out = format!("{windows}\\out.png");
        command.args(["outpaint", PHOTO, "--left", "0.5", "--variants", "2", "--json", "-o", &out]);
        let child = command.stdout(Stdio::piped()).spawn().unwrap();
        let has_picture = || std::fs::read_dir(&folder).unwrap().any(|file| is_picture(&file.unwrap().path()));
        until("a picture, and a call that waits", || emulator.complete_bodies() >= 2 && has_picture());
        ran(super::wine(&sender).args(["told.exe", event]));
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{event}: {}", told(&output));
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("\"kind\":\"cancelled\"") && said.contains(".png\""), "{event}: {said}");
    }
}
