//! All eight orientations, against the table of the EXIF specification pixel by pixel.

use volcv_image::{
    Alpha, Chroma, DecodeOptions, Encoding, Layout, PixelFormat, PixelsMut, RowOrder, decode, decode_into, probe,
};
use volcv_types::Size;

use crate::make::{self, Header, exif, size};

/// Where the row 0 and the column 0 of the stored picture are on the upright one: the words of the EXIF specification.
fn upright(orientation: u8, x: u32, y: u32, stored: Size) -> (u32, u32) {
    let (w, h) = (stored.width, stored.height);
    match orientation {
        1 => (x, y),
        2 => (w - 1 - x, y),
        3 => (w - 1 - x, h - 1 - y),
        4 => (x, h - 1 - y),
        5 => (y, x),
        6 => (h - 1 - y, x),
        7 => (h - 1 - y, w - 1 - x),
        8 => (y, w - 1 - x),
        _ => unreachable!(),
    }
}

fn turned(orientation: u8, stored: Size, data: &[u8], channels: usize) -> Vec<u8> {
    let width = if orientation >= 5 { stored.height } else { stored.width };
    let mut result = vec![0; data.len()];
    for (pixel, index) in data.chunks_exact(channels).zip(0_u32..) {
        let (x, y) = upright(orientation, index % stored.width, index / stored.width, stored);
        let at = (y * width + x) as usize * channels;
        result[at..at + channels].copy_from_slice(pixel);
    }
    result
}

fn png_rows(data: &[u8], row_bytes: usize) -> Vec<u8> {
    data.chunks_exact(row_bytes).flat_map(|row| [&[0], row].concat()).collect()
}

#[test]
fn a_png_of_5_by_3_is_upright_in_all_orientations() {
    let stored = size(5, 3);
    for (colour, channels, data) in [(2, 3, make::rgb(stored)), (6, 4, make::rgba(stored))] {
        for orientation in 1..=8 {
            let block = exif(orientation);
            let file = make::png(Header(stored, 8, colour, 0), &[(b"eXIf", &block)], &png_rows(&data, 5 * channels));
            let info = probe(&file).unwrap();
            let expected = if orientation >= 5 { size(3, 5) } else { stored };
            assert_eq!((info.size, info.stored_size, info.orientation), (expected, stored, orientation));
            let (image, _) = decode(&file, &DecodeOptions::default()).unwrap();
            assert_eq!(image.data(), turned(orientation, stored, &data, channels), "orientation {orientation}");
        }
    }
}

#[test]
fn pictures_of_several_tiles_are_upright_in_every_layout() {
    let stored = size(71, 37);
    let data = make::rgba(stored);
    for orientation in 1..=8 {
        let block = exif(orientation);
        let file = make::png(Header(stored, 8, 6, 0), &[(b"eXIf", &block)], &png_rows(&data, 71 * 4));
        let mut expected = turned(orientation, stored, &data, 4);
        expected.chunks_exact_mut(4).for_each(|pixel| pixel.swap(0, 2));
        let upright = probe(&file).unwrap().size;
        let layout =
            Layout::new(upright, PixelFormat::Bgra8).stride(400).rows(RowOrder::BottomUp).alpha(Alpha::Straight);
        let mut target = vec![0x5a; layout.bytes().unwrap()];
        decode_into(&file, &mut PixelsMut::new(&mut target, layout).unwrap(), &DecodeOptions::default()).unwrap();
        let row_bytes = upright.width as usize * 4;
        for (row, expected) in target.chunks(400).rev().zip(expected.chunks_exact(row_bytes)) {
            assert_eq!(&row[..row_bytes], expected, "orientation {orientation}");
            assert!(row[row_bytes..].iter().all(|byte| *byte == 0x5a));
        }
    }
}

#[test]
fn a_jpeg_is_turned_as_a_png_is() {
    let stored = size(24, 16);
    let quality = Encoding::Jpeg { quality: 100, chroma: Chroma::Full };
    let file = make::encoded(&make::rgb(stored), stored, PixelFormat::Rgb8, quality);
    let (upright, _) = decode(&file, &DecodeOptions::default()).unwrap();
    for orientation in 1..=8 {
        let file = make::with_jpeg_segment(&file, 0xe1, &[b"Exif\0\0", &exif(orientation)[..]].concat());
        let (image, info) = decode(&file, &DecodeOptions::default()).unwrap();
        assert_eq!(info.orientation, orientation);
        assert_eq!(image.data(), turned(orientation, stored, upright.data(), 3), "orientation {orientation}");
    }
}

#[test]
fn an_orientation_that_exif_does_not_define_means_upright() {
    let stored = size(5, 3);
    for orientation in [0, 9, 255] {
        let block = exif(orientation);
        let file = make::png(Header(stored, 8, 2, 0), &[(b"eXIf", &block)], &png_rows(&make::rgb(stored), 15));
        let (image, info) = decode(&file, &DecodeOptions::default()).unwrap();
        assert_eq!((info.orientation, image.data()), (1, &make::rgb(stored)[..]));
    }
}
