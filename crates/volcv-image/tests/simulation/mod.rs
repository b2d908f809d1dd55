//! A simulated service: it knows the true wider picture, and hands it out blurred, with a colour cast and noise.

use super::{Image, Rect, Size};

/// Numbers that look random and are the same in each run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 32) as u32) % end
    }

    /// 0 to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        f64::from(self.below(1 << 24)) / f64::from((1 << 24) - 1)
    }

    /// About a normal distribution of deviation 1.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// A picture that resembles a photo: slow gradients, noise of several sizes, and some edges.
pub(crate) fn photo_like(size: Size, seed: u64) -> Image {
    let mut random = Random::new(seed);
    let octaves: Vec<(f64, f64, Vec<f64>)> = [(160.0, 45.0), (60.0, 22.0), (20.0, 10.0), (7.0, 5.0), (2.5, 3.0)]
        .map(|(scale, strength)| (scale, strength, (0..64 * 64).map(|_| random.unit() * 2.0 - 1.0).collect()))
        .to_vec();
    let shapes: Vec<[f64; 7]> = (0..12).map(|_| std::array::from_fn(|_| random.unit())).collect();
    let tint: [f64; 3] = std::array::from_fn(|_| random.unit() * 0.5 + 0.75);
    let mut data = Vec::with_capacity(size.width as usize * size.height as usize * 3);
    for y in 0..size.height {
        for x in 0..size.width {
            let (x, y) = (f64::from(x), f64::from(y));
            let (u, v) = (x / f64::from(size.width), y / f64::from(size.height));
            let mut value = 70.0 + 60.0 * u + 40.0 * v;
            for (scale, strength, grid) in &octaves {
                value += strength * noise(grid, x / scale, y / scale);
            }
            for shape in &shapes {
                let (dx, dy) = (u - shape[0], v - shape[1]);
                if dx * dx / (0.01 + 0.05 * shape[2]) + dy * dy / (0.01 + 0.05 * shape[3]) < 1.0 {
                    value += (shape[4] - 0.5) * 70.0;
                }
            }
            data.extend(tint.map(|tint| (value * tint).round().clamp(0.0, 255.0) as u8));
        }
    }
    Image::new(size, false, data).unwrap()
}

fn noise(grid: &[f64], x: f64, y: f64) -> f64 {
    let at = |x: f64, y: f64| grid[(y as usize % 64) * 64 + x as usize % 64];
    let (left, top) = (x.floor(), y.floor());
    let (s, t) = (x - left, y - top);
    let upper = at(left, top) * (1.0 - s) + at(left + 1.0, top) * s;
    let lower = at(left, top + 1.0) * (1.0 - s) + at(left + 1.0, top + 1.0) * s;
    upper * (1.0 - t) + lower * t
}

/// What a model makes of the true picture: blurred by 0.8 pixels, with a cast of 3 to 10 levels that varies over the picture,
/// a gain of 0.97 to 1.02, and noise.
pub(crate) fn painted(truth: &Image, seed: u64) -> Image {
    let mut random = Random::new(seed);
    let (width, height) = (truth.size().width as usize, truth.size().height as usize);
    let mut values: Vec<f64> = truth.data().iter().map(|value| f64::from(*value)).collect();
    values = blurred(&values, width, height, 3, 0.8);
    let gain: [f64; 3] = std::array::from_fn(|_| 0.97 + 0.05 * random.unit());
    let cast: [[f64; 5]; 3] = std::array::from_fn(|_| {
        let sign = if random.below(2) == 0 { 1.0 } else { -1.0 };
        [sign, random.unit() * 6.0, random.unit() * 6.0, 0.5 + random.unit(), 0.5 + random.unit()]
    });
    let mut data = Vec::with_capacity(values.len());
    for (index, pixel) in values.chunks_exact(3).enumerate() {
        let (u, v) = ((index % width) as f64 / width as f64, (index / width) as f64 / height as f64);
        for c in 0..3 {
            let [sign, a, b, fast, slow] = cast[c];
            let level = 6.5 + 3.5 * (a + 6.0 * fast * u).sin() * (b + 6.0 * slow * v).sin();
            let value = pixel[c] * gain[c] + sign * level + 2.0 * random.normal();
            data.push(value.round().clamp(0.0, 255.0) as u8);
        }
    }
    Image::new(truth.size(), false, data).unwrap()
}

