//! Rows of a codec into rows of the caller's memory.

use super::alpha::{flatten, luma, premultiply};
use super::{Channels, map};
use crate::pixels::{Alpha, Layout, PixelFormat};

/// Writes rows in one format. The caller has checked that a source with alpha meets a target with alpha, or that a
/// background was given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowWriter {
    format: PixelFormat,
    alpha: Alpha,
    background: [u8; 3],
}

/// Pixels that are converted at once, in memory on the stack.
const BLOCK: usize = 256;

impl RowWriter {
    pub(crate) fn new(layout: &Layout, background: [u8; 3]) -> Self {
        Self { format: layout.format(), alpha: layout.alpha_meaning(), background }
    }

    /// Writes a row, or a part of one.
    pub(crate) fn write(&self, channels: Channels, source: &[u8], target: &mut [u8]) {
        match channels {
            Channels::Gray => self.gray(source, target),
            Channels::Rgb => self.rgb(source, target),
            Channels::Rgba => self.rgba(source, target),
            Channels::GrayAlpha => {
                // Rare, so it takes a step in between instead of loops of its own.
                let mut wide = [0; BLOCK * 4];
                let targets = target.chunks_mut(BLOCK * self.format.bytes());
                for (source, target) in source.chunks(BLOCK * 2).zip(targets) {
                    let wide = &mut wide[..source.len() * 2];
                    map(source, wide, |[v, a]: [u8; 2]| [v, v, v, a]);
                    self.rgba(wide, target);
                }
            }
        }
    }

    fn gray(&self, source: &[u8], target: &mut [u8]) {
        match self.format {
            PixelFormat::Gray8 => target.copy_from_slice(source),
            PixelFormat::Rgb8 | PixelFormat::Bgr8 => map(source, target, |[v]| [v, v, v]),
            PixelFormat::Rgba8 | PixelFormat::Bgra8 => map(source, target, |[v]| [v, v, v, 255]),
        }
    }

    fn rgb(&self, source: &[u8], target: &mut [u8]) {
        match self.format {
            PixelFormat::Gray8 => map(source, target, |[r, g, b]| [luma(r, g, b)]),
            PixelFormat::Rgb8 => target.copy_from_slice(source),
            PixelFormat::Bgr8 => map(source, target, |[r, g, b]| [b, g, r]),
            PixelFormat::Rgba8 => map(source, target, |[r, g, b]| [r, g, b, 255]),
            PixelFormat::Bgra8 => map(source, target, |[r, g, b]| [b, g, r, 255]),
        }
    }

    fn rgba(&self, source: &[u8], target: &mut [u8]) {
        match (self.alpha, self.format) {
            (Alpha::Straight, PixelFormat::Rgba8) => target.copy_from_slice(source),
            (Alpha::Straight, PixelFormat::Bgra8) => map(source, target, |[r, g, b, a]| [b, g, r, a]),
            (Alpha::Premultiplied, PixelFormat::Rgba8) => {
                map(source, target, |[r, g, b, a]| [premultiply(r, a), premultiply(g, a), premultiply(b, a), a]);
            }
            (Alpha::Premultiplied, PixelFormat::Bgra8) => {
                map(source, target, |[r, g, b, a]| [premultiply(b, a), premultiply(g, a), premultiply(r, a), a]);
            }
            _ => self.flattened(source, target),
        }
    }

    fn flattened(&self, source: &[u8], target: &mut [u8]) {
        let over = |[r, g, b, a]: [u8; 4]| {
            let [br, bg, bb] = self.background;
            [flatten(r, a, br), flatten(g, a, bg), flatten(b, a, bb)]
        };
        match self.format {
            PixelFormat::Gray8 => map(source, target, |pixel| {
                let [r, g, b] = over(pixel);
                [luma(r, g, b)]
            }),
            PixelFormat::Rgb8 => map(source, target, over),
            PixelFormat::Bgr8 => map(source, target, |pixel| {
                let [r, g, b] = over(pixel);
                [b, g, r]
            }),
            PixelFormat::Rgba8 => map(source, target, |pixel| {
                let [r, g, b] = over(pixel);
                [r, g, b, 255]
            }),
            PixelFormat::Bgra8 => map(source, target, |pixel| {
                let [r, g, b] = over(pixel);
                [b, g, r, 255]
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use volcv_types::Size;

    use super::*;

    fn written(channels: Channels, source: &[u8], format: PixelFormat, alpha: Alpha) -> Vec<u8> {
        let pixels = source.len() / channels.count();
        let layout = Layout::new(Size { width: pixels as u32, height: 1 }, format).alpha(alpha);
        let mut target = vec![0xaa; pixels * format.bytes()];
        RowWriter::new(&layout, [255, 0, 100]).write(channels, source, &mut target);
        target
    }

    #[test]
    fn every_order_of_channels_reaches_every_format() {
        use PixelFormat::{Bgr8, Bgra8, Gray8, Rgb8, Rgba8};
        let rgb = |format| written(Channels::Rgb, &[10, 20, 30], format, Alpha::Straight);
        assert_eq!(rgb(Rgba8), [10, 20, 30, 255]);
        assert_eq!(rgb(Bgra8), [30, 20, 10, 255]);
        assert_eq!(rgb(Rgb8), [10, 20, 30]);
        assert_eq!(rgb(Bgr8), [30, 20, 10]);
        assert_eq!(rgb(Gray8), [luma(10, 20, 30)]);
        let gray = |format| written(Channels::Gray, &[7, 9], format, Alpha::Straight);
        assert_eq!(gray(Rgba8), [7, 7, 7, 255, 9, 9, 9, 255]);
        assert_eq!(gray(Bgr8), [7, 7, 7, 9, 9, 9]);
        assert_eq!(gray(Gray8), [7, 9]);
        assert_eq!(written(Channels::GrayAlpha, &[7, 128], Bgra8, Alpha::Straight), [7, 7, 7, 128]);
    }

    #[test]
    fn alpha_is_kept_multiplied_in_or_laid_over_the_background() {
        use PixelFormat::{Bgra8, Gray8, Rgb8, Rgba8};
        let half = [200, 100, 50, 51];
        let rgba = |format, alpha| written(Channels::Rgba, &half, format, alpha);
        assert_eq!(rgba(Rgba8, Alpha::Straight), half);
        assert_eq!(rgba(Bgra8, Alpha::Straight), [50, 100, 200, 51]);
        assert_eq!(rgba(Rgba8, Alpha::Premultiplied), [40, 20, 10, 51]);
        assert_eq!(rgba(Bgra8, Alpha::Premultiplied), [10, 20, 40, 51]);
        // A fifth of the colour, four fifths of the background (255, 0, 100).
        assert_eq!(rgba(Rgb8, Alpha::Straight), [244, 20, 90]);
        assert_eq!(rgba(Bgra8, Alpha::Ignored), [90, 20, 244, 255]);
        assert_eq!(rgba(Gray8, Alpha::Straight), [luma(244, 20, 90)]);
    }
}
