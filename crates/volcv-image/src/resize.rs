//! Scaling with a Lanczos kernel, in linear light.
//!
//! The arithmetic is `f32`: baseline x86-64 multiplies four floats at once, but not four 32-bit integers, and a colour times
//! its alpha (16 and 8 bits) is exact in the 24 bits of a float, so that pixels of a constant picture come back as they were.

use std::f64::consts::PI;
use std::sync::LazyLock;

use volcv_types::memory::{self, Working};
use volcv_types::{InvalidInput, Size};

use crate::error::ImageError;
use crate::image::Image;

/// Lobes of the kernel on each side.
const LOBES: f64 = 3.0;

/// Scales a picture to `size`, whatever its aspect, with a Lanczos kernel of three lobes that becomes wider where the
/// picture shrinks. It is filtered in linear light, and colours count as much as they are opaque: what cannot be seen becomes
/// black. A picture of one visible colour keeps it bit for bit, and the picture's own size returns a copy.
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
    let (columns, rows) = ((image.size().width, size.width), (image.size().height, size.height));
    let working =
        Working::new(Weights::bytes(columns) + Weights::bytes(rows) + columns.0 as usize * size_of::<[f32; 4]>())?;
    let (columns, rows, mut line) = working.run(|| {
        let line = vec![[0.0; 4]; columns.0 as usize];
        (Weights::new(columns), Weights::new(rows), line)
    });
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
    Ok(memory::zeros(length)?)
}

/// What each output position takes from which source positions.
struct Weights {
    /// The first source position, and where its weights begin.
    starts: Vec<(u32, usize)>,
    weights: Vec<f32>,
}

impl Weights {
    /// How many weights there are at most.
    fn most((source, target): (u32, u32)) -> usize {
        2 * LOBES as usize * source.max(target) as usize + 3 * target as usize
    }

    /// The bytes of all.
    fn bytes(lengths: (u32, u32)) -> usize {
        lengths.1 as usize * size_of::<(u32, usize)>() + Self::most(lengths) * size_of::<f32>()
    }

    fn new((source, target): (u32, u32)) -> Self {
        let scale = f64::from(source) / f64::from(target);
        let widen = scale.max(1.0);
        let mut starts = Vec::with_capacity(target as usize);
        let mut weights = Vec::with_capacity(Self::most((source, target)));
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
        *value = TABLES.encode((sum / divisor + 0.5) as u16);
    }
}

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);

/// sRGB to linear light in 0..=65535, and back.
struct Tables {
    linear: [f32; 256],
    /// In two halves: one block of 64 KiB would be memory of the host that scales first, for ever, and a static one would be
    /// in the file of the library.
    encoded: [Box<[u8; HALF]>; 2],
}

const HALF: usize = 1 << 15;

impl Tables {
    fn encode(&self, light: u16) -> u8 {
        self.encoded[usize::from(light) / HALF][usize::from(light) % HALF]
    }
}

