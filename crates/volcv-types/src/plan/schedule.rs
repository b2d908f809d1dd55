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
            "at least {passes} to grow {} to {}: no side grows by more than the picture's length in one pass, and each \
             pass is a paid call",
            axes.inner(),
            axes.total()
        );
        return Err(InvalidInput::new("max_passes", max_passes, allowed));
    }
    let (x, y) = (even(axes.x, passes), even(axes.y, passes));
    Ok(x.into_iter().zip(y).map(|(x, y)| Axes { x, y }).collect())
}

/// The fewest passes of an axis: in each, both sides grow as far as they may.
fn count(axis: Axis) -> u32 {
    let mut steps = Steps::new(axis, false);
    let mut count = 0;
    while !steps.is_done() {
        steps.next(WHOLE);
        count += 1;
    }
    count
}

/// Exactly `passes` steps, at least [`count`], with the lowest cap that suffices; in proportion if that needs no
/// further pass. The last steps are empty where an axis of few pixels needs fewer.
fn even(axis: Axis, passes: u32) -> Vec<Axis> {
    let suffices = |in_proportion: bool, cap: u32| {
        let mut steps = Steps::new(axis, in_proportion);
        for _ in 0..passes {
            steps.next(cap);
        }
        steps.is_done()
    };
    let in_proportion = suffices(true, WHOLE);
    let (mut low, mut high) = (1, WHOLE);
    while low < high {
        let middle = low.midpoint(high);
        if suffices(in_proportion, middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    let mut steps = Steps::new(axis, in_proportion);
    (0..passes).map(|_| steps.next(high)).collect()
}

/// An axis on its way: how far each side has grown.
struct Steps {
    axis: Axis,
    /// Whether the shorter side keeps step with the longer one, so that both grow in every pass.
    in_proportion: bool,
    before: u32,
    after: u32,
}

impl Steps {
    fn new(axis: Axis, in_proportion: bool) -> Steps {
        Steps { axis, in_proportion, before: 0, after: 0 }
    }

    fn is_done(&self) -> bool {
        self.before == self.axis.before && self.after == self.axis.after
    }

    /// Grows each side by at most `cap / WHOLE` of the picture, but by at least one pixel.
    fn next(&mut self, cap: u32) -> Axis {
        let Axis { before, length, after } = self.axis;
        let length = length + self.before + self.after;
        // At most `length`, since the cap is at most `WHOLE`.
        let most = ((u64::from(length) * u64::from(cap)) / u64::from(WHOLE)).max(1) as u32;
        let (mut new_before, mut new_after) = (before.min(self.before + most), after.min(self.after + most));
        if self.in_proportion && before >= after {
            new_after = proportion(after, new_before, before);
        } else if self.in_proportion {
            new_before = proportion(before, new_after, after);
        }
        let step = Axis { before: new_before - self.before, length, after: new_after - self.after };
        (self.before, self.after) = (new_before, new_after);
        step
    }
}

/// `whole * part / of`, rounded; 0 of 0 is 0. With `part <= of` it is at most `whole`.
fn proportion(whole: u32, part: u32, of: u32) -> u32 {
    let (whole, part, of) = (u64::from(whole), u64::from(part), u64::from(of));
    ((2 * whole * part + of) / (2 * of).max(1)) as u32
}
