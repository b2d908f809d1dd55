//! Draws a plan: the original at its place, what grows around it hatched, and a frame where each call ends.

use volcv::{ExpandPlan, Fill, Image, ImageError, Rect, Size, pad, resize};

/// The largest drawing.
const MAX: Size = Size { width: 1024, height: 1024 };
/// Stands for a picture of which only the size is known.
const UNKNOWN: [u8; 3] = [160, 176, 192];
const HATCH: [u8; 3] = [255, 255, 255];
const ORIGINAL_FRAME: [u8; 3] = [255, 176, 0];
const CALL_FRAME: [u8; 3] = [0, 160, 255];
/// Pixels from one line of the hatching to the next, measured along a row, and its thickness.
const HATCH_STEP: u32 = 12;
const HATCH_LINE: u32 = 2;
const FRAME_LINE: u32 = 2;

/// A drawing of the plan with the upright picture in it, or with a grey one in its place.
pub(crate) fn plan(plan: &ExpandPlan, picture: Option<Image>) -> Result<Image, ImageError> {
    let scale = Scale { from: plan.result, to: plan.result.shrink_into(MAX) };
    let at = scale.rect(plan.original_at);
    let original = match picture {
        Some(picture) => resize(&picture.crop(plan.crop)?, at.size())?,
        None => flat(at.size())?,
    };
    let mut drawing = pad(&original, scale.to, at, Fill::Edge)?;
    hatch(&mut drawing, at);
    for part in ends(plan) {
        frame(&mut drawing, scale.rect(part), CALL_FRAME);
    }
    frame(&mut drawing, at, ORIGINAL_FRAME);
    Ok(drawing)
}

/// What each call makes, as a part of the result; the last one makes all of it.
fn ends(plan: &ExpandPlan) -> Vec<Rect> {
    let (mut x, mut y) = (0, 0);
    let mut ends = Vec::new();
    for pass in plan.passes.iter().rev() {
        ends.push(Rect { x, y, width: pass.to.width, height: pass.to.height });
        (x, y) = (x + pass.from_at.x, y + pass.from_at.y);
    }
    ends
}

/// From the pixels of the result to those of the drawing.
struct Scale {
    from: Size,
    to: Size,
}

impl Scale {
    /// Edges are rounded, so that what touches in the result touches in the drawing; nothing gets lost.
    fn rect(&self, rect: Rect) -> Rect {
        let edge = |at: u32, from: u32, to: u32| (u64::from(at) * u64::from(to) / u64::from(from)) as u32;
        let span = |start: u32, length: u32, from: u32, to: u32| {
            let first = edge(start, from, to).min(to - 1);
            (first, edge(start + length, from, to).clamp(first + 1, to) - first)
        };
        let (x, width) = span(rect.x, rect.width, self.from.width, self.to.width);
        let (y, height) = span(rect.y, rect.height, self.from.height, self.to.height);
        Rect { x, y, width, height }
    }
}

fn flat(size: Size) -> Result<Image, ImageError> {
    let pixels = size.width as usize * size.height as usize;
    Ok(Image::new(size, false, UNKNOWN.repeat(pixels))?)
}

/// Lines from the top left to the bottom right, outside of a part.
fn hatch(drawing: &mut Image, except: Rect) {
    let inside = |at: u32, start: u32, length: u32| (start..start + length).contains(&at);
    for y in 0..drawing.size().height {
        let in_rows = inside(y, except.y, except.height);
        let step = |x: u32| (x + HATCH_STEP - y % HATCH_STEP) % HATCH_STEP;
        paint(drawing, y, HATCH, |x| step(x) < HATCH_LINE && !(in_rows && inside(x, except.x, except.width)));
    }
}

/// A frame along the inner edges of a part.
fn frame(drawing: &mut Image, part: Rect, color: [u8; 3]) {
    let rim = |at: u32, start: u32, length: u32| {
        let (before, after) = (at - start, start + length - 1 - at);
        before.min(after) < FRAME_LINE
    };
    for y in part.y..part.y + part.height {
        let whole = rim(y, part.y, part.height);
        let inside = |x: u32| (part.x..part.x + part.width).contains(&x);
        paint(drawing, y, color, |x| inside(x) && (whole || rim(x, part.x, part.width)));
    }
}

/// Gives the chosen pixels of a row a colour.
fn paint(drawing: &mut Image, y: u32, color: [u8; 3], is_chosen: impl Fn(u32) -> bool) {
    let [red, green, blue] = color;
    let (pixel, channels) = ([red, green, blue, 255], drawing.channels());
    for (to, x) in drawing.row_mut(y).chunks_exact_mut(channels).zip(0..) {
        if is_chosen(x) {
            to.copy_from_slice(&pixel[..channels]);
        }
    }
}

#[cfg(test)]
mod tests {
    use volcv::{Anchor, PlanOptions, Wish};

    use super::*;

    fn pixel(image: &Image, x: u32, y: u32) -> [u8; 3] {
        let at = x as usize * image.channels();
        image.row(y)[at..at + 3].try_into().unwrap()
    }

    #[test]
    fn the_original_is_framed_and_everything_around_it_hatched() {
        let size = Size { width: 100, height: 80 };
        let wish = Wish::target(Size { width: 200, height: 80 }).anchor(Anchor::LEFT);
        let drawing = plan(&volcv::plan(size, &wish, &PlanOptions::new()).unwrap(), None).unwrap();
        assert_eq!(drawing.size(), Size { width: 200, height: 80 });
        assert_eq!((pixel(&drawing, 0, 40), pixel(&drawing, 99, 40)), (ORIGINAL_FRAME, ORIGINAL_FRAME));
        assert!((2..98).all(|x| pixel(&drawing, x, 40) == UNKNOWN), "nothing is drawn over the original");
        let lines = (102..198).filter(|x| pixel(&drawing, *x, 40) == HATCH).count();
        assert_eq!(lines, 16, "2 pixels of each 12 are hatched");
        assert_eq!(pixel(&drawing, 199, 40), CALL_FRAME);
    }

    #[test]
    fn each_call_has_a_frame_where_it_ends() {
        let size = Size { width: 100, height: 100 };
        let wish = Wish::target(Size { width: 900, height: 100 });
        let planned = volcv::plan(size, &wish, &PlanOptions::new().max_passes(2)).unwrap();
        let ends = ends(&planned);
        assert_eq!(
            ends,
            [Rect { x: 0, y: 0, width: 900, height: 100 }, Rect { x: 300, y: 0, width: 300, height: 100 }]
        );
        let drawing = plan(&planned, None).unwrap();
        assert!([0, 300, 599, 899].iter().all(|x| pixel(&drawing, *x, 50) == CALL_FRAME));
    }

    #[test]
    fn a_large_plan_is_drawn_small_and_nothing_of_it_vanishes() {
        let size = Size { width: 16_000, height: 1 };
        let wish = Wish::target(Size { width: 16_384, height: 2 });
        let drawing = plan(&volcv::plan(size, &wish, &PlanOptions::new()).unwrap(), None).unwrap();
        assert_eq!(drawing.size(), Size { width: 1024, height: 1 });
    }
}
