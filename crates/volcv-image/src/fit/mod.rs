//! Paste-back: the original into the result, bit for bit, with the new area corrected to fit it.

mod colour;
mod paste;
mod register;
mod report;
mod rim;
mod seam;
mod sides;

use volcv_types::memory::Working;
use volcv_types::{InvalidInput, Rect, Size};

use self::colour::Tone;
use self::paste::{feather, paste, shift, with_alpha};
use self::rim::Correction;
use self::sides::growing;
use crate::canvas::check_place;
use crate::error::ImageError;
use crate::image::Image;
use crate::resize::resize;

pub use self::report::FitReport;

/// What [`fit`] does beside pasting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FitOptions {
    /// The size of the finished picture; the result's own size by default. A result of another size is scaled.
    pub target: Option<Size>,
    /// Whether a result whose content lies up to 8 pixels off is moved back; true.
    pub register: bool,
    /// Whether the colours of the new area are corrected to those of the original; true.
    pub correct: bool,
    /// Pixels inside the original, along its growing sides, over which the result is faded in; 0, so that no pixel of the
    /// original changes.
    pub feather: u32,
    /// A part of the finished picture that stays as the service made it, for example a visible mark; none by default.
    pub protect: Option<Rect>,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self { target: None, register: true, correct: true, feather: 0, protect: None }
    }
}

impl FitOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The size of the finished picture; the result's own size by default.
    #[must_use]
    pub fn target(mut self, size: Size) -> Self {
        self.target = Some(size);
        self
    }

    /// Whether a result whose content lies up to 8 pixels off is moved back; true by default.
    #[must_use]
    pub fn register(mut self, register: bool) -> Self {
        self.register = register;
        self
    }

    /// Whether the colours of the new area are corrected; true by default.
    #[must_use]
    pub fn correct(mut self, correct: bool) -> Self {
        self.correct = correct;
        self
    }

    /// Pixels of the original over which the result is faded in; 0 by default.
    #[must_use]
    pub fn feather(mut self, pixels: u32) -> Self {
        self.feather = pixels;
        self
    }

    /// A part of the finished picture that stays as the service made it; none by default.
    #[must_use]
    pub fn protect(mut self, part: Rect) -> Self {
        self.protect = Some(part);
        self
    }
}

/// Working memory for each pixel of the original's outline and for each column of the picture, at most.
const OUTLINE: usize = 1024;
const COLUMN: usize = 12;

/// Makes the finished picture: scales the result, moves its content to its place, corrects the colours of the new area, and
/// pastes the original at `at`.
///
/// The original is the judge: its pixels are never corrected, and the report says whether all of them are in the finished
/// picture ([`FitReport::exact`]). A result that does not show the original ([`FitReport::recognised`]) is neither moved nor
/// corrected, but gets the original pasted all the same. The finished picture has alpha if one of the two has it.
///
/// The work is done in the memory of `result`. Beside it: about 500 bytes per pixel of the original's outline, 12 bytes per column
/// of the picture, and the scaled picture with the memory of [`resize`] if it has another size than the target.
///
/// # Errors
/// `at` has another size than the original or does not lie inside the finished picture, `protect` does not lie inside it, or
/// the target would not fit in memory.
pub fn fit(result: Image, original: &Image, at: Rect, options: &FitOptions) -> Result<(Image, FitReport), ImageError> {
    let size = options.target.unwrap_or(result.size());
    check_place(original, size, at)?;
    if let Some(part) = options.protect.filter(|part| !part.fits(size)) {
        return Err(InvalidInput::new("protect", part, format!("inside {size}")).into());
    }
    let scale = f64::from(result.size().width) / f64::from(size.width);
    let mut picture = if size == result.size() { result } else { resize(&result, size)? };
    let edges = growing(at, size);
    let outline: usize = sides::all(at, size).iter().map(|edge| edge.length() as usize).sum();
    let working = Working::new(outline * OUTLINE + size.width as usize * COLUMN)?;

    let seam_before = seam::measure(original, (0, 0), &picture, &edges);
    let found = working.run(|| register::find(original, &picture, at, options.register));
    shift(&mut picture, found.offset);
    let tone =
        if options.correct && found.recognised { Tone::measure(original, &picture, at) } else { Tone::default() };
    let mut correction = None;
    if options.correct && found.recognised {
        correction = Some(working.run(|| {
            let measured = Correction::measure(original, &picture, at, &edges, &tone);
            measured.apply(&mut picture, options.protect);
            measured
        }));
    }
    if original.has_alpha() && !picture.has_alpha() {
        picture = with_alpha(picture)?;
    }
    if options.feather == 0 {
        paste(&mut picture, original, at, options.protect);
    } else {
        feather(&mut picture, original, at, options, correction.as_ref(), &edges);
    }
    let exact = paste::is_exact(&picture, original, at);
    let report = FitReport {
        exact,
        recognised: found.recognised,
        offset: found.offset,
        ncc: found.ncc,
        gain: tone.gain,
        bias: tone.bias,
        seam_before,
        seam_after: seam::measure(&picture, (at.x, at.y), &picture, &edges),
        clipped: report::clipped(&picture, at),
        scale,
    };
    Ok((picture, report))
}
