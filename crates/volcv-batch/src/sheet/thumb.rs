//! Small pictures for the sheets.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use volcv::{Chroma, DecodeOptions, EncodeOptions, Encoding, Size, decode, encode, probe, resize};

/// Files above this are not read: no picture that can be decoded is as large.
const MAX_FILE: u64 = 512 << 20;

/// A small picture, ready for a page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Thumb {
    /// A JPEG as a `data:` URL.
    pub(super) url: String,
    /// The size of the file that it shows, upright.
    pub(super) size: Size,
}

/// What a page can show of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shown {
    Picture(Thumb),
    /// Why there is none.
    Missing(String),
}

impl Shown {
    /// Decodes and shrinks a file. `small` gives the size for the size of the file.
    pub(super) fn read(path: &Path, budget: &Budget, small: impl FnOnce(Size) -> Size) -> Self {
        match Thumb::read(path, budget, small) {
            Ok(thumb) => Shown::Picture(thumb),
            Err(error) => Shown::Missing(error),
        }
    }

    pub(super) fn size(&self) -> Option<Size> {
        match self {
            Shown::Picture(thumb) => Some(thumb.size),
            Shown::Missing(_) => None,
        }
    }
}

impl Thumb {
    fn read(path: &Path, budget: &Budget, small: impl FnOnce(Size) -> Size) -> Result<Self, String> {
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => "no file is here".to_owned(),
            _ => format!("the file cannot be read: {error}"),
        };
        // Opening a pipe would wait for its writer.
        let found = fs::metadata(path).map_err(unreadable)?;
        if !found.is_file() || found.len() > MAX_FILE {
            return Err("this is no file of a picture".to_owned());
        }
        let mut bytes = Vec::new();
        File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes)).map_err(unreadable)?;
        let shown = |error| format!("the file cannot be shown: {error}");
        let size = probe(&bytes).map_err(shown)?.size;
        // The pixels, and what a codec needs beside them.
        let _share = budget.take(u64::from(size.width) * u64::from(size.height) * 8);
        let image = decode(&bytes, &DecodeOptions::new()).map_err(shown)?.0;
        drop(bytes);
        let image = resize(&image, small(size)).map_err(shown)?;
        let options = EncodeOptions::new(Encoding::Jpeg { quality: 80, chroma: Chroma::Half });
        let jpeg = encode(&image.pixels(), &options).map_err(shown)?.bytes;
        Ok(Self { url: format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg)), size })
    }
}

/// Bytes that all threads may use at once, for pictures that are being decoded.
#[derive(Debug)]
pub(super) struct Budget {
    free: Mutex<u64>,
    freed: Condvar,
}

impl Budget {
    const TOTAL: u64 = 512 << 20;

    pub(super) fn new() -> Self {
        Self { free: Mutex::new(Self::TOTAL), freed: Condvar::new() }
    }

    /// Waits for its share. A picture that is larger than the whole gets it alone.
    pub(super) fn take(&self, bytes: u64) -> Share<'_> {
        let bytes = bytes.min(Self::TOTAL);
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.freed.wait_while(free, |free| *free < bytes).unwrap_or_else(PoisonError::into_inner);
        *free -= bytes;
        Share { budget: self, bytes }
    }
}

pub(super) struct Share<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        *self.budget.free.lock().unwrap_or_else(PoisonError::into_inner) += self.bytes;
        self.budget.freed.notify_all();
    }
}
