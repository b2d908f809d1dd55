//! Files are whole or not there, and nothing is paid for that could not be written.

use std::fs;

use serde_json::json;

use crate::support::Bench;

#[test]
fn nothing_is_sent_for_a_picture_that_could_not_be_written() {
    let bench = Bench::new(&[]);
    fs::create_dir(bench.path("folder")).unwrap();
    fs::create_dir(bench.path("many-2.png")).unwrap();
    for out in ["folder", "no/out.png", "in.png/out.png", "/dev/null", "..", "many.png --variants 2"] {
        let ran = bench.run(&format!("outpaint in.png --left 1 --json -o {out}")).expect(2);
        assert_eq!(ran.json()["error"]["kind"], "config", "{out}");
    }
    assert_eq!(bench.emulator.connections(), 0);
    assert_eq!(bench.files(), ["folder", "many-2.png"]);
}

#[cfg(unix)]
#[test]
fn a_picture_is_as_readable_as_any_other_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new(&[]);
    let mut command = std::process::Command::new("sh");
    let script = "umask 027; exec \"$0\" outpaint in.png -o out.png --left 1 --emulator";
    command.args(["-c", script, env!("CARGO_BIN_EXE_volcv")]).current_dir(bench.dir.path());
    assert!(command.output().unwrap().status.success());
    assert_eq!(fs::metadata(bench.path("out.png")).unwrap().permissions().mode() & 0o777, 0o640);
}

#[cfg(unix)]
#[test]
fn the_file_behind_a_symbolic_link_is_replaced_and_the_link_stays() {
    let bench = Bench::new(&[]);
    fs::create_dir(bench.path("far")).unwrap();
    bench.write("far/out.png", b"old");
    std::os::unix::fs::symlink("far/out.png", bench.path("out.png")).unwrap();
    bench.run("outpaint in.png -o out.png --left 1").expect(0);
    assert!(fs::symlink_metadata(bench.path("out.png")).unwrap().is_symlink());
    assert_eq!(bench.size("far/out.png"), (400, 150));
}

#[test]
fn a_picture_may_replace_its_input() {
    let bench = Bench::new(&[]);
    bench.run("outpaint in.png -o in.png --left 1").expect(0);
    assert_eq!(bench.size("in.png"), (400, 150));
}

#[test]
fn the_emulator_paints_what_the_name_promises() {
    let bench = Bench::new(&[]);
    for (name, format) in [("out.jpg", "jpeg"), ("out.png", "png")] {
        let ran = bench.run(&format!("outpaint in.png -o {name} --left 1 --emulator")).expect(0);
        assert_eq!(ran.stdout, format!("{name} 400x150 {format}\n"));
        assert!(!ran.stderr.contains("warning"), "{ran:?}");
    }
}

#[test]
fn bytes_are_kept_as_they_came_under_a_name_that_says_otherwise() {
    let bench = Bench::new(&[]);
    let ran = bench.run("outpaint in.png -o out.jpg --left 1").expect(0);
    assert_eq!(ran.stdout, "out.jpg 400x150 png\n");
    assert_eq!(ran.stderr, "warning: out.jpg holds a picture in the format png\n");
    assert!(fs::read(bench.path("out.jpg")).unwrap().starts_with(b"\x89PNG"));
}

/// The folder vanishes while the service works.
#[test]
fn a_paid_picture_that_cannot_be_written_is_kept_elsewhere() {
    let bench = Bench::new(&["delay=400"]);
    fs::create_dir(bench.path("gone")).unwrap();
    fs::create_dir(bench.path("tmp")).unwrap();
    let mut command = bench.command("outpaint in.png -o gone/out.png --left 1 --json");
    let child = command.env("TMPDIR", bench.path("tmp")).spawn().unwrap();
    crate::support::until("the request", || bench.emulator.complete_bodies() == 1);
    fs::remove_dir(bench.path("gone")).unwrap();
    let ran = crate::support::finish(child).expect(2);
    let error = ran.json()["error"].take();
    assert_eq!((&error["kind"], &error["charge"]), (&json!("config"), &json!("charged")), "{error}");
    assert_eq!(error["request_id"], bench.emulator.requests()[0].request_id);
    let kept: Vec<_> = fs::read_dir(bench.path("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(kept.len(), 1);
    assert!(ran.stderr.contains(kept[0].to_str().unwrap()), "{ran:?}");
    assert!(fs::read(&kept[0]).unwrap().starts_with(b"\x89PNG"));
}
