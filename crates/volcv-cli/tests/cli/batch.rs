//! `volcv batch`: what a run makes, prints and leaves behind.

use std::collections::BTreeSet;
use std::fs;
#[cfg(target_os = "linux")]
use std::process::Stdio;

use serde_json::{Value, json};
use volcv_emulator::{Emulator, TaskPace};

use crate::support::{Bench, TRANSPORTS, png, run, volcv};

impl Bench {
    /// As [`Bench::new`], with this many pictures in the folder `photos`.
    pub(crate) fn with_photos(photos: u32, faults: &[&str]) -> Self {
        let bench = Bench::new(faults);
        fs::create_dir(bench.path("photos")).unwrap();
        for number in 0..photos {
            bench.write(&format!("photos/{number}.png"), &png(60 + number, 40));
        }
        bench
    }

    /// The lines of a report.
    pub(crate) fn report(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The pictures in a folder, sorted.
    pub(crate) fn pictures(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).into_iter().flatten();
        let names: BTreeSet<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.into_iter().filter(|name| name.ends_with(".png") || name.ends_with(".jpg")).collect()
    }
}

/// A line of standard output without the blanks behind its name.
pub(crate) fn line<'a>(stdout: &'a str, name: &str) -> &'a str {
    let line = stdout.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no line {name}:\n{stdout}")).trim_start()
}

#[test]
fn a_folder_becomes_pictures_over_both_transports_and_both_ways() {
    for transport in TRANSPORTS {
        for is_direct in [false, true] {
            let bench = Bench::with_photos(5, &[]);
            let args = format!("batch photos -o out --equal 0.25 --transport {transport} --concurrency 3");
            let command = || if is_direct { bench.direct(&args) } else { bench.command(&args) };
            for again in [false, true] {
                let ran = run(command(), b"").expect(0);
                assert_eq!(line(&ran.stdout, "items"), "5: 5 done");
                assert_eq!(line(&ran.stdout, "calls"), "5 charged, 0 may have been charged");
                let charged = if again { 0 } else { 5 };
                assert_eq!(line(&ran.stdout, "this run"), format!("{charged} charged, 0 may have been charged"));
                assert_eq!((ran.stdout.lines().count(), ran.stderr.as_str()), (4, ""));
                assert_eq!(bench.pictures("out"), ["0.png", "1.png", "2.png", "3.png", "4.png"]);
                assert_eq!((bench.emulator.charges(), bench.emulator.complete_bodies()), (5, 5));
            }
            assert_eq!(bench.size("out/3.png"), (95, 60));
            let report = bench.report("out/report.jsonl");
            assert_eq!(report.len(), 5);
            assert!(report.iter().all(|line| line["state"] == "done" && line["charged"] == 1), "{report:?}");
        }
    }
}

