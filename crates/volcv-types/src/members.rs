//! The members of a JSON object, whose values stay as they were written.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::error::InvalidInput;

/// The members of a JSON object. Each value is the text of one JSON value, so a number of any size and precision is
/// sent as it was given; a [`Value`] would round it.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Members(BTreeMap<String, Member>);

#[derive(Clone, PartialEq, Eq)]
struct Member {
    /// The position of the member in the object.
    place: usize,
    text: Box<str>,
}

/// The deepest nesting. `serde_json` and many other parsers read no more.
const MAX_DEPTH: usize = 127;

impl Members {
    /// Reads the text of a JSON object, with or without a byte order mark; `field` is its name in errors. If a key is
    /// given twice, the last value counts, as in `serde_json`. The text of a value is not changed.
    pub(crate) fn parse(field: &str, text: &[u8]) -> Result<Self, InvalidInput> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        if let Some((line, column)) = too_deep(text) {
            let value = format!("nested too deeply: it goes wrong at line {line} column {column}");
            return Err(InvalidInput::new(field, value, format!("a JSON object of at most {MAX_DEPTH} levels")));
        }
        serde_json::from_slice(text).map_err(|error| {
            // A data error can quote the text, and the text can hold private data.
            let value = match error.classify() {
                Category::Data => "another JSON value".to_owned(),
                _ => format!("not JSON: {error}"),
            };
            InvalidInput::new(field, value, "the text of a JSON object")
        })
    }

    /// Sets a member. An existing member keeps its position; a new one goes to the end.
    pub(crate) fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        self.put(key.into(), value.into().to_string().into());
    }

    /// Sets each of these members.
    pub(crate) fn extend(&mut self, others: Members) {
        let mut others: Vec<_> = others.0.into_iter().collect();
        others.sort_unstable_by_key(|(_, member)| member.place);
        others.into_iter().for_each(|(key, member)| self.put(key, member.text));
    }

    /// Takes a member out, the text of its value; the others keep their order.
    pub(crate) fn remove(&mut self, key: &str) -> Option<Box<str>> {
        let removed = self.0.remove(key)?;
        self.0.values_mut().filter(|member| member.place > removed.place).for_each(|member| member.place -= 1);
        Some(removed.text)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of a member's value.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|member| &*member.text)
    }

    pub(crate) fn contains_key(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The bytes of all values.
    pub(crate) fn text_bytes(&self) -> usize {
        self.0.values().map(|member| member.text.len()).sum()
    }

    /// The object as a [`Value`]. A number that a [`Value`] cannot hold, such as `1e400`, becomes a text.
    pub(crate) fn to_map(&self) -> Map<String, Value> {
        let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| text.into());
        self.0.iter().map(|(key, member)| (key.clone(), value(&member.text))).collect()
    }

    /// As [`Members::insert`], for the text of a JSON value.
    pub(crate) fn put(&mut self, key: String, text: Box<str>) {
        let place = self.0.len();
        self.0.entry(key).or_insert_with(|| Member { place, text: Box::default() }).text = text;
    }
}

impl From<Map<String, Value>> for Members {
    fn from(map: Map<String, Value>) -> Self {
        let mut members = Self::default();
        map.into_iter().for_each(|(key, value)| members.insert(key, value));
        members
    }
}

/// The JSON text of the object.
impl fmt::Display for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut members: Vec<_> = self.0.iter().collect();
        members.sort_unstable_by_key(|(_, member)| member.place);
        f.write_char('{')?;
        for (key, Member { place, text }) in members {
            let comma = if *place > 0 { "," } else { "" };
            write!(f, "{comma}{}:{text}", Value::from(key.as_str()))?;
        }
        f.write_char('}')
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Members::default();
                while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    members.put(key, value.into());
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// Line and column of the bracket that exceeds the deepest nesting. serde_json checks no depth in values that it keeps
/// as text.
fn too_deep(text: &[u8]) -> Option<(usize, usize)> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for (i, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            let before = &text[..i];
            let line = before.split(|byte| *byte == b'\n').count();
            let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
            return Some((line, column));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(text: &str) -> Result<String, String> {
        Members::parse("body", text.as_bytes()).map(|members| members.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn values_and_their_order_stay_as_they_were_written() {
        let text =
            r#"{"z":9007199254740993,"a":{"b":[1.10, -0,1e400,123456789012345678901234567890]},"c":"\u00e4\ud800\/"}"#;
        assert_eq!(parse(text).unwrap(), text);
        assert_eq!(parse("\u{feff} { \"a\" :\t1.0 ,\n\"b\":[ ]}\r\n").unwrap(), r#"{"a":1.0,"b":[ ]}"#);
        assert_eq!(parse(r#"{"\u0061\n\"":1}"#).unwrap(), r#"{"a\n\"":1}"#);
    }

    #[test]
    fn of_a_key_given_twice_the_last_value_counts() {
        assert_eq!(parse(r#"{"a":1,"b":2,"\u0061":3}"#).unwrap(), r#"{"a":3,"b":2}"#);
    }

    #[test]
    fn a_text_that_is_no_json_object_is_refused_without_quoting_it() {
        for (text, error) in [
            (
                "",
                "body is not JSON: EOF while parsing a value at line 1 column 0, but must be the text of a JSON object",
            ),
            (
                "{\"a\":\n tru}",
                "body is not JSON: expected ident at line 2 column 5, but must be the text of a JSON object",
            ),
            (
                "{\"a\":01}",
                "body is not JSON: invalid number at line 1 column 7, but must be the text of a JSON object",
            ),
            (
                "{} {}",
                "body is not JSON: trailing characters at line 1 column 4, but must be the text of a JSON object",
            ),
            ("\"secret\"", "body is another JSON value, but must be the text of a JSON object"),
            ("[1]", "body is another JSON value, but must be the text of a JSON object"),
        ] {
            assert_eq!(parse(text).unwrap_err(), error, "{text}");
        }
        for text in [&b"{\"a\":\"\xff\"}"[..], b"{\"\xff\":1}", b"{\"a\":[\"\x01\"]}", b"\xff\xfe{\0}\0"] {
            Members::parse("body", text).map(|members| members.to_string()).unwrap_err();
        }
    }

    #[test]
    fn as_deep_as_serde_json_reads_and_no_deeper() {
        let nested = |levels: usize| format!("{}1{}", "{\"[\\\"{\":\n".repeat(levels), "}".repeat(levels));
        for (levels, allowed) in [(127, true), (128, false), (100_000, false)] {
            let text = nested(levels);
            assert_eq!(parse(&text).is_ok(), allowed, "{levels}");
            assert_eq!(serde_json::from_str::<Value>(&text).is_ok(), allowed, "{levels}");
        }
        let error = "body is nested too deeply: it goes wrong at line 128 column 1, but must be a JSON object of at most \
                     127 levels";
        assert_eq!(parse(&nested(128)).unwrap_err(), error);
        assert!(parse(&format!("{{\"a\":[{}]}}", ["[[]]"; 200].join(","))).is_ok());
    }

    #[test]
    fn a_map_holds_every_value_that_fits() {
        let members = Members::parse("body", br#"{"a":[1,"x"],"b":1e400,"c":null}"#).unwrap();
        assert_eq!(Value::Object(members.to_map()), json!({"a": [1, "x"], "b": "1e400", "c": null}));
    }
}
