//! Every kind of BMP that is read, written by hand from the structures of Windows.

use volcv_image::{ColorProfile, ImageError, probe};

use crate::make::{decoded, size};

/// File header, a header of `length` bytes with these fields, then `rest` (masks, palette), then the rows.
fn bmp(length: u32, (width, height): (i32, i32), bits: u16, compression: u32, rest: &[u8], rows: &[u8]) -> Vec<u8> {
    let mut header = length.to_le_bytes().to_vec();
    if length == 12 {
        header.extend((width as u16).to_le_bytes());
        header.extend((height as u16).to_le_bytes());
        header.extend([1, 0]);
        header.extend(bits.to_le_bytes());
    } else {
        header.extend(width.to_le_bytes());
        header.extend(height.to_le_bytes());
        header.extend([1, 0]);
        header.extend(bits.to_le_bytes());
        header.extend(compression.to_le_bytes());
        header.resize(40.min(length as usize), 0);
    }
    header.extend(rest);
    let start = 14 + header.len() as u32;
    let mut file = b"BM\0\0\0\0\0\0\0\0".to_vec();
    file.extend(start.to_le_bytes());
    file.extend(header);
    file.extend(rows);
    file
}

fn masks(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|mask| mask.to_le_bytes()).collect()
}

const PALETTE: [u8; 16] = [0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0];
const BLACK: [u8; 4] = [0, 0, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];
const GREEN: [u8; 4] = [0, 255, 0, 255];
const RED: [u8; 4] = [255, 0, 0, 255];

#[test]
fn palettes_of_1_4_and_8_bits() {
    let file = bmp(40, (3, 2), 1, 0, &PALETTE[..8], &[0b0100_0000, 0, 0, 0, 0b1010_0000, 0, 0, 0]);
    assert_eq!(decoded(&file), [BLUE, BLACK, BLUE, BLACK, BLUE, BLACK].concat());
    let file = bmp(40, (3, 1), 4, 0, &[&PALETTE[..], &[0; 48]].concat(), &[0x12, 0x30, 0, 0]);
    assert_eq!(decoded(&file), [BLUE, GREEN, RED].concat());
    let file = bmp(40, (3, 1), 8, 0, &[&PALETTE[..], &[0; 1008]].concat(), &[3, 0, 1, 0]);
    assert_eq!(decoded(&file), [RED, BLACK, BLUE].concat());
    let file = bmp(40, (5, 1), 2, 0, &PALETTE, &[0b0001_1011, 0b0100_0000, 0, 0]);
    assert_eq!(decoded(&file), [BLACK, BLUE, GREEN, RED, BLUE].concat());
}

#[test]
fn a_core_header_has_palette_entries_of_3_bytes() {
    let palette = [0, 0, 0, 0, 0, 255];
    let file = bmp(12, (2, 1), 1, 0, &palette, &[0b0100_0000, 0, 0, 0]);
    assert_eq!(decoded(&file), [BLACK, RED].concat());
    let file = bmp(12, (1, 2), 24, 0, &[], &[0, 255, 0, 0, 255, 0, 0, 0]);
    assert_eq!(decoded(&file), [BLUE, GREEN].concat());
}

#[test]
fn an_index_outside_of_the_palette_is_damage() {
    let mut file = bmp(40, (1, 1), 8, 0, &PALETTE, &[4, 0, 0, 0]);
    file[46] = 4;
    let layout = volcv_image::Layout::new(size(1, 1), volcv_image::PixelFormat::Rgb8);
    let mut data = [0; 3];
    let mut target = volcv_image::PixelsMut::new(&mut data, layout).unwrap();
    let error = volcv_image::decode_into(&file, &mut target, &Default::default()).unwrap_err();
    assert_eq!(error.to_string(), "the bmp is damaged: colour 4 is not in its palette");
}

#[test]
fn rows_go_up_or_down() {
    let rows = [1, 2, 3, 0, 4, 5, 6, 0];
    assert_eq!(decoded(&bmp(40, (1, 2), 24, 0, &[], &rows)), [6, 5, 4, 255, 3, 2, 1, 255]);
    assert_eq!(decoded(&bmp(40, (1, -2), 24, 0, &[], &rows)), [3, 2, 1, 255, 6, 5, 4, 255]);
}

#[test]
fn colours_of_16_bits() {
    let file = bmp(40, (2, 1), 16, 0, &[], &[0x1f, 0x7c, 0xe0, 0x03]);
    assert_eq!(decoded(&file), [255, 0, 255, 255, 0, 255, 0, 255]);
    let file = bmp(40, (2, 1), 16, 3, &masks(&[0xf800, 0x07e0, 0x001f]), &[0x1f, 0xf8, 0x20, 0x04]);
    assert_eq!(decoded(&file), [255, 0, 255, 255, 0, 134, 0, 255]);
    let file = bmp(56, (1, 1), 16, 3, &masks(&[0x0f00, 0x00f0, 0x000f, 0xf000]), &[0x8f, 0x30, 0, 0]);
    assert_eq!(decoded(&file), [0, 136, 255, 51]);
}

#[test]
fn colours_of_32_bits_have_alpha_only_with_a_mask_for_it() {
    let rows = [1, 2, 3, 4];
    assert_eq!(decoded(&bmp(40, (1, 1), 32, 0, &[], &rows)), [3, 2, 1, 255]);
    assert_eq!(decoded(&bmp(40, (1, 1), 32, 3, &masks(&[0xff, 0xff00, 0xff_0000]), &rows)), [1, 2, 3, 255]);
    let with_alpha = masks(&[0xff, 0xff00, 0xff_0000, 0xff00_0000]);
    assert_eq!(decoded(&bmp(40, (1, 1), 32, 6, &with_alpha, &rows)), [1, 2, 3, 4]);
    for length in [56, 108, 124] {
        let mut header = with_alpha.clone();
        header.extend(b"BGRs");
        header.resize(length as usize - 40, 0);
        let file = bmp(length, (1, 1), 32, 3, &header, &rows);
        assert_eq!(decoded(&file), [1, 2, 3, 4], "a header of {length} bytes");
        assert_eq!((probe(&file).unwrap().has_alpha, probe(&file).unwrap().profile), (true, ColorProfile::Srgb));
    }
}

#[test]
fn a_calibrated_colour_space_is_unknown() {
    let mut header = masks(&[0xff, 0xff00, 0xff_0000, 0]);
    header.resize(68, 0);
    assert_eq!(probe(&bmp(108, (1, 1), 32, 3, &header, &[1, 2, 3, 4])).unwrap().profile, ColorProfile::Unknown);
}

#[test]
fn other_compression_is_refused_by_name() {
    for (bits, compression, name) in [
        (8, 1, "bmp with run-length encoding"),
        (4, 2, "bmp with run-length encoding"),
        (24, 4, "bmp with a jpeg or png inside"),
    ] {
        let error = probe(&bmp(40, (1, 1), bits, compression, &[0; 1024], &[0, 1, 0, 0])).unwrap_err();
        assert_eq!(error, ImageError::Unsupported(name.to_owned()));
    }
}
