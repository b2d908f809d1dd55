//! `--ability painting-edit`: outpainting on the successor, which exists only as a task with a canvas.

use serde_json::json;

use crate::support::{Bench, TRANSPORTS, mask};

#[test]
fn whole_operations_run_as_tasks_with_the_original_in_them() {
    for transport in TRANSPORTS {
        for (args, size, calls, is_exact) in [
            ("--to 300x150 --keep-original", (300, 150), 1, true),
            ("--left 0.5", (300, 150), 1, false),
            ("--aspect 2:1 --best-of 2 --keep-original", (300, 150), 2, true),
            ("--to 900x150 --max-passes 2", (900, 150), 2, true),
        ] {
            let bench = Bench::new(&[]);
            let args = format!("outpaint in.png -o out.png --ability painting-edit {args} --transport {transport}");
            let ran = bench.run(&args).expect(0);
            assert_eq!((bench.size("out.png"), ran.stdout.contains("exact")), (size, is_exact), "{ran:?}");
            assert_eq!((bench.emulator.submits(), bench.emulator.charges()), (calls, calls));
            let key = bench.emulator.requests()[0].json.as_ref().unwrap()["req_key"].clone();
            assert_eq!(key, "jimeng_img2img_seed3_painting_edit");
            assert!(!bench.files().iter().any(|name| name.contains("task")), "{:?}", bench.files());
        }
    }
}

#[test]
fn a_canvas_of_ones_own_is_a_single_task() {
    let bench = Bench::new(&[]);
    bench.write("mask.png", &mask(200, 150));
    bench.run("outpaint in.png -o out.png --mask mask.png --ability painting-edit --seed 3 --prompt sea").expect(0);
    let sent = bench.emulator.requests()[0].json.clone().unwrap();
    assert_eq!((&sent["seed"], &sent["prompt"]), (&json!(3), &json!("sea")));
    assert_eq!((bench.emulator.submits(), bench.files()), (1, vec!["mask.png".to_owned(), "out.png".to_owned()]));
}

#[test]
fn a_plan_and_a_dry_run_know_the_ability() {
    let bench = Bench::new(&[]);
    let args = "outpaint in.png -o out.png --to 300x150 --ability painting-edit --dry-run";
    let json = bench.run(args).expect(0).json();
    assert!(json["requests"][0]["url"].as_str().unwrap().contains("CVSync2AsyncSubmitTask"), "{json}");
    let json = bench.run("plan in.png --to 300x150 --ability painting-edit --json").expect(0).json();
    assert_eq!(json["ability"], "jimeng_img2img_seed3_painting_edit", "{json}");
    let text = bench.run("plan in.png --to 300x150 --ability painting-edit").expect(0).stdout;
    assert!(text.contains("task"), "{text}");
    assert_eq!(bench.emulator.connections(), 0);
}

#[test]
fn what_the_ability_does_not_have_is_refused() {
    let bench = Bench::new(&[]);
    bench.write("mask.png", &mask(200, 150));
    for args in [
        "--to 300x150 --ability painting-edit --scale 5",
        "--mask mask.png --ability painting-edit --steps 5",
        "--to 300x150 --ability painting-edit --submit-only",
        "--to 300x150 --as-task",
        "--left 1 --ability other",
    ] {
        let ran = bench.run(&format!("outpaint in.png -o out.png {args}")).expect(2);
        assert!(ran.stderr.starts_with("error: "), "{args}: {ran:?}");
    }
    assert_eq!(bench.emulator.connections(), 0);
}
