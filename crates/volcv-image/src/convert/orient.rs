//! The eight orientations of EXIF tag 0x0112: where a stored pixel lies in the upright picture.

use volcv_types::Size;

/// How a stored picture has to be turned to be upright: 1 (not at all) to 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Orientation(u8);

impl Orientation {
    /// Numbers that EXIF does not define mean 1.
    pub(crate) fn new(number: u8) -> Self {
        Self(if (1..=8).contains(&number) { number } else { 1 })
    }

    pub(crate) fn number(self) -> u8 {
        self.0
    }

    pub(crate) fn is_upright(self) -> bool {
        self.0 == 1
    }

    /// Whether rows become columns, which needs the whole picture.
    pub(crate) fn swaps_sides(self) -> bool {
        self.0 >= 5
    }

    /// Whether each stored row has to be reversed; for orientations 1 to 4.
    pub(crate) fn mirrors_rows(self) -> bool {
        matches!(self.0, 2 | 3)
    }

    /// The upright row of stored row `v` of `height`; for orientations 1 to 4.
    pub(crate) fn row(self, v: u32, height: u32) -> u32 {
        if matches!(self.0, 3 | 4) { height - 1 - v } else { v }
    }

    /// The stored pixel (u, v) of the upright pixel (x, y), for a picture that is stored with this size.
    pub(crate) fn source(self, x: u32, y: u32, stored: Size) -> (u32, u32) {
        let (right, bottom) = (stored.width - 1, stored.height - 1);
        match self.0 {
            2 => (right - x, y),
            3 => (right - x, bottom - y),
            4 => (x, bottom - y),
            5 => (y, x),
            6 => (y, bottom - x),
            7 => (right - y, bottom - x),
            8 => (right - y, x),
            _ => (x, y),
        }
    }
}

/// Reverses the order of the pixels of a row.
pub(crate) fn mirror(row: &mut [u8], bytes_per_pixel: usize) {
    match bytes_per_pixel {
        1 => row.reverse(),
        2 => mirror_pixels::<2>(row),
        3 => mirror_pixels::<3>(row),
        _ => mirror_pixels::<4>(row),
    }
}

fn mirror_pixels<const N: usize>(row: &mut [u8]) {
    let (left, right) = row.split_at_mut(row.len() / N / 2 * N);
    for (a, b) in left.chunks_exact_mut(N).zip(right.rchunks_exact_mut(N)) {
        a.swap_with_slice(b);
    }
}

/// The side of the square tiles of [`upright_band`], in pixels: a tile of RGBA fills 4 KiB, and its rows on both sides
/// stay in the cache.
pub(crate) const TILE: u32 = 32;

/// Fills the upright rows from `top` on, as many as `band` holds, from a stored picture that swaps its sides.
pub(crate) fn upright_band(
    orientation: Orientation,
    stored: Size,
    data: &[u8],
    bytes_per_pixel: usize,
    top: u32,
    band: &mut [u8],
) {
    match bytes_per_pixel {
        1 => fill::<1>(orientation, stored, data, top, band),
        2 => fill::<2>(orientation, stored, data, top, band),
        3 => fill::<3>(orientation, stored, data, top, band),
        _ => fill::<4>(orientation, stored, data, top, band),
    }
}

fn fill<const N: usize>(orientation: Orientation, stored: Size, data: &[u8], top: u32, band: &mut [u8]) {
    let width = stored.height;
    let row_bytes = width as usize * N;
    for left in (0..width).step_by(TILE as usize) {
        let right = width.min(left + TILE);
        for (row, y) in band.chunks_exact_mut(row_bytes).zip(top..) {
            let tile = &mut row[left as usize * N..right as usize * N];
            for (pixel, x) in tile.chunks_exact_mut(N).zip(left..) {
                let (u, v) = orientation.source(x, y, stored);
                let at = (v as usize * stored.width as usize + u as usize) * N;
                pixel.copy_from_slice(&data[at..at + N]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirror_reverses_pixels_and_not_their_bytes() {
        let mut row = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        mirror(&mut row, 3);
        assert_eq!(row, [7, 8, 9, 4, 5, 6, 1, 2, 3]);
        let mut row = [1, 2, 3, 4];
        mirror(&mut row, 2);
        assert_eq!(row, [3, 4, 1, 2]);
        mirror(&mut row, 4);
        assert_eq!(row, [3, 4, 1, 2]);
    }

    #[test]
    fn bands_agree_with_the_table_pixel_by_pixel() {
        let stored = Size { width: 70, height: 45 };
        let data: Vec<u8> = (0..70 * 45 * 2).map(|i| (i % 251) as u8).collect();
        for number in 5..=8 {
            let orientation = Orientation::new(number);
            for (top, rows) in [(0, 32), (32, 32), (64, 6)] {
                let mut band = vec![0; rows * 45 * 2];
                upright_band(orientation, stored, &data, 2, top, &mut band);
                for (index, pixel) in band.chunks_exact(2).enumerate() {
                    let (x, y) = (index as u32 % 45, top + index as u32 / 45);
                    let (u, v) = orientation.source(x, y, stored);
                    let at = (v * 70 + u) as usize * 2;
                    assert_eq!(pixel, &data[at..at + 2], "orientation {number} at {x}, {y}");
                }
            }
        }
    }
}
