//! `volcv task`: a task is one line that any process can go on with.

use std::fs;

use serde_json::json;
use volcv_emulator::{Emulator, TaskPace};

use crate::support::{Bench, TRANSPORTS, answer, finish, mask, run, until, volcv_at};

const BODY: &[u8] = br#"{"req_key":"i2i_outpainting","left":1,"right":0,"top":0,"bottom":0}"#;

fn bench(pace: TaskPace) -> Bench {
    let bench = Bench::with(Emulator::builder().task_pace(pace));
    bench.write("body.json", BODY);
    bench.write("mask.png", &mask(200, 150));
    bench
}

/// A pace that never ends by itself.
fn never() -> TaskPace {
    TaskPace::polls(0, u64::MAX)
}

#[test]
fn a_task_goes_through_a_file_a_pipe_or_an_argument() {
    for transport in TRANSPORTS {
        let bench = bench(TaskPace::default());
        let submit = format!("task submit --body body.json --image in.png --transport {transport}");
        let printed = bench.run(&submit).expect(0).stdout;
        assert!(printed.starts_with("{\"task_id\":\"") && printed.ends_with("\"}\n"), "{printed}");
        let stored = bench.run(&format!("{submit} -o task.json")).expect(0).stdout;
        let line = fs::read_to_string(bench.path("task.json")).unwrap();
        let json: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(stored, format!("task.json task {}\n", json["task_id"].as_str().unwrap()));
        assert_eq!((&json["req_key"], &json["actions"]), (&json!("i2i_outpainting"), &json!("sync2async")));
        let wait = format!("--transport {transport} -o out.png");
        bench.run(&format!("task wait task.json {wait}")).expect(0);
        run(bench.command(&format!("task wait - {wait}")), printed.as_bytes()).expect(0);
        let mut command = bench.command(&format!("task get {wait}"));
        command.arg(printed.trim());
        run(command, b"").expect(0);
        let id = json["task_id"].as_str().unwrap();
        let ran = bench.run(&format!("task get --id {id} --req-key i2i_outpainting --wait {wait}")).expect(0);
        assert_eq!((ran.stdout.as_str(), bench.size("out.png")), ("out.png 400x150 png\n", (400, 150)));
        assert_eq!((bench.emulator.submits(), bench.emulator.charges()), (2, 2));
    }
}

#[test]
fn every_ability_can_be_handed_in_without_a_wait() {
    for transport in TRANSPORTS {
        let bench = bench(TaskPace::default());
        for (args, size) in [
            ("outpaint in.png --left 1 --seed 3", (400, 150)),
            ("outpaint in.png --mask mask.png --ability painting-edit", (200, 150)),
            ("inpaint in.png --mask mask.png --prompt sea", (200, 150)),
            ("erase in.png --mask mask.png --return-url", (200, 150)),
        ] {
            let ran = bench.run(&format!("{args} -o task.json --submit-only --transport {transport}")).expect(0);
            assert!(ran.stdout.starts_with("task.json task "), "{ran:?}");
            bench.run(&format!("task wait task.json -o out.png --transport {transport}")).expect(0);
            assert_eq!(bench.size("out.png"), size, "{args}");
            fs::remove_file(bench.path("task.json")).unwrap();
        }
        let json = bench.run("erase in.png --mask mask.png -o - --submit-only --json").expect(0).json();
        assert_eq!((&json["ok"], &json["task"]["req_key"]), (&json!(true), &json!("i2i_inpainting")));
        assert_eq!(bench.emulator.submits(), 5);
    }
}

