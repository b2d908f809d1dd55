//! One pass: what is sent to the service, and what it is expected to send back.

use super::PlanOptions;
use super::axis::{Axes, Axis};
use crate::error::InvalidInput;
use crate::expansion::{Rect, Sides, Size};
use crate::wish::Margins;

/// One call: a picture of size `from` grows to the size `to`.
///
/// Two grids of pixels appear here: that of the finished picture (`from`, `to`, `from_at`), and that of the files that
/// go to the service and come back (`upload`, `expected`, `expected_at`, `expected_part`, [`CanvasGeometry`]). They
/// differ where a side would be above [`PlanOptions::max_side`]: then the upload is scaled down, and what comes back is
/// scaled up.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Pass {
    /// The size of the picture before this pass.
    pub from: Size,
    /// The size of the picture after this pass.
    pub to: Size,
    /// Where the picture before this pass lies in the one after it.
    pub from_at: Rect,
    /// The size of the picture that is sent: `from`, or in canvas mode the padded picture; scaled if necessary.
    pub upload: Size,
    /// The size of the file that is expected back.
    pub expected: Size,
    /// Where the picture before this pass lies in the expected file.
    pub expected_at: Rect,
    /// The part of the expected file that becomes the picture after this pass: all of it, unless there is context to
    /// cut off.
    pub expected_part: Rect,
    /// What the request carries.
    pub mode: PassMode,
    /// For [`Outpaint::max_width`](crate::Outpaint::max_width), so that the service shrinks nothing.
    pub max_width: u32,
    /// For [`Outpaint::max_height`](crate::Outpaint::max_height), so that the service shrinks nothing.
    pub max_height: u32,
}

/// The two forms of a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PassMode {
    /// The picture alone and the fractions by which it grows.
    Sides(Sides),
    /// The padded picture and a mask, both of the size [`Pass::upload`], with the picture at [`Pass::expected_at`].
    Canvas(CanvasGeometry),
}

/// The mask of a canvas: what is outside of `keep` is painted.
///
/// An edge of `keep` that lies on the edge of the canvas does not grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CanvasGeometry {
    /// The part that is kept: the picture, less the overlap on each side that is painted.
    pub keep: Rect,
    /// Inside of `keep` and along the edges that are painted, the mask fades out over this many pixels.
    pub soft: u32,
}

impl Pass {
    pub(super) fn new(axes: Axes, context: Axes, options: &PlanOptions) -> Result<Pass, InvalidInput> {
        let canvas = Axes { x: with_context(axes.x, context.x), y: with_context(axes.y, context.y) };
        let scale = canvas.scale_into(options.max_side);
        let small = scale.axes(canvas);
        let expected = small.total();
        let is_canvas = options.needs_canvas() || options.overlap > 0 || options.soft > 0 || canvas != axes;
        let (upload, mode) = if is_canvas {
            let (overlap, soft) = (scale.length(options.overlap), scale.length(options.soft));
            let x = keep(small.x, overlap, soft)?;
            let y = keep(small.y, overlap, soft)?;
            (expected, PassMode::Canvas(CanvasGeometry { keep: Axes { x, y }.place(), soft }))
        } else {
            (small.inner(), PassMode::Sides(ratios(small)))
        };
        let part = Axes { x: wished_part(axes.x, small.x), y: wished_part(axes.y, small.y) };
        Ok(Pass {
            from: axes.inner(),
            to: axes.total(),
            from_at: axes.place(),
            upload,
            expected,
            expected_at: small.place(),
            expected_part: part.place(),
            mode,
            max_width: expected.width,
            max_height: expected.height,
        })
    }

    /// The pixels that this pass adds on each side, in the grid of the finished picture.
    pub fn growth(&self) -> Margins {
        Margins::around(self.from_at, self.to)
    }

    /// Whether the picture before this pass is scaled down, to the size of `expected_at`, before it is sent.
    pub fn is_scaled(&self) -> bool {
        self.expected_at.size() != self.from
    }
}

/// The fractions for which the service adds exactly these pixels, whether it rounds or cuts, per side or in all: an
/// eighth of a pixel more than needed, which no rounding error of `f32` reaches and which two sides together do not
/// turn into a half.
fn ratios(axes: Axes) -> Sides {
    let ratio = |pixels: u32, length: u32| match pixels {
        0 => 0.0,
        _ => ((f64::from(pixels) + 0.125) / f64::from(length)).min(1.0),
    };
    Sides {
        top: ratio(axes.y.before, axes.y.length),
        bottom: ratio(axes.y.after, axes.y.length),
        left: ratio(axes.x.before, axes.x.length),
        right: ratio(axes.x.after, axes.x.length),
    }
}

/// An axis that does not grow in a pass gets no context.
fn with_context(axis: Axis, context: Axis) -> Axis {
    if !axis.grows() {
        return axis;
    }
    Axis { before: axis.before + context.before, length: axis.length, after: axis.after + context.after }
}

/// A canvas without the context that [`with_context`] has added to `wished`.
fn wished_part(wished: Axis, canvas: Axis) -> Axis {
    let before = if wished.before == 0 { canvas.before } else { 0 };
    let after = if wished.after == 0 { canvas.after } else { 0 };
    Axis { before, length: canvas.total() - before - after, after }
}

/// The kept part of a canvas: at least one of its pixels is not in the soft band.
fn keep(canvas: Axis, overlap: u32, soft: u32) -> Result<Axis, InvalidInput> {
    let painted = [canvas.before, canvas.after].map(|pixels| u32::from(pixels > 0));
    let edges = painted[0] + painted[1];
    let taken = (u64::from(overlap) + u64::from(soft)) * u64::from(edges);
    if taken >= u64::from(canvas.length) {
        let (field, value) =
            if soft > 0 { ("overlap, soft", overlap.saturating_add(soft)) } else { ("overlap", overlap) };
        let allowed = format!(
            "less than {} of the {} pixels that the picture has there when it is sent",
            if edges == 2 { "half" } else { "all" },
            canvas.length
        );
        return Err(InvalidInput::new(field, value, allowed));
    }
    let (first, last) = (overlap * painted[0], overlap * painted[1]);
    Ok(Axis { before: canvas.before + first, length: canvas.length - first - last, after: canvas.after + last })
}
