//! Paints `examples/assets/valley.jpg`, the sample picture of the examples and the README.
//!
//! The picture is our own, so it ships under the licence of the workspace: a height field seen across
//! a lake at dawn. All of it follows from a hash of coordinates, so a size always gives one picture.

use image::{ImageError, Rgb, Rgb32FImage, RgbImage, codecs::jpeg::JpegEncoder};
use std::{fs::File, io::BufWriter, path::Path};

/// Renders the landscape at the given size.
pub fn render(width: u32, height: u32) -> RgbImage {
    let size = (width * 2, height * 2);
    let mut frame = Rgb32FImage::from_fn(size.0, size.1, |x, y| Rgb(sky(position(size, x, y))));
    let mut mirrored = frame.clone();
    terrain(&mut mirrored, -EYE);
    terrain(&mut frame, EYE);
    lake(&mut frame, &mirrored);
    meadow(&mut frame);
    RgbImage::from_fn(width, height, |x, y| develop(&frame, x, y))
}

/// Renders the sample picture and saves it as a JPEG file.
pub fn write(path: &Path) -> Result<(), ImageError> {
    let file = BufWriter::new(File::create(path)?);
    render(960, 640).write_with_encoder(JpegEncoder::new_with_quality(file, 88))
}

/// Linear light.
type Color = [f32; 3];
/// Height of the camera above the lake in metres.
const EYE: f32 = 12.0;
/// Marks the lake until it is filled.
const WATER: Color = [-1.0; 3];
/// Where the sun stands behind the haze.
const SUN: (f32, f32) = (0.045, 0.075);

/// Where a pixel is, right of and above the middle of the horizon, in picture widths.
fn position((width, height): (u32, u32), column: u32, row: u32) -> (f32, f32) {
    let (from_left, from_top) = (column as f32 + 0.5, row as f32 + 0.5);
    (from_left / width as f32 - 0.5, (height as f32 * 0.6 - from_top) / width as f32)
}

/// The row so many picture widths above the horizon, or the closest there is.
fn row_at((width, height): (u32, u32), up: f32) -> u32 {
    let row = height as f32 * 0.6 - up * width as f32;
    (row.max(0.0) as u32).min(height - 1)
}

/// Draws the height field front to back, column by column, from `eye` metres above the lake.
fn terrain(frame: &mut Rgb32FImage, eye: f32) {
    let size = frame.dimensions();
    for column in 0..size.0 {
        let (across, _) = position(size, column, 0);
        let mut drawn = size.1;
        for away in (0..1900).map(|step| 200.0 * (step as f32 * 0.0024).exp()) {
            let x = across * away;
            let ground = ground(x, away);
            let hidden = row_at(size, (ground + 20.0 - eye) / away) >= drawn;
            if !hidden && (ground > 0.0 || eye > 0.0) {
                let tree = tree(x, away, ground);
                let top = row_at(size, (ground.max(0.0) + tree - eye) / away);
                let color = if top < drawn { slope(x, away, ground, tree) } else { WATER };
                (top..drawn).for_each(|row| frame.put_pixel(column, row, Rgb(color)));
                drawn = drawn.min(top);
            }
        }
    }
}

/// Height of the ground in metres; the lake is where it is negative.
fn ground(x: f32, away: f32) -> f32 {
    let off = x - 260.0 * (away / 1900.0 + 0.6).sin() + 40.0;
    let bays = fbm(x / 500.0 + 9.0, away / 600.0, 4);
    let aside = off.abs() - 235.0 - 0.14 * away + 170.0 * bays;
    let inland = aside.max((away - 1250.0 + 700.0 * bays) * 0.35);
    let octaves = 8 - (away / 1500.0).log2().max(0.0) as i32;
    let ridges = ridged(x / 2600.0 + 3.7, away / 2600.0 + 1.3, octaves);
    let rise = smooth(0.0, 1500.0, inland) * (210.0 + 0.085 * away);
    let valley = smooth(-0.05, 0.3, off.abs() / away) * 0.75 + 0.25;
    let peak = 2300.0 * ((x + 1500.0).hypot(away - 11_500.0) / -1750.0).exp();
    let peak = peak * smooth(0.0, 900.0, inland);
    inland.min(200.0) * 0.09 + rise * valley * ridges * 1.5 + peak * (0.55 + 0.6 * ridges)
}

/// Height of the conifer that stands here above the ground, zero between the trees.
fn tree(x: f32, away: f32, ground: f32) -> f32 {
    let dense = fbm(x / 130.0, away / 130.0, 3) - ground / 900.0;
    let wood = smooth(-0.41, -0.06, dense) * smooth(0.4, 0.9, ground);
    let beside = [(0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)];
    beside.into_iter().fold(0.0, |top: f32, (i, j)| {
        let (cx, cz) = ((x / 6.0).floor() + i, (away / 6.0).floor() + j);
        let (at_x, at_z) = ((cx + hash(cx, cz)) * 6.0, (cz + hash(cz, cx + 57.0)) * 6.0);
        let tall = wood * (5.0 + 14.0 * hash(cx + 31.0, cz + 17.0));
        let out = (x - at_x).hypot(away - at_z) / (0.19 * tall + 0.4);
        top.max(tall * (1.0 - out + 0.09 * out * (out * 38.0).sin()))
    })
}

