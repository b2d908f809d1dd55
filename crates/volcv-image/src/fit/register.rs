//! Finds the original in the result: how alike they are along its edges, and how far the result is off.

use volcv_types::Rect;

use super::sides::{Edge, Side, all, growing};
use crate::convert::luma;
use crate::image::Image;

/// The furthest offset that is looked for, in pixels.
const REACH: i32 = 8;
/// Pixels inside each growing edge that are compared.
const BAND: u32 = 64;
/// The coarse search runs at this fraction of the size.
const QUARTER: usize = 4;
/// The fine search looks this far around what the coarse one found.
const FINE: i32 = 2;
/// An original with a shorter side has too few pixels for an offset to be trusted.
const MIN_SIDE: u32 = 32;
/// An offset counts from this correlation of the luma on.
const MOVED: f64 = 0.9;
/// And if that is so much better than the correlation in place.
const BETTER: f64 = 0.02;
/// Or if the correlation of the details says so: at least the first number, and by the second one better than in place. An
/// offset of a pixel moves the correlation of the luma by 0.002 to 0.06, as a cast that varies over a smooth picture does. It
/// moves that of the details by 0.12 to 0.3, and such a cast moves it by less than 0.03.
const DETAIL_MOVED: (f64, f64) = (0.5, 0.05);
/// Fewer pixels agree by chance.
const MIN_COUNT: u64 = 256;
/// A detail is the difference of a pixel from those that lie this far to the left and above.
const DETAIL: usize = 3;
/// The result shows the original from this correlation on.
const RECOGNISED: f64 = 0.6;
/// The result also shows it if no more than this is left between them, in levels (standard deviation): correlation says
/// nothing where the original is of one colour.
const SAME: f64 = 6.0;
/// And if the mean is no further away than this, in levels.
const SAME_MEAN: f64 = 48.0;

/// Where the original was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub(super) offset: (i32, i32),
    pub(super) ncc: f64,
    pub(super) recognised: bool,
}

/// Looks for the original around its place; only at its place unless `search`.
pub(super) fn find(original: &Image, picture: &Image, at: Rect, search: bool) -> Found {
    let mut edges = growing(at, picture.size());
    if edges.is_empty() {
        edges = all(at, picture.size()).to_vec();
    }
    let strips: Vec<Strip> = edges.iter().map(|edge| Strip::new(original, picture, at, edge)).collect();
    let here = score(&strips, (0, 0));
    let mut found = Found { offset: (0, 0), ncc: here.ncc, recognised: here.recognised() };
    if search && at.width.min(at.height) >= MIN_SIDE {
        let details: Vec<Strip> = strips.iter().map(Strip::detail).collect();
        let (offset, best) = search_around(&strips, &details);
        let moved = score(&strips, offset);
        let in_place = score(&details, (0, 0));
        let better =
            moved.ncc >= here.ncc + BETTER || (best.ncc >= DETAIL_MOVED.0 && best.ncc >= in_place.ncc + DETAIL_MOVED.1);
        if offset != (0, 0) && best.count >= MIN_COUNT && moved.ncc >= MOVED && better {
            found = Found { offset, ncc: moved.ncc, recognised: true };
        }
    }
    found
}

/// The offset at which the details agree best: first at a quarter of the size, then around what was found there.
fn search_around(strips: &[Strip], details: &[Strip]) -> ((i32, i32), Score) {
    let small: Vec<Strip> = strips.iter().map(|strip| strip.quarter().detail()).collect();
    let reach = REACH / QUARTER as i32;
    let (coarse, _) = best(&small, (-reach, reach), (-reach, reach));
    let around = |centre: i32| {
        let centre = centre * QUARTER as i32;
        ((centre - FINE).max(-REACH), (centre + FINE).min(REACH))
    };
    best(details, around(coarse.0), around(coarse.1))
}

/// The offset with the best correlation; the first of equal ones.
fn best(strips: &[Strip], across: (i32, i32), down: (i32, i32)) -> ((i32, i32), Score) {
    let mut best = ((0, 0), Score { ncc: -2.0, left: 0.0, mean: 0.0, count: 0 });
    for dy in down.0..=down.1 {
        for dx in across.0..=across.1 {
            let score = score(strips, (dx, dy));
            if score.ncc > best.1.ncc {
                best = ((dx, dy), score);
            }
        }
    }
    best
}

