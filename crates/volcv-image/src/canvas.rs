//! What goes to the service in canvas mode: the padded picture and the mask.

use volcv_types::memory::Working;
use volcv_types::{InvalidInput, Rect, Size};

use crate::error::ImageError;
use crate::image::Image;
use crate::pixels::{Layout, PixelFormat, Pixels};
use crate::resize::buffer;

/// The longest distance over which [`Fill::Edge`] blurs.
const MAX_BLUR: u32 = 32;

/// What the new area of a padded picture holds before the service paints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Fill {
    /// The nearest pixel of the original, blurred along the edge: the wider the further away, up to 32 pixels.
    #[default]
    Edge,
    /// The original mirrored at its edges, again and again.
    Mirror,
    /// One opaque colour: red, green, blue.
    Color([u8; 3]),
    /// The mean colour of the original, opaque.
    Average,
}

/// The original at its place `at` in a larger picture, for canvas mode. The pixels of the original stay as they are, and
/// alpha is treated as in the original.
///
/// # Errors
/// `at` has another size than the original or does not lie inside `size`, or the picture would not fit in memory.
pub fn pad(original: &Image, size: Size, at: Rect, fill: Fill) -> Result<Image, ImageError> {
    check_place(original, size, at)?;
    let mut data = buffer(size, original.channels())?;
    let rows = data.chunks_exact_mut(size.width as usize * original.channels());
    match fill {
        Fill::Edge => {
            let working = Working::new(Edges::bytes(at))?;
            let edges = working.run(|| Edges::new(original, at));
            rows.zip(0..).for_each(|(row, y)| edges.fill(row, y));
        }
        Fill::Mirror => rows.zip(0..).for_each(|(row, y)| mirror(row, original, at, y)),
        Fill::Color(color) => fill_with(&mut data, original.channels(), color),
        Fill::Average => fill_with(&mut data, original.channels(), average(original)),
    }
    let mut padded = Image::new(size, original.has_alpha(), data)?;
    for y in 0..at.height {
        let start = at.x as usize * original.channels();
        let row = original.row(y);
        padded.row_mut(at.y + y)[start..start + row.len()].copy_from_slice(row);
    }
    Ok(padded)
}

/// Checks that the original fits at its place.
///
/// # Errors
/// `at` has another size than the original, or does not lie inside `size`.
pub(crate) fn check_place(original: &Image, size: Size, at: Rect) -> Result<(), InvalidInput> {
    if at.size() != original.size() {
        return Err(InvalidInput::new("at", at, format!("{}, the size of the original", original.size())));
    }
    if !at.fits(size) {
        return Err(InvalidInput::new("at", at, format!("inside {size}")));
    }
    Ok(())
}

/// A mask for canvas mode: one grey value per pixel, 255 where the service paints and 0 where the picture is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    size: Size,
    data: Vec<u8>,
}

impl Mask {
    /// Keeps the pixels of `keep` and paints the rest of `size`.
    ///
    /// `soft` makes the values fall from 255 to 0 over that many pixels inside of `keep`, along its edges that touch new
    /// area; 0 makes a binary mask, which is what the service documents.
    ///
    /// # Errors
    /// `keep` is empty or does not lie inside `size`, or the mask would not fit in memory.
    pub fn new(size: Size, keep: Rect, soft: u32) -> Result<Self, ImageError> {
        if keep.width == 0 || keep.height == 0 || !keep.fits(size) {
            return Err(InvalidInput::new("keep", keep, format!("at least 1x1, inside {size}")).into());
        }
        let mut data = buffer(size, 1)?;
        data.fill(255);
        let deepest = soft.min(keep.width.max(keep.height));
        let depths = |start: u32, length: u32, end: u32| -> Vec<u32> {
            let growing = (start > 0, start + length < end);
            (0..length).map(|i| depth(i, length, growing)).collect()
        };
        let working = Working::new((keep.width as usize + keep.height as usize) * 2 * size_of::<u32>())?;
        let (ramp, columns, rows) = working.run(|| {
            let ramp: Vec<u8> = (0..deepest).map(|depth| soft_value(depth, soft)).collect();
            (ramp, depths(keep.x, keep.width, size.width), depths(keep.y, keep.height, size.height))
        });
        for (row, down) in data.chunks_exact_mut(size.width as usize).skip(keep.y as usize).zip(&rows) {
            for (value, across) in row[keep.x as usize..].iter_mut().zip(&columns) {
                *value = ramp.get(*down.min(across) as usize).copied().unwrap_or(0);
            }
        }
        Ok(Self { size, data })
    }

