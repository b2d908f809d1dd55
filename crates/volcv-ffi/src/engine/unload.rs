//! What becomes of the library when the host unloads it on Windows. Elsewhere it is linked so that it stays.

use std::ffi::c_void;
use std::ptr::null_mut;

/// The address is of the module that is meant.
const FROM_ADDRESS: u32 = 4;
/// The module stays until the process ends.
const PIN: u32 = 1;

#[link(name = "kernel32")]
unsafe extern "system" {
    fn GetModuleHandleExW(flags: u32, address: *const c_void, module: *mut *mut c_void) -> i32;
}

/// A thread that resolves a name or connects cannot be interrupted, and may outlive every client. While there is one,
/// FreeLibrary would take its code away, so the library stays in memory from then on.
pub(super) fn refuse_while_a_thread_runs() {
    if volcv::no_thread_is_left() {
        return;
    }
    let mut module = null_mut();
    // SAFETY: the address is in this module, and the handle is written to a variable.
    let pinned =
        unsafe { GetModuleHandleExW(FROM_ADDRESS | PIN, refuse_while_a_thread_runs as *const c_void, &raw mut module) };
    debug_assert!(pinned != 0, "our own code is in a module");
}
