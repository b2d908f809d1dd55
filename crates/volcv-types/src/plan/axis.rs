//! One axis of an expansion, and the scale of an upload.

use crate::expansion::{Rect, Size};

/// One axis: the pixels before the picture (left or top), of the picture, and after it (right or bottom).
///
/// The total is at most [`MAX_SIDE`](super::ExpandPlan::MAX_SIDE), plus the context of a canvas, so the sums cannot overflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Axis {
    pub(super) before: u32,
    pub(super) length: u32,
    pub(super) after: u32,
}

impl Axis {
    pub(super) fn total(self) -> u32 {
        self.before + self.length + self.after
    }

    pub(super) fn grows(self) -> bool {
        self.before > 0 || self.after > 0
    }

    /// What is added around an axis that grows on one side only: pixels on the other side.
    pub(super) fn context(self, pixels: u32) -> Axis {
        let beside = |side: u32, other: u32| if side == 0 && other > 0 { pixels } else { 0 };
        Axis { before: beside(self.before, self.after), length: 0, after: beside(self.after, self.before) }
    }
}

/// Both axes of an expansion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Axes {
    pub(super) x: Axis,
    pub(super) y: Axis,
}

impl Axes {
    /// The size of the grown picture.
    pub(super) fn total(self) -> Size {
        Size { width: self.x.total(), height: self.y.total() }
    }

    /// The size of the picture before it grows.
    pub(super) fn inner(self) -> Size {
        Size { width: self.x.length, height: self.y.length }
    }

    /// Where the picture lies in the grown one.
    pub(super) fn place(self) -> Rect {
        Rect { x: self.x.before, y: self.y.before, width: self.x.length, height: self.y.length }
    }

    pub(super) fn map(self, change: impl Fn(Axis) -> Axis) -> Axes {
        Axes { x: change(self.x), y: change(self.y) }
    }

    /// The largest scale, at most 1, at which both totals are at most `limit`, which is at least 3.
    pub(super) fn scale_into(self, limit: u32) -> Scale {
        let longest = self.x.total().max(self.y.total());
        if longest <= limit {
            return Scale { pixels: 1, of: 1 };
        }
        // Each part is rounded for itself, so the sum may be a pixel too long: then the next smaller scale is tried. At
        // 1 pixel for the longest side no part is longer than 1 pixel.
        let fits = |scale: &Scale| {
            let small = scale.axes(self);
            small.x.total() <= limit && small.y.total() <= limit
        };
        let mut scales = (1..=limit).rev().map(|pixels| Scale { pixels, of: longest });
        scales.find(fits).unwrap_or(Scale { pixels: 1, of: longest })
    }
}

/// A scale of at most 1, as a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    pixels: u32,
    of: u32,
}

impl Scale {
    /// The nearest whole number of pixels; what is there at all stays at least 1 pixel long.
    pub(super) fn length(self, length: u32) -> u32 {
        if length == 0 || self.pixels == self.of {
            return length;
        }
        let (pixels, of) = (u64::from(self.pixels), u64::from(self.of));
        let nearest = (2 * u64::from(length) * pixels + of) / (2 * of);
        u32::try_from(nearest).unwrap_or(length).max(1)
    }

    /// Scales each part of an axis for itself, so that no side gets longer than the picture if it was not before.
    pub(super) fn axes(self, axes: Axes) -> Axes {
        axes.map(|axis| Axis {
            before: self.length(axis.before),
            length: self.length(axis.length),
            after: self.length(axis.after),
        })
    }
}
