//! Reads requests: what C says, as the types that check it. Every pointer comes from C, and the header
//! says what it has to be: that is what all of these functions rest on.
#![allow(unsafe_op_in_unsafe_fn, reason = "see above: another block around each line would say nothing more")]

use std::ffi::c_char;
use std::slice;

use volcv::{CvRequest, InvalidInput, Outpaint, Picture, PromptField, Sides, Size};

use super::constants::*;
use super::read::{only, optional_text, read, text};
use super::structs::*;
use crate::engine::{Borrowed, CError, Engine, JobRequest};

/// A picture, and the handle that arms its release if it is borrowed.
type Held = (Picture, Option<Borrowed>);

/// Far above what the service takes: a greater size is garbage, and reading so much would crash.
const LARGEST: usize = 256 << 20;

unsafe fn picture_of(engine: &Engine, picture: *const volcv_picture, name: &str) -> Result<Held, CError> {
    let picture = read(picture, name)?;
    only(VOLCV_PICTURE_BORROW, picture.flags, "volcv_picture.flags")?;
    if let Some(link) = optional_text(picture.link, "volcv_picture.link")? {
        return match (picture.data.is_null() && picture.size == 0, picture.flags) {
            (true, 0) => Ok((Picture::url(link), None)),
            (true, _) => Err(CError::argument("volcv_picture.flags", picture.flags, "0 for a link")),
            (false, _) => Err(CError::argument(name, "a link and data", "one of them")),
        };
    }
    if picture.data.is_null() {
        return Err(CError::null(&format!("{name}: volcv_picture.data")));
    }
    if picture.size > LARGEST {
        return Err(CError::argument("volcv_picture.size", picture.size, "at most 256 MiB"));
    }
    if picture.flags & VOLCV_PICTURE_BORROW != 0 {
        let (borrowed, data) = engine.borrow(picture.data.cast(), picture.size, picture.release, picture.release_user);
        return Ok((data.into(), Some(borrowed)));
    }
    let data = slice::from_raw_parts(picture.data.cast::<u8>(), picture.size);
    let copy = engine.copy(data).map_err(|_| {
        CError::new(VOLCV_E_OUT_OF_MEMORY, format!("no memory for a copy of {} bytes of {name}", data.len()))
    })?;
    Ok((copy.into(), None))
}

pub(super) unsafe fn outpaint_of(engine: &Engine, request: *const volcv_outpaint) -> Result<JobRequest, CError> {
    let request = read(request, "request")?;
    let flags = VOLCV_OUTPAINT_RETURN_LINK | VOLCV_OUTPAINT_STRICT | VOLCV_OUTPAINT_SEED_ZERO;
    only(flags, request.flags, "volcv_outpaint.flags")?;
    only(0, request.reserved, "volcv_outpaint.reserved")?;
    of_the_mode(&request)?;
    let (picture, borrowed) = picture_of(engine, request.picture, "volcv_outpaint.picture")?;
    let mut borrows = Vec::from_iter(borrowed);
    let outpaint = match request.mode {
        VOLCV_MODE_SIDES => {
            let volcv_outpaint { left, right, top, bottom, .. } = request;
            Outpaint::sides(picture, Sides { left, right, top, bottom })
        }
        VOLCV_MODE_ASPECT => Outpaint::aspect(picture, request.aspect_width, request.aspect_height),
        _ => {
            let (mask, borrowed) = picture_of(engine, request.mask, "volcv_outpaint.mask")?;
            borrows.extend(borrowed);
            Outpaint::canvas(picture, mask)
        }
    };
    let outpaint = with_options(outpaint, &request)?;
    outpaint.request().map_err(|error| CError::from_error(&error.into()))?;
    Ok(JobRequest::outpaint(outpaint, borrows))
}

/// Nothing of another mode, which would be ignored without an error.
fn of_the_mode(request: &volcv_outpaint) -> Result<(), CError> {
    if request.mode > VOLCV_MODE_CANVAS {
        return Err(CError::argument("volcv_outpaint.mode", request.mode, "a VOLCV_MODE_ number"));
    }
    let in_sides = (VOLCV_MODE_SIDES, "0, but in VOLCV_MODE_SIDES");
    let in_aspect = (VOLCV_MODE_ASPECT, "0, but in VOLCV_MODE_ASPECT");
    for (name, value, (mode, allowed)) in [
        ("left", request.left, in_sides),
        ("right", request.right, in_sides),
        ("top", request.top, in_sides),
        ("bottom", request.bottom, in_sides),
        ("aspect_width", request.aspect_width, in_aspect),
        ("aspect_height", request.aspect_height, in_aspect),
    ] {
        if value != 0.0 && request.mode != mode {
            return Err(CError::argument(&format!("volcv_outpaint.{name}"), value, allowed));
        }
    }
    if request.mode != VOLCV_MODE_CANVAS && !request.mask.is_null() {
        return Err(CError::argument("volcv_outpaint.mask", "a picture", "NULL, but in VOLCV_MODE_CANVAS"));
    }
    Ok(())
}

