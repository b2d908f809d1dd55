//! Typed access to the fields of a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::Objection;

/// An object of the request. A field that is null counts as wrong, not as absent.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(super) object: &'a Map<String, Value>,
    /// The names of the objects around this one, each with a dot.
    pub(super) within: &'static str,
}

impl<'a> Fields<'a> {
    /// The fields of a request body.
    pub(crate) fn of(object: &'a Map<String, Value>) -> Self {
        Self { object, within: "" }
    }

    pub(crate) fn typed<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Objection> {
        let Some(value) = self.object.get(name) else { return Ok(None) };
        read(value)
            .map(Some)
            .ok_or_else(|| Objection::new(50200, format!("{}{name}: expected {expected}", self.within)))
    }

    pub(crate) fn object(&self, name: &str, within: &'static str) -> Result<Option<Fields<'a>>, Objection> {
        let object = self.typed(name, "an object", Value::as_object)?;
        Ok(object.map(|object| Fields { object, within }))
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>, Objection> {
        self.typed(name, "a string", Value::as_str)
    }

    pub(crate) fn number(&self, name: &str, low: f64, high: f64) -> Result<Option<f64>, Objection> {
        let expected = format!("a number from {low} to {high}");
        self.typed(name, &expected, |value| value.as_f64().filter(|number| (low..=high).contains(number)))
    }

    pub(crate) fn integer(&self, name: &str, low: i64, high: i64) -> Result<Option<i64>, Objection> {
        let expected = match high {
            i64::MAX => format!("an integer from {low}"),
            _ => format!("an integer from {low} to {high}"),
        };
        // The official Java client sends whole numbers as `7.0`; the cast is exact in the range of every field.
        let whole = |value: &Value| {
            let float = || value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 9e15);
            value.as_i64().or_else(|| float().map(|number| number as i64))
        };
        self.typed(name, &expected, |value| whole(value).filter(|number| (low..=high).contains(number)))
    }

    /// The bytes of one or two pictures. When both forms are present, bytes win over links.
    pub(crate) fn pictures(&self, files: &dyn Fn(&str) -> Option<Vec<u8>>) -> Result<Vec<Vec<u8>>, Objection> {
        if let Some(texts) = self.strings("binary_data_base64")? {
            let decode = |text: &str| {
                STANDARD.decode(text).map_err(|error| Objection::new(50204, format!("binary_data_base64: {error}")))
            };
            return texts.into_iter().map(decode).collect();
        }
        if let Some(links) = self.strings("image_urls")? {
            let find = |link| {
                files(link).ok_or_else(|| Objection::new(50215, "image_urls: only links of this emulator can be read"))
            };
            return links.into_iter().map(find).collect();
        }
        Err(Objection::new(50200, "binary_data_base64: a picture is required"))
    }

    /// An array of one or two strings.
    pub(crate) fn strings(&self, name: &str) -> Result<Option<Vec<&'a str>>, Objection> {
        self.typed(name, "an array of one or two strings", |value| {
            let items = value.as_array().filter(|items| (1..=2).contains(&items.len()))?;
            items.iter().map(Value::as_str).collect()
        })
    }
}
