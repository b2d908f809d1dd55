//! ICC profiles, made by hand from the numbers of the standards.

use volcv_image::{Chroma, ColorProfile, DecodeOptions, Encoding, Image, PixelFormat, decode};

use crate::make::{self, Header, size};

type Primaries = [[f64; 3]; 3];

// Red, green, blue in XYZ under D50.
const SRGB: Primaries = [[0.43607, 0.22249, 0.01392], [0.38515, 0.71687, 0.09708], [0.14307, 0.06061, 0.71410]];
const P3: Primaries = [[0.51512, 0.24120, -0.00105], [0.29198, 0.69225, 0.04189], [0.15710, 0.06657, 0.78407]];
const ADOBE: Primaries = [[0.60974, 0.31111, 0.01947], [0.20528, 0.62567, 0.06087], [0.14919, 0.06322, 0.74457]];

fn fixed(value: f64) -> [u8; 4] {
    ((value * 65536.0).round() as i32).to_be_bytes()
}

fn srgb_curve() -> Vec<u8> {
    let parameters = [2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045];
    let mut curve = b"para\0\0\0\0\0\x03\0\0".to_vec();
    curve.extend(parameters.into_iter().flat_map(fixed));
    curve
}

fn gamma(value: f64) -> Vec<u8> {
    [b"curv\0\0\0\0\0\0\0\x01", &((value * 256.0).round() as u16).to_be_bytes()[..], &[0, 0]].concat()
}

fn profile(space: &[u8; 4], primaries: Primaries, curve: &[u8], extra: Option<&[u8; 4]>) -> Vec<u8> {
    let mut elements: Vec<([u8; 4], Vec<u8>)> = Vec::new();
    for (name, xyz) in [b"rXYZ", b"gXYZ", b"bXYZ"].into_iter().zip(primaries) {
        elements.push((*name, [&b"XYZ \0\0\0\0"[..], &xyz.into_iter().flat_map(fixed).collect::<Vec<_>>()].concat()));
    }
    for name in [b"rTRC", b"gTRC", b"bTRC"] {
        elements.push((*name, curve.to_vec()));
    }
    if let Some(name) = extra {
        elements.push((*name, b"mAB \0\0\0\0".to_vec()));
    }
    let mut bytes = vec![0; 128];
    bytes[16..20].copy_from_slice(space);
    bytes[20..24].copy_from_slice(b"XYZ ");
    bytes[36..40].copy_from_slice(b"acsp");
    bytes.extend((elements.len() as u32).to_be_bytes());
    let mut at = 132 + elements.len() * 12;
    for (name, data) in &elements {
        bytes.extend(name);
        bytes.extend((at as u32).to_be_bytes());
        bytes.extend((data.len() as u32).to_be_bytes());
        at += data.len();
    }
    elements.iter().for_each(|(_, data)| bytes.extend(data));
    bytes
}

/// A PNG of RGB or, with colour type 0, grey pixels with this profile.
fn png(profile: &[u8], colour: u8, pixels: &[u8]) -> Vec<u8> {
    let channels = if colour == 0 { 1 } else { 3 };
    let chunk = [b"name\0\0", &make::zlib(profile)[..]].concat();
    let width = (pixels.len() / channels) as u32;
    make::png(Header(size(width, 1), 8, colour, 0), &[(b"iCCP", &chunk)], &[&[0], pixels].concat())
}

fn converted(file: &[u8]) -> (ColorProfile, Vec<u8>) {
    let (image, info) = decode(file, &DecodeOptions::default()).unwrap();
    (info.profile, image.into_data())
}

/// The same by formula, with the inverse of the primaries of sRGB as its inventor publishes it.
fn expected(primaries: Primaries, linear: impl Fn(f64) -> f64, pixel: [u8; 3]) -> [u8; 3] {
    const FROM_XYZ: [[f64; 3]; 3] =
        [[3.13386, -1.61687, -0.49061], [-0.97877, 1.91614, 0.03345], [0.07195, -0.22899, 1.40524]];
    let light = pixel.map(|value| linear(f64::from(value) / 255.0));
    let xyz = [0, 1, 2].map(|i| (0..3).map(|c| light[c] * primaries[c][i]).sum::<f64>());
    FROM_XYZ.map(|row| {
        let y: f64 = row.iter().zip(xyz).map(|(a, b)| a * b).sum();
        let x = if y <= 0.0031308 { y * 12.92 } else { 1.055 * y.powf(1.0 / 2.4) - 0.055 };
        (x * 255.0).round().clamp(0.0, 255.0) as u8
    })
}

fn srgb_to_linear(x: f64) -> f64 {
    if x <= 0.04045 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) }
}

const PIXELS: [u8; 18] = [0, 0, 0, 255, 255, 255, 200, 30, 90, 12, 200, 100, 128, 128, 128, 255, 0, 0];

#[test]
fn an_srgb_profile_changes_nothing() {
    let file = png(&profile(b"RGB ", SRGB, &srgb_curve(), None), 2, &PIXELS);
    assert_eq!(converted(&file), (ColorProfile::Srgb, PIXELS.to_vec()));
}

