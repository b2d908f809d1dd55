//! Tasks over real sockets: handed in once, asked for until they are done, and found again by another process.

use std::path::Path;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use volcv::testing::{Act, ScriptedTransport};
use volcv::{
    AbilityRequest, CallOptions, CancelToken, Charge, ClientBuilder, CvRequest, Error, ErrorKind, InpaintEdit,
    InpaintErase, Outpaint, Output, PaintingEdit, Phase, Picture, RetryPolicy, Task, TaskActions, TaskRequest,
    TaskStatus,
};
use volcv_emulator::{AccessKind, DEFAULT_KEY, Emulator, RequestKind, TaskPace};

use crate::examples::program;
use crate::support::{block_on, large, mask, on_each_client, small};

fn outpaint() -> Outpaint {
    Outpaint::equal(small(), 0.25).prompt("a lake")
}

fn request() -> TaskRequest {
    TaskRequest::of(&outpaint()).unwrap()
}

/// How often the emulator was asked for results.
fn polls(emulator: &Emulator) -> usize {
    emulator.requests().iter().filter(|request| request.kind == Some(RequestKind::Result)).count()
}

#[test]
fn a_task_is_handed_in_asked_for_until_it_is_done_and_charged_once() {
    on_each_client(|emulator, client, access| {
        emulator.set_task_pace(TaskPace::polls(2, 2));
        let task = client.submit(&request(), &CallOptions::new()).unwrap();
        assert_eq!(client.task_status(&task).unwrap().status, TaskStatus::InQueue);
        let outcome = client.wait(&task, &CallOptions::new()).unwrap();
        assert_eq!(image::load_from_memory(outcome.picture().unwrap()).unwrap().width(), 144);
        // One record stands for all polls in a row that were answered.
        assert_eq!((outcome.attempts.len(), polls(emulator)), (1, 5));
        assert_eq!(outcome.attempts[0].charge, Charge::Charged);
        let report = client.task_status(&task).unwrap();
        assert!(report.status == TaskStatus::Done && report.outcome.unwrap().picture().is_some());
        assert_eq!((emulator.charges(), emulator.submits()), (1, 1));
        assert!(emulator.requests().iter().all(|request| request.key_ok && request.access == Some(access)));
        let json = emulator.requests()[0].json.clone().unwrap();
        let field = if access == AccessKind::Direct { "custom_prompt" } else { "prompt" };
        assert_eq!(json[field], "a lake");
    });
}

#[test]
fn every_ability_and_any_other_request_runs_as_a_task_on_both_pairs_of_actions() {
    on_each_client(|emulator, client, _| {
        let (picture, mask) = (small(), Picture::from(mask(96, 64)));
        let abilities: [Box<dyn AbilityRequest>; 4] = [
            Box::new(outpaint()),
            Box::new(InpaintEdit::new(picture.clone(), mask.clone()).prompt("a kite")),
            Box::new(InpaintErase::new(picture.clone(), mask.clone())),
            Box::new(PaintingEdit::new(picture.clone(), mask.clone()).prompt("a lake")),
        ];
        let mut requests: Vec<_> = abilities.iter().map(|ability| TaskRequest::of(&**ability).unwrap()).collect();
        let body = json!({"req_key": "i2i_inpainting", "steps": 5, "return_url": false});
        let other =
            CvRequest::new("CVProcess", "2022-08-31", body).unwrap().with_pictures(vec![picture, mask]).unwrap();
        requests.push(TaskRequest::new(other).unwrap());
        for request in &requests {
            for actions in [TaskActions::Sync2Async, TaskActions::Plain] {
                let outcome = client.run_task(&request.clone().actions(actions), &CallOptions::new()).unwrap();
                assert!(outcome.picture().is_some(), "{request:?}");
            }
        }
        assert_eq!((emulator.submits(), emulator.charges()), (10, 10));
        assert!(emulator.requests().iter().all(|request| request.refused.is_none()));
    });
}

