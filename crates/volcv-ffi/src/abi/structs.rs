//! The structs, ids and hooks of the C ABI. None has hidden padding on any target, and all zeros with `struct_size` is
//! always valid: new fields are added at the end, and zero means "as before".

use std::ffi::{c_char, c_void};

use super::constants::{VOLCV_MESSAGE_SIZE, VOLCV_REQUEST_ID_SIZE, volcv_result};
use super::credentials_structs::volcv_credentials_hook;
use super::memory_structs::volcv_allocator;
use super::pixel_structs::{volcv_pixels, volcv_pixels_hooks};
use super::thread_structs::volcv_thread_hooks;

/// A job. Ids are never used twice: one that is stale, invented or of another client is an error code, not a crash.
/// 0 is no job.
pub type volcv_job = u64;

/// One HTTP exchange of a host transport; as safe as a volcv_job.
pub type volcv_exchange = u64;

/// A client: workers, a queue, and the connections they share. Any thread may use it, many at once. After
/// volcv_client_destroy() the pointer is stale, which is an error code, not a crash. Its threads block no signals but
/// those that were blocked in the thread that made it. The memory of released pictures of 256 KiB and more goes back
/// to the system, but for up to four pieces, 24 MiB together, which stay with the client for the next pictures. Its
/// threads are max_in_flight workers, one timer, and a helper while a connection is being made; connections that were
/// idle for more than 10 s are not used again. While credentials are asked for, there is one thread more.
pub struct volcv_client {
    _private: [u8; 0],
}

/// Called exactly once when volcv needs data no more, on any thread; before the job's event can be polled, unless
/// volcv_client_destroy() or volcv_shutdown() has returned VOLCV_E_TIMEOUT.
pub type volcv_release_fn = Option<unsafe extern "C" fn(user: *mut c_void, data: *const c_void, size: usize)>;

/// Called when there is an event to poll after there was none, on any thread, also inside of your own call of
/// volcv_job_cancel(). It may set a flag or signal, nothing more: no function of volcv may be called in it.
pub type volcv_ready_fn = Option<unsafe extern "C" fn(user: *mut c_void)>;

/// Takes a line for the log, on any thread. The text is UTF-8, ends with NUL, has neither keys nor control
/// characters, and is valid during the call; job is 0 where the line concerns the client.
pub type volcv_log_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, level: u32, job: volcv_job, text: *const c_char)>;

/// Begins an exchange: see volcv_http_transport.
pub type volcv_http_start_fn = Option<
    unsafe extern "C" fn(
        user: *mut c_void,
        client: *mut volcv_client,
        exchange: volcv_exchange,
        request: *const volcv_http_request,
    ) -> volcv_result,
>;

/// Ends an exchange early: see volcv_http_transport.
pub type volcv_http_cancel_fn = Option<unsafe extern "C" fn(user: *mut c_void, exchange: volcv_exchange)>;

/// Ends the transport: see volcv_http_transport.
pub type volcv_http_destroy_fn = Option<unsafe extern "C" fn(user: *mut c_void)>;

/// Why something failed, filled in place; nothing in it has to be freed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_error {
    /// sizeof(volcv_error), set by the caller.
    pub struct_size: u32,
    /// What the function returned, or the result of the job.
    pub code: volcv_result,
    /// VOLCV_CHARGE_*: whether money was spent, all attempts taken together.
    pub charge: u32,
    /// VOLCV_ERROR_* bits.
    pub flags: u32,
    /// Attempts that were made.
    pub attempts: u32,
    /// VOLCV_DELIVERY_*: how much of the request the last attempt delivered.
    pub delivery: u32,
    /// The HTTP status, 0 if there was none.
    pub http_status: i32,
    /// How long the service asked to wait; 0 if it did not.
    pub retry_after_ms: u32,
    /// The service's code; 0 if it sent none or only a name, which message has then, and after a success.
    pub service_code: i64,
    /// What the service's support asks for, UTF-8; empty if there is none.
    pub request_id: [c_char; VOLCV_REQUEST_ID_SIZE],
    /// One line of UTF-8 for logs and developers: what happened, the field, its value and what is allowed, the codes,
    /// and what it cost. After a success: what was odd about the reply, in sentences with "; " between them; empty for
    /// nearly every job. It never has a key, a session token, a picture or a control character.
    pub message: [c_char; VOLCV_MESSAGE_SIZE],
}

