//! From a wish to exact sizes: the part of the picture that is used, its size, and its place in the result.

use super::ExpandPlan;
use super::axis::{Axes, Axis};
use crate::error::InvalidInput;
use crate::expansion::{Rect, Sides, Size};
use crate::wish::{Anchor, Margins, TooSmall, Wish, WishKind};

const MAX_SIDE: u32 = ExpandPlan::MAX_SIDE;
const MAX_PIXELS: u64 = ExpandPlan::MAX_PIXELS;

/// What a wish means for one picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    /// The part of the picture that is used.
    pub(super) crop: Rect,
    /// That part, scaled if necessary, and what grows around it.
    pub(super) axes: Axes,
}

impl Frame {
    /// Checks the wish first.
    pub(super) fn new(source: Size, wish: &Wish) -> Result<Frame, InvalidInput> {
        check_size("picture", source.width.into(), source.height.into())?;
        wish.check()?;
        let frame = match wish.kind {
            WishKind::Sides(sides) => around(source, margins(source, sides))?,
            WishKind::Pixels(margins) => around(source, margins)?,
            WishKind::Target(target) => in_target(source, target, wish)?,
            WishKind::Aspect(width, height) => {
                let target = aspect_target(source, width, height)?;
                in_target(source, target, wish)?
            }
            WishKind::Placed(target, x, y) => placed(source, target, (x, y), wish.too_small)?,
        };
        if frame.axes.x.grows() || frame.axes.y.grows() {
            return Ok(frame);
        }
        Err(grows_nothing(source, wish.kind))
    }
}

/// Sizes that are planned at all: what decoders and engines can hold.
pub(crate) fn check_size(field: &str, width: u64, height: u64) -> Result<Size, InvalidInput> {
    let allowed = || format!("1 to {MAX_SIDE} pixels on each side, and at most {MAX_PIXELS} in all");
    let refused = || InvalidInput::new(field, format_args!("{width}x{height}"), allowed());
    let side = |length: u64| u32::try_from(length).ok().filter(|length| (1..=MAX_SIDE).contains(length));
    let size = Size { width: side(width).ok_or_else(refused)?, height: side(height).ok_or_else(refused)? };
    if width * height > MAX_PIXELS {
        return Err(refused());
    }
    Ok(size)
}

fn grows_nothing(source: Size, kind: WishKind) -> InvalidInput {
    let sides = "top, bottom, left, right";
    match kind {
        WishKind::Sides(_) => InvalidInput::new(sides, "less than half a pixel each", "more on at least one side"),
        WishKind::Pixels(_) => InvalidInput::new(sides, "0 each", "above 0 on at least one side"),
        WishKind::Aspect(width, height) => Sides::same_aspect(source, width, height),
        WishKind::Target(target) | WishKind::Placed(target, ..) => {
            InvalidInput::new("target", target, format!("larger than what it keeps of the picture, {source}"))
        }
    }
}

fn whole(source: Size) -> Rect {
    Rect { x: 0, y: 0, width: source.width, height: source.height }
}

/// The nearest whole pixels; a side may be longer than the picture.
fn margins(source: Size, sides: Sides) -> Margins {
    let pixels = |fraction: f64, length: u32| (fraction * f64::from(length)).round() as u32;
    Margins {
        top: pixels(sides.top, source.height),
        bottom: pixels(sides.bottom, source.height),
        left: pixels(sides.left, source.width),
        right: pixels(sides.right, source.width),
    }
}

fn around(source: Size, margins: Margins) -> Result<Frame, InvalidInput> {
    let total = |before: u32, length: u32, after: u32| u64::from(before) + u64::from(length) + u64::from(after);
    let (width, height) =
        (total(margins.left, source.width, margins.right), total(margins.top, source.height, margins.bottom));
    check_size("result", width, height)?;
    let x = Axis { before: margins.left, length: source.width, after: margins.right };
    let y = Axis { before: margins.top, length: source.height, after: margins.bottom };
    Ok(Frame { crop: whole(source), axes: Axes { x, y } })
}

