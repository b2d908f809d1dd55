//! What the padding of a picture shows, as a text.

use std::str::FromStr;

use volcv::Fill;

/// A fill as the command line has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FillArg(pub(crate) Fill);

impl FromStr for FillArg {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fill = match text {
            "edge" => Fill::Edge,
            "mirror" => Fill::Mirror,
            "average" => Fill::Average,
            color => {
                Fill::Color(rgb(color).ok_or("edge, mirror, average, or six hex digits such as 808080 are needed")?)
            }
        };
        Ok(Self(fill))
    }
}

/// Six hex digits, with or without a # before them.
fn rgb(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    // A sign would be read as a part of the number.
    if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some([red, green, blue])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fill_is_a_word_or_a_colour() {
        assert_eq!("mirror".parse(), Ok(FillArg(Fill::Mirror)));
        assert_eq!("0aFF80".parse(), Ok(FillArg(Fill::Color([10, 255, 128]))));
        assert_eq!("#000001".parse(), Ok(FillArg(Fill::Color([0, 0, 1]))));
        for text in ["", "Edge", "fff", "12345g", "+12345", "##00000", "äöü", "0000000"] {
            assert!(text.parse::<FillArg>().is_err(), "{text}");
        }
    }
}
