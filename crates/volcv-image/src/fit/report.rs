//! What fitting found out about a result.

use std::cmp::Ordering;

use volcv_types::Rect;

use super::paste::outside;
use crate::image::Image;

/// How well a result fits its original, before and after.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct FitReport {
    /// Whether every byte of the original is in the finished picture, at its place. Compared after everything else.
    pub exact: bool,
    /// Whether the result shows the original where it should be.
    pub recognised: bool,
    /// How far the content of the result lay to the right of its place and below it, in pixels of the finished picture; it was
    /// moved back by that much.
    pub offset: (i32, i32),
    /// How alike original and result are along the edges of the original, -1 to 1: zero-mean normalised correlation of the
    /// luma, after the move. 0 where one of them is of one colour.
    pub ncc: f64,
    /// The factor for red, green and blue of the new area, 0.8 to 1.25; 1 if nothing was corrected.
    pub gain: [f64; 3],
    /// What was added to red, green and blue after the factor, in levels of 0 to 255; 0 if nothing was corrected.
    pub bias: [f64; 3],
    /// The visible step along the edges of the original if it were pasted into the result as it came, in levels of 0 to 255:
    /// the mean step from the 8 pixels inside an edge to the 8 pixels outside, over pieces of 32 pixels, less the mean step
    /// between the same pixels and the 8 further inside; at least 0.
    pub seam_before: f64,
    /// The same in the finished picture.
    pub seam_after: f64,
    /// The part of the new area's values that are 0 or 255, 0 to 1.
    pub clipped: f64,
    /// The width of the result as it came, by the width of the finished picture.
    pub scale: f64,
}

impl FitReport {
    /// The order in which results of several seeds are offered: those that show the original first, then the smaller seam in
    /// steps of half a level, which is less than an eye can see, then the one that needed less correction, then the
    /// fewer clipped values. The better one is `Less`.
    pub fn compare(&self, other: &Self) -> Ordering {
        let seam = |report: &Self| (report.seam_after * 2.0).round();
        let recognised = other.recognised.cmp(&self.recognised);
        recognised
            .then_with(|| seam(self).total_cmp(&seam(other)))
            .then_with(|| self.seam_before.total_cmp(&other.seam_before))
            .then_with(|| self.clipped.total_cmp(&other.clipped))
    }
}

/// The part of the values outside of `at` that are 0 or 255.
pub(super) fn clipped(picture: &Image, at: Rect) -> f64 {
    let (mut clipped, mut all) = (0_u64, 0_u64);
    let channels = picture.channels();
    for y in 0..picture.size().height {
        for span in outside(picture.size().width, y, &[at]) {
            let pixels = &picture.row(y)[span.start as usize * channels..span.end as usize * channels];
            for pixel in pixels.chunks_exact(channels) {
                clipped += pixel[..3].iter().map(|value| u64::from(matches!(value, 0 | 255))).sum::<u64>();
            }
            all += 3 * u64::from(span.end - span.start);
        }
    }
    if all == 0 { 0.0 } else { clipped as f64 / all as f64 }
}
