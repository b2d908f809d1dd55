//! The wish of an expansion: where a picture shall grow, and by how much.

use std::str::FromStr;

use crate::error::{InvalidInput, in_range};
use crate::expansion::{Rect, Sides, Size, check_aspect};
use crate::plan::{ExpandPlan, check_size};

/// Pixels that are added on each side of a picture.
///
/// As a text: four whole numbers in the order left, top, right, bottom.
///
/// ```
/// use volcv_types::Margins;
/// assert_eq!("0,0,200,100".parse(), Ok(Margins { right: 200, bottom: 100, ..Margins::ZERO }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Margins {
    /// Rows above.
    pub top: u32,
    /// Rows below.
    pub bottom: u32,
    /// Columns to the left.
    pub left: u32,
    /// Columns to the right.
    pub right: u32,
}

impl Margins {
    /// No growth on any side: the base for a literal that names only some sides.
    pub const ZERO: Margins = Margins::all(0);

    const FORM: &str = "four whole numbers with commas between them: left,top,right,bottom, such as 0,0,200,100";

    /// The same number of pixels on all four sides.
    pub const fn all(pixels: u32) -> Margins {
        Margins { top: pixels, bottom: pixels, left: pixels, right: pixels }
    }

    /// What lies around a part of a picture; 0 on a side where the part reaches beyond the picture.
    pub fn around(part: Rect, picture: Size) -> Margins {
        Margins {
            top: part.y,
            bottom: picture.height.saturating_sub(part.y).saturating_sub(part.height),
            left: part.x,
            right: picture.width.saturating_sub(part.x).saturating_sub(part.width),
        }
    }
}

impl FromStr for Margins {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let mut numbers = text.split(',').map(|number| number.trim().parse().ok());
        let mut next = || numbers.next().flatten();
        let parsed = (next(), next(), next(), next());
        match (parsed, numbers.next()) {
            ((Some(left), Some(top), Some(right), Some(bottom)), None) => Ok(Margins { top, bottom, left, right }),
            _ => Err(InvalidInput::new("pixels", format_args!("{text:?}"), Self::FORM)),
        }
    }
}

/// The ratio of a picture's width to its height. As a text: two numbers above 0 with a colon between them.
///
/// ```
/// use volcv_types::Aspect;
/// assert_eq!("1.85:1".parse(), Ok(Aspect { width: 1.85, height: 1.0 }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aspect {
    /// Above 0.
    pub width: f64,
    /// Above 0.
    pub height: f64,
}

impl FromStr for Aspect {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let number = |text: &str| text.trim().parse::<f64>().ok();
        let numbers = text.split_once(':').and_then(|(w, h)| Some((number(w)?, number(h)?)));
        let refused = || InvalidInput::new("aspect", format_args!("{text:?}"), "two positive numbers, such as 16:9");
        let (width, height) = numbers.ok_or_else(refused)?;
        check_aspect(width, height).map(|_| Aspect { width, height })
    }
}

/// Where the original lies in a larger picture: 0 is the left or the top, 1 is the right or the bottom.
///
/// As a text: `center`, `left`, `right`, `top`, `bottom`, `top-left`, `top-right`, `bottom-left`, `bottom-right`, or
/// both numbers, such as `0.25,1`.
///
/// ```
/// use volcv_types::Anchor;
/// assert_eq!("bottom".parse(), Ok(Anchor { x: 0.5, y: 1.0 }));
/// assert_eq!("0.25,1".parse(), Ok(Anchor { x: 0.25, y: 1.0 }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Anchor {
    /// 0 (left) to 1 (right).
    pub x: f64,
    /// 0 (top) to 1 (bottom).
    pub y: f64,
}

