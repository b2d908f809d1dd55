//! Reads the JSON of a reply and repairs a text that is nearly JSON, so that one bad character does not cost a picture.
//!
//! The repair covers strings and numbers: bytes that are not UTF-8, raw control characters, halves of surrogate pairs,
//! unknown escapes, `NaN`. The structure must be right: every container closes, there is one value, and only blanks and
//! NULs follow it.

use std::borrow::Cow;

use serde_json::Value;
use volcv_types::Reply;

use crate::redact::{Secrets, brief};
use crate::reply::scanner::Scanned;

/// The JSON of a reply that could be read.
pub(crate) struct Json {
    pub(crate) reply: Reply,
    /// What is wrong with the text, although it could be read.
    pub(crate) warning: Option<String>,
    /// The repaired text, if the text was not JSON.
    pub(crate) repaired: Option<String>,
}

/// Reads the JSON text of a reply; `None` if it is not a JSON object even after the repair.
pub(crate) fn read(scanned: &Scanned, secrets: Secrets<'_>) -> Option<Json> {
    match Reply::from_slice(&scanned.json) {
        Ok(reply) => {
            let warning = scanned.warning.map(|warning| format!("the reply {warning}"));
            Some(Json { reply, warning, repaired: None })
        }
        Err(error) => {
            let repaired = to_json(&scanned.json)?;
            let reply = Reply::from_slice(repaired.as_bytes()).ok()?;
            let warning = format!("the reply is not quite JSON ({})", brief(&error.to_string(), secrets));
            Some(Json { reply, warning: Some(warning), repaired: Some(repaired) })
        }
    }
}

/// Replaces a character that cannot be read.
const UNREADABLE: &str = "\\ufffd";

/// The repaired text, which is valid JSON if the structure is; `None` if a string has no end.
fn to_json(reply: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(reply);
    let mut rest = text.trim_start_matches('\u{feff}').trim_end_matches(['\0', ' ', '\t', '\r', '\n']);
    let mut json = String::with_capacity(rest.len());
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '"' => text_to_json(&rest[1..], &mut json)?,
            '{' | '}' | '[' | ']' | ':' | ',' | ' ' | '\t' | '\r' | '\n' => {
                json.push(first);
                &rest[1..]
            }
            _ => {
                let end = rest.find(['{', '}', '[', ']', ':', ',', '"', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
                let (word, rest) = rest.split_at(end);
                json.push_str(if serde_json::from_str::<Value>(word).is_ok() { word } else { "null" });
                rest
            }
        };
    }
    Some(json)
}

/// Copies a string with its end and returns the text behind it; `None` if the string has no end.
fn text_to_json<'a>(mut rest: &'a str, json: &mut String) -> Option<&'a str> {
    json.push('"');
    loop {
        let mut chars = rest.chars();
        let first = chars.next()?;
        rest = match first {
            '"' => {
                json.push('"');
                return Some(chars.as_str());
            }
            '\\' => {
                let (escape, rest) = escape_to_json(rest);
                json.push_str(&escape);
                rest
            }
            ..' ' => {
                json.push_str(&format!("\\u{:04x}", u32::from(first)));
                chars.as_str()
            }
            _ => {
                json.push(first);
                chars.as_str()
            }
        };
    }
}

/// The escape at the start of `rest` as JSON has it, and the text behind it.
fn escape_to_json(rest: &str) -> (Cow<'_, str>, &str) {
    let code = |at: usize| {
        let digits = rest.get(at..at + 6)?.strip_prefix("\\u")?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    };
    match (code(0), code(6)) {
        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (rest[..12].into(), &rest[12..]),
        (Some(0xd800..=0xdfff), _) => (UNREADABLE.into(), &rest[6..]),
        (Some(_), _) => (rest[..6].into(), &rest[6..]),
        (None, _) => match rest.get(..2) {
            Some(escape @ ("\\\"" | "\\\\" | "\\/" | "\\b" | "\\f" | "\\n" | "\\r" | "\\t")) => {
                (escape.into(), &rest[2..])
            }
            _ => (UNREADABLE.into(), &rest[1..]),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn repair(reply: impl AsRef<[u8]>) -> Option<Value> {
        serde_json::from_str(&to_json(reply.as_ref())?).ok()
    }

    #[test]
    fn wrong_strings_and_numbers_are_repaired() {
        for (reply, expected) in [
            (
                r#"{"a":NaN,"b":[-Infinity,Infinity,undefined,1e5]}"#.as_bytes(),
                json!({"a": null, "b": [null, null, null, 1e5]}),
            ),
            (br#"{"a":"\ud800","b":"\ud83d\ude00\udc00x"}"#, json!({"a": "\u{fffd}", "b": "\u{1f600}\u{fffd}x"})),
            (br#"{"a":"\ud800\u0041"}"#, json!({"a": "\u{fffd}A"})),
            (b"{\"a\":\"one\r\n\ttwo\x01\"}", json!({"a": "one\r\n\ttwo\u{1}"})),
            (
                b"{\"a\":\"caf\xe9\",\"b\":\"\xb3\xc9\xb9\xa6\"}",
                json!({"a": "caf\u{fffd}", "b": "\u{fffd}\u{279}\u{fffd}"}),
            ),
            (br#"{"a":"\q\x41\"\\","b":"\u00g1"}"#, json!({"a": "\u{fffd}q\u{fffd}x41\"\\", "b": "\u{fffd}u00g1"})),
            (b"\xef\xbb\xbf {\"a\":1} \0\0\n\0", json!({"a": 1})),
        ] {
            assert_eq!(repair(reply), Some(expected), "{}", String::from_utf8_lossy(reply));
        }
    }

    #[test]
    fn a_wrong_structure_is_not_repaired() {
        for reply in [
            r#"{"a":1"#,
            r#"{"a":1}}"#,
            r#"{"a":1} {"b":2}"#,
            r#"{"a":1} x"#,
            r#"{"a":"x}"#,
            r#"{"a":1]"#,
            r#"{"a" 1}"#,
            r#"{a:1}"#,
            r#"{"a":NaN NaN}"#,
            "",
            "\0",
            r#"{"a":"\"#,
            r#"{"a":"\u12"#,
        ] {
            assert_eq!(repair(reply), None, "{reply}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn valid_json_keeps_its_value(text: String, number: f64, cut: prop::sample::Index) {
            let value = json!({"text": text, "list": [number, {"x": null}, true]});
            let whole = value.to_string();
            prop_assert_eq!(repair(&whole), Some(serde_json::from_str(&whole).unwrap()));
            let cut = cut.index(whole.len());
            prop_assert_eq!(repair(&whole.as_bytes()[..cut]), None);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            let _ = repair([b"{\"a\":\"", &bytes[..], b"\"}"].concat());
            let _ = repair(bytes);
        }
    }
}
