//! What is left between original and result along each growing edge, carried outward until it fades.

use volcv_types::Rect;

use super::colour::{ONE, Tone};
use super::paste::outside;
use super::seam::{is_opaque, pixel};
use super::sides::{Edge, Side};
use crate::canvas::smoothstep;
use crate::image::Image;

/// Pixels inside an edge over which the offset is a mean.
const DEPTH: u32 = 8;
/// The offset is smoothed over this many positions on both sides: 33 together.
const SMOOTH: usize = 16;
/// More levels than this are content, not a cast.
const MAX_OFFSET: i32 = 48;
/// The furthest distance to which an offset is carried.
const MAX_FADE: u32 = 256;
/// The weight of an offset right beyond its edge.
const FULL: i32 = 1024;
/// Thresholds of the ordered dither, in 1/64 of a level.
const DITHER: [[i32; 4]; 4] = [[2, 34, 10, 42], [50, 18, 58, 26], [14, 46, 6, 38], [62, 30, 54, 22]];

/// How the new area is corrected.
pub(super) struct Correction {
    at: Rect,
    tables: [[i32; 256]; 3],
    top: Option<Rim>,
    bottom: Option<Rim>,
    left: Option<Rim>,
    right: Option<Rim>,
}

impl Correction {
    /// Measures the rims of a result that the tone would change.
    pub(super) fn measure(original: &Image, picture: &Image, at: Rect, edges: &[Edge], tone: &Tone) -> Self {
        let tables = tone.tables();
        let rim = |side: Side| {
            edges.iter().find(|edge| edge.side == side).map(|edge| Rim::measure(original, picture, at, edge, &tables))
        };
        let [top, bottom, left, right] = [Side::Top, Side::Bottom, Side::Left, Side::Right].map(rim);
        Self { at, tables, top, bottom, left, right }
    }

    /// Corrects everything outside of the original and of `protect`.
    pub(super) fn apply(&self, picture: &mut Image, protect: Option<Rect>) {
        let width = picture.size().width;
        let channels = picture.channels();
        let holes: Vec<Rect> = protect.into_iter().chain([self.at]).collect();
        let mut offsets = vec![[ONE / 2; 3]; width as usize];
        for y in 0..picture.size().height {
            self.offsets_of_row(y, &mut offsets);
            for span in outside(width, y, &holes) {
                let span = span.start as usize..span.end as usize;
                let pixels = &mut picture.row_mut(y)[span.start * channels..span.end * channels];
                for (pixel, offset) in pixels.chunks_exact_mut(channels).zip(&offsets[span]) {
                    for c in 0..3 {
                        pixel[c] = level(self.tables[c][usize::from(pixel[c])] + offset[c]);
                    }
                }
            }
        }
    }

    /// The corrected value of a result's pixel inside the original, next to position `position` of an edge.
    pub(super) fn value(&self, side: Side, position: u32, pixel: [u8; 3]) -> [u8; 3] {
        let rim = match side {
            Side::Top => &self.top,
            Side::Bottom => &self.bottom,
            Side::Left => &self.left,
            Side::Right => &self.right,
        };
        let offset = rim.as_ref().map_or([0; 3], |rim| rim.offsets[position as usize]);
        std::array::from_fn(|c| level(self.tables[c][usize::from(pixel[c])] + offset[c] + ONE / 2))
    }

    /// What is added to each pixel of row `y`, the rounding included.
    fn offsets_of_row(&self, y: u32, offsets: &mut [[i32; 3]]) {
        let Rect { x: left, y: top, width, height } = self.at;
        offsets.fill([ONE / 2; 3]);
        let dither = &DITHER[y as usize % 4];
        let (start, end) = (left as usize, left as usize + width as usize);
        let (vertical, down) =
            if y < top { (&self.top, top - y) } else { (&self.bottom, (y - top).saturating_sub(height - 1)) };
        if down == 0 {
            let position = (y - top) as usize;
            if let Some(rim) = &self.left {
                let pixels = offsets[..start].iter_mut().enumerate().rev();
                rim.carry(pixels.zip(std::iter::repeat(&rim.offsets[position])), dither);
            }
            if let Some(rim) = &self.right {
                let pixels = offsets.iter_mut().enumerate().skip(end);
                rim.carry(pixels.zip(std::iter::repeat(&rim.offsets[position])), dither);
            }
            return;
        }
        let Some(vertical) = vertical else { return };
        let weight = vertical.weight(down - 1);
        if weight > 0 {
            for ((x, to), offset) in offsets.iter_mut().enumerate().skip(start).zip(&vertical.offsets) {
                *to = offset.map(|offset| scaled(offset, weight) + dither[x % 4]);
            }
        }
        let end_of = |rim: &Rim| if y < top { rim.first() } else { rim.last() };
        if let Some(rim) = &self.left {
            let corner = Corner { vertical, horizontal: rim, ends: [vertical.first(), end_of(rim)], down };
            corner.fill(offsets[..start].iter_mut().enumerate().rev(), dither);
        }
        if let Some(rim) = &self.right {
            let corner = Corner { vertical, horizontal: rim, ends: [vertical.last(), end_of(rim)], down };
            corner.fill(offsets.iter_mut().enumerate().skip(end), dither);
        }
    }
}

