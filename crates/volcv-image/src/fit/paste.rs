//! Moving and pasting pixels, without any judgement.

use std::ops::Range;

use volcv_types::Rect;
use volcv_types::memory::NoMemory;

use super::FitOptions;
use super::rim::Correction;
use super::seam::pixel;
use super::sides::{Edge, Side};
use crate::canvas::smoothstep;
use crate::error::ImageError;
use crate::image::Image;

/// Moves the content by `-offset`, so that what lay `offset` away from its place lies there. Edge pixels are repeated.
pub(super) fn shift(picture: &mut Image, offset: (i32, i32)) {
    if offset == (0, 0) {
        return;
    }
    let (width, height) = (picture.size().width as usize, picture.size().height as usize);
    let channels = picture.channels();
    let row_length = width * channels;
    let data = picture.data_mut();
    let (across, down) = (offset.0.unsigned_abs() as usize, offset.1.unsigned_abs() as usize);
    let across = across.min(width - 1);
    let kept = row_length - across * channels;
    for step in 0..height {
        // Rows are written in the order in which no row is read after it was written.
        let (y, source) = if offset.1 >= 0 {
            (step, (step + down).min(height - 1))
        } else {
            (height - 1 - step, (height - 1 - step).saturating_sub(down))
        };
        let (to, from) = (y * row_length, source * row_length);
        if offset.0 >= 0 {
            let start = from + across * channels;
            data.copy_within(start..start + kept, to);
            repeat(&mut data[to..to + row_length], kept - channels, kept..row_length, channels);
        } else {
            let start = to + across * channels;
            data.copy_within(from..from + kept, start);
            repeat(&mut data[to..to + row_length], across * channels, 0..across * channels, channels);
        }
    }
}

/// Writes the pixel at byte `from` of a row all over `to`.
fn repeat(row: &mut [u8], from: usize, to: Range<usize>, channels: usize) {
    for start in to.step_by(channels) {
        row.copy_within(from..from + channels, start);
    }
}

/// The same picture with opaque alpha. The pixels are moved within their memory, which grows by a third.
///
/// # Errors
/// The picture would not fit in memory.
pub(super) fn with_alpha(picture: Image) -> Result<Image, ImageError> {
    let size = picture.size();
    let mut data = picture.into_data();
    let pixels = data.len() / 3;
    data.try_reserve_exact(pixels).map_err(|_| NoMemory(pixels * 4))?;
    data.resize(pixels * 4, 255);
    for index in (0..pixels).rev() {
        data.copy_within(index * 3..index * 3 + 3, index * 4);
        data[index * 4 + 3] = 255;
    }
    Ok(Image::new(size, true, data)?)
}

/// Copies the original to its place, except into `protect`. The picture has alpha if the original has it.
pub(super) fn paste(picture: &mut Image, original: &Image, at: Rect, protect: Option<Rect>) {
    let (from, to) = (original.channels(), picture.channels());
    for y in 0..at.height {
        let source = original.row(y);
        let target = picture.row_mut(at.y + y);
        for span in spans(at.x..at.x + at.width, at.y + y, protect.as_slice()) {
            let source = &source[(span.start - at.x) as usize * from..(span.end - at.x) as usize * from];
            let target = &mut target[span.start as usize * to..span.end as usize * to];
            if from == to {
                target.copy_from_slice(source);
            } else {
                target.chunks_exact_mut(to).zip(source.chunks_exact(from)).for_each(|(to, from)| {
                    to[..3].copy_from_slice(from);
                    to[3] = 255;
                });
            }
        }
    }
}

/// As [`paste`], but the corrected result shines through along the growing edges, the less the deeper. Alpha is that of the
/// original.
pub(super) fn feather(
    picture: &mut Image,
    original: &Image,
    at: Rect,
    options: &FitOptions,
    correction: Option<&Correction>,
    edges: &[Edge],
) {
    let grows = |side: Side| edges.iter().any(|edge| edge.side == side);
    let growing = [Side::Top, Side::Bottom, Side::Left, Side::Right].map(grows);
    let channels = picture.channels();
    for y in 0..at.height {
        let row = picture.row_mut(at.y + y);
        for span in spans(at.x..at.x + at.width, at.y + y, options.protect.as_slice()) {
            for x in span.start - at.x..span.end - at.x {
                let target = &mut row[(at.x + x) as usize * channels..][..channels];
                let source = pixel(original, (x, y));
                let mut color = [source[0], source[1], source[2]];
                if let Some((depth, side, position)) =
                    nearest(growing, at, x, y).filter(|near| near.0 < options.feather)
                {
                    let result = [target[0], target[1], target[2]];
                    let result = correction.map_or(result, |correction| correction.value(side, position, result));
                    let share = smoothstep((f64::from(depth) + 0.5) / f64::from(options.feather));
                    let blend = |o: u8, r: u8| (f64::from(o) * share + f64::from(r) * (1.0 - share)).round() as u8;
                    color = std::array::from_fn(|c| blend(color[c], result[c]));
                }
                target[..3].copy_from_slice(&color);
                if let Some(alpha) = target.get_mut(3) {
                    *alpha = source.get(3).copied().unwrap_or(255);
                }
            }
        }
    }
}

/// The nearest growing edge of a pixel of the original: how deep the pixel lies, and at which position of the edge.
fn nearest(growing: [bool; 4], at: Rect, x: u32, y: u32) -> Option<(u32, Side, u32)> {
    let candidates = [
        (y, Side::Top, x),
        (at.height - 1 - y, Side::Bottom, x),
        (x, Side::Left, y),
        (at.width - 1 - x, Side::Right, y),
    ];
    let candidates = candidates.into_iter().zip(growing).filter(|(_, grows)| *grows);
    candidates.map(|(candidate, _)| candidate).min_by_key(|candidate| candidate.0)
}

/// Whether the picture holds every byte of the original at its place, and opaque pixels where the original has no alpha.
pub(super) fn is_exact(picture: &Image, original: &Image, at: Rect) -> bool {
    let (from, to) = (original.channels(), picture.channels());
    (0..at.height).all(|y| {
        let target = &picture.row(at.y + y)[at.x as usize * to..][..at.width as usize * to];
        let source = original.row(y);
        if from == to {
            return target == source;
        }
        let mut pixels = target.chunks_exact(to).zip(source.chunks_exact(from));
        pixels.all(|(target, source)| target[..3] == source[..3] && target.get(3) == Some(&255))
    })
}

/// The columns of row `y` of a picture that lie in none of the holes.
pub(super) fn outside(width: u32, y: u32, holes: &[Rect]) -> Vec<Range<u32>> {
    spans(0..width, y, holes)
}

fn spans(columns: Range<u32>, y: u32, holes: &[Rect]) -> Vec<Range<u32>> {
    let mut spans = vec![columns];
    for hole in holes {
        if (hole.y..hole.y + hole.height).contains(&y) {
            let (start, end) = (hole.x, hole.x + hole.width);
            let cut =
                spans.into_iter().flat_map(|span| [span.start..span.end.min(start), span.start.max(end)..span.end]);
            spans = cut.filter(|span| !span.is_empty()).collect();
        }
    }
    spans
}
