//! A picture in memory of its own: RGB, or RGBA with straight alpha; tight rows, the top row first.

use std::fmt;

use volcv_types::{InvalidInput, Rect, Size, memory};

use crate::ImageError;
use crate::convert::{Channels, RowReader, RowWriter, flatten, is_opaque, map};
use crate::decode::background_for;
use crate::pixels::{Layout, PixelFormat, Pixels, PixelsMut};

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

    /// A copy of pixels of the caller: RGB if all are opaque, otherwise RGBA with straight alpha. Without memory the program
    /// ends, as it does with a [`Vec`].
    pub fn from_pixels(pixels: &Pixels<'_>) -> Self {
        let reader = RowReader::new(pixels, [255; 3]);
        Self::read(pixels, &reader, vec![0; reader.image_bytes(pixels.size())])
    }

    /// As [`Image::from_pixels`].
    ///
    /// # Errors
    /// There is no memory for the copy.
    pub fn try_from_pixels(pixels: &Pixels<'_>) -> Result<Self, ImageError> {
        let reader = RowReader::new(pixels, [255; 3]);
        Ok(Self::read(pixels, &reader, memory::zeros(reader.image_bytes(pixels.size()))?))
    }

    fn read(pixels: &Pixels<'_>, reader: &RowReader, mut data: Vec<u8>) -> Self {
        let (size, channels) = (pixels.size(), reader.image_channels());
        for (y, row) in (0..size.height).zip(data.chunks_exact_mut(size.width as usize * channels.count())) {
            reader.read(pixels.row(y), channels, row);
        }
        Self { size, has_alpha: channels.has_alpha(), data }
    }

    /// As [`Image::new`]; alpha is removed in place if all pixels are opaque.
    pub(crate) fn without_needless_alpha(size: Size, has_alpha: bool, data: Vec<u8>) -> Result<Self, InvalidInput> {
        let mut image = Self::new(size, has_alpha, data)?;
        if image.has_alpha && is_opaque(&image.pixels()) {
            image.map_in_place(|[r, g, b, _]| [r, g, b]);
        }
        Ok(image)
    }

    /// The image over an opaque background of red, green and blue: an image without alpha.
    pub fn into_flattened(mut self, background: [u8; 3]) -> Self {
        let [br, bg, bb] = background;
        if self.has_alpha {
            self.map_in_place(|[r, g, b, a]| [flatten(r, a, br), flatten(g, a, bg), flatten(b, a, bb)]);
        }
        self
    }

    /// As [`Image::into_flattened`], in memory of its own.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn flattened(&self, background: [u8; 3]) -> Result<Self, ImageError> {
        let [br, bg, bb] = background;
        let mut data = memory::zeros(self.data.len() / self.channels() * 3)?;
        match self.has_alpha {
            true => {
                map(&self.data, &mut data, |[r, g, b, a]| [flatten(r, a, br), flatten(g, a, bg), flatten(b, a, bb)])
            }
            false => data.copy_from_slice(&self.data),
        }
        Ok(Self { size: self.size, has_alpha: false, data })
    }

    /// Copies the pixels into memory of the caller, in its own layout. Each of its bytes, except for the gaps between
    /// rows, is written once and none is read. A grey target gets the luma of ITU-R BT.601 (0.299, 0.587, 0.114).
    ///
    /// # Errors
    /// The target has another size, or it has no alpha and the image has: [`Image::into_flattened`] first.
    pub fn copy_into(&self, target: &mut PixelsMut<'_>) -> Result<(), ImageError> {
        if target.size() != self.size {
            return Err(
                InvalidInput::new("target", target.size(), format!("{}, the size of the image", self.size)).into()
            );
        }
        let background = background_for(self.has_alpha, target.layout(), None)?;
        let writer = RowWriter::new(target.layout(), background);
        let channels = if self.has_alpha { Channels::Rgba } else { Channels::Rgb };
        for y in 0..self.size.height {
            writer.write(channels, self.row(y), target.row_mut(y));
        }
        Ok(())
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
    /// The part does not lie inside the image, or is empty, or there is no memory for it.
    pub fn crop(self, part: Rect) -> Result<Self, ImageError> {
        if part == (Rect { x: 0, y: 0, width: self.size.width, height: self.size.height }) {
            return Ok(self);
        }
        if !part.fits(self.size) || part.width == 0 || part.height == 0 {
            return Err(InvalidInput::new("crop", part, format!("a part of {}", self.size)).into());
        }
        let columns = part.x as usize * self.channels()..(part.x + part.width) as usize * self.channels();
        let mut data = memory::copy(&[], columns.len() * part.height as usize)?;
        (part.y..part.y + part.height).for_each(|y| data.extend_from_slice(&self.row(y)[columns.clone()]));
        Ok(Self::new(part.size(), self.has_alpha, data)?)
    }

    /// The pixels, to encode them or to copy them elsewhere.
    ///
    /// # Panics
    /// Never: [`Image::new`] has checked the length.
    pub fn pixels(&self) -> Pixels<'_> {
        Pixels::new(&self.data, self.layout()).expect("the length was checked when the image was made")
    }

    /// Replaces RGBA by RGB, without a second buffer.
    fn map_in_place(&mut self, convert: impl Fn([u8; 4]) -> [u8; 3]) {
        /// Pixels that are moved out of the way at once.
        const BLOCK: usize = 256;
        let mut block = [0; BLOCK * 4];
        let pixels = self.data.len() / 4;
        for start in (0..pixels).step_by(BLOCK) {
            let count = BLOCK.min(pixels - start);
            let block = &mut block[..count * 4];
            block.copy_from_slice(&self.data[start * 4..][..count * 4]);
            map(block, &mut self.data[start * 3..][..count * 3], &convert);
        }
        self.data.truncate(pixels * 3);
        self.has_alpha = false;
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
