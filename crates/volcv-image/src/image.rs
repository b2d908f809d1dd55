//! A picture in memory of its own: RGB, or RGBA with straight alpha; tight rows, the top row first.

use std::fmt;

use volcv_types::{InvalidInput, Rect, Size};

use crate::pixels::{Layout, PixelFormat, Pixels};

/// Pixels that this crate owns: [`PixelFormat::Rgb8`] where all of them are opaque, otherwise [`PixelFormat::Rgba8`] with
/// straight alpha. Rows have no gaps, and the top row comes first.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    size: Size,
    has_alpha: bool,
    data: Vec<u8>,
}

impl Image {
    /// An image of these bytes, `width * height * 3` or, with alpha, `* 4`.
    ///
    /// # Errors
    /// The bytes have another length, or a side is 0.
    pub fn new(size: Size, has_alpha: bool, data: Vec<u8>) -> Result<Self, InvalidInput> {
        let image = Self { size, has_alpha, data };
        let needed = image.layout().bytes()?;
        if image.data.len() != needed {
            let value = format!("{} bytes long", image.data.len());
            return Err(InvalidInput::new("pixels", value, format!("{needed} bytes, for {size}")));
        }
        Ok(image)
    }

    /// Width and height in pixels.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Whether the pixels have an alpha byte.
    pub fn has_alpha(&self) -> bool {
        self.has_alpha
    }

    /// Bytes of one pixel, 3 or 4.
    pub fn channels(&self) -> usize {
        if self.has_alpha { 4 } else { 3 }
    }

    /// The bytes of all rows.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The bytes of all rows.
    pub(crate) fn data_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    /// The bytes of all rows.
    pub fn into_data(self) -> Vec<u8> {
        self.data
    }

    /// The bytes of row `y`, which is below the height.
    pub fn row(&self, y: u32) -> &[u8] {
        let length = self.size.width as usize * self.channels();
        &self.data[y as usize * length..][..length]
    }

    /// The bytes of row `y`, which is below the height.
    pub fn row_mut(&mut self, y: u32) -> &mut [u8] {
        let length = self.size.width as usize * self.channels();
        &mut self.data[y as usize * length..][..length]
    }

    /// A part of the image. The whole of it costs nothing.
    ///
    /// # Errors
    /// The part does not lie inside the image, or is empty.
    pub fn crop(self, part: Rect) -> Result<Self, InvalidInput> {
        if part == (Rect { x: 0, y: 0, width: self.size.width, height: self.size.height }) {
            return Ok(self);
        }
        if !part.fits(self.size) || part.width == 0 || part.height == 0 {
            return Err(InvalidInput::new("crop", part, format!("a part of {}", self.size)));
        }
        let columns = part.x as usize * self.channels()..(part.x + part.width) as usize * self.channels();
        let rows = part.y..part.y + part.height;
        let data = rows.flat_map(|y| &self.row(y)[columns.clone()]).copied().collect();
        Self::new(part.size(), self.has_alpha, data)
    }

    /// The pixels, to encode them or to copy them elsewhere.
    ///
    /// # Panics
    /// Never: [`Image::new`] has checked the length.
    pub fn pixels(&self) -> Pixels<'_> {
        Pixels::new(&self.data, self.layout()).expect("the length was checked when the image was made")
    }

    fn layout(&self) -> Layout {
        Layout::new(self.size, if self.has_alpha { PixelFormat::Rgba8 } else { PixelFormat::Rgb8 })
    }
}

/// Prints the size, never the bytes.
impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image({}, {} channels)", self.size, self.channels())
    }
}
