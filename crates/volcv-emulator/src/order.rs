//! The checks of an outpainting request's JSON, and the order for the painter that comes out of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::paint::{self, Corner, Logo, Mode, Order, Sides};
use crate::shared::State;

/// A result with more pixels than this is refused, so that one request cannot take all memory.
const MAX_PIXELS: u64 = 64 << 20;

/// A request that passed every check.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) order: Order,
    pub(crate) return_url: bool,
    /// The text for the file's metadata: JSON in ASCII, at most 13 000 bytes.
    pub(crate) provenance: Option<String>,
}

/// A service code and the reason for it.
#[derive(Debug)]
pub(crate) struct Objection {
    pub(crate) code: u32,
    pub(crate) why: String,
}

/// Checks a request body and decodes its pictures. `files` finds the bytes behind an image link.
pub(crate) fn accept(
    object: &Map<String, Value>,
    default_seed: u64,
    files: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> Result<Accepted, Objection> {
    let fields = Fields { object, within: "" };
    let prompts = [fields.text("prompt")?, fields.text("custom_prompt")?];
    if let Some(code) = prompts.into_iter().flatten().find_map(refusal_marker) {
        return Err(objection(code, "the prompt asks for this refusal"));
    }
    let side = |name| Ok::<f64, Objection>(fields.number(name, 0.0, 1.0)?.unwrap_or(0.1));
    let sides = Sides { top: side("top")?, bottom: side("bottom")?, left: side("left")?, right: side("right")? };
    fields.number("scale", 1.0, 20.0)?;
    fields.number("strength", 0.1, 1.0)?;
    fields.integer("steps", 1, i64::MAX)?;
    let seed = fields.integer("seed", -1, i64::from(u32::MAX))?;
    let maximum = |name| {
        let value = fields.integer(name, 1, i64::MAX)?.unwrap_or(1920);
        Ok::<u32, Objection>(u32::try_from(value).unwrap_or(u32::MAX))
    };
    let (max_width, max_height) = (maximum("max_width")?, maximum("max_height")?);
    let return_url = fields.typed("return_url", "a boolean", Value::as_bool)?.unwrap_or(false);
    let logo = fields.object("logo_info", "logo_info.")?.map(|fields| logo(&fields)).transpose()?.flatten();
    let provenance = fields.object("aigc_meta", "aigc_meta.")?.map(|fields| provenance(&fields)).transpose()?.flatten();

    let pictures = fields.pictures(files)?;
    let picture = paint::decode_picture(&pictures[0]).map_err(|error| objection(50204, &error.0))?;
    let mode = match pictures.get(1) {
        None => Mode::Ratio(sides),
        Some(mask) => Mode::Canvas(paint::decode_mask(mask).map_err(|error| objection(50204, &error.0))?),
    };
    let (width, height) = picture.dimensions();
    if let Mode::Canvas(mask) = &mode
        && mask.dimensions() != (width, height)
    {
        let (mask_width, mask_height) = mask.dimensions();
        let why = format!("mask: {mask_width}x{mask_height}, but the picture is {width}x{height}");
        return Err(objection(50200, &why));
    }
    let (full_width, full_height) = paint::grown_size(width, height, &mode);
    let pixels = u64::from(full_width.min(max_width)) * u64::from(full_height.min(max_height));
    if pixels > MAX_PIXELS {
        return Err(objection(50200, "the result is too large for this emulator"));
    }
    let seed = seed.and_then(|seed| u64::try_from(seed).ok()).unwrap_or(default_seed);
    Ok(Accepted { order: Order { picture, mode, max_width, max_height, seed, logo }, return_url, provenance })
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

/// The bytes behind a link, if it is one of this server's own. Nothing is ever fetched.
pub(crate) fn own_file(state: &State, base_url: &str, link: &str) -> Option<Vec<u8>> {
    let name = link.strip_prefix(base_url)?.strip_prefix("/files/")?;
    Some(state.file(name)?.bytes.to_vec())
}

/// The body for a record: as it was sent, with each picture text replaced by its length.
pub(crate) fn without_pictures(mut body: Value) -> Value {
    let hide = |value: &mut Value| {
        if let Value::String(text) = value {
            *text = format!("({} characters)", text.len());
        }
    };
    match body.get_mut("binary_data_base64") {
        Some(Value::Array(pictures)) => pictures.iter_mut().for_each(hide),
        Some(other) => hide(other),
        None => {}
    }
    body
}

fn refusal_marker(prompt: &str) -> Option<u32> {
    let after = prompt.split_once("[refuse:")?.1;
    let code = after.split_once(']')?.0.parse().ok()?;
    crate::codes::message(code).filter(|_| code != 10000).map(|_| code)
}

fn objection(code: u32, why: &str) -> Objection {
    Objection { code, why: why.to_owned() }
}

/// Typed access to the fields of the request. A field that is null counts as wrong, not as absent.
struct Fields<'a> {
    object: &'a Map<String, Value>,
    /// The names of the objects around this one, each with a dot.
    within: &'static str,
}

impl<'a> Fields<'a> {
    fn typed<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Objection> {
        let Some(value) = self.object.get(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| objection(50200, &format!("{}{name}: expected {expected}", self.within)))
    }

    fn object(&self, name: &str, within: &'static str) -> Result<Option<Fields<'a>>, Objection> {
        let object = self.typed(name, "an object", Value::as_object)?;
        Ok(object.map(|object| Fields { object, within }))
    }

    fn text(&self, name: &str) -> Result<Option<&'a str>, Objection> {
        self.typed(name, "a string", Value::as_str)
    }

    fn number(&self, name: &str, low: f64, high: f64) -> Result<Option<f64>, Objection> {
        let expected = format!("a number from {low} to {high}");
        self.typed(name, &expected, |value| value.as_f64().filter(|number| (low..=high).contains(number)))
    }

    fn integer(&self, name: &str, low: i64, high: i64) -> Result<Option<i64>, Objection> {
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
    fn pictures(&self, files: &dyn Fn(&str) -> Option<Vec<u8>>) -> Result<Vec<Vec<u8>>, Objection> {
        if let Some(texts) = self.strings("binary_data_base64")? {
            let decode = |text: &str| {
                STANDARD.decode(text).map_err(|error| objection(50204, &format!("binary_data_base64: {error}")))
            };
            return texts.into_iter().map(decode).collect();
        }
        if let Some(links) = self.strings("image_urls")? {
            let find = |link| {
                files(link).ok_or_else(|| objection(50215, "image_urls: only links of this emulator can be read"))
            };
            return links.into_iter().map(find).collect();
        }
        Err(objection(50200, "binary_data_base64: a picture is required"))
    }

    /// An array of one or two strings.
    fn strings(&self, name: &str) -> Result<Option<Vec<&'a str>>, Objection> {
        self.typed(name, "an array of one or two strings", |value| {
            let items = value.as_array().filter(|items| (1..=2).contains(&items.len()))?;
            items.iter().map(Value::as_str).collect()
        })
    }
}
