//! In the place of whole operations, in a build without the feature `image`.

use volcv::{BlockingClient, CallOptions, Error, Outcome};

use super::job::JobResult;
use super::{CError, Engine};
use crate::abi::*;

/// There is none.
pub(super) enum Expansion {}

/// There is none.
pub(super) enum Finished {}

impl Expansion {
    pub(super) fn warnings(&self) -> &[String] {
        match *self {}
    }

    pub(super) fn perform(self, _: &BlockingClient, _: &CallOptions) -> Result<(Outcome, Option<Finished>), Error> {
        match self {}
    }
}

impl Finished {
    pub(super) fn bytes(&self) -> usize {
        match *self {}
    }
}

impl Engine {
    pub(super) fn deliver(&self, _: volcv_job, _: &mut JobResult) {}

    pub(crate) fn pixels_info(&self, _: volcv_job, _: u32) -> Result<volcv_pixels_info, CError> {
        Err(unsupported())
    }

    pub(crate) unsafe fn copy_pixels(&self, _: volcv_job, _: u32, _: &volcv_pixels) -> Result<(), CError> {
        Err(unsupported())
    }
}

/// The error of everything that needs the feature.
pub(crate) fn unsupported() -> CError {
    CError::new(VOLCV_E_UNSUPPORTED, "this library was built without whole operations: its feature image is off")
}
