//! `i2i_inpainting_edit`: the white part of the mask is painted as the text says.

use super::{Fields, Objection, Surroundings, masked};
use crate::paint::Order;

/// The service's defaults are scale 5, seed -1 and steps 25. The page prints no ranges; those of outpainting are taken.
pub(super) fn order(fields: &Fields<'_>, surroundings: &Surroundings<'_>) -> Result<Order, Objection> {
    fields.number("scale", 1.0, 20.0)?;
    fields.integer("steps", 1, i64::MAX)?;
    masked(fields, surroundings)
}