#[derive(Debug, Clone, Copy)]
struct Score {
    ncc: f64,
    /// The standard deviation of the difference, in levels.
    left: f64,
    /// The mean difference, in levels.
    mean: f64,
    /// Pixels that were compared.
    count: u64,
}

impl Score {
    fn recognised(&self) -> bool {
        self.ncc >= RECOGNISED || (self.left <= SAME && self.mean.abs() <= SAME_MEAN)
    }
}

/// Compares the strips with the result `offset` away from their place; the offset is at most the margin of the strips.
fn score(strips: &[Strip], offset: (i32, i32)) -> Score {
    let mut sums = Sums::default();
    strips.iter().for_each(|strip| strip.add_to(&mut sums, offset));
    let Sums { count, o, oo, r, rr, or } = sums;
    if count == 0 {
        // Nothing of the original can be seen, so nothing can differ.
        return Score { ncc: 0.0, left: 0.0, mean: 0.0, count: 0 };
    }
    let n = count as f64;
    let (mean_o, mean_r) = (o as f64 / n, r as f64 / n);
    let variance_o = (oo as f64 / n - mean_o * mean_o).max(0.0);
    let variance_r = (rr as f64 / n - mean_r * mean_r).max(0.0);
    let covariance = or as f64 / n - mean_o * mean_r;
    let both = (variance_o * variance_r).sqrt();
    // A variance this small is rounding of the sums.
    let ncc = if both < 1e-6 { 0.0 } else { (covariance / both).clamp(-1.0, 1.0) };
    let left = (variance_o + variance_r - 2.0 * covariance).max(0.0).sqrt();
    Score { ncc, left, mean: mean_o - mean_r, count }
}

/// Sums over opaque pixels: of the original's luma, the result's, and their products.
#[derive(Default)]
struct Sums {
    count: u64,
    o: u64,
    oo: u64,
    r: u64,
    rr: u64,
    or: u64,
}

/// The luma of a band inside one edge of the original, and of the result around it.
struct Strip {
    width: usize,
    height: usize,
    /// 0 where the original is not opaque.
    original: Vec<u8>,
    /// 1 where the original is opaque.
    opaque: Vec<u8>,
    /// Of the result, with a margin on all sides; beyond the picture its edge pixels are repeated.
    result: Vec<u8>,
    margin: usize,
}

impl Strip {
    fn new(original: &Image, picture: &Image, at: Rect, edge: &Edge) -> Self {
        let band = edge.depth().min(BAND);
        let (x, y, width, height) = match edge.side {
            Side::Top => (0, 0, at.width, band),
            Side::Bottom => (0, at.height - band, at.width, band),
            Side::Left => (0, 0, band, at.height),
            Side::Right => (at.width - band, 0, band, at.height),
        };
        let channels = original.channels();
        let rows =
            || (y..y + height).map(|row| &original.row(row)[x as usize * channels..][..width as usize * channels]);
        let visible = |pixel: &[u8]| pixel.get(3).is_none_or(|alpha| *alpha == 255);
        let opaque: Vec<u8> = rows().flat_map(|row| row.chunks_exact(channels).map(|p| u8::from(visible(p)))).collect();
        let values = rows().flat_map(|row| row.chunks_exact(channels).map(|p| luma(p[0], p[1], p[2])));
        let original = values.zip(&opaque).map(|(value, opaque)| value * opaque).collect();

        let margin = REACH as usize;
        let clamp = |position: usize, start: u32, length: u32| {
            (start as usize + position).saturating_sub(margin).min(length as usize - 1)
        };
        let size = picture.size();
        let columns: Vec<usize> = (0..width as usize + 2 * margin)
            .map(|column| clamp(column, at.x + x, size.width) * picture.channels())
            .collect();
        let mut result = Vec::with_capacity(columns.len() * (height as usize + 2 * margin));
        for row in 0..height as usize + 2 * margin {
            // Below the height of the picture, which is a `u32`.
            let row = picture.row(clamp(row, at.y + y, size.height) as u32);
            result.extend(columns.iter().map(|column| luma(row[*column], row[column + 1], row[column + 2])));
        }
        Self { width: width as usize, height: height as usize, original, opaque, result, margin }
    }

