//! What holds in every order of the threads. A wait that nobody ends is a deadlock, which shuttle reports.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner, thread};

use crate::abi::*;
use crate::host::Host;

/// Orders that each test tries, half of them at random, half with few changes between threads.
fn orders() -> usize {
    std::env::var("VOLCV_ORDERS").map_or(400, |text| text.parse().unwrap())
}

/// Runs a test in many orders.
fn in_all_orders(test: impl Fn() + Send + Sync + Clone + 'static) {
    let config = || {
        let mut config = Config::new();
        config.stack_size = 1 << 20;
        config
    };
    Runner::new(RandomScheduler::new(orders() / 2), config()).run(test.clone());
    Runner::new(PctScheduler::new(3, orders() / 2), config()).run(test);
}

/// Runs these beside each other.
fn beside(host: &Arc<Host>, threads: Vec<Box<dyn FnOnce(&Host) + Send>>) {
    let threads: Vec<_> = threads
        .into_iter()
        .map(|run| {
            let host = Arc::clone(host);
            thread::spawn(move || run(&host))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Submits, cancels, waits and polls beside each other.
pub fn each_job_ends_with_one_event_and_no_wait_misses_it() {
    for answers_later in [false, true] {
        in_all_orders(move || {
            let host = Host::start(2, answers_later);
            let cancelled = host.submit(1).unwrap();
            beside(
                &host,
                vec![
                    Box::new(|host| {
                        host.submit(2).unwrap();
                        let last = host.submit(3).unwrap();
                        assert_eq!(host.wait(&[last]), VOLCV_OK);
                    }),
                    Box::new(move |host| assert_eq!(host.cancel(cancelled), VOLCV_OK)),
                    Box::new(|host| {
                        let mut ended = Vec::new();
                        while ended.len() < 3 {
                            assert_eq!(host.wait(&[]), VOLCV_OK);
                            ended.extend(host.poll());
                        }
                        ended.sort_unstable();
                        assert_eq!(ended, [1, 2, 3]);
                    }),
                ],
            );
            assert!(host.poll().is_empty());
            host.destroy();
        });
    }
}

/// Releases jobs that run, while others poll and wait.
pub fn a_released_job_has_no_event_and_its_id_is_stale() {
    in_all_orders(|| {
        let host = Host::start(1, false);
        let jobs = [host.submit(1).unwrap(), host.submit(2).unwrap()];
        let polled = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&polled);
        beside(
            &host,
            vec![
                Box::new(move |host| {
                    for job in jobs {
                        assert_eq!(host.release(job), VOLCV_OK);
                        assert_eq!(host.release(job), VOLCV_E_STALE);
                        assert_eq!(host.cancel(job), VOLCV_E_STALE);
                    }
                }),
                Box::new(move |host| {
                    let ended = host.poll();
                    seen.lock().unwrap().extend(ended);
                }),
                // Waits for a job that is released: either it has ended, or its id is stale.
                Box::new(move |host| assert!([VOLCV_OK, VOLCV_E_STALE].contains(&host.wait(&[jobs[1]])))),
            ],
        );
        let mut ended = std::mem::take(&mut *polled.lock().unwrap());
        assert!(host.poll().is_empty(), "the event of a released job is taken back");
        ended.dedup();
        assert!(ended.len() <= 2);
        let next = host.submit(3).unwrap();
        assert!(!jobs.contains(&next));
        assert_eq!(host.wait(&[next]), VOLCV_OK);
        assert_eq!(host.poll(), [3]);
        host.destroy();
    });
}

/// Looks again and again whether a job has ended, and polls.
pub fn a_job_that_has_ended_has_its_event() {
    in_all_orders(|| {
        let host = Host::start(1, false);
        let job = host.submit(1).unwrap();
        while !host.has_ended(job) {
            thread::yield_now();
        }
        assert_eq!(host.poll(), [1]);
        host.destroy();
    });
}

/// Wakes a thread that may not wait yet.
pub fn a_wake_ends_a_wait_whenever_it_comes() {
    in_all_orders(|| {
        let host = Host::start(1, false);
        beside(
            &host,
            vec![
                Box::new(|host| assert_eq!(host.wait(&[]), VOLCV_E_INTERRUPTED)),
                Box::new(|host| assert_eq!(host.wake(), VOLCV_OK)),
            ],
        );
        host.destroy();
    });
}

/// Cancels a job that waits, while the client is destroyed in two calls, of which the first may give up.
pub fn a_picture_is_given_back_once_when_a_destroy_gives_up() {
    in_all_orders(|| {
        let host = Host::start(1, false);
        host.submit(1).unwrap();
        let waiting = host.submit(2).unwrap();
        beside(
            &host,
            vec![
                Box::new(move |host| assert!([VOLCV_OK, VOLCV_E_STALE].contains(&host.cancel(waiting)))),
                Box::new(|host| {
                    if host.try_destroy() == VOLCV_E_TIMEOUT {
                        host.destroy();
                    }
                }),
            ],
        );
        host.is_gone();
    });
}

/// Destroys a client at work, with a first try that takes no time.
pub fn no_hook_begins_after_a_destroy_that_gave_up_and_none_that_is_due_is_lost() {
    for answers_later in [false, true] {
        in_all_orders(move || {
            let host = Host::start(2, answers_later);
            let first = host.submit(1).unwrap();
            beside(
                &host,
                vec![
                    Box::new(|host| {
                        assert!(
                            [Ok(()), Err(VOLCV_E_SHUTDOWN), Err(VOLCV_E_STALE)].contains(&host.submit(2).map(drop))
                        );
                    }),
                    Box::new(move |host| {
                        let told = host.release(first);
                        assert!([VOLCV_OK, VOLCV_E_STALE].contains(&told));
                    }),
                    Box::new(|host| {
                        let ended = host.wait(&[]);
                        assert!([VOLCV_OK, VOLCV_E_SHUTDOWN, VOLCV_E_STALE].contains(&ended));
                    }),
                    Box::new(|host| {
                        if host.try_destroy() == VOLCV_E_TIMEOUT {
                            host.silent.store(true, SeqCst);
                            thread::yield_now();
                            host.silent.store(false, SeqCst);
                            host.destroy();
                        }
                    }),
                ],
            );
            assert_eq!(host.try_destroy(), VOLCV_E_STALE);
        });
    }
}
