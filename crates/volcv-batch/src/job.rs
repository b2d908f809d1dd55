//! What is wished for one picture: one line of a manifest, with the defaults of the run filled in.

mod fields;
#[cfg(test)]
mod tests;
pub(crate) mod text;

use serde::{Deserialize, Serialize};
use volcv::{Ability, Anchor, Aspect, Encoding, ExpandOptions, InvalidInput, Margins, Outpaint, PaintingEdit};
use volcv::{Picture, PlanOptions, PromptField, Sides, Size, TooSmall, Wish, plan};

pub(crate) use fields::parse;

/// One picture of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Item {
    /// The item's own id, unique in its ledger: 1 to 512 bytes without control characters.
    pub id: String,
    /// Where it stands in the input, from 0 on: items are taken in this order.
    pub seq: u64,
    /// What is wished for.
    pub job: Job,
}

/// What is wished for one picture. The texts of sizes and places are those of the command's flags.
///
/// As JSON, it is the object of a manifest's line. What is not set is left out of it, and has the default of the run, or of
/// the library.
///
/// ```
/// use volcv_batch::Job;
///
/// let mut job = Job::default();
/// job.input = "photos/lake.jpg".to_owned();
/// job.output = "lake.png".to_owned();
/// job.aspect = Some("16:9".to_owned());
/// job.check()?;
/// # Ok::<(), volcv::InvalidInput>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Job {
    /// The id that a line of a manifest gives its item. It is not set in an [`Item`], which has it itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The picture: a path relative to the input, an absolute path, or a link that starts with `https://`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub input: String,
    /// The file to write, relative to the output folder, with `/` between folders, unique in the ledger. Its ending is the
    /// format: png, jpg or bmp.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub output: String,
    /// Grow upwards by this fraction of the height. The four sides may be set together; the other wishes stand alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top: Option<f64>,
    /// Grow downwards by this fraction of the height.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bottom: Option<f64>,
    /// Grow to the left by this fraction of the width.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<f64>,
    /// Grow to the right by this fraction of the width.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<f64>,
    /// Grow by the same fraction on all four sides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equal: Option<f64>,
    /// Grow to this aspect, such as `16:9`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspect: Option<String>,
    /// Grow to exactly this many pixels, such as `1920x1080`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Grow by this many pixels to the left, upwards, to the right and downwards, such as `0,0,200,100`; in JSON, also an
    /// array of four numbers.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "fields::pixels")]
    pub pixels: Option<String>,
    /// Where the original lies with `to` and `aspect`: `center`, `left`, `top-left`, …, or two fractions such as `0.25,1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor: Option<String>,
    /// What to do if `to` is smaller than the picture: `refuse`, `crop` or `shrink`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub too_small: Option<String>,
    /// What the new area should show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The field that carries the prompt: `prompt`, `custom_prompt` or `both`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_field: Option<String>,
    /// 0 to 4294967295, or -1 for a random one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    /// How strongly the prompt steers, 1 to 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
    /// Sampling steps, at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// How far the result may be from the original, 0.1 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strength: Option<f64>,
    /// What the calls run on: `outpainting` or `painting-edit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ability: Option<String>,
    /// Grow by up to this many calls, each of which is paid for; 1 if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_passes: Option<u32>,
    /// The longest side in pixels that is sent to the service, or asked from it, 128 to 16384; 4096 if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_side: Option<u32>,
    /// Let the service send a link, and download the picture from there without the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_url: Option<bool>,
    /// Paste the original back bit for bit, and fit the new area to it; true if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paste_back: Option<bool>,
    /// Turn warnings about the request into errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

impl Job {
    /// The link that stands in the place of a file.
    pub fn link(&self) -> Option<&str> {
        text::is_link(&self.input).then_some(self.input.as_str())
    }

