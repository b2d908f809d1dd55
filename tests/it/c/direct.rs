//! Direct access and tasks through the C functions, judged by what the server saw.

use volcv_emulator::{AccessKind, Emulator, TaskPace};

use super::Build;
use super::abuse::{Under, built, run};

pub(crate) fn direct(under: Under) {
    let emulator = Emulator::builder()
        .temporary_key("AKTP-canary-access", "SKTP-canary-secret", "STS-canary-token")
        .start()
        .unwrap();
    run(&built("direct", under, Build::Full), under, &emulator, &[], &[]);
    let requests = emulator.requests();
    assert!(requests.iter().all(|request| request.access == Some(AccessKind::Direct)), "{requests:#?}");
}

#[test]
fn direct_access_works_with_keys_tokens_and_a_hook_that_may_fail_lie_and_hang() {
    direct(Under::Nothing);
}

pub(crate) fn tasks(under: Under) {
    for access in ["VOLCV_GATEWAY", "VOLCV_DIRECT"] {
        let emulator = Emulator::builder().task_pace(TaskPace::polls(1, 1)).start().unwrap();
        let path = built("tasks", under, Build::Full);
        let task = run(&path, under, &emulator, &[], &[(access, 1)]);
        let submits = emulator.submits();
        emulator.expire_tasks();
        run(&path, under, &emulator, &["expired", task.trim()], &[(access, 1)]);
        assert_eq!(emulator.submits(), submits, "a stored task is not submitted again");
    }
}

#[test]
fn tasks_of_every_kind_are_submitted_stored_waited_for_and_cancelled() {
    tasks(Under::Nothing);
}
