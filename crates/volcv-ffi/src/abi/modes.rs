//! Which fields of a `volcv_outpaint` belong together. A field that would be ignored without an error is an error.

use super::constants::*;
use super::read::only;
use super::structs::*;
use crate::engine::CError;

/// Whether a request is more than one call: see `volcv_outpaint`.
pub(super) fn is_operation(request: &volcv_outpaint) -> bool {
    let modes = [VOLCV_MODE_PIXELS, VOLCV_MODE_TARGET, VOLCV_MODE_PLACED];
    let is_wanted = request.flags & VOLCV_OUTPAINT_PIXELS != 0 || request.max_passes > 1;
    let is_wanted = is_wanted || request.ability != VOLCV_ABILITY_OUTPAINTING;
    !request.pixels.is_null() || is_wanted || modes.contains(&request.mode)
}

/// Refuses unknown flags, and what belongs to another mode.
pub(super) fn check(request: &volcv_outpaint, is_operation: bool) -> Result<(), CError> {
    let of_calls = VOLCV_OUTPAINT_RETURN_LINK | VOLCV_OUTPAINT_STRICT | VOLCV_OUTPAINT_SEED_ZERO;
    let of_targets = VOLCV_OUTPAINT_CROP | VOLCV_OUTPAINT_SHRINK;
    let of_operations = VOLCV_OUTPAINT_PIXELS | VOLCV_OUTPAINT_NO_PASTE | VOLCV_OUTPAINT_KEEP_RESULT;
    let known = of_calls | of_targets | of_operations | VOLCV_OUTPAINT_DOWNLOAD;
    only(known, request.flags, "volcv_outpaint.flags")?;
    if request.ability > VOLCV_ABILITY_PAINTING_EDIT {
        return Err(CError::argument("volcv_outpaint.ability", request.ability, "a VOLCV_ABILITY_ number"));
    }
    if !request.reserved_pointer.is_null() {
        return Err(CError::argument("volcv_outpaint.reserved_pointer", "a pointer", "NULL"));
    }
    if request.mode > VOLCV_MODE_PLACED {
        return Err(CError::argument("volcv_outpaint.mode", request.mode, "a VOLCV_MODE_ number"));
    }
    if !request.picture.is_null() && !request.pixels.is_null() {
        return Err(CError::argument("volcv_outpaint.pixels", "given beside picture", "one of them"));
    }
    let has_target = [VOLCV_MODE_TARGET, VOLCV_MODE_PLACED].contains(&request.mode);
    match request.flags & of_targets {
        0 => {}
        flags if !has_target => {
            return Err(unwanted("flags", format!("{flags:#x}"), "VOLCV_MODE_TARGET and VOLCV_MODE_PLACED"));
        }
        flags if flags == of_targets => {
            let both = "VOLCV_OUTPAINT_CROP and VOLCV_OUTPAINT_SHRINK";
            return Err(CError::argument("volcv_outpaint.flags", both, "one of them"));
        }
        _ => {}
    }
    check_modes(request, is_operation)?;
    match is_operation {
        true => check_operation(request),
        false => check_call(request),
    }
}

fn unwanted(field: &str, value: impl std::fmt::Display, place: &str) -> CError {
    CError::argument(&format!("volcv_outpaint.{field}"), value, &format!("0, but in {place}"))
}

fn check_modes(request: &volcv_outpaint, is_operation: bool) -> Result<(), CError> {
    let sides = &[VOLCV_MODE_SIDES, VOLCV_MODE_PIXELS][..];
    let target = &[VOLCV_MODE_TARGET, VOLCV_MODE_PLACED][..];
    let (aspect, placed) = (&[VOLCV_MODE_ASPECT][..], &[VOLCV_MODE_PLACED][..]);
    let anchored = if is_operation { &[VOLCV_MODE_TARGET, VOLCV_MODE_ASPECT][..] } else { &[] };
    let of_sides = "VOLCV_MODE_SIDES and VOLCV_MODE_PIXELS";
    let of_target = "VOLCV_MODE_TARGET and VOLCV_MODE_PLACED";
    let of_anchor = "VOLCV_MODE_TARGET, and VOLCV_MODE_ASPECT of whole operations";
    for (name, value, modes, place) in [
        ("left", request.left, sides, of_sides),
        ("right", request.right, sides, of_sides),
        ("top", request.top, sides, of_sides),
        ("bottom", request.bottom, sides, of_sides),
        ("aspect_width", request.aspect_width, aspect, "VOLCV_MODE_ASPECT"),
        ("aspect_height", request.aspect_height, aspect, "VOLCV_MODE_ASPECT"),
        ("anchor_x", request.anchor_x, anchored, of_anchor),
        ("anchor_y", request.anchor_y, anchored, of_anchor),
        ("target_width", request.target_width.into(), target, of_target),
        ("target_height", request.target_height.into(), target, of_target),
        ("x", request.x.into(), placed, "VOLCV_MODE_PLACED"),
        ("y", request.y.into(), placed, "VOLCV_MODE_PLACED"),
    ] {
        if value != 0.0 && !modes.contains(&request.mode) {
            return Err(unwanted(name, value, place));
        }
    }
    if request.mode != VOLCV_MODE_CANVAS && !request.mask.is_null() {
        return Err(CError::argument("volcv_outpaint.mask", "a picture", "NULL, but in VOLCV_MODE_CANVAS"));
    }
    Ok(())
}

fn check_operation(request: &volcv_outpaint) -> Result<(), CError> {
    if request.mode == VOLCV_MODE_CANVAS {
        let allowed = "another mode in a whole operation, which makes canvas and mask itself";
        return Err(CError::argument("volcv_outpaint.mode", "VOLCV_MODE_CANVAS", allowed));
    }
    if request.flags & VOLCV_OUTPAINT_NO_PASTE != 0 && request.feather != 0 {
        let allowed = "0 beside VOLCV_OUTPAINT_NO_PASTE";
        return Err(CError::argument("volcv_outpaint.feather", request.feather, allowed));
    }
    for (name, value) in [
        ("max_width", request.max_width),
        ("max_height", request.max_height),
        ("picture_width", request.picture_width),
        ("picture_height", request.picture_height),
    ] {
        if value != 0 {
            let allowed = "0 in a whole operation, which plans exact sizes";
            return Err(CError::argument(&format!("volcv_outpaint.{name}"), value, allowed));
        }
    }
    Ok(())
}

fn check_call(request: &volcv_outpaint) -> Result<(), CError> {
    let flags = request.flags & (VOLCV_OUTPAINT_NO_PASTE | VOLCV_OUTPAINT_KEEP_RESULT);
    if flags != 0 {
        return Err(unwanted("flags", format!("{flags:#x}"), "whole operations"));
    }
    for (name, value) in [
        ("max_side", request.max_side),
        ("overlap", request.overlap),
        ("soft", request.soft),
        ("context", request.context),
        ("feather", request.feather),
    ] {
        if value != 0 {
            return Err(unwanted(name, value, "whole operations"));
        }
    }
    Ok(())
}
