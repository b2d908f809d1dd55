//! Threads for work that cannot be interrupted. Whoever waits for it can be, and leaves the thread to itself.

use std::fmt;
use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// A thread without work ends after this time. Starting one takes longer than connecting on a fast network.
const LINGER: Duration = Duration::from_secs(5);

type Job = Box<dyn FnOnce() + Send>;

/// The threads that have nothing to do. They end with this.
#[derive(Default)]
pub(super) struct Helpers(Mutex<Vec<(ThreadId, Sender<Job>)>>);

impl Helpers {
    /// Does the work on a thread that is there, or on a new one.
    pub(super) fn run(self: &Arc<Self>, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let mut job: Job = Box::new(work);
        loop {
            let Some((_, helper)) = self.lock().pop() else { break };
            match helper.send(job) {
                Ok(()) => return Ok(()),
                Err(back) => job = back.0,
            }
        }
        let helpers = Arc::downgrade(self);
        let thread = thread::Builder::new().name("volcv-connect".to_owned()).stack_size(256 * 1024);
        thread.spawn(move || help(&helpers, job)).map(drop)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(ThreadId, Sender<Job>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Helpers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Helpers")
    }
}

fn help(helpers: &Weak<Helpers>, mut job: Job) {
    let me = thread::current().id();
    loop {
        job();
        let (sender, jobs) = mpsc::channel();
        let Some(idle) = helpers.upgrade() else { return };
        idle.lock().push((me, sender));
        drop(idle);
        let Some(next) = next(helpers, me, &jobs) else { return };
        job = next;
    }
}

fn next(helpers: &Weak<Helpers>, me: ThreadId, jobs: &Receiver<Job>) -> Option<Job> {
    match jobs.recv_timeout(LINGER) {
        Ok(job) => return Some(job),
        Err(RecvTimeoutError::Disconnected) => return None,
        Err(RecvTimeoutError::Timeout) => {}
    }
    let helpers = helpers.upgrade()?;
    let mut idle = helpers.lock();
    let place = idle.iter().position(|(thread, _)| *thread == me);
    if let Some(place) = place {
        idle.swap_remove(place);
        return None;
    }
    drop(idle);
    // Somebody was faster and has taken the sender: a job is on its way.
    jobs.recv().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_used_again_and_ends_with_the_helpers() {
        let helpers = Arc::new(Helpers::default());
        let (sender, threads) = mpsc::channel();
        let ran_on = || {
            let sender = sender.clone();
            helpers.run(move || sender.send(thread::current().id()).unwrap()).unwrap();
            let thread = threads.recv().unwrap();
            while helpers.lock().is_empty() {
                thread::yield_now();
            }
            thread
        };
        assert_eq!(ran_on(), ran_on());
        let (_, helper) = helpers.lock().pop().unwrap();
        drop(helpers);
        // Without a sender to wait for, the thread goes, and its receiver with it.
        let mut job: Job = Box::new(|| {});
        while let Ok(()) = helper.send(std::mem::replace(&mut job, Box::new(|| {}))) {
            thread::yield_now();
        }
    }
}
