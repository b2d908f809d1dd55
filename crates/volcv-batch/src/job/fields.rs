//! A line of a manifest as JSON, and errors that name the field.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, SeqAccess, Visitor};
use serde_json::{Map, Value};
use volcv::InvalidInput;

use super::Job;

/// Reads the JSON object of a line. Ranges are not checked here.
///
/// # Errors
/// A text that names the field, its value and what it may be.
pub(crate) fn parse(line: &[u8]) -> Result<Job, String> {
    serde_json::from_slice(line).map_err(|error| explain(line, &error))
}

/// The error of the first field that cannot be read by itself, because serde's error does not say which one that is.
fn explain(line: &[u8], error: &serde_json::Error) -> String {
    let whole = || error.to_string().replace(" at line 1 column ", " at column ");
    let members = match serde_json::from_slice(line) {
        Ok(Value::Object(members)) => members,
        Ok(other) => return format!("a line is {}, but must be a JSON object", short(&other)),
        Err(_) => return whole(),
    };
    for (key, value) in members {
        let text = short(&value);
        let alone = Map::from_iter([(key.clone(), value)]);
        if let Err(error) = serde_json::from_value::<Job>(Value::Object(alone)) {
            return match allowed(&key) {
                Some(allowed) => InvalidInput::new(key, text, allowed).to_string(),
                None => error.to_string(),
            };
        }
    }
    // A field is given twice, for one.
    whole()
}

/// What a field takes; `None` if there is no such field.
fn allowed(key: &str) -> Option<&'static str> {
    Some(match key {
        "top" | "bottom" | "left" | "right" | "equal" | "scale" | "strength" => "a number",
        "seed" => "a whole number from -1 to 4294967295",
        "steps" | "max_passes" | "max_side" => "a whole number of at least 1",
        "return_url" | "paste_back" | "strict" => "true or false",
        "pixels" => "four whole numbers: left, top, right, bottom",
        "id" | "input" | "output" | "aspect" | "to" | "anchor" | "too_small" | "prompt" | "prompt_field"
        | "ability" => "a text",
        _ => return None,
    })
}

/// The beginning of a value's JSON.
fn short(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Reads margins as a text or as an array of four numbers; both become the text.
pub(super) fn pixels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(Pixels)
}

struct Pixels;

impl<'de> Visitor<'de> for Pixels {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("four whole numbers")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::with_capacity(4);
        while let Some(number) = numbers.next_element::<u32>()? {
            all.push(number.to_string());
        }
        if all.len() == 4 { Ok(Some(all.join(","))) } else { Err(Error::invalid_length(all.len(), &self)) }
    }
}