impl Tables {
    fn new() -> Self {
        let decode = |value: f64| if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
        let linear = std::array::from_fn(|value| (decode(value as f64 / 255.0) * 65535.0).round() as f32);
        // The border between two values lies half way between them in sRGB.
        let borders: Vec<f64> = (0..255).map(|value| decode((f64::from(value) + 0.5) / 255.0) * 65535.0).collect();
        let mut value = 0_u8;
        let encoded = [0, HALF].map(|first| {
            let mut half = Box::new([0; HALF]);
            for (light, entry) in (first..).zip(half.iter_mut()) {
                while borders.get(usize::from(value)).is_some_and(|border| light as f64 > *border) {
                    value += 1;
                }
                *entry = value;
            }
            half
        });
        Self { linear, encoded }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn size(width: u32, height: u32) -> Size {
        Size { width, height }
    }

    fn image(size: Size, has_alpha: bool, value: impl Fn(usize) -> u8) -> Image {
        let length = size.width as usize * size.height as usize * if has_alpha { 4 } else { 3 };
        Image::new(size, has_alpha, (0..length).map(value).collect()).unwrap()
    }

    fn mean_light(image: &Image) -> f64 {
        let sum: f64 = image.data().iter().map(|value| f64::from(TABLES.linear[usize::from(*value)])).sum();
        sum / image.data().len() as f64
    }

    #[test]
    fn every_value_survives_linear_light() {
        for value in 0..=255_u8 {
            let light = TABLES.linear[usize::from(value)];
            assert_eq!(TABLES.encode(light as u16), value);
        }
        assert_eq!((TABLES.linear[255], TABLES.encode(u16::MAX)), (65535.0, 255));
    }

    #[test]
    fn its_own_size_returns_the_same_bytes() {
        let picture = image(size(7, 5), true, |i| (i * 37 % 256) as u8);
        assert_eq!(resize(&picture, size(7, 5)).unwrap(), picture);
    }

    #[test]
    fn shrinking_and_growing_keep_the_mean_light() {
        let picture = image(size(96, 64), false, |i| ((i / 3 % 96) * 2 + i / 288 * 7 % 40) as u8);
        for to in [size(48, 32), size(31, 17), size(200, 150), size(96, 5), size(12, 8)] {
            let (before, after) = (mean_light(&picture), mean_light(&resize(&picture, to).unwrap()));
            assert!((after / before - 1.0).abs() < 0.02, "{to}: {before} {after}");
        }
    }

    #[test]
    fn black_and_white_stripes_become_the_grey_of_half_their_light() {
        let stripes = image(size(256, 16), false, |i| if i / 3 % 2 == 0 { 255 } else { 0 });
        let grey = resize(&stripes, size(32, 16)).unwrap();
        // sRGB of half the light is 188; a mean of bytes would be 128. The outermost columns see an end of the stripes.
        assert!(grey.row(8)[9..87].iter().all(|value| (187..=189).contains(value)), "{:?}", grey.row(8));
    }

    #[test]
    fn a_mirrored_picture_gives_the_mirrored_result() {
        let mirrored = |image: &Image| {
            let rows = (0..image.size().height).map(|y| image.row(y).chunks_exact(3).rev().flatten().copied());
            Image::new(image.size(), false, rows.flatten().collect()).unwrap()
        };
        let picture = image(size(23, 9), false, |i| (i * i * 31 % 256) as u8);
        for to in [size(10, 9), size(57, 20)] {
            let (one, other) = (resize(&mirrored(&picture), to).unwrap(), mirrored(&resize(&picture, to).unwrap()));
            // Sums in another order may round to the neighbouring value.
            assert!(one.data().iter().zip(other.data()).all(|(a, b)| a.abs_diff(*b) <= 1));
        }
    }

    #[test]
    fn a_hidden_colour_does_not_shine_into_its_neighbours() {
        let pixel = |i: usize| if i / 4 % 8 < 4 { [200, 100, 50, 255] } else { [0, 255, 0, 0] }[i % 4];
        let picture = image(size(8, 8), true, pixel);
        for to in [size(3, 3), size(20, 20)] {
            for pixel in resize(&picture, to).unwrap().data().chunks_exact(4).filter(|pixel| pixel[3] > 0) {
                assert_eq!(pixel[..3], [200, 100, 50]);
            }
        }
    }

    #[test]
    fn a_size_without_pixels_or_beyond_memory_is_an_error() {
        let picture = image(size(2, 2), false, |_| 1);
        assert!(matches!(resize(&picture, size(0, 5)), Err(ImageError::Invalid(_))));
        assert!(matches!(resize(&picture, size(u32::MAX, u32::MAX)), Err(ImageError::TooLarge(_))));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn one_colour_stays_that_colour(from in (1_u32..40, 1_u32..40), to in (1_u32..90, 1_u32..90), pixel: [u8; 4], flat: bool) {
            let pixel = if pixel[3] == 0 { [0; 4] } else { pixel };
            let channels = if flat { 3 } else { 4 };
            let picture = image(size(from.0, from.1), !flat, |i| pixel[i % channels]);
            let scaled = resize(&picture, size(to.0, to.1)).unwrap();
            prop_assert_eq!(scaled.size(), size(to.0, to.1));
            prop_assert!(scaled.data().chunks_exact(channels).all(|p| *p == pixel[..channels]));
        }
    }

    #[test]
    fn one_colour_stays_that_colour_when_thousands_of_pixels_become_one() {
        for value in [1, 127, 254, 255] {
            let line = image(size(16384, 2), true, |_| value);
            assert_eq!(resize(&line, size(1, 1)).unwrap().data(), [value; 4]);
        }
    }
}
