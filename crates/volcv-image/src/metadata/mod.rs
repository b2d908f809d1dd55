//! Metadata that must survive a new encoding, such as marks of AI-generated content.

mod exif;
mod jpeg;
mod png;

pub(crate) use jpeg::jpeg_segments;
pub(crate) use png::png_chunks;

use volcv_types::{PictureFormat, PictureInfo};

/// Metadata of a file, kept as bytes: of a PNG the chunks tEXt, zTXt, iTXt, eXIf and caBX, of a JPEG the segments APP1
/// (EXIF, XMP), APP11 (C2PA) and COM.
///
/// [`encode`](crate::encode) writes them into a file of the same format as they are, with one exception: decoded pixels are
/// upright, so the orientation in EXIF becomes 1. In the other format, EXIF and XMP (but compressed XMP of a PNG) are
/// carried over, because both formats define a place for them; [`Encoded::dropped`](crate::Encoded::dropped) names the
/// rest. A C2PA manifest that is kept no longer verifies, since it signs the bytes of the old file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provenance {
    items: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    PngChunk { kind: [u8; 4], data: Vec<u8> },
    JpegSegment { marker: u8, data: Vec<u8> },
}

impl Provenance {
    /// The metadata of a PNG or JPEG; nothing for other files. Of a damaged file it is what can be found.
    pub fn read(bytes: &[u8]) -> Self {
        let items = match PictureInfo::read(bytes).map(|info| info.format) {
            Some(PictureFormat::Png) => png::read(bytes),
            Some(PictureFormat::Jpeg) => jpeg::read(bytes),
            _ => Vec::new(),
        };
        Self { items }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// What is there, by name, such as `png iTXt` or `jpeg exif`, in the order of the file.
    pub fn names(&self) -> Vec<String> {
        self.items.iter().map(Item::name).collect()
    }
}

impl Item {
    fn name(&self) -> String {
        match self {
            Item::PngChunk { kind, .. } => format!("png {}", String::from_utf8_lossy(kind)),
            Item::JpegSegment { marker, data } => format!("jpeg {}", jpeg::name(*marker, data)),
        }
    }
}

/// For a format that carries no metadata.
pub(crate) fn drop_all(provenance: &Provenance, dropped: &mut Vec<String>) {
    dropped.extend(provenance.names());
}
