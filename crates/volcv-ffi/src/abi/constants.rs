//! The numbers of the C ABI. They are never changed and never used again for something else.

/// VOLCV_OK, or one of the negative VOLCV_E_ codes. More codes may come; treat those that you do not know as failure.
pub type volcv_result = i32;

/// Compare with volcv_abi_version(): a library of another number cannot be used with this header.
pub const VOLCV_ABI_VERSION: u32 = 1;

/// For timeouts: as long as it takes.
pub const VOLCV_WAIT_FOREVER: u32 = 0xFFFF_FFFF;

/// Size of volcv_error::request_id with its end.
pub const VOLCV_REQUEST_ID_SIZE: usize = 128;

/// Size of volcv_error::message with its end.
pub const VOLCV_MESSAGE_SIZE: usize = 512;

/// Done.
pub const VOLCV_OK: volcv_result = 0;
/// A defect in volcv: please report it with the log. The process and the client live on.
pub const VOLCV_E_INTERNAL: volcv_result = -1;
/// The call breaks a rule of this header: a NULL, an unknown flag, a number out of range, a struct_size that is too
/// small or over 4096.
pub const VOLCV_E_INVALID_ARGUMENT: volcv_result = -2;
/// This build or version of the library cannot do it.
pub const VOLCV_E_UNSUPPORTED: volcv_result = -3;
/// The header of the caller and the library do not belong together.
pub const VOLCV_E_ABI_MISMATCH: volcv_result = -4;
/// The client, job, exchange or buffer is gone, was never there, or belongs to another client.
pub const VOLCV_E_STALE: volcv_result = -5;
/// The queue is full: nothing was accepted, try again later.
pub const VOLCV_E_BUSY: volcv_result = -6;
/// The job has not ended yet.
pub const VOLCV_E_NOT_READY: volcv_result = -7;
/// A time limit passed. As the result of a job: before the request was complete, so that nothing was bought.
pub const VOLCV_E_TIMEOUT: volcv_result = -8;
/// volcv_wake() ended the wait.
pub const VOLCV_E_INTERRUPTED: volcv_result = -9;
/// The client is being destroyed.
pub const VOLCV_E_SHUTDOWN: volcv_result = -10;
/// There is not enough memory.
pub const VOLCV_E_OUT_OF_MEMORY: volcv_result = -11;
/// The process, or one that it comes from, was forked while a client existed: in the child it does not, and exec is the
/// only way on. A child that was forked when there was none can use the library.
pub const VOLCV_E_FORKED: volcv_result = -12;
/// This function must not be called from inside a hook.
pub const VOLCV_E_REENTRANT: volcv_result = -13;
/// There is no such result: the job failed, the index is too large, or the picture was taken.
pub const VOLCV_E_NO_RESULT: volcv_result = -14;

/// A field is out of range, or the service says that the input is wrong. Nothing was bought: mend the input.
pub const VOLCV_E_INVALID_INPUT: volcv_result = -20;
/// The key is missing, wrong or not allowed to do this. Nothing was bought.
pub const VOLCV_E_AUTH: volcv_result = -21;
/// The account has nothing left. Nothing was bought.
pub const VOLCV_E_QUOTA: volcv_result = -22;
/// Too many calls. Nothing was bought: wait volcv_error::retry_after_ms.
pub const VOLCV_E_THROTTLED: volcv_result = -23;
/// The review refused the input (nothing was bought) or the picture (it may have been billed).
pub const VOLCV_E_REFUSED: volcv_result = -24;
/// The service failed: see volcv_error::charge.
pub const VOLCV_E_SERVICE: volcv_result = -25;
/// No connection, or it broke before the request was complete. Nothing was bought.
pub const VOLCV_E_CONNECT: volcv_result = -26;
/// The server's certificate was not accepted. Nothing was sent.
pub const VOLCV_E_TLS: volcv_result = -27;
/// The request arrived, the answer did not. It may have been billed: look at the account before calling again.
pub const VOLCV_E_OUTCOME_UNKNOWN: volcv_result = -28;
/// The service answered with success, but with something that cannot be used. It was billed: see
/// volcv_job_rejected_take() for a picture that failed a check.
pub const VOLCV_E_DECODE: volcv_result = -29;
/// As VOLCV_E_DECODE, because the reply is over the limit.
pub const VOLCV_E_RESPONSE_TOO_LARGE: volcv_result = -30;
/// The job was cancelled: see volcv_error::charge.
pub const VOLCV_E_CANCELLED: volcv_result = -31;
/// The client is set up wrongly: base URL, key, limits, proxy. Nothing was sent.
pub const VOLCV_E_CONFIG: volcv_result = -32;
/// For volcv_http_complete(): the connection broke.
pub const VOLCV_E_IO: volcv_result = -33;
/// For volcv_http_complete(): the server does not speak HTTP.
pub const VOLCV_E_PROTOCOL: volcv_result = -34;

/// volcv_event::type: the job has ended; volcv_event::result says how.
pub const VOLCV_EVENT_DONE: u32 = 1;

/// Nothing was bought.
pub const VOLCV_CHARGE_NONE: u32 = 0;
/// The service may or may not have billed the call.
pub const VOLCV_CHARGE_UNKNOWN: u32 = 1;
/// The call is billed.
pub const VOLCV_CHARGE_CHARGED: u32 = 2;