/// Colour of the ground or the tree on it in the light from the right.
fn slope(x: f32, away: f32, height: f32, tree: f32) -> Color {
    if height <= 0.0 {
        return WATER;
    }
    let step = (away * 0.003).max(2.0);
    let dx = ground(x + step, away).max(0.0) - height;
    let dz = ground(x, away + step).max(0.0) - height;
    let length = dx.hypot(dz).hypot(step);
    let lit = (step * 0.42 - dx * 0.84 + dz * 0.34) / length;
    let steep = 1.0 - step / length;
    let patches = fbm(x / 90.0, away / 90.0, 4);
    let rock = mix([0.070, 0.066, 0.074], [0.165, 0.135, 0.12], patches + 0.5);
    let grass = mix([0.030, 0.052, 0.018], [0.095, 0.098, 0.030], patches + 0.5);
    let bare = smooth(0.12, 0.35, steep + height / 4500.0) * smooth(20.0, 80.0, height);
    let snow = smooth(850.0, 1300.0, height + 500.0 * patches) * smooth(0.62, 0.3, steep);
    let color = mix(mix(grass, rock, bare), [0.85, 0.87, 0.92], snow);
    let tint = hash((x / 3.0).floor(), (away / 3.0).floor()) * smooth(0.0, 18.0, tree);
    let needles = mix([0.012, 0.024, 0.014], [0.070, 0.075, 0.022], tint);
    let wood = smooth(0.2, 0.4, tree);
    let color = mix(color, needles, wood);
    let sun = smooth(0.0, 0.85, lit) * (1.0 - 0.45 * wood) + 0.12 * wood;
    let light = mix([0.22, 0.31, 0.54], [3.5, 1.95, 1.1], sun);
    haze([0, 1, 2].map(|i| color[i] * light[i]), x / away, away, height + tree)
}

/// What is left of a colour behind the air and the morning mist.
fn haze(color: Color, across: f32, away: f32, height: f32) -> Color {
    let near_sun = (-(across - SUN.0).abs() * 4.5).exp();
    let air = mix([0.26, 0.38, 0.60], [1.20, 0.70, 0.40], near_sun);
    let far = 1.0 - (-(away - 300.0).max(0.0) / 11_000.0 * (-height / 3000.0).exp()).exp();
    let drift = 0.5 + 1.3 * fbm(across * 5.0, away / 700.0, 4);
    let low = (-height / (10.0 + away / 60.0)).exp() * drift * smooth(400.0, 2600.0, away);
    let mist = mix([0.62, 0.62, 0.70], [1.3, 0.9, 0.62], near_sun);
    mix(mix(color, air, far), mist, low)
}

/// Colour of the sky with its clouds.
fn sky((across, up): (f32, f32)) -> Color {
    let up = up.max(0.0);
    let from_sun = (across - SUN.0).hypot((up - SUN.1) * 1.5);
    let blue = smooth(0.0, 0.42, up);
    let high = mix([0.46, 0.54, 0.70], [0.045, 0.14, 0.36], blue);
    let dawn = (-up * 7.0 - (across - SUN.0).abs() * 1.1).exp();
    let low = mix(high, [1.10, 0.56, 0.34], dawn);
    let glow = mix(low, [2.9, 1.5, 0.6], (-from_sun * 7.5).exp());
    let (u, v) = (across / (up + 0.16) * 1.5, 1.0 / (up + 0.16));
    let density = |u: f32, v: f32| fbm(u + fbm(v, u, 3), v * 1.4, 6);
    let here = density(u, v);
    let sunward = density(u + (SUN.0 - across) * 0.5, v + 0.12);
    let warm = (-from_sun * 3.5).exp();
    let bright = mix([0.98, 0.62, 0.54], [2.4, 1.4, 0.75], warm);
    let lit = 0.3 + 0.7 * smooth(-0.12, 0.22, here - sunward);
    let cover = smooth(-0.04, 0.42, here) * smooth(0.03, 0.16, up) * 0.9;
    mix(glow, mix([0.34, 0.32, 0.44], bright, lit), cover)
}

/// Fills the water with the mirrored scene, broken up by ripples.
fn lake(frame: &mut Rgb32FImage, mirrored: &Rgb32FImage) {
    let size = frame.dimensions();
    for (column, row, pixel) in frame.enumerate_pixels_mut().filter(|(_, _, p)| p.0 == WATER) {
        let (across, up) = position(size, column, row);
        let away = EYE / -up.min(-0.002);
        let x = across * away;
        let wind = smooth(-0.25, 0.35, fbm(x / 90.0, away / 45.0, 4));
        let waves = fbm(x / 3.2, away / 1.1, 3) + 0.6 * fbm(x / 14.0, away / 5.0, 2);
        let tilt = waves * (0.008 + 0.03 * wind) * smooth(420.0, 60.0, away);
        let light = mirrored.get_pixel(column, row_at(size, (tilt - up).max(0.0))).0;
        pixel.0 = mix(light, [0.018, 0.045, 0.060], smooth(0.02, 0.3, -up) * 0.62 + 0.08);
    }
}

