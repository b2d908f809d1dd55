//! The orientation in an EXIF block: EXIF specification (CIPA DC-008), section 4.6.5. The block is a TIFF file.

use super::tiff::Tiff;

/// 1 to 8; 1 where the block does not say it or is damaged. XMP, which can say it too, is not read, as in browsers.
pub(super) fn orientation(block: &[u8]) -> u8 {
    let directory = Tiff::new(block).and_then(|tiff| tiff.directory(tiff.first()?));
    directory.map_or(1, |directory| directory.orientation())
}
