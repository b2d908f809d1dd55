//! What pictures and prompts should be like: limits that a family of abilities documents, and that are only warnings
//! for an ability whose own page has none.

use crate::error::InvalidInput;
use crate::expansion::Size;
use crate::header::{PictureFormat, PictureInfo};
use crate::picture::Picture;

/// What a family of abilities takes.
#[derive(Debug)]
pub(crate) struct Limits {
    formats: &'static [PictureFormat],
    formats_text: &'static str,
    shortest_side: u32,
    longest_side: u32,
    sides_text: &'static str,
    /// How many times longer one side may be than the other.
    aspect: Option<(u32, &'static str)>,
    base64: usize,
    base64_text: &'static str,
    /// The most base64 of all pictures together.
    total: Option<(usize, &'static str)>,
}

/// The sibling abilities of outpainting that are one call, <https://www.volcengine.com/docs/6793/1357816>.
pub(crate) static SYNC: Limits = Limits {
    formats: &[PictureFormat::Jpeg, PictureFormat::Png, PictureFormat::Bmp],
    formats_text: "jpeg, png or bmp, as for similar abilities",
    shortest_side: SHORTEST_SIDE,
    longest_side: LONGEST_SIDE,
    sides_text: "128 to 4096 pixels on each side, as for similar abilities",
    aspect: None,
    base64: Picture::ADVISED_BASE64,
    base64_text: "at most 4700000 bytes, as for similar abilities",
    total: Some((8_000_000, "at most 8000000, as for similar abilities")),
};

/// The abilities of Jimeng: copies of its official pages, such as `docs/ai-cover-jimeng-api-doc.md` in
/// `hobbytp/hobbytp.github.io`.
pub(crate) static JIMENG: Limits = Limits {
    formats: &[PictureFormat::Jpeg, PictureFormat::Png],
    formats_text: "jpeg or png, as for other abilities of Jimeng",
    shortest_side: 1,
    longest_side: LONGEST_SIDE,
    sides_text: "at most 4096 pixels on each side, as for other abilities of Jimeng",
    aspect: Some((3, "of an aspect between 1:3 and 3:1, as for other abilities of Jimeng")),
    base64: Picture::base64_length(15_000_000),
    base64_text: "at most 20000000 bytes, a file of 15 MB, as for other abilities of Jimeng",
    total: None,
};

/// The sides in pixels that similar abilities take.
pub(crate) const SHORTEST_SIDE: u32 = 128;
pub(crate) const LONGEST_SIDE: u32 = 4096;

impl Limits {
    pub(crate) fn longest_side(&self) -> u32 {
        self.longest_side
    }

    /// The warnings about the pictures of a request, each with the name of its field.
    pub(crate) fn about_pictures(&self, pictures: &[(&'static str, &Picture)]) -> Vec<InvalidInput> {
        let mut warnings = Vec::new();
        let mut total = 0;
        for (field, picture) in pictures {
            let Picture::Bytes(data) = picture else { continue };
            let base64 = Picture::base64_length(data.len());
            total += base64;
            if base64 > self.base64 {
                warnings.push(InvalidInput::new(*field, format!("{base64} bytes of base64"), self.base64_text));
            }
            if let Some(info) = picture.info() {
                let about = |(value, allowed): (String, &str)| InvalidInput::new(*field, value, allowed);
                warnings.extend(self.about_picture(info).into_iter().map(about));
            }
        }
        if let Some((_, allowed)) = self.total.filter(|(most, _)| pictures.len() > 1 && total > *most) {
            warnings.push(InvalidInput::new("picture and mask", format!("{total} bytes of base64"), allowed));
        }
        warnings
    }

    /// The warning about the size of an upright picture that is sent.
    pub(crate) fn about_size(&self, size: Size) -> Option<(String, &'static str)> {
        let (long, short) = (size.width.max(size.height), size.width.min(size.height));
        let too_narrow = |most: u32| u64::from(long) > u64::from(short) * u64::from(most);
        let allowed = match self.aspect {
            _ if short < self.shortest_side || long > self.longest_side => self.sides_text,
            Some((most, text)) if too_narrow(most) => text,
            _ => return None,
        };
        Some((size.to_string(), allowed))
    }

    /// The warnings about one picture: what it is, and what it should be.
    fn about_picture(&self, info: PictureInfo) -> Vec<(String, &'static str)> {
        let format = info.format.extension();
        let mut found = Vec::new();
        if !self.formats.contains(&info.format) {
            found.push((format.to_owned(), self.formats_text));
        }
        if let Some(size) = info.upright_size() {
            found.extend(self.about_size(size));
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
            found
                .push((format!("a {format} with alpha"), "opaque: it is not documented what transparent parts become"));
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
}

/// The warning about a prompt that is too long to have an effect.
pub(crate) fn about_prompt(text: &str) -> Option<InvalidInput> {
    let words = count_words(text);
    (words > 100).then(|| InvalidInput::new("prompt", format!("{words} words long"), "up to 100 to have an effect"))
}

/// English counts by words, Chinese by characters (gateway page: "100 Chinese characters or English words").
fn count_words(text: &str) -> usize {
    let ideographs = text.chars().filter(|c| matches!(c, '\u{3400}'..='\u{9fff}')).count();
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '\u{3400}'..='\u{9fff}'));
    ideographs + words.filter(|word| word.chars().any(char::is_alphanumeric)).count()
}
