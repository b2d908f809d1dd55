//! Threads for work that cannot be interrupted. Whoever waits for it can be, and leaves the thread to itself.

use std::fmt;
use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use crate::threads::{self, Thread};

/// A thread without work ends after this time. Starting one takes longer than connecting on a fast network.
const LINGER: Duration = Duration::from_secs(5);

type Job = Box<dyn FnOnce() + Send>;

/// Threads that wait for work. They end with this; one that is still at work ends when it has done it.
#[derive(Default)]
pub(super) struct Helpers(Arc<Mutex<Threads>>);

#[derive(Default)]
struct Threads {
    all: Vec<Thread>,
    idle: Vec<(ThreadId, Sender<Job>)>,
    closed: bool,
}

impl Helpers {
    /// Does the work on a thread that is there, or on a new one.
    pub(super) fn run(&self, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let mut job: Job = Box::new(work);
        let mut threads = lock(&self.0);
        while let Some((_, helper)) = threads.idle.pop() {
            match helper.send(job) {
                Ok(()) => return Ok(()),
                Err(back) => job = back.0,
            }
        }
        let all = Arc::clone(&self.0);
        let thread = threads::start("volcv-connect", Box::new(move || help(&all, job)))?;
        threads.all.retain(|thread| !thread.is_finished());
        threads.all.push(thread);
        Ok(())
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        let (all, idle) = {
            let mut threads = lock(&self.0);
            threads.closed = true;
            (std::mem::take(&mut threads.all), std::mem::take(&mut threads.idle))
        };
        let waiting: Vec<ThreadId> = idle.into_iter().map(|(thread, _)| thread).collect();
        for thread in all.into_iter().filter(|thread| waiting.contains(&thread.thread().id())) {
            // Its sender is gone, so that it ends at once.
            thread.join();
        }
    }
}

impl fmt::Debug for Helpers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Helpers")
    }
}

fn lock(threads: &Mutex<Threads>) -> MutexGuard<'_, Threads> {
    threads.lock().unwrap_or_else(PoisonError::into_inner)
}

fn help(threads: &Mutex<Threads>, mut job: Job) {
    loop {
        job();
        let (sender, jobs) = mpsc::channel();
        {
            let mut threads = lock(threads);
            if threads.closed {
                return;
            }
            threads.idle.push((thread::current().id(), sender));
        }
        let Some(next) = next(threads, &jobs) else { return };
        job = next;
    }
}

fn next(threads: &Mutex<Threads>, jobs: &Receiver<Job>) -> Option<Job> {
    match jobs.recv_timeout(LINGER) {
        Ok(job) => return Some(job),
        Err(RecvTimeoutError::Disconnected) => return None,
        Err(RecvTimeoutError::Timeout) => {}
    }
    let me = thread::current().id();
    lock(threads).idle.retain(|(thread, _)| *thread != me);
    // Somebody may have been faster: jobs are given away inside the lock.
    jobs.try_recv().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_used_again_and_ends_with_the_helpers() {
        let helpers = Helpers::default();
        let (sender, ran) = mpsc::channel();
        let run = || {
            let sender = sender.clone();
            helpers.run(move || sender.send(thread::current().id()).unwrap()).unwrap();
            let thread = ran.recv().unwrap();
            while lock(&helpers.0).idle.is_empty() {
                thread::yield_now();
            }
            thread
        };
        assert_eq!(run(), run());
        let threads = Arc::downgrade(&helpers.0);
        drop(helpers);
        assert_eq!(threads.strong_count(), 0);
    }

    #[test]
    fn work_that_hangs_does_not_hold_the_helpers() {
        let helpers = Helpers::default();
        let (hold, held) = mpsc::channel::<()>();
        helpers.run(move || _ = held.recv()).unwrap();
        drop(helpers);
        drop(hold);
    }
}
