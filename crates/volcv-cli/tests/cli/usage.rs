//! Arguments that make no sense, and help.

use crate::support::{Bench, KEY, run, volcv};

#[test]
fn wrong_arguments_are_usage_errors_in_text_and_json() {
    let bench = Bench::new(&[]);
    bench.write("mask.png", &crate::support::mask(200, 150));
    bench.write("text.txt", b"not a picture");
    for args in [
        "",
        "in.png",
        "in.png --left 1",
        "-o out.png --left 1",
        "in.png -o out.png",
        "in.png -o out.png --left 1 --equal 1",
        "in.png -o out.png --top 1 --aspect 16:9",
        "in.png -o out.png --bottom 1 --mask mask.png",
        "in.png -o out.png --equal 1 --aspect 16:9",
        "in.png -o out.png --equal 1 --mask mask.png",
        "in.png -o out.png --aspect 16:9 --mask mask.png",
        "in.png -o out.png --aspect 16x9",
        "in.png -o out.png --aspect 0:9",
        "in.png -o out.png --aspect 4:3",
        "in.png -o out.png --left x",
        "in.png -o out.png --left -0.5",
        "in.png -o out.png --left 1.5",
        "in.png -o out.png --left NaN",
        "in.png -o out.png --left 0",
        "in.png -o out.png --left 1 --seed 1.5",
        "in.png -o out.png --left 1 --seed -2",
        "in.png -o out.png --left 1 --seed 4294967290 --variants 10",
        "in.png -o out.png --left 1 --seed 9223372036854775807 --variants 3",
        "in.png -o out.png --left 1 --seed 1 --seed 2 --variants 3",
        "in.png -o out.png --left 1 --variants 0",
        "in.png -o out.png --left 1 --steps 0",
        "in.png -o out.png --left 1 --max-width 0",
        "in.png -o out.png --left 1 --scale 21",
        "in.png -o out.png --left 1 --strength 0",
        "in.png -o out.png --left 1 --timeout 0",
        "in.png -o out.png --left 1 --timeout -1",
        "in.png -o out.png --left 1 --timeout inf",
        "in.png -o out.png --left 1 --max-attempts 0",
        "in.png -o out.png --left 1 --charge-limit 0",
        "in.png -o out.png --left 1 --transport curl",
        "in.png -o out.png --left 1 --prompt-field text",
        "in.png -o out.png --left 1 --emulator --base-url http://127.0.0.1:1",
        "in.png -o out.png --left 1 --emulator --proxy http://127.0.0.1:1",
        "in.png -o out.png --left 1 --emulator --proxy-from-env",
        "in.png -o out.png --left 1 --emulator --ca-file in.png",
        "in.png -o out.png --left 1 --proxy http://127.0.0.1:1 --proxy-from-env",
        "in.png -o out.png --left 1 --proxy https://127.0.0.1:1",
        "in.png -o out.png --left 1 --ca-file nothing.pem",
        "in.png -o out.png --left 1 --ca-file text.txt",
        "in.png -o out.png --left 1 --base-url http://gw.example",
        "in.png -o out.png --left 1 --base-url nonsense",
        "in.png -o out.png --left 1 --what",
        "nothing.png -o out.png --left 1",
        ". -o out.png --left 1",
        "text.txt -o out.png --left 1",
        "- -o out.png --left 1",
        "- -o out.png --mask -",
        "in.png -o out.png --mask text.txt",
        "in.png -o out.png --mask nothing.png",
    ] {
        let ran = bench.run(&format!("outpaint {args} ")).expect(2);
        assert!(ran.stdout.is_empty() && ran.stderr.starts_with("error: "), "{args}: {ran:?}");
        let ran = bench.run(&format!("outpaint {args} --json")).expect(2);
        let json = ran.json();
        let kind = json["error"]["kind"].as_str().unwrap();
        assert!(matches!(kind, "invalid_input" | "config"), "{args}: {kind}");
        assert!(ran.stderr.is_empty(), "{args}: {ran:?}");
    }
    assert_eq!(bench.emulator.connections(), 0);
    assert_eq!(bench.files(), ["mask.png", "text.txt"]);
}

