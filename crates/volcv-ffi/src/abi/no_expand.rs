//! In the place of `expand.rs` in a build without the feature `image`.

use volcv::Bytes;

use super::pixel_structs::{volcv_pixels, volcv_plan_info};
use super::structs::{volcv_outpaint, volcv_picture};
use crate::engine::{CError, Engine, JobRequest, unsupported};

pub(super) unsafe fn expand_of(_: &Engine, _: &volcv_outpaint) -> Result<JobRequest, CError> {
    Err(unsupported())
}

pub(super) unsafe fn plan_of(_: &volcv_outpaint, _: u32, _: u32) -> Result<volcv_plan_info, CError> {
    Err(unsupported())
}

pub(super) unsafe fn encode(_: &volcv_pixels, _: *const volcv_picture, _: u32, _: u32) -> Result<Bytes, CError> {
    Err(unsupported())
}

pub(super) unsafe fn decode(_: *const volcv_picture) -> Result<(volcv_pixels, Bytes), CError> {
    Err(unsupported())
}
