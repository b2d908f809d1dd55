//! HEIC and AVIF: ISO/IEC 14496-12 for the boxes, 23008-12 for items and their properties, and the AVIF
//! specification of the Alliance for Open Media for `av1C`.

use super::info::PictureInfo;
use super::number::{Endian, be16, be32, index, number};
use crate::expansion::Size;

/// Brands of pictures, and of sequences of them.
const STILL: [&[u8]; 8] = [b"avif", b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"avci"];
const SEQUENCE: [&[u8]; 7] = [b"avis", b"hevc", b"hevx", b"hevm", b"hevs", b"msf1", b"avcs"];

/// A property's index has 15 bits.
const MOST_PROPERTIES: usize = 0x7fff;

/// Whether the file type box names a brand of pictures, as the major one or as a compatible one.
pub(super) fn is_picture(bytes: &[u8]) -> bool {
    let length = be32(bytes, 0).map_or(0, index).min(bytes.len());
    let brands = bytes.get(8..length.max(12)).unwrap_or_default().chunks_exact(4).enumerate();
    // The second word is the version of the first.
    brands.filter(|(place, _)| *place != 1).any(|(_, brand)| STILL.contains(&brand) || SEQUENCE.contains(&brand))
}

/// The properties of the primary item. Where the file does not name one, the largest item is the picture.
///
/// Crop (`clap`), turn (`irot`) and mirror (`imir`) apply in their order. Readers must apply them; an EXIF item is for
/// information only.
pub(super) fn read(bytes: &[u8], info: &mut PictureInfo) -> Option<()> {
    let sequence = bytes.get(8..12).is_some_and(|brand| SEQUENCE.contains(&brand));
    info.animated = sequence || boxes(bytes).any(|top| top.kind == b"moov");
    let meta = boxes(bytes).find(|top| top.kind == b"meta").filter(|meta| meta.end == End::Inside)?;
    let items = meta.body.get(4..)?;
    let properties = child(items, b"iprp")?;
    let all: Vec<Part> = boxes(child(properties, b"ipco")?).take(MOST_PROPERTIES).collect();
    info.alpha = all.iter().any(is_alpha);
    for place in primary(items).and_then(|item| property_indices(properties, item)).unwrap_or_default() {
        // Indices count from 1; 0 means no property.
        let Some(property) = place.checked_sub(1).and_then(|place| all.get(place)) else { continue };
        let body = property.body;
        match property.kind {
            b"ispe" => info.size = extent(body),
            b"clap" => info.size = cropped(body, info.orientation).or(info.size),
            b"irot" => (0..body.first()? & 3).for_each(|_| info.orientation = turned_left(info.orientation)),
            b"imir" => info.orientation = mirrored(info.orientation, body.first()? & 1 == 1),
            b"pixi" => info.bits = *body.get(5)?,
            // The bits high_bitdepth and twelve_bit.
            b"av1C" if info.bits == 0 => info.bits = 8 + 2 * (body.get(2)? >> 6 & 1) + 2 * (body.get(2)? >> 5 & 1),
            b"hvcC" if info.bits == 0 => info.bits = 8 + (body.get(17)? & 7),
            _ => {}
        }
    }
    if info.size.is_none() {
        let sizes = all.iter().filter(|property| property.kind == b"ispe").filter_map(|property| extent(property.body));
        info.size = sizes.max_by_key(|size| u64::from(size.width) * u64::from(size.height));
    }
    Some(())
}

/// Whether all boxes and the data of all items lie inside the file. What follows the boxes does not matter.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let mut described = false;
    for top in boxes(bytes) {
        let inside = match top.kind {
            b"meta" => top.body.get(4..).is_some_and(|items| items_inside(bytes, items)),
            _ => true,
        };
        if top.end == End::Outside || !inside {
            return false;
        }
        described |= matches!(top.kind, b"meta" | b"moov");
    }
    described
}

/// Where a box ends.
#[derive(PartialEq, Eq)]
enum End {
    /// Inside its container.
    Inside,
    /// At the end of the file, because the box has no length.
    Open,
    /// Beyond its container.
    Outside,
}

struct Part<'a> {
    kind: &'a [u8],
    /// The content, up to the end of the file.
    body: &'a [u8],
    end: End,
}

/// The boxes in `bytes`, up to the first bytes that are no box. A box has a name in ASCII and room for its own head.
fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = Part<'_>> {
    std::iter::from_fn(move || {
        let kind = bytes.get(4..8).filter(|kind| kind.iter().all(|byte| matches!(byte, b' '..=b'~')))?;
        let (head, length, end) = match be32(bytes, 0)? {
            0 => (8, bytes.len(), End::Open),
            1 => (16, index(number(bytes, 8, 8, Endian::Big)?), End::Inside),
            length => (8, index(length), End::Inside),
        };
        let end = if length > bytes.len() { End::Outside } else { end };
        let (whole, rest) = bytes.split_at(length.min(bytes.len()));
        bytes = rest;
        Some(Part { kind, body: whole.get(head..)?, end })
    })
}

