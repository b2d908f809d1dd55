//! What a file says about its picture.

use volcv_types::{PictureFormat, Size};

/// Facts of a picture file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageInfo {
    /// The format by its magic bytes.
    pub format: PictureFormat,
    /// Width and height of the upright picture, which is the size of the target of [`decode_into`](crate::decode_into).
    pub size: Size,
    /// Width and height as stored; orientations 5 to 8 swap them.
    pub stored_size: Size,
    /// How the stored picture has to be turned: 1 (not at all) to 8, as EXIF numbers it. Decoded pixels are upright.
    pub orientation: u8,
    /// Whether the file has an alpha channel or a transparent colour. Every pixel can still be opaque.
    pub has_alpha: bool,
    /// Bits per channel, or per channel of the palette's colours. Decoded pixels have 8.
    pub bits: u8,
    /// The colours of the file.
    pub profile: ColorProfile,
}

/// The colours of a file. Decoded pixels are sRGB, except for [`ColorProfile::Unknown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColorProfile {
    /// The file says sRGB, or nothing. Its values are taken as they are.
    Srgb,
    /// Display P3, as phones write it. It is converted to sRGB; colours outside of sRGB are clipped.
    DisplayP3,
    /// Adobe RGB (1998). It is converted to sRGB; colours outside of sRGB are clipped.
    AdobeRgb,
    /// Another profile of three primaries and tone curves. It is converted to sRGB; colours outside of sRGB are clipped.
    OtherRgb,
    /// A profile that this crate does not convert: tables of colours, a profile for grey or CMYK, a damaged one, or one
    /// of more than 4 MiB. The values of the file are taken as they are.
    Unknown,
}
