//! Memory of the caller that holds pixels: any row length, both row orders, five formats. Nothing is allocated here.

use volcv_types::{InvalidInput, Size};

/// The order of the bytes of one pixel. All values are sRGB, 8 bits each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PixelFormat {
    /// Red, green, blue, alpha.
    Rgba8,
    /// Blue, green, red, alpha.
    Bgra8,
    /// Red, green, blue.
    Rgb8,
    /// Blue, green, red.
    Bgr8,
    /// One grey value.
    Gray8,
}

/// Which row comes first in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RowOrder {
    /// The top row, as in files, SDL and Direct3D.
    #[default]
    TopDown,
    /// The bottom row, as in OpenGL and Unity.
    BottomUp,
}

/// What the fourth byte of a pixel means. Formats without one are opaque.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alpha {
    /// The colours are independent of it, as in files.
    #[default]
    Straight,
    /// The colours were multiplied by it.
    Premultiplied,
    /// It means nothing: it is not read, and 255 is written.
    Ignored,
}

impl PixelFormat {
    /// Bytes of one pixel.
    pub const fn bytes(self) -> usize {
        match self {
            PixelFormat::Rgba8 | PixelFormat::Bgra8 => 4,
            PixelFormat::Rgb8 | PixelFormat::Bgr8 => 3,
            PixelFormat::Gray8 => 1,
        }
    }

    /// Whether a pixel has a byte for alpha.
    pub const fn has_alpha(self) -> bool {
        self.bytes() == 4
    }
}

/// How pixels lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Layout {
    size: Size,
    format: PixelFormat,
    stride: usize,
    rows: RowOrder,
    alpha: Alpha,
}

impl Layout {
    /// Rows without gaps, the top row first, straight alpha.
    pub fn new(size: Size, format: PixelFormat) -> Self {
        let stride = (size.width as usize).saturating_mul(format.bytes());
        Self { size, format, stride, rows: RowOrder::TopDown, alpha: Alpha::Straight }
    }

    /// Bytes from the start of one row to the start of the next, at least `width * format.bytes()`. The bytes between
    /// are neither read nor written.
    pub fn stride(mut self, bytes: usize) -> Self {
        self.stride = bytes;
        self
    }

    /// Which row comes first.
    pub fn rows(mut self, order: RowOrder) -> Self {
        self.rows = order;
        self
    }

    /// What the alpha byte means.
    pub fn alpha(mut self, alpha: Alpha) -> Self {
        self.alpha = alpha;
        self
    }

    /// Width and height in pixels.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The order of the bytes of a pixel.
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// What the alpha byte means; [`Alpha::Ignored`] for formats without one.
    pub fn alpha_meaning(&self) -> Alpha {
        if self.format.has_alpha() { self.alpha } else { Alpha::Ignored }
    }

    /// The bytes that memory of this layout has at least: the gap behind the last row is not needed.
    ///
    /// # Errors
    /// A side is 0, the stride is shorter than a row, or the bytes cannot be counted.
    pub fn bytes(&self) -> Result<usize, InvalidInput> {
        let row = self.row_bytes();
        if self.size.width == 0 || self.size.height == 0 {
            return Err(InvalidInput::new("size", self.size, "at least 1x1"));
        }
        if self.stride < row {
            return Err(InvalidInput::new(
                "stride",
                self.stride,
                format!("at least {row}, a row of {:?}", self.format),
            ));
        }
        let gaps = self.stride.checked_mul(self.size.height as usize - 1);
        let too_long = || InvalidInput::new("stride", self.stride, "small enough for the rows to be counted");
        gaps.and_then(|gaps| gaps.checked_add(row)).filter(|bytes| isize::try_from(*bytes).is_ok()).ok_or_else(too_long)
    }

    fn row_bytes(&self) -> usize {
        (self.size.width as usize).saturating_mul(self.format.bytes())
    }

    fn check(&self, length: usize) -> Result<(), InvalidInput> {
        let needed = self.bytes()?;
        if length < needed {
            return Err(InvalidInput::new(
                "pixels",
                format!("{length} bytes long"),
                format!("at least {needed} bytes"),
            ));
        }
        Ok(())
    }

    /// Where row `y`, counted from the top of the picture, lies in memory.
    fn row(&self, y: u32) -> std::ops::Range<usize> {
        let index = match self.rows {
            RowOrder::TopDown => y,
            RowOrder::BottomUp => self.size.height - 1 - y,
        };
        let start = self.stride * index as usize;
        start..start + self.row_bytes()
    }
}

/// Pixels to read.
#[derive(Debug, Clone, Copy)]
pub struct Pixels<'a> {
    layout: Layout,
    data: &'a [u8],
}

impl<'a> Pixels<'a> {
    /// # Errors
    /// The memory is too small for the layout, or the layout is impossible.
    pub fn new(data: &'a [u8], layout: Layout) -> Result<Self, InvalidInput> {
        layout.check(data.len()).map(|()| Self { layout, data })
    }

    /// How the pixels lie in memory.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Width and height in pixels.
    pub fn size(&self) -> Size {
        self.layout.size
    }

    /// The bytes of row `y`, counted from the top; `y` is below the height.
    pub fn row(&self, y: u32) -> &'a [u8] {
        &self.data[self.layout.row(y)]
    }
}

/// Pixels to write. Each byte is written once and none is read, as mapped memory of a graphics card wants it.
#[derive(Debug)]
pub struct PixelsMut<'a> {
    layout: Layout,
    data: &'a mut [u8],
}

impl<'a> PixelsMut<'a> {
    /// # Errors
    /// As [`Pixels::new`].
    pub fn new(data: &'a mut [u8], layout: Layout) -> Result<Self, InvalidInput> {
        layout.check(data.len())?;
        Ok(Self { layout, data })
    }

    /// How the pixels lie in memory.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Width and height in pixels.
    pub fn size(&self) -> Size {
        self.layout.size
    }

    /// The bytes of row `y`, counted from the top; `y` is below the height.
    pub fn row_mut(&mut self, y: u32) -> &mut [u8] {
        &mut self.data[self.layout.row(y)]
    }
}
