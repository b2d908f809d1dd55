//! `volcv mask`: the padded picture and the mask of a growth, to be changed by hand and sent in canvas mode.

use std::process::ExitCode;

use volcv::{
    CancelToken, DecodeOptions, Encoding, ExpandPlan, Image, ImageError, Mask, PassMode, PictureInfo, PlanOptions,
    PngEffort, pad, resize,
};

use crate::args::MaskArgs;
use crate::report::{CliError, Report, Saved};
use crate::settings::{refused, with_flags};
use crate::{encoding, input};

/// Writes the two pictures and prints their names.
pub(crate) fn run(args: &MaskArgs, cancel: &CancelToken) -> ExitCode {
    let mut report = Report::default();
    if let Err(failure) = write(args, cancel, &mut report) {
        report.failures.push(failure);
    }
    report.print(args.json)
}

fn write(args: &MaskArgs, cancel: &CancelToken, report: &mut Report) -> Result<(), CliError> {
    if input::link(&args.input).is_some() {
        return Err(CliError::invalid_input("a mask is made of a file, not of a link; download it first"));
    }
    let format = encoding::by_ending(&args.output)?;
    let png = Encoding::Png(PngEffort::Fast);
    if encoding::by_ending(&args.mask_out)? != png {
        return Err(CliError::invalid_input(format!("{} has to be a png", args.mask_out.display())));
    }
    let file = input::read("picture", &args.input, cancel)?;
    let unreadable = |error: ImageError| CliError::invalid_input(format!("cannot read the picture: {error}"));
    let (picture, _) = volcv::decode(&file, &DecodeOptions::default()).map_err(unreadable)?;
    let options = PlanOptions::new().canvas(true).overlap(args.overlap).soft(args.soft).max_side(ExpandPlan::MAX_SIDE);
    let plan = volcv::plan(picture.size(), &args.wish.wish(), &options).map_err(|error| refused(&error))?;
    plan.warnings.iter().for_each(|warning| report.warn(with_flags(warning)));
    let (padded, mask) = canvas(picture, &plan, args).map_err(unreadable)?;
    for (pixels, path, encoding) in [(padded.pixels(), &args.output, format), (mask.pixels(), &args.mask_out, png)] {
        let bytes = encoding::write(&pixels, path, encoding)?;
        let info = PictureInfo::read(&bytes);
        report.outputs.push(Saved { path: path.clone(), info, seed: None, fitted: None });
    }
    Ok(())
}

fn canvas(picture: Image, plan: &ExpandPlan, args: &MaskArgs) -> Result<(Image, Mask), ImageError> {
    let used = picture.crop(plan.crop)?;
    let used = if used.size() == plan.original { used } else { resize(&used, plan.original)? };
    let pass = &plan.passes[0];
    let padded = pad(&used, pass.upload, pass.expected_at, args.fill.0)?;
    // A plan with canvas mode has no other.
    let (keep, soft) = match pass.mode {
        PassMode::Canvas(canvas) => (canvas.keep, canvas.soft),
        PassMode::Sides(_) => (pass.expected_at, 0),
    };
    Ok((padded, Mask::new(pass.upload, keep, soft)?))
}
