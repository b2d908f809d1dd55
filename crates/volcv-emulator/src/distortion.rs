//! What a model does to a picture besides painting: colours drift, the picture moves, its size changes.

use std::fmt;
use std::str::FromStr;

const WORDS: &str = "cast, cast=LEVELS, shift=DX/DY, scale=K";
const CAST: &str = "a whole number of levels from 1 to 64";
const SHIFT: &str = "DX/DY, two whole numbers of pixels from -256 to 256";
const SCALE: &str = "a number from 0.1 to 2";
/// The levels of `cast` without a number.
const USUAL_CAST: u8 = 10;

/// How painted results are distorted, for tests of clients that correct such faults. The default changes nothing.
///
/// It is read from words with commas between them, and applied in this order:
///
/// * `cast` or `cast=LEVELS`: the whole picture, known pixels included, gets a colour cast of 0.3 to 1 times LEVELS
///   (1 to 64, 10 without a number) that varies over the picture, a gain of 0.97 to 1.02, a slight blur and noise. The
///   seed of the request decides about them.
/// * `shift=DX/DY`: the whole picture moves by DX pixels to the right and DY pixels down (-256 to 256, negative = left and
///   up); the pixels of the edge are repeated.
/// * `scale=K`: the picture comes back K times as large in both directions, 0.1 to 2, beyond `max_width` and `max_height`
///   too.
///
/// ```
/// use volcv_emulator::{Distortion, Emulator};
///
/// let distortion: Distortion = "cast,shift=3/-2,scale=0.98".parse()?;
/// assert_eq!(distortion.to_string(), "cast=10,shift=3/-2,scale=0.98");
/// let emulator = Emulator::builder().distort(distortion).start()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Distortion {
    /// The strongest cast in levels.
    pub(crate) cast: Option<u8>,
    /// Pixels to the right and down.
    pub(crate) shift: Option<(i32, i32)>,
    pub(crate) scale: Option<f64>,
}

/// Why a text is not a distortion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistortionError(String);

impl fmt::Display for DistortionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DistortionError {}

impl FromStr for Distortion {
    type Err = DistortionError;

    fn from_str(text: &str) -> Result<Self, DistortionError> {
        let mut distortion = Self::default();
        for item in text.split(',').map(str::trim) {
            let (word, value) = match item.split_once('=') {
                Some((word, value)) => (word.trim(), Some(value.trim())),
                None => (item, None),
            };
            let wrong = |expected| DistortionError(format!("`{item}`: expected {expected}"));
            let twice = match word {
                "cast" => {
                    let levels = value.map_or(Some(USUAL_CAST), cast).ok_or_else(|| wrong(CAST))?;
                    distortion.cast.replace(levels).is_some()
                }
                "shift" => {
                    let shift = value.and_then(shift).ok_or_else(|| wrong(SHIFT))?;
                    distortion.shift.replace(shift).is_some()
                }
                "scale" => {
                    let scale = value.and_then(scale).ok_or_else(|| wrong(SCALE))?;
                    distortion.scale.replace(scale).is_some()
                }
                _ => return Err(DistortionError(format!("`{word}` is not a distortion; allowed: {WORDS}"))),
            };
            if twice {
                return Err(DistortionError(format!("`{word}` appears twice")));
            }
        }
        Ok(distortion)
    }
}

impl fmt::Display for Distortion {
    /// The words that it can be read from; nothing for the default.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [
            self.cast.map(|levels| format!("cast={levels}")),
            self.shift.map(|(dx, dy)| format!("shift={dx}/{dy}")),
            self.scale.map(|scale| format!("scale={scale}")),
        ];
        f.write_str(&words.into_iter().flatten().collect::<Vec<_>>().join(","))
    }
}

fn cast(text: &str) -> Option<u8> {
    text.parse().ok().filter(|levels| (1..=64).contains(levels))
}

fn shift(text: &str) -> Option<(i32, i32)> {
    let pixels = |text: &str| text.trim().parse().ok().filter(|pixels| (-256..=256).contains(pixels));
    let (dx, dy) = text.split_once('/')?;
    Some((pixels(dx)?, pixels(dy)?))
}

fn scale(text: &str) -> Option<f64> {
    text.parse().ok().filter(|scale| (0.1..=2.0).contains(scale))
}
