//! What the flags wish for each picture of a batch.

use volcv::{Anchor, Aspect, Margins};
use volcv_batch::{Defaults, Job};

use crate::args::{BatchRunArgs, PictureArgs};
use crate::wish::WishArgs;

/// What holds for each picture whose line of the manifest does not say it.
pub(crate) fn defaults(args: &BatchRunArgs) -> Defaults {
    let mut defaults = Defaults::default();
    wish(&args.wish, &mut defaults.job);
    picture(&args.picture, &mut defaults.job);
    args.format.ending().clone_into(&mut defaults.format);
    defaults
}

fn wish(args: &WishArgs, job: &mut Job) {
    (job.top, job.bottom, job.left, job.right) = (args.top, args.bottom, args.left, args.right);
    job.equal = args.equal;
    job.aspect = args.aspect.map(|Aspect { width, height }| format!("{width}:{height}"));
    job.to = args.to.map(|size| size.to_string());
    job.pixels = args.pixels.map(|Margins { left, top, right, bottom }| format!("{left},{top},{right},{bottom}"));
    job.anchor = args.anchor.map(|Anchor { x, y }| format!("{x},{y}"));
    job.too_small = args.too_small.and_then(|how| name(&how));
}

fn picture(args: &PictureArgs, job: &mut Job) {
    job.prompt.clone_from(&args.prompt);
    job.prompt_field = args.prompt_field.and_then(|field| name(&field));
    job.seed = args.seed;
    job.scale = args.scale;
    job.steps = args.steps;
    job.strength = args.strength;
    job.ability = args.ability.and_then(|ability| name(&ability));
    job.max_passes = args.max_passes;
    job.max_side = args.max_side;
    // What is not given stays open, so that a line of a manifest and the library decide.
    job.return_url = args.return_url.then_some(true);
    job.paste_back = args.no_paste_back.then_some(false);
    job.strict = args.strict.then_some(true);
}

/// The text of a flag's value.
fn name(value: &impl clap::ValueEnum) -> Option<String> {
    value.to_possible_value().map(|value| value.get_name().to_owned())
}
