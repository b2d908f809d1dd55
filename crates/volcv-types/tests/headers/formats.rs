//! Each layout of each format, by headers made by hand from the specifications.

use volcv_types::{Outpaint, Picture};

use crate::build::*;
use crate::facts;

const VALLEY: &[u8] = include_bytes!("../../../../examples/assets/valley.jpg");

#[test]
fn bytes_of_no_picture_have_no_format() {
    for bytes in [b"".as_slice(), b"BM", b"<html>", b"{}", b"GIF88a", b"RIFF....WAVE", b"\0\0\0\x1cftypmp42"] {
        assert_eq!(facts(bytes), "no picture");
    }
}

#[test]
fn a_cut_header_keeps_the_format_and_loses_the_size() {
    assert_eq!(facts(&png(1280, 720, 8, 2, &[])[..20]), "png unknown size");
    assert_eq!(facts(b"II\x2a\0"), "tiff unknown size");
    assert_eq!(facts(b"\0\0\0\x1cftypavif"), "heif unknown size");
    assert_eq!(facts(&VALLEY[..20]), "jpeg unknown size");
}

/// The bitmap of OS/2 and of the first Windows, with the exact bytes of a report.
#[test]
fn a_bitmap_with_a_header_of_12_bytes_grows_to_the_right_aspect() {
    let mut bytes = b"BM".to_vec();
    bytes.extend([69_146_u32.to_le_bytes(), [0; 4], 26_u32.to_le_bytes(), 12_u32.to_le_bytes()].concat());
    bytes.extend([192_u16, 120, 1, 24].map(u16::to_le_bytes).concat());
    bytes.resize(26 + 192 * 3 * 120, 0);
    assert_eq!(facts(&bytes), "bmp 192x120 8 bits");
    let request = Outpaint::aspect(Picture::from(bytes), 16.0, 9.0).request().unwrap();
    let body = request.body(volcv_types::AccessKind::Gateway);
    let side = |name: &str| body[name].as_f64().unwrap();
    let expected = (192.0 * 120.0 / 108.0 - 192.0) / 192.0 / 2.0;
    assert!((expected - 0.05556_f64).abs() < 1e-5);
    assert!((side("left") - expected).abs() < 1e-9 && (side("right") - expected).abs() < 1e-9);
    assert_eq!((side("top"), side("bottom")), (0.0, 0.0));
}

#[test]
fn every_header_of_a_bitmap_gives_its_size() {
    // Windows 3 and later, Adobe's 52 and 56, OS/2 2.x cut behind a field, whole, and behind another one.
    for length in [40, 52, 56, 108, 124, 16, 64, 42] {
        assert_eq!(facts(&bmp(&bmp_header(length, 64, 16, 24, 0), 64 * 16 * 3)), "bmp 64x16 8 bits", "{length}");
    }
    assert_eq!(facts(&bmp(&bmp_header(40, 64, -16, 24, 0), 64 * 16 * 3)), "bmp 64x16 8 bits");
    for length in [0, 13, 65, 100, 128, u32::MAX] {
        let mut header = bmp_header(40, 64, 16, 24, 0);
        header[..4].copy_from_slice(&length.to_le_bytes());
        assert!(facts(&bmp(&header, 64 * 16 * 3)).starts_with("bmp unknown size"), "{length}");
    }
    assert!(facts(&bmp(&bmp_header(40, -64, 16, 24, 0), 64 * 16 * 3)).starts_with("bmp unknown size"));
    assert!(facts(&bmp(&bmp_header(40, 64, i32::MIN, 24, 0), 0)).starts_with("bmp 64x2147483648"));
}