#[test]
fn a_result_comes_as_a_link_if_the_task_was_made_so_and_is_found_from_its_text() {
    on_each_client(|_, client, _| {
        let request = TaskRequest::of(&outpaint().return_url(true)).unwrap();
        let task = client.submit(&request, &CallOptions::new()).unwrap();
        let found: Task = task.to_string().parse().unwrap();
        let outcome = client.wait(&found, &CallOptions::new()).unwrap();
        let [Output::Link(link)] = &outcome.outputs[..] else { panic!("{outcome:?}") };
        assert_eq!(image::load_from_memory(&client.download(link).unwrap()).unwrap().width(), 144);
    });
}

#[test]
fn a_task_that_nobody_knows_or_that_is_gone_ends_the_wait_with_its_name() {
    on_each_client(|emulator, client, _| {
        let unknown = Task::new("1", "i2i_outpainting").unwrap();
        assert_eq!(client.task_status(&unknown).unwrap().status, TaskStatus::NotFound);
        let error = client.wait(&unknown, &CallOptions::new()).unwrap_err();
        assert_eq!((error.kind(), error.charge(), error.task()), (ErrorKind::Service, Charge::Unknown, Some(&unknown)));
        assert_eq!(error.attempts().len(), 4, "it may not be known everywhere yet: {error}");

        let task = client.submit(&request(), &CallOptions::new()).unwrap();
        emulator.expire_tasks();
        assert_eq!(client.task_status(&task).unwrap().status, TaskStatus::Expired);
        let error = client.wait(&task, &CallOptions::new()).unwrap_err();
        assert_eq!(
            (error.kind(), error.task(), error.attempts().len()),
            (ErrorKind::Service, Some(&task), 1),
            "{error}"
        );

        emulator.set_task_pace(TaskPace::polls(9, 0));
        let task = client.submit(&request(), &CallOptions::new()).unwrap();
        client.cancel_task(&task).unwrap();
        assert_eq!(client.task_status(&task).unwrap().status, TaskStatus::NotFound);
        let error = client.cancel_task(&task).unwrap_err();
        assert_eq!(
            (error.kind(), error.charge(), error.task()),
            (ErrorKind::InvalidInput, Charge::None, Some(&task)),
            "{error}"
        );
    });
}

#[test]
fn a_task_that_is_done_can_have_failed() {
    on_each_client(|emulator, client, _| {
        for (code, charge) in [(50511, Charge::Unknown), (50412, Charge::None)] {
            let request = TaskRequest::of(&outpaint().prompt(format!("[refuse:{code}]"))).unwrap();
            let error = client.run_task(&request, &CallOptions::new()).unwrap_err();
            assert_eq!((error.kind(), error.charge()), (ErrorKind::Refused, charge), "{error}");
            assert_eq!(error.service_code().unwrap().number(), Some(code));
            assert!(error.task().is_some() && !error.is_retryable() && error.attempts().len() == 2, "{error}");
        }
        assert_eq!(emulator.submits(), 2);
    });
}

#[test]
fn a_task_whose_submission_was_delivered_and_not_answered_is_not_handed_in_again() {
    on_each_client(|emulator, client, _| {
        emulator.push("action=submit,close=body".parse().unwrap());
        let error = client.run_task(&request(), &CallOptions::new()).unwrap_err();
        assert_eq!(
            (error.kind(), error.charge(), error.task()),
            (ErrorKind::OutcomeUnknown, Charge::Unknown, None),
            "{error}"
        );
        assert_eq!((emulator.complete_bodies(), emulator.requests().len()), (1, 1));
        // What has certainly not arrived is sent again.
        emulator.push("action=submit,close=65536".parse().unwrap());
        emulator.push("action=submit,code=50429".parse().unwrap());
        let large = TaskRequest::of(&Outpaint::equal(large(), 0.25).max_width(256).max_height(256)).unwrap();
        client.run_task(&large, &CallOptions::new()).unwrap();
        // Whole at the service: the lost one, the throttled one and the accepted one.
        assert_eq!(emulator.submits(), 3);
    });
}