    /// The same at a quarter of the size; pixels that are left over at the ends are dropped.
    fn quarter(&self) -> Self {
        let (width, height) = (self.width / QUARTER, self.height / QUARTER);
        let margin = self.margin / QUARTER;
        let wide = self.width + 2 * self.margin;
        let opaque: Vec<u8> = blocks(&self.opaque, self.width, width, height).map(|sum| u8::from(sum == 16)).collect();
        let values = blocks(&self.original, self.width, width, height).map(|sum| (sum / 16) as u8);
        let original = values.zip(&opaque).map(|(value, opaque)| value * opaque).collect();
        let result = blocks(&self.result, wide, width + 2 * margin, height + 2 * margin).map(|sum| (sum / 16) as u8);
        Self { width, height, original, opaque, result: result.collect(), margin }
    }

    /// The details of the luma, as differences in half levels around 128. Slow changes of brightness are not in them.
    fn detail(&self) -> Self {
        let (width, height) = (self.width.saturating_sub(DETAIL), self.height.saturating_sub(DETAIL));
        let wide = self.width + 2 * self.margin;
        let opaque: Vec<u8> = corners(&self.opaque, self.width, width, height).map(|[a, b, c]| a & b & c).collect();
        let values = corners(&self.original, self.width, width, height).map(difference);
        let original = values.zip(&opaque).map(|(value, opaque)| value * opaque).collect();
        let result = corners(&self.result, wide, width + 2 * self.margin, height + 2 * self.margin).map(difference);
        Self { width, height, original, opaque, result: result.collect(), margin: self.margin }
    }

    fn add_to(&self, sums: &mut Sums, (dx, dy): (i32, i32)) {
        let wide = self.width + 2 * self.margin;
        // The offset is at most the margin, so neither sum is negative.
        let (left, top) = ((self.margin as i32 + dx) as usize, (self.margin as i32 + dy) as usize);
        for y in 0..self.height {
            let original = &self.original[y * self.width..][..self.width];
            let opaque = &self.opaque[y * self.width..][..self.width];
            let result = &self.result[(y + top) * wide + left..][..self.width];
            // A sum of one row fits: 65025 times the longest row that fits in memory as a band of rows.
            let (mut count, mut o, mut oo, mut r, mut rr, mut or) = (0_u32, 0_u32, 0_u64, 0_u32, 0_u64, 0_u64);
            for ((original, opaque), result) in original.chunks(4096).zip(opaque.chunks(4096)).zip(result.chunks(4096))
            {
                let (mut part_oo, mut part_rr, mut part_or) = (0_u32, 0_u32, 0_u32);
                for ((a, m), b) in original.iter().zip(opaque).zip(result) {
                    let (a, m, b) = (u32::from(*a), u32::from(*m), u32::from(*b));
                    count += m;
                    o += a;
                    part_oo += a * a;
                    r += b * m;
                    part_rr += b * b * m;
                    part_or += a * b;
                }
                oo += u64::from(part_oo);
                rr += u64::from(part_rr);
                or += u64::from(part_or);
            }
            sums.count += u64::from(count);
            sums.o += u64::from(o);
            sums.oo += oo;
            sums.r += u64::from(r);
            sums.rr += rr;
            sums.or += or;
        }
    }
}

/// The sums of blocks of 4x4 values.
fn blocks(values: &[u8], stride: usize, width: usize, height: usize) -> impl Iterator<Item = u32> + '_ {
    (0..height).flat_map(move |y| {
        (0..width).map(move |x| {
            let rows = (0..QUARTER).map(|row| &values[(y * QUARTER + row) * stride + x * QUARTER..][..QUARTER]);
            rows.flatten().map(|value| u32::from(*value)).sum()
        })
    })
}

/// Each value with the one to the left and the one above.
fn corners(values: &[u8], stride: usize, width: usize, height: usize) -> impl Iterator<Item = [u8; 3]> + '_ {
    (0..height).flat_map(move |y| {
        let above = &values[y * stride + DETAIL..][..width];
        let row = &values[(y + DETAIL) * stride..][..width + DETAIL];
        row[DETAIL..].iter().zip(row).zip(above).map(|((value, left), above)| [*value, *left, *above])
    })
}

fn difference([value, left, above]: [u8; 3]) -> u8 {
    let difference = 2 * i32::from(value) - i32::from(left) - i32::from(above);
    (128 + difference / 2).clamp(0, 255) as u8
}
