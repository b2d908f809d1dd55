//! Tasks: handing in follows the rules of money; asking is free, and goes on until there is an answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use volcv_core::types::{Charge, Task, TaskStatus};
use volcv_core::{
    Call, CallConfig, Error, ErrorKind, Output, Phase, Plan, RetryAction, RetryBudget, Step, TaskReport, TimeLimit,
    TransportErrorKind,
};

use crate::play::*;

const HOUR: Duration = Duration::from_secs(3600);
const DONE: &str =
    r#"{"code":10000,"request_id":"r","data":{"status":"done","binary_data_base64":["R0lGODlhAQABAAAAADs="]}}"#;

fn state(status: &str) -> Event {
    Event { lasts: Duration::ZERO, ..Event::reply(200, &IN_QUEUE.replace("in_queue", status)) }
}

fn submit(config: CallConfig, events: &[Event]) -> Run {
    play(Call::new(Plan::submit(&task_request(), &gateway()).unwrap(), config).with_rng_seed(1), events)
}

fn wait(config: CallConfig, events: &[Event]) -> Run {
    play(Call::new(Plan::wait(&task(), &gateway()).unwrap(), config).with_rng_seed(1), events)
}

fn status(events: &[Event]) -> Run {
    play(Call::new(Plan::status(&task(), &gateway()).unwrap(), CallConfig::default()).with_rng_seed(1), events)
}

fn until(deadline: Duration) -> CallConfig {
    let mut config = CallConfig::default();
    config.limits.deadline = Some(deadline);
    config
}

fn fails(event: Event) -> Error {
    wait(CallConfig::default(), &[event]).result.unwrap_err()
}

mod handing_in {
    use super::*;