#[test]
fn polls_survive_whatever_happens_to_them() {
    on_each_client(|emulator, client, access| {
        let mut faults = vec![
            "close=headers",
            "reset=headers",
            "close=body",
            "reset=body",
            "garbage",
            "code=50429",
            "code=50430",
            "status=429",
            "code=50500",
            "code=50501",
            "status=502",
            "status=503,retry-after=0",
            "body=html",
            "cut=100",
            "cut=100,chunked",
            "body=html,status=200",
            "body=empty,status=200",
            "body=cut-picture",
        ];
        if access == AccessKind::Direct {
            faults.extend(["code=100014", "code=100015", "code=100016"]);
        }
        // Each alone; together they are more than the patience of one wait.
        for fault in faults {
            emulator.push(format!("action=result,{fault}").parse().unwrap());
            let outcome = client.run_task(&request(), &CallOptions::new());
            let outcome = outcome.unwrap_or_else(|error| panic!("{access:?} {fault}: {error}"));
            assert_eq!(outcome.attempts.len(), 3, "{access:?} {fault}: {:?}", outcome.attempts);
        }
        assert_eq!(emulator.submits(), emulator.charges());
    });
}

#[test]
fn the_deadline_ends_a_wait_and_the_task_comes_with_the_error() {
    on_each_client(|emulator, client, _| {
        emulator.set_task_pace(TaskPace::polls(1_000_000, 0));
        let task = client.submit(&request(), &CallOptions::new()).unwrap();
        // Long enough for one question on a busy machine.
        let options = CallOptions::new().deadline(Duration::from_secs(1)).poll_interval(Duration::from_millis(20));
        let error = client.wait(&task, &options).unwrap_err();
        assert_eq!((error.kind(), error.charge()), (ErrorKind::Timeout, Charge::Unknown), "{error}");
        assert!(error.is_retryable() && error.to_string().contains("has not ended yet"), "{error}");
        assert_eq!(error.task(), Some(&task));
        emulator.set_task_pace(TaskPace::default());
        client.wait(&task, &CallOptions::new()).unwrap();
        assert_eq!((emulator.submits(), emulator.charges()), (1, 1));
    });
}

#[test]
fn one_deadline_holds_for_a_task_and_its_wait_whoever_has_set_it() {
    const ACCEPTED: &str = r#"{"code":10000,"data":{"task_id":"7"}}"#;
    const RUNNING: &str = r#"{"code":10000,"data":{"status":"generating"}}"#;
    let script = || {
        let submit = Act::reply(200, ACCEPTED).lasting(Duration::from_secs(50));
        ScriptedTransport::new([submit].into_iter().chain((0..90).map(|_| Act::reply(200, RUNNING))))
    };
    let minute = Duration::from_secs(60);
    let client = || {
        ClientBuilder::new("https://gateway.example", "key")
            .retry(RetryPolicy::new().poll_interval(Duration::from_secs(1)))
    };
    for (client, options) in [
        (client().deadline(minute), CallOptions::new()),
        (client().deadline(minute * 9), CallOptions::new().deadline(minute)),
    ] {
        let script = script();
        let error = client.transport(script.clone()).unwrap().run_task(&request(), &options).unwrap_err();
        assert_eq!((error.kind(), error.task().map(Task::id)), (ErrorKind::Timeout, Some("7")), "{error}");
        assert_eq!(script.waits().iter().sum::<Duration>(), Duration::from_secs(10));
    }
    let script = script();
    let client = client().deadline(minute).async_transport(script.clone()).unwrap();
    let error = block_on(client.run_task(&request(), &CallOptions::new())).unwrap_err();
    assert_eq!((error.kind(), error.task().map(Task::id)), (ErrorKind::Timeout, Some("7")), "{error}");
    assert_eq!(script.waits().iter().sum::<Duration>(), Duration::from_secs(10));
}

