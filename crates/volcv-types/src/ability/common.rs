//! What the abilities have in common: marks, links, further fields, and a picture with its mask.

use serde_json::{Map, Value};

use crate::error::InvalidInput;
use crate::expansion::Size;
use crate::marking::{AigcMeta, Logo};
use crate::members::Members;
use crate::picture::Picture;
use crate::request::CvRequest;

/// The action of every ability that is one call, and its version.
pub(crate) const ACTION: &str = "CVProcess";
pub(crate) const VERSION: &str = "2022-08-31";

/// Seeds that callers use. The official spec says `int32`, and -1 is a random one in all samples.
pub(crate) const SEEDS: std::ops::RangeInclusive<i64> = -1..=u32::MAX as i64;

/// The options that every ability has.
#[derive(Clone, Default)]
pub(crate) struct Common {
    pub(crate) seed: Option<i64>,
    pub(crate) return_url: Option<bool>,
    pub(crate) logo: Option<Logo>,
    pub(crate) aigc_meta: Option<AigcMeta>,
    pub(crate) extra: Members,
    pub(crate) strict: bool,
}

impl Common {
    /// The body of a request with these options.
    pub(crate) fn body(&self, req_key: &str) -> Result<Map<String, Value>, InvalidInput> {
        let mut body = Map::new();
        let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
        put("req_key", req_key.into());
        if let Some(seed) = self.seed {
            put("seed", seed.into());
        }
        if let Some(link) = self.return_url {
            put("return_url", link.into());
        }
        if let Some(logo) = &self.logo {
            put(Logo::KEY, logo.to_json()?);
        }
        if let Some(meta) = &self.aigc_meta {
            put(AigcMeta::KEY, meta.to_json()?);
        }
        Ok(body)
    }

    /// The request with this body, the further fields and the pictures; in strict mode, the first warning.
    pub(crate) fn request(
        &self,
        body: Map<String, Value>,
        pictures: Vec<Picture>,
        warnings: impl FnOnce() -> Vec<InvalidInput>,
    ) -> Result<CvRequest, InvalidInput> {
        if let Some(first) = self.strict.then(warnings).and_then(|warnings| warnings.into_iter().next()) {
            return Err(first);
        }
        for key in ["binary_data_base64", "image_urls"] {
            if self.extra.contains_key(key) {
                return Err(InvalidInput::new(key, "an extra field", "given as the picture of the request"));
            }
        }
        let mut body = Members::from(body);
        body.extend(self.extra.clone());
        CvRequest::of(ACTION.to_owned(), VERSION.to_owned(), body)?.with_pictures(pictures)
    }

    /// The warning about a seed that no caller is known to use.
    pub(crate) fn about_seed(&self) -> Option<InvalidInput> {
        let seed = self.seed.filter(|seed| !SEEDS.contains(seed))?;
        Some(InvalidInput::new("seed", seed, format!("between {} and {}", SEEDS.start(), SEEDS.end())))
    }
}

/// A picture and the mask of what is painted in it.
#[derive(Debug, Clone)]
pub(crate) struct Masked {
    pub(crate) picture: Picture,
    pub(crate) mask: Picture,
}

impl Masked {
    pub(crate) fn named(&self) -> [(&'static str, &Picture); 2] {
        [("picture", &self.picture), ("mask", &self.mask)]
    }

    /// Both, if they can be sent together.
    pub(crate) fn checked(&self) -> Result<Vec<Picture>, InvalidInput> {
        self.picture.check("picture")?;
        check_mask(&self.mask, self.picture.info().and_then(|info| info.upright_size()))?;
        Ok(vec![self.picture.clone(), self.mask.clone()])
    }
}

/// Refuses what is no mask for a picture of this size.
pub(crate) fn check_mask(mask: &Picture, picture: Option<Size>) -> Result<(), InvalidInput> {
    mask.check("mask")?;
    let mask = mask.info().and_then(|info| info.upright_size());
    match picture.zip(mask) {
        Some((picture, mask)) if picture != mask => {
            Err(InvalidInput::new("mask", mask, format!("of the same size as the picture, {picture}")))
        }
        _ => Ok(()),
    }
}

/// Puts a number that has no documented range.
pub(crate) fn put_number(body: &mut Map<String, Value>, key: &str, value: Option<f64>) -> Result<(), InvalidInput> {
    match value {
        Some(number) if !number.is_finite() => return Err(InvalidInput::new(key, number, "a finite number")),
        Some(number) => body.insert(key.to_owned(), number.into()),
        None => None,
    };
    Ok(())
}

/// Puts a number that is at least 1.
pub(crate) fn put_count(body: &mut Map<String, Value>, key: &str, value: Option<u32>) -> Result<(), InvalidInput> {
    match value {
        Some(0) => return Err(InvalidInput::new(key, 0, "at least 1")),
        Some(number) => body.insert(key.to_owned(), number.into()),
        None => None,
    };
    Ok(())
}

/// The warning about a number outside of the range that outpainting documents for the field of this name.
pub(crate) fn about_number(key: &str, value: Option<f64>, low: f64, high: f64) -> Option<InvalidInput> {
    let number = value.filter(|number| !(low..=high).contains(number))?;
    Some(InvalidInput::new(key, number, format!("between {low} and {high}, as for outpainting")))
}

/// The methods of the options in [`Common`], for a type that has them as `common`.
macro_rules! common_methods {
    () => {
        /// Whether the result comes as a link (valid for 24 hours) instead of bytes.
        pub fn return_url(mut self, link: bool) -> Self {
            self.common.return_url = Some(link);
            self
        }

        /// A visible watermark.
        pub fn logo(mut self, logo: Logo) -> Self {
            self.common.logo = Some(logo);
            self
        }

        /// A hidden provenance text.
        pub fn aigc_meta(mut self, meta: AigcMeta) -> Self {
            self.common.aigc_meta = Some(meta);
            self
        }

        /// A field that this type has no method for. It wins over a typed field of the same name.
        pub fn extra(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
            self.common.extra.insert(key, value);
            self
        }

        /// As [`extra`](Self::extra) for each member of a JSON object, given as its text; see
        /// [`CvRequest::from_json_text`].
        ///
        /// # Errors
        /// The text is not a JSON object of at most 127 levels; the error names line and column.
        pub fn extra_json_text(mut self, text: impl AsRef<[u8]>) -> Result<Self, InvalidInput> {
            self.common.extra.extend(Members::parse("extra", text.as_ref())?);
            Ok(self)
        }

        /// Turns every warning into an error.
        pub fn strict(mut self, strict: bool) -> Self {
            self.common.strict = strict;
            self
        }
    };
}

pub(crate) use common_methods;