/// Blurred with a Gaussian kernel of this deviation, in pixels.
fn blurred(values: &[f64], width: usize, height: usize, channels: usize, deviation: f64) -> Vec<f64> {
    let reach = (3.0 * deviation).ceil() as i64;
    let weight = |i: i64| (-(i as f64).powi(2) / (2.0 * deviation * deviation)).exp();
    let total: f64 = (-reach..=reach).map(weight).sum();
    let pass = |values: &[f64], step: usize, length: usize, position: &dyn Fn(usize) -> usize| -> Vec<f64> {
        (0..values.len())
            .map(|index| {
                let here = position(index) as i64;
                let at = |i: i64| {
                    let to = (here + i).clamp(0, length as i64 - 1);
                    values[(index as i64 + (to - here) * step as i64) as usize]
                };
                (-reach..=reach).map(|i| weight(i) * at(i)).sum::<f64>() / total
            })
            .collect()
    };
    let across = pass(values, channels, width, &|index| index / channels % width);
    pass(&across, channels * width, height, &|index| index / channels / width)
}

/// A part of a picture.
pub(crate) fn cut(image: &Image, part: Rect) -> Image {
    let channels = image.channels();
    let row = |y: u32| &image.row(y)[part.x as usize * channels..(part.x + part.width) as usize * channels];
    let data = (part.y..part.y + part.height).flat_map(|y| row(y).to_vec()).collect();
    Image::new(part.size(), image.has_alpha(), data).unwrap()
}

/// The content moved to the right and down; edge pixels are repeated.
pub(crate) fn moved(image: &Image, dx: i32, dy: i32) -> Image {
    let Size { width, height } = image.size();
    let clamp = |position: u32, by: i32, length: u32| (position as i32 - by).clamp(0, length as i32 - 1) as u32;
    let channels = image.channels();
    let pixel = |x: u32, y: u32| {
        let start = clamp(x, dx, width) as usize * channels;
        image.row(clamp(y, dy, height))[start..start + channels].to_vec()
    };
    let data = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| pixel(x, y)).collect();
    Image::new(image.size(), image.has_alpha(), data).unwrap()
}

/// The middle of a picture, two thirds of both sides.
pub(crate) fn middle(size: Size) -> Rect {
    Rect { x: size.width / 6, y: size.height / 6, width: size.width * 2 / 3, height: size.height * 2 / 3 }
}

/// The mean excess step over the four edges of `at`, in levels: from the 8 pixels inside to the 8 outside, for each position
/// and channel, the step of the truth subtracted.
pub(crate) fn seam(picture: &Image, truth: &Image, at: Rect) -> f64 {
    let mean = |image: &Image, c: usize, pixels: &dyn Fn(u32) -> (u32, u32)| {
        let value = |depth| {
            let (x, y) = pixels(depth);
            f64::from(image.row(y)[x as usize * image.channels() + c])
        };
        (0..8).map(value).sum::<f64>() / 8.0
    };
    let (mut sum, mut count) = (0.0, 0.0);
    let mut add = |inside: &dyn Fn(u32) -> (u32, u32), outside: &dyn Fn(u32) -> (u32, u32)| {
        for c in 0..3 {
            let step = |image: &Image| mean(image, c, inside) - mean(image, c, outside);
            sum += (step(picture) - step(truth)).abs();
            count += 1.0;
        }
    };
    let (right, bottom) = (at.x + at.width, at.y + at.height);
    for x in at.x..right {
        add(&|d| (x, at.y + d), &|d| (x, at.y - 1 - d));
        add(&|d| (x, bottom - 1 - d), &|d| (x, bottom + d));
    }
    for y in at.y..bottom {
        add(&|d| (at.x + d, y), &|d| (at.x - 1 - d, y));
        add(&|d| (right - 1 - d, y), &|d| (right + d, y));
    }
    sum / count
}

/// The mean difference of the new area from the truth, in levels.
pub(crate) fn new_area_error(picture: &Image, truth: &Image, at: Rect) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for y in 0..truth.size().height {
        for x in 0..truth.size().width {
            if (at.x..at.x + at.width).contains(&x) && (at.y..at.y + at.height).contains(&y) {
                continue;
            }
            for c in 0..3 {
                let value = |image: &Image| f64::from(image.row(y)[x as usize * image.channels() + c]);
                sum += (value(picture) - value(truth)).abs();
                count += 1.0;
            }
        }
    }
    sum / count
}