#[test]
fn the_formats_are_those_of_the_flag_and_of_the_lines() {
    for transport in TRANSPORTS {
        let bench = Bench::with_photos(2, &[]);
        let args = format!("--transport {transport} --left 1");
        bench.run(&format!("batch photos -o out --format jpg {args}")).expect(0);
        assert_eq!(bench.pictures("out"), ["0.jpg", "1.jpg"]);
        bench.write("jobs.jsonl", br#"{"input":"photos/0.png","output":"a/b.bmp"}"#);
        bench.run(&format!("batch jobs.jsonl -o bmp {args}")).expect(0);
        assert_eq!((bench.size("bmp/a/b.bmp"), bench.size("out/1.jpg")), ((120, 40), (122, 40)));
    }
}

#[test]
fn the_lines_of_a_manifest_win_over_the_flags() {
    let bench = Bench::with_photos(3, &[]);
    let lines = [
        json!({"input": "photos/0.png", "id": "first", "to": "100x40", "prompt": "sea", "seed": 7}),
        json!({"input": "photos/1.png", "output": "second.png", "scale": 3.5}),
        json!({"input": "photos/2.png", "steps": 30, "strength": 0.5}),
    ];
    let manifest: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let flags = "--right 0.5 --prompt sky --prompt-field both --seed 9 --scale 2.5 --steps 20 --strength 0.25";
    let mut command = bench.command("batch - -o out --concurrency 1 --json --return-url --contact-sheet");
    command.args(flags.split(' '));
    let ran = run(command, manifest.as_bytes()).expect(0).json();
    assert_eq!((&ran["ok"], &ran["ended"], &ran["total"]), (&json!(true), &json!("all_done"), &json!(3)));
    assert_eq!((&ran["counts"]["done"], &ran["spending"]["charged"]), (&json!(3), &json!(3)));
    let ids: Vec<_> = bench.report("out/report.jsonl").iter().map(|line| line["id"].clone()).collect();
    assert_eq!(ids, ["first", "second.png", "photos/2.png"]);
    assert_eq!(bench.size("out/photos/0.png"), (100, 40));
    assert_eq!(bench.size("out/second.png"), (92, 40));
    let requests = bench.emulator.requests();
    let mut sent: Vec<Value> = requests.iter().filter_map(|request| request.json.clone()).collect();
    sent.sort_by_key(|body| body["scale"].to_string() + &body["steps"].to_string());
    let field = |name: &str| sent.iter().map(|body| body[name].clone()).collect::<Vec<_>>();
    assert_eq!(field("prompt"), ["sea", "sky", "sky"]);
    assert_eq!(field("custom_prompt"), ["sea", "sky", "sky"]);
    assert_eq!(
        (field("seed"), field("steps")),
        (vec![json!(7), json!(9), json!(9)], vec![json!(20), json!(30), json!(20)])
    );
    assert_eq!(field("scale"), [2.5, 2.5, 3.5]);
    assert_eq!(field("strength"), [0.25, 0.5, 0.25]);
    assert!(field("return_url").iter().all(|wanted| *wanted == json!(true)));
}

#[test]
fn tasks_and_several_passes_are_whole_operations() {
    for transport in TRANSPORTS {
        let builder = Emulator::builder().task_pace(TaskPace::polls(1, 1));
        let bench = Bench::with(builder);
        fs::create_dir(bench.path("photos")).unwrap();
        (0..3).for_each(|number| bench.write(&format!("photos/{number}.png"), &png(200, 150)));
        let args = format!("batch photos -o tasks --to 300x200 --ability painting-edit --transport {transport}");
        let ran = bench.run(&format!("{args} --poll-interval 0.01")).expect(0);
        assert_eq!(line(&ran.stdout, "calls"), "3 charged, 0 may have been charged");
        assert_eq!((bench.size("tasks/2.png"), bench.emulator.charges()), ((300, 200), 3));
        let args = format!("batch photos/[01].png -o passes --to 900x150 --max-passes 2 --transport {transport}");
        let ran = bench.run(&args).expect(0);
        assert_eq!(line(&ran.stdout, "calls"), "4 charged, 0 may have been charged");
        assert_eq!(
            (bench.pictures("passes"), bench.size("passes/0.png")),
            (vec!["0.png".to_owned(), "1.png".to_owned()], (900, 150))
        );
    }
}

#[test]
fn a_dry_run_counts_and_leaves_nothing() {
    let bench = Bench::with_photos(2, &[]);
    bench.write("photos/none.png", b"no picture");
    bench.write("photos/notes.txt", b"");
    let dry = |args: &str| run(volcv(bench.dir.path(), &format!("batch {args} -o out --dry-run")), b"");
    let ran = dry("photos --to 400x40 --max-passes 3").expect(0);
    assert_eq!(line(&ran.stdout, "items"), "3, of them 1 that cannot be carried out");
    assert_eq!(line(&ran.stdout, "calls"), "4, each of which is paid for");
    assert_eq!(line(&ran.stdout, "left out"), "1 files that are no pictures");
    assert!(ran.stderr.starts_with("warning: none.png: ") && ran.stderr.lines().count() == 1, "{ran:?}");
    let ran = dry("photos --to 400x40 --max-passes 3 --json").expect(0);
    let json = ran.json();
    assert_eq!((&json["items"], &json["calls"], &json["failing"]), (&json!(3), &json!(4), &json!(1)));
    bench.write("jobs.jsonl", br#"{"input":"https://example.com/a.png","left":1,"max_passes":2}"#);
    assert_eq!(line(&dry("jobs.jsonl").expect(0).stdout, "calls"), "1 to 2, each of which is paid for");
    let ran = dry("jobs.jsonl --shard 0/1").expect(0);
    assert_eq!(line(&ran.stdout, "items"), "1, of them 1 links, whose sizes are not known");
    assert_eq!(bench.emulator.connections(), 0);
    assert_eq!(bench.files(), ["jobs.jsonl", "photos"]);
    fs::remove_file(bench.path("photos/none.png")).unwrap();
    bench.run("batch photos -o out --left 1").expect(0);
    let ran = dry("photos --left 1").expect(0);
    assert_eq!(line(&ran.stdout, "items"), "2, of them 2 that have ended already");
    assert_eq!(line(&ran.stdout, "calls"), "0, each of which is paid for");
}

#[test]
fn an_emulator_comes_with_the_run() {
    let bench = Bench::with_photos(2, &[]);
    for (args, transport) in [("--emulator", "ureq"), ("--emulator --direct", "reqwest")] {
        let out = format!("out-{transport}");
        let args = format!("batch photos -o {out} --left 0.5 --transport {transport} {args}");
        let ran = run(volcv(bench.dir.path(), &args), b"").expect(0);
        assert!(ran.stderr.contains("not made by a model") && ran.stderr.lines().count() == 1, "{ran:?}");
        assert_eq!(bench.pictures(&out).len(), 2);
    }
    assert_eq!(bench.emulator.connections(), 0);
}

#[test]
fn a_log_gets_no_bars_and_json_gets_one_line() {
    let bench = Bench::with_photos(3, &[]);
    for (out, args) in [("a", ""), ("b", "--quiet"), ("c", "--json"), ("d", "--json --quiet")] {
        let ran = bench.run(&format!("batch photos -o {out} --left 1 {args}")).expect(0);
        assert_eq!(ran.stderr, "", "{args}");
        assert_eq!(ran.stdout.lines().count(), if args.contains("json") { 1 } else { 4 }, "{ran:?}");
        assert!(!ran.stdout.contains('\u{1b}'));
    }
}

/// `script` gives it a terminal.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_gets_bars_with_what_each_worker_does_and_what_all_have_cost() {
    let bench = Bench::with_photos(3, &["ok", "delay=500"]);
    let command = bench.command("batch photos -o out --left 1");
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).collect();
    let words: Vec<_> = words.into_iter().map(|word| word.to_str().unwrap()).collect();
    let mut script = std::process::Command::new("script");
    script.args(["-qec", &format!("stty cols 150 rows 30; {}", words.join(" ")), "typescript"]);
    script.current_dir(bench.dir.path()).env("TERM", "xterm");
    script.env("VOLCV_API_KEY", crate::support::KEY).env("VOLCV_BASE_URL", bench.emulator.base_url());
    script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ran = run(script, b"").expect(0);
    for words in ["0.png", "calling", "of 3 done", "charged"] {
        assert!(ran.stdout.contains(words), "{words} is not shown: {ran:?}");
    }
    assert!(ran.stdout.contains("\u{1b}["), "{ran:?}");
    // What stands behind the last bar is the closing text.
    let last = ran.stdout.rsplit("\u{1b}[2K").next().unwrap().replace('\r', "");
    assert!(last.starts_with("items     3: 3 done\n"), "{last:?}");
}

