//! Tasks on both sides of the server.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use volcv_emulator::{Emulator, RequestKind, TaskPace};

use crate::signed::Signed;
use crate::support::{Answer, connect, picture, post_to, read, request, with};

const PAIRS: [(&str, &str); 2] = [("CVSync2AsyncSubmitTask", "CVSync2AsyncGetResult"), ("CVSubmitTask", "CVGetResult")];

fn ask(emulator: &Emulator, action: &str, body: &Value) -> Answer {
    let version = if action == "CVCancelTask" { "2024-06-06" } else { "2022-08-31" };
    let mut stream = connect(emulator);
    post_to(&mut stream, &format!("/volcv/v1?Action={action}&Version={version}"), body);
    read(&mut stream)
}

fn submit(emulator: &Emulator, body: &Value) -> String {
    let answer = ask(emulator, "CVSync2AsyncSubmitTask", body);
    answer.json()["data"]["task_id"].as_str().unwrap().to_owned()
}

fn poll(emulator: &Emulator, task: &str) -> Answer {
    ask(emulator, "CVSync2AsyncGetResult", &json!({ "req_key": "i2i_outpainting", "task_id": task }))
}

fn state(answer: &Answer) -> String {
    answer.json()["data"]["status"].as_str().unwrap().to_owned()
}

#[test]
fn tasks_are_submitted_and_fetched() {
    let emulator = Emulator::start().unwrap();
    let mut stream = connect(&emulator);
    post_to(&mut stream, "/volcv/v1?Action=CVSync2AsyncSubmitTask&Version=2022-08-31", &request());
    let id = read(&mut stream).json()["data"]["task_id"].as_str().unwrap().to_owned();
    let get = "/volcv/v1?Action=CVSync2AsyncGetResult&Version=2022-08-31";
    post_to(&mut stream, get, &json!({ "req_key": "i2i_outpainting", "task_id": id }));
    let answer = read(&mut stream);
    assert_eq!(answer.json()["data"]["status"], "done");
    assert_eq!(answer.picture().dimensions(), (56, 24));
    let options = "{\"return_url\":true}";
    post_to(&mut stream, get, &json!({ "req_key": "i2i_outpainting", "task_id": id, "req_json": options }));
    assert!(read(&mut stream).json()["data"]["image_urls"][0].is_string());
    post_to(&mut stream, get, &json!({ "req_key": "i2i_outpainting", "task_id": "other" }));
    assert_eq!(read(&mut stream).json()["data"]["status"], "not_found");
    assert_eq!(emulator.charges(), 1);
}

#[test]
fn a_task_waits_in_the_queue_is_made_and_is_done_on_both_sides() {
    for (submit, result) in PAIRS {
        let emulator = Emulator::builder().task_pace(TaskPace::polls(2, 1)).start().unwrap();
        let gateway = |action: &str, body: &Value| ask(&emulator, action, body);
        let direct = |action: &str, body: &Value| Signed::new(&emulator, action, body).send(&emulator);
        for side in [&gateway as &dyn Fn(&str, &Value) -> Answer, &direct] {
            let task = side(submit, &request()).json()["data"]["task_id"].as_str().unwrap().to_owned();
            assert!(task.len() == 19 && task.bytes().all(|byte| byte.is_ascii_digit()), "{task}");
            let name = json!({ "req_key": "i2i_outpainting", "task_id": task });
            for expected in ["in_queue", "in_queue", "generating"] {
                let answer = side(result, &name);
                assert_eq!((answer.status, answer.code(), state(&answer).as_str()), (200, 10000, expected));
                assert_eq!(answer.json()["data"]["binary_data_base64"], Value::Null);
            }
            for _ in 0..2 {
                let answer = side(result, &name);
                assert_eq!(state(&answer), "done");
                assert_eq!(answer.picture().dimensions(), (56, 24));
            }
        }
        assert_eq!((emulator.charges(), emulator.submits()), (2, 2));
        let kinds: Vec<_> = emulator.requests().iter().filter_map(|record| record.kind).collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == RequestKind::Result).count(), 10);
    }
}

#[test]
fn a_task_is_found_by_its_own_pair_of_actions_and_req_key_only() {
    let emulator = Emulator::start().unwrap();
    let task = submit(&emulator, &request());
    let other_pair = ask(&emulator, "CVGetResult", &json!({ "req_key": "i2i_outpainting", "task_id": task }));
    let other_key = json!({ "req_key": "i2i_inpainting", "task_id": task });
    for answer in [other_pair, ask(&emulator, "CVSync2AsyncGetResult", &other_key), poll(&emulator, "1")] {
        assert_eq!((answer.code(), state(&answer).as_str()), (10000, "not_found"));
    }
    assert_eq!(state(&poll(&emulator, &task)), "done");
    assert_eq!(ask(&emulator, "CVSync2AsyncGetResult", &json!({ "task_id": task })).code(), 50215);
    assert_eq!(ask(&emulator, "CVSync2AsyncGetResult", &json!({ "req_key": "i2i_outpainting" })).code(), 50200);
}

#[test]
fn what_a_submit_says_about_the_hand_over_is_recorded_and_ignored() {
    let emulator = Emulator::start().unwrap();
    let mut body = with("return_url", true.into());
    body["logo_info"] = json!({ "add_logo": true });
    let answer = poll(&emulator, &submit(&emulator, &body));
    let kept = image::imageops::crop_imm(&answer.picture(), 16, 0, 32, 24).to_image();
    assert_eq!(kept, picture(32, 24));
    let record = &emulator.requests()[0];
    assert_eq!(record.kind, Some(RequestKind::Submit));
    assert_eq!(record.json.as_ref().unwrap()["return_url"], true);
}

