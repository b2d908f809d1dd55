//! Inpainting: the function, and the reader of its request. Every pointer comes from C, and the header says what it has to
//! be: that is what the reader rests on.

use volcv::{AbilityRequest, EraseQuality, InpaintEdit, InpaintErase, InvalidInput, PaintingEdit, Picture};

use super::constants::*;
use super::read::{only, optional_text, read};
use super::request::{given, invalid, of_field, picture_of, sent};
use super::structs::*;
use super::submit::submit;
use super::task_structs::volcv_inpaint;
use crate::engine::{Borrowed, CError, Engine, JobRequest};

/// Queues an inpainting. The request is checked at once. The result is the file of the service, read like that of an
/// outpainting. VOLCV_PAINTING_EDIT is a task, which the job submits and waits for: see volcv_job_task().
///
/// @param client the client.
/// @param request not NULL; everything in it is copied, but for pictures with VOLCV_PICTURE_BORROW.
/// @param options may be NULL.
/// @param out_job set to the job; to 0 on any error.
/// @param error filled on failure; may be NULL.
/// @return as volcv_outpaint_submit().
/// Thread: any. Blocks: no.
/// Memory: the job is the caller's, until volcv_job_release().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_inpaint_submit(
    client: *mut volcv_client,
    request: *const volcv_inpaint,
    options: *const volcv_job_options,
    out_job: *mut volcv_job,
    error: *mut volcv_error,
) -> volcv_result {
    // SAFETY: what the header asks for.
    unsafe { submit(client, request, options, out_job, error, inpaint_of, Engine::submit) }
}

/// An ability that was checked.
pub(super) type Checked = (Box<dyn AbilityRequest + Send>, Vec<Borrowed>);

unsafe fn inpaint_of(engine: &Engine, request: *const volcv_inpaint) -> Result<JobRequest, CError> {
    // SAFETY: what this function asks for.
    let (request, (ability, borrows)) = unsafe {
        let request = read(request, "request")?;
        (request, ability_of(engine, &request)?)
    };
    Ok(JobRequest::ability(ability, request.flags & VOLCV_INPAINT_DOWNLOAD != 0, borrows))
}

pub(super) unsafe fn ability_of(engine: &Engine, request: &volcv_inpaint) -> Result<Checked, CError> {
    check(request)?;
    // SAFETY: what this function asks for.
    let (pictures, prompt, json) = unsafe {
        let picture = picture_of(engine, request.picture, "volcv_inpaint.picture")?;
        let mask = picture_of(engine, request.mask, "volcv_inpaint.mask")?;
        let prompt = optional_text(request.prompt, "volcv_inpaint.prompt")?;
        ([picture, mask], prompt, optional_text(request.extra_json, "volcv_inpaint.extra_json")?)
    };
    let [(picture, borrowed), (mask, also_borrowed)] = pictures;
    let ability = match request.ability {
        VOLCV_INPAINT_EDIT => edit_of(request, picture, mask, prompt, json),
        VOLCV_INPAINT_ERASE => erase_of(request, picture, mask, json),
        _ => painting_of(request, picture, mask, prompt, json),
    };
    let ability = ability.map_err(|error| match error.field() {
        "extra" => of_field("volcv_inpaint.extra_json", &error),
        _ => invalid(error),
    })?;
    ability.request().map_err(invalid)?;
    Ok((ability, borrowed.into_iter().chain(also_borrowed).collect()))
}

