//! Scales opaque pixels down: each new pixel is the mean of the old ones that it covers.

use volcv_types::Size;

use crate::convert::{Channels, RowReader};
use crate::pixels::Pixels;
use crate::{Image, ImageError};

/// An image of `target`, which is not larger than the pixels; pixels with alpha are laid over the background.
pub(super) fn shrink(pixels: &Pixels<'_>, target: Size, background: [u8; 3]) -> Result<Image, ImageError> {
    let source = pixels.size();
    let reader = RowReader::new(pixels, background);
    let mut row = vec![0; source.width as usize * 3];
    let mut data = Vec::with_capacity(target.width as usize * target.height as usize * 3);
    let mut sums = vec![0_u64; row.len()];
    for y in 0..target.height {
        let rows = covered(y, target.height, source.height);
        sums.fill(0);
        for v in rows.clone() {
            reader.read(pixels.row(v), Channels::Rgb, &mut row);
            for (sum, sample) in sums.iter_mut().zip(&row) {
                *sum += u64::from(*sample);
            }
        }
        for x in 0..target.width {
            let columns = covered(x, target.width, source.width);
            let count = u64::from(columns.end - columns.start) * u64::from(rows.end - rows.start);
            let covered = &sums[columns.start as usize * 3..columns.end as usize * 3];
            for channel in 0..3 {
                let sum: u64 = covered.iter().skip(channel).step_by(3).sum();
                data.push(((sum + count / 2) / count) as u8);
            }
        }
    }
    Ok(Image::new(target, false, data)?)
}

/// The old pixels that lie at least partly under new pixel `index`.
fn covered(index: u32, new: u32, old: u32) -> std::ops::Range<u32> {
    let edge = |index: u32| u64::from(index) * u64::from(old);
    let (start, end) = (edge(index) / u64::from(new), edge(index + 1).div_ceil(u64::from(new)));
    start as u32..end as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::{Layout, PixelFormat};

    #[test]
    fn every_old_pixel_is_covered_and_every_new_one_has_some() {
        for (new, old) in [(1, 1), (1, 7), (3, 7), (6, 7), (7, 7), (2, 65535)] {
            assert_eq!(covered(0, new, old).start, 0);
            assert_eq!(covered(new - 1, new, old).end, old);
            for index in 1..new {
                let (before, this) = (covered(index - 1, new, old), covered(index, new, old));
                assert!(before.start < this.start && this.start <= before.end && this.end > this.start);
            }
        }
    }

    #[test]
    fn two_by_two_pixels_become_their_mean() {
        let size = Size { width: 4, height: 2 };
        let data = [0, 2, 10, 10, 4, 6, 10, 11];
        let pixels = Pixels::new(&data, Layout::new(size, PixelFormat::Gray8)).unwrap();
        let image = shrink(&pixels, Size { width: 2, height: 1 }, [0; 3]).unwrap();
        assert_eq!(image.data(), [3, 3, 3, 10, 10, 10]);
    }
}
