//! The error of this crate: a value that the service would refuse.

use std::fmt;

/// A field whose value is outside the allowed range.
///
/// [`Outpaint::warnings`](crate::Outpaint::warnings) returns the same type for values whose range is not documented for
/// this ability. Such a request can still be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} is {value}, but must be {allowed}")]
pub struct InvalidInput {
    field: String,
    value: String,
    allowed: String,
}

impl InvalidInput {
    /// Names the field, the value it has and the values it may have.
    pub fn new(field: impl Into<String>, value: impl fmt::Display, allowed: impl Into<String>) -> Self {
        Self::of(field.into(), value.to_string(), allowed.into())
    }

    /// Not generic: the library is smaller for it.
    fn of(field: String, value: String, allowed: String) -> Self {
        Self { field, value: shortened(value), allowed }
    }

    /// The name of the field, as the service spells it.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The value that was given. For a picture this is its size.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The range or the form that is allowed.
    pub fn allowed(&self) -> &str {
        &self.allowed
    }

    /// The text of a warning: what the value should be.
    pub fn advice(&self) -> String {
        format!("{} is {}, but should be {}", self.field, self.value, self.allowed)
    }
}

/// Accepts a number between two bounds, both included; NaN is outside of every range.
pub(crate) fn in_range<T: PartialOrd + fmt::Display>(
    field: &str,
    value: T,
    low: T,
    high: T,
    unit: &str,
) -> Result<T, InvalidInput> {
    if value >= low && value <= high {
        return Ok(value);
    }
    Err(InvalidInput::new(field, value, format!("between {low} and {high}{unit}")))
}

/// A number in a short form: `1e300` instead of three hundred digits.
pub(crate) fn short(number: impl fmt::Display) -> String {
    shortened(number.to_string())
}

fn shortened(text: String) -> String {
    const LONGEST_INTEGER: usize = 20;
    match text.parse::<f64>() {
        Ok(value) if text.len() > LONGEST_INTEGER => format!("{value:e}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_written_with_an_exponent() {
        let texts = [1e300, -1e300, 1e-300, 0.5, 16.0, 0.1 + 0.2, f64::NAN, f64::INFINITY].map(short);
        assert_eq!(texts, ["1e300", "-1e300", "1e-300", "0.5", "16", "0.30000000000000004", "NaN", "inf"]);
        assert_eq!((short(i64::MIN), short(u64::MAX)), (i64::MIN.to_string(), u64::MAX.to_string()));
        let error = in_range("scale", 1e300, 1.0, 20.0, "").unwrap_err();
        assert_eq!(error.to_string(), "scale is 1e300, but must be between 1 and 20");
    }
}
