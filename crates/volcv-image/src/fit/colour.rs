//! One gain and one offset per channel, which bring the result's colours next to the original's.

use volcv_types::Rect;

use crate::image::Image;

/// Fractions of a level in the tables: values are in 1/64 of a level.
pub(super) const ONE: i32 = 64;
/// The gain stays in here.
const GAIN: (f64, f64) = (0.8, 1.25);
/// A gain is measured from this deviation and this correlation on; otherwise only the offset is.
const MIN_DEVIATION: f64 = 4.0;
const MIN_CORRELATION: f64 = 0.6;
/// Fewer pixels say nothing.
const MIN_COUNT: f64 = 16.0;

/// `gain * value + bias`, per channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tone {
    pub(super) gain: [f64; 3],
    pub(super) bias: [f64; 3],
}

impl Default for Tone {
    fn default() -> Self {
        Self { gain: [1.0; 3], bias: [0.0; 3] }
    }
}

impl Tone {
    /// The least squares fit of the result to the original, over the original's rectangle. Values that are 0 or 255 in
    /// either picture, and pixels of the original that are not opaque, do not count.
    pub(super) fn measure(original: &Image, picture: &Image, at: Rect) -> Self {
        let mut channels = [Sums::default(); 3];
        let (from, to) = (original.channels(), picture.channels());
        for y in 0..at.height {
            let row = &picture.row(at.y + y)[at.x as usize * to..];
            // Pieces are so short that their sums fit into 32 bits.
            for (original, row) in original.row(y).chunks(4096 * from).zip(row.chunks(4096 * to)) {
                let mut piece = [Piece::default(); 3];
                for (o, r) in original.chunks_exact(from).zip(row.chunks_exact(to)) {
                    let opaque = o.get(3).is_none_or(|alpha| *alpha == 255);
                    for c in 0..3 {
                        piece[c].add(o[c], r[c], opaque);
                    }
                }
                channels.iter_mut().zip(piece).for_each(|(sums, piece)| sums.add(piece));
            }
        }
        let mut tone = Self::default();
        for (c, sums) in channels.iter().enumerate() {
            (tone.gain[c], tone.bias[c]) = sums.line();
        }
        tone
    }

    /// What each value becomes, in 1/64 of a level.
    pub(super) fn tables(&self) -> [[i32; 256]; 3] {
        std::array::from_fn(|c| {
            std::array::from_fn(|value| ((self.gain[c] * value as f64 + self.bias[c]) * f64::from(ONE)).round() as i32)
        })
    }
}

#[derive(Clone, Copy, Default)]
struct Piece {
    count: u32,
    o: u32,
    r: u32,
    oo: u32,
    rr: u32,
    or: u32,
}

impl Piece {
    fn add(&mut self, o: u8, r: u8, opaque: bool) {
        let inside = |value: u8| (1..=254).contains(&value);
        let used = u32::from(opaque & inside(o) & inside(r));
        let (o, r) = (u32::from(o) * used, u32::from(r) * used);
        self.count += used;
        self.o += o;
        self.r += r;
        self.oo += o * o;
        self.rr += r * r;
        self.or += o * r;
    }
}

#[derive(Clone, Copy, Default)]
struct Sums {
    count: f64,
    o: f64,
    r: f64,
    oo: f64,
    rr: f64,
    or: f64,
}

impl Sums {
    fn add(&mut self, piece: Piece) {
        self.count += f64::from(piece.count);
        self.o += f64::from(piece.o);
        self.r += f64::from(piece.r);
        self.oo += f64::from(piece.oo);
        self.rr += f64::from(piece.rr);
        self.or += f64::from(piece.or);
    }

    /// Gain and offset.
    fn line(&self) -> (f64, f64) {
        if self.count < MIN_COUNT {
            return (1.0, 0.0);
        }
        let (o, r) = (self.o / self.count, self.r / self.count);
        let variance_o = self.oo / self.count - o * o;
        let variance_r = self.rr / self.count - r * r;
        let covariance = self.or / self.count - o * r;
        let least = MIN_DEVIATION * MIN_DEVIATION;
        let mut gain = 1.0;
        if variance_o.min(variance_r) >= least && covariance >= MIN_CORRELATION * (variance_o * variance_r).sqrt() {
            gain = (covariance / variance_r).clamp(GAIN.0, GAIN.1);
        }
        (gain, o - gain * r)
    }
}