#[allow(missing_docs)]
impl Anchor {
    pub const TOP_LEFT: Anchor = Anchor { x: 0.0, y: 0.0 };
    pub const TOP: Anchor = Anchor { x: 0.5, y: 0.0 };
    pub const TOP_RIGHT: Anchor = Anchor { x: 1.0, y: 0.0 };
    pub const LEFT: Anchor = Anchor { x: 0.0, y: 0.5 };
    pub const CENTER: Anchor = Anchor { x: 0.5, y: 0.5 };
    pub const RIGHT: Anchor = Anchor { x: 1.0, y: 0.5 };
    pub const BOTTOM_LEFT: Anchor = Anchor { x: 0.0, y: 1.0 };
    pub const BOTTOM: Anchor = Anchor { x: 0.5, y: 1.0 };
    pub const BOTTOM_RIGHT: Anchor = Anchor { x: 1.0, y: 1.0 };
}

const ANCHOR_NAMES: [(&str, Anchor); 9] = [
    ("top-left", Anchor::TOP_LEFT),
    ("top", Anchor::TOP),
    ("top-right", Anchor::TOP_RIGHT),
    ("left", Anchor::LEFT),
    ("center", Anchor::CENTER),
    ("right", Anchor::RIGHT),
    ("bottom-left", Anchor::BOTTOM_LEFT),
    ("bottom", Anchor::BOTTOM),
    ("bottom-right", Anchor::BOTTOM_RIGHT),
];

impl Anchor {
    pub(crate) fn check(self) -> Result<(), InvalidInput> {
        in_range("anchor.x", self.x, 0.0, 1.0, "")?;
        in_range("anchor.y", self.y, 0.0, 1.0, "")?;
        Ok(())
    }
}

/// The middle.
impl Default for Anchor {
    fn default() -> Self {
        Anchor::CENTER
    }
}

impl FromStr for Anchor {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        if let Some((_, anchor)) = ANCHOR_NAMES.iter().find(|(name, _)| *name == text) {
            return Ok(*anchor);
        }
        let number = |text: &str| text.trim().parse::<f64>().ok();
        let numbers = text.split_once(',').and_then(|(x, y)| Some(Anchor { x: number(x)?, y: number(y)? }));
        let anchor = numbers.ok_or_else(|| {
            let names = ANCHOR_NAMES.map(|(name, _)| name).join(", ");
            InvalidInput::new("anchor", format_args!("{text:?}"), format!("{names}, or two numbers such as 0.25,1"))
        })?;
        anchor.check().map(|()| anchor)
    }
}

/// What happens where the wished picture is smaller than the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TooSmall {
    /// The plan is an error.
    #[default]
    Refuse,
    /// What does not fit is cut off: by the anchor, or by the exact placement.
    Crop,
    /// The original is scaled down first, until all of it fits.
    Shrink,
}

/// How a picture shall grow. [`plan`](crate::plan) turns it into exact sizes.
///
/// ```
/// use volcv_types::{Anchor, Margins, Size, Wish};
/// let wider = Wish::pixels(Margins { left: 200, right: 200, ..Margins::ZERO });
/// let poster = Wish::target(Size { width: 1080, height: 1920 }).anchor(Anchor::BOTTOM);
/// let cinema = Wish::aspect(21.0, 9.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct Wish {
    pub(crate) kind: WishKind,
    pub(crate) anchor: Anchor,
    pub(crate) too_small: TooSmall,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum WishKind {
    Sides(Sides),
    Pixels(Margins),
    Target(Size),
    Aspect(f64, f64),
    Placed(Size, i32, i32),
}

impl Wish {
    /// Grows each side by a fraction of the picture's height or width, rounded to whole pixels.
    ///
    /// A fraction above 1 takes more than one pass.
    pub fn sides(sides: Sides) -> Self {
        Self::new(WishKind::Sides(sides))
    }

    /// Grows each side by a number of pixels.
    pub fn pixels(margins: Margins) -> Self {
        Self::new(WishKind::Pixels(margins))
    }

    /// Grows the picture to a size; the anchor says where the original lies in it.
    pub fn target(size: Size) -> Self {
        Self::new(WishKind::Target(size))
    }

    /// Grows one axis until the aspect `width : height` is met as closely as whole pixels can; the anchor says where
    /// the original lies.
    pub fn aspect(width: f64, height: f64) -> Self {
        Self::new(WishKind::Aspect(width, height))
    }

