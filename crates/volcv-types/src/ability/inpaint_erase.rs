//! The typed request of the inpainting erase: what a mask covers is removed.

use std::fmt;

use serde_json::Value;

use super::AbilityRequest;
use super::common::{Common, Masked, about_number, common_methods, put_count, put_number};
use super::limits;
use crate::error::{InvalidInput, in_range};
use crate::marking::{AigcMeta, Logo};
use crate::members::Members;
use crate::picture::Picture;
use crate::request::CvRequest;

/// An inpainting erase, `i2i_inpainting`: what the white part of the mask covers is removed, and the background goes on
/// there.
///
/// A field that is not set is not sent, so the service's own default holds. The official spec,
/// `service/cv20240606/api_img2_img_inpainting.go` in `volcengine/volcengine-go-sdk`, has all fields but `dilate_size`,
/// `quality` and `aigc_meta`. The first two come from <https://www.volcengine.com/docs/6791/1223709>; the last is
/// documented only for the Jimeng family. Defaults come from that page and the Java SDK. No page at hand gives ranges;
/// those of outpainting are warnings here.
///
/// Volcengine takes the inpainting edit offline (<https://www.volcengine.com/docs/86081/1804490>), and users report the
/// same of this ability. No date is known.
///
/// ```
/// use volcv_types::{AbilityRequest as _, AccessKind, EraseQuality, InpaintErase, Picture};
/// # let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x03\xc0\0\0\x02\x80\x08\x02\0\0\0";
/// # let (photo, mask) = (Picture::from_static(png), Picture::from_static(png));
/// let erase = InpaintErase::new(photo, mask).dilate_size(8).quality(EraseQuality::High);
/// assert_eq!(erase.request().unwrap().body(AccessKind::Gateway)["quality"], "H");
/// ```
#[derive(Clone)]
#[must_use]
pub struct InpaintErase {
    pictures: Masked,
    scale: Option<f64>,
    steps: Option<u32>,
    strength: Option<f64>,
    dilate_size: Option<u32>,
    quality: Option<EraseQuality>,
    common: Common,
}

/// How much work the service puts into an erase; the service's default is `M`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EraseQuality {
    /// `H`.
    High,
    /// `M`.
    Medium,
    /// `L`.
    Low,
}

impl EraseQuality {
    /// The service's letter.
    pub fn as_str(self) -> &'static str {
        match self {
            EraseQuality::High => "H",
            EraseQuality::Medium => "M",
            EraseQuality::Low => "L",
        }
    }
}

impl InpaintErase {
    /// The ability that the call selects.
    pub const REQ_KEY: &'static str = "i2i_inpainting";

    /// Erases from the picture what is under the white part of the mask, which is of the same size.
    pub fn new(picture: impl Into<Picture>, mask: impl Into<Picture>) -> Self {
        Self {
            pictures: Masked { picture: picture.into(), mask: mask.into() },
            scale: None,
            steps: None,
            strength: None,
            dilate_size: None,
            quality: None,
            common: Common::default(),
        }
    }

    /// How strongly the result is steered, a finite number; the service's default is 7.
    pub fn scale(mut self, scale: f64) -> Self {
        self.scale = Some(scale);
        self
    }

    /// A number, or -1 for a random one; the service's default is 0.
    pub fn seed(mut self, seed: i64) -> Self {
        self.common.seed = Some(seed);
        self
    }

    /// Sampling steps, at least 1; the service's default is 30.
    pub fn steps(mut self, steps: u32) -> Self {
        self.steps = Some(steps);
        self
    }

    /// How far the result may be from the original, a finite number; the service's default is 0.8.
    pub fn strength(mut self, strength: f64) -> Self {
        self.strength = Some(strength);
        self
    }

    /// The mask grows by this many pixels first, 0 to 4096; the service's default is 15.
    pub fn dilate_size(mut self, pixels: u32) -> Self {
        self.dilate_size = Some(pixels);
        self
    }

    /// More quality takes longer.
    pub fn quality(mut self, quality: EraseQuality) -> Self {
        self.quality = Some(quality);
        self
    }

    common_methods!();
}

impl AbilityRequest for InpaintErase {
    fn request(&self) -> Result<CvRequest, InvalidInput> {
        let pictures = self.pictures.checked()?;
        let mut body = self.common.body(Self::REQ_KEY)?;
        put_number(&mut body, "scale", self.scale)?;
        put_count(&mut body, "steps", self.steps)?;
        put_number(&mut body, "strength", self.strength)?;
        if let Some(pixels) = self.dilate_size {
            // No range is documented; what is wider than the widest picture is a mistake.
            let pixels = in_range("dilate_size", pixels, 0, limits::SYNC.longest_side(), " pixels")?;
            body.insert("dilate_size".to_owned(), pixels.into());
        }
        if let Some(quality) = self.quality {
            body.insert("quality".to_owned(), quality.as_str().into());
        }
        self.common.request(body, pictures, || self.warnings())
    }

    fn warnings(&self) -> Vec<InvalidInput> {
        let mut warnings = limits::SYNC.about_pictures(&self.pictures.named());
        warnings.extend(about_number("scale", self.scale, 1.0, 20.0));
        warnings.extend(about_number("strength", self.strength, 0.1, 1.0));
        warnings.extend(self.common.about_seed());
        warnings
    }
}

/// Prints the pictures' sizes, but no bytes.
impl fmt::Debug for InpaintErase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InpaintErase")
            .field("pictures", &self.pictures)
            .field("seed", &self.common.seed)
            .finish_non_exhaustive()
    }
}
