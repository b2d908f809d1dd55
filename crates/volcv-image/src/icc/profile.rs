//! Reads a profile of three primaries and tone curves.

use super::curve::{Curve, linear_to_srgb};
use super::matrix::{ADOBE_RGB, DISPLAY_P3, Matrix, SRGB_TO_XYZ, invert, is_near, multiply};
use super::transform::Transform;
use crate::decode::ColorProfile;

const HEADER: usize = 128;
/// A profile has about 20 tags.
const MAX_TAGS: u32 = 200;

/// Profiles round their primaries, and some were adapted to D50 by another method.
const SAME_PRIMARIES: f64 = 0.003;
/// In levels of 255, so that a value stays the same after rounding.
const SAME_CURVE: f64 = 0.5;

/// Primaries as columns, in XYZ under D50, and one curve for each channel.
#[derive(Debug)]
pub(super) struct MatrixProfile {
    primaries: Matrix,
    curves: [Curve; 3],
}

impl MatrixProfile {
    /// `None` if the bytes are no profile, a damaged one, or one of another kind.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let is_rgb = bytes.get(16..20)? == b"RGB " && bytes.get(20..24)? == b"XYZ " && bytes.get(36..40)? == b"acsp";
        // Tables take precedence over matrix and curves.
        let has_tables = [b"A2B0", b"A2B1", b"A2B2", b"D2B0", b"D2B1"].iter().any(|name| tag(bytes, name).is_some());
        if !is_rgb || has_tables {
            return None;
        }
        let [red, green, blue] = [xyz(tag(bytes, b"rXYZ")?)?, xyz(tag(bytes, b"gXYZ")?)?, xyz(tag(bytes, b"bXYZ")?)?];
        let primaries = [0, 1, 2].map(|row| [red[row], green[row], blue[row]]);
        let curve = |name| Curve::read(tag(bytes, name)?);
        Some(Self { primaries, curves: [curve(b"rTRC")?, curve(b"gTRC")?, curve(b"bTRC")?] })
    }

    /// The name of the profile by its numbers, and the conversion where it changes a pixel.
    pub(super) fn to_srgb(&self) -> (ColorProfile, Option<Transform>) {
        let is_srgb_curve = self.curves.iter().all(|curve| {
            let levels = (0..=255).map(f64::from);
            levels
                .map(|level| linear_to_srgb(curve.linear(level / 255.0)) * 255.0 - level)
                .all(|d| d.abs() < SAME_CURVE)
        });
        let has = |primaries| is_near(&self.primaries, primaries, SAME_PRIMARIES);
        if is_srgb_curve && has(&SRGB_TO_XYZ) {
            return (ColorProfile::Srgb, None);
        }
        let Some(from_xyz) = invert(&SRGB_TO_XYZ).filter(|_| invert(&self.primaries).is_some()) else {
            return (ColorProfile::Unknown, None);
        };
        let name = match () {
            () if is_srgb_curve && has(&DISPLAY_P3) => ColorProfile::DisplayP3,
            () if has(&ADOBE_RGB) => ColorProfile::AdobeRgb,
            () => ColorProfile::OtherRgb,
        };
        (name, Some(Transform::new(&self.curves, &multiply(&from_xyz, &self.primaries))))
    }
}

/// The element of a tag: signature, offset and length in the table behind the header.
fn tag<'a>(bytes: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    let (count, table) = bytes.get(HEADER..)?.split_first_chunk()?;
    let count = u32::from_be_bytes(*count).min(MAX_TAGS) as usize;
    let entry = table.chunks_exact(12).take(count).find(|entry| entry.starts_with(name))?;
    let number = |at: usize| usize::try_from(u32::from_be_bytes(*entry.get(at..)?.first_chunk()?)).ok();
    bytes.get(number(4)?..)?.get(..number(8)?)
}

/// Three numbers of 16 bits before and 16 bits behind the point.
fn xyz(element: &[u8]) -> Option<[f64; 3]> {
    let values = element.strip_prefix(b"XYZ ")?.get(4..16)?;
    let number = |at: usize| i32::from_be_bytes([values[at], values[at + 1], values[at + 2], values[at + 3]]);
    Some([0, 4, 8].map(|at| f64::from(number(at)) / 65536.0))
}
