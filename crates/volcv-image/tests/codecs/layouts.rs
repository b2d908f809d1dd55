//! Memory of the caller: every format, row order, gap and meaning of alpha.

use volcv_image::{
    Alpha, DecodeOptions, Encoding, Image, ImageError, Layout, PixelFormat, Pixels, PixelsMut, PngEffort, RowOrder,
};
use volcv_image::{EncodeOptions, decode, decode_into, encode};

use crate::make::{self, size};

const FORMATS: [PixelFormat; 5] =
    [PixelFormat::Rgba8, PixelFormat::Bgra8, PixelFormat::Rgb8, PixelFormat::Bgr8, PixelFormat::Gray8];
const GAP: u8 = 0x5a;

/// Every layout of 5 by 3 pixels in this format.
fn layouts(format: PixelFormat) -> Vec<Layout> {
    let tight = Layout::new(size(5, 3), format);
    let mut layouts = Vec::new();
    for gap in [0, 1, 7] {
        for rows in [RowOrder::TopDown, RowOrder::BottomUp] {
            for alpha in [Alpha::Straight, Alpha::Premultiplied, Alpha::Ignored] {
                layouts.push(tight.stride(5 * format.bytes() + gap).rows(rows).alpha(alpha));
            }
        }
    }
    layouts
}

/// Fills a target and checks that its gaps are as before.
fn filled(layout: Layout, fill: impl FnOnce(&mut PixelsMut<'_>)) -> Vec<u8> {
    let mut data = vec![GAP; layout.bytes().unwrap()];
    fill(&mut PixelsMut::new(&mut data, layout).unwrap());
    let row = 5 * layout.format().bytes();
    let stride = (data.len() - row) / 2;
    assert!(data.chunks(stride).flat_map(|chunk| &chunk[row.min(chunk.len())..]).all(|byte| *byte == GAP));
    data
}

#[test]
fn an_opaque_image_comes_back_from_every_colour_layout() {
    let rgb = make::rgb(size(5, 3));
    let image = Image::new(size(5, 3), false, rgb.clone()).unwrap();
    let file = make::encoded(&rgb, size(5, 3), PixelFormat::Rgb8, Encoding::Png(PngEffort::Fast));
    for layout in FORMATS.into_iter().filter(|format| *format != PixelFormat::Gray8).flat_map(layouts) {
        let data = filled(layout, |target| image.copy_into(target).unwrap());
        let pixels = Pixels::new(&data, layout).unwrap();
        assert_eq!(Image::from_pixels(&pixels), image, "{layout:?}");
        let from_file = filled(layout, |target| {
            decode_into(&file, target, &DecodeOptions::default()).unwrap();
        });
        assert_eq!(from_file, data, "{layout:?}");
        for encoding in [Encoding::Png(PngEffort::Fast), Encoding::Png(PngEffort::Small), Encoding::Bmp] {
            let encoded = encode(&pixels, &EncodeOptions::new(encoding)).unwrap();
            assert_eq!(decode(&encoded.bytes, &DecodeOptions::default()).unwrap().0, image, "{layout:?}, {encoding:?}");
        }
    }
}

#[test]
fn alpha_comes_back_from_every_layout_with_alpha() {
    let image = Image::new(size(5, 3), true, make::rgba(size(5, 3))).unwrap();
    for layout in [PixelFormat::Rgba8, PixelFormat::Bgra8].into_iter().flat_map(layouts) {
        if layout.alpha_meaning() == Alpha::Ignored {
            continue;
        }
        let data = filled(layout, |target| image.copy_into(target).unwrap());
        let pixels = Pixels::new(&data, layout).unwrap();
        for encoding in [Encoding::Png(PngEffort::Fast), Encoding::Bmp] {
            let encoded = encode(&pixels, &EncodeOptions::new(encoding)).unwrap();
            let back = decode(&encoded.bytes, &DecodeOptions::default()).unwrap().0;
            assert_eq!(back, Image::from_pixels(&pixels));
            if layout.alpha_meaning() == Alpha::Straight {
                assert_eq!(back, image, "{layout:?}");
            } else {
                let near =
                    |(a, b): (&[u8], &[u8])| (0..3).all(|c| a[c].abs_diff(b[c]) <= 128_u8.div_ceil(b[3].max(1)) + 1);
                let pairs = back.data().chunks_exact(4).zip(image.data().chunks_exact(4));
                assert!(pairs.filter(|(_, b)| b[3] > 0).all(near), "{layout:?}");
            }
        }
    }
}

#[test]
fn a_target_without_alpha_needs_a_background() {
    let file = make::encoded(&[200, 100, 50, 51], size(1, 1), PixelFormat::Rgba8, Encoding::Png(PngEffort::Fast));
    let layouts = [
        (Layout::new(size(1, 1), PixelFormat::Rgb8), &[244, 20, 90][..]),
        (Layout::new(size(1, 1), PixelFormat::Bgra8).alpha(Alpha::Ignored), &[90, 20, 244, 255]),
        (Layout::new(size(1, 1), PixelFormat::Gray8), &[95]),
    ];
    for (layout, expected) in layouts {
        let mut data = vec![GAP; layout.bytes().unwrap()];
        let mut target = PixelsMut::new(&mut data, layout).unwrap();
        let error = decode_into(&file, &mut target, &DecodeOptions::default()).unwrap_err();
        assert!(error.to_string().starts_with("target format is"), "{error}");
        let (image, _) = decode(&file, &DecodeOptions::default()).unwrap();
        assert!(matches!(image.copy_into(&mut target), Err(ImageError::Invalid(_))));
        assert!(data.iter().all(|byte| *byte == GAP), "nothing was written");
        let mut target = PixelsMut::new(&mut data, layout).unwrap();
        decode_into(&file, &mut target, &DecodeOptions::default().background([255, 0, 100])).unwrap();
        assert_eq!(data, expected);
        let flat = image.into_flattened([255, 0, 100]);
        assert_eq!((flat.has_alpha(), flat.data()), (false, &[244, 20, 90][..]));
    }
}

#[test]
fn a_target_of_another_size_is_an_error() {
    let file = make::encoded(&[1; 15], size(5, 3), PixelFormat::Gray8, Encoding::Bmp);
    let layout = Layout::new(size(3, 5), PixelFormat::Rgb8);
    let mut data = vec![0; 45];
    let error =
        decode_into(&file, &mut PixelsMut::new(&mut data, layout).unwrap(), &DecodeOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "target is 3x5, but must be 5x3, the size of the upright picture");
    let image = Image::new(size(5, 3), false, vec![0; 45]).unwrap();
    assert!(image.copy_into(&mut PixelsMut::new(&mut data, layout).unwrap()).is_err());
}

#[test]
fn ignored_alpha_is_not_looked_at() {
    let data = [1, 2, 3, 0, 4, 5, 6, 77];
    let layout = Layout::new(size(2, 1), PixelFormat::Bgra8).alpha(Alpha::Ignored);
    let image = Image::from_pixels(&Pixels::new(&data, layout).unwrap());
    assert_eq!((image.has_alpha(), image.data()), (false, &[3, 2, 1, 6, 5, 4][..]));
}
