//! What is written: formats, the choice of `Auto`, and errors.

use volcv_image::{
    Chroma, DecodeOptions, EncodeOptions, Encoded, Encoding, ImageError, Layout, PixelFormat, Pixels, PngEffort,
};
use volcv_image::{decode, encode, probe};
use volcv_types::{PictureFormat, Size};

use crate::make::{self, size};

fn noise(size: Size, channels: usize) -> Vec<u8> {
    let count = size.width * size.height * channels as u32;
    (0..count).map(|index| (index.wrapping_mul(2_654_435_761).rotate_left(7) >> 13) as u8).collect()
}

fn auto(data: &[u8], size: Size, format: PixelFormat, max_base64: usize) -> Encoded {
    let pixels = Pixels::new(data, Layout::new(size, format)).unwrap();
    let encoded = encode(&pixels, &EncodeOptions::new(Encoding::Auto { max_base64 })).unwrap();
    assert!(encoded.bytes.len().div_ceil(3) * 4 <= max_base64);
    let info = probe(&encoded.bytes).unwrap();
    assert_eq!((info.size, info.format), (encoded.size, encoded.format));
    encoded
}

#[test]
fn opaque_pixels_have_no_alpha_in_the_file() {
    let mut data = make::rgba(size(5, 3));
    data.chunks_exact_mut(4).for_each(|pixel| pixel[3] = 255);
    for encoding in [Encoding::Png(PngEffort::Fast), Encoding::Bmp] {
        let file = make::encoded(&data, size(5, 3), PixelFormat::Rgba8, encoding);
        assert!(!probe(&file).unwrap().has_alpha);
        assert_eq!(decode(&file, &DecodeOptions::default()).unwrap().0.data(), make::rgb(size(5, 3)));
    }
}

#[test]
fn a_jpeg_lies_over_the_background() {
    let clear = vec![0; 16 * 16 * 4];
    let pixels = Pixels::new(&clear, Layout::new(size(16, 16), PixelFormat::Bgra8)).unwrap();
    let options = EncodeOptions::new(Encoding::Jpeg { quality: 95, chroma: Chroma::Half });
    for (options, expected) in
        [(options.clone(), [255, 255, 255]), (options.background([200, 100, 50]), [200, 100, 50])]
    {
        let file = encode(&pixels, &options).unwrap().bytes;
        let image = decode(&file, &DecodeOptions::default()).unwrap().0;
        let near = |pixel: &[u8]| pixel.iter().zip(expected).all(|(a, b): (_, u8)| a.abs_diff(b) <= 2);
        assert!(image.data().chunks_exact(3).all(near));
    }
}

#[test]
fn quality_and_sides_are_checked() {
    let one = [0; 3];
    let pixels = Pixels::new(&one, Layout::new(size(1, 1), PixelFormat::Rgb8)).unwrap();
    for quality in [0, 101, 255] {
        let error = encode(&pixels, &EncodeOptions::new(Encoding::Jpeg { quality, chroma: Chroma::Full })).unwrap_err();
        assert_eq!(error.to_string(), format!("quality is {quality}, but must be between 1 and 100"));
    }
    let long = vec![0; 65_536];
    let pixels = Pixels::new(&long, Layout::new(size(65_536, 1), PixelFormat::Gray8)).unwrap();
    let error = encode(&pixels, &EncodeOptions::new(Encoding::Jpeg { quality: 90, chroma: Chroma::Full })).unwrap_err();
    assert!(matches!(error, ImageError::Invalid(_)), "{error}");
}

#[test]
fn auto_prefers_png_for_small_pictures_and_for_alpha() {
    let small = auto(&make::rgb(size(64, 64)), size(64, 64), PixelFormat::Rgb8, 100_000);
    assert_eq!(small.encoding, Encoding::Png(PngEffort::Fast));
    let large = size(1025, 1024);
    let gray = vec![7; 1025 * 1024];
    assert_eq!(auto(&gray, large, PixelFormat::Gray8, 4_700_000).format, PictureFormat::Jpeg);
    let clear = vec![100; 1025 * 1024 * 4];
    assert_eq!(auto(&clear, large, PixelFormat::Rgba8, 4_700_000).format, PictureFormat::Png);
}

#[test]
fn auto_lowers_the_quality_before_the_size() {
    let all = size(300, 200);
    let data = noise(all, 3);
    let length = |encoding| make::encoded(&data, all, PixelFormat::Rgb8, encoding).len().div_ceil(3) * 4;
    let steps = [
        Encoding::Png(PngEffort::Fast),
        Encoding::Jpeg { quality: 95, chroma: Chroma::Full },
        Encoding::Jpeg { quality: 92, chroma: Chroma::Half },
        Encoding::Jpeg { quality: 85, chroma: Chroma::Half },
    ];
    for encoding in steps {
        let encoded = auto(&data, all, PixelFormat::Rgb8, length(encoding));
        assert_eq!((encoded.encoding, encoded.size), (encoding, all));
    }
    let smaller = auto(&data, all, PixelFormat::Rgb8, length(steps[3]) - 1);
    assert_eq!(smaller.encoding, steps[3]);
    assert!(smaller.size.width < 300 && smaller.size.width > 200, "{:?}", smaller.size);
    let tiny = auto(&data, all, PixelFormat::Rgb8, 2_000);
    assert!(tiny.size.width < smaller.size.width, "{:?}", tiny.size);
}

#[test]
fn auto_flattens_what_does_not_fit_as_png_and_gives_up_only_at_one_pixel() {
    let all = size(100, 100);
    let data = noise(all, 4);
    assert_eq!(auto(&data, all, PixelFormat::Rgba8, 20_000).format, PictureFormat::Jpeg);
    let pixels = Pixels::new(&data, Layout::new(all, PixelFormat::Rgba8)).unwrap();
    let error = encode(&pixels, &EncodeOptions::new(Encoding::Auto { max_base64: 100 })).unwrap_err();
    assert!(error.to_string().starts_with("max_base64 is 100, but must be at least"), "{error}");
}

#[test]
fn auto_scales_what_is_too_long_for_jpeg() {
    let long = size(70_000, 20);
    let data = noise(long, 3);
    let pixels = Pixels::new(&data, Layout::new(long, PixelFormat::Rgb8)).unwrap();
    let encoded = encode(&pixels, &EncodeOptions::new(Encoding::UPLOAD)).unwrap();
    assert_eq!((encoded.format, encoded.size.width), (PictureFormat::Jpeg, 65_535));
}
