//! Warnings of a plan: reasons for which the service may refuse a call or spoil its result.

use super::{Pass, PlanOptions};
use crate::error::InvalidInput;
use crate::expansion::Size;

/// At most one warning of each kind and side, about the pass that is worst.
pub(super) fn about(passes: &[Pass], options: &PlanOptions) -> Vec<InvalidInput> {
    let mut warnings = Vec::new();
    let limits = options.ability.limits();
    if let Some((value, allowed)) = passes.iter().find_map(|pass| limits.about_size(pass.upload)) {
        warnings.push(InvalidInput::new("picture", value, allowed));
    }
    warnings.extend(about_area(passes));
    warnings.extend(about_sides(passes));
    warnings.extend(about_scale(passes, options));
    warnings
}

fn area(size: Size) -> u64 {
    u64::from(size.width) * u64::from(size.height)
}

/// A similar service advises that the picture covers more than 15 % of the canvas, <https://fal.ai/models/fal-ai/bria/expand>.
fn about_area(passes: &[Pass]) -> Option<InvalidInput> {
    let percent = passes.iter().map(|pass| area(pass.from) * 100 / area(pass.to).max(1)).min()?;
    let value = format!("{percent} % of what one pass makes of it");
    (percent < 15).then(|| InvalidInput::new("picture", value, "at least 15 %, as for similar services"))
}

/// What is far from the picture has little to do with it. The bound of one half is a rule of thumb.
fn about_sides(passes: &[Pass]) -> Vec<InvalidInput> {
    let names = ["top", "bottom", "left", "right"];
    let mut largest = [0.0_f64; 4];
    for pass in passes {
        let growth = pass.growth();
        let (width, height) = (pass.from.width, pass.from.height);
        let sides = [(growth.top, height), (growth.bottom, height), (growth.left, width), (growth.right, width)];
        for (largest, (pixels, length)) in largest.iter_mut().zip(sides) {
            *largest = largest.max(f64::from(pixels) / f64::from(length));
        }
    }
    let sides = names.into_iter().zip(largest).filter(|(_, ratio)| *ratio > 0.5);
    let allowed = "at most 0.5 x the picture's own length in one pass for a result that belongs to it";
    sides.map(|(name, ratio)| InvalidInput::new(name, format_args!("{ratio:.2}"), allowed)).collect()
}

fn about_scale(passes: &[Pass], options: &PlanOptions) -> Option<InvalidInput> {
    let scaled = passes.iter().rfind(|pass| pass.expected_part.size() != pass.to)?;
    let value =
        format!("{}, so {} is made as {} and scaled up", options.max_side, scaled.to, scaled.expected_part.size());
    let longest = scaled.to.width.max(scaled.to.height);
    Some(InvalidInput::new("max_side", value, format!("at least {longest} for the full resolution")))
}