#[test]
fn display_p3_adobe_rgb_and_others_are_converted() {
    let cases = [
        (P3, srgb_curve(), None, ColorProfile::DisplayP3),
        (ADOBE, gamma(2.19921875), Some(563.0 / 256.0), ColorProfile::AdobeRgb),
        (SRGB, gamma(1.8), Some(461.0 / 256.0), ColorProfile::OtherRgb),
    ];
    for (primaries, curve, exponent, name) in cases {
        let (profile, data) = converted(&png(&profile(b"RGB ", primaries, &curve, None), 2, &PIXELS));
        assert_eq!(profile, name);
        assert_ne!(data, PIXELS);
        for (pixel, stored) in data.chunks_exact(3).zip(PIXELS.chunks_exact(3)) {
            let linear = |x: f64| exponent.map_or_else(|| srgb_to_linear(x), |exponent: f64| x.powf(exponent));
            let expected = expected(primaries, linear, stored.try_into().unwrap());
            assert!(
                pixel.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1),
                "{name:?}: {pixel:?}, not {expected:?}"
            );
        }
    }
}

#[test]
fn grey_stays_grey_through_a_conversion() {
    let gray: Vec<u8> = (0..=255).flat_map(|value| [value; 3]).collect();
    let (_, data) = converted(&png(&profile(b"RGB ", P3, &srgb_curve(), None), 2, &gray));
    assert!(data.iter().zip(&gray).all(|(a, b)| a.abs_diff(*b) <= 1));
}

#[test]
fn profiles_that_are_not_read_are_unknown_and_change_nothing() {
    let good = profile(b"RGB ", P3, &srgb_curve(), None);
    let mut cut = good.clone();
    cut.truncate(200);
    let singular = profile(b"RGB ", [[0.0; 3]; 3], &srgb_curve(), None);
    for bytes in [
        profile(b"CMYK", P3, &srgb_curve(), None),
        profile(b"RGB ", P3, &srgb_curve(), Some(b"A2B0")),
        cut,
        singular,
        vec![],
    ] {
        assert_eq!(converted(&png(&bytes, 2, &PIXELS)), (ColorProfile::Unknown, PIXELS.to_vec()));
    }
    let gray = converted(&png(&good, 0, &[1, 2, 3]));
    assert_eq!(gray, (ColorProfile::Unknown, vec![1, 1, 1, 2, 2, 2, 3, 3, 3]));
    let srgb = converted(&png(&profile(b"RGB ", SRGB, &srgb_curve(), None), 0, &[1]));
    assert_eq!(srgb, (ColorProfile::Srgb, vec![1, 1, 1]));
    let broken = make::png(Header(size(1, 1), 8, 2, 0), &[(b"iCCP", b"name\0\0no zlib")], &[0, 1, 2, 3]);
    assert_eq!(converted(&broken), (ColorProfile::Unknown, vec![1, 2, 3]));
}

#[test]
fn the_profile_of_a_cmyk_jpeg_is_unknown() {
    let mut file = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut file, 90);
    encoder.encode(&[99; 8 * 8 * 4], 8, 8, jpeg_encoder::ColorType::Cmyk).unwrap();
    let part = [b"ICC_PROFILE\0\x01\x01", &profile(b"RGB ", P3, &srgb_curve(), None)[..]].concat();
    let tagged = make::with_jpeg_segment(&file, 0xe2, &part);
    assert_eq!(converted(&tagged), (ColorProfile::Unknown, converted(&file).1));
}

#[test]
fn the_profile_of_a_jpeg_can_come_in_several_parts_in_any_order() {
    let red = [200, 30, 30].repeat(64);
    let plain =
        make::encoded(&red, size(8, 8), PixelFormat::Rgb8, Encoding::Jpeg { quality: 100, chroma: Chroma::Full });
    let profile = profile(b"RGB ", P3, &srgb_curve(), None);
    let part = |number: u8, count: u8, data: &[u8]| [b"ICC_PROFILE\0", &[number, count][..], data].concat();
    let with =
        |parts: &[Vec<u8>]| parts.iter().fold(plain.clone(), |file, part| make::with_jpeg_segment(&file, 0xe2, part));
    let whole = converted(&with(&[part(1, 1, &profile)]));
    assert_eq!(whole.0, ColorProfile::DisplayP3);
    let split = [part(1, 3, &profile[..100]), part(3, 3, &profile[150..]), part(2, 3, &profile[100..150])];
    assert_eq!(converted(&with(&split)), whole);
    let image = |pixels: &[u8]| Image::new(size(8, 8), false, pixels.to_vec()).unwrap();
    assert_ne!(image(&whole.1), image(&converted(&plain).1));
    for broken in [&split[..2], &[split[0].clone(), split[0].clone(), split[1].clone()]] {
        assert_eq!(converted(&with(broken)), (ColorProfile::Unknown, converted(&plain).1));
    }
}
