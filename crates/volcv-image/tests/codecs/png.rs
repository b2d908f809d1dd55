//! Every kind of PNG pixel.

use volcv_image::{DecodeOptions, PixelFormat, decode, probe};

use crate::make::{self, Header, decoded, size};

fn rows(row_bytes: usize, data: &[u8]) -> Vec<u8> {
    data.chunks_exact(row_bytes).flat_map(|row| [&[0], row].concat()).collect()
}

#[test]
fn of_16_bits_the_upper_8_are_taken() {
    let file = make::png(Header(size(2, 1), 16, 2, 0), &[], &rows(12, &[1, 255, 2, 128, 3, 0, 250, 127, 0, 255, 9, 9]));
    assert_eq!(decoded(&file), [1, 2, 3, 255, 250, 0, 9, 255]);
    assert_eq!(probe(&file).unwrap().bits, 16);
    let gray = make::png(Header(size(1, 1), 16, 4, 0), &[], &rows(4, &[77, 200, 99, 200]));
    assert_eq!(decoded(&gray), [77, 77, 77, 99]);
}

#[test]
fn grey_of_few_bits_is_spread_over_the_whole_range() {
    let file = make::png(Header(size(4, 1), 2, 0, 0), &[], &rows(1, &[0b0001_1011]));
    assert_eq!(decoded(&file), [0, 0, 0, 255, 85, 85, 85, 255, 170, 170, 170, 255, 255, 255, 255, 255]);
}

#[test]
fn palettes_have_colours_and_transparency() {
    let palette = [10, 20, 30, 40, 50, 60];
    let plain = make::png(Header(size(3, 1), 1, 3, 0), &[(b"PLTE", &palette)], &rows(1, &[0b0100_0000]));
    assert_eq!(decoded(&plain), [10, 20, 30, 255, 40, 50, 60, 255, 10, 20, 30, 255]);
    assert!(!probe(&plain).unwrap().has_alpha);
    let chunks: [(&[u8; 4], &[u8]); 2] = [(b"PLTE", &palette), (b"tRNS", &[7])];
    let with_alpha = make::png(Header(size(3, 1), 1, 3, 0), &chunks, &rows(1, &[0b0100_0000]));
    assert_eq!(decoded(&with_alpha), [10, 20, 30, 7, 40, 50, 60, 255, 10, 20, 30, 7]);
    assert!(probe(&with_alpha).unwrap().has_alpha);
}

#[test]
fn one_colour_can_be_transparent() {
    let file = make::png(Header(size(2, 1), 8, 2, 0), &[(b"tRNS", &[0, 1, 0, 2, 0, 3])], &rows(6, &[1, 2, 3, 1, 2, 4]));
    assert_eq!(decoded(&file), [1, 2, 3, 0, 1, 2, 4, 255]);
    let gray = make::png(Header(size(2, 1), 8, 0, 0), &[(b"tRNS", &[0, 9])], &rows(2, &[9, 8]));
    assert_eq!(decoded(&gray), [9, 9, 9, 0, 8, 8, 8, 255]);
}

#[test]
fn an_interlaced_picture_is_the_same_as_a_plain_one() {
    let whole = size(9, 11);
    let data = make::rgb(whole);
    // Start and step of each pass: section 8.1 of the specification.
    let passes = [(0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2)];
    let mut stored = Vec::new();
    for (x0, dx, y0, dy) in passes {
        for y in (y0..11).step_by(dy) {
            let row: Vec<u8> = (x0..9).step_by(dx).flat_map(|x: u32| make::colour(x, y)).collect();
            if !row.is_empty() {
                stored.push(0);
                stored.extend(row);
            }
        }
    }
    for orientation in [1, 3, 6] {
        let block = make::exif(orientation);
        let plain = make::png(Header(whole, 8, 2, 0), &[(b"eXIf", &block)], &rows(27, &data));
        let interlaced = make::png(Header(whole, 8, 2, 1), &[(b"eXIf", &block)], &stored);
        assert_eq!(decoded(&interlaced), decoded(&plain), "orientation {orientation}");
        let (image, _) = decode(&interlaced, &DecodeOptions::default()).unwrap();
        assert_eq!(image, decode(&plain, &DecodeOptions::default()).unwrap().0);
    }
}

#[test]
fn an_image_has_alpha_only_if_a_pixel_is_not_opaque() {
    let opaque = make::png(Header(size(2, 1), 8, 6, 0), &[], &rows(8, &[1, 2, 3, 255, 4, 5, 6, 255]));
    let (image, info) = decode(&opaque, &DecodeOptions::default()).unwrap();
    assert!(info.has_alpha && !image.has_alpha());
    assert_eq!(image.data(), [1, 2, 3, 4, 5, 6]);
    let clear = make::png(Header(size(2, 1), 8, 6, 0), &[], &rows(8, &[1, 2, 3, 255, 4, 5, 6, 254]));
    assert!(decode(&clear, &DecodeOptions::default()).unwrap().0.has_alpha());
}

#[test]
fn grey_with_alpha_and_grey_alone_become_colours() {
    let file = make::png(Header(size(2, 1), 8, 4, 0), &[], &rows(4, &[10, 20, 30, 255]));
    let (image, _) = decode(&file, &DecodeOptions::default()).unwrap();
    assert_eq!(image.data(), [10, 10, 10, 20, 30, 30, 30, 255]);
    let gray = make::encoded(
        &[1, 2, 3],
        size(3, 1),
        PixelFormat::Gray8,
        volcv_image::Encoding::Png(volcv_image::PngEffort::Small),
    );
    assert_eq!(gray[25], 0, "the colour type is grey");
    assert_eq!(decoded(&gray), [1, 1, 1, 255, 2, 2, 2, 255, 3, 3, 3, 255]);
}

#[test]
fn an_animation_shows_its_default_picture() {
    let control = [0, 0, 0, 2, 0, 0, 0, 0];
    let file = make::png(Header(size(2, 1), 8, 0, 0), &[(b"acTL", &control)], &rows(2, &[5, 6]));
    assert_eq!(decoded(&file), [5, 5, 5, 255, 6, 6, 6, 255]);
}
