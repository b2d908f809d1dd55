//! `volcv emulator`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::{Bench, KEY, run, volcv};

#[cfg(unix)]
#[test]
fn it_serves_until_it_is_interrupted() {
    let bench = Bench::new(&[]);
    let dir = bench.dir.path();
    for name in ["-INT", "-TERM"] {
        let args =
            format!("emulator --port 0 --key {KEY} --fault code=50429,retry-after=0 --fault ok --fault code=50412");
        let mut child = volcv(dir, &args).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let base_url = line.trim().to_owned();
        for expected in [0, 4, 0] {
            let mut command = volcv(dir, "outpaint in.png -o out.png --left 1");
            command.env("VOLCV_API_KEY", KEY).env("VOLCV_BASE_URL", &base_url);
            run(command, b"").expect(expected);
        }
        assert!(Command::new("sh").args(["-c", &format!("kill {name} {}", child.id())]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        let lines: Vec<_> = stderr.lines().collect();
        assert!(lines[0].contains(volcv_emulator::BANNER), "{stderr}");
        let (access_key, secret_key) = (volcv_emulator::DEFAULT_ACCESS_KEY, volcv_emulator::DEFAULT_SECRET_KEY);
        let direct = format!("note: direct access is at {base_url}/ with the keys {access_key} and {secret_key}");
        assert_eq!(lines[1], direct);
        assert!(lines[2].starts_with("summary: 4 requests"), "{stderr}");
        let mut rest = String::new();
        out.read_line(&mut rest).unwrap();
        assert_eq!(rest, "", "one line and no more");
    }
}

#[test]
fn a_fault_that_is_none_says_what_is_allowed() {
    let bench = Bench::new(&[]);
    let wrong = ["--task-polls 1", "--clock-offset soon"];
    let faults = ["--fault bogus", "--fault code=x", "--fault-forever", "--key a --any-key", "--host nowhere"];
    for args in faults.into_iter().chain(wrong) {
        bench.run(&format!("emulator {args}")).expect(2);
    }
    let ran = bench.run("emulator --fault bogus");
    assert!(ran.stderr.contains("allowed: ok, code=N"), "{ran:?}");
    let taken = bench.emulator.addr().port();
    let ran = bench.run(&format!("emulator --port {taken}")).expect(2);
    assert!(ran.stderr.starts_with("error: cannot listen on"), "{ran:?}");
}

#[test]
fn its_clock_and_the_pace_of_its_tasks_can_be_set() {
    let bench = Bench::new(&[]);
    let dir = bench.dir.path();
    let args = format!("emulator --key {KEY} --clock-offset -9000000000000 --task-polls 1,1");
    let mut child = volcv(dir, &args).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let call = |action: &str, body: String| {
        bench.write("body.json", body.as_bytes());
        let mut command = bench.command(&format!("call --action {action} --version 2022-08-31 --body body.json"));
        command.env("VOLCV_BASE_URL", line.trim());
        let ran = run(command, b"").expect(0);
        serde_json::from_str::<serde_json::Value>(&ran.stdout).unwrap()["data"].clone()
    };
    let picture = STANDARD.encode(std::fs::read(dir.join("in.png")).unwrap());
    let submit = serde_json::json!({ "req_key": "i2i_outpainting", "binary_data_base64": [picture] });
    let task = call("CVSync2AsyncSubmitTask", submit.to_string())["task_id"].clone();
    let poll = serde_json::json!({ "req_key": "i2i_outpainting", "task_id": task }).to_string();
    for state in ["in_queue", "generating", "done"] {
        assert_eq!(call("CVSync2AsyncGetResult", poll.clone())["status"], state);
    }
    let mut stream = TcpStream::connect(line.trim().trim_start_matches("http://")).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    // Behind the start of time, the clock stands there.
    assert!(reply.contains("\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"), "{reply}");
}

#[test]
fn a_distortion_changes_the_pictures_of_either_emulator() {
    let bench = Bench::new(&[]);
    let outpaint = "outpaint in.png --left 1 --emulator -o";
    bench.run(&format!("{outpaint} half.png --distort scale=0.5")).expect(0);
    assert_eq!(bench.size("half.png"), (200, 75));
    let mut child = volcv(bench.dir.path(), &format!("emulator --key {KEY} --distort scale=0.5")).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let mut command = bench.command("outpaint in.png -o served.png --left 1");
    command.env("VOLCV_BASE_URL", line.trim());
    run(command, b"").expect(0);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(bench.size("served.png"), (200, 75));
    for args in ["emulator --distort tilt", &format!("{outpaint} out.png --distort shift=1")] {
        let ran = bench.run(args).expect(2);
        assert!(ran.stderr.contains("allowed: cast") || ran.stderr.contains("expected DX/DY"), "{ran:?}");
    }
    let ran = bench.run("outpaint in.png -o out.png --left 1 --distort cast").expect(2);
    assert!(ran.stderr.contains("--emulator"), "{ran:?}");
}

#[test]
fn its_help_names_every_kind_of_body() {
    let bench = Bench::new(&[]);
    let help = run(volcv(bench.dir.path(), "emulator --help"), b"").expect(0).stdout;
    let words: Vec<_> = help.split_whitespace().collect();
    for kind in volcv_emulator::BodyKind::ALL {
        assert!(words.contains(&kind.name()), "{} is missing:\n{help}", kind.name());
    }
}
