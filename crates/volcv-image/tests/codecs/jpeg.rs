//! Kinds of JPEG: colours, what is refused by name, and the number of scans.

use volcv_image::{Chroma, DecodeOptions, Encoding, ImageError, PixelFormat, decode, probe};

use crate::make::{self, size};

fn mean_difference(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.len() as f64
}

/// Smooth colours, which JPEG keeps well.
fn smooth() -> Vec<u8> {
    (0..32_u32)
        .flat_map(|y| (0..40_u32).flat_map(move |x| [(x * 6) as u8, (y * 7) as u8, ((x + y) * 3) as u8]))
        .collect()
}

fn jpeg(
    data: &[u8],
    colours: jpeg_encoder::ColorType,
    set: impl FnOnce(&mut jpeg_encoder::Encoder<&mut Vec<u8>>),
) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 98);
    set(&mut encoder);
    encoder.encode(data, 40, 32, colours).unwrap();
    file
}

fn image(file: &[u8]) -> Vec<u8> {
    decode(file, &DecodeOptions::default()).unwrap().0.into_data()
}

#[test]
fn baseline_progressive_and_subsampled_files_show_the_picture() {
    use jpeg_encoder::SamplingFactor::{R_4_2_0, R_4_2_2, R_4_4_0, R_4_4_4};
    for sampling in [R_4_4_4, R_4_2_2, R_4_4_0, R_4_2_0] {
        for progressive in [false, true] {
            for restart in [0, 3] {
                let file = jpeg(&smooth(), jpeg_encoder::ColorType::Rgb, |encoder| {
                    encoder.set_sampling_factor(sampling);
                    encoder.set_progressive(progressive);
                    encoder.set_restart_interval(restart);
                });
                let difference = mean_difference(&image(&file), &smooth());
                assert!(difference < 2.5, "{sampling:?}, {progressive}, {restart}: {difference}");
            }
        }
    }
}

#[test]
fn grey_files_are_grey() {
    let gray: Vec<u8> = (0..40 * 32).map(|index| (index / 6) as u8).collect();
    let file =
        make::encoded(&gray, size(40, 32), PixelFormat::Gray8, Encoding::Jpeg { quality: 98, chroma: Chroma::Half });
    let pixels = image(&file);
    assert!(pixels.chunks_exact(3).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]));
    assert!(mean_difference(&pixels.iter().step_by(3).copied().collect::<Vec<_>>(), &gray) < 1.0);
}

#[test]
fn an_adobe_segment_can_say_that_the_values_are_rgb() {
    let file = jpeg(&smooth(), jpeg_encoder::ColorType::Ycbcr, |_| {});
    let adobe = make::with_jpeg_segment(&file, 0xee, b"Adobe\0\x64\0\0\0\0\0");
    assert!(mean_difference(&image(&adobe), &smooth()) < 1.0);
    assert!(mean_difference(&image(&file), &smooth()) > 20.0, "without it, they are YCbCr");
}

#[test]
fn inverted_cmyk_becomes_rgb() {
    // The encoder inverts what it is given, as Adobe does: 255 means full ink.
    let ink: Vec<u8> =
        smooth().chunks_exact(3).flat_map(|rgb| [255 - rgb[0], 255 - rgb[1], 255 - rgb[2], 51]).collect();
    let file = jpeg(&ink, jpeg_encoder::ColorType::Cmyk, |_| {});
    let expected: Vec<u8> = smooth().iter().map(|value| (u32::from(*value) * 204 / 255) as u8).collect();
    let difference = mean_difference(&image(&file), &expected);
    assert!(difference < 1.5, "{difference}");
}

#[test]
fn ycck_and_subsampled_cmyk_are_refused_by_name() {
    let ycck = jpeg(&make::rgba(size(40, 32)), jpeg_encoder::ColorType::CmykAsYcck, |_| {});
    assert_eq!(probe(&ycck).unwrap_err().to_string(), "jpeg with YCCK colours is not supported");
    let cmyk = jpeg(&make::rgba(size(40, 32)), jpeg_encoder::ColorType::Cmyk, |encoder| {
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_2_0);
    });
    assert_eq!(probe(&cmyk).unwrap_err().to_string(), "jpeg with subsampled CMYK colours is not supported");
}

#[test]
fn kinds_of_compression_that_no_codec_reads_are_refused_by_name() {
    let file = jpeg(&smooth(), jpeg_encoder::ColorType::Rgb, |_| {});
    let frame = file.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    let changed = |at: usize, value: u8| {
        let mut file = file.clone();
        file[frame + at] = value;
        probe(&file).unwrap_err()
    };
    let name = |text: &str| ImageError::Unsupported(text.to_owned());
    assert_eq!(changed(1, 0xc3), name("lossless jpeg"));
    assert_eq!(changed(1, 0xc5), name("hierarchical jpeg"));
    assert_eq!(changed(1, 0xc9), name("jpeg with arithmetic coding"));
    assert_eq!(changed(4, 12), name("jpeg with 12 bits per channel"));
    assert_eq!(changed(9, 2), name("jpeg with 2 components"));
}

#[test]
fn more_than_100_scans_are_refused() {
    let file = jpeg(&smooth(), jpeg_encoder::ColorType::Rgb, |encoder| encoder.set_progressive(true));
    let scan = b"\xff\xda\0\x08\x01\x01\0\x01\x3f\x10\0";
    let many = [&file[..file.len() - 2], &scan.repeat(101), &[0xff, 0xd9]].concat();
    let error = decode(&many, &DecodeOptions::default()).unwrap_err();
    assert!(error.to_string().contains("at most 100"), "{error}");
}
