//! Tasks: what is submitted, what is asked for later, and the stored form.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use proptest::prelude::*;
use serde_json::{Value, json};
use volcv_types::{
    AccessKind, AigcMeta, CvRequest, InvalidInput, Logo, Outpaint, Picture, Reply, Task, TaskActions, TaskRequest,
    TaskStatus,
};

const ID: &str = "7392616336519610409";

fn request(body: &str) -> CvRequest {
    CvRequest::from_json_text("CVProcess", "2022-08-31", body).unwrap()
}

fn submit(body: &str) -> TaskRequest {
    TaskRequest::new(request(body)).unwrap()
}

fn text(request: &CvRequest) -> String {
    request.body_text(AccessKind::Direct)
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, InvalidInput>, field: &str, value: &str, allowed: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.field(), error.value()), (field, value));
    assert!(error.allowed().contains(allowed), "{error}");
}

#[test]
fn what_belongs_to_the_result_is_asked_for_with_it_as_it_was_written() {
    let body = r#"{"req_key":"i2i_outpainting","return_url":true,"seed":1.10,"logo_info":{"add_logo":true,"opacity":0.30},"top":0.5,"aigc_meta":{"producer_id":"\u0061"}}"#;
    let submit = submit(body);
    assert_eq!(text(submit.request()), r#"{"req_key":"i2i_outpainting","seed":1.10,"top":0.5}"#);
    assert_eq!((submit.request().action(), submit.request().version()), ("CVSync2AsyncSubmitTask", "2022-08-31"));
    assert_eq!(submit.req_key(), "i2i_outpainting");
    let task = submit.task(ID).unwrap();
    let req_json =
        r#"{"return_url":true,"logo_info":{"add_logo":true,"opacity":0.30},"aigc_meta":{"producer_id":"\u0061"}}"#;
    assert_eq!(task.req_json().unwrap(), req_json);
    let result = task.result_request();
    assert_eq!((result.action(), result.version()), ("CVSync2AsyncGetResult", "2022-08-31"));
    let expected = json!({"req_key": "i2i_outpainting", "task_id": ID, "req_json": req_json});
    assert_eq!(Value::Object(result.body(AccessKind::Gateway)), expected);
}

#[test]
fn nothing_is_asked_for_where_nothing_was_set() {
    let task = submit(r#"{"req_key":"k"}"#).task(ID).unwrap();
    assert_eq!(task.req_json(), None);
    assert_eq!(text(&task.result_request()), format!(r#"{{"req_key":"k","task_id":"{ID}"}}"#));
    assert_eq!(task, Task::new(ID, "k").unwrap());
}

#[test]
fn a_req_json_of_the_callers_own_is_kept_and_a_field_beside_it_wins() {
    let body = r#"{"req_key":"k","req_json":" {\"return_url\":false, \"new\":1.0}","return_url":true}"#;
    let submit = submit(body);
    assert_eq!(text(submit.request()), r#"{"req_key":"k"}"#);
    assert_eq!(submit.task(ID).unwrap().req_json().unwrap(), r#"{"return_url":true,"new":1.0}"#);
    for (req_json, value) in [("7", "another JSON value"), (r#""[1]""#, "another JSON value")] {
        let body = format!(r#"{{"req_key":"k","req_json":{req_json}}}"#);
        refused(TaskRequest::new(request(&body)), "req_json", value, "text");
    }
}

#[test]
fn a_request_without_a_req_key_is_no_task() {
    for (body, value) in [
        ("{}", "empty"),
        (r#"{"req_key":""}"#, "empty"),
        (r#"{"req_key":7}"#, "another JSON value"),
        (r#"{"req_key":null}"#, "another JSON value"),
    ] {
        refused(TaskRequest::new(request(body)), "req_key", value, "a text");
    }
}

#[test]
fn the_pair_of_actions_is_that_of_the_request_or_the_callers() {
    let video = CvRequest::from_json_text("CVSubmitTask", "2020-01-01", r#"{"req_key":"v"}"#).unwrap();
    let plain = TaskRequest::new(video).unwrap();
    assert_eq!((plain.request().action(), plain.request().version()), ("CVSubmitTask", "2022-08-31"));
    let task = plain.task(ID).unwrap();
    assert_eq!((task.task_actions(), task.result_request().action()), (TaskActions::Plain, "CVGetResult"));
    let other = submit(r#"{"req_key":"v"}"#).actions(TaskActions::Plain);
    assert_eq!((other.request().action(), other.task(ID).unwrap()), ("CVSubmitTask", task));
    let back = other.actions(TaskActions::Sync2Async);
    assert_eq!(back.request().action(), "CVSync2AsyncSubmitTask");
}

#[test]
fn an_outpainting_becomes_a_task_with_its_pictures_and_its_prompt() {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\xe0".as_slice();
    let outpaint = Outpaint::equal(png, 0.5).prompt("sea").logo(Logo::new()).return_url(true);
    let submit = TaskRequest::of(&outpaint).unwrap();
    let body = submit.request().body(AccessKind::Gateway);
    assert_eq!(
        (&body["prompt"], body.contains_key("logo_info"), submit.request().pictures().len()),
        (&json!("sea"), false, 1)
    );
    assert_eq!(submit.request().body(AccessKind::Direct)["custom_prompt"], "sea");
    let task = submit.task(ID).unwrap();
    let by_hand = Task::new(ID, Outpaint::REQ_KEY).unwrap().logo(&Logo::new()).unwrap().return_url(true);
    let asked = |task: &Task| serde_json::from_str::<Value>(&task.req_json().unwrap()).unwrap();
    assert_eq!(asked(&task), asked(&by_hand));
    refused(TaskRequest::of(&Outpaint::equal(Picture::url("x"), 0.5)), "picture", "a text of 1 bytes", "https://");
}

#[test]
fn a_cancel_names_the_task_and_its_ability() {
    let cancel = Task::new(ID, "k").unwrap().return_url(true).cancel_request();
    assert_eq!((cancel.action(), cancel.version()), ("CVCancelTask", "2024-06-06"));
    assert_eq!(text(&cancel), format!(r#"{{"req_key":"k","task_id":"{ID}"}}"#));
}

#[test]
fn ids_of_other_forms_are_refused() {
    let allowed = "1 to 256 printable ASCII characters without blanks";
    for (id, value) in
        [("", "empty"), ("a b", "\"a b\""), ("a\n", "\"a\\n\""), ("海", "\"海\""), ("\u{7f}", "\"\\u{7f}\"")]
    {
        refused(Task::new(id, "k"), "task_id", value, allowed);
        refused(submit(r#"{"req_key":"k"}"#).task(id), "task_id", value, allowed);
    }
    refused(Task::new("x".repeat(257), "k"), "task_id", "257 bytes long", allowed);
    for id in ["x".repeat(256), "!~\"\\".to_owned()] {
        assert_eq!(Task::new(&id, "k").unwrap().id(), id);
    }
    refused(Task::new("x", " "), "req_key", "empty", "a text");
    refused(Task::new("x", "k").unwrap().logo(&Logo::new().opacity(2.0)), "logo_info.opacity", "2", "between 0 and 1");
    let meta = AigcMeta { producer_id: Some("x".repeat(257)), ..AigcMeta::default() };
    refused(Task::new("x", "k").unwrap().aigc_meta(&meta), "aigc_meta.producer_id", "257 characters long", "256");
}

#[test]
fn a_stored_task_is_read_whatever_else_is_stored_with_it() {
    let task = Task::new(ID, "k").unwrap();
    for text in [
        format!(r#"{{"task_id":"{ID}","req_key":"k"}}"#),
        format!(
            "\u{feff} {{\n\"req_key\":\"k\",\"since\":[1,{{}}],\"actions\":null,\"task_id\":\"{ID}\",\"req_json\":null}}\r\n"
        ),
        format!(r#"{{"task_id":"{ID}","req_key":"k","actions":"sync2async","req_json":"{{}}"}}"#),
    ] {
        assert_eq!(text.parse::<Task>().unwrap(), task, "{text}");
    }
    assert_eq!(task.to_string(), format!(r#"{{"task_id":"{ID}","req_key":"k","actions":"sync2async"}}"#));
    let linked = task.with_req_json(r#"{"return_url":true,"n":1.10}"#).unwrap().actions(TaskActions::Plain);
    let line = format!(
        r#"{{"task_id":"{ID}","req_key":"k","actions":"plain","req_json":"{{\"return_url\":true,\"n\":1.10}}"}}"#
    );
    assert_eq!((linked.to_string(), line.parse::<Task>().unwrap()), (line, linked));
}

#[test]
fn a_text_that_is_no_stored_task_says_what_is_wrong_with_it() {
    let parse = |text: &str| text.parse::<Task>();
    let object = "a JSON object with the texts task_id and req_key";
    refused(parse(""), "task", "not JSON: EOF while parsing a value at line 1 column 0", object);
    refused(parse(ID), "task", "another JSON value at line 1 column 19", object);
    refused(parse(r#"{"task_id":7}"#), "task", "another JSON value at line 1 column 12", object);
    refused(parse(r#"{"req_key":"k"}"#), "task_id", "empty", "1 to 256");
    refused(parse(r#"{"task_id":"1"}"#), "req_key", "empty", "a text");
    refused(parse(r#"{"task_id":"1","req_key":"k","actions":"fast"}"#), "actions", "\"fast\"", "sync2async or plain");
    refused(parse(r#"{"task_id":"1","req_key":"k","req_json":"[]"}"#), "req_json", "another JSON value", "JSON object");
    let error = serde_json::from_str::<Task>(r#"{"task_id":"a b","req_key":"k"}"#).unwrap_err();
    assert!(error.to_string().starts_with("task_id is \"a b\", but must be 1 to 256"), "{error}");
}

#[test]
fn a_task_is_part_of_other_stored_values() {
    let task = Task::new(ID, "k").unwrap().return_url(true);
    let stored = serde_json::to_value(vec![&task]).unwrap();
    let expected =
        json!([{"task_id": ID, "req_key": "k", "actions": "sync2async", "req_json": "{\"return_url\":true}"}]);
    assert_eq!(stored, expected);
    assert_eq!(serde_json::from_value::<Vec<Task>>(stored).unwrap(), [task]);
}

#[test]
fn the_state_and_the_id_are_read_from_either_envelope() {
    let reply = |text: &str| Reply::from_slice(text.as_bytes()).unwrap();
    for (text, status) in [
        ("in_queue", TaskStatus::InQueue),
        ("generating", TaskStatus::Generating),
        ("done", TaskStatus::Done),
        ("not_found", TaskStatus::NotFound),
        ("expired", TaskStatus::Expired),
        ("paused", TaskStatus::Other("paused".to_owned())),
    ] {
        let data = format!(r#"{{"code":10000,"data":{{"status":"{text}","task_id":"{ID}"}}}}"#);
        for json in [data.clone(), format!(r#"{{"ResponseMetadata":{{}},"data":{{"task_id":""}},"Result":{data}}}"#)] {
            assert_eq!(
                (reply(&json).task_status(), reply(&json).task_id()),
                (Some(status.clone()), Some(ID)),
                "{json}"
            );
        }
        assert_eq!((status.as_str(), status.to_string().as_str()), (text, text));
    }
    for none in [r#"{"data":null}"#, r#"{"data":{"status":"","task_id":""}}"#, r#"{"Result":{}}"#] {
        assert_eq!((reply(none).task_status(), reply(none).task_id()), (None, None), "{none}");
    }
    assert_eq!(reply(r#"{"data":{"task_id":7392616336519610409}}"#).task_id(), Some(ID));
    assert_eq!(TaskStatus::from("\u{1b}[31m").to_string(), "\\u{1b}[31m");
}

proptest! {
    #[test]
    fn what_was_stored_is_what_is_read(
        id in "[!-~]{1,256}", req_key in "[^ ].{0,40}", link in any::<Option<bool>>(), plain in any::<bool>(),
        text in ".{0,40}",
    ) {
        prop_assume!(!req_key.trim().is_empty());
        let mut task = Task::new(id, req_key).unwrap();
        if plain {
            task = task.actions(TaskActions::Plain);
        }
        if let Some(link) = link {
            task = task.return_url(link).logo(&Logo::new().text(text)).unwrap();
        }
        let line = task.to_string();
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(line.parse::<Task>().unwrap(), task.clone());
        prop_assert_eq!(serde_json::from_value::<Task>(serde_json::to_value(&task).unwrap()).unwrap(), task);
    }

    #[test]
    fn every_field_is_sent_once_with_the_task_or_with_the_question(
        fields in proptest::collection::btree_map("return_url|logo_info|aigc_meta|[a-z_]{1,9}", "[0-9]{1,30}", 0..9),
    ) {
        prop_assume!(!fields.contains_key("req_json") && !fields.contains_key("req_key"));
        let members = fields.iter().map(|(key, value)| format!(",\"{key}\":1{value}"));
        let body = format!("{{\"req_key\":\"k\"{}}}", members.collect::<String>());
        let submit = submit(&body);
        let task = submit.task(ID).unwrap();
        let (sent, asked) = (text(submit.request()), task.req_json().unwrap_or_default());
        for (key, value) in fields {
            let member = format!("\"{key}\":1{value}");
            let (here, there) = (sent.contains(&member), asked.contains(&member));
            prop_assert_eq!((here, there), match key.as_str() {
                "return_url" | "logo_info" | "aigc_meta" => (false, true),
                _ => (true, false),
            });
        }
    }

    #[test]
    fn no_text_makes_the_reader_of_stored_tasks_panic(text in ".{0,200}") {
        let _ = text.parse::<Task>();
        let _ = Task::new(text.as_str(), text.as_str());
        let _ = TaskStatus::from(text.as_str());
    }
}
