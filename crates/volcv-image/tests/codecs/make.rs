//! Pictures and files that are made by hand, so that no test trusts the code that it tests.

use volcv_image::{
    DecodeOptions, EncodeOptions, Encoding, Layout, PixelFormat, Pixels, PixelsMut, decode_into, encode, probe,
};
use volcv_types::Size;

pub(crate) const fn size(width: u32, height: u32) -> Size {
    Size { width, height }
}

/// A colour that no two pixels of a small picture share.
pub(crate) fn colour(x: u32, y: u32) -> [u8; 3] {
    [(x * 40 + 5) as u8, (y * 60 + 9) as u8, (x * 7 + y * 50 + x * y) as u8]
}

/// The RGB bytes of [`colour`].
pub(crate) fn rgb(size: Size) -> Vec<u8> {
    (0..size.height).flat_map(|y| (0..size.width).flat_map(move |x| colour(x, y))).collect()
}

/// The RGBA bytes of [`colour`] with an alpha that differs from pixel to pixel.
pub(crate) fn rgba(size: Size) -> Vec<u8> {
    let pixel = |x, y| {
        let [r, g, b] = colour(x, y);
        [r, g, b, (x * 31 + y * 77 + 3) as u8]
    };
    (0..size.height).flat_map(|y| (0..size.width).flat_map(move |x| pixel(x, y))).collect()
}

pub(crate) fn encoded(data: &[u8], size: Size, format: PixelFormat, encoding: Encoding) -> Vec<u8> {
    let pixels = Pixels::new(data, Layout::new(size, format)).unwrap();
    encode(&pixels, &EncodeOptions::new(encoding)).unwrap().bytes
}

/// The upright pixels of a file as RGBA.
pub(crate) fn decoded(file: &[u8]) -> Vec<u8> {
    let layout = Layout::new(probe(file).unwrap().size, PixelFormat::Rgba8);
    let mut data = vec![0; layout.bytes().unwrap()];
    decode_into(file, &mut PixelsMut::new(&mut data, layout).unwrap(), &DecodeOptions::default()).unwrap();
    data
}

/// The header of a PNG: size, bit depth, colour type, interlace method.
pub(crate) struct Header(pub(crate) Size, pub(crate) u8, pub(crate) u8, pub(crate) u8);

/// A PNG with these chunks between header and pixels. `rows` has a filter byte in front of each row, and is stored
/// without compression.
pub(crate) fn png(
    Header(size, depth, colour, interlace): Header,
    chunks: &[(&[u8; 4], &[u8])],
    rows: &[u8],
) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let header =
        [&size.width.to_be_bytes()[..], &size.height.to_be_bytes(), &[depth, colour, 0, 0, interlace]].concat();
    file.extend(png_chunk(b"IHDR", &header));
    for (kind, data) in chunks {
        file.extend(png_chunk(kind, data));
    }
    file.extend(png_chunk(b"IDAT", &zlib(rows)));
    file.extend(png_chunk(b"IEND", &[]));
    file
}

pub(crate) fn png_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [kind, data].concat();
    [&(data.len() as u32).to_be_bytes()[..], &body, &crc32(&body).to_be_bytes()].concat()
}

/// A zlib stream of one stored block.
pub(crate) fn zlib(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    let mut stream = vec![0x78, 0x01, 1];
    stream.extend(length.to_le_bytes());
    stream.extend((!length).to_le_bytes());
    stream.extend(data);
    let (a, b) = data.iter().fold((1, 0), |(a, b): (u32, u32), byte| {
        let a = (a + u32::from(*byte)) % 65521;
        (a, (b + a) % 65521)
    });
    stream.extend((b << 16 | a).to_be_bytes());
    stream
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

/// An EXIF block, a TIFF file, with the orientation as its only entry.
pub(crate) fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    block.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    block
}

/// The file with a segment behind the start marker.
pub(crate) fn with_jpeg_segment(file: &[u8], marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
    [&file[..2], &[0xff, marker], &length, data, &file[2..]].concat()
}
