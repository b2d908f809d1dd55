//! The options of a plan: how often to pay, how much to send, what to keep.

use super::ExpandPlan;
use crate::ability::Ability;
use crate::ability::limits::{LONGEST_SIDE, SHORTEST_SIDE};
use crate::error::{InvalidInput, in_range};
use crate::marking::LogoPosition;

/// The resolution of the finished picture, where the upload has to be scaled down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// The original's own: the new area is scaled up, the original's pixels stay as they are.
    #[default]
    Original,
    /// The service's: the original is scaled down, the new area stays as it came.
    Result,
}

/// How a [`Wish`](crate::Wish) is carried out. Pixels are those of the finished picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct PlanOptions {
    pub(super) ability: Ability,
    pub(super) max_passes: u32,
    pub(super) max_side: u32,
    pub(super) overlap: u32,
    pub(super) soft: u32,
    pub(super) context: u32,
    pub(super) canvas: bool,
    pub(super) keep: Keep,
    pub(super) logo: Option<LogoPosition>,
    pub(super) strict: bool,
}

impl PlanOptions {
    /// The largest side in pixels that similar abilities of the service take,
    /// <https://www.volcengine.com/docs/6793/1357816>.
    pub const DEFAULT_MAX_SIDE: u32 = LONGEST_SIDE;

    /// One pass, the four sides, no overlap, the original's resolution.
    pub fn new() -> Self {
        Self {
            ability: Ability::default(),
            max_passes: 1,
            max_side: Self::DEFAULT_MAX_SIDE,
            overlap: 0,
            soft: 0,
            context: 0,
            canvas: false,
            keep: Keep::default(),
            logo: None,
            strict: false,
        }
    }

    /// The ability that the passes are requests of; outpainting by default. With [`Ability::PaintingEdit`] every pass is
    /// in canvas mode, and a task. That no side grows by more than the picture's length in one pass is documented for
    /// outpainting; for the other ability it is volcv's own rule.
    pub fn ability(mut self, ability: Ability) -> Self {
        self.ability = ability;
        self
    }

    /// How many passes the plan may have, at least 1. Each pass is a call that is paid for.
    pub fn max_passes(mut self, passes: u32) -> Self {
        self.max_passes = passes;
        self
    }

    /// The longest side in pixels, 128 to 16384, that is sent to the service or asked from it; 4096 by default. A pass
    /// that needs more is sent scaled down.
    pub fn max_side(mut self, pixels: u32) -> Self {
        self.max_side = pixels;
        self
    }

    /// The mask reaches this many pixels into the original on each side that grows; needs canvas mode.
    pub fn overlap(mut self, pixels: u32) -> Self {
        self.overlap = pixels;
        self
    }

    /// The mask fades out over this many pixels inside of the kept part; needs canvas mode.
    pub fn soft(mut self, pixels: u32) -> Self {
        self.soft = pixels;
        self
    }

    /// Where an axis grows on one side only, the other side is painted too, this many pixels wide, and cut off
    /// afterwards; at most half of `max_side`. Needs canvas mode.
    pub fn context(mut self, pixels: u32) -> Self {
        self.context = pixels;
        self
    }

    /// Canvas mode in every pass. Without it, a pass is in canvas mode only if another option needs it.
    pub fn canvas(mut self, canvas: bool) -> Self {
        self.canvas = canvas;
        self
    }

    /// The resolution of the finished picture.
    pub fn keep(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }

    /// The corner of a visible logo. The service paints it into a corner of its result, so it has to be a corner that
    /// grows in the last pass: the original is not painted over.
    pub fn logo(mut self, logo: Option<LogoPosition>) -> Self {
        self.logo = logo;
        self
    }

    /// Turns every warning into an error.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Whether canvas mode is asked for, or all that the ability has.
    pub(super) fn needs_canvas(&self) -> bool {
        self.canvas || self.ability == Ability::PaintingEdit
    }

    pub(super) fn check(&self) -> Result<(), InvalidInput> {
        in_range("max_side", self.max_side, SHORTEST_SIDE, ExpandPlan::MAX_SIDE, " pixels")?;
        in_range("context", self.context, 0, self.max_side / 2, " pixels, half of max_side")?;
        Ok(())
    }
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self::new()
    }
}
