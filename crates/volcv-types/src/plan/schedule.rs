//! How a growth is shared out among passes.

use super::axis::{Axes, Axis};
use crate::error::InvalidInput;

/// A cap of this many parts is the whole length of the picture.
const WHOLE: u32 = 1 << 16;

/// The fewest passes in which no side grows by more than the picture's length.
///
/// Among these the passes grow by about the same factor: each axis has the lowest cap on its growth per pass that needs
/// no further pass.
pub(super) fn passes(axes: Axes, max_passes: u32) -> Result<Vec<Axes>, InvalidInput> {
    let passes = count(axes.x).max(count(axes.y));
    if passes > max_passes {
        let allowed = format!(
            "at least {passes} to grow {} to {}, because a side that is longer than the picture takes more than one \
             pass; each pass is a paid call",
            axes.inner(),
            axes.total()
        );
        return Err(InvalidInput::new("max_passes", max_passes, allowed));
    }
    let (x, y) = (even(axes.x, passes), even(axes.y, passes));
    Ok(x.into_iter().zip(y).map(|(x, y)| Axes { x, y }).collect())
}

/// The fewest passes of an axis.
fn count(axis: Axis) -> u32 {
    let mut rest = Steps::new(axis);
    let mut count = 0;
    while !rest.is_done() {
        rest.next(WHOLE);
        count += 1;
    }
    count
}

/// Exactly `passes` steps with the lowest cap that suffices. The last ones are empty where an axis needs fewer.
fn even(axis: Axis, passes: u32) -> Vec<Axis> {
    let suffices = |cap: u32| {
        let mut steps = Steps::new(axis);
        for _ in 0..passes {
            steps.next(cap);
        }
        steps.is_done()
    };
    let (mut low, mut high) = (1, WHOLE);
    while low < high {
        let middle = low.midpoint(high);
        if suffices(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    let mut steps = Steps::new(axis);
    (0..passes).map(|_| steps.next(high)).collect()
}

/// An axis on its way. The longer side sets the pace; the shorter side keeps the same proportion of its whole.
struct Steps {
    axis: Axis,
    before: u32,
    after: u32,
}

impl Steps {
    fn new(axis: Axis) -> Steps {
        Steps { axis, before: 0, after: 0 }
    }

    fn is_done(&self) -> bool {
        self.before == self.axis.before && self.after == self.axis.after
    }

    /// Grows the longer side by at most `cap / WHOLE` of the picture, and by at least one pixel.
    fn next(&mut self, cap: u32) -> Axis {
        let length = self.axis.length + self.before + self.after;
        // At most `length`, since the cap is at most `WHOLE`.
        let most = ((u64::from(length) * u64::from(cap)) >> 16).max(1) as u32;
        let Axis { before, after, .. } = self.axis;
        let to = if before >= after {
            let to = before.min(self.before + most);
            (to, proportion(after, to, before))
        } else {
            let to = after.min(self.after + most);
            (proportion(before, to, after), to)
        };
        let step = Axis { before: to.0 - self.before, length, after: to.1 - self.after };
        (self.before, self.after) = to;
        step
    }
}

/// `whole * part / of`, rounded; 0 of 0 is 0.
fn proportion(whole: u32, part: u32, of: u32) -> u32 {
    let (whole, part, of) = (u64::from(whole), u64::from(part), u64::from(of));
    let rounded = (2 * whole * part + of) / (2 * of).max(1);
    rounded as u32
}