/// Refuses unknown numbers, and what the ability does not have: it would be ignored without an error.
fn check(request: &volcv_inpaint) -> Result<(), CError> {
    let known = VOLCV_INPAINT_RETURN_LINK | VOLCV_INPAINT_STRICT | VOLCV_INPAINT_SEED_ZERO | VOLCV_INPAINT_DOWNLOAD;
    only(known, request.flags, "volcv_inpaint.flags")?;
    let (edit, erase, painting) = (VOLCV_INPAINT_EDIT, VOLCV_INPAINT_ERASE, VOLCV_PAINTING_EDIT);
    if ![edit, erase, painting].contains(&request.ability) {
        let allowed = "VOLCV_INPAINT_EDIT, VOLCV_INPAINT_ERASE or VOLCV_PAINTING_EDIT";
        return Err(CError::argument("volcv_inpaint.ability", request.ability, allowed));
    }
    if request.quality > VOLCV_QUALITY_LOW {
        return Err(CError::argument("volcv_inpaint.quality", request.quality, "a VOLCV_QUALITY_ number"));
    }
    let both = "VOLCV_INPAINT_EDIT and VOLCV_INPAINT_ERASE";
    for (name, value, abilities, place) in [
        ("quality", request.quality.into(), &[erase][..], "VOLCV_INPAINT_ERASE"),
        ("scale", request.scale, &[edit, erase], both),
        ("strength", request.strength, &[erase], "VOLCV_INPAINT_ERASE"),
        ("steps", request.steps.into(), &[edit, erase], both),
        ("dilate_size", request.dilate_size.into(), &[erase], "VOLCV_INPAINT_ERASE"),
    ] {
        if value != 0.0 && !abilities.contains(&request.ability) {
            return Err(CError::argument(&format!("volcv_inpaint.{name}"), value, &format!("0, but in {place}")));
        }
    }
    if request.ability == erase && !request.prompt.is_null() {
        return Err(CError::argument(
            "volcv_inpaint.prompt",
            "a text",
            "NULL, but in VOLCV_INPAINT_EDIT and VOLCV_PAINTING_EDIT",
        ));
    }
    Ok(())
}

type Made = Result<Box<dyn AbilityRequest + Send>, InvalidInput>;

/// The options that every ability has, by the methods of its type.
macro_rules! with_common {
    ($ability:expr, $request:expr, $json:expr) => {{
        let request: &volcv_inpaint = $request;
        let mut ability = $ability.strict(request.flags & VOLCV_INPAINT_STRICT != 0);
        if request.flags & VOLCV_INPAINT_RETURN_LINK != 0 {
            ability = ability.return_url(true);
        }
        if request.seed != 0 || request.flags & VOLCV_INPAINT_SEED_ZERO != 0 {
            ability = ability.seed(request.seed);
        }
        Ok(Box::new(match $json {
            Some(json) => ability.extra_json_text(json)?,
            None => ability,
        }))
    }};
}

fn edit_of(
    request: &volcv_inpaint,
    picture: Picture,
    mask: Picture,
    prompt: Option<String>,
    json: Option<String>,
) -> Made {
    let edit = prompt.into_iter().fold(InpaintEdit::new(picture, mask), InpaintEdit::prompt);
    let edit = sent(request.scale).into_iter().fold(edit, InpaintEdit::scale);
    let edit = given(request.steps).into_iter().fold(edit, InpaintEdit::steps);
    with_common!(edit, request, json)
}

fn erase_of(request: &volcv_inpaint, picture: Picture, mask: Picture, json: Option<String>) -> Made {
    let erase = sent(request.scale).into_iter().fold(InpaintErase::new(picture, mask), InpaintErase::scale);
    let erase = sent(request.strength).into_iter().fold(erase, InpaintErase::strength);
    let erase = given(request.steps).into_iter().fold(erase, InpaintErase::steps);
    let erase = given(request.dilate_size).into_iter().fold(erase, InpaintErase::dilate_size);
    let quality = match request.quality {
        VOLCV_QUALITY_HIGH => Some(EraseQuality::High),
        VOLCV_QUALITY_MEDIUM => Some(EraseQuality::Medium),
        VOLCV_QUALITY_LOW => Some(EraseQuality::Low),
        _ => None,
    };
    let erase = quality.into_iter().fold(erase, InpaintErase::quality);
    with_common!(erase, request, json)
}

fn painting_of(
    request: &volcv_inpaint,
    picture: Picture,
    mask: Picture,
    prompt: Option<String>,
    json: Option<String>,
) -> Made {
    let painting = prompt.into_iter().fold(PaintingEdit::new(picture, mask), PaintingEdit::prompt);
    with_common!(painting, request, json)
}