#[test]
fn a_missing_key_or_gateway_says_where_to_put_it() {
    let bench = Bench::new(&[]);
    for (variable, name) in [("VOLCV_API_KEY", "VOLCV_BASE_URL"), ("VOLCV_BASE_URL", "VOLCV_API_KEY")] {
        for empty in [false, true] {
            let mut command = volcv(bench.dir.path(), "outpaint in.png -o out.png --left 1");
            command.env(variable, "https://gw.invalid");
            if empty {
                command.env(name, "");
            }
            let ran = run(command, b"").expect(2);
            assert!(ran.stderr.contains(name) && ran.stderr.contains("--emulator"), "{ran:?}");
        }
    }
}

#[test]
fn a_key_that_cannot_be_sent_is_not_shown() {
    let bench = Bench::new(&[]);
    let mut command = bench.command("outpaint in.png -o out.png --left 1");
    command.env("VOLCV_API_KEY", format!("{KEY} with blanks"));
    let ran = run(command, b"").expect(2);
    assert!(!ran.stderr.contains("with blanks"), "{ran:?}");
}

#[test]
fn help_names_variables_exit_codes_and_examples_but_no_values() {
    let bench = Bench::new(&[]);
    let ran = bench.run("--version").expect(0);
    assert_eq!(ran.stdout, format!("volcv {}\n", env!("CARGO_PKG_VERSION")));
    for (args, words) in [
        ("--help", &["outpaint", "plan", "mask", "call", "emulator", "VOLCV_API_KEY", "Exit codes"][..]),
        (
            "--help",
            &["inpaint", "erase", "task", "VOLC_ACCESSKEY", "VOLC_SESSION_TOKEN", "~/.volc/config", "VOLCV_DIRECT_URL"],
        ),
        ("inpaint --help", &["Examples", "--mask <MASK>", "--as-task", "--submit-only", "--direct", "Exit codes"]),
        (
            "erase --help",
            &["Examples", "--mask <MASK>", "--dilate <PIXELS>", "--quality <QUALITY>", "--region <REGION>"],
        ),
        ("task --help", &["Examples", "submit", "get", "wait", "cancel", "wait for it again"]),
        ("task submit --help", &["--body <FILE>", "--image <FILE>", "--actions <PAIR>"]),
        ("task get --help", &["TASK", "--id <ID>", "--req-key <KEY>", "--wait"]),
        (
            "outpaint --help",
            &["VOLCV_API_KEY", "VOLCV_PROXY", "VOLCV_CA_FILE", "Exit codes", "Examples", "--aspect <W:H>"],
        ),
        ("outpaint --help", &["--to <WxH>", "--pixels <L,T,R,B>", "--anchor", "--keep-original", "--best-of <N>"]),
        ("plan --help", &["Examples", "--to <WxH>", "--max-passes <N>", "--draw <FILE>", "without a key"]),
        ("mask --help", &["Examples", "--to <WxH>", "--mask-out <FILE>", "--overlap <PX>", "--fill <FILL>"]),
        (
            "batch --help",
            &["VOLCV_LEDGER", "Exit codes", "Examples", "--max-cost <N>", "--shard <I/N>", "status", "retry", "export"],
        ),
        ("batch retry --help", &["--failed", "--refused", "--unknown", "--ledger <URL>", "--batch <NAME>"]),
        ("batch export --help", &["--state <STATE>", "--contact-sheet <FOLDER>", "--input <IN>"]),
        ("call --help", &["VOLCV_API_KEY", "Exit codes", "Examples", "--version <V>", "2022-08-31"]),
        ("emulator --help", &["Examples", "--fault", "stall=STAGE", "not made by a model"]),
    ] {
        let ran = bench.run(args).expect(0);
        for word in words {
            assert!(ran.stdout.contains(word), "{args} lacks {word}: {}", ran.stdout);
        }
        assert!(!ran.stdout.contains(&bench.emulator.base_url()) && ran.stderr.is_empty());
    }
    bench.run("").expect(2);
}
