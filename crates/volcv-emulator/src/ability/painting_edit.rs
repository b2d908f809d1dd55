//! `jimeng_img2img_seed3_painting_edit`: the successor of outpainting's canvas mode, as a task only. Beside picture and mask it
//! has a prompt and a seed.

use super::{Fields, Objection, Surroundings, masked};
use crate::paint::Order;

pub(super) fn order(fields: &Fields<'_>, surroundings: &Surroundings<'_>) -> Result<Order, Objection> {
    masked(fields, surroundings)
}
