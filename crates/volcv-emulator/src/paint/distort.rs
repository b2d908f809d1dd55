//! Applies a [`Distortion`] to a painted picture.

use image::RgbImage;
use image::imageops::{self, FilterType};

use super::field::Field;
use super::fill::{from_pixel, to_pixel};
use super::noise::{Noise, random};
use crate::Distortion;

/// The weight of each neighbour in the blur: a standard deviation of 0.8 pixels in both directions.
const NEIGHBOUR: f32 = 0.32;
/// The most that the noise adds or takes, in levels.
const GRAIN: f32 = 1.5;

/// The picture as the distortion and the seed make it.
pub(super) fn distort(mut picture: RgbImage, distortion: &Distortion, seed: u64) -> RgbImage {
    if let Some(levels) = distortion.cast {
        picture = Cast::new(seed, f32::from(levels)).over(&picture);
    }
    if let Some((dx, dy)) = distortion.shift {
        picture = shifted(&picture, dx, dy);
    }
    match distortion.scale {
        Some(scale) => scaled(&picture, scale),
        None => picture,
    }
}

/// What one seed does to colours.
struct Cast {
    seed: u64,
    gain: f32,
    /// The largest cast of each channel, positive or negative, in levels.
    strongest: [f32; 3],
    course: [Noise; 3],
}

impl Cast {
    fn new(seed: u64, levels: f32) -> Self {
        // The painter has channels 0 to 4 of the same seed.
        Self {
            seed,
            gain: 0.97 + 0.05 * random(seed, 10),
            strongest: [11, 12, 13].map(|number| if random(seed, number) < 0.5 { -levels } else { levels }),
            course: [14, 15, 16].map(|channel| Noise::new(seed, channel)),
        }
    }

    fn over(&self, picture: &RgbImage) -> RgbImage {
        let soft = blurred(picture);
        let wavelength = picture.width().min(picture.height()) as f32 * 0.7;
        let grain = Noise::new(self.seed, 17);
        RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
            let (u, v) = (x as f32 / wavelength, y as f32 / wavelength);
            let colour = soft.at(x as usize, y as usize);
            to_pixel(std::array::from_fn(|channel| {
                let share = 0.65 + 0.35 * self.course[channel].at(u, v);
                let noise = GRAIN * grain.lattice(i64::from(x), i64::from(y), channel as u64);
                self.gain * colour[channel] + share * self.strongest[channel] + noise
            }))
        })
    }
}

/// The picture blurred along its rows, then along its columns, with its edge repeated.
fn blurred(picture: &RgbImage) -> Field {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut sharp = Field::new(width, height);
    for (target, pixel) in sharp.pixels.iter_mut().zip(picture.pixels()) {
        *target = from_pixel(pixel);
    }
    let mut rows = Field::new(width, height);
    let mut both = Field::new(width, height);
    blur_along(&sharp, &mut rows, 1, 0);
    blur_along(&rows, &mut both, 0, 1);
    both
}

fn blur_along(from: &Field, to: &mut Field, dx: usize, dy: usize) {
    for y in 0..from.height {
        for x in 0..from.width {
            let before = from.at(x.saturating_sub(dx), y.saturating_sub(dy));
            let after = from.at((x + dx).min(from.width - 1), (y + dy).min(from.height - 1));
            let here = from.at(x, y);
            to.pixels[y * from.width + x] = std::array::from_fn(|channel| {
                here[channel] * (1.0 - 2.0 * NEIGHBOUR) + (before[channel] + after[channel]) * NEIGHBOUR
            });
        }
    }
}

fn shifted(picture: &RgbImage, dx: i32, dy: i32) -> RgbImage {
    let source = |at: u32, by: i32, length: u32| (i64::from(at) - i64::from(by)).clamp(0, i64::from(length) - 1) as u32;
    let (width, height) = picture.dimensions();
    RgbImage::from_fn(width, height, |x, y| *picture.get_pixel(source(x, dx, width), source(y, dy, height)))
}

fn scaled(picture: &RgbImage, scale: f64) -> RgbImage {
    let side = |pixels: u32| ((f64::from(pixels) * scale).round() as u32).max(1);
    imageops::resize(picture, side(picture.width()), side(picture.height()), FilterType::CatmullRom)
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn smooth_picture() -> RgbImage {
        RgbImage::from_fn(160, 120, |x, y| Rgb([60 + (x / 2) as u8, 60 + y as u8, 128]))
    }

    fn distorted(text: &str, seed: u64) -> RgbImage {
        distort(smooth_picture(), &text.parse().unwrap(), seed)
    }

    #[test]
    fn a_cast_stays_within_its_levels_and_varies_over_the_picture() {
        for (text, levels) in [("cast", 10.0), ("cast=3", 3.0), ("cast=40", 40.0)] {
            for seed in 0..20 {
                let cast = Cast::new(seed, levels);
                assert!((0.97..=1.02).contains(&cast.gain), "{}", cast.gain);
                let result = distorted(text, seed);
                let mut sums = [[0.0_f32; 4]; 3];
                for (x, y, pixel) in smooth_picture().enumerate_pixels() {
                    for channel in 0..3 {
                        // A smooth picture stays as it is in the blur, except at its edge.
                        let added = f32::from(result.get_pixel(x, y)[channel]) - cast.gain * f32::from(pixel[channel]);
                        let toward = added * cast.strongest[channel].signum();
                        let (low, high) = (0.3 * levels - GRAIN - 1.0, levels + GRAIN + 1.0);
                        assert!((low..=high).contains(&toward), "{text}, seed {seed}: {toward}");
                        sums[channel][(x / 80 + y / 60 * 2) as usize] += added / 4800.0;
                    }
                }
                let varies = sums.iter().any(|quarters| {
                    let least = quarters.iter().copied().fold(f32::MAX, f32::min);
                    quarters.iter().any(|mean| mean - least > 0.05 * levels)
                });
                assert!(varies, "{text}, seed {seed}: {sums:?}");
            }
        }
    }

    #[test]
    fn a_cast_depends_on_the_seed_alone() {
        assert_eq!(distorted("cast", 7), distorted("cast=10", 7));
        assert_ne!(distorted("cast", 7), distorted("cast", 8));
    }

    #[test]
    fn a_shift_moves_every_pixel_and_repeats_the_edge() {
        let before = smooth_picture();
        let after = distorted("shift=3/-2", 1);
        for (x, y, pixel) in after.enumerate_pixels() {
            assert_eq!(pixel, before.get_pixel(x.saturating_sub(3), (y + 2).min(119)), "{x} {y}");
        }
        // Further than the picture is wide: the edge alone is left.
        assert!(distorted("shift=200/0", 1).enumerate_pixels().all(|(_, y, pixel)| pixel == before.get_pixel(0, y)));
    }

    #[test]
    fn a_scale_changes_the_size_and_never_to_nothing() {
        assert_eq!(distorted("scale=0.98", 1).dimensions(), (157, 118));
        assert_eq!(distorted("scale=2", 1).dimensions(), (320, 240));
        assert_eq!(scaled(&RgbImage::new(3, 1), 0.1).dimensions(), (1, 1));
        assert_eq!(distorted("cast,shift=1/1,scale=0.5", 1).dimensions(), (80, 60));
    }

    #[test]
    fn without_a_word_nothing_changes() {
        assert_eq!(distort(smooth_picture(), &Distortion::default(), 1), smooth_picture());
    }
}
