//! The fields that say how a result is handed over: as a link, with a mark, with a text about its origin.

use serde_json::{Map, Value};

use super::{Fields, Objection};
use crate::paint::{Corner, Logo};

/// How a result is handed over. A call has these fields in its body, a poll of a task in its `req_json`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Finish {
    pub(crate) return_url: bool,
    pub(crate) logo: Option<Logo>,
    /// The text for the file's metadata: JSON in ASCII, at most 13 000 bytes.
    pub(crate) provenance: Option<String>,
}

impl Finish {
    /// Reads the fields of a call.
    pub(crate) fn of_call(object: &Map<String, Value>) -> Result<Self, Objection> {
        Self::read(&Fields::of(object), ["logo_info.", "aigc_meta."])
    }

    /// Reads the `req_json` of a poll, which is a string that holds JSON.
    pub(crate) fn of_poll(object: &Map<String, Value>) -> Result<Self, Objection> {
        let Some(text) = Fields::of(object).text("req_json")? else { return Ok(Self::default()) };
        let json: Value = serde_json::from_str(text).unwrap_or_default();
        let Some(object) = json.as_object() else {
            return Err(Objection::new(50200, "req_json: expected a string that holds a JSON object"));
        };
        let fields = Fields { object, within: "req_json." };
        Self::read(&fields, ["req_json.logo_info.", "req_json.aigc_meta."])
    }

    fn read(fields: &Fields<'_>, [within_logo, within_meta]: [&'static str; 2]) -> Result<Self, Objection> {
        let return_url = fields.typed("return_url", "a boolean", Value::as_bool)?.unwrap_or(false);
        let logo = fields.object("logo_info", within_logo)?.map(|fields| logo(&fields)).transpose()?.flatten();
        let meta = fields.object("aigc_meta", within_meta)?;
        let provenance = meta.map(|fields| provenance(&fields)).transpose()?.flatten();
        Ok(Self { return_url, logo, provenance })
    }
}

/// The mark that `logo_info` asks for.
fn logo(fields: &Fields<'_>) -> Result<Option<Logo>, Objection> {
    let wanted = fields.typed("add_logo", "a boolean", Value::as_bool)?.unwrap_or(false);
    let corner = match fields.integer("position", 0, 3)? {
        Some(1) => Corner::BottomLeft,
        Some(2) => Corner::TopLeft,
        Some(3) => Corner::TopRight,
        _ => Corner::BottomRight,
    };
    let opacity = fields.number("opacity", 0.0, 1.0)?.unwrap_or(1.0) as f32;
    Ok(wanted.then_some(Logo { corner, opacity }))
}

/// The text that `aigc_meta` puts into the file; none if it has none of its fields.
fn provenance<'a>(fields: &Fields<'a>) -> Result<Option<String>, Objection> {
    let mut known = Map::new();
    for name in ["content_producer", "producer_id", "content_propagator", "propagate_id"] {
        let short = |value: &'a Value| value.as_str().filter(|text| text.chars().count() <= 256);
        if let Some(text) = fields.typed(name, "a string of at most 256 characters", short)? {
            known.insert(name.to_owned(), text.into());
        }
    }
    let json = (!known.is_empty()).then(|| Value::Object(known).to_string());
    Ok(json.map(|text| text.encode_utf16().map(ascii).collect()))
}

/// A UTF-16 unit of a JSON text in ASCII.
fn ascii(unit: u16) -> String {
    match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
        _ => format!("\\u{unit:04x}"),
    }
}
