//! The structs of pixels and plans, with the rules of `structs.rs`.

use std::ffi::{c_char, c_void};

use super::constants::{VOLCV_MESSAGE_SIZE, volcv_result};
use super::structs::{volcv_job, volcv_release_fn};

/// Pixels in memory of the host: those that grow, or room for the result. Row y begins at data + y * stride, counted
/// from the row that comes first in memory; the bytes between two rows are neither read nor written. In memory for a
/// result each byte of a pixel is written once, and none is read.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_pixels {
    /// sizeof(volcv_pixels).
    pub struct_size: u32,
    /// VOLCV_PIXELS_* bits.
    pub flags: u32,
    /// VOLCV_PIXEL_*.
    pub format: u32,
    /// Pixels in a row, at least 1.
    pub width: u32,
    /// Rows, at least 1.
    pub height: u32,
    /// 0.
    pub reserved: u32,
    /// Bytes from the start of a row to the start of the next; 0 means rows without gaps.
    pub stride: usize,
    /// The pixels.
    pub data: *mut c_void,
    /// Bytes of data; the gap behind the last row need not be there.
    pub size: usize,
    /// For VOLCV_PIXELS_BORROW: called exactly once, with data and size, if the job was accepted, and never if not.
    /// May be NULL.
    pub release: volcv_release_fn,
    /// Handed to release.
    pub release_user: *mut c_void,
}

/// Asks the host for memory: see volcv_pixels_hooks.
pub type volcv_pixels_acquire_fn = Option<
    unsafe extern "C" fn(
        user: *mut c_void,
        job: volcv_job,
        job_user: u64,
        index: u32,
        width: u32,
        height: u32,
        out_pixels: *mut volcv_pixels,
    ) -> volcv_result,
>;

/// Gives the host its memory back: see volcv_pixels_hooks.
pub type volcv_pixels_submit_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, job: volcv_job, job_user: u64, index: u32, result: volcv_result)>;

/// Lets finished pixels be written into memory of the host, such as that of a texture, by a thread of volcv. Without
/// these hooks, volcv_job_pixels() copies them.
///
/// acquire: the pixels with this index of a job are ready: set format, stride, data, size and flags (without
/// VOLCV_PIXELS_BORROW) of out_pixels, whose width and height are set already and must stay, and return VOLCV_OK.
/// Memory that may only be made on another thread: return VOLCV_E_NOT_READY; the pixels then wait for
/// volcv_job_pixels(). Any other code does the same, and is logged. It is not called for a job that was released, nor
/// once volcv_client_destroy() or volcv_shutdown() was called.
/// submit: volcv does not touch that memory any more. Called exactly once for each acquire that returned VOLCV_OK, on
/// the same thread and before the event of the job, also when the job is cancelled or released or the client
/// destroyed meanwhile. With VOLCV_OK all pixels are written, and volcv keeps no copy of them: volcv_job_pixels() has
/// none. With any other result the memory holds nothing of use, and the pixels wait for volcv_job_pixels():
/// VOLCV_E_INVALID_ARGUMENT if what acquire set is wrong, in which case nothing was written; VOLCV_E_INTERNAL after a
/// defect. After a volcv_client_destroy() that returned VOLCV_E_TIMEOUT, a submit that is due comes during the
/// destroy that waits on, as releases do.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_pixels_hooks {
    /// sizeof(volcv_pixels_hooks).
    pub struct_size: u32,
    /// 0.
    pub flags: u32,
    /// Handed to both functions.
    pub user: *mut c_void,
    /// Asks for memory; required.
    pub acquire: volcv_pixels_acquire_fn,
    /// Gives it back; required.
    pub submit: volcv_pixels_submit_fn,
}

/// What a whole operation would do, from volcv_plan().
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_plan_info {
    /// sizeof(volcv_plan_info).
    pub struct_size: u32,
    /// Calls that are paid for, at least 1.
    pub calls: u32,
    /// The exact size of the result.
    pub result_width: u32,
    /// The exact size of the result.
    pub result_height: u32,
    /// Where the original lies in the result: its first column.
    pub original_x: u32,
    /// Where the original lies in the result: its first row.
    pub original_y: u32,
    /// The size of the original in the result.
    pub original_width: u32,
    /// The size of the original in the result.
    pub original_height: u32,
    /// The part of the source that is used, all of it but for VOLCV_OUTPAINT_CROP: its first column.
    pub crop_x: u32,
    /// The part of the source that is used: its first row.
    pub crop_y: u32,
    /// The part of the source that is used: its width.
    pub crop_width: u32,
    /// The part of the source that is used: its height.
    pub crop_height: u32,
    /// The size of the source, upright.
    pub source_width: u32,
    /// The size of the source, upright.
    pub source_height: u32,
    /// How many warnings there are.
    pub warning_count: u32,
    /// 0.
    pub reserved: u32,
    /// Why the service may refuse a call or spoil its result, in sentences with "; " between them, as much as fits. Empty
    /// if there is no reason.
    pub warnings: [c_char; VOLCV_MESSAGE_SIZE],
}

/// The pixels of a result, and what the paste-back found. The numbers of the last pass; with VOLCV_OUTPAINT_NO_PASTE,
/// exact and all below it are 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_pixels_info {
    /// sizeof(volcv_pixels_info).
    pub struct_size: u32,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// 1 if the pixels have an alpha that is not 255 everywhere.
    pub has_alpha: u32,
    /// Calls that were made.
    pub passes: u32,
    /// Attempts of these calls that were billed.
    pub charges: u32,
    /// 1 if every pixel of the original is in the result, bit for bit.
    pub exact: u32,
    /// 1 if the service's picture shows the original where it should be. If it is 0 the new area may not belong to the
    /// original: look at it.
    pub recognised: u32,
    /// Columns by which the content of the service's picture lay to the right of its place. It was moved back.
    pub offset_x: i32,
    /// Rows by which it lay below its place.
    pub offset_y: i32,
    /// How alike the two are along the edges of the original, -1 to 1.
    pub ncc: f64,
    /// The visible step along the edges of the original if it were pasted into the service's picture as it came:
    /// levels of 0 to 255, beyond what is there inside of the original.
    pub seam_before: f64,
    /// The same in the result.
    pub seam_after: f64,
    /// The width of the service's picture, by that of the result.
    pub scale: f64,
}
