//! `i2i_inpainting`: what is in the white part of the mask is erased.

use serde_json::Value;

use super::{Fields, Objection, Surroundings, masked};
use crate::paint::Order;

/// The service's defaults are steps 30, strength 0.8, scale 7 and dilate_size 15; of the ranges, those of outpainting are
/// taken. The mask is not dilated here, so that a test can tell what was painted.
pub(super) fn order(fields: &Fields<'_>, surroundings: &Surroundings<'_>) -> Result<Order, Objection> {
    fields.integer("steps", 1, i64::MAX)?;
    fields.number("strength", 0.1, 1.0)?;
    fields.number("scale", 1.0, 20.0)?;
    fields.integer("dilate_size", 0, i64::MAX)?;
    let quality = |value: &Value| value.as_str().filter(|quality| ["H", "M", "L"].contains(quality)).map(str::len);
    fields.typed("quality", "H, M or L", quality)?;
    masked(fields, surroundings)
}
