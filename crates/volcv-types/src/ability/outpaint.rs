//! The typed outpainting request: one picture and four ratios, or a padded picture and a mask.

mod warnings;

use std::fmt;

use serde_json::{Map, Value};

use super::common::{ACTION, Common, SEEDS, VERSION, check_mask, common_methods, put_count};
use crate::error::{InvalidInput, in_range};
use crate::expansion::{Sides, Size};
use crate::marking::{AigcMeta, Logo, LogoPosition};
use crate::members::Members;
use crate::picture::Picture;
use crate::request::{CvRequest, PromptField};

/// An outpainting: the constructor sets the picture and the mode, the methods set the options.
///
/// A field that is not set is not sent, so the service's own default holds. Nothing is checked until
/// [`Outpaint::request`], which every client calls before it sends anything.
///
/// Top, left, width and height refer to the upright picture, turned by its EXIF orientation. It is not documented
/// whether the service respects the orientation, so a picture that has one causes a warning.
///
/// The ranges come from section 1 of the gateway page and from transcribed official comments. [`Outpaint::warnings`]
/// checks limits that are documented only for sibling abilities.
#[derive(Clone)]
#[must_use]
pub struct Outpaint {
    mode: Mode,
    picture: Picture,
    picture_size: Option<Size>,
    pub(super) prompt: Option<String>,
    prompt_field: PromptField,
    pub(super) scale: Option<f64>,
    pub(super) steps: Option<u32>,
    pub(super) strength: Option<f64>,
    max_width: Option<u32>,
    max_height: Option<u32>,
    pub(super) common: Common,
}

#[derive(Debug, Clone)]
enum Mode {
    Sides(Sides),
    Aspect(f64, f64),
    Canvas(Picture),
}

impl Outpaint {
    /// The action of an outpainting call.
    pub const ACTION: &'static str = ACTION;
    /// The version of [`Outpaint::ACTION`].
    pub const VERSION: &'static str = VERSION;
    /// The ability that the call selects.
    pub const REQ_KEY: &'static str = "i2i_outpainting";
    /// The service's default for `max_width` and `max_height`.
    pub const DEFAULT_MAX: u32 = 1920;

    /// Four-side mode: grows the picture by a fraction of its own width or height on each side.
    pub fn sides(picture: impl Into<Picture>, sides: Sides) -> Self {
        Self::new(Mode::Sides(sides), picture.into())
    }

    /// Equal-ratio mode: the same fraction on all four sides, (0, 1].
    pub fn equal(picture: impl Into<Picture>, ratio: f64) -> Self {
        Self::sides(picture, Sides::all(ratio))
    }

    /// Aspect mode: the smallest growth that gives the aspect `width : height`, the picture in the middle.
    pub fn aspect(picture: impl Into<Picture>, width: f64, height: f64) -> Self {
        Self::new(Mode::Aspect(width, height), picture.into())
    }

    /// Canvas mode: a padded picture and a mask of the same size, white where to paint and black where to keep.
    pub fn canvas(padded: impl Into<Picture>, mask: impl Into<Picture>) -> Self {
        Self::new(Mode::Canvas(mask.into()), padded.into())
    }

    /// The same settings in four-side mode with another picture.
    pub fn with_sides(self, picture: impl Into<Picture>, sides: Sides) -> Self {
        Self { mode: Mode::Sides(sides), picture: picture.into(), picture_size: None, ..self }
    }

    /// The same settings in canvas mode with another picture, padded, and its mask.
    pub fn with_canvas(self, padded: impl Into<Picture>, mask: impl Into<Picture>) -> Self {
        Self { mode: Mode::Canvas(mask.into()), picture: padded.into(), picture_size: None, ..self }
    }

    /// The corner of the visible logo that is asked for, by [`Outpaint::logo`] or as the extra field `logo_info`. Extra
    /// fields that cannot be read count as no logo.
    pub fn logo_position(&self) -> Option<LogoPosition> {
        match self.common.extra.get(Logo::KEY) {
            Some(text) => Logo::corner_in(&serde_json::from_str(text).ok()?),
            None => self.common.logo.as_ref().map(Logo::corner),
        }
    }

    /// The same settings without the visible logo: for a picture that is going to grow again, or the logo would end up in
    /// its middle.
    pub fn without_logo(mut self) -> Self {
        self.common.logo = None;
        self.common.extra.remove(Logo::KEY);
        self
    }

    fn new(mode: Mode, picture: Picture) -> Self {
        Self {
            mode,
            picture,
            picture_size: None,
            prompt: None,
            prompt_field: PromptField::default(),
            scale: None,
            steps: None,
            strength: None,
            max_width: None,
            max_height: None,
            common: Common::default(),
        }
    }

    /// The upright picture's size, for links and formats whose header this crate cannot read.
    pub fn picture_size(mut self, size: Size) -> Self {
        self.picture_size = Some(size);
        self
    }

    /// A text for the new area; it is reviewed by the service. More than 100 words have little effect.
    pub fn prompt(mut self, text: impl Into<String>) -> Self {
        self.prompt = Some(text.into());
        self
    }

    /// The field that carries the prompt; by default the one that the access calls for.
    pub fn prompt_field(mut self, field: PromptField) -> Self {
        self.prompt_field = field;
        self
    }