fn child<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    Some(boxes(bytes).find(|part| part.kind == kind)?.body)
}

/// The number of the primary item; `pitm` has more room for it from version 1 on.
fn primary(items: &[u8]) -> Option<u32> {
    let body = child(items, b"pitm")?;
    if *body.first()? == 0 { be16(body, 4) } else { be32(body, 4) }
}

/// The indices of an item's properties, in the order in which they apply (`ipma`).
fn property_indices(properties: &[u8], item: u32) -> Option<Vec<usize>> {
    boxes(properties).filter(|part| part.kind == b"ipma").find_map(|part| {
        let body = part.body;
        let (version, wide) = (*body.first()?, body.get(3)? & 1 == 1);
        let mut at = 8;
        for _ in 0..be32(body, 4)? {
            let number = if version == 0 { be16(body, at)? } else { be32(body, at)? };
            at += if version == 0 { 2 } else { 4 };
            let count = index(*body.get(at)?);
            let length = count * if wide { 2 } else { 1 };
            let list = body.get(at + 1..at + 1 + length)?;
            if number == item {
                // The highest bit says whether a reader has to know the property.
                let place =
                    |i| if wide { be16(list, 2 * i).map(|n| n & 0x7fff) } else { Some(u32::from(list[i] & 0x7f)) };
                return (0..count).map(|i| place(i).map(index)).collect();
            }
            at += 1 + length;
        }
        None
    })
}

fn extent(body: &[u8]) -> Option<Size> {
    Some(Size { width: be32(body, 4)?, height: be32(body, 8)? })
}

/// The visible part: its width and height are fractions. After a quarter turn they refer to the turned
/// picture.
fn cropped(body: &[u8], orientation: u8) -> Option<Size> {
    let pixels = |at| be32(body, at)?.checked_div(be32(body, at + 4)?);
    let (width, height) = (pixels(0)?, pixels(8)?);
    Some(if orientation < 5 { Size { width, height } } else { Size { width: height, height: width } })
}

fn is_alpha(property: &Part) -> bool {
    const NAMES: [&[u8]; 3] = [
        b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0",
        b"urn:mpeg:hevc:2015:auxid:1\0",
        b"urn:mpeg:avc:2015:auxid:1\0",
    ];
    let name = property.body.get(4..).unwrap_or_default();
    property.kind == b"auxC" && NAMES.iter().any(|alpha| name.starts_with(alpha))
}

/// The EXIF orientation that stands for `orientation` and then a quarter turn to the left.
fn turned_left(orientation: u8) -> u8 {
    [8, 5, 6, 7, 4, 1, 2, 3][usize::from(orientation - 1)]
}

/// The EXIF orientation that stands for `orientation` and then an exchange of left and right, or of top and bottom.
fn mirrored(orientation: u8, left_right: bool) -> u8 {
    let table = if left_right { [2, 1, 4, 3, 6, 5, 8, 7] } else { [4, 3, 2, 1, 8, 7, 6, 5] };
    table[usize::from(orientation - 1)]
}

/// Whether the data of the items lies inside the file, by their locations (`iloc`, versions 0 to 2).
fn items_inside(file: &[u8], items: &[u8]) -> bool {
    let Some(body) = child(items, b"iloc") else { return true };
    locations_inside(file.len(), body).unwrap_or(false)
}

fn locations_inside(file: usize, body: &[u8]) -> Option<bool> {
    let mut at = 6;
    let mut take = |length: usize| {
        let value = number(body, at, length, Endian::Big);
        at += length;
        value
    };
    let version = *body.first()?;
    let (sizes, more_sizes) = (body.get(4)?, body.get(5)?);
    let nibble = |byte: &u8, high: bool| usize::from(if high { byte >> 4 } else { byte & 15 });
    let (offset, length) = (nibble(sizes, true), nibble(sizes, false));
    let (base, place) = (nibble(more_sizes, true), if version == 0 { 0 } else { nibble(more_sizes, false) });
    let id = if version < 2 { 2 } else { 4 };
    for _ in 0..take(id)? {
        take(id)?;
        // 0 is an offset into the file; others count from inside other boxes.
        let in_file = version == 0 || take(2)? & 15 == 0;
        let here = take(2)? == 0;
        let start = take(base)?;
        let extents = take(2)?;
        if place + offset + length == 0 {
            continue;
        }
        for _ in 0..extents {
            take(place)?;
            let end = start.checked_add(take(offset)?)?.checked_add(take(length)?)?;
            if in_file && here && end > file as u64 {
                return Some(false);
            }
        }
    }
    Some(true)
}
