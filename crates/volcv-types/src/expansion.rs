//! The arithmetic of an expansion: the four ratios, and the size of the result.

use std::fmt;
use std::str::FromStr;

use crate::error::{InvalidInput, in_range, short};

/// How far a picture grows on each side, as a fraction of its height (`top`, `bottom`) or width (`left`, `right`).
///
/// Each side is 0 (stay) or up to 1 (grow by the whole height or width); the documented range is (0, 1], and at
/// least one side has to grow. Zeros are sent too, because the service is reported to use 0.1 for a missing side.
///
/// ```
/// use volcv_types::Sides;
/// let wider = Sides { left: 0.5, right: 0.5, ..Sides::ZERO };
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sides {
    /// Fraction of the height added above.
    pub top: f64,
    /// Fraction of the height added below.
    pub bottom: f64,
    /// Fraction of the width added to the left.
    pub left: f64,
    /// Fraction of the width added to the right.
    pub right: f64,
}

impl Sides {
    /// No growth on any side: the base for a literal that names only some sides.
    pub const ZERO: Sides = Sides::all(0.0);

    /// The same fraction on all four sides, which keeps the aspect: `W(1+2r)` by `H(1+2r)`.
    pub const fn all(ratio: f64) -> Sides {
        Sides { top: ratio, bottom: ratio, left: ratio, right: ratio }
    }

    /// The smallest growth that gives a picture of `size` the aspect `width : height`, the picture in the middle.
    ///
    /// # Errors
    /// The aspect is not a pair of positive numbers, the picture has it already, or it would take more than the
    /// whole width or height on one side.
    pub fn for_aspect(size: Size, width: f64, height: f64) -> Result<Sides, InvalidInput> {
        let named = check_aspect(width, height)?;
        let (w, h) = (f64::from(size.width), f64::from(size.height));
        let target = width / height;
        let (wider, taller) = ((target * h - w) / w / 2.0, (w / target - h) / h / 2.0);
        let sides = if wider > 0.0 {
            Sides { left: wider, right: wider, ..Sides::ZERO }
        } else {
            Sides { top: taller, bottom: taller, ..Sides::ZERO }
        };
        // Less than half a pixel on each side rounds to the picture itself.
        if wider.max(0.0) * w < 0.5 && taller.max(0.0) * h < 0.5 {
            return Err(Self::same_aspect(size, width, height));
        }
        if sides.largest() > 1.0 {
            let allowed = format!(
                "reachable with at most 1 x the picture's own {size} on each side ({} needed); use canvas mode",
                short(format_args!("{:.2}", sides.largest()))
            );
            return Err(InvalidInput::new("aspect", named, allowed));
        }
        Ok(sides)
    }

    /// The error for an aspect that a picture has already.
    pub(crate) fn same_aspect(size: Size, width: f64, height: f64) -> InvalidInput {
        InvalidInput::new("aspect", named_aspect(width, height), format!("other than the picture's own, {size}"))
    }

    /// Checks every side against the documented range.
    ///
    /// # Errors
    /// A side is negative, above 1 or not a number, or no side grows.
    pub fn check(&self) -> Result<(), InvalidInput> {
        self.check_up_to(1.0)
    }

    /// As [`Sides::check`] with another upper bound.
    pub(crate) fn check_up_to(&self, largest: f64) -> Result<(), InvalidInput> {
        for (field, value, of) in [
            ("top", self.top, " (a fraction of the picture's height)"),
            ("bottom", self.bottom, " (a fraction of the picture's height)"),
            ("left", self.left, " (a fraction of the picture's width)"),
            ("right", self.right, " (a fraction of the picture's width)"),
        ] {
            in_range(field, value, 0.0, largest, of)?;
        }
        if self.largest() == 0.0 {
            return Err(InvalidInput::new("top, bottom, left, right", "0 each", "above 0 on at least one side"));
        }
        Ok(())
    }

    /// The size of the picture grown by these sides, before the service shrinks it into `max_width`, `max_height`.
    pub fn grow(&self, size: Size) -> Size {
        Size {
            width: round(f64::from(size.width) * (1.0 + self.left + self.right)),
            height: round(f64::from(size.height) * (1.0 + self.top + self.bottom)),
        }
    }

    fn largest(&self) -> f64 {
        self.top.max(self.bottom).max(self.left).max(self.right)
    }
}

/// Accepts a pair of positive numbers, and names it for other errors.
pub(crate) fn check_aspect(width: f64, height: f64) -> Result<String, InvalidInput> {
    let positive = |v: f64| v.is_finite() && v > 0.0;
    let named = named_aspect(width, height);
    if positive(width) && positive(height) {
        return Ok(named);
    }
    Err(InvalidInput::new("aspect", named, "two positive numbers, such as 16:9"))
}

fn named_aspect(width: f64, height: f64) -> String {
    format!("{}:{}", short(width), short(height))
}

/// Width and height in pixels. As a text: both with an `x` between them.
///
/// ```
/// use volcv_types::Size;
/// assert_eq!("1920x1080".parse(), Ok(Size { width: 1920, height: 1080 }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Size {
    /// The size after the service shrinks a result into `limit`, keeping the aspect; never enlarged.
    ///
    /// The exact rounding of the service is not documented: this is the nearest pixel, at least 1.
    #[must_use]
    pub fn shrink_into(self, limit: Size) -> Size {
        let (w, h) = (f64::from(self.width), f64::from(self.height));
        let scale = (f64::from(limit.width) / w).min(f64::from(limit.height) / h);
        if scale >= 1.0 || !scale.is_finite() {
            return self;
        }
        Size { width: round(w * scale), height: round(h * scale) }
    }
}

