//! The thread that gives memory of dropped pictures back when nobody has needed it for a while; there only as long as there
//! is such memory.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use volcv_core::BufferPool;

use crate::threads::{self, Thread};

/// The time between two looks. What was last needed somewhere between them goes back at the look after: after five to ten
/// seconds, about when idle connections are closed.
const PERIOD: Duration = Duration::from_secs(5);

/// A client's memory for pictures, and who looks after it.
pub(crate) struct Keeper {
    pub(crate) pool: BufferPool,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    closing: Condvar,
}

#[derive(Default)]
struct State {
    /// It runs, or is about to end by itself.
    thread: Option<Thread>,
    closed: bool,
}

impl Keeper {
    pub(crate) fn new() -> Self {
        Self::with_period(PERIOD)
    }

    fn with_period(period: Duration) -> Self {
        let shared = Arc::<Shared>::default();
        let pool = BufferPool::with_keeper({
            let shared = Arc::clone(&shared);
            move |pool| shared.start(pool, period)
        });
        Self { pool, shared }
    }
}

impl Shared {
    /// Whether there is a thread that will trim.
    fn start(self: &Arc<Self>, pool: &BufferPool, period: Duration) -> bool {
        let mut state = self.lock();
        if state.closed {
            return false;
        }
        let (shared, pool) = (Arc::clone(self), pool.clone());
        let before = state.thread.take();
        state.thread = threads::start("volcv-memory", Box::new(move || shared.look_after(&pool, period))).ok();
        let runs = state.thread.is_some();
        drop(state);
        // It has said that it was enough, and only has to end.
        before.into_iter().for_each(Thread::join);
        runs
    }

    fn look_after(&self, pool: &BufferPool, period: Duration) {
        loop {
            let wait = self.closing.wait_timeout_while(self.lock(), period, |state| !state.closed);
            let (state, waited) = wait.unwrap_or_else(PoisonError::into_inner);
            drop(state);
            if !waited.timed_out() || !pool.trim() {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread does not outlive the client, so that a library with it can be unloaded.
impl Drop for Keeper {
    fn drop(&mut self) {
        let thread = {
            let mut state = self.shared.lock();
            state.closed = true;
            state.thread.take()
        };
        self.shared.closing.notify_one();
        // No code of a caller runs in it: it does not drop the client, and does not panic.
        thread.into_iter().for_each(Thread::join);
        self.pool.close();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Instant;

    use volcv_core::Buffer;

    use super::*;

    /// Pictures, as many as were dropped at once.
    fn drop_at_once(keeper: &Keeper, pictures: usize) {
        let pictures: Vec<Buffer> = (0..pictures)
            .map(|_| {
                let mut picture = Buffer::with_pool(8 << 20, &keeper.pool);
                picture.extend_from_slice(&vec![1; 8 << 20]);
                picture
            })
            .collect();
        drop(pictures);
    }

    fn until(what: impl Fn() -> bool) {
        let start = Instant::now();
        while !what() {
            assert!(start.elapsed() < Duration::from_secs(60));
            thread::sleep(Duration::from_millis(1));
        }
    }

    impl Keeper {
        fn runs(&self) -> bool {
            self.shared.lock().thread.as_ref().is_some_and(|thread| !thread.is_finished())
        }
    }

    #[test]
    fn the_thread_is_there_while_much_is_kept_and_ends_by_itself() {
        let keeper = Keeper::with_period(Duration::from_millis(20));
        drop_at_once(&keeper, 3);
        assert!(!keeper.runs(), "so little is always kept");
        for _ in 0..2 {
            drop_at_once(&keeper, 10);
            assert!(keeper.pool.bytes() == 80 << 20 && keeper.runs());
            until(|| !keeper.runs());
            assert_eq!(keeper.pool.bytes(), 24 << 20);
        }
    }

    #[test]
    fn the_thread_ends_with_the_client_and_nothing_is_kept() {
        let keeper = Keeper::new();
        let late = Buffer::with_pool(8 << 20, &keeper.pool);
        drop_at_once(&keeper, 10);
        assert!(keeper.runs());
        let (shared, pool) = (Arc::clone(&keeper.shared), keeper.pool.clone());
        drop(keeper);
        assert!(shared.lock().thread.is_none());
        drop(late);
        assert_eq!(pool.bytes(), 0);
    }
}
