//! `expand` on the successor of outpainting, which runs as tasks in canvas mode only.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use volcv::{
    Ability, CallOptions, Charge, ErrorKind, ExpandOptions, Expanded, Keep, Margins, Outpaint, PaintingEdit, Size, Wish,
};
use volcv_emulator::{RequestKind, TaskPace};

use crate::expand::{original_in, picture, wider};
use crate::support::{on_each_client, png};

fn options() -> ExpandOptions {
    ExpandOptions::new().ability(Ability::PaintingEdit).prompt("a calm sea")
}

#[test]
fn a_picture_grows_by_tasks_in_one_or_several_passes_and_keeps_its_own_pixels() {
    let original = picture(160, 120);
    on_each_client(|emulator, client, _| {
        emulator.set_task_pace(TaskPace::polls(1, 1));
        for (wish, passes) in [(wider(), 1), (Wish::target(Size { width: 900, height: 300 }), 2)] {
            let plan = options().max_passes(2).plan_for(Size { width: 160, height: 120 }, &wish).unwrap();
            assert_eq!((plan.ability, plan.calls()), (Ability::PaintingEdit, passes));
            let before = (emulator.charges(), emulator.submits());
            let expanded = client.expand(png(&original).into(), &wish, &options().max_passes(2)).unwrap();
            assert_eq!((expanded.passes.len(), expanded.charges()), (passes as usize, passes as usize));
            assert_eq!(expanded.image.size(), plan.result);
            assert!(expanded.is_exact());
            assert_eq!(original_in(&expanded), *original.as_raw());
            let paid = u64::from(passes);
            assert_eq!((emulator.charges(), emulator.submits()), (before.0 + paid, before.1 + paid));
        }
        for request in emulator.requests() {
            assert_eq!(request.json.unwrap()["req_key"], PaintingEdit::REQ_KEY);
            assert_ne!(request.kind, Some(RequestKind::Call));
        }
    });
}

#[test]
fn links_of_tasks_are_downloaded_and_the_resolution_of_the_original_is_kept() {
    let original = picture(400, 300);
    on_each_client(|emulator, client, _| {
        let settings = Outpaint::equal(Vec::new(), 0.5).return_url(true);
        let plan = volcv::PlanOptions::new().ability(Ability::PaintingEdit).max_side(256).keep(Keep::Original);
        let options = ExpandOptions::new().settings(settings).plan(plan);
        let expanded = client.expand(png(&original).into(), &Wish::pixels(Margins::all(40)), &options).unwrap();
        assert_eq!(expanded.image.size(), Size { width: 480, height: 380 });
        assert_eq!(original_in(&expanded), *original.as_raw());
        let kinds: Vec<_> = emulator.requests().iter().filter_map(|request| request.kind).collect();
        assert_eq!(kinds, [RequestKind::Submit, RequestKind::Result, RequestKind::File]);
    });
}

#[test]
fn variants_are_tasks_of_their_own() {
    on_each_client(|emulator, client, _| {
        let tasks = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&tasks);
        let call = CallOptions::new().on_task(move |task| told.lock().unwrap().push(task.id().to_owned()));
        let source = png(&picture(160, 120)).into();
        let results = client.expand_variants(source, &wider(), &[5, 6, 7], &options().call(call)).unwrap();
        assert!(results.iter().all(|result| result.as_ref().is_ok_and(Expanded::is_exact)));
        let mut tasks = tasks.lock().unwrap().clone();
        tasks.sort();
        tasks.dedup();
        assert_eq!((tasks.len(), emulator.submits(), emulator.charges()), (3, 3, 3));
    });
}

#[test]
fn what_the_first_pass_bought_comes_with_the_error_of_the_second_and_with_its_task() {
    let wish = Wish::target(Size { width: 900, height: 300 });
    on_each_client(|emulator, client, _| {
        emulator.push("action=result".parse().unwrap());
        emulator.push("action=result,code=50511".parse().unwrap());
        let error = client.expand(png(&picture(160, 120)).into(), &wish, &options().max_passes(2)).unwrap_err();
        assert_eq!((error.kind(), error.charge(), error.is_retryable()), (ErrorKind::Refused, Charge::Charged, false));
        let first = image::load_from_memory(error.rejected_picture().unwrap()).unwrap();
        assert!(first.width() > 160 && first.width() < 900);
        assert_eq!((error.attempts().len(), emulator.submits()), (4, 2), "{error}");
        let second = error.task().unwrap();
        client.wait(second, &CallOptions::new()).unwrap();
        assert_eq!(emulator.submits(), 2);
    });
}

#[test]
fn the_deadline_is_that_of_the_whole_operation() {
    on_each_client(|emulator, client, _| {
        emulator.set_task_pace(TaskPace::polls(1_000_000, 0));
        let call = CallOptions::new().deadline(Duration::from_millis(1500)).poll_interval(Duration::from_millis(20));
        let error = client.expand(png(&picture(160, 120)).into(), &wider(), &options().call(call)).unwrap_err();
        assert_eq!((error.kind(), error.charge()), (ErrorKind::Timeout, Charge::Unknown), "{error}");
        assert_eq!((error.task().is_some(), emulator.submits()), (true, 1));
    });
}

#[test]
fn a_setting_that_the_successor_does_not_have_is_refused_before_anything_is_sent() {
    on_each_client(|emulator, client, _| {
        let settings = Outpaint::equal(Vec::new(), 0.5).steps(20);
        let options = options().settings(settings);
        let error = client.expand(png(&picture(160, 120)).into(), &wider(), &options).unwrap_err();
        assert_eq!((error.kind(), error.charge()), (ErrorKind::InvalidInput, Charge::None), "{error}");
        assert!(error.to_string().contains("steps") && emulator.requests().is_empty(), "{error}");
    });
}