/// One name and one value of a head, both ended by NUL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_header {
    /// As in "Content-Type".
    pub name: *const c_char,
    /// As in "application/json".
    pub value: *const c_char,
}

/// What to send. All of it is valid during volcv_http_transport::start only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_http_request {
    /// sizeof(volcv_http_request) of the library.
    pub struct_size: u32,
    /// 0.
    pub flags: u32,
    /// Bytes of the body, which volcv_http_body_read() gives. Send them with Content-Length, never chunked.
    pub body_size: u64,
    /// Give up connecting after this; volcv cancels the exchange when one of its limits passes.
    pub connect_limit_ms: u32,
    /// Give up the exchange after this.
    pub attempt_limit_ms: u32,
    /// "POST" or "GET".
    pub method: *const c_char,
    /// The whole URL.
    pub url: *const c_char,
    /// All headers but Host, Content-Length and Authorization among them. Send these as they are, because a signature covers
    /// some, and no other credentials.
    pub headers: *const volcv_header,
    /// How many headers.
    pub header_count: usize,
}

/// The host's own HTTP stack. volcv asks for one exchange at a time per worker; it decides itself about retries.
///
/// start: begin to send the request, or return a VOLCV_E_ code if that is impossible; it must not block. From then on,
/// on any thread, pull the body with volcv_http_body_read(), push the reply with volcv_http_on_head() and
/// volcv_http_on_data(), and end with volcv_http_complete(), exactly once; all of that may happen inside of start. Do
/// not follow redirects, do not decompress, do not send anything twice, and leave certificate checks on.
/// cancel: volcv has no more interest in the exchange: close its connection. It may come at any moment, on any thread,
/// also for an exchange that has just been completed; calls with that exchange are harmless afterwards.
/// destroy: the last call, when the client is destroyed and every exchange has ended. May be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_http_transport {
    /// sizeof(volcv_http_transport).
    pub struct_size: u32,
    /// 0.
    pub flags: u32,
    /// Handed to each of the functions.
    pub user: *mut c_void,
    /// Begins an exchange; required.
    pub start: volcv_http_start_fn,
    /// Ends an exchange early; required.
    pub cancel: volcv_http_cancel_fn,
    /// Ends the transport; may be NULL.
    pub destroy: volcv_http_destroy_fn,
}

