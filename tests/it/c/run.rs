//! One outpainting through the C functions, from Rust: for the table of scenarios.

use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut};
use std::time::Duration;

use volcv_emulator::DEFAULT_KEY;

use super::abi::*;
use crate::scenarios::Setup;

/// How a job ended.
pub(crate) struct End {
    pub(crate) name: String,
    pub(crate) error: volcv_error,
    pub(crate) message: String,
    pub(crate) size: Option<(u32, u32)>,
}

/// Submits, waits for the event, and reads everything.
pub(crate) fn outpaint(base_url: &str, extra_roots: &[u8], setup: Setup, picture: &[u8]) -> End {
    outpaint_through(None, base_url, extra_roots, setup, picture)
}

/// As [`outpaint`], through a proxy.
#[allow(unsafe_code, reason = "these are the functions of C")]
pub(crate) fn outpaint_through(
    proxy: Option<&str>,
    base_url: &str,
    extra_roots: &[u8],
    setup: Setup,
    picture: &[u8],
) -> End {
    let proxy = proxy.map(|proxy| CString::new(proxy).unwrap());
    let (base_url, api_key) = (CString::new(base_url).unwrap(), CString::new(DEFAULT_KEY).unwrap());
    let ms = |time: Option<Duration>| time.map_or(0, |time| u32::try_from(time.as_millis()).unwrap());
    // SAFETY: all structs may be zero; every pointer is to a living value of its type.
    unsafe {
        let mut options: volcv_client_options = zeroed();
        options.base_url = base_url.as_ptr();
        options.api_key = api_key.as_ptr();
        (options.extra_roots, options.extra_roots_size) = (extra_roots.as_ptr().cast(), extra_roots.len());
        options.proxy = proxy.as_ref().map_or(null(), |proxy| proxy.as_ptr());
        options.stall_limit_ms = ms(setup.stall_limit);
        options.attempt_limit_ms = ms(setup.attempt_limit);
        options.reply_limit_bytes = setup.reply_limit.unwrap_or(0);
        options.max_attempts = setup.max_attempts.unwrap_or(0);
        options.charge_limit = setup.charge_limit.unwrap_or(0);
        let (mut client, mut job) = (null_mut(), 0);
        let mut error: volcv_error = zeroed();
        assert_eq!(volcv_client_create(VOLCV_ABI_VERSION, &options, &mut client, &mut error), VOLCV_OK);

        let mut image: volcv_picture = zeroed();
        (image.data, image.size, image.flags) = (picture.as_ptr().cast(), picture.len(), VOLCV_PICTURE_BORROW);
        let mut request: volcv_outpaint = zeroed();
        request.picture = &image;
        (request.left, request.right, request.top, request.bottom) = (0.25, 0.25, 0.25, 0.25);
        (request.seed, request.max_width, request.max_height) = (5, 256, 256);
        assert_eq!(volcv_outpaint_submit(client, &request, null(), &mut job, &mut error), VOLCV_OK);
        assert_eq!(volcv_wait(client, null(), 0, 0, 30_000), VOLCV_OK);
        let mut events = [std::mem::zeroed::<volcv_event>(); 2];
        assert_eq!(volcv_poll(client, events.as_mut_ptr(), 2), 1, "exactly one end");
        assert_eq!(volcv_job_error(client, job, &mut error), VOLCV_OK);
        assert_eq!((events[0].job, events[0].result), (job, error.code));

        let mut info: volcv_image_info = zeroed();
        let has_image = volcv_job_image_info(client, job, 0, &mut info) == VOLCV_OK;
        let mut reply = null();
        assert_eq!(volcv_job_reply(client, job, &mut reply, null_mut()) == VOLCV_OK, error.code == VOLCV_OK);
        assert_eq!(volcv_client_destroy(client, 5000), VOLCV_OK);
        End {
            name: text(volcv_result_name(error.code)),
            message: text(error.message.as_ptr()),
            error,
            size: has_image.then_some((info.width, info.height)),
        }
    }
}

/// A struct that says its size.
#[allow(unsafe_code, reason = "see its callers")]
pub(crate) unsafe fn zeroed<T>() -> T {
    // SAFETY: the caller picks a struct of volcv.h that begins with its size and may be zero.
    unsafe {
        let mut value = std::mem::MaybeUninit::<T>::zeroed();
        value.as_mut_ptr().cast::<u32>().write(u32::try_from(size_of::<T>()).unwrap());
        value.assume_init()
    }
}

#[allow(unsafe_code, reason = "the text is the library's")]
pub(crate) fn text(text: *const c_char) -> String {
    // SAFETY: volcv's texts end with NUL.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned()
}
