//! The hidden provenance text that `aigc_meta` asks for, in the metadata of the file.

use crate::OutputFormat;
use crate::gzip::crc32;

/// The bytes of a PNG before the chunk behind the header: signature and IHDR.
const PNG_START: usize = 33;
/// The bytes of a JPEG before its first segment.
const JPEG_START: usize = 2;

/// The file with the text in it: a `tEXt` chunk with the keyword `AIGC` in PNG, a comment segment `AIGC=text` in JPEG.
/// The text is ASCII and shorter than 60 000 bytes.
pub(crate) fn mark(mut file: Vec<u8>, format: OutputFormat, text: &str) -> Vec<u8> {
    let (start, addition) = match format {
        OutputFormat::Png => (PNG_START, png_chunk(*b"tEXt", &[b"AIGC\0", text.as_bytes()].concat())),
        OutputFormat::Jpeg => (JPEG_START, jpeg_comment(&[b"AIGC=", text.as_bytes()].concat())),
    };
    file.splice(start..start, addition);
    file
}

fn png_chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [&kind, data].concat();
    [&(data.len() as u32).to_be_bytes(), &*body, &crc32(&body).to_be_bytes()].concat()
}

fn jpeg_comment(data: &[u8]) -> Vec<u8> {
    let length = data.len() as u16 + 2;
    [b"\xff\xfe", &length.to_be_bytes()[..], data].concat()
}
