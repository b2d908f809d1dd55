//! For every pixel to be painted: the nearest pixel that is known.

/// The step from each pixel to its nearest known pixel, `None` when nothing is known at all.
///
/// Two sweeps over the picture that hand each neighbour's answer on (8SSED). The result is exact up to a fraction of a pixel,
/// in time linear in the picture.
pub(super) fn nearest_known(width: usize, height: usize, known: &[bool]) -> Option<Vec<(i32, i32)>> {
    if !known.contains(&true) {
        return None;
    }
    const FAR: (i32, i32) = (1 << 14, 1 << 14);
    let mut steps: Vec<(i32, i32)> = known.iter().map(|&known| if known { (0, 0) } else { FAR }).collect();
    let mut sweep = |x: usize, y: usize, neighbours: &[(i32, i32)]| {
        let mut best = steps[y * width + x];
        for &(dx, dy) in neighbours {
            let (nx, ny) = (x as i64 + i64::from(dx), y as i64 + i64::from(dy));
            if nx < 0 || ny < 0 || nx >= width as i64 || ny >= height as i64 {
                continue;
            }
            let (sx, sy) = steps[ny as usize * width + nx as usize];
            let candidate = (sx + dx, sy + dy);
            if length_squared(candidate) < length_squared(best) {
                best = candidate;
            }
        }
        steps[y * width + x] = best;
    };
    for y in 0..height {
        (0..width).for_each(|x| sweep(x, y, &[(-1, 0), (0, -1), (-1, -1), (1, -1)]));
        (0..width).rev().for_each(|x| sweep(x, y, &[(1, 0)]));
    }
    for y in (0..height).rev() {
        (0..width).rev().for_each(|x| sweep(x, y, &[(1, 0), (0, 1), (-1, 1), (1, 1)]));
        (0..width).for_each(|x| sweep(x, y, &[(-1, 0)]));
    }
    Some(steps)
}

fn length_squared((x, y): (i32, i32)) -> i64 {
    i64::from(x) * i64::from(x) + i64::from(y) * i64::from(y)
}