    /// How strongly the prompt steers, 1 to 20; the service's default is 7.
    pub fn scale(mut self, scale: f64) -> Self {
        self.scale = Some(scale);
        self
    }

    /// 0 to 4294967295, or -1 for a random one; the same seed and fields give nearly the same picture.
    pub fn seed(mut self, seed: i64) -> Self {
        self.common.seed = Some(seed);
        self
    }

    /// Sampling steps, at least 1; the service's default is 30, and more are markedly slower.
    pub fn steps(mut self, steps: u32) -> Self {
        self.steps = Some(steps);
        self
    }

    /// How far the result may be from the original, 0.1 to 1; the service's default is 0.8.
    pub fn strength(mut self, strength: f64) -> Self {
        self.strength = Some(strength);
        self
    }

    /// A larger result is shrunk to this width in pixels, at least 1; the service's default is 1920.
    pub fn max_width(mut self, pixels: u32) -> Self {
        self.max_width = Some(pixels);
        self
    }

    /// A larger result is shrunk to this height in pixels, at least 1; the service's default is 1920.
    pub fn max_height(mut self, pixels: u32) -> Self {
        self.max_height = Some(pixels);
        self
    }

    common_methods!();

    /// Checks every field and makes the request.
    ///
    /// # Errors
    /// Names the first field that is outside its documented range.
    pub fn request(&self) -> Result<CvRequest, InvalidInput> {
        self.picture.check("picture")?;
        let mut body = self.common.body(Self::REQ_KEY)?;
        let mut pictures = vec![self.picture.clone()];
        match &self.mode {
            Mode::Canvas(mask) => {
                check_mask(mask, self.known_size())?;
                pictures.push(mask.clone());
            }
            _ => self.put_sides(&mut body)?,
        }
        self.put_options(&mut body)?;
        let request = self.common.request(body, pictures, || self.warnings())?;
        Ok(request.with_prompt(self.prompt.clone().map(|text| (text, self.prompt_field))))
    }

    /// The size of the result as far as it can be known: grown by the sides, then shrunk into `max_width` and
    /// `max_height`. `None` for links of unknown size and for input that [`Outpaint::request`] refuses.
    pub fn output_size(&self) -> Option<Size> {
        let limit = |set: Option<u32>| set.unwrap_or(Self::DEFAULT_MAX);
        Some(self.grown_size()?.shrink_into(Size { width: limit(self.max_width), height: limit(self.max_height) }))
    }

    fn pictures(&self) -> Vec<(&'static str, &Picture)> {
        match &self.mode {
            Mode::Canvas(mask) => vec![("picture", &self.picture), ("mask", mask)],
            _ => vec![("picture", &self.picture)],
        }
    }

    /// The size of the upright picture.
    fn known_size(&self) -> Option<Size> {
        self.picture_size.or_else(|| self.picture.info()?.upright_size())
    }

    /// The size of the result before it is shrunk.
    fn grown_size(&self) -> Option<Size> {
        let size = self.known_size()?;
        match &self.mode {
            Mode::Canvas(_) => Some(size),
            _ => Some(self.resolved_sides().ok()?.grow(size)),
        }
    }

    fn resolved_sides(&self) -> Result<Sides, InvalidInput> {
        let sides = match self.mode {
            Mode::Aspect(width, height) => {
                let size = self.known_size().ok_or_else(|| {
                    InvalidInput::new("picture", "of unknown size", "given with its width and height in aspect mode")
                })?;
                Sides::for_aspect(size, width, height)?
            }
            Mode::Sides(sides) => sides,
            Mode::Canvas(_) => Sides::ZERO,
        };
        sides.check().map(|()| sides)
    }

    fn put_sides(&self, body: &mut Map<String, Value>) -> Result<(), InvalidInput> {
        let sides = self.resolved_sides()?;
        for (key, value) in [("top", sides.top), ("bottom", sides.bottom), ("left", sides.left), ("right", sides.right)]
        {
            body.insert(key.to_owned(), value.into());
        }
        Ok(())
    }

    /// Whether a seed is in the range that callers of the service use, -1 to 4294967295.
    ///
    /// # Errors
    /// It is not.
    pub fn check_seed(seed: i64) -> Result<(), InvalidInput> {
        in_range("seed", seed, *SEEDS.start(), *SEEDS.end(), "").map(drop)
    }

    fn put_options(&self, body: &mut Map<String, Value>) -> Result<(), InvalidInput> {
        if let Some(scale) = self.scale {
            body.insert("scale".to_owned(), in_range("scale", scale, 1.0, 20.0, "")?.into());
        }
        if let Some(seed) = self.common.seed {
            Self::check_seed(seed)?;
        }
        if let Some(strength) = self.strength {
            body.insert("strength".to_owned(), in_range("strength", strength, 0.1, 1.0, "")?.into());
        }
        put_count(body, "steps", self.steps)?;
        put_count(body, "max_width", self.max_width)?;
        put_count(body, "max_height", self.max_height)
    }
}

/// Prints the mode and the pictures' sizes, but no bytes and no prompt.
impl fmt::Debug for Outpaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outpaint")
            .field("mode", &self.mode)
            .field("picture", &self.picture)
            .field("seed", &self.common.seed)
            .finish_non_exhaustive()
    }
}
