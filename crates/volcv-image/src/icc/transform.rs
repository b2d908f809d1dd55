//! Converts pixels to sRGB by three tables, a matrix and one more table.

use super::curve::{Curve, linear_to_srgb};
use super::matrix::Matrix;
use crate::convert::Channels;

/// Steps of linear light. The curve of sRGB rises by at most 12.92 * 255 levels, so a step is at most a fifth of a level.
const STEPS: usize = 16_384;

/// A conversion of RGB or RGBA pixels; alpha stays.
pub(crate) struct Transform {
    linear: Box<[[f32; 256]; 3]>,
    /// Scaled by [`STEPS`] - 1.
    matrix: [[f32; 3]; 3],
    encoded: Box<[u8; STEPS]>,
}

impl Transform {
    pub(super) fn new(curves: &[Curve; 3], to_linear_srgb: &Matrix) -> Self {
        let mut linear = Box::new([[0.0; 256]; 3]);
        for (table, curve) in linear.iter_mut().zip(curves) {
            for (value, entry) in (0..).zip(table.iter_mut()) {
                *entry = curve.linear(f64::from(value) / 255.0) as f32;
            }
        }
        let last = (STEPS - 1) as f64;
        let encode = |step: usize| (linear_to_srgb(step as f64 / last) * 255.0).round() as u8;
        let encoded: Box<[u8]> = (0..STEPS).map(encode).collect();
        let encoded = encoded.try_into().expect("the iterator yields STEPS values");
        Self { linear, matrix: to_linear_srgb.map(|row| row.map(|cell| (cell * last) as f32)), encoded }
    }

    /// Converts a row in place. Grey pixels have no profile that this crate converts, and stay as they are.
    pub(crate) fn apply(&self, row: &mut [u8], channels: Channels) {
        match channels {
            Channels::Rgb => self.convert::<3>(row),
            Channels::Rgba => self.convert::<4>(row),
            Channels::Gray | Channels::GrayAlpha => {}
        }
    }

    fn convert<const N: usize>(&self, row: &mut [u8]) {
        for pixel in row.chunks_exact_mut(N) {
            let r = self.linear[0][usize::from(pixel[0])];
            let g = self.linear[1][usize::from(pixel[1])];
            let b = self.linear[2][usize::from(pixel[2])];
            for (sample, [mr, mg, mb]) in pixel.iter_mut().zip(&self.matrix) {
                let value = mr * r + mg * g + mb * b + 0.5;
                // A cast to an integer clips what is negative or no number to 0.
                *sample = self.encoded[(value as usize).min(STEPS - 1)];
            }
        }
    }
}