/// Draws the grass of the near shore, blade by blade from back to front.
fn meadow(frame: &mut Rgb32FImage) {
    let (size, width) = (frame.dimensions(), frame.width() as f32);
    for seed in (0..7000).map(|i| i as f32) {
        let (near, root) = (seed / 7000.0, hash(seed, 1.0) * 1.1 - 0.55);
        let bank = -0.228 - 0.06 * near + 0.03 * fbm(root * 3.0, 3.0, 3) - 0.03 * root;
        let tall = (0.014 + 0.034 * hash(seed, 2.0)) * (1.1 + 1.4 * fbm(root * 9.0, near, 2));
        let lean = (hash(seed, 3.0) - 0.4) * 0.9 * tall;
        let tip = mix([0.06, 0.08, 0.016], [0.52, 0.29, 0.07], hash(seed, 4.0));
        for t in (-30..60).map(|i| i as f32 / 60.0) {
            let row = row_at(size, bank + tall * t);
            let thick = ((0.0024 + 0.0012 * near) * (1.0 - t.max(0.0)) * width).max(1.0);
            let left = (root + lean * t * t.abs() + 0.5) * width - thick * 0.5;
            for column in left.max(0.0) as u32..(left + thick).clamp(0.0, width) as u32 {
                let color = mix([0.008, 0.014, 0.006], tip, t * t.abs());
                frame.put_pixel(column, row, Rgb(color));
            }
        }
    }
}

/// Maps the light of a pixel to what a screen can show, with a little film grain.
fn develop(frame: &Rgb32FImage, x: u32, y: u32) -> Rgb<u8> {
    let grain = (hash(x as f32, y as f32) + hash(y as f32 + 0.5, x as f32) - 1.0) * 0.012;
    let samples = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(i, j)| frame.get_pixel(x * 2 + i, y * 2 + j));
    Rgb([0, 1, 2].map(|i| {
        let light = samples.map(|sample| sample.0[i]).iter().sum::<f32>() / 4.0;
        let light = 0.86 * light.max(0.0).powf(1.12);
        let film = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14);
        ((film.clamp(0.0, 1.0).powf(1.0 / 2.2) + grain) * 255.0 + 0.5) as u8
    }))
}

fn mix(from: Color, to: Color, amount: f32) -> Color {
    [0, 1, 2].map(|i| from[i] + (to[i] - from[i]) * amount.clamp(0.0, 1.0))
}

fn smooth(from: f32, to: f32, value: f32) -> f32 {
    let t = ((value - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// A fixed number between 0 and 1 for each pair of coordinates.
fn hash(x: f32, y: f32) -> f32 {
    let bits = y.to_bits().wrapping_mul(0x85EB_CA77).rotate_left(13);
    let bits = bits ^ x.to_bits().wrapping_mul(0x9E37_79B1);
    let bits = (bits ^ (bits >> 15)).wrapping_mul(0x2C1B_3C6D);
    let bits = (bits ^ (bits >> 15)).wrapping_mul(0x297A_2D39);
    ((bits ^ (bits >> 16)) >> 8) as f32 / 16_777_216.0
}

/// Gradient noise, about -0.7 to 0.7.
fn noise(x: f32, y: f32) -> f32 {
    let (left, low) = (x.floor(), y.floor());
    let (fx, fy) = (x - left, y - low);
    let corner = |i: f32, j: f32| {
        let turn = (hash(left + i, low + j) * 8.0).floor();
        let rise = if turn % 2.0 == 0.0 { 0.7 } else { -0.7 };
        (turn - 3.5) / 2.8 * (fx - i) + rise * (fy - j)
    };
    let (u, v) = (smooth(0.0, 1.0, fx), smooth(0.0, 1.0, fy));
    let near = corner(0.0, 0.0) * (1.0 - u) + corner(1.0, 0.0) * u;
    near * (1.0 - v) + (corner(0.0, 1.0) * (1.0 - u) + corner(1.0, 1.0) * u) * v
}

/// Noise at ever finer scales, about -0.6 to 0.6.
fn fbm(x: f32, y: f32, octaves: i32) -> f32 {
    let (x, y) = (x * 0.8 + y * 0.6, y * 0.8 - x * 0.6);
    let octave = |scale: f32| noise(x * scale + 7.3, y * scale - 3.1) * 0.7 / scale;
    (0..octaves).map(|i| octave(2.0_f32.powi(i))).sum()
}

/// Noise with sharp crests and smooth feet, 0 to about 1.
fn ridged(x: f32, y: f32, octaves: i32) -> f32 {
    let octave = |(sum, weight): (f32, f32), scale: f32| {
        let crest = (1.0 - noise(x * scale + scale.ln() * 8.0, y * scale).abs()).powi(2) * weight;
        (sum + crest * 0.5 / scale, (crest * 1.6).min(1.0))
    };
    (0..octaves).map(|i| 2.03_f32.powi(i)).fold((0.0, 1.0), octave).0
}