    /// Grows the picture to a size, with the original's top left corner at column `x` and row `y` of it.
    ///
    /// The original may reach beyond the size, and `x` and `y` may be negative, only with [`TooSmall::Crop`]. With
    /// [`TooSmall::Shrink`] it is scaled down until it fits below and to the right of `x` and `y`.
    pub fn placed(size: Size, x: i32, y: i32) -> Self {
        Self::new(WishKind::Placed(size, x, y))
    }

    fn new(kind: WishKind) -> Self {
        Self { kind, anchor: Anchor::default(), too_small: TooSmall::default() }
    }

    /// Where the original lies in the result of [`Wish::target`] and [`Wish::aspect`]; the middle by default. The
    /// other wishes place the original themselves.
    pub fn anchor(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }

    /// What happens where the size of [`Wish::target`] or [`Wish::placed`] is too small for the original.
    pub fn too_small(mut self, too_small: TooSmall) -> Self {
        self.too_small = too_small;
        self
    }
    /// Checks what does not depend on the picture.
    ///
    /// # Errors
    /// As [`plan`](crate::plan): the field, and what it may be.
    pub fn check(&self) -> Result<(), InvalidInput> {
        self.anchor.check()?;
        match self.kind {
            WishKind::Sides(sides) => sides.check_up_to(f64::from(ExpandPlan::MAX_SIDE)),
            WishKind::Pixels(Margins::ZERO) => {
                Err(InvalidInput::new("top, bottom, left, right", "0 each", "above 0 on at least one side"))
            }
            WishKind::Pixels(_) => Ok(()),
            WishKind::Aspect(width, height) => check_aspect(width, height).map(drop),
            WishKind::Target(size) | WishKind::Placed(size, ..) => {
                check_size("target", size.width.into(), size.height.into()).map(drop)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_come_in_the_order_left_top_right_bottom() {
        assert_eq!("1, 2,3,4".parse(), Ok(Margins { left: 1, top: 2, right: 3, bottom: 4 }));
        for text in ["", "1,2,3", "1,2,3,4,5", "1,2,3,-4", "1,2,3,x", "1;2;3;4", "1,2,3,4294967296", "1,2,3,4,"] {
            assert!(text.parse::<Margins>().is_err(), "{text}");
        }
    }

    #[test]
    fn aspects_are_two_numbers_above_zero() {
        assert_eq!("16:9".parse(), Ok(Aspect { width: 16.0, height: 9.0 }));
        assert_eq!(" 1.85 : 1".parse(), Ok(Aspect { width: 1.85, height: 1.0 }));
        for text in ["", ":", "16", "16:", ":9", "0:1", "1:-1", "nan:1", "1:inf", "16x9", "1:2:3"] {
            let error = text.parse::<Aspect>().unwrap_err();
            assert_eq!((error.field(), error.allowed()), ("aspect", "two positive numbers, such as 16:9"), "{text}");
        }
    }

    #[test]
    fn a_wish_is_checked_without_a_picture() {
        let zero = Size { width: 0, height: 9 };
        for (wish, field) in [
            (Wish::sides(Sides::ZERO), "top, bottom, left, right"),
            (Wish::sides(Sides { left: -0.1, ..Sides::all(0.1) }), "left"),
            (Wish::pixels(Margins::ZERO), "top, bottom, left, right"),
            (Wish::aspect(0.0, 1.0), "aspect"),
            (Wish::target(zero), "target"),
            (Wish::placed(zero, 0, 0), "target"),
            (Wish::aspect(1.0, 1.0).anchor(Anchor { x: 2.0, y: 0.0 }), "anchor.x"),
        ] {
            assert_eq!(wish.check().unwrap_err().field(), field, "{wish:?}");
        }
        for wish in [Wish::sides(Sides::all(3.0)), Wish::pixels(Margins::all(1)), Wish::aspect(2.0, 1.0)] {
            assert_eq!(wish.check(), Ok(()), "{wish:?}");
        }
    }
}