#[test]
fn the_report_and_the_sheets_go_where_they_shall() {
    let bench = Bench::with_photos(3, &[]);
    let ran = bench.run("batch photos -o out --left 1 --report all.jsonl --contact-sheet").expect(0);
    assert_eq!(line(&ran.stdout, "report"), "all.jsonl");
    assert_eq!(bench.report("all.jsonl").len(), 3);
    assert!(!bench.path("out/report.jsonl").exists());
    let sheet = line(&ran.stdout, "sheet");
    assert!(sheet.ends_with("index.html with 1 page") && bench.path("out/sheet/index.html").exists(), "{sheet}");
    let page = fs::read_to_string(bench.path("out/sheet/page-001.html")).unwrap();
    assert!(page.contains("2.png"), "{page}");
    // What cannot be written at the end is said beside what was made.
    bench.write("out/sheet/index.html", b"mine");
    let ran = bench.run("batch photos -o out --left 1 --contact-sheet").expect(2);
    assert_eq!(line(&ran.stdout, "items"), "3: 3 done");
    assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains("index.html"), "{ran:?}");
    let json = bench.run("batch photos -o out --left 1 --contact-sheet --json").expect(2).json();
    assert_eq!((&json["ok"], json["warnings"].as_array().unwrap().len()), (&json!(false), 1));
    // Nothing is bought for a report that cannot be written.
    let charges = bench.emulator.charges();
    bench.run("batch photos -o other --left 1 --report photos").expect(2);
    bench.run("batch photos -o in.png --left 1").expect(2);
    assert_eq!(bench.emulator.charges(), charges);
}

#[test]
fn parts_have_ledgers_of_their_own_and_make_the_whole() {
    let bench = Bench::with_photos(6, &[]);
    for index in 0..3 {
        let ran = bench.run(&format!("batch photos -o out --left 1 --shard {index}/3 --contact-sheet")).expect(0);
        assert!(line(&ran.stdout, "report").ends_with(&format!("report-{index}-of-3.jsonl")), "{ran:?}");
    }
    assert_eq!((bench.pictures("out").len(), bench.emulator.charges()), (6, 6));
    let status = bench.run("batch status out --json").expect(0).json();
    assert_eq!((&status["total"], &status["counts"]["done"]), (&json!(6), &json!(6)));
    assert_eq!(status["ledgers"].as_array().unwrap().len(), 3);
    assert_eq!(bench.run("batch export out").expect(0).stdout.lines().count(), 6);
    let one = bench.run("batch status out --shard 1/3 --json").expect(0).json();
    assert_eq!(one["ledgers"].as_array().unwrap().len(), 1);
    // Another ledger would buy all of it again.
    for args in ["", "--shard 0/2", "--ledger other.sqlite"] {
        let ran = bench.run(&format!("batch photos -o out --left 1 {args}")).expect(2);
        assert!(ran.stderr.contains("bought again") && ran.stderr.contains(".volcv-0-of-3.sqlite"), "{ran:?}");
    }
    assert_eq!(bench.emulator.charges(), 6);
}
