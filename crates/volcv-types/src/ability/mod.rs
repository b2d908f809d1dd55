//! The abilities of the family: one file for each, and what they have in common.
//!
//! A new ability is one file with a type that implements [`AbilityRequest`]. Nothing here is sent.

mod common;
mod inpaint_edit;
mod inpaint_erase;
pub(crate) mod limits;
mod outpaint;
mod painting_edit;

pub use inpaint_edit::InpaintEdit;
pub use inpaint_erase::{EraseQuality, InpaintErase};
pub use outpaint::Outpaint;
pub use painting_edit::PaintingEdit;

use crate::error::InvalidInput;
use crate::request::CvRequest;

/// The abilities that have a type here. All of them make pictures.
pub(crate) const REQ_KEYS: [&str; 4] =
    [Outpaint::REQ_KEY, InpaintEdit::REQ_KEY, InpaintErase::REQ_KEY, PaintingEdit::REQ_KEY];

/// A typed request of one ability. A client checks it, sends it, and waits for its task if it is one.
pub trait AbilityRequest {
    /// Checks every field and makes the request.
    ///
    /// # Errors
    /// Names the first field that is outside its range.
    fn request(&self) -> Result<CvRequest, InvalidInput>;

    /// Reasons for which the service may refuse the call or spoil its result; none is documented for this ability, so
    /// none is an error.
    fn warnings(&self) -> Vec<InvalidInput> {
        Vec::new()
    }

    /// How the service carries the request out.
    fn execution(&self) -> Execution {
        Execution::Call
    }
}

/// How the service carries a request out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Execution {
    /// In one call, which lasts until the result is there. The same request can be a task, too.
    #[default]
    Call,
    /// Only as a task: it is submitted, and its result is asked for until it is there.
    Task,
}

/// The ability that a whole operation, a [`plan`](crate::plan), runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Ability {
    /// [`Outpaint`].
    #[default]
    Outpainting,
    /// [`PaintingEdit`], in canvas mode only.
    PaintingEdit,
}

impl Ability {
    /// How the service carries a request of this ability out.
    pub fn execution(self) -> Execution {
        match self {
            Ability::Outpainting => Execution::Call,
            Ability::PaintingEdit => Execution::Task,
        }
    }

    pub(crate) fn limits(self) -> &'static limits::Limits {
        match self {
            Ability::Outpainting => &limits::SYNC,
            Ability::PaintingEdit => &limits::JIMENG,
        }
    }
}

impl AbilityRequest for Outpaint {
    fn request(&self) -> Result<CvRequest, InvalidInput> {
        Outpaint::request(self)
    }

    fn warnings(&self) -> Vec<InvalidInput> {
        Outpaint::warnings(self)
    }
}
