//! Rows of the caller's memory into rows of a codec.

use volcv_types::Size;

use super::alpha::{flatten, flatten_premultiplied, unpremultiply};
use super::{Channels, map};
use crate::pixels::{Alpha, PixelFormat, Pixels};

/// Reads rows as grey, RGB, or RGBA with straight alpha.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowReader {
    format: PixelFormat,
    alpha: Alpha,
    background: [u8; 3],
}

impl RowReader {
    /// For these pixels, whose alpha is looked at once. The background is for pixels that are not opaque and are read as
    /// RGB.
    pub(crate) fn new(pixels: &Pixels<'_>, background: [u8; 3]) -> Self {
        let layout = pixels.layout();
        let alpha = if is_opaque(pixels) { Alpha::Ignored } else { layout.alpha_meaning() };
        Self { format: layout.format(), alpha, background }
    }

    /// Whether every pixel is opaque.
    pub(crate) fn is_opaque(&self) -> bool {
        self.alpha == Alpha::Ignored
    }

    /// The channels of an image of these pixels.
    pub(crate) fn image_channels(&self) -> Channels {
        if self.is_opaque() { Channels::Rgb } else { Channels::Rgba }
    }

    /// The bytes of an image of these pixels.
    pub(crate) fn image_bytes(&self, size: Size) -> usize {
        size.width as usize * size.height as usize * self.image_channels().count()
    }

    /// Grey pixels can be read in every order, all others as RGB or RGBA.
    pub(crate) fn read(&self, source: &[u8], channels: Channels, target: &mut [u8]) {
        match (self.format.bytes(), channels) {
            (1, Channels::Gray) => target.copy_from_slice(source),
            (1, Channels::Rgb) => map(source, target, |[v]| [v, v, v]),
            (1, _) => map(source, target, |[v]| [v, v, v, 255]),
            (3, Channels::Rgb) => target.copy_from_slice(source),
            (3, _) => map(source, target, |[r, g, b]| [r, g, b, 255]),
            (_, Channels::Rgb) => self.flattened(source, target),
            _ => self.straight(source, target),
        }
        if matches!(self.format, PixelFormat::Bgr8 | PixelFormat::Bgra8) {
            for pixel in target.chunks_exact_mut(channels.count()) {
                pixel.swap(0, 2);
            }
        }
    }

    fn straight(&self, source: &[u8], target: &mut [u8]) {
        match self.alpha {
            Alpha::Straight => target.copy_from_slice(source),
            Alpha::Premultiplied => {
                map(source, target, |[r, g, b, a]| [unpremultiply(r, a), unpremultiply(g, a), unpremultiply(b, a), a])
            }
            Alpha::Ignored => map(source, target, |[r, g, b, _]: [u8; 4]| [r, g, b, 255]),
        }
    }

    fn flattened(&self, source: &[u8], target: &mut [u8]) {
        let [mut br, bg, mut bb] = self.background;
        if self.format == PixelFormat::Bgra8 {
            std::mem::swap(&mut br, &mut bb);
        }
        match self.alpha {
            Alpha::Straight => {
                map(source, target, |[r, g, b, a]| [flatten(r, a, br), flatten(g, a, bg), flatten(b, a, bb)]);
            }
            Alpha::Premultiplied => map(source, target, |[r, g, b, a]| {
                [flatten_premultiplied(r, a, br), flatten_premultiplied(g, a, bg), flatten_premultiplied(b, a, bb)]
            }),
            Alpha::Ignored => map(source, target, |[r, g, b, _]: [u8; 4]| [r, g, b]),
        }
    }
}

/// Whether every pixel is opaque: the format has no alpha, alpha means nothing, or it is 255 everywhere.
pub(crate) fn is_opaque(pixels: &Pixels<'_>) -> bool {
    pixels.layout().alpha_meaning() == Alpha::Ignored || (0..pixels.size().height).all(|y| row_is_opaque(pixels.row(y)))
}

/// Whether the fourth byte of every pixel is 255.
fn row_is_opaque(row: &[u8]) -> bool {
    // Blocks without a branch inside, which the compiler turns into vector code.
    row.chunks(1024).all(|block| block.chunks_exact(4).fold(255, |all, pixel| all & pixel[3]) == 255)
}

#[cfg(test)]
mod tests {
    use volcv_types::Size;

    use super::*;
    use crate::pixels::Layout;

    fn read(format: PixelFormat, alpha: Alpha, source: &[u8], channels: Channels) -> Vec<u8> {
        let pixels = source.len() / format.bytes();
        let layout = Layout::new(Size { width: pixels as u32, height: 1 }, format).alpha(alpha);
        let mut target = vec![0xaa; pixels * channels.count()];
        RowReader::new(&Pixels::new(source, layout).unwrap(), [255, 0, 100]).read(source, channels, &mut target);
        target
    }

    #[test]
    fn every_format_is_read_in_the_order_of_files() {
        use PixelFormat::{Bgr8, Bgra8, Gray8, Rgb8, Rgba8};
        for (format, pixel) in
            [(Rgb8, &[1, 2, 3][..]), (Bgr8, &[3, 2, 1]), (Rgba8, &[1, 2, 3, 255]), (Bgra8, &[3, 2, 1, 255])]
        {
            assert_eq!(read(format, Alpha::Straight, pixel, Channels::Rgb), [1, 2, 3]);
            assert_eq!(read(format, Alpha::Straight, pixel, Channels::Rgba), [1, 2, 3, 255]);
            assert_eq!(read(format, Alpha::Ignored, pixel, Channels::Rgba), [1, 2, 3, 255]);
        }
        assert_eq!(read(Gray8, Alpha::Straight, &[9], Channels::Gray), [9]);
        assert_eq!(read(Gray8, Alpha::Straight, &[9], Channels::Rgb), [9, 9, 9]);
    }

    #[test]
    fn alpha_is_straightened_flattened_or_not_looked_at() {
        use PixelFormat::{Bgra8, Rgba8};
        assert_eq!(read(Rgba8, Alpha::Premultiplied, &[40, 20, 10, 51], Channels::Rgba), [200, 100, 50, 51]);
        assert_eq!(read(Bgra8, Alpha::Straight, &[50, 100, 200, 51], Channels::Rgb), [244, 20, 90]);
        assert_eq!(read(Bgra8, Alpha::Premultiplied, &[10, 20, 40, 51], Channels::Rgb), [244, 20, 90]);
        assert_eq!(read(Bgra8, Alpha::Ignored, &[10, 20, 40, 51], Channels::Rgb), [40, 20, 10]);
    }

    #[test]
    fn one_transparent_pixel_anywhere_is_found() {
        let size = Size { width: 600, height: 2 };
        let layout = Layout::new(size, PixelFormat::Rgba8);
        let mut data = vec![255; 600 * 2 * 4];
        assert!(is_opaque(&Pixels::new(&data, layout).unwrap()));
        for pixel in [0, 599, 600, 1199] {
            data[pixel * 4 + 3] = 254;
            assert!(!is_opaque(&Pixels::new(&data, layout).unwrap()));
            assert!(is_opaque(&Pixels::new(&data, layout.alpha(Alpha::Ignored)).unwrap()));
            data[pixel * 4 + 3] = 255;
        }
    }
}
