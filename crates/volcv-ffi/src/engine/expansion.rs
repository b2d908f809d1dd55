//! Whole operations: what they start from, what they plan, and what becomes of them.

use std::sync::Arc;

use volcv::{
    Ability, AbilityRequest as _, BlockingClient, Bytes, CallOptions, Error, ExpandBlocking as _, ExpandOptions,
    ExpandPlan, Expanded, FitReport, InvalidInput, Outcome, Outpaint, Output, PaintingEdit, Picture, PictureInfo,
    Sides, Size, Source, Wish,
};

use super::error::copy;
pub(super) use super::pixels::Finished;
use super::pixels::Texture;
use super::{CError, Engine};
use crate::abi::*;

/// A whole operation that was checked as far as it can be without decoding.
pub(crate) struct Expansion {
    input: Input,
    wish: Wish,
    options: ExpandOptions,
    /// For the log.
    warnings: Vec<String>,
}

/// What an operation starts from.
pub(crate) enum Input {
    File(Bytes),
    Link(String),
    Pixels(Texture),
}

impl Expansion {
    /// `settings` are the fields of the calls, which `options` has too.
    pub(crate) fn new(
        input: Input,
        wish: Wish,
        settings: Outpaint,
        ability: Ability,
        options: ExpandOptions,
    ) -> Result<Self, InvalidInput> {
        // Texture and canvas are not encoded yet: what is said of the call is checked beside a link.
        let link = Picture::url("https://volcv.invalid/");
        let picture = match &input {
            Input::File(file) => Picture::from(file.clone()),
            _ => link.clone(),
        };
        let settings = settings.strict(false);
        if ability == Ability::PaintingEdit {
            PaintingEdit::from_outpaint(&settings, link.clone(), link)?.request()?;
        }
        settings.with_sides(picture, Sides::all(0.5)).request()?;
        let plan = input.size()?.map(|size| options.plan_for(size, &wish)).transpose()?;
        let warnings = plan.iter().flat_map(|plan| &plan.warnings).map(InvalidInput::advice).collect();
        Ok(Self { input, wish, options, warnings })
    }

    pub(super) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Does everything. Pixels are released once they are converted, before anything is sent.
    pub(super) fn perform(
        self,
        client: &BlockingClient,
        call: &CallOptions,
    ) -> Result<(Outcome, Option<Finished>), Error> {
        let is_planned = !matches!(self.input, Input::Link(_));
        let source = match self.input {
            Input::File(file) => Source::from(file),
            Input::Link(link) => Source::link(link),
            Input::Pixels(texture) => Source::from(texture.into_image()?),
        };
        let expanded = client.expand(source, &self.wish, &self.options.call(call.clone()))?;
        let warnings: Vec<_> = expanded.plan.warnings.iter().map(InvalidInput::advice).collect();
        let (mut outcome, finished) = ended(expanded);
        if !is_planned {
            outcome.warnings.extend(warnings);
        }
        Ok((outcome, Some(finished)))
    }
}

impl Input {
    /// The size of the upright picture; `None` for a link.
    fn size(&self) -> Result<Option<Size>, InvalidInput> {
        match self {
            Input::File(file) => upright_size(file).map(Some),
            Input::Link(_) => Ok(None),
            Input::Pixels(texture) => Ok(Some(texture.layout.size())),
        }
    }
}

/// The size of an upright picture.
pub(crate) fn upright_size(file: &[u8]) -> Result<Size, InvalidInput> {
    let size = PictureInfo::read(file).and_then(|info| info.upright_size());
    size.ok_or_else(|| {
        let value = format!("{} bytes that do not say the size of a picture", file.len());
        InvalidInput::new("picture", value, "a whole PNG, JPEG or BMP")
    })
}

impl Engine {
    /// A picture to start from. A link has to be one that may be fetched.
    pub(crate) fn input(&self, picture: Picture) -> Result<Input, CError> {
        let link = match picture {
            Picture::Bytes(file) => return Ok(Input::File(file)),
            Picture::Url(link) => link,
        };
        match self.client.check_link(&link) {
            Ok(()) => Ok(Input::Link(link)),
            Err(error) => Err(CError::new(VOLCV_E_INVALID_INPUT, format!("volcv_picture.link: {}", error.message()))),
        }
    }
}

impl volcv_plan_info {
    /// A plan for C.
    pub(crate) fn of(plan: &ExpandPlan) -> Self {
        let mut info = Self {
            struct_size: size_of::<Self>() as u32,
            calls: plan.calls(),
            result_width: plan.result.width,
            result_height: plan.result.height,
            original_x: plan.original_at.x,
            original_y: plan.original_at.y,
            original_width: plan.original.width,
            original_height: plan.original.height,
            crop_x: plan.crop.x,
            crop_y: plan.crop.y,
            crop_width: plan.crop.width,
            crop_height: plan.crop.height,
            source_width: plan.source.width,
            source_height: plan.source.height,
            warning_count: u32::try_from(plan.warnings.len()).unwrap_or(u32::MAX),
            reserved: 0,
            warnings: [0; VOLCV_MESSAGE_SIZE],
        };
        let warnings: Vec<_> = plan.warnings.iter().map(InvalidInput::advice).collect();
        copy(&warnings.join("; "), &mut info.warnings);
        info
    }
}

/// What a job says of an operation: its calls as one outcome, whose first outputs are the files of the service, one
/// for each call; and its pixels.
pub(super) fn ended(mut expanded: Expanded) -> (Outcome, Finished) {
    let info = info_of(&expanded);
    let attempts = expanded.attempts().cloned().collect();
    let warnings = expanded.passes.iter().flat_map(|pass| pass.outcome.warnings.clone()).collect();
    let (mut files, mut others, mut rejected) = (Vec::new(), Vec::new(), Vec::new());
    for pass in &mut expanded.passes {
        files.push(pass.file.clone());
        others.extend(std::mem::take(&mut pass.outcome.outputs).into_iter().skip(1));
        rejected.append(&mut pass.outcome.rejected);
    }
    let outputs = files.into_iter().filter_map(|bytes| {
        let info = PictureInfo::read(&bytes)?;
        Some(Output::Picture { bytes, info })
    });
    let mut outcome = expanded.passes.pop().expect("an operation has at least one call").outcome;
    outcome.outputs = outputs.chain(others).collect();
    (outcome.attempts, outcome.warnings, outcome.rejected) = (attempts, warnings, rejected);
    (outcome, Finished { info, image: Some(Arc::new(expanded.image)) })
}

fn info_of(expanded: &Expanded) -> volcv_pixels_info {
    let report = expanded.report();
    let number = |take: fn(&FitReport) -> f64| report.map_or(0.0, take);
    let (offset_x, offset_y) = report.map_or((0, 0), |report| report.offset);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    volcv_pixels_info {
        struct_size: size_of::<volcv_pixels_info>() as u32,
        width: expanded.image.size().width,
        height: expanded.image.size().height,
        has_alpha: expanded.image.has_alpha().into(),
        passes: count(expanded.passes.len()),
        charges: count(expanded.charges()),
        exact: expanded.is_exact().into(),
        recognised: report.is_some_and(|report| report.recognised).into(),
        offset_x,
        offset_y,
        ncc: number(|report| report.ncc),
        seam_before: number(|report| report.seam_before),
        seam_after: number(|report| report.seam_after),
        scale: number(|report| report.scale),
    }
}
