//! Warnings: undocumented reasons for which the service may refuse an outpainting or spoil its result.

use super::Outpaint;
use crate::ability::limits::{self, about_prompt};
use crate::error::InvalidInput;
use crate::expansion::Size;

impl Outpaint {
    /// Reasons for which the service may refuse the call or spoil its result. None is documented for outpainting, so
    /// none is an error.
    ///
    /// The limits are those of sibling abilities, <https://www.volcengine.com/docs/6793/1357816>: JPEG, PNG or BMP,
    /// sides of 128 to 4096 pixels, at most 4.7 MB of base64 per picture and 8 MB together; and the gateway page's
    /// advice on the prompt. No page says how the service treats an EXIF orientation, alpha, more than 8 bits per
    /// channel, CMYK or animation. The last warning is about a result that the defaults of `max_width` and `max_height`
    /// shrink below the picture itself.
    pub fn warnings(&self) -> Vec<InvalidInput> {
        let mut warnings = limits::SYNC.about_pictures(&self.pictures());
        warnings.extend(self.prompt.as_deref().and_then(about_prompt));
        warnings.extend(self.about_default_limits());
        warnings
    }

    fn about_default_limits(&self) -> Option<InvalidInput> {
        let (picture, grown, result) = (self.known_size()?, self.grown_size()?, self.output_size()?);
        // A limit that the caller set needs no warning.
        let asked = |set: Option<u32>| set.unwrap_or(u32::MAX);
        let wanted = grown.shrink_into(Size { width: asked(self.max_width), height: asked(self.max_height) });
        let smaller = result.width < picture.width || result.height < picture.height;
        if result == wanted || !smaller {
            return None;
        }
        let shrinks = |set: Option<u32>, wanted: u32| set.is_none() && wanted > Self::DEFAULT_MAX;
        let field = match (shrinks(self.max_width, wanted.width), shrinks(self.max_height, wanted.height)) {
            (true, true) => "max_width, max_height",
            (true, false) => "max_width",
            _ => "max_height",
        };
        let default = Self::DEFAULT_MAX;
        let value = format!("{default} by default, which makes the result {result} of a picture of {picture}");
        Some(InvalidInput::new(field, value, format!("given, for up to {wanted}")))
    }
}
