//! Files that are cut, changed or no pictures at all: always an error or a picture, never a panic or grey rows.

use proptest::prelude::*;
use volcv_image::{
    Chroma, DecodeOptions, Encoding, ImageError, Layout, PixelFormat, PixelsMut, PngEffort, Provenance, RowOrder,
};
use volcv_image::{decode, decode_into, probe};
use volcv_types::Size;

use crate::make::{self, Header, size};

/// Rows of a BMP of this width have no padding, which could be cut without harm.
const SIZE: Size = size(20, 17);

/// One small file of each kind.
fn files() -> Vec<Vec<u8>> {
    let (rgb, rgba) = (make::rgb(SIZE), make::rgba(SIZE));
    let jpeg = |chroma| Encoding::Jpeg { quality: 80, chroma };
    let mut files = vec![
        make::encoded(&rgb, SIZE, PixelFormat::Rgb8, Encoding::Png(PngEffort::Fast)),
        make::encoded(&rgba, SIZE, PixelFormat::Rgba8, Encoding::Png(PngEffort::Small)),
        make::encoded(&rgb, SIZE, PixelFormat::Rgb8, jpeg(Chroma::Full)),
        make::encoded(&rgb, SIZE, PixelFormat::Rgb8, jpeg(Chroma::Half)),
        make::encoded(&rgb[..20 * 17], SIZE, PixelFormat::Gray8, jpeg(Chroma::Full)),
        make::encoded(&rgb, SIZE, PixelFormat::Rgb8, Encoding::Bmp),
        make::encoded(&rgba, SIZE, PixelFormat::Rgba8, Encoding::Bmp),
    ];
    for (scans, restarts) in [(4, None), (10, Some(2))] {
        let mut file = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut file, 80);
        encoder.set_progressive_scans(scans);
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_2_0);
        if let Some(interval) = restarts {
            encoder.set_restart_interval(interval);
        }
        encoder.encode(&rgb, 20, 17, jpeg_encoder::ColorType::Rgb).unwrap();
        files.push(file);
    }
    let mut file = Vec::new();
    jpeg_encoder::Encoder::new(&mut file, 90).encode(&rgba, 20, 17, jpeg_encoder::ColorType::Cmyk).unwrap();
    files.push(file);
    let turned = [b"Exif\0\0", &make::exif(6)[..]].concat();
    files.push(make::with_jpeg_segment(&files[3], 0xe1, &turned));
    let rows: Vec<u8> = rgb.chunks_exact(60).flat_map(|row| [&[0], row].concat()).collect();
    files.push(make::png(Header(SIZE, 8, 2, 0), &[(b"eXIf", &make::exif(7))], &rows));
    files
}

/// Decodes in every way. If a target is given up, what lies around its rows must be as before.
fn check(file: &[u8]) -> Result<(), ImageError> {
    let _ = Provenance::read(file);
    let options = DecodeOptions::default().background([1, 2, 3]);
    let outcome = decode(file, &options);
    let probed = probe(file);
    assert!(outcome.is_err() || probed.is_ok(), "what can be decoded can be probed");
    let upright = probed.as_ref().map_or(SIZE, |info| info.size);
    if u64::from(upright.width) * u64::from(upright.height) > 1 << 20 {
        return outcome.map(|_| ());
    }
    let stride = upright.width as usize * 3 + 5;
    let layout = Layout::new(upright, PixelFormat::Bgr8).stride(stride).rows(RowOrder::BottomUp);
    let mut data = vec![0x5a; layout.bytes().unwrap() + 40];
    let length = data.len();
    let target = &mut data[20..length - 20];
    let into = decode_into(file, &mut PixelsMut::new(target, layout).unwrap(), &options);
    assert_eq!(into.is_ok(), outcome.is_ok(), "both ways agree");
    let around = data[..20].iter().chain(&data[length - 20..]);
    let gaps = data[20..length - 20].chunks(stride).flat_map(|row| &row[(stride - 5).min(row.len())..]);
    assert!(around.chain(gaps).all(|byte| *byte == 0x5a), "the target is overrun");
    outcome.map(|_| ())
}

#[test]
fn whole_files_are_decoded() {
    for file in files() {
        check(&file).unwrap();
    }
}

#[test]
fn a_file_cut_at_any_byte_is_an_error() {
    for (index, file) in files().iter().enumerate() {
        for length in 0..file.len() {
            assert!(check(&file[..length]).is_err(), "file {index} cut to {length} of {} bytes", file.len());
        }
    }
}

#[test]
fn a_jpeg_cut_inside_its_pixels_is_an_error_even_with_an_end_marker() {
    let tall = size(16, 200);
    let noise: Vec<u8> = (0..16 * 200 * 3_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let file = make::encoded(&noise, tall, PixelFormat::Rgb8, Encoding::Jpeg { quality: 80, chroma: Chroma::Half });
    let half = [&file[..file.len() / 2], &[0xff, 0xd9]].concat();
    assert!(matches!(check(&half), Err(ImageError::Damaged { format: "jpeg", .. })));
}

#[test]
fn a_wrong_checksum_is_an_error() {
    let rows = [0, 1, 2, 3, 0, 4, 5, 6];
    let good = make::png(Header(size(1, 2), 8, 2, 0), &[], &rows);
    check(&good).unwrap();
    let pixels = good.windows(4).position(|kind| kind == b"IDAT").unwrap();
    // A pixel, the checksum of the pixels, that of the chunk, and that of the header.
    let end = good.len() - 12;
    for at in [pixels + 12, end - 5, end - 1, 32] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert!(matches!(check(&bad), Err(ImageError::Damaged { format: "png", .. })), "byte {at}");
    }
}

#[test]
fn a_png_whose_pixels_end_early_is_an_error() {
    let row = [0, 1, 2, 3];
    for (interlace, rows) in [(0, 2), (1, 2)] {
        for bytes in [0, 3, 4, 7] {
            let file = make::png(Header(size(1, rows), 8, 2, interlace), &[], &row.repeat(2)[..bytes]);
            let error = check(&file).unwrap_err();
            assert!(matches!(error, ImageError::Damaged { format: "png", .. }), "{bytes} bytes: {error}");
        }
    }
}

#[test]
fn other_formats_are_refused_by_name() {
    let mut webp = b"RIFF\x24\0\0\0WEBPVP8 ".to_vec();
    webp.resize(44, 0);
    for (bytes, name) in
        [(&b"GIF89a\x01\0\x01\0\0\0\0"[..], "gif"), (&webp, "webp"), (b"II\x2a\0\x08\0\0\0\0\0", "tiff")]
    {
        assert_eq!(probe(bytes).unwrap_err().to_string(), format!("{name} is not supported"));
    }
    assert!(matches!(probe(b"a text"), Err(ImageError::Unsupported(_))));
}

proptest! {
    #[test]
    fn random_bytes_do_no_harm(which in 0_usize..4, tail in prop::collection::vec(any::<u8>(), 0..300)) {
        let start = [&b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x09\0\0\0\x09"[..], b"\xff\xd8\xff\xdb", b"BM", b""][which];
        let _ = check(&[start, &tail].concat());
    }

    #[test]
    fn changed_files_do_no_harm(
        index in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let files = files();
        let mut file = index.get(&files).clone();
        for (at, value) in changes {
            let at = at.index(file.len());
            file[at] = value;
        }
        let _ = check(&file);
    }
}
