//! The typed outpainting request: one picture and four ratios, or a padded picture and a mask.

mod warnings;

pub(crate) use warnings::{LONGEST_SIDE, SHORTEST_SIDE, about_size};

use std::fmt;

use serde_json::{Map, Value};

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
    prompt: Option<String>,
    prompt_field: PromptField,
    scale: Option<f64>,
    seed: Option<i64>,
    steps: Option<u32>,
    strength: Option<f64>,
    max_width: Option<u32>,
    max_height: Option<u32>,
    return_url: Option<bool>,
    logo: Option<Logo>,
    aigc_meta: Option<AigcMeta>,
    extra: Members,
    strict: bool,
}

#[derive(Debug, Clone)]
enum Mode {
    Sides(Sides),
    Aspect(f64, f64),
    Canvas(Picture),
}

impl Outpaint {
    /// The action of an outpainting call.
    pub const ACTION: &'static str = "CVProcess";
    /// The version of [`Outpaint::ACTION`].
    pub const VERSION: &'static str = "2022-08-31";
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
        match self.extra.get(Logo::KEY) {
            Some(text) => Logo::corner_in(&serde_json::from_str(text).ok()?),
            None => self.logo.as_ref().map(Logo::corner),
        }
    }

    /// The same settings without the visible logo: for a picture that is going to grow again, or the logo would end up in
    /// its middle.
    pub fn without_logo(mut self) -> Self {
        self.logo = None;
        self.extra.remove(Logo::KEY);
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
            seed: None,
            steps: None,
            strength: None,
            max_width: None,
            max_height: None,
            return_url: None,
            logo: None,
            aigc_meta: None,
            extra: Members::default(),
            strict: false,
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
        self.seed = Some(seed);
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

    /// Whether the result comes as a link (valid for 24 hours) instead of bytes.
    pub fn return_url(mut self, link: bool) -> Self {
        self.return_url = Some(link);
        self
    }

    /// A visible watermark.
    pub fn logo(mut self, logo: Logo) -> Self {
        self.logo = Some(logo);
        self
    }

    /// A hidden provenance text.
    pub fn aigc_meta(mut self, meta: AigcMeta) -> Self {
        self.aigc_meta = Some(meta);
        self
    }

    /// A field that this type has no method for. It wins over a typed field of the same name.
    pub fn extra(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(key, value);
        self
    }

    /// As [`Outpaint::extra`] for each member of a JSON object, given as its text; see [`CvRequest::from_json_text`].
    ///
    /// # Errors
    /// The text is not a JSON object of at most 127 levels; the error names line and column.
    pub fn extra_json_text(mut self, text: impl AsRef<[u8]>) -> Result<Self, InvalidInput> {
        self.extra.extend(Members::parse("extra", text.as_ref())?);
        Ok(self)
    }

    /// Turns every warning into an error.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Checks every field and makes the request.
    ///
    /// # Errors
    /// Names the first field that is outside its documented range.
    pub fn request(&self) -> Result<CvRequest, InvalidInput> {
        self.picture.check("picture")?;
        let mut body = Map::new();
        body.insert("req_key".to_owned(), Self::REQ_KEY.into());
        let mut pictures = vec![self.picture.clone()];
        match &self.mode {
            Mode::Canvas(mask) => {
                self.check_mask(mask)?;
                pictures.push(mask.clone());
            }
            _ => self.put_sides(&mut body)?,
        }
        self.put_options(&mut body)?;
        if self.strict {
            if let Some(first) = self.warnings().into_iter().next() {
                return Err(first);
            }
        }
        for key in ["binary_data_base64", "image_urls"] {
            if self.extra.contains_key(key) {
                return Err(InvalidInput::new(key, "an extra field", "given as the picture of the request"));
            }
        }
        let mut body = Members::from(body);
        body.extend(self.extra.clone());
        let request =
            CvRequest::of(Self::ACTION.to_owned(), Self::VERSION.to_owned(), body)?.with_pictures(pictures)?;
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

    fn check_mask(&self, mask: &Picture) -> Result<(), InvalidInput> {
        mask.check("mask")?;
        let mask_size = mask.info().and_then(|info| info.upright_size());
        match (self.known_size(), mask_size) {
            (Some(picture), Some(mask)) if picture != mask => {
                Err(InvalidInput::new("mask", mask, format!("of the same size as the picture, {picture}")))
            }
            _ => Ok(()),
        }
    }

    fn put_options(&self, body: &mut Map<String, Value>) -> Result<(), InvalidInput> {
        let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
        if let Some(scale) = self.scale {
            put("scale", in_range("scale", scale, 1.0, 20.0, "")?.into());
        }
        if let Some(seed) = self.seed {
            put("seed", in_range("seed", seed, -1, i64::from(u32::MAX), "")?.into());
        }
        if let Some(strength) = self.strength {
            put("strength", in_range("strength", strength, 0.1, 1.0, "")?.into());
        }
        for (key, value) in [("steps", self.steps), ("max_width", self.max_width), ("max_height", self.max_height)] {
            match value {
                Some(0) => return Err(InvalidInput::new(key, 0, "at least 1")),
                Some(value) => put(key, value.into()),
                None => None,
            };
        }
        if let Some(link) = self.return_url {
            put("return_url", link.into());
        }
        if let Some(logo) = &self.logo {
            put(Logo::KEY, logo.to_json()?);
        }
        if let Some(meta) = &self.aigc_meta {
            put("aigc_meta", meta.to_json()?);
        }
        Ok(())
    }
}

/// Prints the mode and the pictures' sizes, but no bytes and no prompt.
impl fmt::Debug for Outpaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outpaint")
            .field("mode", &self.mode)
            .field("picture", &self.picture)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
