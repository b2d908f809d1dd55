//! Reads requests of whole operations. Every pointer comes from C, and the header says what it has to be: that is
//! what all of these functions rest on.
#![allow(unsafe_op_in_unsafe_fn, reason = "see above: another block around each line would say nothing more")]

use std::slice;

use volcv::{
    Ability, Anchor, Bytes, ExpandOptions, FitOptions, InvalidInput, Keep, Margins, Outpaint, Picture, Pixels,
    PlanOptions, Provenance, Sides, Size, TooSmall, Wish,
};

use super::constants::*;
use super::modes::check;
use super::pixel_structs::*;
use super::read::read;
use super::request::{Given, copy_of, given_of, invalid, picture_of, with_options};
use super::structs::*;
use crate::engine::{
    Borrowed, CError, Engine, Expansion, Input, JobRequest, Texture, decoded, encoded, encoding_of, layout_of,
    upright_size,
};

pub(super) unsafe fn expand_of(engine: &Engine, request: &volcv_outpaint) -> Result<JobRequest, CError> {
    let (wish, settings) = (wish_of(request)?, settings_of(request)?);
    let options = options_of(request, &settings);
    let (input, borrowed) = input_of(engine, request)?;
    let expansion = Expansion::new(input, wish, settings, ability_of(request), options).map_err(invalid)?;
    Ok(JobRequest::expansion(expansion, Vec::from_iter(borrowed)))
}

pub(super) unsafe fn plan_of(request: &volcv_outpaint, width: u32, height: u32) -> Result<volcv_plan_info, CError> {
    check(request, true)?;
    let (wish, settings) = (wish_of(request)?, settings_of(request)?);
    let source = match (width, height) {
        (0, 0) => size_of_source(request)?,
        (width, height) => Size { width, height },
    };
    options_of(request, &settings).plan_for(source, &wish).map(|plan| volcv_plan_info::of(&plan)).map_err(invalid)
}

fn wish_of(request: &volcv_outpaint) -> Result<Wish, CError> {
    let &volcv_outpaint { left, right, top, bottom, x, y, .. } = request;
    let target = Size { width: request.target_width, height: request.target_height };
    let wish = match request.mode {
        VOLCV_MODE_SIDES => Wish::sides(Sides { left, right, top, bottom }),
        VOLCV_MODE_ASPECT => Wish::aspect(request.aspect_width, request.aspect_height).anchor(anchor_of(request)?),
        VOLCV_MODE_TARGET => Wish::target(target).anchor(anchor_of(request)?),
        VOLCV_MODE_PLACED => Wish::placed(target, x, y),
        _ => Wish::pixels(Margins {
            left: whole("left", left)?,
            right: whole("right", right)?,
            top: whole("top", top)?,
            bottom: whole("bottom", bottom)?,
        }),
    };
    Ok(match request.flags & (VOLCV_OUTPAINT_CROP | VOLCV_OUTPAINT_SHRINK) {
        VOLCV_OUTPAINT_CROP => wish.too_small(TooSmall::Crop),
        VOLCV_OUTPAINT_SHRINK => wish.too_small(TooSmall::Shrink),
        _ => wish,
    })
}

/// From the numbers of C, -1 to 1 with the middle at 0.
fn anchor_of(request: &volcv_outpaint) -> Result<Anchor, CError> {
    let part = |field: &str, value: f64| match (-1.0..=1.0).contains(&value) {
        true => Ok((value + 1.0) / 2.0),
        false => Err(invalid(InvalidInput::new(field, value, "-1 to 1"))),
    };
    Ok(Anchor { x: part("anchor_x", request.anchor_x)?, y: part("anchor_y", request.anchor_y)? })
}

fn whole(field: &str, value: f64) -> Result<u32, CError> {
    let is_whole = (0.0..=f64::from(u32::MAX)).contains(&value) && value.fract() == 0.0;
    match is_whole {
        true => Ok(value as u32),
        false => Err(invalid(InvalidInput::new(field, value, "a whole number of pixels, 0 or more"))),
    }
}

/// The fields of the calls. Each call gets a picture and sides of its own.
unsafe fn settings_of(request: &volcv_outpaint) -> Result<Outpaint, CError> {
    with_options(Outpaint::sides(Picture::from_static(b""), Sides::ZERO), request)
}

