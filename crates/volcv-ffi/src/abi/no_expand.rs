//! In the place of `expand.rs` in a build without the feature `image`.

use super::pixel_structs::volcv_plan_info;
use super::structs::volcv_outpaint;
use crate::engine::{CError, Engine, JobRequest, unsupported};

pub(super) unsafe fn expand_of(_: &Engine, _: &volcv_outpaint) -> Result<JobRequest, CError> {
    Err(unsupported())
}

pub(super) unsafe fn plan_of(_: &volcv_outpaint, _: u32, _: u32) -> Result<volcv_plan_info, CError> {
    Err(unsupported())
}
