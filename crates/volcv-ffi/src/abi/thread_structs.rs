//! What a host may do on the threads that volcv keeps for a client.

use std::ffi::{c_char, c_void};

/// A thread begins: see volcv_thread_hooks. name is its name, which lives as long as the library.
pub type volcv_thread_start_fn = Option<unsafe extern "C" fn(user: *mut c_void, name: *const c_char)>;

/// A thread ends: see volcv_thread_hooks.
pub type volcv_thread_stop_fn = Option<unsafe extern "C" fn(user: *mut c_void)>;

/// What a host does first and last on each thread that volcv keeps for the client: name, affinity, priority, a profiler, the
/// JNI's attach and detach. The struct is copied by volcv_client_create(). user has to outlive the client.
///
/// The threads are "volcv-worker", max_in_flight times; "volcv-timer", from the first job on, with a stack of 256 KiB; and
/// "volcv-credentials", a new one whenever volcv_credentials_hook::get is asked. volcv runs no hook of the host on other
/// threads but those in which the host itself calls a function of volcv. The helpers that resolve names and open connections run
/// no hook, these included: they live for moments, one that hangs in the system may outlive its job, and on Linux they have
/// the affinity and the priority of the worker that started them.
///
/// Any number of threads may begin and end at once, also after volcv_client_create() has returned. Neither hook may call a
/// function of volcv, block for long, throw, or end the thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_thread_hooks {
    /// sizeof(volcv_thread_hooks).
    pub struct_size: u32,
    /// 0.
    pub flags: u32,
    /// Handed to the hooks.
    pub user: *mut c_void,
    /// Called before every other hook on this thread, after volcv has set its own priority; may be NULL.
    pub on_start: volcv_thread_start_fn,
    /// Called after every other hook on this thread, exactly once for each on_start, whatever happened on the thread, and before
    /// volcv_client_destroy() returns VOLCV_OK; may be NULL. Where destroy returned VOLCV_E_TIMEOUT, it is called once destroy
    /// is called again: the thread waits for that.
    pub on_stop: volcv_thread_stop_fn,
}