fn ability_of(request: &volcv_outpaint) -> Ability {
    match request.ability {
        VOLCV_ABILITY_PAINTING_EDIT => Ability::PaintingEdit,
        _ => Ability::Outpainting,
    }
}

fn options_of(request: &volcv_outpaint, settings: &Outpaint) -> ExpandOptions {
    let is_set = |flag: u32| request.flags & flag != 0;
    let plan = PlanOptions::new()
        .max_passes(request.max_passes.max(1))
        .overlap(request.overlap)
        .soft(request.soft)
        .context(request.context)
        .keep(if is_set(VOLCV_OUTPAINT_KEEP_RESULT) { Keep::Result } else { Keep::Original })
        .ability(ability_of(request))
        .strict(is_set(VOLCV_OUTPAINT_STRICT));
    let plan = if request.max_side == 0 { plan } else { plan.max_side(request.max_side) };
    let options = ExpandOptions::new().settings(settings.clone()).plan(plan);
    match is_set(VOLCV_OUTPAINT_NO_PASTE) {
        true => options.paste_back(false),
        false => options.fit(FitOptions::new().feather(request.feather)),
    }
}

unsafe fn input_of(engine: &Engine, request: &volcv_outpaint) -> Result<(Input, Option<Borrowed>), CError> {
    if request.pixels.is_null() {
        let (picture, borrowed) = picture_of(engine, request.picture, "volcv_outpaint.picture")?;
        return Ok((engine.input(picture)?, borrowed));
    }
    let pixels = read(request.pixels, "volcv_outpaint.pixels")?;
    let (layout, size) = layout_of(&pixels, VOLCV_PIXELS_BORROW)?;
    if pixels.flags & VOLCV_PIXELS_BORROW != 0 {
        let volcv_pixels { data, size, release, release_user, .. } = pixels;
        let (borrowed, data) = engine.borrow(data.cast(), size, release, release_user);
        return Ok((Input::Pixels(Texture { data, layout }), Some(borrowed)));
    }
    let data = copy_of(engine, slice::from_raw_parts(pixels.data.cast::<u8>(), size), "volcv_outpaint.pixels")?;
    Ok((Input::Pixels(Texture { data, layout }), None))
}

/// The size of the upright source, for a plan.
unsafe fn size_of_source(request: &volcv_outpaint) -> Result<Size, CError> {
    if !request.pixels.is_null() {
        let pixels = read(request.pixels, "volcv_outpaint.pixels")?;
        return layout_of(&pixels, VOLCV_PIXELS_BORROW).map(|(layout, _)| layout.size());
    }
    let unknown = || invalid(InvalidInput::new("width", 0, "given, as there is no picture that says it"));
    if request.picture.is_null() {
        return Err(unknown());
    }
    match given_of(request.picture, "volcv_outpaint.picture")? {
        Given::Link(_) => Err(unknown()),
        Given::File(picture) => {
            upright_size(slice::from_raw_parts(picture.data.cast::<u8>(), picture.size)).map_err(invalid)
        }
    }
}

pub(super) unsafe fn encode(
    pixels: &volcv_pixels,
    marks: *const volcv_picture,
    format: u32,
    quality: u32,
) -> Result<Bytes, CError> {
    let encoding = encoding_of(format, quality)?;
    let (layout, size) = layout_of(pixels, 0)?;
    let marks = match marks.is_null() {
        true => Provenance::default(),
        false => Provenance::read(file_of(marks, "marks")?),
    };
    let data = slice::from_raw_parts(pixels.data.cast::<u8>(), size);
    encoded(&Pixels::new(data, layout).map_err(invalid)?, encoding, marks)
}

pub(super) unsafe fn decode(file: *const volcv_picture) -> Result<(volcv_pixels, Bytes), CError> {
    decoded(file_of(file, "file")?)
}

/// The bytes of a picture that is read at once.
unsafe fn file_of<'a>(picture: *const volcv_picture, name: &str) -> Result<&'a [u8], CError> {
    match given_of(picture, name)? {
        Given::Link(_) => Err(CError::argument(&format!("{name}: volcv_picture.link"), "a link", "NULL")),
        Given::File(volcv_picture { flags: VOLCV_PICTURE_BORROW, .. }) => {
            Err(CError::argument("volcv_picture.flags", VOLCV_PICTURE_BORROW, "0, as nothing is kept"))
        }
        Given::File(file) => Ok(slice::from_raw_parts(file.data.cast::<u8>(), file.size)),
    }
}