    /// Width and height in pixels.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The values, row by row, the top row first.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The values as grey pixels, to encode them.
    ///
    /// # Panics
    /// Never: the values have the length of the size.
    pub fn pixels(&self) -> Pixels<'_> {
        let layout = Layout::new(self.size, PixelFormat::Gray8);
        Pixels::new(&self.data, layout).expect("the mask was made with one byte per pixel")
    }
}

/// Pixels between position `i` and the nearest end that grows.
pub(crate) fn depth(i: u32, length: u32, growing: (bool, bool)) -> u32 {
    let start = if growing.0 { i } else { u32::MAX };
    let end = if growing.1 { length - 1 - i } else { u32::MAX };
    start.min(end)
}

/// The value of a pixel whose centre lies `depth + 1/2` inside the edge.
fn soft_value(depth: u32, soft: u32) -> u8 {
    (255.0 * (1.0 - smoothstep((f64::from(depth) + 0.5) / f64::from(soft)))).round() as u8
}

/// 0 below 0, 1 above 1, and level at both ends.
pub(crate) fn smoothstep(x: f64) -> f64 {
    let x = x.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

fn fill_with(data: &mut [u8], channels: usize, color: [u8; 3]) {
    let [red, green, blue] = color;
    let pixel = [red, green, blue, 255];
    data.chunks_exact_mut(channels).for_each(|to| to.copy_from_slice(&pixel[..channels]));
}

/// The mean colour, weighted by alpha; black if no pixel can be seen.
fn average(image: &Image) -> [u8; 3] {
    let mut sums = [0_u64; 3];
    let mut weight = 0_u64;
    for pixel in image.data().chunks_exact(image.channels()) {
        let alpha = u64::from(pixel.get(3).copied().unwrap_or(255));
        weight += alpha;
        for (sum, value) in sums.iter_mut().zip(pixel) {
            *sum += u64::from(*value) * alpha;
        }
    }
    // A mean of bytes is a byte.
    sums.map(|sum| (sum + weight / 2).checked_div(weight).unwrap_or(0) as u8)
}

fn mirror(row: &mut [u8], original: &Image, at: Rect, y: u32) {
    let channels = original.channels();
    let source = original.row(reflect(y, at.y, at.height));
    for (pixel, x) in row.chunks_exact_mut(channels).zip(0..) {
        let from = reflect(x, at.x, at.width) as usize * channels;
        pixel.copy_from_slice(&source[from..from + channels]);
    }
}

/// The position in the original that stands at `position` of the picture; edges are repeated once.
fn reflect(position: u32, start: u32, length: u32) -> u32 {
    let (position, length) = (i64::from(position) - i64::from(start), i64::from(length));
    let turned = position.rem_euclid(2 * length);
    // Below `length`, which came from a `u32`.
    turned.min(2 * length - 1 - turned) as u32
}

/// The four edge lines of the original, ready to be blurred.
struct Edges {
    at: Rect,
    channels: usize,
    top: Line,
    bottom: Line,
    left: Line,
    right: Line,
}

impl Edges {
    /// The memory of all lines, and of the columns that become lines.
    fn bytes(at: Rect) -> usize {
        (at.width as usize + at.height as usize + 2) * (2 * size_of::<[u64; 4]>() + 2 * 4)
    }

    fn new(original: &Image, at: Rect) -> Self {
        let channels = original.channels();
        let column = |x: usize| -> Vec<u8> {
            let mut column = Vec::with_capacity(at.height as usize * channels);
            (0..at.height).for_each(|y| column.extend_from_slice(&original.row(y)[x * channels..][..channels]));
            column
        };
        Self {
            at,
            channels,
            top: Line::new(original.row(0), channels),
            bottom: Line::new(original.row(at.height - 1), channels),
            left: Line::new(&column(0), channels),
            right: Line::new(&column(at.width as usize - 1), channels),
        }
    }

    /// Fills the part of row `y` that lies outside the original.
    fn fill(&self, row: &mut [u8], y: u32) {
        let Rect { x: left, y: top, width, height } = self.at;
        let down = distance(y, top, height);
        let horizontal = if y < top { &self.top } else { &self.bottom };
        // Beyond the longest blur the side's value no longer changes along a row.
        let sides = [&self.left, &self.right].map(|line| -> Vec<[u8; 4]> {
            (0..=MAX_BLUR).map(|radius| line.mean(i64::from(y) - i64::from(top), radius)).collect()
        });
        for (pixel, x) in row.chunks_exact_mut(self.channels).zip(0..) {
            let across = distance(x, left, width);
            let side = || sides[usize::from(x >= left)][across.min(MAX_BLUR) as usize];
            let above = || horizontal.mean(i64::from(x) - i64::from(left), down.min(MAX_BLUR));
            let value = match (across, down) {
                (0, 0) => continue,
                (0, _) => above(),
                (_, 0) => side(),
                _ => mix(above(), side(), down, across),
            };
            pixel.copy_from_slice(&value[..self.channels]);
        }
    }
}

/// How far a position lies outside of `start..start + length`; 0 inside.
fn distance(position: u32, start: u32, length: u32) -> u32 {
    if position < start { start - position } else { (position - start).saturating_sub(length - 1) }
}

/// The first value where its weight is large, the second where the other is.
fn mix(first: [u8; 4], second: [u8; 4], first_weight: u32, second_weight: u32) -> [u8; 4] {
    let (p, q) = (u64::from(first_weight), u64::from(second_weight));
    // A mean of bytes is a byte.
    std::array::from_fn(|c| ((u64::from(first[c]) * p + u64::from(second[c]) * q + (p + q) / 2) / (p + q)) as u8)
}

/// A line of pixels, as sums from its start on; colours are weighted by alpha. It goes on with its end pixels.
struct Line {
    length: i64,
    sums: Vec<[u64; 4]>,
}

impl Line {
    fn new(pixels: &[u8], channels: usize) -> Self {
        let mut sum = [0; 4];
        let mut sums = Vec::with_capacity(pixels.len() / channels + 1);
        sums.push(sum);
        for pixel in pixels.chunks_exact(channels) {
            let alpha = u64::from(pixel.get(3).copied().unwrap_or(255));
            (0..3).for_each(|c| sum[c] += u64::from(pixel[c]) * alpha);
            sum[3] += alpha;
            sums.push(sum);
        }
        Self { length: (pixels.len() / channels) as i64, sums }
    }

    /// The mean of the pixels that are at most `radius` away from `position`.
    fn mean(&self, position: i64, radius: u32) -> [u8; 4] {
        let radius = i64::from(radius);
        let (low, high) = (self.sum_to(position - radius), self.sum_to(position + radius + 1));
        let sum: [i64; 4] = std::array::from_fn(|c| high[c] - low[c]);
        let (alpha, count) = (sum[3], 2 * radius + 1);
        let color = |c: usize| (sum[c] + alpha / 2).checked_div(alpha).unwrap_or(0) as u8;
        [color(0), color(1), color(2), ((alpha + count / 2) / count) as u8]
    }

    /// The sum of all pixels before `position`, counted from the start of the line.
    fn sum_to(&self, position: i64) -> [i64; 4] {
        let inside = position.clamp(0, self.length);
        let beyond = position - inside;
        let end = if beyond < 0 { 0 } else { self.sums.len() - 2 };
        let sum = &self.sums[inside as usize];
        // Sums of a picture's line are far below the limits of `i64`.
        std::array::from_fn(|c| sum[c] as i64 + beyond * (self.sums[end + 1][c] - self.sums[end][c]) as i64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn image(size: Size, has_alpha: bool, value: impl Fn(usize) -> u8) -> Image {
        let length = size.width as usize * size.height as usize * if has_alpha { 4 } else { 3 };
        Image::new(size, has_alpha, (0..length).map(value).collect()).unwrap()
    }

    fn red(image: &Image, x: u32, y: u32) -> u8 {
        image.row(y)[x as usize * image.channels()]
    }

    const FILLS: [Fill; 4] = [Fill::Edge, Fill::Mirror, Fill::Color([9, 8, 7]), Fill::Average];

    #[test]
    fn an_edge_is_repeated_and_blurred_along_it_the_wider_the_further_away() {
        let size = Size { width: 40, height: 4 };
        let original = image(size, false, |i| if i / 3 % 40 < 20 { 0 } else { 210 });
        let at = Rect { x: 10, y: 50, width: 40, height: 4 };
        let padded = pad(&original, Size { width: 60, height: 60 }, at, Fill::Edge).unwrap();
        // One row above, the step at column 20 has become the mean of three pixels.
        let row: Vec<u8> = (28..33).map(|x| red(&padded, x, 49)).collect();
        assert_eq!(row, [0, 70, 140, 210, 210]);
        for distance in [1, 2, 7, 31, 32, 33, 50] {
            let radius = distance.min(32);
            for column in 0..40_i64 {
                let window = column - radius..=column + radius;
                let white = window.filter(|x| *x >= 20).count() as i64;
                let expected = (white * 210 + radius) / (2 * radius + 1);
                let value = red(&padded, 10 + column as u32, 50 - distance as u32);
                assert_eq!(i64::from(value), expected, "{distance} {column}");
            }
        }
        assert_eq!((red(&padded, 0, 51), red(&padded, 59, 51)), (0, 210));
    }

    #[test]
    fn beyond_a_corner_both_edges_go_on() {
        let original = image(Size { width: 30, height: 30 }, false, |i| (i / 3 % 30 * 4 + i / 90 * 4) as u8);
        let at = Rect { x: 20, y: 20, width: 30, height: 30 };
        let padded = pad(&original, Size { width: 70, height: 70 }, at, Fill::Edge).unwrap();
        for position in 0..69 {
            for (x, y) in [(position, 19), (19, position), (position, 50), (50, position), (position, 5)] {
                let (here, right, below) = (red(&padded, x, y), red(&padded, x + 1, y), red(&padded, x, y + 1));
                assert!(
                    here.abs_diff(right) <= 9 && here.abs_diff(below) <= 9,
                    "a step at {x},{y}: {here} {right} {below}"
                );
            }
        }
    }

    #[test]
    fn a_mirror_repeats_the_edge_once_and_turns_again_and_again() {
        let original = image(Size { width: 3, height: 1 }, false, |i| i as u8 / 3);
        let at = Rect { x: 4, y: 0, width: 3, height: 1 };
        let padded = pad(&original, Size { width: 11, height: 2 }, at, Fill::Mirror).unwrap();
        let row: Vec<u8> = (0..11).map(|x| red(&padded, x, 0)).collect();
        assert_eq!(row, [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0]);
        assert_eq!(padded.row(0), padded.row(1));
    }

    #[test]
    fn a_colour_and_the_average_are_opaque_and_hidden_pixels_do_not_count() {
        let original = image(Size { width: 2, height: 1 }, true, |i| [10, 20, 30, 255, 200, 200, 200, 0][i]);
        let at = Rect { x: 1, y: 0, width: 2, height: 1 };
        let padded = |fill| pad(&original, Size { width: 3, height: 1 }, at, fill).unwrap();
        assert_eq!(padded(Fill::Average).row(0)[..4], [10, 20, 30, 255]);
        assert_eq!(padded(Fill::Color([9, 8, 7])).row(0)[..4], [9, 8, 7, 255]);
        let hidden = image(Size { width: 2, height: 1 }, true, |_| 0);
        let padded = pad(&hidden, Size { width: 3, height: 1 }, at, Fill::Average).unwrap();
        assert_eq!(padded.row(0)[..4], [0, 0, 0, 255]);
    }

    #[test]
    fn a_place_that_does_not_fit_is_refused() {
        let original = image(Size { width: 2, height: 2 }, false, |_| 0);
        let at = Rect { x: 3, y: 0, width: 2, height: 2 };
        let fails = |at, size| pad(&original, size, at, Fill::Edge).unwrap_err().to_string();
        assert!(fails(at, Size { width: 4, height: 4 }).contains("inside 4x4"));
        assert!(fails(Rect { width: 1, ..at }, Size { width: 4, height: 4 }).contains("2x2, the size of the original"));
        let keep = Rect { x: 0, y: 0, width: 1, height: 4 };
        let mask = Mask::new(Size { width: 4, height: 4 }, keep, u32::MAX).unwrap();
        assert_eq!(mask.data()[..4], [255; 4], "the longest ramp takes no memory");
        let keep = Rect { width: 0, ..keep };
        assert!(Mask::new(Size { width: 4, height: 4 }, keep, 0).unwrap_err().to_string().contains("keep"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_original_is_untouched_and_one_colour_is_continued(
            (width, height) in (1_u32..40, 1_u32..40), growth in [0_u32..50, 0_u32..50, 0_u32..50, 0_u32..50],
            fill in 0_usize..4, has_alpha: bool, seed: u8,
        ) {
            let [left, top, right, bottom] = growth;
            let at = Rect { x: left, y: top, width, height };
            let size = Size { width: width + left + right, height: height + top + bottom };
            let original = image(at.size(), has_alpha, |i| (i * 7 + i / 50 * usize::from(seed)) as u8);
            let padded = pad(&original, size, at, FILLS[fill]).unwrap();
            prop_assert_eq!(padded.size(), size);
            let channels = original.channels();
            for y in 0..height {
                let row = &padded.row(top + y)[left as usize * channels..][..width as usize * channels];
                prop_assert_eq!(row, original.row(y));
            }
            let flat = image(at.size(), has_alpha, |i| if i % channels == 3 { 255 } else { seed });
            let padded = pad(&flat, size, at, FILLS[fill]).unwrap();
            if !matches!(FILLS[fill], Fill::Color(_)) {
                let pixels = padded.data().chunks_exact(channels);
                prop_assert!(pixels.clone().all(|p| p[..3] == [seed; 3] && p.get(3).is_none_or(|alpha| *alpha == 255)));
            }
        }

        #[test]
        fn a_mask_is_white_outside_and_falls_with_the_distance_to_new_area(
            (width, height) in (1_u32..12, 1_u32..12), growth in [0_u32..4, 0_u32..4, 0_u32..4, 0_u32..4], soft in 0_u32..7,
        ) {
            let [left, top, right, bottom] = growth;
            let keep = Rect { x: left, y: top, width, height };
            let size = Size { width: width + left + right, height: height + top + bottom };
            let mask = Mask::new(size, keep, soft).unwrap();
            let positions = || (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y)));
            let kept = |(x, y): (u32, u32)| (left..left + width).contains(&x) && (top..top + height).contains(&y);
            for position in positions() {
                let value = mask.data()[(position.1 * size.width + position.0) as usize];
                // From the pixel's centre to the nearest painted pixel's border.
                let apart = |other: (u32, u32)| {
                    let (dx, dy) = (position.0.abs_diff(other.0), position.1.abs_diff(other.1));
                    f64::from(dx.max(dy)) - 0.5
                };
                let distance = positions().filter(|other| !kept(*other)).map(apart).fold(f64::INFINITY, f64::min);
                let expected = if !kept(position) {
                    255
                } else if distance >= f64::from(soft) {
                    0
                } else {
                    (255.0 * (1.0 - smoothstep(distance / f64::from(soft)))).round() as u8
                };
                prop_assert_eq!(value, expected, "{:?}", position);
            }
            prop_assert_eq!(mask.pixels().size(), size);
        }
    }
}
