//! The structs of inpainting and tasks, with the rules of `structs.rs`.

use std::ffi::{c_char, c_void};

use super::structs::{volcv_outpaint, volcv_picture, volcv_raw};

/// An inpainting: a picture, and a mask of its size whose white part is painted anew. Numbers that are 0 and texts that
/// are NULL are not sent: the service has its own defaults. What the ability does not have must be 0 or NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_inpaint {
    /// sizeof(volcv_inpaint).
    pub struct_size: u32,
    /// VOLCV_INPAINT_RETURN_LINK and the bits that follow it.
    pub flags: u32,
    /// VOLCV_INPAINT_EDIT, VOLCV_INPAINT_ERASE or VOLCV_PAINTING_EDIT; required.
    pub ability: u32,
    /// VOLCV_INPAINT_ERASE: VOLCV_QUALITY_*.
    pub quality: u32,
    /// As volcv_outpaint::seed; for a seed of 0 set VOLCV_INPAINT_SEED_ZERO.
    pub seed: i64,
    /// VOLCV_INPAINT_EDIT, VOLCV_INPAINT_ERASE: how closely to follow the prompt or the picture.
    pub scale: f64,
    /// VOLCV_INPAINT_ERASE: how much to change.
    pub strength: f64,
    /// VOLCV_INPAINT_EDIT, VOLCV_INPAINT_ERASE: steps of the model, 1 or more.
    pub steps: u32,
    /// VOLCV_INPAINT_ERASE: pixels by which the mask grows first, up to 4096; for none use extra_json.
    pub dilate_size: u32,
    /// The picture; required.
    pub picture: *const volcv_picture,
    /// Of the picture's size, white where to paint or erase; required.
    pub mask: *const volcv_picture,
    /// VOLCV_INPAINT_EDIT, VOLCV_PAINTING_EDIT: what to paint, UTF-8.
    pub prompt: *const c_char,
    /// As volcv_outpaint::extra_json.
    pub extra_json: *const c_char,
}

/// What is submitted as a task: exactly one of outpaint, inpaint and raw.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct volcv_task_request {
    /// sizeof(volcv_task_request).
    pub struct_size: u32,
    /// 0.
    pub flags: u32,
    /// VOLCV_ACTIONS_*: how the task is submitted and asked for.
    pub actions: u32,
    /// 0.
    pub reserved: u32,
    /// One call, no whole operation, without VOLCV_OUTPAINT_DOWNLOAD.
    pub outpaint: *const volcv_outpaint,
    /// Without VOLCV_INPAINT_DOWNLOAD.
    pub inpaint: *const volcv_inpaint,
    /// Any ability: its json has the req_key. Its action and version must be NULL. What belongs to the result, as
    /// return_url and logo_info do, is kept for volcv_task_wait().
    pub raw: *const volcv_raw,
    /// NULL.
    pub reserved_pointer: *const c_void,
}