/// What a client needs to know. Everything is copied by volcv_client_create(); volcv wipes its copies of secrets.
///
/// There are two ways to the service. A gateway takes base_url and api_key. Direct access takes an access key, and every
/// request is signed; it comes from one of three places: access_key and secret_key, credentials, or
/// VOLCV_CLIENT_FIND_CREDENTIALS. So exactly one of api_key, access_key, credentials and that flag is given.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_client_options {
    /// sizeof(volcv_client_options).
    pub struct_size: u32,
    /// VOLCV_CLIENT_* bits.
    pub flags: u32,
    /// The gateway, with or without "/volcv/v1"; required beside api_key. With direct access NULL means
    /// "https://visual.volcengineapi.com". https, except for this machine itself. Proxies that the environment names are
    /// not used, unless VOLCV_CLIENT_PROXY_FROM_ENV is set.
    pub base_url: *const c_char,
    /// The API key of a gateway; NULL for direct access.
    pub api_key: *const c_char,
    /// Jobs that run at once, each on a worker thread: 1 to 256; 0 means 4.
    pub max_in_flight: u32,
    /// Jobs that may wait for a worker: 1 to 65535; 0 means 256. More are VOLCV_E_BUSY.
    pub max_queued: u32,
    /// Resolving, connecting and shaking hands; 0 means 10000.
    pub connect_limit_ms: u32,
    /// No byte moving while uploading or downloading; 0 means 30000. A service that thinks in silence is not stalled,
    /// and a small request that fits into the system's buffers is delivered at once: attempt_limit_ms ends both.
    pub stall_limit_ms: u32,
    /// One attempt from start to end; 0 means 300000.
    pub attempt_limit_ms: u32,
    /// A whole job with its wait in the queue, all its attempts and the waits between them; 0 means no limit.
    pub deadline_ms: u32,
    /// The largest reply; 0 means 64 MiB.
    pub reply_limit_bytes: u64,
    /// Attempts of one job, the first included: 1 to 1000; 0 means 4.
    pub max_attempts: u32,
    /// Attempts of one job that are or may be charged: 1 to 1000; 0 means 1.
    pub charge_limit: u32,
    /// VOLCV_TLS_ROOTS_*.
    pub tls_roots: u32,
    /// VOLCV_LOG_*: lines up to this level go to log.
    pub log_level: u32,
    /// Certificates to trust besides: PEM with any number of them, or one in DER; NULL if none.
    pub extra_roots: *const c_void,
    /// Bytes of extra_roots, at most 16 MiB.
    pub extra_roots_size: usize,
    /// The host's HTTP stack, with its own TLS and proxies: tls_roots, extra_roots and proxy must be 0 then. NULL for
    /// the built-in one.
    pub transport: *const volcv_http_transport,
    /// Takes the log; NULL for none.
    pub log: volcv_log_fn,
    /// Handed to log.
    pub log_user: *mut c_void,
    /// Told when there is something to poll; NULL for none.
    pub on_ready: volcv_ready_fn,
    /// Handed to on_ready.
    pub on_ready_user: *mut c_void,
    /// The proxy for calls and for downloads of links: "http://user:password@host:port", "socks5://..." or, to let
    /// the proxy resolve names, "socks5h://..."; user and password are optional, and percent-encoded where they need
    /// it. It is asked for a tunnel to http targets too, gets nothing of the request, and the key never. NULL for
    /// none. volcv wipes its own copy. A proxy that wants other credentials ends a job with VOLCV_E_CONFIG.
    pub proxy: *const c_char,
    /// Writes finished pixels into memory of the host; NULL for none.
    pub pixels_hooks: *const volcv_pixels_hooks,
    /// Gives the credentials of direct access, new ones whenever they are needed; NULL for none.
    pub credentials: *const volcv_credentials_hook,
    /// The access key of direct access; NULL for none.
    pub access_key: *const c_char,
    /// The secret key that belongs to access_key, which needs it.
    pub secret_key: *const c_char,
    /// The session token of a temporary access_key; NULL for none.
    pub session_token: *const c_char,
    /// The region in the signatures of direct access; NULL means "cn-north-1".
    pub region: *const c_char,
    /// The first wait between two questions about a task; the next ones grow, up to five times that. 0 means 2000; less
    /// than 50 counts as 50.
    pub poll_interval_ms: u32,
    /// 0.
    pub reserved: u32,
    /// Told of each thread that volcv keeps for the client; NULL for none.
    pub threads: *const volcv_thread_hooks,
    /// The host's own memory for large blocks; NULL means the system's. Copied.
    pub allocator: *const volcv_allocator,
}

/// An encoded picture: PNG, JPEG and the like, never pixels. Either data and size, or link.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_picture {
    /// sizeof(volcv_picture).
    pub struct_size: u32,
    /// VOLCV_PICTURE_* bits; without VOLCV_PICTURE_BORROW the bytes are copied.
    pub flags: u32,
    /// The bytes of the file.
    pub data: *const c_void,
    /// How many, at most 256 MiB.
    pub size: usize,
    /// A link in place of data, that the service fetches.
    pub link: *const c_char,
    /// For VOLCV_PICTURE_BORROW: called exactly once if the job was accepted, and never if not. May be NULL.
    pub release: volcv_release_fn,
    /// Handed to release.
    pub release_user: *mut c_void,
}

