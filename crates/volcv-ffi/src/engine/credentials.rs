//! The host as a provider of credentials: asked on a thread of its own, copied, and given its texts back. When new
//! credentials are needed, the core decides.

use std::ffi::c_void;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use volcv::{Credentials, CredentialsError, Error};
use zeroize::Zeroizing;

use super::hooks::Hooks;
use super::sync::{Condvar, Mutex};
use super::{CError, Deadline, inject, lock};
use crate::abi::*;

/// The functions of a `volcv_credentials_hook`.
#[derive(Clone, Copy)]
pub(crate) struct CredentialsHooks {
    pub(crate) user: *mut c_void,
    pub(crate) get: unsafe extern "C" fn(*mut c_void, *mut volcv_credentials) -> volcv_result,
    pub(crate) release: Option<unsafe extern "C" fn(*mut c_void, *mut volcv_credentials)>,
}

// SAFETY: the header says that these are called on any thread, and what `user` points to is the host's affair.
unsafe impl Send for CredentialsHooks {}
// SAFETY: as above.
unsafe impl Sync for CredentialsHooks {}

/// The host's hook, and how many threads are inside of it.
pub(super) struct HostCredentials {
    functions: CredentialsHooks,
    hooks: Arc<Hooks>,
    state: Mutex<State>,
    /// Notified when a thread has left the hook.
    left: Condvar,
}

#[derive(Default)]
struct State {
    inside: usize,
    closed: bool,
}

const CLOSED: &str = "the client is being destroyed";

impl HostCredentials {
    pub(super) fn new(functions: CredentialsHooks, hooks: Arc<Hooks>) -> Self {
        Self { functions, hooks, state: Mutex::default(), left: Condvar::new() }
    }

    /// Asks the host. The thread is one that does nothing else, so the host may take its time.
    pub(super) fn ask(&self) -> Result<Credentials, CredentialsError> {
        // Dropped last: when nobody is inside any more, the release has run or is postponed.
        let _visit = self.enter()?;
        // This thread was started for this question, and has nothing to do afterwards.
        let _hooked = self.hooks.thread(c"volcv-credentials");
        let CredentialsHooks { user, get, release } = self.functions;
        let mut given = Given { user, release, credentials: Box::new(volcv_credentials::EMPTY) };
        // SAFETY: the header asks for a function that takes these.
        let result = self.hooks.call(|| unsafe { get(user, &mut *given.credentials) }).ok_or(CLOSED)?;
        let given = ReleaseDue { gate: Arc::clone(&self.hooks), given: Some(given) };
        // A host that destroyed its client meanwhile may have freed its texts.
        if lock(&self.state).closed {
            return Err(CLOSED.into());
        }
        // SAFETY: the header asks for texts that live until the release, which comes when `given` is dropped.
        let read = inject::point(inject::Layer::Credentials, || unsafe { given.read(result) });
        read.map_err(|failure| failure.error.text().into())
    }

    /// The hook is not called any more.
    pub(super) fn close(&self) {
        lock(&self.state).closed = true;
    }

    /// Waits until no thread is inside of the hook; false if one is when the deadline comes.
    pub(super) fn wait(&self, deadline: Deadline) -> bool {
        let mut state = lock(&self.state);
        while state.inside > 0 {
            let Some(next) = deadline.wait(&self.left, state) else { return false };
            state = next;
        }
        true
    }

    fn enter(&self) -> Result<Visit<'_>, CredentialsError> {
        let mut state = lock(&self.state);
        if state.closed {
            return Err(CLOSED.into());
        }
        state.inside += 1;
        Ok(Visit(self))
    }
}

/// A thread inside of the hook.
struct Visit<'a>(&'a HostCredentials);

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).inside -= 1;
        self.0.left.notify_all();
    }
}

/// What the host has filled.
struct Given {
    user: *mut c_void,
    release: Option<unsafe extern "C" fn(*mut c_void, *mut volcv_credentials)>,
    credentials: Box<volcv_credentials>,
}

// SAFETY: as for `CredentialsHooks`; the pointers inside are only handed back.
unsafe impl Send for Given {}

impl Given {
    fn release(mut self) {
        if let Some(release) = self.release {
            // SAFETY: the header asks for a function that takes these; it is called once, because this takes the value.
            unsafe { release(self.user, &mut *self.credentials) }
        }
    }
}

/// A release that is due, however the thread leaves.
struct ReleaseDue {
    gate: Arc<Hooks>,
    given: Option<Given>,
}

impl ReleaseDue {
    /// Copies the credentials, or says why there are none.
    ///
    /// # Safety
    /// The texts are NULL or end with NUL.
    unsafe fn read(&self, result: volcv_result) -> Result<Credentials, CError> {
        let given = self.given.as_ref().expect("it is taken when this is dropped");
        // SAFETY: what this function asks for.
        unsafe { credentials_of(&given.credentials, result) }
    }
}

impl Drop for ReleaseDue {
    fn drop(&mut self) {
        if let Some(given) = self.given.take() {
            self.gate.call_once(move || given.release());
        }
    }
}

unsafe fn credentials_of(given: &volcv_credentials, result: volcv_result) -> Result<Credentials, CError> {
    // SAFETY: what this function asks for.
    let secret = |text, name: &str| unsafe { optional_secret(text, &format!("volcv_credentials.{name}")) };
    let needed =
        |text, name: &str| secret(text, name)?.ok_or_else(|| CError::null(&format!("volcv_credentials.{name}")));
    if result != VOLCV_OK {
        let why = secret(given.message, "message")?.map(|text| format!(": {}", *text)).unwrap_or_default();
        return Err(CError::new(
            VOLCV_E_AUTH,
            format!("volcv_credentials_hook.get returned {}{why}", result_text(result)),
        ));
    }
    if given.flags != 0 {
        return Err(CError::argument("volcv_credentials.flags", format!("{:#x}", given.flags), "0"));
    }
    let mut access_key = needed(given.access_key, "access_key")?;
    let mut secret_key = needed(given.secret_key, "secret_key")?;
    let mut token = secret(given.session_token, "session_token")?;
    let credentials = joined(&mut access_key, &mut secret_key, token.as_mut());
    let credentials = credentials.map_err(|error| CError::from_error(&error))?;
    Ok(match given.expires_unix {
        0 => credentials,
        seconds => credentials.expires_at(time_of(seconds)?),
    })
}

/// The credentials of these texts, which are moved, so that no copy stays in memory.
pub(super) fn joined(
    access_key: &mut String,
    secret_key: &mut String,
    session_token: Option<&mut Zeroizing<String>>,
) -> Result<Credentials, Error> {
    let pair = Credentials::new(std::mem::take(access_key), std::mem::take(secret_key))?;
    match session_token {
        Some(token) => pair.session_token(std::mem::take(&mut **token)),
        None => Ok(pair),
    }
}

fn time_of(unix: i64) -> Result<SystemTime, CError> {
    let after = u64::try_from(unix).ok().map(Duration::from_secs);
    after
        .and_then(|after| SystemTime::UNIX_EPOCH.checked_add(after))
        .ok_or_else(|| CError::argument("volcv_credentials.expires_unix", unix, "seconds since 1970, or 0 for no end"))
}
