//! Fills the unknown part of a picture so that it continues the known part.
//!
//! Each unknown pixel looks at its mirror image across the nearest known pixel, which makes colours and lines run through
//! the seam. With the distance from the seam three things fade in: a wavy displacement and a slow change of colour, which
//! depend on the seed and hide the symmetry, and a blur, which hides the lines where two mirror images meet.

use image::{GrayImage, Rgb, RgbImage};

use super::field::{Colour, Field, Pyramid, complete, mix};
use super::nearest::nearest_known;
use super::noise::{Noise, smooth};

/// Paints the white part of `mask` into `picture`. Where the mask is black the pixels stay exactly as they are; grey blends.
pub(super) fn fill(picture: &mut RgbImage, mask: &GrayImage, seed: u64) {
    let known: Vec<bool> = mask.pixels().map(|pixel| pixel.0[0] < 128).collect();
    let painted = paint(picture, &known, seed);
    for (index, (pixel, weight)) in picture.pixels_mut().zip(mask.pixels()).enumerate() {
        let weight = f32::from(weight.0[0]) / 255.0;
        if weight > 0.0 {
            *pixel = to_pixel(mix(from_pixel(pixel), painted(index), weight));
        }
    }
}

/// Returns the colour of the painted layer at each pixel index.
fn paint(picture: &RgbImage, known: &[bool], seed: u64) -> impl Fn(usize) -> Colour + use<> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut field = Field::new(width, height);
    for (target, pixel) in field.pixels.iter_mut().zip(picture.pixels()) {
        *target = from_pixel(pixel);
    }
    let steps = nearest_known(width, height, known).unwrap_or_else(|| {
        // Nothing is known: everything is far away from a mid-grey.
        field.pixels.fill([128.0, 132.0, 140.0]);
        vec![(0, 1000); width * height]
    });
    let base = complete(&field, &known.iter().map(|&known| f32::from(u8::from(known))).collect::<Vec<_>>());
    let style = Style::new(seed, width.min(height) as f32);
    for (index, step) in steps.iter().enumerate() {
        if !known[index] {
            field.pixels[index] = style.mirrored(&base, index % width, index / width, *step);
        }
    }
    let sharp = Pyramid::new(field, 7);
    move |index| {
        let level = style.blur(distance(steps[index]));
        sharp.blurred(index % width, index / width, level)
    }
}

/// What one seed does to the painted part.
#[derive(Debug, Clone, Copy)]
struct Style {
    noise: [Noise; 5],
    wavelength: f32,
    unit: f32,
}

impl Style {
    fn new(seed: u64, short_side: f32) -> Self {
        // Lengths follow the picture, so a thumbnail and a large picture get the same look.
        let unit = (short_side / 400.0).max(0.05);
        Self { noise: std::array::from_fn(|channel| Noise::new(seed, channel as u64)), wavelength: 110.0 * unit, unit }
    }

    /// The colour that a pixel takes from its mirror image, before the blur.
    fn mirrored(&self, base: &Field, x: usize, y: usize, step: (i32, i32)) -> Colour {
        let distance = distance(step);
        let (u, v) = (x as f32 / self.wavelength, y as f32 / self.wavelength);
        let sway = (distance * 0.6).min(70.0 * self.unit);
        let source_x = (x as i32 + 2 * step.0) as f32 + self.noise[0].at(u, v) * sway;
        let source_y = (y as i32 + 2 * step.1) as f32 + self.noise[1].at(u, v) * sway;
        let colour = base.bilinear(source_x, source_y);
        let fade = smooth(distance / (110.0 * self.unit));
        let (u, v) = (u * 0.4, v * 0.4);
        std::array::from_fn(|channel| {
            let tint = 44.0 * self.noise[2].at(u, v) + 30.0 * self.noise[2 + channel].at(v + 9.0, u);
            colour[channel] + tint * fade
        })
    }

    /// The level of blur at a distance from the seam: none at the seam, then slowly more.
    fn blur(&self, distance: f32) -> f32 {
        (1.0 + (distance - 1.0).max(0.0) * 0.05 / self.unit).log2()
    }
}

fn distance((x, y): (i32, i32)) -> f32 {
    (x as f32).hypot(y as f32)
}

pub(super) fn from_pixel(pixel: &Rgb<u8>) -> Colour {
    pixel.0.map(f32::from)
}

pub(super) fn to_pixel(colour: Colour) -> Rgb<u8> {
    Rgb(colour.map(|value| value.round().clamp(0.0, 255.0) as u8))
}
