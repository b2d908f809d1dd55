//! Which files go on to their end: cuts are seen, and nothing is refused that decoders take.

use crate::build::*;
use crate::{assert_ends_at, facts, is_whole};

const VALLEY: &[u8] = include_bytes!("../../../../examples/assets/valley.jpg");

#[test]
fn a_cut_photo_is_not_whole() {
    assert!(is_whole(VALLEY));
    for end in [700, 5000, VALLEY.len() / 2, VALLEY.len() - 2] {
        assert!(!is_whole(&VALLEY[..end]), "{end}");
    }
}

#[test]
fn a_jpeg_ends_with_its_end_marker_and_not_with_that_of_a_thumbnail() {
    let thumbnail = jpeg(&[(0xc0, &frame(8, 3, 2, 3))]);
    let bytes = jpeg(&[(0xe1, &[b"Exif\0\0", &thumbnail[..]].concat()), (0xc0, &frame(8, 30, 20, 3))]);
    assert_ends_at(&bytes, bytes.len());
    assert!(!is_whole(b"\xff\xd8\xff\xd9"));
}

#[test]
fn a_png_ends_with_its_last_chunk() {
    let bytes = png(1280, 720, 8, 2, &[(b"IDAT", b"IEND")]);
    assert_ends_at(&bytes, bytes.len());
    assert!(!is_whole(&png(0, 720, 8, 2, &[])));
}

#[test]
fn a_gif_ends_with_its_trailer_and_may_have_other_bytes() {
    let gif = |stray: &[u8]| {
        [b"GIF89a\x01\0\x01\0\0\0\0\x21\xfe\x02;;\0", stray, b",\0\0\0\0\x01\0\x01\0\0\x02\x02;\x01\0;"].concat()
    };
    for stray in [b"".as_slice(), b"\0\0", b"stray"] {
        let bytes = gif(stray);
        assert_ends_at(&bytes, bytes.len());
    }
    assert_ends_at(b"GIF89a\x01\0\x01\0\0\0\0;", 14);
}

#[test]
fn a_webp_ends_at_its_announced_length() {
    let bytes = webp(&[(b"VP8 ", b"\x30\x01\0\x9d\x01\x2a\x40\x01\xf0\x00.")]);
    assert_ends_at(&bytes, bytes.len());
    assert!(!is_whole(b"RIFF\xff\0\0\0WEBPVP8 "));
}

#[test]
fn the_rows_of_a_bitmap_lie_inside_the_file_for_every_header() {
    let core = [&12_u32.to_le_bytes()[..], &[5, 0, 3, 0, 1, 0, 24, 0]].concat();
    // 15 bytes a row, and one of padding that the last row can do without.
    assert_ends_at(&bmp(&core, 48), 14 + 12 + 47);
    for length in [16, 40, 52, 56, 64, 108, 124] {
        for height in [3, -3] {
            let bytes = bmp(&bmp_header(length, 5, height, 24, 0), 48);
            assert_ends_at(&bytes, bytes.len() - 1);
        }
    }
    for (bits, pixels, padding) in [(1, 12, 3), (4, 12, 1), (8, 24, 3), (16, 36, 2), (32, 60, 0)] {
        let bytes = bmp(&bmp_header(40, 5, 3, bits, 0), pixels);
        assert_ends_at(&bytes, bytes.len() - padding);
    }
}

#[test]
fn a_bitmap_that_decoders_take_is_whole() {
    // Without the offset of the pixels they follow the header.
    let mut bytes = bmp(&bmp_header(40, 5, 3, 24, 0), 48);
    bytes[10..14].fill(0);
    assert_ends_at(&bytes, bytes.len() - 1);
    // Nothing is known of the rows: a foreign header, other compressions, such as a PNG within.
    let mut foreign = bmp(&bmp_header(40, 5, 3, 24, 0), 0);
    foreign[14] = 99;
    assert!(is_whole(&foreign));
    assert!(is_whole(&bmp(&bmp_header(40, 5, 3, 0, 5), 0)));
    assert!(is_whole(&bmp(&bmp_header(64, 5, 3, 1, 3), 0)));
    // Rows that no file can hold.
    assert!(!is_whole(&bmp(&bmp_header(40, i32::MAX, i32::MIN, 32, 0), 100)));
}

