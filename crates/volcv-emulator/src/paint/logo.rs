//! The visible mark that `logo_info` asks for, drawn as the letters "AI" in blocks on a dark plate.

use image::RgbImage;

/// The letters; each character is one block.
const LETTERS: [&[u8]; 5] = [b" #  ###", b"# #  # ", b"###  # ", b"# #  # ", b"# # ###"];
const LIGHT: f32 = 245.0;
const DARK: f32 = 20.0;

/// A mark in a corner of a result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Logo {
    pub(crate) corner: Corner,
    /// 0.0..=1.0.
    pub(crate) opacity: f32,
}

/// A corner of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Corner {
    BottomRight,
    BottomLeft,
    TopLeft,
    TopRight,
}

/// Draws the mark: 9 x 7 blocks, one block away from the corner. A block is a hundredth of the shorter side, at least one
/// pixel. What does not fit into the picture is cut off.
pub(super) fn stamp(picture: &mut RgbImage, logo: Logo) {
    let (width, height) = picture.dimensions();
    let block = (width.min(height) / 100).max(1);
    let (plate_width, plate_height) = (9 * block, 7 * block);
    let (left, top) = match logo.corner {
        Corner::BottomRight => (false, false),
        Corner::BottomLeft => (true, false),
        Corner::TopLeft => (true, true),
        Corner::TopRight => (false, true),
    };
    let place = |near: bool, side: u32, plate: u32| if near { block } else { side.saturating_sub(plate + block) };
    let (x0, y0) = (place(left, width, plate_width), place(top, height, plate_height));
    for y in y0..(y0 + plate_height).min(height) {
        for x in x0..(x0 + plate_width).min(width) {
            let ink = if is_letter((x - x0) / block, (y - y0) / block) { LIGHT } else { DARK };
            for value in &mut picture.get_pixel_mut(x, y).0 {
                let under = f32::from(*value);
                *value = (under + (ink - under) * logo.opacity).round() as u8;
            }
        }
    }
}

/// Whether a block of the plate belongs to a letter.
fn is_letter(column: u32, row: u32) -> bool {
    let block = |row: u32, column: u32| LETTERS.get(row as usize)?.get(column as usize).copied();
    row.checked_sub(1).zip(column.checked_sub(1)).and_then(|(row, column)| block(row, column)) == Some(b'#')
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    /// The bounds of what the mark changed: left, top, right, bottom, the last two exclusive.
    fn changed(width: u32, height: u32, logo: Logo) -> (u32, u32, u32, u32) {
        let before = RgbImage::from_pixel(width, height, Rgb([100, 120, 140]));
        let mut after = before.clone();
        stamp(&mut after, logo);
        let differs = after.enumerate_pixels().filter(|(x, y, pixel)| *pixel != before.get_pixel(*x, *y));
        differs.fold((width, height, 0, 0), |(left, top, right, bottom), (x, y, _)| {
            (left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1))
        })
    }

    #[test]
    fn the_mark_is_in_its_corner_and_nowhere_else() {
        for (corner, bounds) in [
            (Corner::BottomRight, (370, 276, 397, 297)),
            (Corner::BottomLeft, (3, 276, 30, 297)),
            (Corner::TopLeft, (3, 3, 30, 24)),
            (Corner::TopRight, (370, 3, 397, 24)),
        ] {
            for opacity in [0.3, 1.0] {
                assert_eq!(changed(400, 300, Logo { corner, opacity }), bounds, "{corner:?}");
            }
        }
    }

    #[test]
    fn a_tiny_picture_takes_what_fits() {
        assert_eq!(changed(1, 1, Logo { corner: Corner::BottomRight, opacity: 1.0 }), (0, 0, 1, 1));
        changed(5, 3, Logo { corner: Corner::TopLeft, opacity: 1.0 });
    }

    #[test]
    fn an_opacity_of_0_changes_nothing() {
        assert_eq!(changed(40, 30, Logo { corner: Corner::TopLeft, opacity: 0.0 }), (40, 30, 0, 0));
    }
}
