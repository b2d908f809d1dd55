//! A whole operation as a machine without I/O: it is told what a call gave, and says which call is next. All work on
//! pixels happens in [`Operation::next`] and [`Prepared::new`], so a driver knows what must not run on an executor.

use std::sync::Arc;

use volcv_image::{
    ColorProfile, DecodeOptions, EncodeOptions, Encoding, FitOptions, FitReport, Image, ImageError, ImageInfo, Mask,
    Pixels,
};
use volcv_image::{PngEffort, decode, encode, fit, pad, resize};

use super::expanded::{Expanded, ExpandedPass};
use super::options::ExpandOptions;
use super::source::Source;
use crate::{Ability, AbilityRequest, Bytes, Error, ExpandPlan, InvalidInput, Outcome, Output, PaintingEdit};
use crate::{Pass, PassMode, Picture, PictureInfo, Rect, Sides, Size, Wish};

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
enum Upload {
    Sides(Picture, Sides),
    /// The padded picture and its mask.
    Canvas(Picture, Picture),
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

/// The request of one pass, whatever its ability.
pub(crate) type Request = Box<dyn AbilityRequest + Send + Sync>;

/// What a driver tells.
pub(crate) enum Event {
    Start,
    Called(Result<Outcome, Error>),
    Downloaded(Result<Outcome, Error>),
}

/// What a driver does next.
pub(crate) enum Step {
    Call(Request),
    Download(String),
    Done(Box<Result<Expanded, Error>>),
}

impl Prepared {
    /// Decodes, plans and encodes; `source` is no link any more.
    pub(crate) fn new(source: Source, wish: &Wish, options: &ExpandOptions) -> Result<Self, Error> {
        let (image, file) = match source {
            Source::Image(image) => (image, None),
            Source::File(file) => {
                let (image, info) = decode(&file, &DecodeOptions::new()).map_err(unreadable)?;
                (image, is_sendable(&file, info, options.upload).then_some(file))
            }
            Source::Link(_) => return Err(Error::config("a link is downloaded before it is decoded")),
        };
        let plan = options.plan_for(image.size(), wish)?;
        let unchanged = plan.original == image.size();
        let original = scaled(image.crop(plan.crop).map_err(unreadable)?, plan.original).map_err(unreadable)?;
        // A file whose pixels are cropped or scaled has to be encoded again.
        let first = Upload::new(&original, &plan.passes[0], options, file.filter(|_| unchanged))?;
        Ok(Self { plan, original, first, options: options.clone() })
    }

    /// The first call, as it would be sent.
    pub(crate) fn first_request(&self) -> Result<Request, Error> {
        self.request(0, self.first.clone(), None)
    }

    fn request(&self, index: usize, upload: Upload, seed: Option<i64>) -> Result<Request, Error> {
        let pass = &self.plan.passes[index];
        let mut settings = self.options.settings.clone().max_width(pass.max_width).max_height(pass.max_height);
        if index + 1 < self.plan.passes.len() {
            settings = settings.without_logo();
        }
        if let Some(seed) = seed {
            settings = settings.seed(seed);
        }
        Ok(match (upload, self.plan.ability) {
            (Upload::Canvas(padded, mask), Ability::PaintingEdit) => {
                Box::new(PaintingEdit::from_outpaint(&settings, padded, mask)?)
            }
            (Upload::Canvas(padded, mask), _) => Box::new(settings.with_canvas(padded, mask)),
            (Upload::Sides(picture, sides), _) => Box::new(settings.with_sides(picture, sides)),
        })
    }
}

impl Upload {
    /// Scales, pads and encodes `base` for a pass. `file` is sent in its place if neither is needed.
    fn new(base: &Image, pass: &Pass, options: &ExpandOptions, file: Option<Bytes>) -> Result<Self, Error> {
        let small =
            (pass.is_scaled()).then(|| resize(base, pass.expected_at.size())).transpose().map_err(unreadable)?;
        let picture = small.as_ref().unwrap_or(base);
        // No page says what the service makes of transparent parts.
        let opaque =
            picture.has_alpha().then(|| picture.flattened(options.background)).transpose().map_err(unreadable)?;
        let picture = opaque.as_ref().unwrap_or(picture);
        let encoding = EncodeOptions::new(options.upload);
        let encoded = |pixels: &Pixels<'_>, options: &EncodeOptions| -> Result<Picture, Error> {
            Ok(encode(pixels, options).map_err(unreadable)?.bytes.into())
        };
        Ok(match pass.mode {
            PassMode::Sides(sides) => match file.filter(|_| small.is_none()) {
                Some(file) => Upload::Sides(file.into(), sides),
                None => Upload::Sides(encoded(&picture.pixels(), &encoding)?, sides),
            },
            PassMode::Canvas(canvas) => {
                let padded = pad(picture, pass.upload, pass.expected_at, options.fill).map_err(unreadable)?;
                let mask = Mask::new(pass.upload, canvas.keep, canvas.soft).map_err(unreadable)?;
                let lossless = EncodeOptions::new(Encoding::Png(PngEffort::Fast));
                Upload::Canvas(encoded(&padded.pixels(), &encoding)?, encoded(&mask.pixels(), &lossless)?)
            }
        })
    }
}