fn in_target(source: Size, target: Size, wish: &Wish) -> Result<Frame, InvalidInput> {
    let smaller = target.width < source.width || target.height < source.height;
    if smaller && wish.too_small == TooSmall::Refuse {
        let allowed = format!("at least the picture's size, {source}, unless that may be cropped or shrunk");
        return Err(InvalidInput::new("target", target, allowed));
    }
    let Anchor { x, y } = wish.anchor;
    if wish.too_small == TooSmall::Shrink {
        let small = source.shrink_into(target);
        let axes = Axes { x: anchored(small.width, target.width, x), y: anchored(small.height, target.height, y) };
        return Ok(Frame { crop: whole(source), axes });
    }
    let used = Size { width: source.width.min(target.width), height: source.height.min(target.height) };
    // The same anchor, the other way round: how much of the picture is cut off before the part that is used.
    let (cut_x, cut_y) = (anchored(used.width, source.width, x), anchored(used.height, source.height, y));
    let axes = Axes { x: anchored(used.width, target.width, x), y: anchored(used.height, target.height, y) };
    Ok(Frame { crop: Axes { x: cut_x, y: cut_y }.place(), axes })
}

/// A length inside of a longer one. `anchor` is 0 to 1.
fn anchored(length: u32, total: u32, anchor: f64) -> Axis {
    let room = total - length;
    let before = (f64::from(room) * anchor).round() as u32;
    Axis { before, length, after: room - before }
}

/// The smallest size that holds the picture, shares a side with it, and misses the aspect by the least.
fn aspect_target(source: Size, width: f64, height: f64) -> Result<Size, InvalidInput> {
    let (w, h) = (source.width, source.height);
    let size = if f64::from(h) * width > f64::from(w) * height {
        (aspect_side(h, width, height), u64::from(h))
    } else {
        (u64::from(w), aspect_side(w, height, width))
    };
    let size = (size.0.max(w.into()), size.1.max(h.into()));
    check_size("result", size.0, size.1)
}

/// The length whose ratio to `other` is nearest to `length : per`; the smaller of two that are equally near.
fn aspect_side(other: u32, length: f64, per: f64) -> u64 {
    let wanted = f64::from(other) * length;
    // The cast saturates: what is too large is refused with its size.
    let below = (wanted / per).floor();
    let missed = |side: f64| (side * per - wanted).abs();
    let side = if missed(below + 1.0) < missed(below) { below + 1.0 } else { below };
    side as u64
}

fn placed(source: Size, target: Size, at: (i32, i32), too_small: TooSmall) -> Result<Frame, InvalidInput> {
    let refused =
        |allowed: String| InvalidInput::new("placement", format_args!("{source} at {},{}", at.0, at.1), allowed);
    if too_small == TooSmall::Shrink {
        let before = |at: i32, total: u32| u32::try_from(at).ok().filter(|before| *before < total);
        let corner = before(at.0, target.width).zip(before(at.1, target.height));
        let (x, y) = corner.ok_or_else(|| refused(format!("with its top left corner inside of {target}")))?;
        let small = source.shrink_into(Size { width: target.width - x, height: target.height - y });
        let axis = |before: u32, length: u32, total: u32| Axis { before, length, after: total - before - length };
        let axes = Axes { x: axis(x, small.width, target.width), y: axis(y, small.height, target.height) };
        return Ok(Frame { crop: whole(source), axes });
    }
    let visible = visible(source.width, target.width, at.0).zip(visible(source.height, target.height, at.1));
    let ((cut_x, x), (cut_y, y)) = visible.ok_or_else(|| refused(format!("at least partly inside of {target}")))?;
    let frame = Frame { crop: Axes { x: cut_x, y: cut_y }.place(), axes: Axes { x, y } };
    if too_small == TooSmall::Refuse && frame.crop != whole(source) {
        return Err(refused(format!("inside of {target}, unless it may be cropped or shrunk")));
    }
    Ok(frame)
}

/// The part of a length that is inside of `total` when the length begins at `at`: its place in both.
fn visible(length: u32, total: u32, at: i32) -> Option<(Axis, Axis)> {
    let (length, total, at) = (i64::from(length), i64::from(total), i64::from(at));
    let (start, end) = (at.max(0), (at + length).min(total));
    let part = |from: i64, to: i64| {
        let pixels = |length: i64| u32::try_from(length).ok();
        Some(Axis { before: pixels(start - from)?, length: pixels(end - start)?, after: pixels(to - end)? })
    };
    if end <= start {
        return None;
    }
    part(at, at + length).zip(part(0, total))
}
