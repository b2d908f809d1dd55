//! Pictures as floating-point fields: sampling, halving, and the smooth completion of a field with holes.

/// One pixel, red green blue, 0.0..=255.0.
pub(super) type Colour = [f32; 3];

/// A picture of floating-point colours.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<Colour>,
}

impl Field {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![[0.0; 3]; width * height] }
    }

    pub(super) fn at(&self, x: usize, y: usize) -> Colour {
        self.pixels[y * self.width + x]
    }

    /// The colour between pixels, with the picture mirrored beyond its borders.
    pub(super) fn bilinear(&self, x: f32, y: f32) -> Colour {
        let (x0, y0) = (x.floor(), y.floor());
        let (fx, fy) = (x - x0, y - y0);
        let columns = [mirror(x0 as i64, self.width), mirror(x0 as i64 + 1, self.width)];
        let rows = [mirror(y0 as i64, self.height), mirror(y0 as i64 + 1, self.height)];
        let top = mix(self.at(columns[0], rows[0]), self.at(columns[1], rows[0]), fx);
        let bottom = mix(self.at(columns[0], rows[1]), self.at(columns[1], rows[1]), fx);
        mix(top, bottom, fy)
    }

    /// The colour between pixels through a cubic B-spline. It blurs a little and shows no grid, which is what a coarse
    /// level that is stretched over many pixels needs.
    pub(super) fn spline(&self, x: f32, y: f32) -> Colour {
        let (x0, y0) = (x.floor(), y.floor());
        let (wx, wy) = (spline_weights(x - x0), spline_weights(y - y0));
        let columns: [usize; 4] = std::array::from_fn(|i| mirror(x0 as i64 + i as i64 - 1, self.width));
        let mut sum = [0.0; 3];
        for (j, row_weight) in wy.into_iter().enumerate() {
            let row = mirror(y0 as i64 + j as i64 - 1, self.height) * self.width;
            for (column, column_weight) in columns.into_iter().zip(wx) {
                let colour = self.pixels[row + column];
                for channel in 0..3 {
                    sum[channel] += colour[channel] * row_weight * column_weight;
                }
            }
        }
        sum
    }

    /// The field at half the size, through the filter 1 3 3 1 in both directions.
    fn halved(&self) -> Self {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let mut narrow = Self::new(width, self.height);
        for y in 0..self.height {
            for x in 0..width {
                let tap = |offset: i64| self.at(mirror(2 * x as i64 + offset, self.width), y);
                narrow.pixels[y * width + x] = four_taps(tap(-1), tap(0), tap(1), tap(2));
            }
        }
        let mut small = Self::new(width, height);
        for y in 0..height {
            for x in 0..width {
                let tap = |offset: i64| narrow.at(x, mirror(2 * y as i64 + offset, self.height));
                small.pixels[y * width + x] = four_taps(tap(-1), tap(0), tap(1), tap(2));
            }
        }
        small
    }
}

/// A field at full size, half size, quarter size and so on.
#[derive(Debug)]
pub(super) struct Pyramid {
    levels: Vec<Field>,
}

impl Pyramid {
    pub(super) fn new(base: Field, max_levels: usize) -> Self {
        let mut levels = vec![base];
        while let Some(last) = levels.last()
            && levels.len() < max_levels
            && last.width.min(last.height) > 4
        {
            let next = last.halved();
            levels.push(next);
        }
        Self { levels }
    }

    /// The colour at a full-size pixel, blurred to `level` (0 = as it is).
    pub(super) fn blurred(&self, x: usize, y: usize, level: f32) -> Colour {
        let level = level.clamp(0.0, (self.levels.len() - 1) as f32);
        let lower = level as usize;
        let fraction = level - lower as f32;
        let sharp = self.level_at(lower, x, y);
        if fraction == 0.0 { sharp } else { mix(sharp, self.level_at(lower + 1, x, y), fraction) }
    }

    fn level_at(&self, level: usize, x: usize, y: usize) -> Colour {
        if level == 0 {
            return self.levels[0].at(x, y);
        }
        let shrink = 1.0 / (1u32 << level) as f32;
        self.levels[level].spline((x as f32 + 0.5) * shrink - 0.5, (y as f32 + 0.5) * shrink - 0.5)
    }
}

/// Completes a field with holes: every hole takes the average of what is known around it, near things first ("pull-push").
/// `known` is 1.0 where a pixel is known, 0.0 in a hole. A field without any known pixel stays as it is.
pub(super) fn complete(field: &Field, known: &[f32]) -> Field {
    if field.width == 1 && field.height == 1 {
        return field.clone();
    }
    let (small, small_known) = pull(field, known);
    let small = complete(&small, &small_known);
    let mut full = field.clone();
    for y in 0..field.height {
        for x in 0..field.width {
            let index = y * field.width + x;
            if known[index] < 1.0 {
                let around = small.bilinear(x as f32 * 0.5 - 0.25, y as f32 * 0.5 - 0.25);
                full.pixels[index] = mix(around, field.pixels[index], known[index]);
            }
        }
    }
    full
}

/// The field at half the size, each pixel being the average of the known ones among its four.
fn pull(field: &Field, known: &[f32]) -> (Field, Vec<f32>) {
    let (width, height) = (field.width.div_ceil(2), field.height.div_ceil(2));
    let mut small = Field::new(width, height);
    let mut small_known = vec![0.0f32; width * height];
    for y in 0..field.height {
        for x in 0..field.width {
            let (from, to) = (y * field.width + x, (y / 2) * width + x / 2);
            for channel in 0..3 {
                small.pixels[to][channel] += field.pixels[from][channel] * known[from];
            }
            small_known[to] += known[from];
        }
    }
    for (colour, weight) in small.pixels.iter_mut().zip(&mut small_known) {
        if *weight > 0.0 {
            *colour = colour.map(|value| value / *weight);
            *weight = weight.min(1.0);
        }
    }
    (small, small_known)
}

pub(super) fn mix(a: Colour, b: Colour, t: f32) -> Colour {
    std::array::from_fn(|channel| a[channel] + (b[channel] - a[channel]) * t)
}

/// The index that a coordinate beyond the border stands for when the picture is mirrored there.
fn mirror(at: i64, length: usize) -> usize {
    let length = length as i64;
    if (0..length).contains(&at) {
        return at as usize;
    }
    let folded = at.rem_euclid(2 * length);
    (if folded < length { folded } else { 2 * length - 1 - folded }) as usize
}

fn four_taps(a: Colour, b: Colour, c: Colour, d: Colour) -> Colour {
    std::array::from_fn(|i| (a[i] + d[i] + 3.0 * (b[i] + c[i])) * 0.125)
}

fn spline_weights(t: f32) -> [f32; 4] {
    let (t2, t3, rest) = (t * t, t * t * t, 1.0 - t);
    [rest * rest * rest / 6.0, (4.0 - 6.0 * t2 + 3.0 * t3) / 6.0, (1.0 + 3.0 * t + 3.0 * t2 - 3.0 * t3) / 6.0, t3 / 6.0]
}
