//! Pixels of the host: their layout, and the ways in and out of it.

use std::ffi::c_void;
use std::slice;
use std::sync::Arc;

use volcv::{Alpha, Bytes, Error, Image, ImageError, Layout, PixelFormat, Pixels, PixelsMut, RowOrder, Size};

use super::CError;
use crate::abi::*;

/// Pixels that a job has to read, and that are released when this is dropped.
pub(crate) struct Texture {
    pub(crate) data: Bytes,
    pub(crate) layout: Layout,
}

impl Texture {
    /// Copies the pixels, and releases them.
    pub(super) fn into_image(self) -> Result<Image, Error> {
        let pixels = Pixels::new(&self.data, self.layout)?;
        Image::try_from_pixels(&pixels).map_err(|none| Error::out_of_memory(none.to_string()))
    }
}

/// Checks what the host says of its pixels; gives their layout, and the bytes that it has at least. `more` is a flag
/// that is allowed besides those of the layout.
pub(crate) fn layout_of(pixels: &volcv_pixels, more: u32) -> Result<(Layout, usize), CError> {
    let known = VOLCV_PIXELS_BOTTOM_UP | VOLCV_PIXELS_PREMULTIPLIED | VOLCV_PIXELS_OPAQUE | more;
    if pixels.flags & !known != 0 {
        let flags = format!("{:#x}", pixels.flags);
        return Err(CError::argument("volcv_pixels.flags", flags, &format!("a combination of the bits {known:#x}")));
    }
    if pixels.reserved != 0 {
        return Err(CError::argument("volcv_pixels.reserved", pixels.reserved, "0"));
    }
    let format = match pixels.format {
        VOLCV_PIXEL_RGBA8 => PixelFormat::Rgba8,
        VOLCV_PIXEL_BGRA8 => PixelFormat::Bgra8,
        VOLCV_PIXEL_RGB8 => PixelFormat::Rgb8,
        VOLCV_PIXEL_BGR8 => PixelFormat::Bgr8,
        VOLCV_PIXEL_GRAY8 => PixelFormat::Gray8,
        other => return Err(CError::argument("volcv_pixels.format", other, "a VOLCV_PIXEL_ number")),
    };
    let alpha = match pixels.flags & (VOLCV_PIXELS_PREMULTIPLIED | VOLCV_PIXELS_OPAQUE) {
        0 => Alpha::Straight,
        VOLCV_PIXELS_PREMULTIPLIED => Alpha::Premultiplied,
        VOLCV_PIXELS_OPAQUE => Alpha::Ignored,
        _ => {
            let both = "VOLCV_PIXELS_PREMULTIPLIED and VOLCV_PIXELS_OPAQUE";
            return Err(CError::argument("volcv_pixels.flags", both, "one of them"));
        }
    };
    let is_bottom_up = pixels.flags & VOLCV_PIXELS_BOTTOM_UP != 0;
    let rows = if is_bottom_up { RowOrder::BottomUp } else { RowOrder::TopDown };
    let layout = Layout::new(Size { width: pixels.width, height: pixels.height }, format).rows(rows).alpha(alpha);
    let layout = if pixels.stride == 0 { layout } else { layout.stride(pixels.stride) };
    let needed = layout.bytes().map_err(|error| {
        let field = if error.field() == "size" { "width, height" } else { error.field() };
        CError::argument(&format!("volcv_pixels.{field}"), error.value(), error.allowed())
    })?;
    if pixels.data.is_null() {
        return Err(CError::null("volcv_pixels.data"));
    }
    if pixels.size < needed || isize::try_from(pixels.size).is_err() {
        return Err(CError::argument(
            "volcv_pixels.size",
            pixels.size,
            &format!("at least {needed}, the bytes of all rows"),
        ));
    }
    Ok((layout, needed))
}

impl volcv_pixels {
    /// What VOLCV_PIXELS_INIT makes.
    pub(super) const fn empty() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            flags: 0,
            format: VOLCV_PIXEL_RGBA8,
            width: 0,
            height: 0,
            reserved: 0,
            stride: 0,
            data: std::ptr::null_mut(),
            size: 0,
            release: None,
            release_user: std::ptr::null_mut(),
        }
    }
}

/// Room of the host for finished pixels.
pub(super) struct Room {
    data: *mut c_void,
    size: usize,
    layout: Layout,
}

impl Room {
    /// What the host says of its room, checked.
    pub(super) fn new(pixels: &volcv_pixels) -> Result<Self, CError> {
        let (layout, size) = layout_of(pixels, 0)?;
        Ok(Self { data: pixels.data, size, layout })
    }

    /// Writes all pixels, or nothing.
    ///
    /// # Safety
    /// The room is there, and nobody else uses it.
    pub(super) unsafe fn fill(&self, image: &Image) -> Result<(), CError> {
        // SAFETY: what this function asks for; the bytes are only written.
        let room = unsafe { slice::from_raw_parts_mut(self.data.cast::<u8>(), self.size) };
        let refused = |error: ImageError| CError::new(VOLCV_E_INVALID_ARGUMENT, format!("volcv_pixels: {error}"));
        let mut room = PixelsMut::new(room, self.layout).map_err(|error| refused(error.into()))?;
        image.copy_into(&mut room).map_err(refused)
    }
}

/// The result of a whole operation.
pub(super) struct Finished {
    pub(super) info: volcv_pixels_info,
    /// `None` once they are in memory of the host.
    pub(super) image: Option<Arc<Image>>,
}

impl Finished {
    pub(super) fn bytes(&self) -> usize {
        self.image.as_ref().map_or(0, |image| image.data().len())
    }
}
