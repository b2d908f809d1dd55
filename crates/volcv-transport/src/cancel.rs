//! A token that cancels calls: blocking calls from another thread, async calls as an alternative to dropping the future.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Cancels the calls that were given this token. Clones share one state, and a cancelled token stays cancelled.
///
/// ```
/// let cancel = volcv_transport::CancelToken::new();
/// let clone = cancel.clone();
/// std::thread::spawn(move || clone.cancel()).join().unwrap();
/// assert!(cancel.is_cancelled());
/// ```
#[derive(Clone, Default)]
pub struct CancelToken(Arc<State>);

#[derive(Default)]
struct State {
    cancelled: AtomicBool,
    hooks: Mutex<Hooks>,
    wake: Condvar,
}

#[derive(Default)]
struct Hooks {
    next: u64,
    waiting: Vec<(u64, Hook)>,
}

type Hook = Box<dyn FnOnce() + Send>;

impl CancelToken {
    /// A token that is not cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels. Hooks run on this thread, once; a second call does nothing.
    pub fn cancel(&self) {
        let waiting = {
            let mut hooks = self.hooks();
            if self.0.cancelled.swap(true, SeqCst) {
                return;
            }
            std::mem::take(&mut hooks.waiting)
        };
        self.0.wake.notify_all();
        waiting.into_iter().for_each(|(_, hook)| hook());
    }

    /// Whether [`CancelToken::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(SeqCst)
    }

    /// Sleeps for this long, or until cancelled; says whether it is cancelled.
    pub fn wait(&self, time: Duration) -> bool {
        // `None` is a time that the clock cannot express.
        let end = Instant::now().checked_add(time);
        let mut hooks = self.hooks();
        while !self.is_cancelled() {
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return false;
            }
            let left = left.min(Duration::from_secs(3600));
            hooks = self.0.wake.wait_timeout(hooks, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Runs `hook` when cancelled, at once if that has happened already. Dropping the guard forgets the hook.
    ///
    /// This is how a blocking transport gets out of a read: the hook shuts its socket down. On Windows that does not end a
    /// read that waits (rust-lang/rust issue 121594): wait in short pieces there, and look at the token between them. The
    /// hook may still be running on another thread when the guard is dropped.
    pub fn on_cancel(&self, hook: impl FnOnce() + Send + 'static) -> CancelGuard {
        let mut hooks = self.hooks();
        let id = hooks.next;
        hooks.next += 1;
        if self.is_cancelled() {
            drop(hooks);
            hook();
        } else {
            hooks.waiting.push((id, Box::new(hook)));
        }
        CancelGuard { token: self.clone(), id }
    }

    /// How many hooks have not run yet.
    #[cfg(test)]
    pub(crate) fn hooks_waiting(&self) -> usize {
        self.hooks().waiting.len()
    }

    /// No code under this lock can leave the state half-changed, so a poisoned lock can be used.
    fn hooks(&self) -> MutexGuard<'_, Hooks> {
        self.0.hooks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken").field("cancelled", &self.is_cancelled()).finish()
    }
}

/// Keeps a hook of [`CancelToken::on_cancel`] alive.
#[derive(Debug)]
#[must_use = "the hook is forgotten when the guard is dropped"]
pub struct CancelGuard {
    token: CancelToken,
    id: u64,
}

impl Drop for CancelGuard {
    fn drop(&mut self) {
        self.token.hooks().waiting.retain(|(id, _)| *id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_runs_once_and_at_once_if_late() {
        let (token, count) = (CancelToken::new(), Arc::new(Mutex::new(0)));
        let hook = || {
            let count = Arc::clone(&count);
            move || *count.lock().unwrap() += 1
        };
        let _early = token.on_cancel(hook());
        drop(token.on_cancel(hook()));
        token.cancel();
        token.cancel();
        assert_eq!(*count.lock().unwrap(), 1);
        let _late = token.on_cancel(hook());
        assert_eq!(*count.lock().unwrap(), 2);
    }

    #[test]
    fn waiting_ends_when_cancelled() {
        let token = CancelToken::new();
        assert!(!token.wait(Duration::from_millis(1)));
        let clone = token.clone();
        let thread = std::thread::spawn(move || clone.wait(Duration::MAX));
        token.cancel();
        assert!(thread.join().unwrap());
    }
}