#[test]
fn the_older_pair_of_actions_is_kept_in_the_task() {
    let bench = bench(TaskPace::default());
    bench.run("task submit --body body.json --image in.png --actions plain -o task.json").expect(0);
    let line = fs::read_to_string(bench.path("task.json")).unwrap();
    assert!(line.contains(r#""actions":"plain""#), "{line}");
    bench.run("task wait task.json -o out.png").expect(0);
    let actions: Vec<String> = bench.emulator.requests().into_iter().map(|request| request.action).collect();
    assert_eq!(actions, ["CVSubmitTask", "CVGetResult"]);
    let id = serde_json::from_str::<serde_json::Value>(&line).unwrap()["task_id"].as_str().unwrap().to_owned();
    let by_id = format!("task get --id {id} --req-key i2i_outpainting");
    bench.run(&by_id).expect(5);
    bench.run(&format!("{by_id} --actions plain")).expect(0);
}

#[test]
fn a_task_that_has_not_ended_has_an_exit_code_of_its_own() {
    for transport in TRANSPORTS {
        let bench = bench(TaskPace::polls(1, u64::MAX));
        bench.run("task submit --body body.json --image in.png -o task.json").expect(0);
        let ran = bench.run(&format!("task get task.json --transport {transport}")).expect(9);
        assert_eq!(ran.stdout, "in_queue\n");
        assert!(ran.stderr.starts_with("error: the task has not ended yet: in_queue"), "{ran:?}");
        let json = bench.run(&format!("task get task.json -o out.png --json --transport {transport}")).expect(9).json();
        assert_eq!((&json["ok"], &json["status"]), (&json!(false), &json!("generating")));
        let error = &json["error"];
        assert_eq!((&error["charge"], &error["retryable"]), (&json!("unknown"), &json!(true)), "{json}");
        assert_eq!(error["task"]["req_key"], "i2i_outpainting");
        let args = "task wait task.json -o out.png --timeout 0.3 --poll-interval 0.05 --json";
        let json = bench.run(&format!("{args} --transport {transport}")).expect(9).json();
        assert_eq!(json["error"]["task"]["req_key"], "i2i_outpainting");
        assert_eq!(bench.files(), ["body.json", "mask.png", "task.json"]);
        assert_eq!((bench.emulator.submits(), bench.emulator.charges()), (1, 1));
    }
}

#[test]
fn a_task_that_is_lost_or_has_failed_is_told_apart() {
    for transport in TRANSPORTS {
        let bench = bench(TaskPace::default());
        bench.run("task submit --body body.json --image in.png -o task.json").expect(0);
        bench.emulator.expire_tasks();
        for (args, status, text) in [
            ("task.json", "expired", "the result of the task has been deleted"),
            ("--id 42 --req-key i2i_outpainting", "not_found", "the service does not know the task"),
        ] {
            let ran = bench.run(&format!("task get {args} --transport {transport}")).expect(5);
            assert_eq!(ran.stdout, format!("{status}\n"));
            assert!(ran.stderr.contains(text), "{ran:?}");
            let wait = format!("task wait {args} -o out.png --max-attempts 1 --json --transport {transport}");
            let json = bench.run(&wait).expect(5).json();
            assert!(json["error"]["message"].as_str().unwrap().contains(text), "{json}");
        }
        let submit = format!("task submit --body body.json --image in.png --transport {transport}");
        bench.emulator.push("action=result,code=50511".parse().unwrap());
        let line = bench.run(&submit).expect(0).stdout;
        let ran = run(bench.command("task wait - -o out.png"), line.as_bytes()).expect(4);
        assert!(ran.stderr.starts_with("error: the review refused"), "{ran:?}");
        assert_eq!(bench.files(), ["body.json", "mask.png", "task.json"]);
    }
}

#[test]
fn a_result_that_is_no_picture_is_the_reply_as_json() {
    for transport in TRANSPORTS {
        let dir = tempfile::tempdir().unwrap();
        let reply = json!({"code": 10000, "data": {"status": "done", "video_url": "https://example.com/v.mp4"}});
        let (base_url, _bodies) = answer(2, &reply);
        let task = "--id 42 --req-key jimeng_vgfm_t2v_l20";
        let ran =
            run(volcv_at(&base_url, dir.path(), &format!("task wait {task} -o v.json --transport {transport}")), b"");
        assert_eq!(ran.expect(0).stdout, "v.json\n");
        let written: serde_json::Value = serde_json::from_slice(&fs::read(dir.path().join("v.json")).unwrap()).unwrap();
        assert_eq!(written, reply);
        let ran = run(volcv_at(&base_url, dir.path(), &format!("task get {task} --transport {transport}")), b"");
        assert_eq!(ran.expect(0).stdout, "done\n");
    }
}

#[test]
fn a_task_can_be_given_up() {
    for transport in TRANSPORTS {
        let bench = bench(never());
        bench.run("task submit --body body.json --image in.png -o task.json").expect(0);
        let ran = bench.run(&format!("task cancel task.json --transport {transport}")).expect(0);
        assert_eq!(ran.stdout, "cancelled\n");
        bench.run("task get task.json").expect(5);
        let json = bench.run(&format!("task cancel task.json --json --transport {transport}")).expect(2).json();
        assert_eq!((&json["ok"], &json["error"]["charge"]), (&json!(false), &json!("none")), "{json}");
        assert_eq!(bench.emulator.charges(), 1);
    }
}

#[test]
fn a_file_that_may_hold_a_task_is_never_overwritten() {
    let bench = bench(TaskPace::default());
    bench.write("task.json", b"{}");
    for args in [
        "task submit --body body.json --image in.png -o task.json",
        "outpaint in.png --left 1 -o task.json --submit-only",
        "task submit --body body.json --image in.png -o nowhere/task.json",
    ] {
        let ran = bench.run(args).expect(2);
        assert!(ran.stderr.starts_with("error: cannot write "), "{ran:?}");
    }
    assert_eq!(fs::read(bench.path("task.json")).unwrap(), b"{}");
    assert_eq!(bench.emulator.connections(), 0);
}

#[test]
fn a_task_that_cannot_be_stored_is_shown() {
    for (args, code) in [("-o gone/task.json --submit-only", 2), ("-o gone/out.png --as-task", 2)] {
        let bench = bench(TaskPace::default());
        bench.emulator.push("delay=400".parse().unwrap());
        fs::create_dir(bench.path("gone")).unwrap();
        let child = bench.command(&format!("outpaint in.png --left 1 {args}")).spawn().unwrap();
        until("the submission", || bench.emulator.complete_bodies() == 1);
        fs::remove_dir(bench.path("gone")).unwrap();
        let ran = finish(child).expect(code);
        let line = ran.stderr.split_once('{').unwrap().1.split_once('}').unwrap().0;
        run(bench.command("task wait - -o out.png"), format!("{{{line}}}").as_bytes()).expect(0);
        assert_eq!((bench.size("out.png"), bench.emulator.submits()), ((400, 150), 1), "{ran:?}");
    }
}

#[test]
fn wrong_arguments_are_usage_errors() {
    let bench = bench(TaskPace::default());
    bench.write("text.txt", b"not a task");
    bench.write("other.json", b"{\"task_id\":\"1\"}");
    for args in [
        "task",
        "task submit",
        "task submit --body nothing.json",
        "task submit --body text.txt",
        "task submit --body other.json",
        "task submit --body - --image -",
        "task submit --body body.json --image in.png --image https://example.com/a.png",
        "task submit --body body.json --actions other",
        "task get",
        "task get text.txt",
        "task get other.json",
        "task get nothing.json",
        "task get body.json --id 1 --req-key a",
        "task get --id 1",
        "task get --req-key a",
        "task get --id a\u{e4} --req-key a",
        "task get other.json --actions plain",
        "task get other.json --return-url",
        "task get other.json --wait",
        "task wait other.json",
        "task cancel",
        "task give-up other.json",
        "task get --id 1 --req-key a --poll-interval 0",
    ] {
        let ran = bench.run(args).expect(2);
        assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{args}: {ran:?}");
    }
    let json = bench.run("task wait --id 1 --req-key a -o - --json").expect(2).json();
    assert_eq!(json["error"]["kind"], "invalid_input");
    assert_eq!(bench.emulator.connections(), 0);
}