    /// Fills in what is not set.
    ///
    /// A wish (`top`, `bottom`, `left`, `right`, `equal`, `aspect`, `to`, `pixels`) replaces the default wish as a whole. The
    /// default `anchor` and `too_small` hold for the wishes that have one.
    pub fn or(mut self, defaults: &Job) -> Job {
        macro_rules! fill {
            ($($field:ident)*) => {
                $(if self.$field.is_none() { self.$field.clone_from(&defaults.$field); })*
            };
        }
        if self.kinds().next().is_none() {
            fill!(top bottom left right equal aspect to pixels);
        }
        if self.to.is_some() || self.aspect.is_some() {
            fill!(anchor);
        }
        if self.to.is_some() {
            fill!(too_small);
        }
        fill!(prompt prompt_field seed scale steps strength ability max_passes max_side return_url paste_back strict);
        self
    }

    /// Checks everything that can be known without the picture.
    ///
    /// # Errors
    /// Names the field, its value and what it may be.
    pub fn check(&self) -> Result<(), InvalidInput> {
        self.check_names()?;
        let _ = self.wish()?;
        self.options().map(drop)
    }

    /// As [`Job::check`] for the input and the output alone.
    pub(crate) fn check_names(&self) -> Result<(), InvalidInput> {
        text::check_input(&self.input)?;
        text::check_output(&self.output)?;
        self.encoding().map(drop)
    }

    /// As [`Job::check`] for the defaults of a run, which may be without a wish, and have neither input nor output.
    pub(crate) fn check_defaults(&self) -> Result<(), InvalidInput> {
        match self.kinds().next() {
            Some(_) => drop(self.wish()?),
            None => {
                self.anchor.as_deref().map(str::parse::<Anchor>).transpose()?;
                self.too_small.as_deref().map(too_small).transpose()?;
            }
        }
        self.options().map(drop)
    }

    /// How the picture shall grow.
    ///
    /// # Errors
    /// There is no wish, or more than one, or one that holds for no picture.
    pub fn wish(&self) -> Result<Wish, InvalidInput> {
        let mut kinds = self.kinds();
        let kind = kinds.next().ok_or_else(|| {
            let allowed = "given as top, bottom, left or right, or as one of equal, aspect, to and pixels";
            InvalidInput::new("the wish", "missing", allowed)
        })?;
        if let Some(other) = kinds.next() {
            return Err(InvalidInput::new(
                format!("{kind} beside {other}"),
                "given",
                "left out: one wish stands alone",
            ));
        }
        let wish = match (&self.to, &self.pixels, &self.aspect, self.equal) {
            (Some(size), ..) => Wish::target(size.parse::<Size>().map_err(|error| named("to", &error))?),
            (_, Some(margins), ..) => Wish::pixels(margins.parse::<Margins>()?),
            (.., Some(aspect), _) => {
                let Aspect { width, height } = aspect.parse()?;
                Wish::aspect(width, height)
            }
            (.., Some(ratio)) => Wish::sides(Sides::all(ratio)),
            _ => Wish::sides(self.sides()),
        };
        let allowed = |fields: &str| format!("left out: it belongs to {fields}");
        let anchor = match &self.anchor {
            Some(_) if self.to.is_none() && self.aspect.is_none() => {
                return Err(InvalidInput::new("anchor", format_args!("given beside {kind}"), allowed("to and aspect")));
            }
            Some(anchor) => anchor.parse()?,
            None => Anchor::default(),
        };
        let too_small = match &self.too_small {
            Some(_) if self.to.is_none() => {
                return Err(InvalidInput::new("too_small", format_args!("given beside {kind}"), allowed("to")));
            }
            Some(text) => too_small(text)?,
            None => TooSmall::default(),
        };
        let wish = wish.anchor(anchor).too_small(too_small);
        wish.check().map(|()| wish)
    }

