//! The structs of the credentials hook, with the rules of `structs.rs`.

use std::ffi::{c_char, c_void};

use super::constants::volcv_result;

/// What a volcv_credentials_hook gives. volcv copies it and wipes its copy; texts are UTF-8 and end with NUL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_credentials {
    /// sizeof(volcv_credentials) of the library, set already.
    pub struct_size: u32,
    /// 0.
    pub flags: u32,
    /// When temporary credentials end, in seconds since 1970 UTC; 0 means never. From a minute before on volcv asks for new
    /// ones, and after it these are not used.
    pub expires_unix: i64,
    /// The access key; required.
    pub access_key: *const c_char,
    /// The secret key, as the console shows it; required.
    pub secret_key: *const c_char,
    /// The session token of temporary keys; NULL for none.
    pub session_token: *const c_char,
    /// After a failure: why, as a part of the error of each job that waits. It must not have a secret. May be NULL.
    pub message: *const c_char,
}

impl volcv_credentials {
    /// What `get` is given.
    #[allow(dead_code, reason = "the tests include this file for its types")]
    pub(crate) const EMPTY: Self = Self {
        struct_size: size_of::<Self>() as u32,
        flags: 0,
        expires_unix: 0,
        access_key: std::ptr::null(),
        secret_key: std::ptr::null(),
        session_token: std::ptr::null(),
        message: std::ptr::null(),
    };
}

/// Asks the host for credentials: see volcv_credentials_hook.
pub type volcv_credentials_get_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, out_credentials: *mut volcv_credentials) -> volcv_result>;

/// Gives the host its texts back: see volcv_credentials_hook.
pub type volcv_credentials_release_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, credentials: *mut volcv_credentials)>;

/// Gives credentials whenever a job needs new ones: before the first request, a minute before the last ones end, and when
/// the service refuses a session token.
///
/// get: fill out_credentials, which is all zero behind struct_size, and return VOLCV_OK; or return a VOLCV_E_ code, and maybe
/// set message. It runs on a thread that does nothing else, never on one of yours, and once for all jobs that wait, so unlike
/// other hooks it may block, such as for a request of its own. A job waits no longer than its limits; while the last
/// credentials can still be used, a failure does no harm.
/// release: volcv has copied the texts. Called exactly once after each get, whatever it returned, on the same thread and with the
/// same struct. May be NULL. After a volcv_client_destroy() that returned VOLCV_E_TIMEOUT it comes during the destroy that
/// waits on, maybe on the thread of that.
///
/// volcv_client_destroy() waits for a get that runs, as for every hook: one that never returns makes VOLCV_E_TIMEOUT of it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_credentials_hook {
    /// sizeof(volcv_credentials_hook).
    pub struct_size: u32,
    /// 0.
    pub flags: u32,
    /// Handed to both functions.
    pub user: *mut c_void,
    /// Asks for credentials; required.
    pub get: volcv_credentials_get_fn,
    /// Gives the texts back; may be NULL.
    pub release: volcv_credentials_release_fn,
    /// NULL.
    pub reserved: *const c_void,
}
