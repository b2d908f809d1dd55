//! Metadata in chunks of a PNG: W3C recommendation, third edition, sections 11.3.3 and 11.3.4.5; caBX is from the C2PA
//! specification, section A.3.2; the place of XMP is from the XMP specification, part 3, section 1.1.5.

use std::borrow::Cow;

use super::{Item, Provenance, exif, jpeg};
use crate::png::chunks;

const EXIF: [u8; 4] = *b"eXIf";
const KEPT: [[u8; 4]; 5] = [*b"tEXt", *b"zTXt", *b"iTXt", EXIF, *b"caBX"];

/// An iTXt chunk with XMP: the keyword, no compression, no language.
const XMP: &[u8] = b"XML:com.adobe.xmp\0\0\0\0\0";

pub(super) fn read(bytes: &[u8]) -> Vec<Item> {
    let kept = chunks(bytes).filter(|chunk| KEPT.contains(&chunk.kind));
    kept.map(|chunk| {
        let mut data = chunk.data.to_vec();
        if chunk.kind == EXIF {
            exif::make_upright(&mut data);
        }
        Item::PngChunk { kind: chunk.kind, data }
    })
    .collect()
}

/// The XMP of an iTXt chunk that is not compressed.
pub(super) fn xmp(kind: [u8; 4], data: &[u8]) -> Option<&[u8]> {
    data.strip_prefix(XMP).filter(|_| kind == *b"iTXt")
}

/// The chunks to write; `dropped` gets the names of what has no place in a PNG.
pub(crate) fn png_chunks<'a>(provenance: &'a Provenance, dropped: &mut Vec<String>) -> Vec<([u8; 4], Cow<'a, [u8]>)> {
    let mut chunks: Vec<([u8; 4], Cow<'a, [u8]>)> = Vec::new();
    for item in &provenance.items {
        let has_exif = chunks.iter().any(|(kind, _)| *kind == EXIF);
        match item {
            Item::PngChunk { kind, data } => chunks.push((*kind, data.into())),
            Item::JpegSegment { marker, data } => match (jpeg::exif(*marker, data), jpeg::xmp(*marker, data)) {
                (Some(exif), _) if !has_exif => chunks.push((EXIF, exif.into())),
                (_, Some(xmp)) => chunks.push((*b"iTXt", [XMP, xmp].concat().into())),
                _ => dropped.push(item.name()),
            },
        }
    }
    chunks
}
