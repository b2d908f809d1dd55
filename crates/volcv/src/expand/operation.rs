//! A whole operation as a machine without I/O: it is told what a call gave, and says which call is next. All work on
//! pixels happens in [`Operation::next`] and [`Prepared::new`], so a driver knows what must not run on an executor.

use std::sync::Arc;

use volcv_image::{DecodeOptions, EncodeOptions, Encoding, Image, ImageError};
use volcv_image::{decode, encode, fit, mask, pad, resize};

use super::expanded::{Expanded, ExpandedPass};
use super::options::ExpandOptions;
use super::source::Source;
use crate::{AttemptRecord, Bytes, Error, ExpandPlan, InvalidInput, Outcome, Outpaint, Output, Pass, PassMode, Picture};
use crate::{Wish, plan};

/// What all variants of a picture share: the plan, the original and the first upload.
pub(crate) struct Prepared {
    plan: ExpandPlan,
    /// Upright, cropped and scaled as planned: what is pasted back.
    original: Image,
    first: Upload,
    options: ExpandOptions,
}

/// What one call sends.
#[derive(Clone)]
struct Upload {
    picture: Picture,
    mask: Option<Picture>,
}

/// One picture on its way.
pub(crate) struct Operation {
    prepared: Arc<Prepared>,
    seed: Option<i64>,
    /// What the running pass grows; `None` for the first, which grows the original.
    base: Option<Image>,
    /// The call whose link is being downloaded.
    linked: Option<Outcome>,
    passes: Vec<ExpandedPass>,
}

/// What a driver tells.
pub(crate) enum Event {
    Start,
    Called(Result<Outcome, Error>),
    Downloaded(Result<Outcome, Error>),
}

/// What a driver does next.
pub(crate) enum Step {
    Call(Box<Outpaint>),
    Download(String),
    Done(Box<Result<Expanded, Error>>),
}

impl Prepared {
    /// Decodes, plans and encodes; `source` is no link any more.
    pub(crate) fn new(source: Source, wish: &Wish, options: &ExpandOptions) -> Result<Self, Error> {
        let (image, file) = match source {
            Source::Image(image) => (image, None),
            Source::File(file) => (decode(&file, &DecodeOptions::new()).map_err(unreadable)?.0, Some(file)),
            Source::Link(_) => return Err(Error::config("a link is downloaded before it is decoded")),
        };
        let mut plan_options = options.plan.clone();
        if let Some(corner) = options.settings.logo_position() {
            plan_options = plan_options.logo(corner);
        }
        let plan = plan(image.size(), wish, &plan_options)?;
        let original = image.crop(plan.crop).map_err(unreadable)?;
        let original = scaled(original, plan.original);
        let first = Upload::new(&original, &plan.passes[0], options, file)?;
        Ok(Self { plan, original, first, options: options.clone() })
    }

    /// The first call, as it would be sent.
    pub(crate) fn first_request(&self) -> Outpaint {
        self.request(0, self.first.clone(), None)
    }

    fn request(&self, pass: usize, upload: Upload, seed: Option<i64>) -> Outpaint {
        let pass = &self.plan.passes[pass];
        let settings = self.options.settings.clone().max_width(pass.max_width).max_height(pass.max_height);
        let settings = if let Some(seed) = seed { settings.seed(seed) } else { settings };
        match (&pass.mode, upload.mask) {
            (PassMode::Sides(sides), _) => settings.with_sides(upload.picture, *sides),
            (_, mask) => settings.with_canvas(upload.picture, mask.unwrap_or(Picture::from_static(b""))),
        }
    }
}

impl Upload {
    /// Scales, pads and encodes `base` for a pass. A file that is what would be encoded is sent as it is.
    fn new(base: &Image, pass: &Pass, options: &ExpandOptions, file: Option<Bytes>) -> Result<Self, Error> {
        todo!()
    }
}

impl Operation {
    pub(crate) fn new(prepared: Arc<Prepared>, seed: Option<i64>) -> Self {
        Self { prepared, seed, base: None, linked: None, passes: Vec::new() }
    }

    /// Takes what happened, does the work on pixels that follows, and says what is next.
    pub(crate) fn next(&mut self, event: Event) -> Step {
        let step = match event {
            Event::Start => self.call(),
            Event::Called(Ok(outcome)) => self.called(outcome),
            Event::Downloaded(Ok(download)) => self.downloaded(download.body),
            Event::Called(Err(error)) => Err(error),
            Event::Downloaded(Err(error)) => Err(self.not_downloaded(error)),
        };
        step.unwrap_or_else(|error| Step::Done(Box::new(Err(self.after_earlier_passes(error)))))
    }

    fn call(&mut self) -> Result<Step, Error> {
        let (prepared, index) = (&self.prepared, self.passes.len());
        let upload = match &self.base {
            None => prepared.first.clone(),
            Some(base) => Upload::new(base, &prepared.plan.passes[index], &prepared.options, None)?,
        };
        Ok(Step::Call(Box::new(prepared.request(index, upload, self.seed))))
    }

    fn called(&mut self, outcome: Outcome) -> Result<Step, Error> {
        match outcome.outputs.first().cloned() {
            Some(Output::Picture { bytes, .. }) => self.finish(outcome, bytes),
            Some(Output::Link(link)) => {
                self.linked = Some(outcome);
                Ok(Step::Download(link))
            }
            None => Err(Error::unusable("the reply has no picture", Vec::new(), outcome.attempts)),
        }
    }

    fn downloaded(&mut self, file: Bytes) -> Result<Step, Error> {
        match self.linked.take() {
            Some(outcome) => self.finish(outcome, file),
            None => Err(Error::config("nothing was to be downloaded")),
        }
    }

    /// The picture is paid for: its link goes on with the error.
    fn not_downloaded(&mut self, error: Error) -> Error {
        let Some(outcome) = self.linked.take() else { return error };
        let links = outcome.outputs.into_iter().filter_map(|output| match output {
            Output::Link(link) => Some(link),
            Output::Picture { .. } => None,
        });
        error.with_links(links.collect()).after_charged(Vec::new(), outcome.attempts)
    }

    /// Decodes the file of a call and pastes what it grew from back.
    fn finish(&mut self, outcome: Outcome, file: Bytes) -> Result<Step, Error> {
        let (prepared, index) = (Arc::clone(&self.prepared), self.passes.len());
        let base = self.base.take();
        let base = base.as_ref().unwrap_or(&prepared.original);
        let pass = &prepared.plan.passes[index];
        todo!()
    }

    fn after_earlier_passes(&mut self, error: Error) -> Error {
        if self.passes.is_empty() {
            return error;
        }
        let (mut files, mut attempts) = (Vec::new(), Vec::<AttemptRecord>::new());
        for pass in self.passes.drain(..) {
            files.push(pass.file);
            attempts.extend(pass.outcome.attempts);
        }
        error.after_charged(files, attempts)
    }
}

fn scaled(image: Image, size: crate::Size) -> Image {
    if image.size() == size { image } else { resize(&image, size) }
}

/// The error of an input that was not sent.
fn unreadable(error: ImageError) -> Error {
    match error {
        ImageError::Invalid(invalid) | ImageError::TooLarge(invalid) => invalid.into(),
        other => InvalidInput::new("picture", other, "a whole PNG, JPEG or BMP").into(),
    }
}
