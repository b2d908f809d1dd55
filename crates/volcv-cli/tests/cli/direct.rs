//! `--direct`: signed requests with an access key from the environment or from files, and from nowhere else.

use std::fs;

use volcv_emulator::{AccessKind, Emulator};

use crate::support::{ACCESS_KEY, Bench, KEY, SECRET_KEY, SESSION_TOKEN, TRANSPORTS, mask, run, volcv};

const OUTPAINT: &str = "outpaint in.png -o out.png --left 1";

fn in_files(bench: &Bench, name: &str, text: &str) {
    fs::create_dir_all(bench.path(".volc")).unwrap();
    fs::write(bench.path(".volc").join(name), text).unwrap();
}

fn ini(access_key: &str, secret_key: &str) -> String {
    format!("[default]\naccess_key_id = {access_key}\nsecret_access_key = {secret_key}\n")
}

#[test]
fn every_command_that_calls_signs_its_requests() {
    for transport in TRANSPORTS {
        let bench = Bench::new(&[]);
        bench.write("mask.png", &mask(200, 150));
        bench.write("body.json", br#"{"req_key":"i2i_outpainting","left":1}"#);
        for args in [
            OUTPAINT,
            "outpaint in.png -o out.png --to 300x150 --keep-original",
            "inpaint in.png --mask mask.png -o out.png --prompt sea",
            "erase in.png --mask mask.png -o out.png",
            "call --body body.json --image in.png",
            "task submit --body body.json --image in.png -o task.json",
            "task get task.json",
            "task wait task.json -o out.png",
        ] {
            run(bench.direct(&format!("{args} --transport {transport}")), b"").expect(0);
        }
        let requests = bench.emulator.requests();
        assert_eq!(requests.len(), 8);
        for request in requests {
            assert_eq!((request.access, request.path.as_str()), (Some(AccessKind::Direct), "/"));
            assert!(request.key_ok, "{:?}", request.refused);
        }
    }
}

#[test]
fn the_environment_wins_over_credentials_and_credentials_over_config() {
    let bench = Bench::new(&[]);
    let (pair, wrong) = (ini(ACCESS_KEY, SECRET_KEY), ini("AKother", "other-secret"));
    let json = format!(r#"{{"ak":"{ACCESS_KEY}","sk":"{SECRET_KEY}"}}"#);
    for (environment, credentials, config, code) in [
        (true, None, None, 0),
        (true, Some(&wrong), None, 0),
        (false, Some(&pair), Some("{}"), 0),
        (false, Some(&wrong), Some(json.as_str()), 3),
        (false, None, Some(json.as_str()), 0),
    ] {
        let _ = fs::remove_dir_all(bench.path(".volc"));
        credentials.inspect(|text| in_files(&bench, "credentials", text));
        config.inspect(|text| in_files(&bench, "config", text));
        let mut command = bench.direct(OUTPAINT);
        if !environment {
            command.env_remove("VOLC_ACCESSKEY").env("VOLC_SECRETKEY", "");
        }
        let ran = run(command, b"").expect(code);
        assert!(!ran.stderr.contains("other-secret"), "{ran:?}");
        assert_eq!(ran.stderr.contains("VOLC_ACCESSKEY and VOLC_SECRETKEY"), code != 0, "{ran:?}");
    }
}

#[test]
fn a_session_token_is_sent_and_a_refused_one_is_an_error_of_the_key() {
    let bench = Bench::with(Emulator::builder().temporary_key("AKtemporary", SECRET_KEY, SESSION_TOKEN));
    for (token, code) in [(SESSION_TOKEN, 0), ("", 3)] {
        let mut command = bench.direct(OUTPAINT);
        command.env("VOLC_ACCESSKEY", "AKtemporary").env("VOLC_SESSION_TOKEN", token);
        run(command, b"").expect(code);
        assert_eq!(bench.emulator.requests().last().unwrap().has_token, code == 0);
    }
}

#[test]
fn without_credentials_the_error_names_the_places_that_were_looked_at() {
    let bench = Bench::new(&[]);
    for one in ["VOLC_ACCESSKEY", "VOLC_SECRETKEY"] {
        let mut command = bench.direct(OUTPAINT);
        command.env_remove(one).env("VOLCV_API_KEY", KEY);
        let ran = run(command, b"").expect(2);
        for place in ["VOLC_ACCESSKEY", "VOLC_SECRETKEY", "~/.volc/credentials", "~/.volc/config", "--emulator"] {
            assert!(ran.stderr.contains(place), "{place}: {ran:?}");
        }
    }
    in_files(&bench, "config", &format!("{{\"ak\":\"{ACCESS_KEY}\",\"sk\":\"{SECRET_KEY}\""));
    let mut command = bench.direct(OUTPAINT);
    command.env_remove("VOLC_ACCESSKEY");
    let ran = run(command, b"").expect(2);
    assert!(ran.stderr.contains("config: it is not a JSON object"), "{ran:?}");
    assert_eq!(bench.emulator.connections(), 0);
}

#[test]
fn a_secret_that_cannot_be_sent_is_not_shown() {
    let bench = Bench::new(&[]);
    for name in ["VOLC_ACCESSKEY", "VOLC_SECRETKEY", "VOLC_SESSION_TOKEN"] {
        let mut command = bench.direct(OUTPAINT);
        command.env(name, format!("{SECRET_KEY} with blanks"));
        let ran = run(command, b"").expect(2);
        assert!(!ran.stderr.contains("with blanks"), "{ran:?}");
    }
}

#[test]
fn a_gateway_never_gets_signed_requests() {
    let bench = Bench::new(&[]);
    let gateway = format!("{}/volcv/v1", bench.emulator.base_url());
    // A gateway's variable says nothing about direct access, whose own address cannot be reached here.
    let mut command = bench.direct(&format!("{OUTPAINT} --max-attempts 1"));
    command.env("VOLCV_BASE_URL", bench.emulator.base_url()).env("VOLCV_DIRECT_URL", "http://127.0.0.1:1");
    run(command, b"").expect(6);
    for url in [gateway.clone(), format!("{gateway}/")] {
        let ran = run(bench.direct(&format!("{OUTPAINT} --base-url {url}")), b"").expect(2);
        assert!(ran.stderr.contains("the base URL is a gateway's"), "{ran:?}");
    }
    let mut command = bench.direct(OUTPAINT);
    command.env("VOLCV_DIRECT_URL", &gateway);
    let ran = run(command, b"").expect(2);
    assert!(ran.stderr.contains("the base URL is a gateway's"), "{ran:?}");
    assert_eq!(bench.emulator.connections(), 0);
    // The argument wins.
    let mut command = bench.direct(&format!("{OUTPAINT} --base-url {}", bench.emulator.base_url()));
    command.env("VOLCV_DIRECT_URL", "http://127.0.0.1:1");
    run(command, b"").expect(0);
}

#[test]
fn the_region_is_signed() {
    let bench = Bench::with(Emulator::builder().region("ap-south-7"));
    run(bench.direct(&format!("{OUTPAINT} --region ap-south-7")), b"").expect(0);
    run(bench.direct(OUTPAINT), b"").expect(3);
    let ran = run(bench.direct(&format!("{OUTPAINT} --region north/1")), b"").expect(2);
    assert!(ran.stderr.contains("the region is \"north/1\""), "{ran:?}");
    bench.run(&format!("{OUTPAINT} --region ap-south-7")).expect(2);
}

#[test]
fn wrong_arguments_are_usage_errors() {
    let bench = Bench::new(&[]);
    for args in ["--base-url nonsense", "--base-url http://visual.example", "--emulator --base-url http://127.0.0.1:1"]
    {
        let ran = run(bench.direct(&format!("{OUTPAINT} {args}")), b"").expect(2);
        assert!(ran.stdout.is_empty() && ran.stderr.starts_with("error: "), "{args}: {ran:?}");
    }
    for args in ["--direct key", "--access-key AK", "--secret-key SK"] {
        bench.run(&format!("{OUTPAINT} {args}")).expect(2);
    }
    assert_eq!(bench.emulator.connections(), 0);
}

#[test]
fn the_emulator_brings_its_own_pair() {
    let bench = Bench::new(&[]);
    for args in ["--direct", "--direct --region ap-south-7", "--direct --as-task"] {
        run(volcv(bench.dir.path(), &format!("{OUTPAINT} --emulator {args}")), b"").expect(0);
        assert_eq!(bench.size("out.png"), (400, 150));
    }
    assert_eq!(bench.emulator.connections(), 0);
}

#[test]
fn a_dry_run_shows_what_direct_access_sends_without_a_key() {
    let bench = Bench::new(&[]);
    let ran = run(volcv(bench.dir.path(), &format!("{OUTPAINT} --prompt sea --direct --dry-run")), b"").expect(0);
    let json = ran.json();
    assert_eq!(json["url"], "https://visual.volcengineapi.com/?Action=CVProcess&Version=2022-08-31");
    assert_eq!((&json["body"]["custom_prompt"], json["body"].get("prompt")), (&"sea".into(), None));
}

#[test]
fn a_link_that_repeats_a_secret_is_shown_without_it() {
    let bench = Bench::new(&["ok", "action=file,status=404"]);
    for secret in [ACCESS_KEY, SECRET_KEY] {
        let (base_url, _bodies) = crate::support::answer_each(|base_url| {
            let link = format!("{base_url}/a.png?sign={secret}");
            let reply = serde_json::json!({"code": 10000, "data": {"image_urls": [link]}});
            vec![reply.to_string().into_bytes(), b"not a picture".to_vec()]
        });
        let mut command = bench.direct(&format!("{OUTPAINT} --return-url --max-attempts 1"));
        command.env("VOLCV_DIRECT_URL", &base_url);
        let ran = run(command, b"");
        assert!(ran.stderr.contains("/a.png?sign=[key]"), "{ran:?}");
    }
}
