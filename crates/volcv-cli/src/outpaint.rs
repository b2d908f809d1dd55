//! `volcv outpaint`: a picture in, one or more larger pictures out. What no single call can do is in `whole`.

use std::process::ExitCode;
use std::sync::Arc;

use volcv::{Ability, Aspect, CancelToken, Outpaint, PaintingEdit, Picture, Sides};

use crate::args::OutpaintArgs;
use crate::client::Client;
use crate::make::{self, Asked};
use crate::report::CliError;
use crate::{input, settings, whole};

/// Makes the pictures and prints what was made.
pub(crate) fn run(args: &OutpaintArgs, cancel: &CancelToken) -> ExitCode {
    if args.is_whole() {
        return whole::run(args, cancel);
    }
    make::run(&args.make, &args.connection, cancel, || asked(args, cancel))
}

fn asked(args: &OutpaintArgs, cancel: &CancelToken) -> Result<Asked, CliError> {
    if let Some(mask) = &args.mask {
        let (padded, mask) = input::masked(&args.make.input, mask, cancel)?;
        return Ok(match args.ability.into() {
            Ability::PaintingEdit => {
                let edit = PaintingEdit::from_outpaint(&settings(args), padded, mask);
                (Arc::new(edit.map_err(|error| settings::refused(&error))?), None)
            }
            _ => (Arc::new(settings::apply(args, Outpaint::canvas(padded, mask))), None),
        });
    }
    let (picture, client) = match input::link(&args.make.input) {
        // The size of the picture decides what is asked for.
        Some(link) if args.wish.aspect.is_some() => {
            let (picture, client) = Client::with_picture(&args.make, &args.connection, link, cancel)?;
            (Picture::from(picture), Some(client))
        }
        _ => (input::picture("picture", &args.make.input, cancel)?, None),
    };
    // Clap lets exactly one of the modes through.
    let outpaint = match (args.wish.aspect, args.wish.equal) {
        (Some(Aspect { width, height }), _) => Outpaint::aspect(picture, width, height),
        (_, Some(ratio)) => Outpaint::equal(picture, ratio),
        _ => Outpaint::sides(picture, args.wish.sides()),
    };
    Ok((Arc::new(settings::apply(args, outpaint)), client))
}

/// The fields of the calls, without a picture.
pub(crate) fn settings(args: &OutpaintArgs) -> Outpaint {
    settings::apply(args, Outpaint::sides(Picture::from_static(b""), Sides::ZERO))
}
