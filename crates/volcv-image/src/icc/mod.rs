//! ICC profiles of three primaries and tone curves, and the conversion of their colours to sRGB.
//!
//! Facts are from ICC.1:2010 (version 4.3): the header in section 7.2, the tag table in 7.3, `curveType` in 10.5,
//! `parametricCurveType` in 10.15, and the model of matrix and curves in annex F.3.

mod curve;
mod matrix;
mod profile;
mod transform;

pub(crate) use transform::Transform;

use profile::MatrixProfile;

use crate::convert::Channels;
use crate::decode::ColorProfile;

/// The longest profile that is read.
pub(crate) const MAX_PROFILE: usize = 4 << 20;

/// What a file says about its colours.
#[derive(Debug, Clone)]
pub(crate) enum Profile {
    /// sRGB, or nothing.
    Srgb,
    /// The bytes of a profile.
    Icc(Vec<u8>),
    /// Something that cannot be read.
    Unknown,
}

impl Profile {
    /// The name for the caller, and the conversion to sRGB where one is needed and known.
    pub(crate) fn read(&self, channels: Channels) -> (ColorProfile, Option<Transform>) {
        let bytes = match self {
            Profile::Srgb => return (ColorProfile::Srgb, None),
            Profile::Icc(bytes) if bytes.len() <= MAX_PROFILE => bytes,
            Profile::Icc(_) | Profile::Unknown => return (ColorProfile::Unknown, None),
        };
        let (name, transform) = match MatrixProfile::read(bytes) {
            Some(profile) => profile.to_srgb(),
            None => (ColorProfile::Unknown, None),
        };
        // A profile for RGB says nothing about grey pixels, except that sRGB leaves them as they are.
        if channels.count() < 3 && transform.is_some() { (ColorProfile::Unknown, None) } else { (name, transform) }
    }
}