#[test]
fn the_hand_over_is_read_from_the_polls_req_json() {
    let emulator = Emulator::start().unwrap();
    let task = submit(&emulator, &request());
    let poll = |req_json: Value| {
        let body = json!({ "req_key": "i2i_outpainting", "task_id": task, "req_json": req_json });
        ask(&emulator, "CVSync2AsyncGetResult", &body)
    };
    let plain = poll("{}".into());
    let answer = poll("{\"return_url\":true}".into()).json();
    assert_eq!((&answer["data"]["binary_data_base64"], &answer["data"]["status"]), (&json!([]), &json!("done")));
    assert!(answer["data"]["image_urls"][0].as_str().unwrap().starts_with(&emulator.base_url()));
    let marked = poll("{\"logo_info\":{\"add_logo\":true,\"position\":2}}".into());
    assert_ne!(marked.picture(), plain.picture());
    let told = poll("{\"aigc_meta\":{\"producer_id\":\"me\"}}".into()).json();
    let file = STANDARD.decode(told["data"]["binary_data_base64"][0].as_str().unwrap()).unwrap();
    let text = b"AIGC\0{\"producer_id\":\"me\"}";
    assert!(file.windows(text.len()).any(|window| window == text));
    for (wrong, field) in [
        (json!({ "return_url": true }), "req_json"),
        (json!("{"), "req_json"),
        (json!("[]"), "req_json"),
        (json!("{\"return_url\":1}"), "req_json.return_url"),
        (json!("{\"logo_info\":{\"position\":4}}"), "req_json.logo_info.position"),
    ] {
        let answer = poll(wrong);
        assert_eq!(answer.code(), 50200);
        assert!(answer.json()["message"].as_str().unwrap().contains(field), "{}", answer.json());
    }
}

#[test]
fn a_done_task_can_have_failed() {
    let emulator = Emulator::builder().task_pace(TaskPace::polls(1, 0)).start().unwrap();
    let task = submit(&emulator, &with("prompt", "[refuse:50511]".into()));
    assert_eq!(state(&poll(&emulator, &task)), "in_queue");
    let answer = poll(&emulator, &task);
    assert_eq!((answer.status, answer.code(), state(&answer).as_str()), (400, 50511, "done"));
    assert_eq!(emulator.charges(), 1);
}

#[test]
fn tasks_expire_and_are_cancelled() {
    let emulator = Emulator::builder().task_pace(TaskPace::polls(1, 0)).start().unwrap();
    let cancel = |body: Value| ask(&emulator, "CVCancelTask", &body);
    let task = submit(&emulator, &request());
    let answer = cancel(json!({ "task_id": task, "req_key": "i2i_inpainting" }));
    assert_eq!(answer.code(), 50215);
    assert_eq!(cancel(json!({ "task_id": task, "req_key": "i2i_outpainting" })).code(), 10000);
    assert_eq!(state(&poll(&emulator, &task)), "not_found");
    assert_eq!(cancel(json!({ "task_id": task })).code(), 50215);
    let done = submit(&emulator, &request());
    poll(&emulator, &done);
    let answer = cancel(json!({ "task_id": done }));
    assert!(answer.json()["message"].as_str().unwrap().contains("the task is done"), "{}", answer.json());
    assert_eq!(state(&poll(&emulator, &done)), "done");
    emulator.expire_tasks();
    assert_eq!(state(&poll(&emulator, &done)), "expired");
    assert_eq!(emulator.charges(), 2);
    let direct = submit(&emulator, &request());
    assert_eq!(Signed::new(&emulator, "CVCancelTask", &json!({ "task_id": direct })).send(&emulator).code(), 10000);
}

#[test]
fn a_pace_can_have_a_duration_and_be_changed_later() {
    let slow = TaskPace::default().lasting(Duration::from_secs(3600));
    let emulator = Emulator::builder().task_pace(slow).start().unwrap();
    let task = submit(&emulator, &request());
    assert_eq!(state(&poll(&emulator, &task)), "generating");
    emulator.set_task_pace(TaskPace::default());
    assert_eq!(state(&poll(&emulator, &task)), "done");
    assert_eq!("3, 4".parse(), Ok(TaskPace::polls(3, 4)));
    for text in ["", "1", "1,x", "1,2,3"] {
        let error = text.parse::<TaskPace>().unwrap_err().to_string();
        assert_eq!(error, format!("`{text}`: expected QUEUED,GENERATING, two numbers of polls"));
    }
}

#[test]
fn a_fault_can_be_aimed_at_a_kind_of_request() {
    let emulator = Emulator::start().unwrap();
    for fault in ["action=result,code=50500", "action=result,code=50429", "action=file,status=503", "code=50430"] {
        emulator.push(fault.parse().unwrap());
    }
    assert_eq!(ask(&emulator, "CVSync2AsyncSubmitTask", &request()).code(), 50430);
    let task = submit(&emulator, &request());
    assert_eq!(poll(&emulator, &task).code(), 50500);
    assert_eq!(poll(&emulator, &task).code(), 50429);
    let body = json!({ "req_key": "i2i_outpainting", "task_id": task, "req_json": "{\"return_url\":true}" });
    let answer = ask(&emulator, "CVSync2AsyncGetResult", &body).json();
    let link = answer["data"]["image_urls"][0].as_str().unwrap();
    let path = link.strip_prefix(&emulator.base_url()).unwrap();
    let get = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(crate::support::ask_raw(&emulator, &get).status, 503);
    assert_eq!(crate::support::ask_raw(&emulator, &get).status, 200);
    // The first submit could have been billed, as any request with a fault.
    assert_eq!((emulator.charges(), emulator.submits()), (2, 2));
}