/// An outpainting. Numbers that are 0 and texts that are NULL are not sent: the service has its own defaults. Sides
/// and sizes are those of the upright picture: its EXIF orientation is counted in. What may spoil the result, such as
/// that orientation, goes to the log, or is an error with VOLCV_OUTPAINT_STRICT.
///
/// It is one call, whose result is the file of the service, unless one of these makes a whole operation of it: pixels,
/// VOLCV_OUTPAINT_PIXELS, VOLCV_MODE_PIXELS, VOLCV_MODE_TARGET, VOLCV_MODE_PLACED, max_passes above 1, or another ability.
/// A whole operation plans exact sizes, as volcv_plan() tells; it decodes, scales and encodes on volcv's threads, makes one
/// call for each pass, and pastes the original back, bit for bit. Its result is pixels: see volcv_job_pixels() and
/// volcv_pixels_hooks. The file of the service for each pass is there as well, see volcv_job_image_take(). A library
/// that was built without the feature image answers VOLCV_E_UNSUPPORTED.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_outpaint {
    /// sizeof(volcv_outpaint).
    pub struct_size: u32,
    /// VOLCV_OUTPAINT_* bits.
    pub flags: u32,
    /// VOLCV_MODE_*. What belongs to another mode must be 0 or NULL.
    pub mode: u32,
    /// VOLCV_PROMPT_*: the field that carries prompt.
    pub prompt_field: u32,
    /// The picture; required, unless pixels is given. In VOLCV_MODE_CANVAS it has its final size, with anything where
    /// the mask is white. In a whole operation: PNG, JPEG or BMP, or a link to one, which volcv downloads.
    pub picture: *const volcv_picture,
    /// VOLCV_MODE_CANVAS: of the picture's size, white where to paint.
    pub mask: *const volcv_picture,
    /// VOLCV_MODE_SIDES: fraction of the width added to the left, 0 to 1, and more with max_passes; zeros are sent.
    /// VOLCV_MODE_PIXELS: columns.
    pub left: f64,
    /// VOLCV_MODE_SIDES: fraction of the width added to the right. VOLCV_MODE_PIXELS: columns.
    pub right: f64,
    /// VOLCV_MODE_SIDES: fraction of the height added above. VOLCV_MODE_PIXELS: rows.
    pub top: f64,
    /// VOLCV_MODE_SIDES: fraction of the height added below. VOLCV_MODE_PIXELS: rows.
    pub bottom: f64,
    /// VOLCV_MODE_ASPECT: as 16 in 16:9.
    pub aspect_width: f64,
    /// VOLCV_MODE_ASPECT: as 9 in 16:9.
    pub aspect_height: f64,
    /// VOLCV_MODE_TARGET, and VOLCV_MODE_ASPECT of whole operations: where the picture lies, from -1 (at the left)
    /// over 0 (in the middle) to 1 (at the right).
    pub anchor_x: f64,
    /// As anchor_x, from -1 (at the top) to 1 (at the bottom).
    pub anchor_y: f64,
    /// How closely to follow the prompt, 1 to 20.
    pub scale: f64,
    /// How much to change, 0.1 to 1.
    pub strength: f64,
    /// The same seed gives the same picture: 0 to 4294967295; -1 lets the service choose. For a seed of 0 set
    /// VOLCV_OUTPAINT_SEED_ZERO.
    pub seed: i64,
    /// Steps of the model, 1 or more.
    pub steps: u32,
    /// The result is made to fit into this; the service's own default is 1920. 0 in a whole operation, which plans it.
    pub max_width: u32,
    /// As max_width.
    pub max_height: u32,
    /// Pixels of the upright picture, where its own header does not say it (a link in VOLCV_MODE_ASPECT); otherwise 0.
    pub picture_width: u32,
    /// Pixels of the picture, as picture_width.
    pub picture_height: u32,
    /// VOLCV_MODE_TARGET, VOLCV_MODE_PLACED: pixels of the result.
    pub target_width: u32,
    /// VOLCV_MODE_TARGET, VOLCV_MODE_PLACED: pixels of the result.
    pub target_height: u32,
    /// VOLCV_MODE_PLACED: the column of the result in which the picture begins; below 0 only with VOLCV_OUTPAINT_CROP.
    pub x: i32,
    /// VOLCV_MODE_PLACED: the row of the result in which the picture begins, as x.
    pub y: i32,
    /// How many calls may be paid for, each of which grows the picture by its own width and height at most; 0 means 1.
    pub max_passes: u32,
    /// Whole operations: the longest side in pixels that is sent or asked for, 128 to 16384; 0 means 4096.
    pub max_side: u32,
    /// Whole operations: pixels along the growing sides of the original that are sent as if they were new, so that
    /// the service sees more room for its transition.
    pub overlap: u32,
    /// Whole operations: pixels over which the mask fades out inside of the original.
    pub soft: u32,
    /// Whole operations: pixels that are painted on the other side where one side of an axis grows, and cut off
    /// afterwards.
    pub context: u32,
    /// Whole operations: pixels of the original along its growing sides that fade into the new area; 0 keeps all of
    /// the original bit for bit.
    pub feather: u32,
    /// VOLCV_ABILITY_*.
    pub ability: u32,
    /// What to paint, UTF-8.
    pub prompt: *const c_char,
    /// More fields as the text of a JSON object, such as {"logo_info":{"add_logo":true}}; they win over the others. It
    /// may be nested 127 deep, as volcv_raw::json.
    pub extra_json: *const c_char,
    /// Pixels in place of picture: a texture that grows. It is sent without its alpha, over white; the result has its
    /// alpha.
    pub pixels: *const volcv_pixels,
    /// NULL.
    pub reserved_pointer: *const c_void,
}