#[test]
fn masks_of_a_bitmap_give_bits_and_alpha() {
    let with_masks = |length: u32, compression: u32, bits: u16, masks: [u32; 4]| {
        let mut header = bmp_header(length, 4, 4, bits, compression);
        header.resize(header.len().max(56), 0);
        header[40..56].copy_from_slice(&masks.map(u32::to_le_bytes).concat());
        facts(&bmp(&header, 64))
    };
    let eight = [0xff_0000, 0xff00, 0xff, 0xff00_0000];
    assert_eq!(with_masks(56, 3, 32, eight), "bmp 4x4 8 bits alpha");
    assert_eq!(with_masks(124, 3, 32, eight), "bmp 4x4 8 bits alpha");
    // No mask for alpha in 52 bytes, and none behind 40 but with BI_ALPHABITFIELDS; without bit fields there are no
    // masks.
    assert_eq!(with_masks(52, 3, 32, eight), "bmp 4x4 8 bits");
    assert_eq!(with_masks(40, 3, 32, eight), "bmp 4x4 8 bits");
    assert_eq!(with_masks(40, 6, 32, eight), "bmp 4x4 8 bits alpha");
    assert_eq!(with_masks(124, 0, 32, eight), "bmp 4x4 8 bits");
    assert_eq!(with_masks(56, 3, 32, [0x3ff0_0000, 0xf_fc00, 0x3ff, 0]), "bmp 4x4 10 bits");
    assert_eq!(with_masks(40, 3, 16, [0xf800, 0x7e0, 0x1f, 0]), "bmp 4x4 6 bits");
    assert_eq!(facts(&bmp(&bmp_header(40, 4, 4, 16, 0), 32)), "bmp 4x4 5 bits");
}

#[test]
fn colour_types_of_a_png_give_bits_and_alpha() {
    for (depth, colour, expected) in
        [(1, 0, "1 bits"), (16, 2, "16 bits"), (4, 3, "8 bits"), (8, 4, "8 bits alpha"), (16, 6, "16 bits alpha")]
    {
        assert_eq!(facts(&png(7, 5, depth, colour, &[])), format!("png 7x5 {expected}"));
    }
    let pixels = (b"IDAT", b"...".as_slice());
    assert_eq!(facts(&png(7, 5, 8, 3, &[(b"tRNS", b"\0"), pixels])), "png 7x5 8 bits alpha");
    assert_eq!(facts(&png(7, 5, 8, 2, &[(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]), pixels])), "png 7x5 8 bits animated");
    assert_eq!(facts(&png(7, 5, 8, 2, &[(b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]), pixels])), "png 7x5 8 bits");
    // The block may also come behind the pixels.
    for chunks in [[(b"eXIf", exif(true, 6)), (b"IDAT", vec![0])], [(b"IDAT", vec![0]), (b"eXIf", exif(true, 6))]] {
        let chunks: Vec<(&[u8; 4], &[u8])> = chunks.iter().map(|(kind, data)| (*kind, &data[..])).collect();
        assert_eq!(facts(&png(7, 5, 8, 2, &chunks)), "png 7x5 turned 6, upright 5x7 8 bits");
    }
}

#[test]
fn every_frame_header_of_a_jpeg_gives_its_size() {
    assert_eq!(facts(VALLEY), "jpeg 960x640 8 bits");
    for marker in 0xc0..=0xcf {
        let found = facts(&jpeg(&[(0xe0, b"JFIF\0"), (marker, &frame(8, 320, 240, 3))]));
        // DHT, JPG and DAC are no frame headers.
        let expected = if matches!(marker, 0xc4 | 0xc8 | 0xcc) { "jpeg unknown size" } else { "jpeg 320x240 8 bits" };
        assert_eq!(found, expected, "{marker:x}");
    }
    assert_eq!(facts(&jpeg(&[(0xc1, &frame(12, 320, 240, 1))])), "jpeg 320x240 12 bits");
    assert_eq!(facts(&jpeg(&[(0xc2, &frame(8, 320, 240, 4))])), "jpeg 320x240 8 bits cmyk");
    assert_eq!(facts(&jpeg(&[(0xc0, &frame(8, 320, 0, 3))])), "jpeg unknown size 8 bits");
}

