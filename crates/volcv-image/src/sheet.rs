//! A contact sheet: several pictures side by side, to choose one.

use volcv_types::{InvalidInput, Rect, Size};

use crate::convert::flatten;
use crate::error::ImageError;
use crate::image::Image;
use crate::resize::{buffer, resize};

/// Pixels between two cells, and around them.
const GAP: u32 = 8;
/// The grey of the background.
const BACKGROUND: u8 = 24;
/// The width of the sheet by its height comes as near to this as the number of pictures allows.
const ASPECT: f64 = 16.0 / 9.0;

/// Pictures side by side, in the order in which they were given, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sheet {
    /// The sheet, without alpha.
    pub image: Image,
    /// Where each picture lies in it.
    pub cells: Vec<Rect>,
}

/// Puts pictures side by side. Each one is scaled into `cell`, never enlarged, and lies in the middle of it; transparent
/// pixels show the background.
///
/// # Errors
/// There is no picture, a side of `cell` is 0, or the sheet would not fit in memory.
pub fn contact_sheet(images: &[&Image], cell: Size) -> Result<Sheet, ImageError> {
    if images.is_empty() {
        return Err(InvalidInput::new("images", "empty", "at least one picture").into());
    }
    if cell.width == 0 || cell.height == 0 {
        return Err(InvalidInput::new("cell", cell, "at least 1x1").into());
    }
    let too_large = || ImageError::TooLarge(InvalidInput::new("images", images.len(), "few enough for one sheet"));
    let columns = columns(images.len(), cell);
    let side = |cells: usize, length: u32| -> Option<u32> {
        u32::try_from(cells).ok()?.checked_mul(length.checked_add(GAP)?)?.checked_add(GAP)
    };
    let width = side(columns, cell.width).ok_or_else(too_large)?;
    let height = side(images.len().div_ceil(columns), cell.height).ok_or_else(too_large)?;
    let size = Size { width, height };
    let mut data = buffer(size, 3)?;
    data.fill(BACKGROUND);
    let mut sheet = Sheet { image: Image::new(size, false, data)?, cells: Vec::with_capacity(images.len()) };
    for (index, image) in images.iter().enumerate() {
        let Size { width, height } = image.size().shrink_into(cell);
        // Both products are below the sheet's sides, which are `u32`.
        let x = GAP + (index % columns) as u32 * (cell.width + GAP) + (cell.width - width) / 2;
        let y = GAP + (index / columns) as u32 * (cell.height + GAP) + (cell.height - height) / 2;
        let place = Rect { x, y, width, height };
        draw(&mut sheet.image, &resize(image, place.size())?, place);
        sheet.cells.push(place);
    }
    Ok(sheet)
}

/// How many columns bring the sheet next to [`ASPECT`]; the fewest if several do.
fn columns(count: usize, cell: Size) -> usize {
    let error = |columns: usize| {
        let width = columns as f64 * f64::from(cell.width);
        (width / (count.div_ceil(columns) as f64 * f64::from(cell.height)) - ASPECT).abs()
    };
    (1..=count).min_by(|a, b| error(*a).total_cmp(&error(*b))).unwrap_or(1)
}

fn draw(sheet: &mut Image, image: &Image, place: Rect) {
    for y in 0..place.height {
        let to = sheet.row_mut(place.y + y)[place.x as usize * 3..].chunks_exact_mut(3);
        for (to, pixel) in to.zip(image.row(y).chunks_exact(image.channels())) {
            let alpha = pixel.get(3).copied().unwrap_or(255);
            to.iter_mut().zip(pixel).for_each(|(to, value)| *to = flatten(*value, alpha, BACKGROUND));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(width: u32, height: u32, pixel: &[u8]) -> Image {
        let data = pixel.repeat(width as usize * height as usize);
        Image::new(Size { width, height }, pixel.len() == 4, data).unwrap()
    }

    #[test]
    fn pictures_lie_in_their_order_in_the_middle_of_their_cells() {
        let (wide, tall, small) =
            (image(400, 100, &[255, 0, 0]), image(50, 300, &[0, 255, 0]), image(5, 7, &[0, 0, 255]));
        let sheet = contact_sheet(&[&wide, &tall, &small, &wide], Size { width: 160, height: 90 }).unwrap();
        assert_eq!(sheet.image.size(), Size { width: 2 * 168 + 8, height: 2 * 98 + 8 });
        let expected = [(8, 33, 160, 40), (248, 8, 15, 90), (85, 147, 5, 7), (176, 131, 160, 40)];
        let cells: Vec<_> = sheet.cells.iter().map(|cell| (cell.x, cell.y, cell.width, cell.height)).collect();
        assert_eq!(cells, expected);
        let pixel = |x: u32, y: u32| sheet.image.row(y)[x as usize * 3..][..3].to_vec();
        for (cell, color) in sheet.cells.iter().zip([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 0, 0]]) {
            assert_eq!(pixel(cell.x, cell.y), color);
            assert_eq!(pixel(cell.x + cell.width - 1, cell.y + cell.height - 1), color);
            assert_eq!(pixel(cell.x - 1, cell.y), [24; 3]);
            assert_eq!(pixel(cell.x, cell.y + cell.height), [24; 3]);
        }
    }

    #[test]
    fn columns_bring_the_sheet_next_to_16_by_9() {
        let square = Size { width: 100, height: 100 };
        let wide = Size { width: 400, height: 100 };
        assert_eq!([1, 2, 3, 4, 6, 12].map(|count| columns(count, square)), [1, 2, 2, 3, 4, 5]);
        assert_eq!([1, 2, 4, 8].map(|count| columns(count, wide)), [1, 1, 1, 2]);
    }

    #[test]
    fn transparent_pixels_show_the_background() {
        let (clear, half) = (image(4, 4, &[255, 255, 255, 0]), image(4, 4, &[224, 24, 24, 128]));
        let sheet = contact_sheet(&[&clear, &half], Size { width: 4, height: 4 }).unwrap();
        assert_eq!(sheet.image.row(8)[8 * 3..][..3], [24; 3]);
        assert_eq!(sheet.image.row(8)[20 * 3..][..3], [124, 24, 24]);
    }

    #[test]
    fn no_picture_an_empty_cell_and_an_impossible_size_are_errors() {
        let one = image(1, 1, &[0; 3]);
        assert!(matches!(contact_sheet(&[], Size { width: 9, height: 9 }), Err(ImageError::Invalid(_))));
        assert!(matches!(contact_sheet(&[&one], Size { width: 0, height: 9 }), Err(ImageError::Invalid(_))));
        let huge = Size { width: u32::MAX, height: u32::MAX };
        assert!(matches!(contact_sheet(&[&one], huge), Err(ImageError::TooLarge(_))));
    }
}
