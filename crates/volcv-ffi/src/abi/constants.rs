//! The numbers of the C ABI. They are never changed and never used again for something else.

/// VOLCV_OK, or one of the negative VOLCV_E_ codes. More codes may come; treat those that you do not know as failure.
pub type volcv_result = i32;

/// Compare with volcv_abi_version(): a library of another number cannot be used with this header.
pub const VOLCV_ABI_VERSION: u32 = 1;

/// For timeouts: as long as it takes.
pub const VOLCV_WAIT_FOREVER: u32 = 0xFFFF_FFFF;

/// Size of volcv_error::request_id with its end.
pub const VOLCV_REQUEST_ID_SIZE: usize = 128;

/// Size of volcv_error::message and volcv_plan_info::warnings with their end.
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
/// The job has not ended yet. As the result of volcv_pixels_hooks::acquire: not on this thread.
pub const VOLCV_E_NOT_READY: volcv_result = -7;
/// A time limit passed. As the result of a job: before the request was complete, so that nothing was bought.
pub const VOLCV_E_TIMEOUT: volcv_result = -8;
/// volcv_wake() ended the wait.
pub const VOLCV_E_INTERRUPTED: volcv_result = -9;
/// The client is being destroyed.
pub const VOLCV_E_SHUTDOWN: volcv_result = -10;
/// There is no memory for a picture, for pixels or for a reply, or no thread. As the result of a job: volcv_error says what
/// it cost, and the file of a picture that was paid for is there, see volcv_job_image_count().
pub const VOLCV_E_OUT_OF_MEMORY: volcv_result = -11;
/// The process, or one that it comes from, was forked while a client existed: in the child it does not, and exec is
/// the only way on. A child that was forked when there was none can use the library.
pub const VOLCV_E_FORKED: volcv_result = -12;
/// This function must not be called from inside a hook.
pub const VOLCV_E_REENTRANT: volcv_result = -13;
/// There is no such result: the job failed, the index is too large, the picture was taken, or its pixels were
/// submitted to a hook.
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
/// volcv_job_rejected_take() for a picture that failed a check, and volcv_job_image_link() for one that could not be
/// downloaded.
pub const VOLCV_E_DECODE: volcv_result = -29;
/// As VOLCV_E_DECODE, because the reply is over the limit.
pub const VOLCV_E_RESPONSE_TOO_LARGE: volcv_result = -30;
/// The job was cancelled: see volcv_error::charge.
pub const VOLCV_E_CANCELLED: volcv_result = -31;
/// The client is set up wrongly: base URL, keys, limits, proxy. Nothing was sent.
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

/// volcv_error::flags: the same call may simply be made again; it can help, and nothing was bought, or it only asks
/// about a task.
pub const VOLCV_ERROR_RETRYABLE: u32 = 1;
/// volcv_error::flags: the service has said that nothing can come of the task of the job any more: it has failed, or its
/// result was deleted. Without this bit, the task that volcv_job_task() gives can be waited for again.
pub const VOLCV_ERROR_TASK_ENDED: u32 = 2;

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
/// The task waits in the service's queue, or is worked on; volcv asks for it again after a while.
pub const VOLCV_PHASE_TASK: u32 = 7;

/// volcv_client_options::flags: lets keys and signed requests travel over plain http to hosts other than this machine.
pub const VOLCV_CLIENT_ALLOW_INSECURE_HTTP: u32 = 1;
/// volcv_client_options::flags: where the review refused the picture, try another seed, within charge_limit.
pub const VOLCV_CLIENT_NEW_SEED: u32 = 2;
/// volcv_client_options::flags: uses the proxies that the environment names, as curl does: https_proxy, http_proxy,
/// all_proxy and no_proxy, in small or in capital letters; volcv_client_create() reads them. A loopback host goes
/// through a proxy like any other, unless no_proxy has it. volcv_client_options::proxy must be NULL then.
pub const VOLCV_CLIENT_PROXY_FROM_ENV: u32 = 4;
/// volcv_client_options::flags: direct access with the credentials of this machine, which volcv_client_create() looks up
/// as the official SDKs do: VOLC_ACCESSKEY, VOLC_SECRETKEY and VOLC_SESSION_TOKEN of the environment, then
/// ~/.volc/credentials (INI), then ~/.volc/config (JSON).
pub const VOLCV_CLIENT_FIND_CREDENTIALS: u32 = 8;

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

