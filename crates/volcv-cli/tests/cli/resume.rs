//! A command that waits for a task and is killed, interrupted or out of time: another process gets the picture, and nothing is
//! handed in twice.
#![cfg(unix)]

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use volcv_emulator::{Emulator, TaskPace};

use crate::support::{Bench, TRANSPORTS, finish, run, signal, until};

fn bench() -> Bench {
    Bench::with(Emulator::builder().task_pace(TaskPace::polls(0, u64::MAX)))
}

/// The task of the file is done, and its picture is fetched; judged by the emulator's counts.
fn resumes(bench: &Bench, args: &str, size: (u32, u32)) {
    bench.emulator.set_task_pace(TaskPace::default());
    bench.run(args).expect(0);
    assert_eq!(bench.size("out.png"), size);
    assert_eq!((bench.emulator.submits(), bench.emulator.charges()), (1, 1));
    assert!(!bench.files().contains(&"out.png.task.json".to_owned()), "it is not needed any more");
}

#[test]
fn another_process_goes_on_after_a_kill() {
    for transport in TRANSPORTS {
        for (args, size) in [
            ("outpaint in.png -o out.png --left 1 --as-task", (400, 150)),
            ("outpaint in.png -o out.png --to 300x150 --ability painting-edit", (300, 150)),
        ] {
            let bench = bench();
            let mut child =
                bench.command(&format!("{args} --poll-interval 0.05 --transport {transport}")).spawn().unwrap();
            until("two questions", || bench.emulator.requests().len() > 2);
            child.kill().unwrap();
            child.wait().unwrap();
            assert_eq!(bench.files(), ["out.png.task.json"]);
            bench.run(&format!("{args} --dry-run")).expect(0);
            // The same command does not buy a second picture.
            let ran = bench.run(args).expect(2);
            assert!(ran.stderr.contains("volcv task wait out.png.task.json -o out.png"), "{ran:?}");
            resumes(&bench, &format!("task wait out.png.task.json -o out.png --transport {transport}"), size);
        }
    }
}

#[test]
fn a_killed_wait_can_be_repeated() {
    for transport in TRANSPORTS {
        let bench = bench();
        bench.run("outpaint in.png -o task.json --left 1 --submit-only").expect(0);
        let wait = format!("task wait task.json -o out.png --poll-interval 0.05 --transport {transport}");
        let mut child = bench.command(&wait).spawn().unwrap();
        until("two questions", || bench.emulator.requests().len() > 2);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(bench.files(), ["task.json"]);
        resumes(&bench, &wait, (400, 150));
    }
}

#[test]
fn a_signal_during_the_wait_keeps_the_task_and_says_how_to_go_on() {
    for transport in TRANSPORTS {
        for (name, args) in [
            ("-INT", "outpaint in.png -o out.png --left 1 --as-task"),
            ("-TERM", "outpaint in.png -o out.png --to 400x150 --keep-original --ability painting-edit"),
        ] {
            let bench = bench();
            let child = bench.command(&format!("{args} --json --transport {transport}")).spawn().unwrap();
            until("a question", || {
                bench.emulator.requests().iter().any(|request| request.action.ends_with("GetResult"))
            });
            signal(&child, name);
            let ran = finish(child).expect(130);
            let error = ran.json()["error"].take();
            assert_eq!((&error["kind"], &error["charge"]), (&json!("cancelled"), &json!("unknown")), "{ran:?}");
            let stored: Value = serde_json::from_slice(&fs::read(bench.path("out.png.task.json")).unwrap()).unwrap();
            assert_eq!(error["task"], stored);
            assert!(ran.stderr.contains("the task goes on; `volcv task wait out.png.task.json"), "{ran:?}");
            resumes(&bench, "task wait out.png.task.json -o out.png", (400, 150));
        }
    }
}

#[test]
fn a_deadline_ends_the_wait_and_not_the_task() {
    for transport in TRANSPORTS {
        let bench = bench();
        let args = "outpaint in.png -o out.png --left 1 --as-task --poll-interval 0.05 --timeout 3";
        let ran = bench.run(&format!("{args} --transport {transport}")).expect(9);
        assert!(ran.stderr.contains("the task goes on; `volcv task wait out.png.task.json"), "{ran:?}");
        resumes(&bench, "task get out.png.task.json -o out.png", (400, 150));
    }
}

#[test]
fn the_file_of_a_task_is_gone_once_its_picture_is_there_or_cannot_come() {
    let pace = TaskPace::polls(1, 1).lasting(Duration::from_millis(20));
    let bench = Bench::with(Emulator::builder().task_pace(pace));
    let args = "outpaint in.png -o out.png --left 1 --as-task --poll-interval 0.05";
    for (fault, code, files) in [("ok", 0, &["out.png"][..]), ("action=result,code=50511", 4, &["out.png"])] {
        bench.emulator.push(fault.parse().unwrap());
        bench.run(args).expect(code);
        assert_eq!(bench.files(), files, "{fault}");
    }
}

#[test]
fn a_task_without_a_file_is_shown() {
    let bench = bench();
    let child = bench.command("outpaint in.png -o - --left 1 --as-task").spawn().unwrap();
    until("a question", || bench.emulator.requests().iter().any(|request| request.action.ends_with("GetResult")));
    signal(&child, "-INT");
    let ran = finish(child).expect(130);
    let line = ran.stderr.lines().find_map(|line| line.strip_prefix("note: the task is handed in: ")).unwrap();
    assert!(ran.stdout.is_empty() && bench.files().is_empty(), "{ran:?}");
    bench.emulator.set_task_pace(TaskPace::default());
    run(bench.command("task wait - -o out.png"), line.as_bytes()).expect(0);
    assert_eq!((bench.size("out.png"), bench.emulator.submits()), ((400, 150), 1));
}

#[test]
fn a_task_whose_picture_cannot_be_fetched_is_kept() {
    let bench = Bench::new(&["action=file,status=404"]);
    let args = "outpaint in.png -o out.png --left 1 --as-task --return-url --max-attempts 1 --poll-interval 0.05";
    let ran = bench.run(args);
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("the task is kept; `volcv task wait out.png.task.json"), "{ran:?}");
    resumes(&bench, "task wait out.png.task.json -o out.png", (400, 150));
}

#[test]
fn the_tasks_of_several_seeds_are_kept_under_names_of_their_own() {
    let bench = bench();
    let args = "outpaint in.png -o out.png --left 1 --seed 1 --variants 2 --as-task";
    let child = bench.command(args).spawn().unwrap();
    until("two tasks", || bench.files() == ["out.png.task.json", "out.png.task.json-2"]);
    signal(&child, "-INT");
    let ran = finish(child).expect(130);
    for file in bench.files() {
        assert!(ran.stderr.contains(&format!("`volcv task wait {file} -o OUT`")), "{ran:?}");
    }
    bench.run(args).expect(2);
    bench.emulator.set_task_pace(TaskPace::default());
    bench.run("task wait out.png.task.json -o one.png").expect(0);
    bench.run("task wait out.png.task.json-2 -o two.png").expect(0);
    assert_ne!(fs::read(bench.path("one.png")).unwrap(), fs::read(bench.path("two.png")).unwrap());
    assert_eq!(bench.emulator.submits(), 2);
}
