//! Warnings: undocumented reasons for which the service may refuse an outpainting or spoil its result.

use super::Outpaint;
use crate::error::InvalidInput;
use crate::expansion::Size;
use crate::header::{PictureFormat, PictureInfo};
use crate::picture::Picture;

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
        let mut warnings = Vec::new();
        let mut total = 0;
        for (field, picture) in self.pictures() {
            let Picture::Bytes(data) = picture else { continue };
            let base64 = Picture::base64_length(data.len());
            total += base64;
            if base64 > Picture::ADVISED_BASE64 {
                let allowed = "at most 4700000 bytes, as for similar abilities";
                warnings.push(InvalidInput::new(field, format!("{base64} bytes of base64"), allowed));
            }
            if let Some(info) = picture.info() {
                let about = |(value, allowed): (String, &str)| InvalidInput::new(field, value, allowed);
                warnings.extend(about_picture(info).into_iter().map(about));
            }
        }
        if self.pictures().len() > 1 && total > 8_000_000 {
            let allowed = "at most 8000000, as for similar abilities";
            warnings.push(InvalidInput::new("picture and mask", format!("{total} bytes of base64"), allowed));
        }
        if let Some(words) = self.prompt.as_deref().map(count_words).filter(|words| *words > 100) {
            warnings.push(InvalidInput::new("prompt", format!("{words} words long"), "up to 100 to have an effect"));
        }
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

/// The warnings about one picture: what it is, and what it should be.
fn about_picture(info: PictureInfo) -> Vec<(String, &'static str)> {
    let format = info.format.extension();
    let mut found = Vec::new();
    if !matches!(info.format, PictureFormat::Jpeg | PictureFormat::Png | PictureFormat::Bmp) {
        found.push((format.to_owned(), "jpeg, png or bmp, as for similar abilities"));
    }
    if let Some(size) = info.upright_size() {
        found.extend(about_size(size));
    }
    let stored = match info.orientation {
        1 => None,
        2 => Some("mirrored"),
        3 => Some("upside down"),
        4 => Some("upside down and mirrored"),
        5 | 7 => Some("on its side and mirrored"),
        _ => Some("on its side"),
    };
    if let Some(stored) = stored {
        let value = format!("stored {stored} (EXIF orientation {})", info.orientation);
        found.push((value, "turned upright first: it is not documented whether the service heeds the orientation"));
    }
    if info.alpha {
        found.push((format!("a {format} with alpha"), "opaque: it is not documented what transparent parts become"));
    }
    if info.bits > 8 {
        found.push((format!("a {format} of {} bits per channel", info.bits), "of 8 bits per channel, as most are"));
    }
    if info.cmyk {
        found.push((format!("a {format} in CMYK"), "in RGB or grey, as pictures for screens are"));
    }
    if info.animated {
        found.push((format!("an animated {format}"), "a still picture: at most one frame can be grown"));
    }
    found
}

/// The sides in pixels that similar abilities take.
pub(crate) const SHORTEST_SIDE: u32 = 128;
pub(crate) const LONGEST_SIDE: u32 = 4096;

/// The warning about the size of an upright picture that is sent.
pub(crate) fn about_size(size: Size) -> Option<(String, &'static str)> {
    let sides = SHORTEST_SIDE..=LONGEST_SIDE;
    if sides.contains(&size.width) && sides.contains(&size.height) {
        return None;
    }
    Some((size.to_string(), "128 to 4096 pixels on each side, as for similar abilities"))
}

/// English counts by words, Chinese by characters (gateway page: "100 Chinese characters or English words").
fn count_words(text: &str) -> usize {
    let ideographs = text.chars().filter(|c| matches!(c, '\u{3400}'..='\u{9fff}')).count();
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '\u{3400}'..='\u{9fff}'));
    ideographs + words.filter(|word| word.chars().any(char::is_alphanumeric)).count()
}