/// Grow by left, right, top and bottom: whole numbers of pixels.
pub const VOLCV_MODE_PIXELS: u32 = 3;
/// Grow to target_width x target_height, the picture where anchor_x and anchor_y say.
pub const VOLCV_MODE_TARGET: u32 = 4;
/// Grow to target_width x target_height, the top left corner of the picture at column x and row y.
pub const VOLCV_MODE_PLACED: u32 = 5;

/// volcv_outpaint::flags: a link in place of the picture's bytes, see volcv_job_image_link().
pub const VOLCV_OUTPAINT_RETURN_LINK: u32 = 1;
/// volcv_outpaint::flags: an error for what is a warning in the log otherwise, such as a limit that is not documented.
pub const VOLCV_OUTPAINT_STRICT: u32 = 2;
/// volcv_outpaint::flags: send the seed although it is 0.
pub const VOLCV_OUTPAINT_SEED_ZERO: u32 = 4;
/// volcv_outpaint::flags: a whole operation, also for an encoded picture; see volcv_outpaint.
pub const VOLCV_OUTPAINT_PIXELS: u32 = 8;
/// volcv_outpaint::flags, whole operations: the pixels of the service as they came, without the original pasted back.
pub const VOLCV_OUTPAINT_NO_PASTE: u32 = 16;
/// volcv_outpaint::flags, whole operations: where the upload has to be scaled down, the result has the resolution of
/// the service. Without it, the result has that of the original, and the new area is scaled up.
pub const VOLCV_OUTPAINT_KEEP_RESULT: u32 = 32;
/// volcv_outpaint::flags, VOLCV_MODE_TARGET and VOLCV_MODE_PLACED: cuts off what does not fit into the target.
/// Without it and VOLCV_OUTPAINT_SHRINK, a target that is smaller than the picture is an error.
pub const VOLCV_OUTPAINT_CROP: u32 = 64;
/// volcv_outpaint::flags, VOLCV_MODE_TARGET and VOLCV_MODE_PLACED: scales the picture down until it fits into the
/// target.
pub const VOLCV_OUTPAINT_SHRINK: u32 = 128;
/// volcv_outpaint::flags: the job downloads what comes as a link, which is free. Whole operations always do.
pub const VOLCV_OUTPAINT_DOWNLOAD: u32 = 256;

/// volcv_outpaint::ability: the outpainting.
pub const VOLCV_ABILITY_OUTPAINTING: u32 = 0;
/// volcv_outpaint::ability: a whole operation whose calls are tasks of its successor, jimeng_img2img_seed3_painting_edit.
/// It has no scale, strength and steps.
pub const VOLCV_ABILITY_PAINTING_EDIT: u32 = 1;

/// volcv_inpaint::ability: i2i_inpainting_edit paints what prompt says where the mask is white.
pub const VOLCV_INPAINT_EDIT: u32 = 1;
/// volcv_inpaint::ability: i2i_inpainting removes what is under the white of the mask.
pub const VOLCV_INPAINT_ERASE: u32 = 2;
/// volcv_inpaint::ability: jimeng_img2img_seed3_painting_edit paints where the mask is white. The service has it as a
/// task only, which the job submits and waits for.
pub const VOLCV_PAINTING_EDIT: u32 = 3;