/// No byte of the request was delivered, which means handed to the system, or read by the host's own HTTP stack.
pub const VOLCV_DELIVERY_NONE: u32 = 0;
/// Some of it: the service cannot have a complete request.
pub const VOLCV_DELIVERY_PARTIAL: u32 = 1;
/// All of it: the service may have acted on it.
pub const VOLCV_DELIVERY_FULL: u32 = 2;

/// volcv_error::flags: the same call may simply be made again; it can help, and nothing was bought.
pub const VOLCV_ERROR_RETRYABLE: u32 = 1;

/// The job waits for its turn.
pub const VOLCV_PHASE_QUEUED: u32 = 0;
/// Resolving, connecting, shaking hands.
pub const VOLCV_PHASE_CONNECTING: u32 = 1;
/// The request is on its way.
pub const VOLCV_PHASE_UPLOADING: u32 = 2;
/// The service works on the picture; silence is normal.
pub const VOLCV_PHASE_WAITING: u32 = 3;
/// The reply has begun.
pub const VOLCV_PHASE_DOWNLOADING: u32 = 4;
/// Waiting before the next attempt.
pub const VOLCV_PHASE_BACKOFF: u32 = 5;
/// The job has ended; volcv_progress::result says how.
pub const VOLCV_PHASE_ENDED: u32 = 6;

/// volcv_client_options::flags: lets the key travel over plain http to hosts other than this machine.
pub const VOLCV_CLIENT_ALLOW_INSECURE_HTTP: u32 = 1;
/// volcv_client_options::flags: where the review refused the picture, try another seed, within charge_limit.
pub const VOLCV_CLIENT_NEW_SEED: u32 = 2;
/// volcv_client_options::flags: uses the proxies that the environment names, as curl does: https_proxy, http_proxy,
/// all_proxy and no_proxy, in small or in capital letters; volcv_client_create() reads them. A loopback host goes through a
/// proxy like any other, unless no_proxy has it. volcv_client_options::proxy must be NULL then.
pub const VOLCV_CLIENT_PROXY_FROM_ENV: u32 = 4;

/// The roots that this library brings (Mozilla's), and extra_roots.
pub const VOLCV_TLS_ROOTS_DEFAULT: u32 = 0;
/// The operating system's own; only in builds with the feature roots-platform.
pub const VOLCV_TLS_ROOTS_PLATFORM: u32 = 1;
/// None but extra_roots.
pub const VOLCV_TLS_ROOTS_EXTRA_ONLY: u32 = 2;

/// volcv_client_options::log_level: VOLCV_LOG_WARN.
pub const VOLCV_LOG_DEFAULT: u32 = 0;
/// A job failed, or volcv has a defect.
pub const VOLCV_LOG_ERROR: u32 = 1;
/// Something was tried again, or a reply that was good enough was odd.
pub const VOLCV_LOG_WARN: u32 = 2;
/// A job began or ended.
pub const VOLCV_LOG_INFO: u32 = 3;
/// An attempt began.
pub const VOLCV_LOG_DEBUG: u32 = 4;

/// Grow by left, right, top and bottom: fractions of the width and height, each from 0 to 1, at least one above 0.
pub const VOLCV_MODE_SIDES: u32 = 0;
/// Grow to the aspect aspect_width : aspect_height, the picture in the middle.
pub const VOLCV_MODE_ASPECT: u32 = 1;
/// Paint what is white in the mask, which has the size of the picture.
pub const VOLCV_MODE_CANVAS: u32 = 2;

/// volcv_outpaint::flags: a link in place of the picture's bytes, see volcv_job_image_link().
pub const VOLCV_OUTPAINT_RETURN_LINK: u32 = 1;
/// volcv_outpaint::flags: an error for what is a warning in the log otherwise, such as a limit that is not documented.
pub const VOLCV_OUTPAINT_STRICT: u32 = 2;
/// volcv_outpaint::flags: send the seed although it is 0.
pub const VOLCV_OUTPAINT_SEED_ZERO: u32 = 4;

/// volcv_outpaint::prompt_field: the one that belongs to the way of access.
pub const VOLCV_PROMPT_DEFAULT: u32 = 0;
/// volcv_outpaint::prompt_field: prompt.
pub const VOLCV_PROMPT_PLAIN: u32 = 1;
/// volcv_outpaint::prompt_field: custom_prompt.
pub const VOLCV_PROMPT_CUSTOM: u32 = 2;
/// volcv_outpaint::prompt_field: both.
pub const VOLCV_PROMPT_BOTH: u32 = 3;

/// volcv_picture::flags: data is not copied and stays untouched until release() was called, or, without release, until
/// the job has ended.
pub const VOLCV_PICTURE_BORROW: u32 = 1;

/// Not known, or a link.
pub const VOLCV_FORMAT_UNKNOWN: u32 = 0;
/// PNG.
pub const VOLCV_FORMAT_PNG: u32 = 1;
/// JPEG.
pub const VOLCV_FORMAT_JPEG: u32 = 2;
/// WebP.
pub const VOLCV_FORMAT_WEBP: u32 = 3;
/// BMP.
pub const VOLCV_FORMAT_BMP: u32 = 4;
/// GIF.
pub const VOLCV_FORMAT_GIF: u32 = 5;
/// TIFF.
pub const VOLCV_FORMAT_TIFF: u32 = 6;
/// HEIF.
pub const VOLCV_FORMAT_HEIF: u32 = 7;