#[test]
fn a_cancel_ends_a_wait_and_progress_and_on_task_tell_of_the_task_in_time() {
    on_each_client(|emulator, client, _| {
        emulator.set_task_pace(TaskPace::polls(1_000_000, 0));
        let cancel = CancelToken::new();
        let told = Arc::new(Mutex::new(Vec::new()));
        let (of_task, of_progress, canceller) = (Arc::clone(&told), Arc::clone(&told), cancel.clone());
        let options = CallOptions::new()
            .cancel(&cancel)
            .poll_interval(Duration::from_secs(3600))
            // Before the first question about it.
            .on_task(move |task| of_task.lock().unwrap().push(task.id().to_owned()))
            .progress(move |progress| {
                if progress.phase == Phase::Task {
                    of_progress.lock().unwrap().push("waits".to_owned());
                    let cancel = canceller.clone();
                    // From another thread, as a user would.
                    thread::spawn(move || cancel.cancel());
                }
            });
        let begun = Instant::now();
        let error = client.run_task(&request(), &options).unwrap_err();
        assert_eq!((error.kind(), error.charge()), (ErrorKind::Cancelled, Charge::Unknown), "{error}");
        let id = error.task().unwrap().id().to_owned();
        assert_eq!(*told.lock().unwrap(), [id, "waits".to_owned()]);
        // Nothing but the cancel ends the wait for an hour.
        assert!(begun.elapsed() < Duration::from_secs(60) && polls(emulator) == 1);
    });
}

/// Starts the example that stores its task.
fn start(emulator: &Emulator, home: &Path) -> Child {
    Command::new(program("tasks"))
        .env("VOLCV_BASE_URL", emulator.base_url())
        .env("VOLCV_API_KEY", DEFAULT_KEY)
        .env("TASK", home.join("task.json"))
        .env("OUT", home.join("wide.png"))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .spawn()
        .unwrap()
}

#[test]
fn a_task_survives_the_death_of_its_process_and_is_not_handed_in_again() {
    let emulator = Emulator::builder().task_pace(TaskPace::polls(1_000_000, 0)).start().unwrap();
    let home = std::env::temp_dir().join(format!("volcv-tasks-{}", std::process::id()));
    std::fs::create_dir_all(&home).unwrap();
    let mut first = start(&emulator, &home);
    // The first question about the task comes after it was stored.
    let begun = Instant::now();
    while polls(&emulator) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60) && first.try_wait().unwrap().is_none());
        thread::sleep(Duration::from_millis(10));
    }
    first.kill().unwrap();
    assert!(!first.wait().unwrap().success());
    let task: Task = std::fs::read_to_string(home.join("task.json")).unwrap().parse().unwrap();
    emulator.set_task_pace(TaskPace::default());
    assert!(start(&emulator, &home).wait().unwrap().success());
    assert_eq!(image::image_dimensions(home.join("wide.png")).unwrap(), (1440, 960));
    assert_eq!((emulator.submits(), emulator.charges()), (1, 1), "{task}");
    assert!(!home.join("task.json").exists());
    std::fs::remove_dir_all(home).unwrap();
}

#[test]
fn errors_of_a_task_are_values_that_say_all() {
    on_each_client(|emulator, client, _| {
        (0..20).for_each(|_| emulator.push("action=result,status=502".parse().unwrap()));
        let error: Error = client.run_task(&request(), &CallOptions::new()).unwrap_err();
        // The submission and, as questions are free, five times as many of them as of paid attempts.
        assert_eq!(
            (error.kind(), error.charge(), error.attempts().len()),
            (ErrorKind::Service, Charge::Unknown, 21),
            "{error}"
        );
        assert!(error.is_retryable());
        client.wait(error.task().unwrap(), &CallOptions::new()).unwrap();
        assert_eq!(emulator.submits(), 1);
    });
}
