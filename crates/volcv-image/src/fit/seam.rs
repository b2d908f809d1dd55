//! How visible the edges of the original are in a picture. The definition stands at `FitReport::seam_before`.

use super::sides::Edge;
use crate::image::Image;

/// Pixels on each side of the edge that are compared.
const DEPTH: u32 = 8;
/// Positions along the edge that are averaged before steps are taken, so that texture does not count as a step.
const PIECE: u32 = 32;

/// The mean excess step over all edges. The pixels inside the edges are taken from `inside`, where the original lies at
/// `origin`, and the new ones from `picture`. Pixels that are not opaque do not count.
pub(super) fn measure(inside: &Image, origin: (u32, u32), picture: &Image, edges: &[Edge]) -> f64 {
    let (mut sum, mut length) = (0.0, 0.0);
    for edge in edges {
        let (step, weight) = excess_step(inside, origin, picture, edge);
        sum += step * weight;
        length += weight;
    }
    if length > 0.0 { sum / length } else { 0.0 }
}

/// The excess step of one edge, and the positions it was measured at.
fn excess_step(inside: &Image, origin: (u32, u32), picture: &Image, edge: &Edge) -> (f64, f64) {
    // An original that is too thin for both bands is split in half; one of a single pixel has no natural step.
    let near = DEPTH.min(edge.depth().div_ceil(2));
    let far = DEPTH.min(edge.depth() - near);
    let beyond = DEPTH.min(edge.growth);
    let (mut steps, mut natural, mut weights) = ([0.0; 3], [0.0; 3], 0.0);
    for start in (0..edge.length()).step_by(PIECE as usize) {
        let [mut inner, mut outer, mut deeper] = [Mean::default(); 3];
        for position in start..edge.length().min(start + PIECE) {
            let at = |depth| {
                let (x, y) = edge.inside(position, depth);
                (x + origin.0, y + origin.1)
            };
            if !(0..near + far).all(|depth| is_opaque(inside, at(depth))) {
                continue;
            }
            (0..near).for_each(|depth| inner.add(pixel(inside, at(depth))));
            (near..near + far).for_each(|depth| deeper.add(pixel(inside, at(depth))));
            (0..beyond).for_each(|depth| outer.add(pixel(picture, edge.beyond(position, depth))));
        }
        let weight = f64::from(inner.count) / f64::from(near);
        weights += weight;
        for c in 0..3 {
            steps[c] += weight * (inner.of(c) - outer.of(c)).abs();
            natural[c] += if far > 0 { weight * (deeper.of(c) - inner.of(c)).abs() } else { 0.0 };
        }
    }
    if weights == 0.0 {
        return (0.0, 0.0);
    }
    let excess: f64 = (0..3).map(|c| (steps[c] - natural[c]).max(0.0) / weights).sum();
    (excess / 3.0, weights)
}

#[derive(Clone, Copy, Default)]
struct Mean {
    sums: [u32; 3],
    count: u32,
}

impl Mean {
    fn add(&mut self, pixel: &[u8]) {
        self.count += 1;
        for (sum, value) in self.sums.iter_mut().zip(pixel) {
            *sum += u32::from(*value);
        }
    }

    fn of(&self, channel: usize) -> f64 {
        if self.count == 0 { 0.0 } else { f64::from(self.sums[channel]) / f64::from(self.count) }
    }
}

/// The bytes of one pixel that lies inside the image.
pub(super) fn pixel(image: &Image, (x, y): (u32, u32)) -> &[u8] {
    &image.row(y)[x as usize * image.channels()..][..image.channels()]
}

pub(super) fn is_opaque(image: &Image, at: (u32, u32)) -> bool {
    pixel(image, at).get(3).is_none_or(|alpha| *alpha == 255)
}