/// Whether a file may go out as it is: nothing about it that encoding would change could be read in two ways, and its size
/// is that of an upload whose encoding is left to volcv.
fn is_sendable(file: &Bytes, info: ImageInfo, upload: Encoding) -> bool {
    let Encoding::Auto { max_base64 } = upload else { return false };
    let plain = info.orientation == 1 && info.bits <= 8 && info.profile == ColorProfile::Srgb && !info.has_alpha;
    let unusual = PictureInfo::read(file).is_none_or(|header| header.cmyk || header.animated);
    plain && !unusual && Picture::base64_length(file.len()) <= max_base64
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
            Event::Downloaded(Ok(download)) => self.downloaded(download),
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
        Ok(Step::Call(prepared.request(index, upload, self.seed)?))
    }

    fn called(&mut self, outcome: Outcome) -> Result<Step, Error> {
        match outcome.outputs.first() {
            Some(Output::Picture { .. }) => self.finish(outcome),
            Some(Output::Link(link)) => {
                let link = link.clone();
                self.linked = Some(outcome);
                Ok(Step::Download(link))
            }
            None => Err(Error::unusable("the reply has no picture").after_paid(outcome)),
        }
    }

    /// The downloaded picture takes the place of its link.
    fn downloaded(&mut self, mut download: Outcome) -> Result<Step, Error> {
        let Some(mut outcome) = self.linked.take() else {
            return Err(Error::config("nothing was to be downloaded"));
        };
        outcome.outputs.splice(..1, download.outputs.drain(..));
        outcome.warnings.append(&mut download.warnings);
        self.finish(outcome)
    }

    fn not_downloaded(&mut self, error: Error) -> Error {
        match self.linked.take() {
            Some(outcome) => error.after_paid(outcome),
            None => error,
        }
    }

    /// Decodes the first picture of a call and pastes what it grew from back.
    fn finish(&mut self, outcome: Outcome) -> Result<Step, Error> {
        let prepared = Arc::clone(&self.prepared);
        let pass = &prepared.plan.passes[self.passes.len()];
        let base = self.base.take();
        let base = base.as_ref().unwrap_or(&prepared.original);
        let file = outcome.picture().cloned().unwrap_or_default();
        let (image, report) = match finished(&file, base, pass, prepared.options.fit.as_ref()) {
            Ok(finished) => finished,
            Err(error) => {
                let text = format!("the picture of the service cannot be used: {error}");
                let error = match error {
                    ImageError::OutOfMemory { .. } => Error::out_of_memory(text),
                    _ => Error::unusable(text),
                };
                return Err(error.after_paid(outcome));
            }
        };
        self.passes.push(ExpandedPass { file, outcome, report });
        if self.passes.len() < prepared.plan.passes.len() {
            self.base = Some(image);
            return self.call();
        }
        let passes = std::mem::take(&mut self.passes);
        Ok(Step::Done(Box::new(Ok(Expanded { image, plan: prepared.plan.clone(), passes }))))
    }

    fn after_earlier_passes(&mut self, error: Error) -> Error {
        self.passes.drain(..).rev().fold(error, |error, pass| error.after_paid(pass.outcome))
    }
}

/// The picture after a pass, from the file of the service and the picture before the pass.
fn finished(
    file: &Bytes,
    base: &Image,
    pass: &Pass,
    paste: Option<&FitOptions>,
) -> Result<(Image, Option<FitReport>), ImageError> {
    // A result that is not opaque would be none of an outpainting; its colours count.
    let (image, _) = decode(file, &DecodeOptions::new().background([255; 3]))?;
    let part = part_of(pass, image.size());
    let image = image.crop(part)?;
    match paste {
        Some(options) => {
            let (image, report) = fit(image, base, pass.from_at, &options.target(pass.to))?;
            Ok((image, Some(report)))
        }
        None => Ok((scaled(image, pass.to)?, None)),
    }
}

/// [`Pass::expected_part`] in a file of another size than expected.
fn part_of(pass: &Pass, size: Size) -> Rect {
    let (part, expected) = (pass.expected_part, pass.expected);
    let scaled = |start: u32, length: u32, from: u32, to: u32| {
        let at = |edge: u32| ((u64::from(edge) * u64::from(to) + u64::from(from) / 2) / u64::from(from)) as u32;
        let first = at(start).min(to - 1);
        (first, at(start + length).clamp(first + 1, to) - first)
    };
    let (x, width) = scaled(part.x, part.width, expected.width, size.width);
    let (y, height) = scaled(part.y, part.height, expected.height, size.height);
    Rect { x, y, width, height }
}

fn scaled(image: Image, size: Size) -> Result<Image, ImageError> {
    if image.size() == size { Ok(image) } else { resize(&image, size) }
}

/// The error of an input that was not sent.
fn unreadable(error: ImageError) -> Error {
    match error {
        ImageError::Invalid(invalid) | ImageError::TooLarge(invalid) => invalid.into(),
        none @ ImageError::OutOfMemory { .. } => Error::out_of_memory(none.to_string()),
        other => InvalidInput::new("picture", other, "a whole PNG, JPEG or BMP").into(),
    }
}
