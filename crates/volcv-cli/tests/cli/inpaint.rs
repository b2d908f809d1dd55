//! `volcv inpaint` and `volcv erase`.

use serde_json::json;

use crate::support::{Bench, TRANSPORTS, mask, run};

fn bench() -> Bench {
    let bench = Bench::new(&[]);
    bench.write("mask.png", &mask(200, 150));
    bench
}

#[test]
fn every_field_goes_out_under_its_name() {
    let bench = bench();
    for transport in TRANSPORTS {
        let args = "inpaint in.png --mask mask.png -o out.png --prompt sea --scale 6.5 --steps 12 --seed 7";
        bench.run(&format!("{args} --transport {transport}")).expect(0);
        let sent = bench.emulator.requests().pop().unwrap().json.unwrap();
        assert_eq!(
            (&sent["req_key"], &sent["custom_prompt"], &sent["scale"], &sent["steps"], &sent["seed"]),
            (&json!("i2i_inpainting_edit"), &json!("sea"), &json!(6.5), &json!(12), &json!(7))
        );
        let args =
            "erase in.png --mask mask.png -o out.png --dilate 8 --quality H --scale 6.5 --steps 12 --strength 0.5";
        bench.run(&format!("{args} --seed 7 --transport {transport}")).expect(0);
        let sent = bench.emulator.requests().pop().unwrap().json.unwrap();
        assert_eq!(
            (&sent["req_key"], &sent["dilate_size"], &sent["quality"], &sent["strength"], &sent["seed"]),
            (&json!("i2i_inpainting"), &json!(8), &json!("H"), &json!(0.5), &json!(7))
        );
        assert_eq!(sent["binary_data_base64"].as_array().unwrap().len(), 2);
        assert_eq!(bench.size("out.png"), (200, 150));
    }
}

#[test]
fn each_seed_makes_a_picture_as_a_call_and_as_a_task() {
    for transport in TRANSPORTS {
        for (how, charges) in [("", 3), ("--as-task", 3), ("--return-url", 3), ("--as-task --return-url", 3)] {
            let bench = bench();
            let args = format!("erase in.png --mask mask.png -o out.png --seed 5 --variants 3 {how} --json");
            let json = bench.run(&format!("{args} --transport {transport}")).expect(0).json();
            let seeds: Vec<_> = json["outputs"].as_array().unwrap().iter().map(|output| &output["seed"]).collect();
            assert_eq!(seeds, [5, 6, 7], "{json}");
            assert_eq!(bench.files(), ["mask.png", "out-1.png", "out-2.png", "out-3.png"]);
            assert_eq!(bench.emulator.charges(), charges, "{how}");
            assert_eq!(bench.emulator.submits(), if how.contains("task") { 3 } else { 0 });
        }
    }
}

#[test]
fn a_dry_run_shows_the_call_or_the_submission() {
    let bench = bench();
    for command in ["inpaint", "erase"] {
        let args = format!("{command} in.png --mask mask.png -o out.png --dry-run");
        let call = bench.run(&args).expect(0).json();
        assert!(call["url"].as_str().unwrap().contains("Action=CVProcess&"), "{call}");
        let task = bench.run(&format!("{args} --as-task --return-url")).expect(0).json();
        assert!(task["url"].as_str().unwrap().contains("Action=CVSync2AsyncSubmitTask&"), "{task}");
        assert_eq!(task["body"].get("return_url"), None);
        let many = bench.run(&format!("{args} --variants 2 --seed 3")).expect(0).json();
        assert_eq!(many["requests"][1]["body"]["seed"], 4);
    }
    assert_eq!(bench.emulator.connections(), 0);
}

#[test]
fn picture_and_mask_may_be_links_or_one_of_them_standard_input() {
    let bench = bench();
    let ran = run(bench.command("erase in.png --mask - -o out.png"), &mask(200, 150)).expect(0);
    assert!(ran.stdout.starts_with("out.png 200x150 png"), "{ran:?}");
    let args = "erase https://example.com/a.png --mask https://example.com/m.png -o out.png --dry-run";
    let json = bench.run(args).expect(0).json();
    assert_eq!(json["body"]["image_urls"], json!(["https://example.com/a.png", "https://example.com/m.png"]));
    let warned = bench.run("inpaint in.png --mask mask.png -o out.png").expect(0);
    assert!(warned.stderr.contains("warning: prompt is not given"), "{warned:?}");
    bench.run("inpaint in.png --mask mask.png -o out.png --strict").expect(2);
}

#[test]
fn wrong_arguments_are_usage_errors() {
    let bench = bench();
    for args in [
        "inpaint in.png -o out.png",
        "inpaint in.png --mask mask.png",
        "inpaint in.png --mask nothing.png -o out.png",
        "inpaint in.png --mask mask.png -o out.png --strength 0.5",
        "inpaint in.png --mask mask.png -o out.png --scale NaN",
        "inpaint in.png --mask mask.png -o out.png --seed -2",
        "inpaint - --mask - -o out.png",
        "inpaint https://example.com/a.png --mask mask.png -o out.png",
        "erase in.png --mask mask.png -o out.png --dilate 4097",
        "erase in.png --mask mask.png -o out.png --quality h",
        "erase in.png --mask mask.png -o out.png --steps 0",
        "erase in.png --mask mask.png -o out.png --prompt sea",
        "erase in.png --mask mask.png -o out.png --seed 1 --seed 1",
        "erase in.png --mask mask.png -o out.png --as-task --submit-only",
        "erase in.png --mask mask.png -o task.json --submit-only --variants 2",
        "erase in.png --mask mask.png -o mask.png --submit-only",
    ] {
        let ran = bench.run(args).expect(2);
        assert!(ran.stdout.is_empty() && ran.stderr.contains("error: "), "{args}: {ran:?}");
        let json = bench.run(&format!("{args} --json")).expect(2).json();
        assert!(matches!(json["error"]["kind"].as_str(), Some("invalid_input" | "config")), "{args}: {json}");
    }
    assert_eq!(bench.emulator.connections(), 0);
}
