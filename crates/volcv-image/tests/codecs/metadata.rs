//! Metadata that goes through a new encoding.

use volcv_image::{
    Chroma, EncodeOptions, Encoded, Encoding, Layout, PixelFormat, Pixels, PngEffort, Provenance, encode, probe,
};

use crate::make::{self, Header, exif, size, with_jpeg_segment};

const XMP: &[u8] = b"<x:xmpmeta>made by a model</x:xmpmeta>";
const PNG: Encoding = Encoding::Png(PngEffort::Fast);
const JPEG: Encoding = Encoding::Jpeg { quality: 90, chroma: Chroma::Full };

fn again(provenance: &Provenance, encoding: Encoding) -> Encoded {
    let data = make::rgb(size(5, 3));
    let pixels = Pixels::new(&data, Layout::new(size(5, 3), PixelFormat::Rgb8)).unwrap();
    encode(&pixels, &EncodeOptions::new(encoding).provenance(provenance.clone())).unwrap()
}

fn png_file() -> Vec<u8> {
    let xmp = [b"XML:com.adobe.xmp\0\0\0\0\0", XMP].concat();
    let block = exif(6);
    let chunks: [(&[u8; 4], &[u8]); 7] = [
        (b"tEXt", b"AIGC\0{\"Label\":\"1\"}"),
        (b"gAMA", &[0, 0, 0xb1, 0x8f]),
        (b"zTXt", b"k\0\0\x78\x9c\x03\0\0\0\0\x01"),
        (b"iTXt", &xmp),
        (b"iTXt", b"Title\0\0\0\0\0\xe6\xb9\x96"),
        (b"eXIf", &block),
        (b"caBX", &[0, 1, 2, 3]),
    ];
    make::png(Header(size(1, 1), 8, 0, 0), &chunks, &[0, 9])
}

fn jpeg_file() -> Vec<u8> {
    let plain = make::encoded(&[9; 3], size(1, 1), PixelFormat::Rgb8, JPEG);
    let parts: [(u8, &[u8]); 5] = [
        (0xfe, b"a comment"),
        (0xeb, b"JP\0\x01\0\0\0\x01c2pa"),
        (0xe2, b"MPF\0"),
        (0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", XMP].concat()),
        (0xe1, &[b"Exif\0\0", &exif(8)[..]].concat()),
    ];
    parts.iter().fold(plain, |file, (marker, data)| with_jpeg_segment(&file, *marker, data))
}

fn contains(file: &[u8], part: &[u8]) -> bool {
    file.windows(part.len()).any(|window| window == part)
}

#[test]
fn the_same_format_keeps_everything_byte_for_byte() {
    let provenance = Provenance::read(&png_file());
    assert_eq!(provenance.names(), ["png tEXt", "png zTXt", "png iTXt", "png iTXt", "png eXIf", "png caBX"]);
    let encoded = again(&provenance, PNG);
    assert_eq!(encoded.dropped, [""; 0]);
    assert_eq!(Provenance::read(&encoded.bytes), provenance);
    assert!(contains(&encoded.bytes, b"AIGC\0{\"Label\":\"1\"}") && contains(&encoded.bytes, XMP));

    let provenance = Provenance::read(&jpeg_file());
    assert_eq!(provenance.names(), ["jpeg exif", "jpeg xmp", "jpeg app11", "jpeg comment"]);
    let encoded = again(&provenance, JPEG);
    assert_eq!(encoded.dropped, [""; 0]);
    assert_eq!(Provenance::read(&encoded.bytes), provenance);
    assert!(contains(&encoded.bytes, b"a comment") && contains(&encoded.bytes, XMP));
}

#[test]
fn upright_pixels_are_not_turned_a_second_time() {
    assert_eq!(probe(&png_file()).unwrap().orientation, 6);
    assert_eq!(probe(&jpeg_file()).unwrap().orientation, 8);
    for file in [png_file(), jpeg_file()] {
        for encoding in [PNG, JPEG] {
            let info = probe(&again(&Provenance::read(&file), encoding).bytes).unwrap();
            assert_eq!((info.orientation, info.size), (1, size(5, 3)));
        }
    }
}

#[test]
fn the_other_format_gets_exif_and_xmp_and_the_rest_is_named() {
    let encoded = again(&Provenance::read(&png_file()), JPEG);
    assert_eq!(encoded.dropped, ["png tEXt", "png zTXt", "png iTXt", "png caBX"]);
    assert_eq!(Provenance::read(&encoded.bytes).names(), ["jpeg xmp", "jpeg exif"]);
    assert!(contains(&encoded.bytes, &[b"http://ns.adobe.com/xap/1.0/\0", XMP].concat()));
    assert!(contains(&encoded.bytes, &[b"Exif\0\0", &exif(1)[..]].concat()));

    let encoded = again(&Provenance::read(&jpeg_file()), PNG);
    assert_eq!(encoded.dropped, ["jpeg app11", "jpeg comment"]);
    assert_eq!(Provenance::read(&encoded.bytes).names(), ["png eXIf", "png iTXt"]);
    let back = again(&Provenance::read(&encoded.bytes), JPEG);
    assert_eq!(Provenance::read(&back.bytes).names(), ["jpeg exif", "jpeg xmp"]);
    assert!(contains(&back.bytes, XMP));
}

#[test]
fn a_bmp_carries_nothing_and_says_so() {
    let provenance = Provenance::read(&png_file());
    assert_eq!(again(&provenance, Encoding::Bmp).dropped, provenance.names());
    assert!(Provenance::read(&again(&provenance, Encoding::Bmp).bytes).is_empty());
    assert!(Provenance::read(b"no picture").is_empty());
}

#[test]
fn what_is_too_long_for_a_segment_is_dropped() {
    let long = vec![b' '; 65_530];
    let xmp = [b"XML:com.adobe.xmp\0\0\0\0\0", &long[..]].concat();
    let file = make::png(Header(size(1, 1), 8, 0, 0), &[(b"iTXt", &xmp)], &[0, 9]);
    let provenance = Provenance::read(&file);
    assert_eq!(again(&provenance, JPEG).dropped, ["png iTXt"]);
    assert!(again(&provenance, PNG).dropped.is_empty());
}
