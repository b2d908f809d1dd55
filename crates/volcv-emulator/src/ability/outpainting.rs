//! `i2i_outpainting`: a picture that grows at its sides, or a padded picture with a mask.

use super::{Fields, Objection, Surroundings, mask_of, seed, unreadable};
use crate::paint::{self, Mode, Order, Sides};

/// A result with more pixels than this is refused, so that one request cannot take all memory.
const MAX_PIXELS: u64 = 64 << 20;

pub(super) fn order(fields: &Fields<'_>, surroundings: &Surroundings<'_>) -> Result<Order, Objection> {
    let side = |name| Ok::<f64, Objection>(fields.number(name, 0.0, 1.0)?.unwrap_or(0.1));
    let sides = Sides { top: side("top")?, bottom: side("bottom")?, left: side("left")?, right: side("right")? };
    fields.number("scale", 1.0, 20.0)?;
    fields.number("strength", 0.1, 1.0)?;
    fields.integer("steps", 1, i64::MAX)?;
    let seed = seed(fields, surroundings)?;
    let maximum = |name| {
        let value = fields.integer(name, 1, i64::MAX)?.unwrap_or(1920);
        Ok::<u32, Objection>(u32::try_from(value).unwrap_or(u32::MAX))
    };
    let (max_width, max_height) = (maximum("max_width")?, maximum("max_height")?);

    let pictures = fields.pictures(surroundings.files)?;
    let picture = paint::decode_picture(&pictures[0]).map_err(unreadable)?;
    let (width, height) = picture.dimensions();
    let mode = match pictures.get(1) {
        None => Mode::Ratio(sides),
        Some(mask) => Mode::Canvas(mask_of(mask, (width, height))?),
    };
    let (full_width, full_height) = paint::grown_size(width, height, &mode);
    let pixels = u64::from(full_width.min(max_width)) * u64::from(full_height.min(max_height));
    if pixels > MAX_PIXELS {
        return Err(Objection::new(50200, "the result is too large for this emulator"));
    }
    Ok(Order { picture, mode, max_width, max_height, seed })
}
