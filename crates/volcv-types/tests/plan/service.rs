//! What the service may make of the fractions of a request: its rounding is not documented.

use volcv_types::{Sides, Size};

/// Every size of result that some way of rounding gives, and the place of the picture where that is known.
pub(crate) fn results(upload: Size, sides: Sides) -> Vec<(Size, Option<(u32, u32)>)> {
    let mut results = Vec::new();
    for cut in [false, true] {
        for single in [false, true] {
            let pixels = |value: f64| if cut { value.floor() as u32 } else { value.round() as u32 };
            let pixels32 = |value: f32| if cut { value.floor() as u32 } else { value.round() as u32 };
            let side = |length: u32, ratio: f64| match single {
                true => pixels32(length as f32 * ratio as f32),
                false => pixels(f64::from(length) * ratio),
            };
            let total = |length: u32, a: f64, b: f64| match single {
                true => pixels32(length as f32 * (1.0 + a as f32 + b as f32)),
                false => pixels(f64::from(length) * (1.0 + a + b)),
            };
            let Size { width, height } = upload;
            let (left, top) = (side(width, sides.left), side(height, sides.top));
            let per_side = Size {
                width: left + width + side(width, sides.right),
                height: top + height + side(height, sides.bottom),
            };
            results.push((per_side, Some((left, top))));
            let whole =
                Size { width: total(width, sides.left, sides.right), height: total(height, sides.top, sides.bottom) };
            results.push((whole, None));
        }
    }
    results
}

#[test]
fn plain_fractions_of_some_sizes_lose_a_pixel_in_some_rounding() {
    let sides = Sides { left: 29.0 / 100.0, ..Sides::ZERO };
    let widths: Vec<u32> = results(Size { width: 100, height: 10 }, sides).iter().map(|(size, _)| size.width).collect();
    assert!(widths.contains(&128) && widths.contains(&129), "{widths:?}");
}