unsafe fn with_options(mut outpaint: Outpaint, request: &volcv_outpaint) -> Result<Outpaint, CError> {
    outpaint = outpaint.strict(request.flags & VOLCV_OUTPAINT_STRICT != 0).prompt_field(match request.prompt_field {
        VOLCV_PROMPT_DEFAULT => PromptField::ByAccess,
        VOLCV_PROMPT_PLAIN => PromptField::Prompt,
        VOLCV_PROMPT_CUSTOM => PromptField::CustomPrompt,
        VOLCV_PROMPT_BOTH => PromptField::Both,
        field => return Err(CError::argument("volcv_outpaint.prompt_field", field, "a VOLCV_PROMPT_ number")),
    });
    if request.flags & VOLCV_OUTPAINT_RETURN_LINK != 0 {
        outpaint = outpaint.return_url(true);
    }
    if request.seed != 0 || request.flags & VOLCV_OUTPAINT_SEED_ZERO != 0 {
        outpaint = outpaint.seed(request.seed);
    }
    if request.picture_width != 0 || request.picture_height != 0 {
        outpaint = outpaint.picture_size(Size { width: request.picture_width, height: request.picture_height });
    }
    // Zero is "not sent" for a caller of C, NaN and all else is checked as any other value.
    let sent = |value: f64| (value != 0.0).then_some(value);
    let given = |value: u32| (value != 0).then_some(value);
    outpaint = sent(request.scale).into_iter().fold(outpaint, Outpaint::scale);
    outpaint = sent(request.strength).into_iter().fold(outpaint, Outpaint::strength);
    outpaint = given(request.steps).into_iter().fold(outpaint, Outpaint::steps);
    outpaint = given(request.max_width).into_iter().fold(outpaint, Outpaint::max_width);
    outpaint = given(request.max_height).into_iter().fold(outpaint, Outpaint::max_height);
    if let Some(prompt) = optional_text(request.prompt, "volcv_outpaint.prompt")? {
        outpaint = outpaint.prompt(prompt);
    }
    if let Some(json) = optional_text(request.extra_json, "volcv_outpaint.extra_json")? {
        outpaint = outpaint.extra_json_text(json).map_err(|error| of_field("volcv_outpaint.extra_json", &error))?;
    }
    Ok(outpaint)
}

/// An error of the library under the name that the field has in C.
fn of_field(name: &str, error: &InvalidInput) -> CError {
    CError::from_error(&InvalidInput::new(name, error.value(), error.allowed()).into())
}

pub(super) unsafe fn raw_of(engine: &Engine, request: *const volcv_raw) -> Result<JobRequest, CError> {
    let request = read(request, "request")?;
    only(0, request.flags, "volcv_raw.flags")?;
    let action = optional_text(request.action, "volcv_raw.action")?;
    let version = optional_text(request.version, "volcv_raw.version")?;
    let json = text(request.json, "volcv_raw.json")?;
    if request.picture_count > 64 {
        return Err(CError::argument("volcv_raw.picture_count", request.picture_count, "at most 64"));
    }
    if request.picture_count > 0 && request.pictures.is_null() {
        return Err(CError::null("volcv_raw.pictures"));
    }
    let (mut pictures, mut borrows) = (Vec::new(), Vec::new());
    let mut at = request.pictures;
    for _ in 0..request.picture_count {
        let (picture, borrowed) = picture_of(engine, at, "volcv_raw.pictures")?;
        pictures.push(picture);
        borrows.extend(borrowed);
        at = at.byte_add(at.cast::<u32>().read_unaligned() as usize);
    }
    let action = action.unwrap_or_else(|| Outpaint::ACTION.to_owned());
    let version = version.unwrap_or_else(|| Outpaint::VERSION.to_owned());
    let call = CvRequest::from_json_text(action, version, json).and_then(|request| match pictures.is_empty() {
        true => Ok(request),
        false => request.with_pictures(pictures),
    });
    let call = call.map_err(|error| match error.field() {
        "body" => of_field("volcv_raw.json", &error),
        _ => CError::from_error(&error.into()),
    });
    Ok(JobRequest::raw(call?, borrows))
}

pub(super) unsafe fn download_of(engine: &Engine, link: *const c_char) -> Result<JobRequest, CError> {
    let link = text(link, "link")?;
    engine.check_link(&link)?;
    Ok(JobRequest::download(link))
}
