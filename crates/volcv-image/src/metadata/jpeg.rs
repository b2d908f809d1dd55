//! Metadata in segments of a JPEG: EXIF specification (CIPA DC-008), section 4.7.2, XMP specification, part 3, section
//! 1.1.3, and ISO 19566-5 (JUMBF) for APP11, where C2PA has its manifest.

use std::borrow::Cow;

use super::{Item, Provenance, exif, png};
use crate::jpeg::{SOS, segments};

const APP1: u8 = 0xe1;
const APP11: u8 = 0xeb;
const COM: u8 = 0xfe;

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// The longest content of a segment.
const LONGEST: usize = 65_533;

pub(super) fn read(bytes: &[u8]) -> Vec<Item> {
    let headers = segments(bytes).take_while(|segment| segment.marker != SOS);
    let kept = headers.filter(|segment| matches!(segment.marker, APP1 | APP11 | COM));
    kept.map(|segment| {
        let mut data = segment.data.to_vec();
        if exif(segment.marker, &data).is_some() {
            exif::make_upright(&mut data[EXIF.len()..]);
        }
        Item::JpegSegment { marker: segment.marker, data }
    })
    .collect()
}

/// The block in a segment with EXIF.
pub(super) fn exif(marker: u8, data: &[u8]) -> Option<&[u8]> {
    data.strip_prefix(EXIF).filter(|_| marker == APP1)
}

/// The packet in a segment with XMP.
pub(super) fn xmp(marker: u8, data: &[u8]) -> Option<&[u8]> {
    data.strip_prefix(XMP).filter(|_| marker == APP1)
}

pub(super) fn name(marker: u8, data: &[u8]) -> &'static str {
    match marker {
        COM => "comment",
        APP11 => "app11",
        _ if exif(marker, data).is_some() => "exif",
        _ if xmp(marker, data).is_some() => "xmp",
        _ => "app1",
    }
}

/// The segments to write, marker and content; `dropped` gets the names of what has no place in a JPEG.
pub(crate) fn jpeg_segments<'a>(provenance: &'a Provenance, dropped: &mut Vec<String>) -> Vec<(u8, Cow<'a, [u8]>)> {
    let mut segments: Vec<(u8, Cow<'a, [u8]>)> = Vec::new();
    for item in &provenance.items {
        match item {
            Item::JpegSegment { marker, data } => segments.push((*marker, data.into())),
            Item::PngChunk { kind, data } => {
                let carried = match (*kind == *b"eXIf", png::xmp(*kind, data)) {
                    (true, _) => Some([EXIF, data].concat()),
                    (_, Some(xmp)) => Some([XMP, xmp].concat()),
                    _ => None,
                };
                match carried.filter(|content| content.len() <= LONGEST) {
                    Some(content) => segments.push((APP1, content.into())),
                    None => dropped.push(item.name()),
                }
            }
        }
    }
    segments
}
