//! Scaling with a Lanczos kernel, in linear light.
//!
//! The arithmetic is `f32`: baseline x86-64 multiplies four floats at once, but not four 32-bit integers, and a colour times
//! its alpha (16 and 8 bits) is exact in the 24 bits of a float, so that pixels of a constant picture come back as they were.

use std::f64::consts::PI;
use std::sync::LazyLock;

use volcv_types::{InvalidInput, Size};

use crate::error::ImageError;
use crate::image::Image;

/// Lobes of the kernel on each side.
const LOBES: f64 = 3.0;

/// Scales a picture to `size`, whatever its aspect, with a Lanczos kernel of three lobes that becomes wider where the
/// picture shrinks. It is filtered in linear light, and colours count as much as they are opaque. A picture of one colour
/// keeps it bit for bit, and the picture's own size returns a copy.
///
/// Beside the two pictures it needs 16 bytes per column of `image` and 24 to 40 bytes per row and column of the larger
/// picture, for the weights.
///
/// # Errors
/// A side of `size` is 0, or the picture would not fit in memory.
pub fn resize(image: &Image, size: Size) -> Result<Image, ImageError> {
    let mut data = buffer(size, image.channels())?;
    if size == image.size() {
        data.copy_from_slice(image.data());
        return Ok(Image::new(size, image.has_alpha(), data)?);
    }
    let columns = Weights::new(image.size().width, size.width);
    let rows = Weights::new(image.size().height, size.height);
    let mut line = vec![[0.0; 4]; image.size().width as usize];
    for (y, out) in data.chunks_exact_mut(size.width as usize * image.channels()).enumerate() {
        let (first, weights) = rows.of(y);
        line.fill([0.0; 4]);
        for (source, weight) in (first..).zip(weights) {
            if image.has_alpha() {
                add_row_with_alpha(&mut line, image.row(source), *weight);
            } else {
                add_row(&mut line, image.row(source), *weight);
            }
        }
        for (x, pixel) in out.chunks_exact_mut(image.channels()).enumerate() {
            let (first, weights) = columns.of(x);
            let mut sum = [0.0; 4];
            for (source, weight) in line[first as usize..].iter().zip(weights) {
                for (sum, value) in sum.iter_mut().zip(source) {
                    *sum += value * weight;
                }
            }
            store(pixel, sum);
        }
    }
    Ok(Image::new(size, image.has_alpha(), data)?)
}

/// Zeros for a picture of this size.
///
/// # Errors
/// A side is 0, the bytes cannot be counted, or the memory is not there.
pub(crate) fn buffer(size: Size, channels: usize) -> Result<Vec<u8>, ImageError> {
    if size.width == 0 || size.height == 0 {
        return Err(InvalidInput::new("size", size, "at least 1x1").into());
    }
    let too_large = || ImageError::TooLarge(InvalidInput::new("size", size, "small enough for the memory"));
    let length =
        (size.width as usize).checked_mul(size.height as usize).and_then(|pixels| pixels.checked_mul(channels));
    let length = length.filter(|length| isize::try_from(*length).is_ok()).ok_or_else(too_large)?;
    let mut data = Vec::new();
    data.try_reserve_exact(length).map_err(|_| too_large())?;
    data.resize(length, 0);
    Ok(data)
}

/// What each output position takes from which source positions.
struct Weights {
    /// The first source position, and where its weights begin.
    starts: Vec<(u32, usize)>,
    weights: Vec<f32>,
}

impl Weights {
    fn new(source: u32, target: u32) -> Self {
        let scale = f64::from(source) / f64::from(target);
        let widen = scale.max(1.0);
        let mut starts = Vec::with_capacity(target as usize);
        let mut weights = Vec::new();
        for position in 0..target {
            let centre = (f64::from(position) + 0.5) * scale;
            let first = (centre - LOBES * widen).floor().max(0.0) as u32;
            let last = ((centre + LOBES * widen).ceil() as u32).min(source);
            starts.push((first, weights.len()));
            let at = |index: u32| lanczos((f64::from(index) + 0.5 - centre) / widen);
            let sum: f64 = (first..last).map(at).sum();
            weights.extend((first..last).map(|index| (at(index) / sum) as f32));
        }
        Self { starts, weights }
    }

    fn of(&self, position: usize) -> (u32, &[f32]) {
        let (first, start) = self.starts[position];
        let end = self.starts.get(position + 1).map_or(self.weights.len(), |next| next.1);
        (first, &self.weights[start..end])
    }
}

fn lanczos(x: f64) -> f64 {
    if x == 0.0 {
        1.0
    } else if x.abs() >= LOBES {
        0.0
    } else {
        LOBES * (PI * x).sin() * (PI * x / LOBES).sin() / (PI * PI * x * x)
    }
}

fn add_row(line: &mut [[f32; 4]], row: &[u8], weight: f32) {
    let linear = &TABLES.linear;
    for (sum, pixel) in line.iter_mut().zip(row.chunks_exact(3)) {
        for (sum, value) in sum.iter_mut().zip(pixel) {
            *sum += linear[usize::from(*value)] * weight;
        }
    }
}

/// Colours are multiplied by their alpha here and divided by the sum of alphas in [`store`].
fn add_row_with_alpha(line: &mut [[f32; 4]], row: &[u8], weight: f32) {
    let linear = &TABLES.linear;
    for (sum, pixel) in line.iter_mut().zip(row.chunks_exact(4)) {
        let alpha = f32::from(pixel[3]);
        for (sum, value) in sum.iter_mut().zip(&pixel[..3]) {
            *sum += linear[usize::from(*value)] * alpha * weight;
        }
        sum[3] += alpha * weight;
    }
}

fn store(pixel: &mut [u8], sum: [f32; 4]) {
    let mut divisor = 1.0;
    if let Some(alpha) = pixel.get_mut(3) {
        *alpha = (sum[3] + 0.5) as u8;
        // Below half a step of alpha no colour can be seen.
        divisor = if *alpha == 0 { f32::INFINITY } else { sum[3] };
    }
    for (value, sum) in pixel.iter_mut().zip(&sum[..3]) {
        // The cast saturates: overshoots of the kernel end at 0 and 65535.
        *value = TABLES.encoded[usize::from((sum / divisor + 0.5) as u16)];
    }
}

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);

/// sRGB to linear light in 0..=65535, and back.
struct Tables {
    linear: [f32; 256],
    encoded: Vec<u8>,
}

impl Tables {
    fn new() -> Self {
        let decode = |value: f64| if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
        let linear = std::array::from_fn(|value| (decode(value as f64 / 255.0) * 65535.0).round() as f32);
        // The border between two values lies half way between them in sRGB.
        let borders: Vec<f64> = (0..255).map(|value| decode((f64::from(value) + 0.5) / 255.0) * 65535.0).collect();
        let mut value = 0_u8;
        let encoded = (0..=65535_u32).map(|light| {
            while borders.get(usize::from(value)).is_some_and(|border| f64::from(light) > *border) {
                value += 1;
            }
            value
        });
        Self { linear, encoded: encoded.collect() }
    }
}
