//! The tests of `src/orders.rs`, with the engine compiled as it is outside of its own tests.

#[test]
fn each_job_ends_with_one_event_and_no_wait_misses_it() {
    interleavings::orders::each_job_ends_with_one_event_and_no_wait_misses_it();
}

#[test]
fn a_released_job_has_no_event_and_its_id_is_stale() {
    interleavings::orders::a_released_job_has_no_event_and_its_id_is_stale();
}

#[test]
fn a_job_that_has_ended_has_its_event() {
    interleavings::orders::a_job_that_has_ended_has_its_event();
}

#[test]
fn a_wake_ends_a_wait_whenever_it_comes() {
    interleavings::orders::a_wake_ends_a_wait_whenever_it_comes();
}

#[test]
fn no_hook_begins_after_a_destroy_that_gave_up_and_none_that_is_due_is_lost() {
    interleavings::orders::no_hook_begins_after_a_destroy_that_gave_up_and_none_that_is_due_is_lost();
}

#[test]
fn a_picture_is_given_back_once_when_a_destroy_gives_up() {
    interleavings::orders::a_picture_is_given_back_once_when_a_destroy_gives_up();
}