/// Any action of the service: the way out for what this header does not have.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_raw {
    /// sizeof(volcv_raw).
    pub struct_size: u32,
    /// 0.
    pub flags: u32,
    /// NULL means "CVProcess".
    pub action: *const c_char,
    /// NULL means "2022-08-31".
    pub version: *const c_char,
    /// The body: the text of a JSON object, UTF-8, whose values are sent as they are written; required.
    pub json: *const c_char,
    /// Pictures that go into the body as binary_data_base64 or, if all are links, as image_urls; may be NULL.
    pub pictures: *const volcv_picture,
    /// How many pictures, at most 64.
    pub picture_count: usize,
}

/// What one job may have of its own. NULL in its place means all zero.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_job_options {
    /// sizeof(volcv_job_options).
    pub struct_size: u32,
    /// VOLCV_JOB_* bits.
    pub flags: u32,
    /// Comes back in volcv_event::user.
    pub user: u64,
    /// As volcv_client_options::deadline_ms, for this job; 0 means the client's.
    pub deadline_ms: u32,
    /// 0.
    pub reserved: u32,
}

/// Something that happened. Always 24 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct volcv_event {
    /// VOLCV_EVENT_*. There may be more kinds one day: skip those that you do not know.
    pub r#type: u32,
    /// How the job ended.
    pub result: volcv_result,
    /// The job; read its results, then release it.
    pub job: volcv_job,
    /// volcv_job_options::user.
    pub user: u64,
}

/// Where a job stands. A whole operation is queued until its first call begins, and goes through the other phases once for
/// each call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_progress {
    /// sizeof(volcv_progress).
    pub struct_size: u32,
    /// VOLCV_PHASE_*.
    pub phase: u32,
    /// The number of the attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// How the job ended; VOLCV_E_NOT_READY until then.
    pub result: volcv_result,
    /// Bytes of the request that were delivered in this attempt, as VOLCV_DELIVERY_NONE says.
    pub sent: u64,
    /// Bytes of the whole request; 0 before the first attempt.
    pub send_total: u64,
    /// Bytes of the reply that came in this attempt.
    pub received: u64,
    /// Bytes of the whole reply; 0 if the service did not announce them.
    pub receive_total: u64,
}

/// One picture of a result.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_image_info {
    /// sizeof(volcv_image_info).
    pub struct_size: u32,
    /// VOLCV_FORMAT_*.
    pub format: u32,
    /// Pixels; 0 if the header of the picture does not say it.
    pub width: u32,
    /// Pixels; 0 if the header of the picture does not say it.
    pub height: u32,
    /// The bytes of the file, valid until the job is released; NULL for a link and for a picture that was taken.
    pub data: *const c_void,
    /// How many.
    pub size: usize,
}

/// Bytes that belong to the caller, until volcv_buffer_release(). They outlive job and client.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_buffer {
    /// The library's name for it; 0 if empty. Leave it alone.
    pub id: u64,
    /// The bytes.
    pub data: *const c_void,
    /// How many.
    pub size: usize,
}

const _: () = assert!(size_of::<volcv_event>() == 24);
