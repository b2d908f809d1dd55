//! The fields of the calls and their seeds, from the arguments.

use volcv::{InvalidInput, Outpaint};

use crate::args::{MakeArgs, OutpaintArgs};
use crate::report::CliError;

/// Gives an outpainting the fields that the arguments set.
pub(crate) fn apply(args: &OutpaintArgs, mut outpaint: Outpaint) -> Outpaint {
    if let Some(text) = &args.prompt {
        outpaint = outpaint.prompt(text);
    }
    if let Some(field) = args.prompt_field {
        outpaint = outpaint.prompt_field(field.into());
    }
    if let Some(scale) = args.scale {
        outpaint = outpaint.scale(scale);
    }
    if let Some(steps) = args.steps {
        outpaint = outpaint.steps(steps);
    }
    if let Some(strength) = args.strength {
        outpaint = outpaint.strength(strength);
    }
    if let Some(pixels) = args.max_width {
        outpaint = outpaint.max_width(pixels);
    }
    if let Some(pixels) = args.max_height {
        outpaint = outpaint.max_height(pixels);
    }
    if args.make.return_url {
        outpaint = outpaint.return_url(true);
    }
    outpaint.strict(args.make.strict)
}

/// The seeds to call with, in order; none if the service chooses the seed of a single picture.
pub(crate) fn seeds(args: &MakeArgs, best_of: Option<u16>) -> Result<Vec<i64>, CliError> {
    let (flag, count) = match (args.variants, best_of) {
        (Some(variants), _) => ("--variants", variants),
        (None, Some(best_of)) => ("--best-of", best_of),
        (None, None) => return Ok(args.seeds.clone()),
    };
    match args.seeds.as_slice() {
        // -1 asks for a random one.
        [] | [-1] => Ok(random_seeds(count.into())),
        // The library refuses what is out of range, the last one included.
        [first] => Ok((0..count).map(|i| first.saturating_add(i.into())).collect()),
        seeds if seeds.len() == usize::from(count) => Ok(seeds.to_vec()),
        seeds => Err(CliError::invalid_input(format!(
            "{flag} is {count}, but {} seeds are given; leave one of them out",
            seeds.len()
        ))),
    }
}

/// A warning in the words of the command: of the fields that it names, those with a flag of their own are named so.
pub(crate) fn with_flags(warning: &InvalidInput) -> String {
    let text = warning.advice();
    flags(warning.field()).map_or(text.clone(), |flags| text.replacen(warning.field(), &flags, 1))
}

/// The error of a wish or a plan, in the words of the command as [`with_flags`].
pub(crate) fn refused(error: &InvalidInput) -> CliError {
    let text = error.to_string();
    CliError::invalid_input(flags(error.field()).map_or(text.clone(), |flags| text.replacen(error.field(), &flags, 1)))
}

fn flags(field: &str) -> Option<String> {
    if field == "target" {
        return Some("--to".to_owned());
    }
    let flags: Vec<String> = field.split(", ").map(|name| format!("--{}", name.replace('_', "-"))).collect();
    field.starts_with("max_").then(|| flags.join(" and "))
}

fn random_seeds(count: usize) -> Vec<i64> {
    let mut seeds = Vec::with_capacity(count);
    while seeds.len() < count {
        let seed = fastrand::i64(0..1 << 31);
        if !seeds.contains(&seed) {
            seeds.push(seed);
        }
    }
    seeds
}
