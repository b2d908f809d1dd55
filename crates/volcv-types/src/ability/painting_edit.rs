//! The typed request of Jimeng's painting edit: the successor of outpainting in canvas mode.

use std::fmt;

use serde_json::Value;

use super::common::{Common, Masked, common_methods};
use super::limits::{self, about_prompt};
use super::{Ability, AbilityRequest, Execution, Outpaint};
use crate::error::InvalidInput;
use crate::marking::{AigcMeta, Logo};
use crate::members::Members;
use crate::picture::Picture;
use crate::request::{CvRequest, PromptField};

/// A painting edit of Jimeng, `jimeng_img2img_seed3_painting_edit`: a padded picture is painted where its mask is
/// white. Only as a task. It succeeds outpainting in canvas mode, and no retirement of it is known.
///
/// A field that is not set is not sent, so the service's own default holds. The text of the official page,
/// <https://www.volcengine.com/docs/85621/2375477>, is not at hand: the fields are those that
/// `VolcengineJimengImageExpandDriver.php` in `dtyq/magic` sends. Limits of other abilities of Jimeng are warnings
/// here. Users of the service name a mode with four ratios, too, which is not typed; its fields can be sent by a
/// [`CvRequest`].
///
/// ```
/// use volcv_types::{AbilityRequest as _, Execution, PaintingEdit, Picture, TaskRequest};
/// # let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x03\xc0\0\0\x02\x80\x08\x02\0\0\0";
/// # let (padded, mask) = (Picture::from_static(png), Picture::from_static(png));
/// let edit = PaintingEdit::new(padded, mask).prompt("a lake at dawn").return_url(true);
/// assert_eq!(edit.execution(), Execution::Task);
/// let submit = TaskRequest::of(&edit).unwrap();
/// assert_eq!(submit.request().action(), "CVSync2AsyncSubmitTask");
/// ```
#[derive(Clone)]
#[must_use]
pub struct PaintingEdit {
    pictures: Masked,
    prompt: Option<String>,
    common: Common,
}

impl PaintingEdit {
    /// The ability that the task selects.
    pub const REQ_KEY: &'static str = "jimeng_img2img_seed3_painting_edit";

    /// Paints the padded picture where the mask of the same size is white.
    pub fn new(padded: impl Into<Picture>, mask: impl Into<Picture>) -> Self {
        Self { pictures: Masked { picture: padded.into(), mask: mask.into() }, prompt: None, common: Common::default() }
    }

    /// The settings of an outpainting, for a padded picture and its mask. The outpainting's own picture, its sides and
    /// its `max_width` and `max_height` are not used, and the prompt goes out as `prompt`.
    ///
    /// # Errors
    /// Names the field that is set and that this ability does not have: `scale`, `steps` or `strength`.
    pub fn from_outpaint(
        settings: &Outpaint,
        padded: impl Into<Picture>,
        mask: impl Into<Picture>,
    ) -> Result<Self, InvalidInput> {
        let steps = settings.steps.map(f64::from);
        for (field, value) in [("scale", settings.scale), ("steps", steps), ("strength", settings.strength)] {
            if let Some(value) = value {
                return Err(InvalidInput::new(field, value, format!("left out: {} has no such field", Self::REQ_KEY)));
            }
        }
        let edit = Self::new(padded, mask);
        Ok(Self { prompt: settings.prompt.clone(), common: settings.common.clone(), ..edit })
    }

    /// What is painted; it is reviewed by the service.
    pub fn prompt(mut self, text: impl Into<String>) -> Self {
        self.prompt = Some(text.into());
        self
    }

    /// A number, or -1 for a random one.
    pub fn seed(mut self, seed: i64) -> Self {
        self.common.seed = Some(seed);
        self
    }

    common_methods!();
}

impl AbilityRequest for PaintingEdit {
    fn request(&self) -> Result<CvRequest, InvalidInput> {
        let pictures = self.pictures.checked()?;
        let body = self.common.body(Self::REQ_KEY)?;
        let request = self.common.request(body, pictures, || self.warnings())?;
        Ok(request.with_prompt(self.prompt.clone().map(|text| (text, PromptField::Prompt))))
    }

    fn warnings(&self) -> Vec<InvalidInput> {
        let mut warnings = limits::JIMENG.about_pictures(&self.pictures.named());
        warnings.extend(self.prompt.as_deref().and_then(about_prompt));
        warnings.extend(self.common.about_seed());
        warnings
    }

    fn execution(&self) -> Execution {
        Ability::PaintingEdit.execution()
    }
}

/// Prints the pictures' sizes, but no bytes and no prompt.
impl fmt::Debug for PaintingEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaintingEdit")
            .field("pictures", &self.pictures)
            .field("seed", &self.common.seed)
            .finish_non_exhaustive()
    }
}
