//! A defect in volcv, in whatever layer, is an error code: it never takes the host's process, its client or its money.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::ffi::{CStr, c_char, c_void};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};

use crate::abi::*;
use crate::engine::inject::{Layer, panic_once};

/// A picture of one pixel.
const PICTURE: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\xda\
    cd\xf8\xcfP\x0f\0\x03\x86\x01\x80Z4}k\0\0\0\0IEND\xaeB`\x82";
const REPLY: &[u8] = br#"{"code":10000,"message":"Success","data":{"binary_data_base64":["iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="]}}"#;

static RELEASES: AtomicU32 = AtomicU32::new(0);
static LOGGED: AtomicU32 = AtomicU32::new(0);
/// What the push of the reply's body gave to the host.
static PUSHED: AtomicI32 = AtomicI32::new(0);

unsafe extern "C" fn on_release(_: *mut c_void, data: *const c_void, size: usize) {
    assert_eq!((data, size), (PICTURE.as_ptr().cast(), PICTURE.len()));
    RELEASES.fetch_add(1, SeqCst);
}

unsafe extern "C" fn on_log(_: *mut c_void, level: u32, _: volcv_job, text: *const c_char) {
    // SAFETY: the text of a log ends with NUL.
    let text = unsafe { CStr::from_ptr(text) }.to_str().unwrap();
    if level == VOLCV_LOG_ERROR && text.contains("injected into") {
        LOGGED.fetch_add(1, SeqCst);
    }
}

/// A host that answers every request at once with a picture.
unsafe extern "C" fn on_start(
    _: *mut c_void,
    client: *mut volcv_client,
    exchange: volcv_exchange,
    _: *const volcv_http_request,
) -> volcv_result {
    let (mut room, mut size) = ([0_u8; 4096], 1);
    // SAFETY: every pointer is to a living value of its type.
    unsafe {
        while size > 0 {
            assert_eq!(
                volcv_http_body_read(client, exchange, room.as_mut_ptr().cast(), room.len(), &mut size),
                VOLCV_OK
            );
        }
        assert_eq!(volcv_http_on_head(client, exchange, 200, null(), 0), VOLCV_OK);
        let pushed = volcv_http_on_data(client, exchange, REPLY.as_ptr().cast(), REPLY.len());
        PUSHED.store(pushed, SeqCst);
        let completed = volcv_http_complete(client, exchange, VOLCV_OK, null());
        assert_eq!(completed, if pushed == VOLCV_OK { VOLCV_OK } else { VOLCV_E_STALE });
    }
    VOLCV_OK
}

unsafe extern "C" fn on_cancel(_: *mut c_void, _: volcv_exchange) {}

/// What the last submit of pixels gave to the host; 1 before it.
#[cfg(feature = "image")]
static SUBMITTED: AtomicI32 = AtomicI32::new(1);
/// The host's memory for two pixels.
#[cfg(feature = "image")]
static ROOM: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];

#[cfg(feature = "image")]
unsafe extern "C" fn on_acquire(
    _: *mut c_void,
    _: volcv_job,
    _: u64,
    _: u32,
    width: u32,
    height: u32,
    out: *mut volcv_pixels,
) -> volcv_result {
    assert_eq!((width, height), (2, 1));
    // SAFETY: the pointer is to a living value of its type.
    let out = unsafe { &mut *out };
    (out.data, out.size) = (ROOM[0].as_ptr().cast(), 8);
    VOLCV_OK
}

#[cfg(feature = "image")]
unsafe extern "C" fn on_submit(_: *mut c_void, _: volcv_job, _: u64, _: u32, result: volcv_result) {
    SUBMITTED.store(result, SeqCst);
}

/// A struct that says its size.
///
/// # Safety
/// It begins with its size, and may be zero.
unsafe fn sized<T>() -> T {
    // SAFETY: what this function asks for.
    unsafe {
        let mut value = std::mem::MaybeUninit::<T>::zeroed();
        value.as_mut_ptr().cast::<u32>().write(u32::try_from(size_of::<T>()).unwrap());
        value.assume_init()
    }
}

static GIVEN_BACK: AtomicU32 = AtomicU32::new(0);

static STARTED: AtomicU32 = AtomicU32::new(0);
static STOPPED: AtomicU32 = AtomicU32::new(0);

unsafe extern "C" fn on_thread_start(_: *mut c_void, _: *const c_char) {
    STARTED.fetch_add(1, SeqCst);
}

unsafe extern "C" fn on_thread_stop(_: *mut c_void) {
    STOPPED.fetch_add(1, SeqCst);
}

unsafe extern "C" fn on_get(_: *mut c_void, out: *mut volcv_credentials) -> volcv_result {
    // SAFETY: the pointer is to a living value of its type.
    unsafe { ((*out).access_key, (*out).secret_key) = (c"AK".as_ptr(), c"SK".as_ptr()) };
    VOLCV_OK
}

unsafe extern "C" fn on_given_back(_: *mut c_void, _: *mut volcv_credentials) {
    GIVEN_BACK.fetch_add(1, SeqCst);
}

fn create() -> (volcv_result, *mut volcv_client) {
    create_with(null())
}

/// For direct access if there is a hook.
fn create_with(credentials: *const volcv_credentials_hook) -> (volcv_result, *mut volcv_client) {
    // SAFETY: every pointer is to a living value of its type.
    unsafe {
        let mut transport: volcv_http_transport = sized();
        transport.start = Some(on_start);
        transport.cancel = Some(on_cancel);
        let mut options: volcv_client_options = sized();
        let threads = volcv_thread_hooks { on_start: Some(on_thread_start), on_stop: Some(on_thread_stop), ..sized() };
        options.threads = &threads;
        #[cfg(feature = "image")]
        let hooks = volcv_pixels_hooks { acquire: Some(on_acquire), submit: Some(on_submit), ..sized() };
        #[cfg(feature = "image")]
        {
            options.pixels_hooks = &hooks;
        }
        (options.base_url, options.credentials) = (c"https://host.invalid".as_ptr(), credentials);
        options.api_key = if credentials.is_null() { c"secret".as_ptr() } else { null() };
        options.transport = &transport;
        options.log = Some(on_log);
        let mut client = null_mut();
        (volcv_client_create(VOLCV_ABI_VERSION, &options, &mut client, null_mut()), client)
    }
}

fn submit(client: *mut volcv_client) -> (volcv_result, volcv_job) {
    submit_in(client, VOLCV_MODE_SIDES, 0.5)
}

fn submit_in(client: *mut volcv_client, mode: u32, left: f64) -> (volcv_result, volcv_job) {
    // SAFETY: as above.
    unsafe {
        let mut picture: volcv_picture = sized();
        (picture.data, picture.size) = (PICTURE.as_ptr().cast(), PICTURE.len());
        picture.flags = VOLCV_PICTURE_BORROW;
        picture.release = Some(on_release);
        let mut request: volcv_outpaint = sized();
        (request.picture, request.mode, request.left) = (&picture, mode, left);
        let mut job = 1;
        (volcv_outpaint_submit(client, &request, null(), &mut job, null_mut()), job)
    }
}

/// The end of a job, once its picture was given back and its one event was polled.
fn end(client: *mut volcv_client, job: volcv_job) -> volcv_error {
    // SAFETY: as above.
    unsafe {
        assert_eq!(volcv_wait(client, &job, 1, 1, 60_000), VOLCV_OK);
        assert_eq!(RELEASES.swap(0, SeqCst), 1);
        let mut events = [volcv_event { r#type: 0, result: 0, job: 0, user: 0 }; 2];
        assert_eq!(volcv_poll(client, events.as_mut_ptr(), 2), 1);
        let mut error: volcv_error = sized();
        assert_eq!(volcv_job_error(client, job, &mut error), VOLCV_OK);
        assert_eq!((events[0].job, events[0].result), (job, error.code));
        assert_eq!(volcv_job_release(client, job), VOLCV_OK);
        error
    }
}

/// The pixels of a job that has ended.
#[cfg(feature = "image")]
fn copy(client: *mut volcv_client, job: volcv_job) -> volcv_result {
    // SAFETY: as above.
    unsafe {
        let mut into: volcv_pixels = sized();
        (into.width, into.height, into.data, into.size) = (2, 1, ROOM[0].as_ptr().cast(), 8);
        volcv_job_pixels(client, job, 0, &into)
    }
}

/// A panic while pixels are written costs neither the picture nor the host's memory.
#[cfg(feature = "image")]
fn pixels_survive(client: *mut volcv_client) {
    for (injected, submitted, copied) in [(true, VOLCV_E_INTERNAL, VOLCV_OK), (false, VOLCV_OK, VOLCV_E_NO_RESULT)] {
        if injected {
            panic_once(Layer::Pixels);
        }
        SUBMITTED.store(1, SeqCst);
        let (result, job) = submit_in(client, VOLCV_MODE_PIXELS, 1.0);
        assert_eq!(result, VOLCV_OK);
        // SAFETY: as above.
        assert_eq!(unsafe { volcv_wait(client, &job, 1, 1, 60_000) }, VOLCV_OK);
        assert_eq!((SUBMITTED.load(SeqCst), copy(client, job)), (submitted, copied));
        assert_eq!(end(client, job).code, VOLCV_OK);
        assert_eq!(LOGGED.swap(0, SeqCst), u32::from(injected));
    }
}

/// The client works as if nothing had been.
fn is_sound(client: *mut volcv_client) {
    let (result, job) = submit(client);
    assert_eq!(result, VOLCV_OK);
    assert_eq!(end(client, job).code, VOLCV_OK);
}

/// A panic beside the hook of credentials costs neither the client nor the host's texts.
fn credentials_survive() {
    // SAFETY: as above.
    let hook = volcv_credentials_hook { get: Some(on_get), release: Some(on_given_back), ..unsafe { sized() } };
    let (result, client) = create_with(&hook);
    assert_eq!(result, VOLCV_OK);
    panic_once(Layer::Credentials);
    let (result, job) = submit(client);
    assert_eq!(result, VOLCV_OK);
    let error = end(client, job);
    assert_eq!((error.code, error.charge, GIVEN_BACK.load(SeqCst)), (VOLCV_E_AUTH, VOLCV_CHARGE_NONE, 1));
    is_sound(client);
    assert_eq!(GIVEN_BACK.load(SeqCst), 2);
    // SAFETY: as above.
    assert_eq!(unsafe { volcv_client_destroy(client, 60_000) }, VOLCV_OK);
    LOGGED.store(0, SeqCst);
}

// One test, because a panic that was asked for comes wherever its layer is passed next.
#[test]
fn a_panic_in_any_layer_is_an_error_code() {
    panic_once(Layer::Call);
    assert_eq!(create(), (VOLCV_E_INTERNAL, null_mut()));
    let (result, client) = create();
    assert_eq!(result, VOLCV_OK);

    panic_once(Layer::Call);
    assert_eq!(submit(client).0, VOLCV_E_INTERNAL);
    assert_eq!(RELEASES.load(SeqCst), 0, "there is no such job");
    is_sound(client);

    for layer in [Layer::Worker, Layer::Transport, Layer::Result] {
        panic_once(layer);
        let (result, job) = submit(client);
        assert_eq!(result, VOLCV_OK, "{layer:?}");
        let error = end(client, job);
        assert_eq!((error.code, error.charge), (VOLCV_E_INTERNAL, VOLCV_CHARGE_UNKNOWN), "{layer:?}");
        assert_eq!(LOGGED.swap(0, SeqCst), 1, "{layer:?}");
        is_sound(client);
    }

    // Half of a reply is no reply: the host learns of the defect, the job does not get a damaged picture.
    panic_once(Layer::Reply);
    let (result, job) = submit(client);
    assert_eq!(result, VOLCV_OK);
    let error = end(client, job);
    assert_eq!(PUSHED.load(SeqCst), VOLCV_E_INTERNAL);
    assert_eq!((error.code, error.charge), (VOLCV_E_DECODE, VOLCV_CHARGE_CHARGED));
    is_sound(client);

    #[cfg(feature = "image")]
    pixels_survive(client);
    credentials_survive();

    // SAFETY: as above.
    unsafe {
        panic_once(Layer::Call);
        assert_eq!(volcv_client_destroy(client, 60_000), VOLCV_E_INTERNAL);
        assert_eq!(volcv_client_destroy(client, 60_000), VOLCV_OK);
        // Two clients with workers and a timer, and two threads that asked for credentials: each ended, whatever panicked on it.
        assert_eq!((STARTED.load(SeqCst), STOPPED.load(SeqCst)), (12, 12));
        panic_once(Layer::Call);
        assert_eq!(volcv_shutdown(60_000), VOLCV_E_INTERNAL);
        assert_eq!(volcv_shutdown(60_000), VOLCV_OK);
    }
}
