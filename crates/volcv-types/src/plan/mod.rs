//! The planner: what a wish costs and gives, before anything is paid. Pure arithmetic.
//!
//! A wish becomes a [`Frame`] (exact sizes), the frame becomes passes (`schedule`), and each pass becomes what is sent
//! and what is expected back (`pass`).

mod axis;
mod frame;
mod options;
mod pass;
mod schedule;
mod warnings;

use frame::Frame;
pub(crate) use frame::check_size;
pub use options::{Keep, PlanOptions};
pub use pass::{CanvasGeometry, Pass, PassMode};

use crate::ability::{Ability, Execution};
use crate::error::InvalidInput;
use crate::expansion::{Rect, Size};
use crate::marking::LogoPosition;
use crate::wish::{Margins, Wish};

/// The exact sizes of an expansion, and the calls that it takes. Made by [`plan`].
///
/// To carry it out: take `crop` of the picture, scale it to the size `original`, and give it to the first pass. Each
/// pass makes a larger picture; the last one makes the finished picture, `result`, in which the original lies at
/// `original_at`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ExpandPlan {
    /// The ability that each pass is a request of.
    pub ability: Ability,
    /// The size of the picture that is to grow.
    pub source: Size,
    /// The part of the picture that is used: all of it, unless it is cropped ([`TooSmall::Crop`](crate::TooSmall)).
    pub crop: Rect,
    /// The size of that part in the result: its own, unless it is scaled down ([`TooSmall::Shrink`](crate::TooSmall)
    /// or [`Keep::Result`]).
    pub original: Size,
    /// The exact size of the finished picture.
    pub result: Size,
    /// Where the original lies in the finished picture.
    pub original_at: Rect,
    /// What is done one after the other, at least one; each is a call that is paid for.
    pub passes: Vec<Pass>,
    /// Reasons for which the service may refuse a call or spoil its result; none is documented for the ability.
    pub warnings: Vec<InvalidInput>,
}

impl ExpandPlan {
    /// The longest side in pixels of a picture that is planned for or decoded, and the largest texture of many engines.
    pub const MAX_SIDE: u32 = 16_384;
    /// The most pixels of a picture that is planned for or decoded: 256 MiB as RGBA.
    pub const MAX_PIXELS: u64 = 64 << 20;

    /// How the service carries a pass out: in one call, or only as a task.
    pub fn execution(&self) -> Execution {
        self.ability.execution()
    }

    /// The number of calls that are paid for.
    pub fn calls(&self) -> u32 {
        u32::try_from(self.passes.len()).unwrap_or(u32::MAX)
    }

    /// The pixels that are added on each side, by all passes together.
    pub fn growth(&self) -> Margins {
        Margins::around(self.original_at, self.result)
    }
}

/// Plans the expansion of an upright picture of size `source`.
///
/// No side grows by more than the picture's own width or height in one pass, in canvas mode too. A plan has the fewest
/// passes that this allows, and a wish that needs more than [`PlanOptions::max_passes`] is an error. The passes of a
/// plan grow by about the same factor.
///
/// ```
/// use volcv_types::{Anchor, PlanOptions, Size, Wish, plan};
/// let photo = Size { width: 960, height: 640 };
/// let wish = Wish::aspect(16.0, 9.0).anchor(Anchor::LEFT);
/// let plan = plan(photo, &wish, &PlanOptions::new()).unwrap();
/// assert_eq!(plan.result, Size { width: 1138, height: 640 });
/// assert_eq!((plan.growth().left, plan.growth().right, plan.calls()), (0, 178, 1));
/// ```
///
/// # Errors
/// Names the field: `picture`, `target` or `result` (above 16384 pixels on a side or 64 Mi in all, or a target that is
/// smaller than the picture), `top`, `bottom`, `left`, `right`, `aspect` or `target` (out of range, or nothing grows),
/// `anchor`, `placement`, `max_passes`, `max_side`, `overlap`, `soft`, `context`, and `logo_info.position` (a corner
/// that does not grow). With [`PlanOptions::strict`], the first warning.
pub fn plan(source: Size, wish: &Wish, options: &PlanOptions) -> Result<ExpandPlan, InvalidInput> {
    options.check()?;
    let Frame { crop, axes } = Frame::new(source, wish)?;
    let context = axes.map(|axis| axis.context(options.context));
    let axes = match options.keep {
        Keep::Original => axes,
        // The context has to fit beside the finished picture.
        Keep::Result => {
            let context = context.x.total().max(context.y.total());
            axes.scale_into(options.max_side - context).axes(axes)
        }
    };
    let passes = schedule::passes(axes, options.max_passes)?
        .into_iter()
        .map(|axes| Pass::new(axes, context, options))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(position) = options.logo {
        check_logo(&passes, position)?;
    }
    let warnings = warnings::about(&passes, options);
    match warnings.first() {
        Some(first) if options.strict => Err(first.clone()),
        _ => Ok(ExpandPlan {
            ability: options.ability,
            source,
            crop,
            original: axes.inner(),
            result: axes.total(),
            original_at: axes.place(),
            passes,
            warnings,
        }),
    }
}

/// A logo in a corner of what the last pass starts from would be painted over by it.
fn check_logo(passes: &[Pass], position: LogoPosition) -> Result<(), InvalidInput> {
    let Some(growth) = passes.last().map(Pass::growth) else { return Ok(()) };
    let (name, vertical, horizontal) = match position {
        LogoPosition::TopLeft => ("top left", growth.top, growth.left),
        LogoPosition::TopRight => ("top right", growth.top, growth.right),
        LogoPosition::BottomLeft => ("bottom left", growth.bottom, growth.left),
        LogoPosition::BottomRight => ("bottom right", growth.bottom, growth.right),
    };
    if vertical > 0 || horizontal > 0 {
        return Ok(());
    }
    Err(InvalidInput::new("logo_info.position", name, "a corner that grows: the original is not painted over"))
}
