//! Smooth noise that depends on a seed.

/// A source of smooth noise in -1.0..=1.0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noise {
    seed: u64,
}

impl Noise {
    /// Noise number `channel` of a seed; different channels do not resemble each other.
    pub(super) fn new(seed: u64, channel: u64) -> Self {
        Self { seed: scramble(seed ^ scramble(channel.wrapping_add(1))) }
    }

    /// Two octaves of value noise; `x` and `y` in units of the wavelength.
    pub(super) fn at(self, x: f32, y: f32) -> f32 {
        (self.octave(x, y, 0) * 2.0 + self.octave(x * 2.1 + 7.3, y * 2.1 + 3.1, 1)) / 3.0
    }

    fn octave(self, x: f32, y: f32, octave: u64) -> f32 {
        let (x0, y0) = (x.floor(), y.floor());
        let (fx, fy) = (smooth(x - x0), smooth(y - y0));
        let corner = |dx: i64, dy: i64| self.lattice(x0 as i64 + dx, y0 as i64 + dy, octave);
        let top = corner(0, 0) + (corner(1, 0) - corner(0, 0)) * fx;
        let bottom = corner(0, 1) + (corner(1, 1) - corner(0, 1)) * fx;
        top + (bottom - top) * fy
    }

    /// White noise: the value at a lattice point does not depend on those around it.
    pub(super) fn lattice(self, x: i64, y: i64, octave: u64) -> f32 {
        let place = (x as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (y as u64).rotate_left(32) ^ (octave << 60);
        (scramble(self.seed ^ place) >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    }
}

/// Random number `number` of a seed, 0.0..1.0.
pub(super) fn random(seed: u64, number: u64) -> f32 {
    (scramble(seed ^ scramble(number)) >> 40) as f32 / (1u32 << 24) as f32
}

/// 0 at 0, 1 at 1, level at both ends.
pub(super) fn smooth(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// The finalizer of SplitMix64: close seeds give unrelated numbers.
fn scramble(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}
