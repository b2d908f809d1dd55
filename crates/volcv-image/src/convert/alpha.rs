//! The arithmetic of alpha and of grey, on single values.

/// The brightness of a colour, by the weights of ITU-R BT.601 as JPEG has them: 0.299, 0.587, 0.114; to the nearest
/// level.
#[inline]
pub(crate) fn luma(r: u8, g: u8, b: u8) -> u8 {
    let sum = 19595 * u32::from(r) + 38470 * u32::from(g) + 7471 * u32::from(b);
    ((sum + 0x8000) >> 16) as u8
}

/// A colour over an opaque background, to the nearest level.
#[inline]
pub(crate) fn flatten(colour: u8, alpha: u8, background: u8) -> u8 {
    let (c, a, b) = (u32::from(colour), u32::from(alpha), u32::from(background));
    ((c * a + b * (255 - a) + 127) / 255) as u8
}

/// As [`flatten`], for a colour that was multiplied by its alpha.
#[inline]
pub(super) fn flatten_premultiplied(colour: u8, alpha: u8, background: u8) -> u8 {
    let rest = (u32::from(background) * (255 - u32::from(alpha)) + 127) / 255;
    (u32::from(colour) + rest).min(255) as u8
}

#[inline]
pub(super) fn premultiply(colour: u8, alpha: u8) -> u8 {
    ((u32::from(colour) * u32::from(alpha) + 127) / 255) as u8
}

/// The colour that [`premultiply`] was given, as exactly as the product still says it; 0 where alpha is 0.
#[inline]
pub(super) fn unpremultiply(colour: u8, alpha: u8) -> u8 {
    let (c, a) = (u32::from(colour), u32::from(alpha));
    (c * 255 + a / 2).checked_div(a).unwrap_or_default().min(255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_stays_grey_and_opaque_colours_stay_as_they_are() {
        for value in 0..=255 {
            assert_eq!(luma(value, value, value), value);
            assert_eq!(flatten(value, 255, 9), value);
            assert_eq!(flatten(9, 0, value), value);
            assert_eq!((premultiply(value, 255), unpremultiply(value, 255)), (value, value));
            assert_eq!(flatten_premultiplied(value, 255, 200), value);
        }
    }

    #[test]
    fn unpremultiply_undoes_premultiply_up_to_the_rounding_of_the_product() {
        for alpha in 1..=255_u8 {
            for colour in 0..=255_u8 {
                let back = unpremultiply(premultiply(colour, alpha), alpha);
                let step = 255_u32.div_ceil(u32::from(alpha)).div_ceil(2) as u8 + 1;
                assert!(back.abs_diff(colour) <= step, "{colour} with alpha {alpha} came back as {back}");
            }
        }
    }

    #[test]
    fn both_ways_to_flatten_differ_by_at_most_one_level() {
        for alpha in 0..=255 {
            for colour in (0..=255).step_by(5) {
                let straight = flatten(colour, alpha, 255);
                assert!(straight.abs_diff(flatten_premultiplied(premultiply(colour, alpha), alpha, 255)) <= 1);
            }
        }
    }
}
