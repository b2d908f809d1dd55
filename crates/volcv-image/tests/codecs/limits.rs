//! Files that ask for more memory than they are worth.

use volcv_image::{DecodeLimits, DecodeOptions, ImageError, decode, probe};

use crate::make::{self, Header, size};

/// 41 bytes: the signature, a header of 2^31 - 1 by 2^31 - 1 pixels of 64 bits, and the start of the pixels.
fn bomb() -> Vec<u8> {
    let huge = size(0x7fff_ffff, 0x7fff_ffff);
    let mut file = make::png(Header(huge, 16, 6, 0), &[], &[]);
    file.truncate(41);
    file
}

#[test]
fn a_png_of_41_bytes_that_asks_for_256_pebibytes_is_too_large() {
    for error in [probe(&bomb()).unwrap_err(), decode(&bomb(), &DecodeOptions::default()).unwrap_err()] {
        assert!(matches!(error, ImageError::TooLarge(_)), "{error}");
        assert!(error.to_string().contains("2147483647x2147483647"), "{error}");
    }
}

#[test]
fn each_limit_is_checked_for_each_format() {
    let side = |limits: DecodeLimits| DecodeOptions::default().limits(limits);
    let files = [
        make::png(Header(size(40, 30), 8, 0, 1), &[], &[]),
        make::encoded(
            &make::rgb(size(40, 30)),
            size(40, 30),
            volcv_image::PixelFormat::Rgb8,
            volcv_image::Encoding::Bmp,
        ),
        make::encoded(
            &make::rgb(size(40, 30)),
            size(40, 30),
            volcv_image::PixelFormat::Rgb8,
            volcv_image::Encoding::Jpeg { quality: 90, chroma: volcv_image::Chroma::Half },
        ),
    ];
    for file in &files {
        for limits in [DecodeLimits::default().max_side(39), DecodeLimits::default().max_pixels(1199)] {
            let error = decode(file, &side(limits)).unwrap_err();
            assert!(matches!(error, ImageError::TooLarge(_)), "{error}");
        }
    }
    for file in [&files[0], &files[2]] {
        let error = decode(file, &side(DecodeLimits::default().max_memory(4799))).unwrap_err();
        assert!(matches!(error, ImageError::TooLarge(_)), "{error}");
    }
    assert!(decode(&files[1], &side(DecodeLimits::default().max_side(40).max_pixels(1200).max_memory(0))).is_ok());
}

#[test]
fn no_limits_allow_a_picture_whose_bytes_have_no_addresses() {
    let limits = DecodeLimits::default().max_side(u32::MAX).max_pixels(u64::MAX).max_memory(u64::MAX);
    let mut files = vec![bomb()];
    if cfg!(target_pointer_width = "32") {
        // Their 6 GiB would be counted as 2 GiB.
        files.extend([0, 1].map(|interlaced| make::png(Header(size(65536, 32768), 8, 2, interlaced), &[], &[])));
    }
    for file in files {
        let error = decode(&file, &DecodeOptions::default().limits(limits)).unwrap_err();
        assert!(matches!(error, ImageError::TooLarge(_)), "{error}");
    }
}

#[test]
fn a_colour_profile_that_unpacks_to_more_than_4_mebibytes_is_unknown() {
    // The pixels of a black PNG are a zlib stream of 5.3 MB in a few KB.
    let black = vec![0; 2048 * 2600];
    let encoding = volcv_image::Encoding::Png(volcv_image::PngEffort::Small);
    let black = make::encoded(&black, size(2048, 2600), volcv_image::PixelFormat::Gray8, encoding);
    let start = black.windows(4).position(|kind| kind == b"IDAT").unwrap();
    let length = u32::from_be_bytes(black[start - 4..start].try_into().unwrap()) as usize;
    let data = [b"bomb\0\0", &black[start + 4..start + 4 + length]].concat();
    let file = make::png(Header(size(1, 1), 8, 0, 0), &[(b"iCCP", &data)], &[0, 7]);
    let info = probe(&file).unwrap();
    assert_eq!(info.profile, volcv_image::ColorProfile::Unknown);
}
