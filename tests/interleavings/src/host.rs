//! A host for the tests: its HTTP, its hooks, and the rules that it holds volcv to.

use std::ffi::{c_char, c_void};
use std::ptr::{from_ref, null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use shuttle::thread;

use crate::abi::*;

/// A game with one client. What it keeps is the standard library's: no order is tried for it.
#[derive(Default)]
pub(crate) struct Host {
    client: AtomicUsize,
    /// Answers on a thread of its own.
    answers_later: bool,
    answering: Mutex<Vec<thread::JoinHandle<()>>>,
    /// No hook may begin.
    pub(crate) silent: AtomicBool,
    /// Threads that volcv said have started, and have stopped.
    started: AtomicU64,
    stopped: AtomicU64,
    /// Pictures that volcv has borrowed, and those that it gave back.
    borrowed: AtomicU64,
    released: AtomicU64,
}

/// What is borrowed. Nothing looks into it.
static PICTURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// A struct of volcv that says its size.
fn sized<T>() -> T {
    // SAFETY: all structs of volcv begin with their size, and may be zero otherwise.
    unsafe {
        let mut value = std::mem::MaybeUninit::<T>::zeroed();
        value.as_mut_ptr().cast::<u32>().write(size_of::<T>() as u32);
        value.assume_init()
    }
}

impl Host {
    /// Starts a client. The host must live until it is destroyed.
    pub(crate) fn start(workers: u32, answers_later: bool) -> Arc<Self> {
        let host = Arc::new(Self { answers_later, ..Self::default() });
        let user = Arc::as_ptr(&host).cast_mut().cast();
        let mut transport: volcv_http_transport = sized();
        transport.user = user;
        transport.start = Some(start);
        transport.cancel = Some(cancel);
        let mut threads: volcv_thread_hooks = sized();
        threads.user = user;
        threads.on_start = Some(thread_starts);
        threads.on_stop = Some(thread_stops);
        let mut options: volcv_client_options = sized();
        options.threads = &raw const threads;
        options.base_url = c"https://gw.example".as_ptr();
        options.api_key = c"key".as_ptr();
        // A failure is not tried again: shuttle knows no time.
        (options.max_in_flight, options.max_attempts) = (workers, 1);
        options.transport = &raw const transport;
        options.on_ready = Some(ready);
        options.log = Some(log);
        options.on_ready_user = user;
        (options.log_user, options.log_level) = (user, VOLCV_LOG_WARN);
        let mut client = null_mut();
        // SAFETY: all pointers are to living values.
        let created =
            unsafe { volcv_client_create(VOLCV_ABI_VERSION, &raw const options, &raw mut client, null_mut()) };
        assert_eq!(created, VOLCV_OK);
        host.client.store(client.addr(), SeqCst);
        host
    }

    pub(crate) fn client(&self) -> *mut volcv_client {
        std::ptr::without_provenance_mut(self.client.load(SeqCst))
    }

    /// Submits a job with a borrowed picture.
    pub(crate) fn submit(&self, user: u64) -> Result<volcv_job, volcv_result> {
        let mut picture: volcv_picture = sized();
        (picture.data, picture.size) = (PICTURE.as_ptr().cast(), PICTURE.len());
        picture.flags = VOLCV_PICTURE_BORROW;
        picture.release = Some(release);
        picture.release_user = from_ref(self).cast_mut().cast();
        let mut raw: volcv_raw = sized();
        (raw.action, raw.version, raw.json) = (c"A".as_ptr(), c"V".as_ptr(), c"{}".as_ptr());
        (raw.pictures, raw.picture_count) = (&raw const picture, 1);
        let mut options: volcv_job_options = sized();
        options.user = user;
        let mut job = 0;
        self.borrowed.fetch_add(1, SeqCst);
        // SAFETY: all pointers are to living values; what is borrowed lives for ever.
        match unsafe { volcv_raw_submit(self.client(), &raw, &raw const options, &raw mut job, null_mut()) } {
            VOLCV_OK => Ok(job),
            failed => {
                self.borrowed.fetch_sub(1, SeqCst);
                Err(failed)
            }
        }
    }

    /// The next events: their jobs' own numbers.
    pub(crate) fn poll(&self) -> Vec<u64> {
        let mut events: [volcv_event; 2] = [sized(), sized()];
        // SAFETY: there is room for two.
        let count = unsafe { volcv_poll(self.client(), events.as_mut_ptr(), 2) };
        events[..count as usize].iter().map(|event| event.user).collect()
    }

    /// Waits for an event or, with jobs, for all of them.
    pub(crate) fn wait(&self, jobs: &[volcv_job]) -> volcv_result {
        let first = if jobs.is_empty() { null() } else { jobs.as_ptr() };
        // SAFETY: the jobs are an array of this length.
        unsafe { volcv_wait(self.client(), first, jobs.len() as u32, 1, VOLCV_WAIT_FOREVER) }
    }

    /// Whether a job has ended, without waiting for it.
    pub(crate) fn has_ended(&self, job: volcv_job) -> bool {
        // SAFETY: there is one job.
        unsafe { volcv_wait(self.client(), &raw const job, 1, 1, 0) == VOLCV_OK }
    }

    pub(crate) fn cancel(&self, job: volcv_job) -> volcv_result {
        // SAFETY: a client and a job may be any numbers, here and below.
        unsafe { volcv_job_cancel(self.client(), job) }
    }

    pub(crate) fn release(&self, job: volcv_job) -> volcv_result {
        // SAFETY: as above.
        unsafe { volcv_job_release(self.client(), job) }
    }

    pub(crate) fn wake(&self) -> volcv_result {
        // SAFETY: as above.
        unsafe { volcv_wake(self.client()) }
    }

    /// Destroys the client if that takes no time.
    pub(crate) fn try_destroy(&self) -> volcv_result {
        // SAFETY: as above.
        unsafe { volcv_client_destroy(self.client(), 0) }
    }

    /// Destroys the client for good: nothing happens after it.
    pub(crate) fn destroy(&self) {
        // SAFETY: as above.
        assert_eq!(unsafe { volcv_client_destroy(self.client(), VOLCV_WAIT_FOREVER) }, VOLCV_OK);
        self.is_gone();
    }

    /// The client was destroyed.
    pub(crate) fn is_gone(&self) {
        self.silent.store(true, SeqCst);
        let borrowed = self.borrowed.load(SeqCst);
        assert_eq!(borrowed, self.released.load(SeqCst), "each borrowed picture is given back once");
        assert_eq!(self.started.load(SeqCst), self.stopped.load(SeqCst), "each thread that started has stopped");
        let answering = std::mem::take(&mut *self.answering.lock().unwrap());
        answering.into_iter().for_each(|thread| thread.join().unwrap());
    }

    /// A hook begins.
    fn hears(&self) {
        assert!(!self.silent.load(SeqCst), "a hook began when it must not");
    }
}

fn host<'a>(user: *mut c_void) -> &'a Host {
    // SAFETY: `Host::start` and `Host::submit` give this pointer to each hook, and the host outlives its client.
    unsafe { &*user.cast() }
}

unsafe extern "C" fn start(
    user: *mut c_void,
    client: *mut volcv_client,
    exchange: volcv_exchange,
    _: *const volcv_http_request,
) -> volcv_result {
    let host = host(user);
    host.hears();
    let client = client.addr();
    let answer = move || {
        let client = std::ptr::without_provenance_mut(client);
        let reply = br#"{"code":10000,"request_id":"r-1"}"#;
        let mut room = [0_u8; 4096];
        let mut count = 1;
        // SAFETY: all pointers are to living values. An exchange that has ended is an error code.
        unsafe {
            while count > 0 {
                if volcv_http_body_read(client, exchange, room.as_mut_ptr().cast(), room.len(), &raw mut count)
                    != VOLCV_OK
                {
                    return;
                }
            }
            volcv_http_on_head(client, exchange, 200, null(), 0);
            volcv_http_on_data(client, exchange, reply.as_ptr().cast(), reply.len());
            volcv_http_complete(client, exchange, VOLCV_OK, null());
        }
    };
    if host.answers_later {
        // Before the lock: shuttle lets others go on at a spawn.
        let answering = thread::spawn(answer);
        host.answering.lock().unwrap().push(answering);
    } else {
        answer();
    }
    VOLCV_OK
}

unsafe extern "C" fn cancel(user: *mut c_void, _: volcv_exchange) {
    host(user).hears();
}

unsafe extern "C" fn ready(user: *mut c_void) {
    host(user).hears();
}

unsafe extern "C" fn log(user: *mut c_void, _: u32, _: volcv_job, _: *const c_char) {
    host(user).hears();
}

unsafe extern "C" fn release(user: *mut c_void, _: *const c_void, _: usize) {
    host(user).hears();
    host(user).released.fetch_add(1, SeqCst);
}

unsafe extern "C" fn thread_starts(user: *mut c_void, _: *const c_char) {
    host(user).hears();
    host(user).started.fetch_add(1, SeqCst);
}

unsafe extern "C" fn thread_stops(user: *mut c_void) {
    host(user).hears();
    host(user).stopped.fetch_add(1, SeqCst);
}