/// volcv_inpaint::flags: as VOLCV_OUTPAINT_RETURN_LINK.
pub const VOLCV_INPAINT_RETURN_LINK: u32 = 1;
/// volcv_inpaint::flags: as VOLCV_OUTPAINT_STRICT.
pub const VOLCV_INPAINT_STRICT: u32 = 2;
/// volcv_inpaint::flags: as VOLCV_OUTPAINT_SEED_ZERO.
pub const VOLCV_INPAINT_SEED_ZERO: u32 = 4;
/// volcv_inpaint::flags: as VOLCV_OUTPAINT_DOWNLOAD.
pub const VOLCV_INPAINT_DOWNLOAD: u32 = 256;

/// volcv_inpaint::quality: that of the service, which is VOLCV_QUALITY_MEDIUM.
pub const VOLCV_QUALITY_DEFAULT: u32 = 0;
/// volcv_inpaint::quality: H.
pub const VOLCV_QUALITY_HIGH: u32 = 1;
/// volcv_inpaint::quality: M.
pub const VOLCV_QUALITY_MEDIUM: u32 = 2;
/// volcv_inpaint::quality: L.
pub const VOLCV_QUALITY_LOW: u32 = 3;

/// volcv_task_request::actions: CVSync2AsyncSubmitTask and CVSync2AsyncGetResult, for all abilities that can also be
/// called directly, and for those of Jimeng.
pub const VOLCV_ACTIONS_SYNC2ASYNC: u32 = 0;
/// volcv_task_request::actions: CVSubmitTask and CVGetResult, for abilities that are tasks by nature.
pub const VOLCV_ACTIONS_PLAIN: u32 = 1;

/// volcv_job_task_status(): the service gave another text, which this library does not know.
pub const VOLCV_TASK_OTHER: u32 = 0;
/// volcv_job_task_status(): the task waits.
pub const VOLCV_TASK_IN_QUEUE: u32 = 1;
/// volcv_job_task_status(): the service works on it.
pub const VOLCV_TASK_GENERATING: u32 = 2;
/// volcv_job_task_status(): it is done, and the job has its result.
pub const VOLCV_TASK_DONE: u32 = 3;
/// volcv_job_task_status(): the service does not know the task, or has forgotten it.
pub const VOLCV_TASK_NOT_FOUND: u32 = 4;
/// volcv_job_task_status(): the result has been deleted.
pub const VOLCV_TASK_EXPIRED: u32 = 5;

/// volcv_job_options::flags, for volcv_task_wait() and volcv_task_status(): the job downloads what comes as a link, which is
/// free.
pub const VOLCV_JOB_DOWNLOAD: u32 = 1;

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

/// volcv_pixels::format: red, green, blue, alpha. Each value of a pixel is one byte, in sRGB.
pub const VOLCV_PIXEL_RGBA8: u32 = 0;
/// volcv_pixels::format: blue, green, red, alpha.
pub const VOLCV_PIXEL_BGRA8: u32 = 1;
/// volcv_pixels::format: red, green, blue.
pub const VOLCV_PIXEL_RGB8: u32 = 2;
/// volcv_pixels::format: blue, green, red.
pub const VOLCV_PIXEL_BGR8: u32 = 3;
/// volcv_pixels::format: one grey value.
pub const VOLCV_PIXEL_GRAY8: u32 = 4;

/// volcv_pixels::flags: the bottom row is the first in memory, as in OpenGL and Unity.
pub const VOLCV_PIXELS_BOTTOM_UP: u32 = 1;
/// volcv_pixels::flags: the colours are multiplied by alpha. Not beside VOLCV_PIXELS_OPAQUE.
pub const VOLCV_PIXELS_PREMULTIPLIED: u32 = 2;
/// volcv_pixels::flags: the byte of alpha means nothing: it is not read, and 255 is written.
pub const VOLCV_PIXELS_OPAQUE: u32 = 4;
/// volcv_pixels::flags, for volcv_outpaint::pixels: data is not copied by the submit and stays untouched until
/// release() was called or, without release, until the job has ended. volcv calls release() once it has converted the
/// pixels, before it sends anything.
pub const VOLCV_PIXELS_BORROW: u32 = 8;

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
