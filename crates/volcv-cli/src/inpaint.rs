//! `volcv inpaint` and `volcv erase`: what a mask covers is painted anew, or removed.

use std::process::ExitCode;
use std::sync::Arc;

use volcv::{CancelToken, InpaintEdit, InpaintErase};

use crate::args::{EraseArgs, InpaintArgs};
use crate::{input, make};

/// Paints anew what the mask covers.
pub(crate) fn edit(args: &InpaintArgs, cancel: &CancelToken) -> ExitCode {
    make::run(&args.make, &args.connection, cancel, || {
        let (picture, mask) = input::masked(&args.make.input, &args.mask, cancel)?;
        let mut edit = InpaintEdit::new(picture, mask).return_url(args.make.return_url).strict(args.make.strict);
        if let Some(text) = &args.prompt {
            edit = edit.prompt(text);
        }
        if let Some(scale) = args.scale {
            edit = edit.scale(scale);
        }
        if let Some(steps) = args.steps {
            edit = edit.steps(steps);
        }
        Ok((Arc::new(edit), None))
    })
}

/// Removes what the mask covers.
pub(crate) fn erase(args: &EraseArgs, cancel: &CancelToken) -> ExitCode {
    make::run(&args.make, &args.connection, cancel, || {
        let (picture, mask) = input::masked(&args.make.input, &args.mask, cancel)?;
        let mut erase = InpaintErase::new(picture, mask).return_url(args.make.return_url).strict(args.make.strict);
        if let Some(pixels) = args.dilate {
            erase = erase.dilate_size(pixels);
        }
        if let Some(quality) = args.quality {
            erase = erase.quality(quality.into());
        }
        if let Some(scale) = args.scale {
            erase = erase.scale(scale);
        }
        if let Some(steps) = args.steps {
            erase = erase.steps(steps);
        }
        if let Some(strength) = args.strength {
            erase = erase.strength(strength);
        }
        Ok((Arc::new(erase), None))
    })
}