/// A value in 1/64 of a level, rounded down and brought into the range of a byte.
fn level(value: i32) -> u8 {
    (value >> 6).clamp(0, 255) as u8
}

fn scaled(offset: i32, weight: i32) -> i32 {
    (offset * weight + FULL / 2) >> 10
}

/// The offsets along one edge, in 1/64 of a level, and how they fade.
struct Rim {
    offsets: Vec<[i32; 3]>,
    weights: Vec<i32>,
}

impl Rim {
    fn measure(original: &Image, picture: &Image, at: Rect, edge: &Edge, tables: &[[i32; 256]; 3]) -> Self {
        let mut sums = vec![[0_i64; 4]];
        let mut sum = [0_i64; 4];
        for position in 0..edge.length() {
            for depth in 0..DEPTH.min(edge.depth()) {
                let (x, y) = edge.inside(position, depth);
                if is_opaque(original, (x, y)) {
                    let (o, r) = (pixel(original, (x, y)), pixel(picture, (at.x + x, at.y + y)));
                    (0..3).for_each(|c| sum[c] += i64::from(i32::from(o[c]) * ONE - tables[c][usize::from(r[c])]));
                    sum[3] += 1;
                }
            }
            sums.push(sum);
        }
        let length = edge.length() as usize;
        let limit = i64::from(MAX_OFFSET * ONE);
        let smooth = |position: usize| {
            let (low, high) = (position.saturating_sub(SMOOTH), (position + SMOOTH + 1).min(length));
            let count = sums[high][3] - sums[low][3];
            // The clamp brings each value into the range of `i32`.
            let mean =
                |c: usize| (sums[high][c] - sums[low][c]).checked_div(count).unwrap_or(0).clamp(-limit, limit) as i32;
            [mean(0), mean(1), mean(2)]
        };
        let fade = edge.growth.min(MAX_FADE);
        let weight = |distance: u32| f64::from(FULL) * (1.0 - smoothstep(f64::from(distance) / f64::from(fade)));
        Self {
            offsets: (0..length).map(smooth).collect(),
            weights: (0..fade).map(|distance| weight(distance).round() as i32).collect(),
        }
    }

    fn first(&self) -> [i32; 3] {
        self.offsets.first().copied().unwrap_or_default()
    }

    fn last(&self) -> [i32; 3] {
        self.offsets.last().copied().unwrap_or_default()
    }

    fn weight(&self, distance: u32) -> i32 {
        self.weights.get(distance as usize).copied().unwrap_or(0)
    }

    /// Writes fading offsets, from the pixel next to the edge outward.
    fn carry<'a>(&self, pixels: impl Iterator<Item = ((usize, &'a mut [i32; 3]), &'a [i32; 3])>, dither: &[i32; 4]) {
        for (((x, to), offset), weight) in pixels.zip(&self.weights) {
            *to = offset.map(|offset| scaled(offset, *weight) + dither[x % 4]);
        }
    }
}

/// A row of the area beyond two edges. The ends of both rims are mixed there, so that each goes on beside its own edge.
struct Corner<'a> {
    vertical: &'a Rim,
    horizontal: &'a Rim,
    /// Of the vertical rim and of the horizontal one.
    ends: [[i32; 3]; 2],
    down: u32,
}

impl Corner<'_> {
    /// Fills pixels from the one next to the column of the original's edge outward.
    fn fill<'a>(&self, pixels: impl Iterator<Item = (usize, &'a mut [i32; 3])>, dither: &[i32; 4]) {
        let reach = self.vertical.weights.len().max(self.horizontal.weights.len());
        let down = self.down as f32;
        for ((x, to), across) in pixels.zip(1..=reach) {
            let across = across as f32;
            let distance = ((across * across + down * down).sqrt() - 1.0) as u32;
            let share = down / (across + down);
            let vertical = share * self.vertical.weight(distance) as f32 / FULL as f32;
            let horizontal = (1.0 - share) * self.horizontal.weight(distance) as f32 / FULL as f32;
            if vertical + horizontal > 0.0 {
                let mixed = |c: usize| self.ends[0][c] as f32 * vertical + self.ends[1][c] as f32 * horizontal;
                *to = std::array::from_fn(|c| mixed(c) as i32 + dither[x % 4]);
            }
        }
    }
}
