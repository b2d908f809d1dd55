//! Lets the game go first.

/// Tells the kernel that this thread is in no hurry. A submit wakes a worker, and a worker that is woken would otherwise
/// push the game's thread from its core, for milliseconds on a busy machine. Threads made by this one inherit it.
pub(super) fn let_others_go_first() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let param = libc::sched_param { sched_priority: 0 };
        // SAFETY: a plain system call for this thread. It needs no privilege; if it fails, all is as it was.
        unsafe { libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const param) };
    }
}
