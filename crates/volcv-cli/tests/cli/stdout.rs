//! `-o -`: the picture on standard output.

use std::fs;
use std::process::{Command, Output, Stdio};

use crate::support::{Bench, TRANSPORTS, answer, png, reply_with, until, volcv_at};

/// Runs a command whose standard output is no text.
fn output(mut command: Command) -> (i32, Vec<u8>, String) {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    (status.code().unwrap(), stdout, String::from_utf8(stderr).unwrap())
}

#[test]
fn the_picture_and_nothing_else_is_on_standard_output() {
    let bench = Bench::new(&[]);
    for transport in TRANSPORTS {
        for more in ["", "--seed 7", "--variants 1", "--return-url", "--emulator"] {
            let args = format!("outpaint in.png -o - --left 1 --transport {transport} {more}");
            let (code, stdout, stderr) = output(bench.command(&args));
            assert_eq!(code, 0, "{stderr}");
            assert!(stdout.starts_with(b"\x89PNG"), "{more}");
            let picture = image::load_from_memory(&stdout).unwrap();
            assert_eq!((picture.width(), picture.height()), (400, 150));
            assert!(stdout.ends_with(b"IEND\xaeB`\x82"), "nothing stands behind it");
            assert_eq!(stderr.lines().count(), usize::from(more == "--emulator"), "{stderr}");
        }
    }
    assert_eq!(bench.files(), Vec::<String>::new());
}

#[test]
fn a_file_may_be_called_as_standard_output_is() {
    let bench = Bench::new(&[]);
    bench.run("outpaint in.png -o ./- --left 1").expect(0);
    assert_eq!((bench.files(), bench.size("-")), (vec!["-".to_owned()], (400, 150)));
}

#[test]
fn what_cannot_go_to_standard_output_is_a_usage_error() {
    let bench = Bench::new(&[]);
    for (args, words) in [
        ("--variants 2", "takes one picture"),
        ("--seed 1 --seed 2", "takes one picture"),
        ("--json", "--json"),
        ("--json --dry-run", "--json"),
    ] {
        let ran = bench.run(&format!("outpaint in.png -o - --left 1 {args}")).expect(2);
        assert!(format!("{ran:?}").contains(words), "{ran:?}");
        if args.starts_with("--json") {
            assert_eq!(ran.json()["error"]["kind"], "invalid_input", "{ran:?}");
        }
    }
    assert_eq!(bench.emulator.connections(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn no_picture_is_written_to_a_terminal() {
    let bench = Bench::new(&[]);
    let terminal = || fs::File::options().read(true).write(true).open("/dev/ptmx").unwrap();
    for (args, code) in [("outpaint in.png -o - --left 1", 2), ("outpaint in.png -o - --left 1 --dry-run", 0)] {
        let mut command = bench.command(args);
        command.stdin(Stdio::null()).stdout(terminal());
        let ran = command.spawn().unwrap().wait_with_output().unwrap();
        let stderr = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(code), "{stderr}");
        assert_eq!(stderr.contains("-o -: standard output is a terminal"), code == 2, "{stderr}");
    }
    assert_eq!(bench.emulator.connections(), 0);
}

#[test]
fn further_pictures_of_one_reply_are_kept_in_the_temporary_folder() {
    for transport in TRANSPORTS {
        let bench = Bench::new(&[]);
        fs::create_dir(bench.path("tmp")).unwrap();
        let (base_url, _bodies) = answer(1, &reply_with(&[&png(20, 10), &png(30, 10)]));
        let args = format!("outpaint in.png -o - --left 1 --transport {transport}");
        let mut command = volcv_at(&base_url, bench.dir.path(), &args);
        command.env("TMPDIR", bench.path("tmp"));
        let (code, stdout, stderr) = output(command);
        assert_eq!((code, stdout == png(20, 10)), (0, true), "{stderr}");
        let kept: Vec<_> = fs::read_dir(bench.path("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(kept.len(), 1, "{stderr}");
        assert_eq!(fs::read(&kept[0]).unwrap(), png(30, 10));
        assert!(stderr.contains(kept[0].to_str().unwrap()) && kept[0].extension().unwrap() == "png", "{stderr}");
    }
}

#[test]
fn a_picture_that_standard_output_does_not_take_is_kept_and_the_command_fails() {
    let full = || Stdio::from(fs::File::options().write(true).open("/dev/full").unwrap());
    let unwritable = || Stdio::from(fs::File::open("/dev/null").unwrap());
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    let mut cases: Vec<Box<dyn Fn() -> Stdio>> = vec![Box::new(closed)];
    if cfg!(target_os = "linux") {
        cases.extend([Box::new(full) as Box<dyn Fn() -> Stdio>, Box::new(unwritable)]);
    }
    for transport in TRANSPORTS {
        for stdout in &cases {
            let bench = Bench::new(&[]);
            fs::create_dir(bench.path("tmp")).unwrap();
            let mut command = bench.command(&format!("outpaint in.png -o - --left 1 --transport {transport}"));
            command.env("TMPDIR", bench.path("tmp")).stdin(Stdio::null()).stdout(stdout());
            let ran = command.spawn().unwrap().wait_with_output().unwrap();
            let stderr = String::from_utf8(ran.stderr).unwrap();
            assert_eq!(ran.status.code(), Some(2), "{stderr}");
            let kept: Vec<_> = fs::read_dir(bench.path("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect();
            assert_eq!(kept.len(), 1, "{stderr}");
            assert_eq!(image::open(&kept[0]).unwrap().width(), 400);
            assert!(stderr.contains(kept[0].to_str().unwrap()), "{stderr}");
            assert!(stderr.contains("error: cannot write to standard output: "), "{stderr}");
            assert!(stderr.contains("the call was charged"), "{stderr}");
            assert_eq!(bench.emulator.charges(), 1);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_picture_that_its_reader_lets_wait_is_in_the_temporary_folder_if_the_command_is_killed() {
    let bench = Bench::new(&[]);
    fs::create_dir(bench.path("tmp")).unwrap();
    // More than a pipe holds.
    bench.write("large.png", &png(600, 600));
    let mut command = bench.command("outpaint large.png -o - --equal 1");
    let mut child = command.env("TMPDIR", bench.path("tmp")).spawn().unwrap();
    let kept = || fs::read_dir(bench.path("tmp")).unwrap().map(|entry| entry.unwrap().path()).next();
    until("a whole copy", || kept().is_some_and(|path| fs::read(path).unwrap().ends_with(b"IEND\xaeB`\x82")));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(image::load_from_memory(&fs::read(kept().unwrap()).unwrap()).unwrap().width(), 1800);
}
