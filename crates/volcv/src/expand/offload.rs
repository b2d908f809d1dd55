//! Work on a thread of its own, for the async client: decoding a picture would hold up every other task of its executor.
//! A thread for each piece of work costs nothing beside a call of seconds, and needs no runtime.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread;

/// Runs `work` on a new thread and waits for it without blocking. A future that is dropped leaves the thread to end by
/// itself. A panic of the work goes on in the task that waits for it.
pub(crate) async fn offload<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let shared = Arc::new(Mutex::new(Shared { work: Some(work), result: None, waker: None }));
    let for_thread = Arc::clone(&shared);
    let spawned = thread::Builder::new().name("volcv-image".to_owned()).spawn(move || run(&for_thread));
    if spawned.is_err() {
        // A picture that was paid for must not be lost for want of a thread.
        run(&shared);
    }
    let result = poll_fn(move |context| {
        let mut shared = lock(&shared);
        match shared.result.take() {
            Some(result) => Poll::Ready(result),
            None => {
                shared.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    });
    result.await.unwrap_or_else(|panic| resume_unwind(panic))
}

struct Shared<W, T> {
    work: Option<W>,
    result: Option<thread::Result<T>>,
    waker: Option<Waker>,
}

fn run<T, W: FnOnce() -> T>(shared: &Mutex<Shared<W, T>>) {
    let Some(work) = lock(shared).work.take() else { return };
    let result = catch_unwind(AssertUnwindSafe(work));
    let waker = {
        let mut shared = lock(shared);
        shared.result = Some(result);
        shared.waker.take()
    };
    waker.into_iter().for_each(Waker::wake);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn work_runs_on_another_thread_and_its_value_comes_back() {
        let here = thread::current().id();
        let there = block_on(offload(|| thread::current().id()));
        assert_ne!(here, there);
    }

    #[test]
    fn a_panic_of_the_work_reaches_the_task() {
        let panic = catch_unwind(|| block_on(offload(|| panic!("of the work")))).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"of the work"));
    }

    #[test]
    fn a_dropped_future_does_not_hold_the_work_back() {
        let (done, ended) = std::sync::mpsc::channel();
        let mut future = Box::pin(offload(move || done.send(()).unwrap()));
        let mut context = std::task::Context::from_waker(Waker::noop());
        let _ = future.as_mut().poll(&mut context);
        drop(future);
        ended.recv().unwrap();
    }
}