    #[test]
    fn a_task_that_is_handed_in_has_an_id_and_an_unknown_charge() {
        let outcome = submit(CallConfig::default(), &[Event::reply(200, ACCEPTED)]).result.unwrap();
        assert_eq!((outcome.reply.task_id(), outcome.outputs.len()), (Some(task().id()), 0));
        assert_eq!((outcome.attempts[0].charge, &outcome.warnings[..]), (Charge::Unknown, &[][..] as &[String]));
        let wrapped = format!(r#"{{"ResponseMetadata":{{"RequestId":"r"}},"Result":{ACCEPTED}}}"#);
        let outcome = submit(CallConfig::default(), &[Event::reply(200, &wrapped)]).result.unwrap();
        assert_eq!(outcome.reply.task_id(), Some(task().id()));
    }

    #[test]
    fn a_task_without_an_id_may_have_been_charged_and_is_not_handed_in_again() {
        for event in [
            Event::reply(200, r#"{"code":10000,"data":null}"#),
            Event::reply(200, r#"{"code":10000,"data":{"task_id":""}}"#),
            Event::reply(200, SUCCESS.replace("binary_data_base64", "x").as_str()),
            Event::cut(200, ACCEPTED),
            Event::reply(200, "<html>"),
        ] {
            let run = submit(policy(4, 1), std::slice::from_ref(&event));
            let error = run.error();
            assert_eq!((run.sent, error.kind(), error.charge()), (1, ErrorKind::Decode, Charge::Unknown), "{event:?}");
            assert!(!error.is_retryable());
        }
    }

    #[test]
    fn a_task_is_handed_in_again_only_if_it_cannot_have_arrived() {
        let run = submit(policy(4, 1), &[Event::fail(1, TransportErrorKind::Io), Event::reply(200, ACCEPTED)]);
        assert_eq!((run.sent, run.complete), (2, 1));
        run.result.unwrap();
        for event in
            [Event::fail(2, TransportErrorKind::Io), Event::fail(2, TransportErrorKind::Timeout(TimeLimit::Stall))]
        {
            let run = submit(policy(4, 1), &[event]);
            assert_eq!((run.sent, run.error().kind()), (1, ErrorKind::OutcomeUnknown));
            assert_eq!((run.error().charge(), run.error().is_retryable()), (Charge::Unknown, false));
        }
        let config = policy(4, 1);
        let run = submit(config.clone(), &[Event::reply(429, "")]);
        assert_eq!((run.sent, run.error().charge(), config.budget.tokens()), (4, Charge::None, 7));
        let run = submit(policy(4, 1), &[Event::reply(500, "")]);
        assert_eq!((run.sent, run.error().kind(), run.error().charge()), (1, ErrorKind::Service, Charge::Unknown));
    }
}

mod waiting {
    use super::*;

    #[test]
    fn the_result_comes_as_bytes_or_as_links() {
        let steps = [state("in_queue"), state("generating"), state("a new state")];
        let links =
            DONE.replace("binary_data_base64", "image_urls").replace("R0lGODlhAQABAAAAADs=", "https://cdn.example/a");
        for (reply, is_picture) in [(DONE, true), (&*links, false)] {
            let run = wait(CallConfig::default(), &[&steps[..], &[Event::reply(200, reply)]].concat());
            let outcome = run.result.unwrap();
            assert_eq!(outcome.reply.task_status(), Some(TaskStatus::Done));
            match &outcome.outputs[..] {
                [Output::Picture { bytes, .. }] if is_picture => assert_eq!(bytes.as_ref(), GIF),
                [Output::Link(link)] if !is_picture => assert_eq!(link, "https://cdn.example/a"),
                other => panic!("{other:?}"),
            }
            assert_eq!((run.sent, outcome.attempts.len(), outcome.attempts[0].charge), (4, 1, Charge::Charged));
        }
    }

    #[test]
    fn a_task_of_an_unknown_ability_may_have_another_result_than_pictures() {
        let video = r#"{"code":10000,"data":{"status":"done","video_url":"https://cdn.example/a.mp4"}}"#;
        let of = |req_key: &str| Task::new("1", req_key).unwrap();
        for plan in [Plan::wait(&of("video"), &gateway()).unwrap(), Plan::status(&of("video"), &gateway()).unwrap()] {
            let run = play(Call::new(plan, CallConfig::default()), &[Event::reply(200, video)]);
            let outcome = run.result.unwrap();
            assert_eq!((outcome.outputs.len(), &outcome.body[..]), (0, video.as_bytes()));
            assert_eq!(TaskReport::from(outcome).outcome.unwrap().attempts[0].charge, Charge::Charged);
        }
        assert_eq!(fails(Event::reply(200, video)).kind(), ErrorKind::Decode);
        let plan = Plan::wait(&of("video"), &gateway()).unwrap();
        let damaged = DONE.replace("R0lGODlhAQABAAAAADs=", "R0lGODlh");
        let run = play(Call::new(plan, CallConfig::default()), &[Event::reply(200, &damaged)]);
        assert_eq!(run.result.unwrap_err().kind(), ErrorKind::Decode);
    }

    #[test]
    fn questions_become_rarer() {
        let events = [vec![state("in_queue"); 12], vec![Event::reply(200, DONE)]].concat();
        let run = wait(CallConfig::default(), &events);
        let seconds: Vec<f64> = run.waits.iter().map(Duration::as_secs_f64).collect();
        assert!(seconds[..4] == [2.0, 2.5, 3.125, 3.906_25] && seconds[11] == 10.0, "{seconds:?}");
        let mut config = CallConfig::default();
        config.policy = config.policy.poll_interval(Duration::from_millis(100));
        let run = wait(config, &events);
        assert_eq!((run.waits[0], run.waits[11]), (Duration::from_millis(100), Duration::from_millis(500)));
    }

    #[test]
    fn a_wait_lasts_to_the_deadline_exactly() {
        for (config, deadline) in [
            (CallConfig::default(), HOUR),
            (until(Duration::from_secs(7)), Duration::from_secs(7)),
            (until(24 * HOUR), 24 * HOUR),
        ] {
            let run = wait(config, &[state("generating")]);
            let error = run.error();
            assert_eq!((run.end, error.kind(), error.charge()), (deadline, ErrorKind::Timeout, Charge::Unknown));
            assert_eq!(
                error.to_string(),
                "the task has not ended yet (HTTP 200, request id r); the call may have been charged"
            );
            // Another wait finds the same task.
            assert!(error.is_retryable());
            // One record stands for all answers of the same kind.
            let [record] = error.attempts() else { panic!("{:?}", error.attempts()) };
            assert_eq!((record.error, record.charge, record.status), (None, Charge::None, Some(200)));
        }
    }

    #[test]
    fn a_task_that_failed_is_not_asked_for_again() {
        for (code, kind, charge) in [
            (50411, ErrorKind::Refused, Charge::None),
            (50412, ErrorKind::Refused, Charge::None),
            (50511, ErrorKind::Refused, Charge::Unknown),
            (50519, ErrorKind::Refused, Charge::Unknown),
            (50204, ErrorKind::InvalidInput, Charge::None),
            (50500, ErrorKind::Service, Charge::Unknown),
            (50429, ErrorKind::Throttled, Charge::Unknown),
        ] {
            let body = format!(r#"{{"code":{code},"message":"m","request_id":"r","data":{{"status":"done"}}}}"#);
            for status in [200, 400, 500] {
                let run = wait(CallConfig::default(), &[state("in_queue"), Event::reply(status, &body)]);
                let error = run.error();
                assert_eq!((run.sent, error.kind(), error.charge()), (2, kind, charge), "{code} {status}");
                assert_eq!(error.service_code().and_then(|code| code.number()), Some(code));
                assert!(!error.is_retryable() && error.task_has_ended());
            }
        }
        let inner = DONE
            .replace(r#""status""#, r#""algorithm_base_resp":{"status_code":201304},"status""#)
            .replace("R0lGODlhAQABAAAAADs=", "");
        assert_eq!(fails(Event::reply(200, &inner)).kind(), ErrorKind::Refused);
        let error = fails(Event::reply(200, r#"{"code":10000,"data":{"status":"done","binary_data_base64":[]}}"#));
        assert_eq!((error.kind(), error.charge(), error.attempts().len()), (ErrorKind::Decode, Charge::Unknown, 1));
    }

    /// The task goes on whatever becomes of a question about it.
    #[test]
    fn a_question_that_fails_is_repeated_and_its_outcome_is_never_unknown() {
        let failures = [
            Event::fail(0, TransportErrorKind::Resolve),
            Event::fail(1, TransportErrorKind::Io),
            Event::fail(2, TransportErrorKind::Io),
            Event::fail(2, TransportErrorKind::Timeout(TimeLimit::Stall)),
            Event::reply(429, ""),
            Event::reply(408, ""),
            Event::reply(500, ""),
            Event::reply(502, "<html>"),
            Event::reply(400, r#"{"code":50429}"#),
            Event::reply(500, r#"{"code":50500,"data":null}"#),
            Event::reply(200, ""),
            Event::cut(200, IN_QUEUE),
            Event::cut(200, &DONE[..DONE.len() - 20]),
            Event::reply(200, &DONE.replace("AAADs=", "")),
        ];
        for failure in failures {
            let run = wait(CallConfig::default(), &[failure.clone(), failure.clone(), Event::reply(200, DONE)]);
            assert_eq!((run.sent, run.attempts().len()), (3, 3), "{failure:?}");
            run.result.unwrap();
            let run = wait(CallConfig::default(), std::slice::from_ref(&failure));
            let error = run.error();
            assert_eq!((run.sent, error.charge(), error.is_retryable()), (20, Charge::Unknown, true), "{failure:?}");
            assert_ne!(error.kind(), ErrorKind::OutcomeUnknown);
            assert!(!error.task_has_ended());
            assert!(error.attempts().iter().all(|attempt| attempt.charge == Charge::None));
        }
    }

    #[test]
    fn an_answer_ends_a_row_of_failures() {
        let failed = vec![Event::reply(500, ""); 19];
        let round = [failed.clone(), vec![state("in_queue")]].concat();
        let run = wait(until(24 * HOUR), &[&round[..], &round, &failed, &[Event::reply(200, DONE)]].concat());
        assert_eq!((run.sent, run.attempts().len()), (60, 60));
        run.result.unwrap();
        let run = wait(until(24 * HOUR), &[&round[..], &failed, &failed].concat());
        assert_eq!((run.sent, run.error().kind(), run.error().attempts().len()), (40, ErrorKind::Service, 40));
        let run = wait(policy(1, 1), &[&round[..]].concat());
        assert_eq!(run.sent, 5);
    }

    #[test]
    fn a_task_that_is_not_known_is_given_up_as_early_as_a_call_and_one_that_has_expired_at_once() {
        let run = wait(CallConfig::default(), &[state("not_found")]);
        let error = run.error();
        assert_eq!((run.sent, error.kind(), error.charge()), (4, ErrorKind::Service, Charge::Unknown));
        assert_eq!(error.message(), "the service does not know the task");
        // It may not be known yet.
        let run = wait(CallConfig::default(), &[state("not_found"), state("in_queue"), Event::reply(200, DONE)]);
        run.result.unwrap();
        let error = fails(state("expired"));
        assert_eq!((error.attempts().len(), error.kind(), error.charge()), (1, ErrorKind::Service, Charge::Unknown));
        assert_eq!((error.message(), error.is_retryable()), ("the result of the task has been deleted", false));
    }

    #[test]
    fn a_result_that_also_says_something_else_is_a_result() {
        for reply in [
            DONE.replacen('{', r#"{"error":{"message":"late notice"},"#, 1),
            DONE.replace("done", "generating").replacen('{', r#"{"success":false,"message":"late notice","#, 1),
        ] {
            let outcome = wait(CallConfig::default(), &[Event::reply(200, &reply)]).result.unwrap();
            assert_eq!(outcome.warnings, ["the reply has a picture, but also says: late notice"]);
            assert_eq!(outcome.picture().unwrap().as_ref(), GIF);
        }
        let outcome =
            wait(CallConfig::default(), &[Event::reply(200, &DONE.replace("done", "in_queue"))]).result.unwrap();
        assert_eq!(outcome.picture().unwrap().as_ref(), GIF);
    }

    #[test]
    fn a_failure_with_a_whole_picture_ends_the_wait_and_has_the_picture() {
        for event in [Event::reply(500, DONE), Event::cut(200, &DONE[..DONE.len() - 1])] {
            let run = wait(CallConfig::default(), &[event]);
            let error = run.error();
            assert_eq!((run.sent, error.charge(), error.is_retryable()), (1, Charge::Charged, false));
            assert_eq!(error.rejected_picture().unwrap(), GIF);
        }
    }

    #[test]
    fn questions_take_no_token_of_the_retry_budget_and_give_none() {
        let config = CallConfig::default().budget(Arc::new(RetryBudget::new(0)));
        let run = wait(
            config.clone(),
            &[Event::reply(500, ""), Event::reply(500, ""), state("in_queue"), Event::reply(200, DONE)],
        );
        assert_eq!((run.sent, config.budget.tokens()), (4, 0));
        run.result.unwrap();
        let config = CallConfig::default();
        super::run(config.clone(), &[Event::reply(429, "")]).error();
        wait(config.clone(), &[Event::reply(200, DONE)]).result.unwrap();
        assert_eq!(config.budget.tokens(), 7);
    }

    #[test]
    fn the_hook_is_asked_about_failures_and_not_about_states() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let mut config = CallConfig::default();
        config.policy = config.policy.decide(move |attempt, action| {
            log.lock().unwrap().push((attempt.status, action));
            RetryAction::Stop
        });
        let run = wait(config, &[state("in_queue"), state("generating"), Event::reply(500, "")]);
        assert_eq!((run.sent, run.error().charge()), (3, Charge::Unknown));
        assert_eq!(*seen.lock().unwrap(), [(Some(500), RetryAction::Again)]);
    }

    #[test]
    fn a_cancel_while_waiting_ends_the_wait_at_once() {
        for (event, text) in [
            (state("in_queue"), "the call was cancelled while waiting for the task"),
            (Event::reply(500, ""), "the call was cancelled while waiting to try again"),
        ] {
            let mut call = Call::new(Plan::wait(&task(), &gateway()).unwrap(), CallConfig::default());
            let now = at(Duration::ZERO);
            let Step::Send(_) = call.next(now) else { panic!("a new call is sent") };
            let pushed = push(&mut call, &event);
            call.on_sent(now, pushed);
            assert!(matches!(call.next(now), Step::Wait(_)));
            call.cancel(now);
            let Step::Done(Err(error)) = call.next(now) else { panic!("a cancelled call has ended") };
            assert_eq!((error.kind(), error.charge(), error.message()), (ErrorKind::Cancelled, Charge::Unknown, text));
        }
        let error = fails(Event::fail(2, TransportErrorKind::Cancelled));
        assert_eq!((error.kind(), error.charge(), error.attempts().len()), (ErrorKind::Cancelled, Charge::Unknown, 1));
    }

    #[test]
    fn a_question_in_flight_ends_at_the_deadline() {
        let mut call = Call::new(Plan::wait(&task(), &gateway()).unwrap(), until(Duration::from_secs(5)));
        let Step::Send(attempt) = call.next(at(Duration::ZERO)) else { panic!("a new call is sent") };
        assert_eq!(attempt.limits.attempt, Duration::from_secs(5));
        let late = at(Duration::from_secs(5));
        call.on_sent(late, Err(TimeLimit::Deadline.into()));
        let Step::Done(Err(error)) = call.next(late) else { panic!("the deadline has passed") };
        assert_eq!((error.kind(), error.charge(), error.is_retryable()), (ErrorKind::Timeout, Charge::Unknown, true));
    }

    #[test]
    fn the_observer_sees_that_the_task_is_waited_for() {
        let phases = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&phases);
        let plan = Plan::wait(&task(), &gateway()).unwrap();
        let call = Call::new(plan, CallConfig::default())
            .observed_by(Some(Arc::new(move |progress| log.lock().unwrap().push((progress.phase, progress.attempt)))));
        play(call, &[state("in_queue"), state("in_queue"), Event::reply(200, DONE)]).result.unwrap();
        let phases = phases.lock().unwrap();
        let waits: Vec<_> = phases.iter().filter(|(phase, _)| *phase == Phase::Task).collect();
        assert_eq!(waits.len(), 2);
        assert!(!phases.iter().any(|(phase, _)| *phase == Phase::Backoff));
    }
}

mod asking_once {
    use super::*;

    #[test]
    fn the_state_comes_at_once() {
        for (text, expected) in [
            ("in_queue", TaskStatus::InQueue),
            ("generating", TaskStatus::Generating),
            ("not_found", TaskStatus::NotFound),
            ("expired", TaskStatus::Expired),
            ("done", TaskStatus::Done),
            ("paused", TaskStatus::Other("paused".to_owned())),
        ] {
            let run = status(&[state(text)]);
            let outcome = run.result.unwrap();
            assert_eq!((run.sent, outcome.reply.task_status()), (1, Some(expected)));
            assert_eq!((outcome.outputs.len(), outcome.attempts[0].charge), (0, Charge::None));
        }
        let outcome = status(&[Event::reply(200, DONE)]).result.unwrap();
        assert_eq!((outcome.picture().unwrap().as_ref(), outcome.attempts[0].charge), (GIF, Charge::Charged));
    }

    #[test]
    fn a_question_that_fails_is_repeated_and_a_failed_task_is_an_error() {
        let run = status(&[Event::reply(500, ""), Event::fail(2, TransportErrorKind::Io), state("in_queue")]);
        assert_eq!(run.sent, 3);
        run.result.unwrap();
        let run = status(&[Event::reply(400, r#"{"code":50411,"data":{"status":"done"}}"#)]);
        assert_eq!((run.sent, run.error().kind(), run.error().charge()), (1, ErrorKind::Refused, Charge::None));
        let run = status(&[Event::reply(200, r#"{"code":10000,"data":{}}"#)]);
        assert_eq!((run.sent, run.error().kind()), (20, ErrorKind::Decode));
    }

    #[test]
    fn cancelling_a_task_costs_nothing() {
        let cancel = |events: &[Event]| {
            let plan = Plan::cancel(&task(), &gateway()).unwrap();
            play(Call::new(plan, CallConfig::default()).with_rng_seed(1), events)
        };
        for reply in [r#"{"code":10000}"#, r#"{"ResponseMetadata":{"RequestId":"r"},"Result":{"code":10000}}"#] {
            let run = cancel(&[Event::fail(2, TransportErrorKind::Io), Event::reply(200, reply)]);
            let outcome = run.result.unwrap();
            assert_eq!((run.sent, outcome.body.as_ref()), (2, reply.as_bytes()));
            assert!(outcome.attempts.iter().all(|attempt| attempt.charge == Charge::None));
        }
        let run = cancel(&[Event::reply(400, r#"{"code":50215,"message":"no such task"}"#)]);
        let error = run.error();
        assert_eq!((run.sent, error.kind(), error.charge()), (1, ErrorKind::InvalidInput, Charge::None));
        assert!(error.to_string().contains("no such task") && error.to_string().ends_with("nothing was charged"));
    }
}