/// Neither side may be 0.
impl FromStr for Size {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let parsed = text.split_once(['x', 'X']).and_then(|(width, height)| {
            let side = |text: &str| text.parse().ok().filter(|side| *side > 0);
            Some(Size { width: side(width)?, height: side(height)? })
        });
        let allowed = "two whole numbers above 0 with an x between them, such as 1920x1080";
        parsed.ok_or_else(|| InvalidInput::new("size", format_args!("{text:?}"), allowed))
    }
}

/// A part of a picture, in pixels from its top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rect {
    /// Columns to the left of it.
    pub x: u32,
    /// Rows above it.
    pub y: u32,
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Rect {
    /// Width and height.
    pub fn size(self) -> Size {
        Size { width: self.width, height: self.height }
    }

    /// Whether all of it lies inside a picture of this size.
    pub fn fits(self, size: Size) -> bool {
        let inside = |start: u32, length: u32, end: u32| start.checked_add(length).is_some_and(|last| last <= end);
        inside(self.x, self.width, size.width) && inside(self.y, self.height, size.height)
    }
}

impl fmt::Display for Rect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{} at {},{}", self.width, self.height, self.x, self.y)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// The nearest whole pixel, at least 1. The cast saturates, which no checked input reaches.
fn round(pixels: f64) -> u32 {
    pixels.round().max(1.0) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_landscape_becomes_square_by_growing_up_and_down() {
        let sides = Sides::for_aspect(Size { width: 300, height: 200 }, 1.0, 1.0).unwrap();
        assert_eq!(sides, Sides { top: 0.25, bottom: 0.25, ..Sides::ZERO });
    }

    #[test]
    fn an_aspect_out_of_reach_says_how_much_it_would_take() {
        let error = Sides::for_aspect(Size { width: 100, height: 100 }, 4.0, 1.0).unwrap_err();
        assert_eq!(error.field(), "aspect");
        assert!(error.to_string().contains("1.50 needed"), "{error}");
        let error = Sides::for_aspect(Size { width: 100, height: 100 }, 1e300, 1.0).unwrap_err();
        assert!(error.value() == "1e300:1" && error.to_string().len() < 200, "{error}");
    }

    #[test]
    fn the_aspect_that_a_picture_has_already_is_refused() {
        assert!(Sides::for_aspect(Size { width: 160, height: 90 }, 16.0, 9.0).is_err());
        for (w, h) in [(0.0, 1.0), (1.0, -1.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
            assert!(Sides::for_aspect(Size { width: 160, height: 90 }, w, h).is_err(), "{w}:{h}");
        }
    }

    #[test]
    fn a_result_is_shrunk_until_both_sides_fit() {
        let limit = Size { width: 1920, height: 1920 };
        assert_eq!(Size { width: 2880, height: 960 }.shrink_into(limit), Size { width: 1920, height: 640 });
        assert_eq!(Size { width: 1920, height: 4 }.shrink_into(limit), Size { width: 1920, height: 4 });
        assert_eq!(Size { width: 1, height: 1 << 30 }.shrink_into(limit), Size { width: 1, height: 1920 });
    }

    #[test]
    fn sizes_are_two_whole_numbers_above_zero() {
        assert_eq!("1920x1080".parse(), Ok(Size { width: 1920, height: 1080 }));
        assert_eq!("7X9".parse(), Ok(Size { width: 7, height: 9 }));
        for text in ["", "x", "1x", "x1", "0x5", "5x0", "1x2x3", "-1x5", "1.5x2", "4294967296x1", "1920*1080"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
        let error = "8".parse::<Size>().unwrap_err();
        let allowed = "two whole numbers above 0 with an x between them, such as 1920x1080";
        assert_eq!(error.to_string(), format!("size is \"8\", but must be {allowed}"));
    }

    proptest! {
        #[test]
        fn growing_for_an_aspect_gives_that_aspect(
            width in 16_u32..4096, height in 16_u32..4096, w in 1.0..32.0_f64, h in 1.0..32.0_f64,
        ) {
            let size = Size { width, height };
            if let Ok(sides) = Sides::for_aspect(size, w, h) {
                sides.check().unwrap();
                let grown = sides.grow(size);
                // Half a pixel of rounding on each of the two lengths.
                let error = (f64::from(grown.width) * h - f64::from(grown.height) * w).abs();
                prop_assert!(error <= 0.5 * (w + h) + 1e-6, "{size} to {w}:{h} gave {grown}");
                prop_assert!(grown.width >= width && grown.height >= height);
            }
        }

        #[test]
        fn shrinking_never_leaves_the_limit_nor_enlarges(
            width in 1_u32..10_000, height in 1_u32..10_000, mw in 1_u32..5_000, mh in 1_u32..5_000,
        ) {
            let (size, limit) = (Size { width, height }, Size { width: mw, height: mh });
            let small = size.shrink_into(limit);
            prop_assert!(small.width <= mw && small.height <= mh);
            prop_assert!(small.width <= width && small.height <= height);
        }
    }
}