#[test]
fn a_run_length_encoded_bitmap_ends_with_its_mark_or_its_last_pixel() {
    let rle = |bits, compression, runs: &[u8]| bmp_with(&bmp_header(40, 5, 2, bits, compression), runs);
    // A run, three pixels as they are with a byte of padding, the end of the row; then the mark.
    let marked = rle(8, 1, b"\x02a\0\x03xyz\0\0\0\x02b\0\x01");
    assert_ends_at(&marked, marked.len());
    let unmarked = rle(8, 1, b"\x05a\0\0\x05b\0\0\0\x01");
    assert_ends_at(&unmarked, unmarked.len() - 4);
    let nibbles = rle(4, 2, b"\x05a\0\0\0\x03xy\x02z");
    assert_ends_at(&nibbles, nibbles.len());
    let moved = rle(8, 1, b"\0\x02\x03\x01\x02b");
    assert_ends_at(&moved, moved.len());
}

#[test]
fn strips_and_tiles_of_a_tiff_lie_inside_the_file() {
    for tiff in Tiff::ALL {
        let size = [(256, SHORT, [4].as_slice()), (257, SHORT, [2].as_slice())];
        for (offsets, counts) in [(273, 279), (324, 325)] {
            let layouts: [&[(u16, u16, &[u64])]; 3] = [
                &[(offsets, LONG, &[DATA]), (counts, SHORT, &[8])],
                &[(offsets, LONG, &[8, DATA, 8]), (counts, LONG, &[1, 8, 2])],
                // Lengths before offsets, and a field of an unknown type.
                &[(counts, LONG, &[8, 1, 1]), (offsets, LONG, &[DATA, 8, 8]), (65_000, 99, &[9_999_999])],
            ];
            for fields in layouts {
                let bytes = tiff.file(&[&size, fields].concat(), b"8 pixels");
                assert_eq!(facts(&bytes), "tiff 4x2 1 bits", "{tiff:?}");
                assert_ends_at(&bytes, bytes.len());
            }
        }
        // Nothing is known of the lengths.
        assert!(is_whole(&tiff.file(&[&size[..], &[(273, LONG, &[DATA])]].concat(), b"8 pixels")));
    }
    assert!(!is_whole(b"II\x2a\0"));
}

#[test]
fn boxes_and_items_of_a_heif_lie_inside_the_file() {
    // The location of item 1 is 6 bytes long, at `offset`.
    let location = |version: u8, offset: u32| {
        let id = if version < 2 { vec![0, 1] } else { vec![0, 0, 0, 1] };
        let method = if version == 0 { vec![] } else { vec![0, 0] };
        let head = [&[version, 0, 0, 0, 0x44, 0x40][..], &id].concat();
        let place = [&id[..], &method, &[0, 0], &offset.to_be_bytes(), &[0, 1, 0, 0, 0, 0, 0, 0, 0, 6]].concat();
        boxed(b"iloc", &[head, place].concat())
    };
    let kind = boxed(b"ftyp", b"avif\0\0\0\0");
    for version in 0..=2 {
        let meta = |offset| boxed(b"meta", &[&[0; 4], &location(version, offset)[..]].concat());
        let offset = (kind.len() + meta(0).len() + 8) as u32;
        let bytes = [kind.clone(), meta(offset), boxed(b"mdat", b"pixels")].concat();
        assert_ends_at(&bytes, bytes.len());
        // The pixels can come first, and their box can be open at its end.
        let first = [kind.clone(), boxed(b"mdat", b"pixels"), meta(kind.len() as u32 + 8)].concat();
        assert_ends_at(&first, first.len());
        let mut open = bytes.clone();
        let length = open.len() - 14;
        open[length..length + 4].fill(0);
        assert_ends_at(&open, open.len());
    }
}
