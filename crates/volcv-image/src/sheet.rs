//! A contact sheet: several pictures side by side, to choose one.

use volcv_types::{InvalidInput, Rect, Size};

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
            let alpha = u32::from(pixel.get(3).copied().unwrap_or(255));
            for (to, value) in to.iter_mut().zip(pixel) {
                // A mean of bytes is a byte.
                *to = ((u32::from(*value) * alpha + u32::from(BACKGROUND) * (255 - alpha) + 127) / 255) as u8;
            }
        }
    }
}