#[test]
fn stray_bytes_between_the_segments_of_a_jpeg_are_skipped() {
    let segments = jpeg(&[(0xe0, b"JFIF\0"), (0xc0, &frame(8, 320, 240, 3))]);
    for stray in [b"\0\0\0".as_slice(), b"\xff\xff", b"stray", b"\xff\0", b"\xff\x01\xff\xd0"] {
        let bytes = [&segments[..11], stray, &segments[11..]].concat();
        assert_eq!(facts(&bytes), "jpeg 320x240 8 bits", "{stray:x?}");
        assert!(crate::is_whole(&bytes), "{stray:x?}");
    }
}

#[test]
fn exif_orientations_are_read_in_both_byte_orders_and_everything_else_counts_as_1() {
    let picture = |block: &[u8]| facts(&jpeg(&[(0xe1, block), (0xc0, &frame(8, 30, 20, 3))]));
    let with = |block: &[u8]| picture(&[b"Exif\0\0", block].concat());
    let upright = "jpeg 30x20 8 bits";
    for big_endian in [false, true] {
        for orientation in 2..=8 {
            let size = if orientation < 5 { "30x20" } else { "20x30" };
            let expected = format!("jpeg 30x20 turned {orientation}, upright {size} 8 bits");
            assert_eq!(with(&exif(big_endian, orientation)), expected);
        }
        for orientation in [0, 1, 9, 255, 65_535] {
            assert_eq!(with(&exif(big_endian, orientation)), upright);
        }
        let block = exif(big_endian, 6);
        // A block that ends before the value, and one of which the directory is elsewhere.
        (0..8 + 2 + 12 + 10).for_each(|cut| assert_eq!(with(&block[..cut]), upright, "{cut}"));
        let mut lost = block.clone();
        lost[4..8].fill(0xff);
        assert_eq!(with(&lost), upright);
        // The field is not a number.
        let text = Tiff { big_endian, big: false }.file(&[(0x112, 2, &[6])], b"");
        assert_eq!(with(&text), upright);
    }
    assert_eq!(picture(br#"http://ns.adobe.com/xap/1.0/<x tiff:Orientation="6"/>"#), upright);
    // The first block counts, also behind the frame header.
    let blocks = [6, 8].map(|orientation| [b"Exif\0\0", &exif(true, orientation)[..]].concat());
    let late = jpeg(&[(0xc0, &frame(8, 30, 20, 3)), (0xe1, &blocks[0]), (0xe1, &blocks[1])]);
    assert_eq!(facts(&late), "jpeg 30x20 turned 6, upright 20x30 8 bits");
}

#[test]
fn a_gif_with_a_second_frame_is_an_animation() {
    let frame = b"\x2c\0\0\0\0\x40\x01\xf0\0\0\x02\x02\x44\x01\0";
    let control = |flags: u8| [b"\x21\xf9\x04", &[flags, 0, 0, 0, 0][..]].concat();
    let gif = |blocks: &[&[u8]]| [b"GIF89a\x40\x01\xf0\0\0\0\0", &blocks.concat()[..], b";"].concat();
    assert_eq!(facts(&gif(&[frame])), "gif 320x240 8 bits");
    assert_eq!(facts(&gif(&[&control(1), frame])), "gif 320x240 8 bits alpha");
    assert_eq!(facts(&gif(&[&control(4), frame, b"\x21\xfe\x01x\0"])), "gif 320x240 8 bits");
    assert_eq!(facts(&gif(&[frame, &control(1), frame])), "gif 320x240 8 bits animated");
    // A palette of two colours for all frames, and one of four in the frame.
    let palettes =
        [b"GIF89a\x40\x01\xf0\0\x80\0\0;;;;;;,\0\0\0\0\x40\x01\xf0\0\x81;;;;;;;;;;;;\x02\0", &frame[..]].concat();
    assert_eq!(facts(&palettes), "gif 320x240 8 bits animated");
    assert_eq!(facts(b"GIF87a\x40\x01\xf0\0"), "gif 320x240 8 bits");
}

#[test]
fn the_three_headers_of_webp_give_size_alpha_and_animation() {
    let lossy = b"\x30\x01\0\x9d\x01\x2a\x40\x01\xf0\x00";
    assert_eq!(facts(&webp(&[(b"VP8 ", lossy)])), "webp 320x240 8 bits");
    // The bits above the 14 of a side scale it up.
    assert_eq!(facts(&webp(&[(b"VP8 ", b"\x30\x01\0\x9d\x01\x2a\x40\x41\xf0\x80")])), "webp 320x240 8 bits");
    assert_eq!(facts(&webp(&[(b"VP8 ", b"\x30\x01\0\x9d\x01\x2b\x40\x01\xf0\x00")])), "webp unknown size 8 bits");
    // 14 bits of width - 1 = 399, 14 bits of height - 1 = 299, then a bit for alpha.
    assert_eq!(facts(&webp(&[(b"VP8L", b"\x2f\x8f\xc1\x4a\x00")])), "webp 400x300 8 bits");
    assert_eq!(facts(&webp(&[(b"VP8L", b"\x2f\x8f\xc1\x4a\x10")])), "webp 400x300 8 bits alpha");
    let extended = |flags: u8| [flags, 0, 0, 0, 0x7f, 0x07, 0, 0x37, 0x04, 0];
    for (flags, expected) in [(0, ""), (0x10, " alpha"), (0x02, " animated"), (0x12, " alpha animated")] {
        assert_eq!(facts(&webp(&[(b"VP8X", &extended(flags))])), format!("webp 1920x1080 8 bits{expected}"));
    }
    for prefix in [b"".as_slice(), b"Exif\0\0"] {
        let block = [prefix, &exif(false, 5)].concat();
        let bytes = webp(&[(b"VP8X", &extended(0x08)), (b"VP8 ", b"odd"), (b"EXIF", &block)]);
        assert_eq!(facts(&bytes), "webp 1920x1080 turned 5, upright 1080x1920 8 bits");
    }
}

#[test]
fn a_tiff_is_read_in_both_byte_orders_and_with_both_lengths_of_offsets() {
    for tiff in Tiff::ALL {
        let read = |fields: &[(u16, u16, &[u64])]| facts(&tiff.file(fields, b""));
        let size = (256, SHORT, [640].as_slice());
        assert_eq!(read(&[size, (257, LONG, &[480])]), "tiff 640x480 1 bits", "{tiff:?}");
        let rgb = (258, SHORT, [16, 16, 16].as_slice());
        let turned = (274, SHORT, [8].as_slice());
        let expected = "tiff 640x480 turned 8, upright 480x640 16 bits";
        assert_eq!(read(&[size, (257, SHORT, &[480]), rgb, (262, SHORT, &[2]), turned]), expected);
        let cmyk = (258, SHORT, [8, 8, 8, 8].as_slice());
        assert_eq!(read(&[size, (257, LONG, &[480]), cmyk, (262, SHORT, &[5])]), "tiff 640x480 8 bits cmyk");
        assert_eq!(read(&[size, (257, LONG, &[480]), cmyk, (338, SHORT, &[2])]), "tiff 640x480 8 bits alpha");
        assert_eq!(read(&[size, (257, LONG, &[480]), cmyk, (338, SHORT, &[0])]), "tiff 640x480 8 bits");
        assert_eq!(read(&[size, (257, LONG, &[480]), (258, SHORT, &[4]), (262, SHORT, &[3])]), "tiff 640x480 8 bits");
        assert_eq!(read(&[size]), "tiff unknown size");
    }
}

#[test]
fn a_heif_gives_the_facts_of_its_primary_item() {
    let properties = [ispe(160, 160), ispe(640, 480), boxed(b"irot", &[1]), boxed(b"imir", &[0]), ispe(800, 100)];
    let read = |primary, places: &[u8]| facts(&heif(primary, &properties, &[(7, &[1, 0x83]), (9, places)]));
    assert_eq!(read(Some(9), &[2]), "heif 640x480");
    assert_eq!(read(Some(7), &[2]), "heif 160x160 turned 8, upright 160x160");
    // The bit for essential properties; mirrors and turns apply in their order.
    assert_eq!(read(Some(9), &[2, 0x83]), "heif 640x480 turned 8, upright 480x640");
    assert_eq!(read(Some(9), &[2, 0x83, 0x83]), "heif 640x480 turned 3, upright 640x480");
    assert_eq!(read(Some(9), &[2, 0x83, 0x83, 0x83]), "heif 640x480 turned 6, upright 480x640");
    assert_eq!(read(Some(9), &[2, 4]), "heif 640x480 turned 4, upright 640x480");
    assert_eq!(read(Some(9), &[2, 3, 4]), "heif 640x480 turned 5, upright 480x640");
    assert_eq!(read(Some(9), &[2, 4, 3]), "heif 640x480 turned 7, upright 480x640");
    // Without a primary item, or without its properties, the largest is the picture.
    assert_eq!(read(None, &[2, 3]), "heif 640x480");
    assert_eq!(read(Some(3), &[2, 3]), "heif 640x480");
    assert_eq!(read(Some(9), &[0, 99]), "heif 640x480");
}

#[test]
fn properties_of_a_heif_give_bits_alpha_and_crop() {
    let read = |property: Vec<u8>| facts(&heif(Some(1), &[ispe(64, 64), property], &[(1, &[1, 2])]));
    assert_eq!(read(boxed(b"pixi", &[0, 0, 0, 0, 3, 10, 10, 10])), "heif 64x64 10 bits");
    assert_eq!(read(boxed(b"av1C", &[0x81, 0, 0, 0])), "heif 64x64 8 bits");
    assert_eq!(read(boxed(b"av1C", &[0x81, 0, 0x40, 0])), "heif 64x64 10 bits");
    assert_eq!(read(boxed(b"av1C", &[0x81, 0, 0x60, 0])), "heif 64x64 12 bits");
    let mut hevc = [0; 23];
    hevc[17] = 0xfa;
    assert_eq!(read(boxed(b"hvcC", &hevc)), "heif 64x64 10 bits");
    assert_eq!(read(boxed(b"auxC", b"\0\0\0\0urn:mpeg:hevc:2015:auxid:1\0")), "heif 64x64 alpha");
    assert_eq!(read(boxed(b"auxC", b"\0\0\0\0urn:mpeg:hevc:2015:auxid:2\0")), "heif 64x64");
    let crop =
        |width: u32, height: u32| boxed(b"clap", &[width, 1, height, 2, 0, 1, 0, 1].map(u32::to_be_bytes).concat());
    assert_eq!(read(crop(50, 60)), "heif 50x30");
    let turned = heif(Some(1), &[ispe(64, 64), boxed(b"irot", &[3]), crop(50, 60)], &[(1, &[1, 2, 3])]);
    assert_eq!(facts(&turned), "heif 30x50 turned 6, upright 50x30");
    assert_eq!(read(boxed(b"clap", &[0; 32])), "heif 64x64");
}

#[test]
fn brands_tell_pictures_and_sequences_from_other_files() {
    let with = |brands: &[u8]| facts(&[boxed(b"ftyp", brands), boxed(b"free", b"")].concat());
    for brand in [b"avif", b"heic", b"heix", b"mif1", b"avci"] {
        assert_eq!(with(&[brand, &b"\0\0\0\0"[..]].concat()), "heif unknown size");
    }
    for brand in [b"avis", b"hevc", b"msf1"] {
        assert_eq!(with(&[brand, &b"\0\0\0\0"[..]].concat()), "heif unknown size animated");
    }
    assert_eq!(with(b"isom\0\0\0\0mp42mif1"), "heif unknown size");
    // A brand in the place of the version, and one behind the box, are none.
    assert_eq!(with(b"isommif1mp42"), "no picture");
    assert_eq!(facts(b"\0\0\0\x14ftypisom\0\0\0\0mp42mif1"), "no picture");
}
