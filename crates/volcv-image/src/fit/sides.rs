//! The edges of the original, and the pixels on both sides of them.

use volcv_types::{Rect, Size};

/// A side of the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Top,
    Bottom,
    Left,
    Right,
}

/// One edge of the original. A position runs along it from the left or from the top; a depth counts pixels away from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) side: Side,
    at: Rect,
    /// New pixels beyond the edge.
    pub(super) growth: u32,
}

impl Edge {
    /// Positions along the edge.
    pub(super) fn length(&self) -> u32 {
        match self.side {
            Side::Top | Side::Bottom => self.at.width,
            Side::Left | Side::Right => self.at.height,
        }
    }

    /// Depths inside the original.
    pub(super) fn depth(&self) -> u32 {
        match self.side {
            Side::Top | Side::Bottom => self.at.height,
            Side::Left | Side::Right => self.at.width,
        }
    }

    /// Column and row in the original of a pixel inside it; `depth` is below [`Edge::depth`].
    pub(super) fn inside(&self, position: u32, depth: u32) -> (u32, u32) {
        match self.side {
            Side::Top => (position, depth),
            Side::Bottom => (position, self.at.height - 1 - depth),
            Side::Left => (depth, position),
            Side::Right => (self.at.width - 1 - depth, position),
        }
    }

    /// Column and row in the picture of a new pixel; `depth` is below the growth.
    pub(super) fn beyond(&self, position: u32, depth: u32) -> (u32, u32) {
        let Rect { x, y, width, height } = self.at;
        match self.side {
            Side::Top => (x + position, y - 1 - depth),
            Side::Bottom => (x + position, y + height + depth),
            Side::Left => (x - 1 - depth, y + position),
            Side::Right => (x + width + depth, y + position),
        }
    }
}

/// All four edges of an original at `at` in a picture of this size.
pub(super) fn all(at: Rect, size: Size) -> [Edge; 4] {
    let growths = [
        (Side::Top, at.y),
        (Side::Bottom, size.height - at.y - at.height),
        (Side::Left, at.x),
        (Side::Right, size.width - at.x - at.width),
    ];
    growths.map(|(side, growth)| Edge { side, at, growth })
}

/// The edges that new pixels lie beyond.
pub(super) fn growing(at: Rect, size: Size) -> Vec<Edge> {
    all(at, size).into_iter().filter(|edge| edge.growth > 0).collect()
}
