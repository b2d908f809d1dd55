//! `-o` over a file that is there: what stays of it, and what happens if it cannot be replaced.
#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

#[cfg(feature = "mounts")]
use crate::support::finish;
use crate::support::{Bench, TRANSPORTS, run};

/// The user and the group `nobody` of Linux; on other systems they are two numbers without an account.
const NOBODY: u32 = 65534;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Rights do not bind the superuser, so for it the command runs as another user.
fn is_root(bench: &Bench) -> bool {
    fs::metadata(bench.dir.path()).unwrap().uid() == 0
}

/// A file of the user that [`unprivileged`] runs the command as.
fn own(bench: &Bench, name: &str, file_mode: u32) {
    bench.write(name, b"what was there before");
    if is_root(bench) {
        chown(bench.path(name), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    set_mode(&bench.path(name), file_mode);
}

/// The command as a user whom rights bind. Its program is in no folder that is closed to others.
fn unprivileged(bench: &Bench, args: &str) -> Command {
    let mut command = bench.command(args);
    if is_root(bench) {
        let program = bench.path("volcv");
        if !program.exists() {
            fs::copy(env!("CARGO_BIN_EXE_volcv"), &program).unwrap();
            set_mode(bench.dir.path(), 0o777);
        }
        let mut other = Command::new(&program);
        other.args(command.get_args()).current_dir(bench.dir.path()).uid(NOBODY).gid(NOBODY);
        other.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        other.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command = other;
    }
    command
}

#[test]
fn mode_owner_and_group_of_a_replaced_file_stay() {
    let bench = Bench::new(&[]);
    let out = bench.path("out.png");
    for transport in TRANSPORTS {
        for file_mode in [0o600, 0o644, 0o664, 0o444, 0o000, 0o755, 0o4711, 0o2755, 0o1666] {
            bench.write("out.png", b"what was there before");
            if is_root(&bench) {
                chown(&out, Some(NOBODY), Some(NOBODY - 1)).unwrap();
            }
            set_mode(&out, file_mode);
            let before = fs::metadata(&out).unwrap();
            bench.run(&format!("outpaint in.png -o out.png --left 1 --seed 1 --transport {transport}")).expect(0);
            let after = fs::metadata(&out).unwrap();
            assert_eq!(format!("{:o}", after.mode()), format!("{:o}", before.mode()));
            assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
            assert_ne!(after.ino(), before.ino(), "it is another file, which was whole before it got the name");
            set_mode(&out, 0o600);
            assert_eq!(bench.size("out.png"), (400, 150));
            fs::remove_file(&out).unwrap();
        }
    }
}

#[test]
fn another_hard_link_keeps_the_old_content() {
    let bench = Bench::new(&[]);
    bench.write("out.png", b"what was there before");
    fs::hard_link(bench.path("out.png"), bench.path("link.png")).unwrap();
    bench.run("outpaint in.png -o out.png --left 1").expect(0);
    assert_eq!(bench.size("out.png"), (400, 150));
    assert_eq!(fs::read(bench.path("link.png")).unwrap(), b"what was there before");
}

#[test]
fn a_file_in_a_folder_that_takes_no_other_is_written_in_place() {
    let bench = Bench::new(&[]);
    fs::create_dir(bench.path("closed")).unwrap();
    fs::create_dir(bench.path("tmp")).unwrap();
    set_mode(&bench.path("tmp"), 0o777);
    own(&bench, "closed/out.png", 0o600);
    own(&bench, "closed/locked.png", 0o444);
    set_mode(&bench.path("closed"), 0o555);
    std::os::unix::fs::symlink("closed/out.png", bench.path("link.png")).unwrap();
    let before = fs::metadata(bench.path("closed/out.png")).unwrap();
    for transport in TRANSPORTS {
        for (out, width) in [("closed/out.png", 400), ("link.png", 300)] {
            let ratio = f64::from(width) / 200.0 - 1.0;
            let args = format!("outpaint in.png -o {out} --left {ratio} --transport {transport}");
            let mut command = unprivileged(&bench, &args);
            command.env("TMPDIR", bench.path("tmp"));
            run(command, b"").expect(0);
            let after = fs::metadata(bench.path("closed/out.png")).unwrap();
            assert_eq!((after.ino(), after.mode(), after.uid()), (before.ino(), before.mode(), before.uid()));
            assert_eq!(bench.size("closed/out.png"), (width, 150));
            assert_eq!(fs::read_dir(bench.path("tmp")).unwrap().count(), 0, "no copy stays");
        }
    }
    let bought = bench.emulator.charges();
    for out in ["closed/new.png", "closed/locked.png", "closed/out.png --variants 2"] {
        let ran = run(unprivileged(&bench, &format!("outpaint in.png --left 1 -o {out}")), b"").expect(2);
        assert!(ran.stderr.starts_with("error: cannot write closed/"), "{ran:?}");
    }
    assert_eq!(bench.emulator.charges(), bought);
    assert_eq!(fs::read(bench.path("closed/locked.png")).unwrap(), b"what was there before");
    set_mode(&bench.path("closed"), 0o755);
}

#[test]
fn a_file_that_only_its_mode_protects_is_replaced() {
    let bench = Bench::new(&[]);
    own(&bench, "out.png", 0o400);
    run(unprivileged(&bench, "outpaint in.png -o out.png --left 1"), b"").expect(0);
    assert_eq!((mode(&bench.path("out.png")), bench.size("out.png")), (0o400, (400, 150)));
}

/// Only the superuser can make files of others; without it, the unit test of the decision has to do.
#[test]
fn a_file_of_others_in_a_sticky_folder_is_written_in_place_or_refused_before_it_is_paid_for() {
    let bench = Bench::new(&[]);
    fs::create_dir(bench.path("sticky")).unwrap();
    set_mode(&bench.path("sticky"), 0o1777);
    for (name, file_mode) in [("sticky/open.png", 0o666), ("sticky/locked.png", 0o644)] {
        bench.write(name, b"what was there before");
        set_mode(&bench.path(name), file_mode);
    }
    let before = fs::metadata(bench.path("sticky/open.png")).unwrap();
    run(unprivileged(&bench, "outpaint in.png -o sticky/open.png --left 1"), b"").expect(0);
    assert_eq!(bench.size("sticky/open.png"), (400, 150));
    if is_root(&bench) {
        assert_eq!(fs::metadata(bench.path("sticky/open.png")).unwrap().ino(), before.ino(), "written in place");
        let ran = run(unprivileged(&bench, "outpaint in.png -o sticky/locked.png --left 1"), b"").expect(2);
        assert!(ran.stderr.starts_with("error: cannot write sticky/locked.png: "), "{ran:?}");
        assert_eq!(bench.emulator.charges(), 1);
    }
}

/// The real thing behind `EBUSY`. It needs the right to mount, as root or in a user namespace: `cargo xtask ci` turns it on.
/// The unit tests with a failing rename always run.
#[cfg(all(target_os = "linux", feature = "mounts"))]
#[test]
fn a_mount_point_is_written_in_place_and_a_read_only_one_refused_before_it_is_paid_for() {
    for transport in TRANSPORTS {
        let bench = Bench::new(&[]);
        for name in ["source.png", "out.png", "locked.png"] {
            bench.write(name, b"what was there before");
            set_mode(&bench.path(name), 0o640);
        }
        let script = "mount --bind source.png out.png && mount --bind -r source.png locked.png && \
                      \"$0\" outpaint in.png -o locked.png --left 1 && exit 9; [ $? = 2 ] && exec \"$0\" \"$@\"";
        let inner = bench.command(&format!("outpaint in.png -o out.png --left 1 --transport {transport}"));
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", script]).arg(inner.get_program());
        command.args(inner.get_args()).current_dir(bench.dir.path());
        command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let ran = finish(command.spawn().unwrap()).expect(0);
        assert!(ran.stderr.starts_with("error: cannot write locked.png: "), "{ran:?}");
        assert_eq!((bench.size("source.png"), mode(&bench.path("source.png"))), ((400, 150), 0o640));
        assert_eq!(fs::read(bench.path("out.png")).unwrap(), b"what was there before", "outside of the mount");
        assert_eq!((bench.emulator.charges(), bench.files().len()), (1, 3));
    }
}
