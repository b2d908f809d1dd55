//! Reads requests: what C says, as the types that check it. Every pointer comes from C, and the header
//! says what it has to be: that is what all of these functions rest on.
#![allow(unsafe_op_in_unsafe_fn, reason = "see above: another block around each line would say nothing more")]

use std::ffi::{CStr, c_char};
use std::slice;

use volcv::core::types::memory::Working;
use volcv::{Bytes, CvRequest, InvalidInput, Outpaint, Picture, PromptField, Sides, Size};

use super::constants::*;
use super::expand::expand_of;
use super::modes::{check, is_operation};
use super::read::{only, optional_text, read, text};
use super::structs::*;
use crate::engine::{Borrowed, CError, Engine, JobRequest};

/// A picture, and the handle that arms its release if it is borrowed.
pub(super) type Held = (Picture, Option<Borrowed>);

/// Far above what the service takes: a greater size is garbage, and reading so much would crash.
const LARGEST: usize = 256 << 20;

/// What a `volcv_picture` has.
pub(super) enum Given {
    Link(String),
    File(volcv_picture),
}

pub(super) unsafe fn given_of(picture: *const volcv_picture, name: &str) -> Result<Given, CError> {
    let picture = read(picture, name)?;
    only(VOLCV_PICTURE_BORROW, picture.flags, "volcv_picture.flags")?;
    if let Some(link) = optional_text(picture.link, "volcv_picture.link")? {
        return match (picture.data.is_null() && picture.size == 0, picture.flags) {
            (true, 0) => Ok(Given::Link(link)),
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
    Ok(Given::File(picture))
}

pub(super) unsafe fn picture_of(engine: &Engine, picture: *const volcv_picture, name: &str) -> Result<Held, CError> {
    let picture = match given_of(picture, name)? {
        Given::Link(link) => return Ok((Picture::url(link), None)),
        Given::File(picture) => picture,
    };
    if picture.flags & VOLCV_PICTURE_BORROW != 0 {
        let (borrowed, data) = engine.borrow(picture.data.cast(), picture.size, picture.release, picture.release_user);
        return Ok((data.into(), Some(borrowed)));
    }
    Ok((copy_of(engine, slice::from_raw_parts(picture.data.cast::<u8>(), picture.size), name)?.into(), None))
}

pub(super) fn copy_of(engine: &Engine, data: &[u8], name: &str) -> Result<Bytes, CError> {
    let text = || format!("no memory for a copy of {} bytes of {name}", data.len());
    engine.copy(data).map_err(|_| CError::no_memory(text()))
}

pub(super) unsafe fn outpaint_of(engine: &Engine, request: *const volcv_outpaint) -> Result<JobRequest, CError> {
    let request = read(request, "request")?;
    let is_operation = is_operation(&request);
    check(&request, is_operation)?;
    if is_operation {
        return expand_of(engine, &request);
    }
    let (outpaint, borrows) = call_of(engine, &request)?;
    Ok(JobRequest::ability(Box::new(outpaint), request.flags & VOLCV_OUTPAINT_DOWNLOAD != 0, borrows))
}

/// One call that was checked.
pub(super) unsafe fn call_of(engine: &Engine, request: &volcv_outpaint) -> Result<(Outpaint, Vec<Borrowed>), CError> {
    let (picture, borrowed) = picture_of(engine, request.picture, "volcv_outpaint.picture")?;
    let mut borrows = Vec::from_iter(borrowed);
    let outpaint = match request.mode {
        VOLCV_MODE_SIDES => {
            let &volcv_outpaint { left, right, top, bottom, .. } = request;
            Outpaint::sides(picture, Sides { left, right, top, bottom })
        }
        VOLCV_MODE_ASPECT => Outpaint::aspect(picture, request.aspect_width, request.aspect_height),
        _ => {
            let (mask, borrowed) = picture_of(engine, request.mask, "volcv_outpaint.mask")?;
            borrows.extend(borrowed);
            Outpaint::canvas(picture, mask)
        }
    };
    let outpaint = with_options(outpaint, request)?;
    outpaint.request().map_err(invalid)?;
    Ok((outpaint, borrows))
}

pub(super) unsafe fn with_options(mut outpaint: Outpaint, request: &volcv_outpaint) -> Result<Outpaint, CError> {
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

pub(super) fn invalid(error: InvalidInput) -> CError {
    CError::from_error(&error.into())
}

/// Zero is "not sent" for a caller of C; NaN and all else is checked as any other value.
pub(super) fn sent(value: f64) -> Option<f64> {
    (value != 0.0).then_some(value)
}

/// As [`sent`].
pub(super) fn given(value: u32) -> Option<u32> {
    (value != 0).then_some(value)
}

/// An error of the library under the name that the field has in C.
pub(super) fn of_field(name: &str, error: &InvalidInput) -> CError {
    CError::from_error(&InvalidInput::new(name, error.value(), error.allowed()).into())
}

pub(super) unsafe fn raw_of(engine: &Engine, request: *const volcv_raw) -> Result<JobRequest, CError> {
    let (call, borrows) = raw_call_of(engine, &read(request, "request")?)?;
    Ok(JobRequest::raw(call, borrows))
}

/// Any action, checked.
pub(super) unsafe fn raw_call_of(engine: &Engine, request: &volcv_raw) -> Result<(CvRequest, Vec<Borrowed>), CError> {
    only(0, request.flags, "volcv_raw.flags")?;
    let action = optional_text(request.action, "volcv_raw.action")?;
    let version = optional_text(request.version, "volcv_raw.version")?;
    let length = if request.json.is_null() { 0 } else { CStr::from_ptr(request.json).count_bytes() };
    // The copy of the text, and what is made of it.
    let working = Working::new(length.saturating_mul(4)).map_err(|none| CError::no_memory(none.to_string()))?;
    let json = working.run(|| text(request.json, "volcv_raw.json"))?;
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
    let call = working.run(|| CvRequest::from_json_text(action, version, json)).and_then(|request| {
        match pictures.is_empty() {
            true => Ok(request),
            false => request.with_pictures(pictures),
        }
    });
    let call = call.map_err(|error| match error.field() {
        "body" => of_field("volcv_raw.json", &error),
        _ => invalid(error),
    });
    Ok((call?, borrows))
}

pub(super) unsafe fn download_of(engine: &Engine, link: *const c_char) -> Result<JobRequest, CError> {
    let link = text(link, "link")?;
    engine.check_link(&link)?;
    Ok(JobRequest::download(link))
}