    /// How the wish is carried out: what [`Expand::expand`](volcv::Expand::expand) takes.
    ///
    /// # Errors
    /// A field is outside of its range, or does not belong to the ability.
    pub fn options(&self) -> Result<ExpandOptions, InvalidInput> {
        let strict = self.strict.unwrap_or_default();
        let ability = self.ability.as_deref().map(ability).transpose()?.unwrap_or_default();
        let settings = self.settings()?.strict(strict);
        let options = PlanOptions::new().ability(ability).max_passes(self.max_passes.unwrap_or(1));
        let options = self.max_side.map_or(options, |pixels| options.max_side(pixels));
        // A picture that stands for any: it grows in one call, and only the fields above can be wrong.
        plan(Size { width: 1024, height: 1024 }, &Wish::sides(Sides::all(0.1)), &options)?;
        let link = || Picture::url("https://picture.invalid/");
        match ability {
            Ability::PaintingEdit => {
                volcv::AbilityRequest::request(&PaintingEdit::from_outpaint(&settings, link(), link())?)?;
            }
            _ => drop(settings.clone().with_sides(link(), Sides::all(0.1)).request()?),
        }
        let paste_back = self.paste_back.unwrap_or(true);
        Ok(ExpandOptions::new().settings(settings).plan(options.strict(strict)).paste_back(paste_back))
    }

    /// How the finished picture is written, by the ending of `output`.
    ///
    /// # Errors
    /// The ending is none of png, jpg, jpeg and bmp.
    pub fn encoding(&self) -> Result<Encoding, InvalidInput> {
        let ending = text::ending(&self.output).unwrap_or_default();
        Encoding::of_ending(ending).ok_or_else(|| {
            InvalidInput::new("output", format_args!("{:?}", self.output), "a name ending in png, jpg or bmp")
        })
    }

    fn settings(&self) -> Result<Outpaint, InvalidInput> {
        // Picture and sides of each call replace these.
        let mut settings = Outpaint::sides(Picture::from_static(b""), Sides::ZERO);
        if let Some(prompt) = &self.prompt {
            settings = settings.prompt(prompt);
        }
        if let Some(field) = &self.prompt_field {
            settings = settings.prompt_field(prompt_field(field)?);
        }
        if let Some(seed) = self.seed {
            settings = settings.seed(seed);
        }
        if let Some(scale) = self.scale {
            settings = settings.scale(scale);
        }
        if let Some(steps) = self.steps {
            settings = settings.steps(steps);
        }
        if let Some(strength) = self.strength {
            settings = settings.strength(strength);
        }
        if self.return_url == Some(true) {
            settings = settings.return_url(true);
        }
        Ok(settings)
    }

    fn sides(&self) -> Sides {
        let side = |ratio: Option<f64>| ratio.unwrap_or_default();
        Sides { top: side(self.top), bottom: side(self.bottom), left: side(self.left), right: side(self.right) }
    }

    /// The names of the wishes that are set; the four sides are one.
    fn kinds(&self) -> impl Iterator<Item = &'static str> {
        let sides = [("top", self.top), ("bottom", self.bottom), ("left", self.left), ("right", self.right)];
        let sides = sides.into_iter().find_map(|(name, ratio)| ratio.map(|_| name));
        let others = [
            self.equal.map(|_| "equal"),
            self.aspect.as_ref().map(|_| "aspect"),
            self.to.as_ref().map(|_| "to"),
            self.pixels.as_ref().map(|_| "pixels"),
        ];
        sides.into_iter().chain(others.into_iter().flatten())
    }
}

/// The same error with the name that the field has here.
fn named(field: &str, error: &InvalidInput) -> InvalidInput {
    InvalidInput::new(field, error.value(), error.allowed())
}

fn too_small(text: &str) -> Result<TooSmall, InvalidInput> {
    let names = [("refuse", TooSmall::Refuse), ("crop", TooSmall::Crop), ("shrink", TooSmall::Shrink)];
    one_of("too_small", text, &names)
}

fn ability(text: &str) -> Result<Ability, InvalidInput> {
    one_of("ability", text, &[("outpainting", Ability::Outpainting), ("painting-edit", Ability::PaintingEdit)])
}

fn prompt_field(text: &str) -> Result<PromptField, InvalidInput> {
    let names =
        [("prompt", PromptField::Prompt), ("custom_prompt", PromptField::CustomPrompt), ("both", PromptField::Both)];
    one_of("prompt_field", text, &names)
}

fn one_of<T: Copy>(field: &str, text: &str, names: &[(&str, T)]) -> Result<T, InvalidInput> {
    let known = names.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    known.ok_or_else(|| {
        let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
        InvalidInput::new(field, format_args!("{text:?}"), format!("one of {}", names.join(", ")))
    })
}
