//! The scanner beside serde_json, which reads the same replies whole.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn scan(json: &[u8], sizes: &[usize]) -> Scanned {
    let (mut scanner, mut left) = (Scanner::default(), json);
    for size in sizes.iter().cycle() {
        let (piece, rest) = left.split_at(left.len().min(*size));
        scanner.push(piece).unwrap();
        left = rest;
        if left.is_empty() {
            break;
        }
    }
    scanner.finish()
}

/// What serde_json finds in the whole text: the pictures, and the rest with empty texts in their place.
fn reference(json: &[u8]) -> Option<(Value, Vec<String>, Vec<String>)> {
    let mut value: Value = serde_json::from_slice(json).ok()?;
    let mut take = |pointer: &str| {
        let mut texts = Vec::new();
        match value.pointer_mut(pointer) {
            Some(Value::Array(items)) => {
                for item in items.iter_mut().filter(|item| item.is_string()) {
                    texts.push(dense(item));
                    *item = json!("");
                }
            }
            Some(text @ Value::String(_)) => {
                texts.push(dense(text));
                *text = json!("");
            }
            _ => {}
        }
        texts
    };
    let (data, result) = (take("/data/binary_data_base64"), take("/Result/data/binary_data_base64"));
    Some((value, data, result))
}

fn dense(text: &Value) -> String {
    text.as_str().unwrap_or_default().split_whitespace().collect()
}

fn texts(pictures: &[Result<Buffer, &'static str>]) -> Vec<Option<String>> {
    pictures.iter().map(|bytes| bytes.as_ref().ok().map(|bytes| STANDARD.encode(bytes))).collect()
}

fn assert_same(json: &[u8], sizes: &[usize]) {
    let scanned = scan(json, sizes);
    let Some((value, data, result)) = reference(json) else {
        let bad_picture = scanned.data.iter().chain(&scanned.result_data).any(Result::is_err);
        assert!(bad_picture || serde_json::from_slice::<Value>(&scanned.side).is_err());
        return;
    };
    assert_eq!(serde_json::from_slice::<Value>(&scanned.side).unwrap(), value, "{}", String::from_utf8_lossy(json));
    let some = |texts: Vec<String>| texts.into_iter().map(Some).collect::<Vec<_>>();
    assert_eq!((texts(&scanned.data), texts(&scanned.result_data)), (some(data), some(result)));
}

#[test]
fn pictures_are_found_where_they_belong_and_nowhere_else() {
    for json in [
        r#"{"data":{"binary_data_base64":["AQID","BAUG"]},"code":10000}"#,
        r#"{"data":{"binary_data_base64":"AQID"}}"#,
        r#"{"Result":{"data":{"binary_data_base64":["AQID"]},"code":1}}"#,
        r#"{"binary_data_base64":["AQID"],"data":{"x":{"binary_data_base64":["AQID"]}}}"#,
        r#"{"data":{"binary_data_base64":[["AQID"],{"binary_data_base64":["AQID"]},null,1,"BAUG"]}}"#,
        r#"[{"data":{"binary_data_base64":["AQID"]}}]"#,
        r#"{"data":[{"binary_data_base64":["AQID"]}],"Result":{"Result":{"data":{"binary_data_base64":["AQID"]}}}}"#,
        r#"{"d\u0061ta":{"binary\u005fdata_base64":["AQI\u0044","B\/UG"]}}"#,
        r#"{"data":{"binary_data_base64":["AQID"],"binary_data_base64":["BAUG"]}}"#,
        r#"{"data":{"binary_data_base64":["AQID"]},"data":{"code":"\"}],{"}}"#,
        r#"{"a":"\\","data":{"m":"binary_data_base64","binary_data_base64":["AQID"]}}"#,
        r#"{"data":{"binary_data_base64":["AQ\r\nID\u000a"]}}"#,
        r#"{"data":{"binary_data_base64":["AQID"}}"#,
        r#"{"data":{"binary_data_base64":["AQID"#,
        r#"{"data":{"binary_data_base64":["AQID"]}} {"#,
        "{\"data\":{\"binary_data_base64\":[\"AQ\nID\"]}}",
    ] {
        for size in [1, 2, 3, 7, 1000] {
            assert_same(json.as_bytes(), &[size]);
        }
    }
}

#[test]
fn a_text_that_is_not_base64_is_noted_as_such() {
    for text in ["AQI", "AQ\\u00e9D", "AQ\\\"D", "A\\bQID", "\\uD83D\\uDE00AA"] {
        let json = format!(r#"{{"data":{{"binary_data_base64":["{text}"]}}}}"#);
        let scanned = scan(json.as_bytes(), &[5]);
        assert!(text == "AQI" || scanned.data[0].is_err(), "{text}");
    }
}

#[test]
fn a_text_without_a_comma_before_it_is_no_picture() {
    for json in [
        r#"{"data":{"binary_data_base64":["AQID""BAUG""BAUG"]}}"#,
        r#"{"data":{"binary_data_base64":["AQID",["BAUG"]"BAUG"]}}"#,
        r#"{"data":{"binary_data_base64":"AQID""BAUG"}}"#,
    ] {
        let scanned = scan(json.as_bytes(), &[7]);
        assert!(scanned.data.len() == 1 && serde_json::from_slice::<Value>(&scanned.side).is_err(), "{json}");
    }
}

#[test]
fn a_picture_text_that_json_does_not_allow_makes_the_reply_no_json() {
    for text in ["\\q", "A\nAA", "AAAA\u{1}", "\\u00g1", "AAAA\\u1", "data:a\tb,AAAA", "AAA~AAAAA\u{1}A", "?????\\q"] {
        for json in [
            format!(r#"{{"data":{{"binary_data_base64":["{text}"]}}}}"#),
            format!(r#"{{"data":{{"binary_data_base64":["{text}"],"binary_data_base64":["AQID"]}}}}"#),
            format!(
                r#"{{"data":{{"binary_data_base64":["AQID"]}},"Result":{{"data":{{"binary_data_base64":["{text}"]}}}}}}"#
            ),
        ] {
            assert!(serde_json::from_str::<Value>(&json).is_err(), "{json}");
            for size in 1..12 {
                let side = scan(json.as_bytes(), &[size]).side;
                assert!(serde_json::from_slice::<Value>(&side).is_err(), "{json} by {size}");
            }
        }
    }
}

#[test]
fn too_much_json_beside_the_pictures_is_stopped() {
    let mut many = Scanner::default();
    assert_eq!((0..30).try_for_each(|_| many.push("1,".repeat(4000).as_bytes())), Err(Excess::Values));
    let mut long = Scanner::default().limited_to(100);
    assert_eq!(long.push(&[b' '; 100]), Ok(()));
    assert_eq!(long.push(b" "), Err(Excess::Side(100)));
    assert_eq!(Scanner::default().push("[".repeat(129).as_bytes()), Err(Excess::Depth));
    assert_eq!(Scanner::default().push("[".repeat(128).as_bytes()), Ok(()));
    let mut picture = Scanner::default();
    picture.push(br#"{"data":{"binary_data_base64":[""#).unwrap();
    (0..30).try_for_each(|_| picture.push(&[b'A'; 200_000])).unwrap();
    picture.push(b"\"]}}").unwrap();
    assert_eq!(picture.finish().data[0].as_ref().map(|bytes| bytes.len()), Ok(4_500_000));
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec!["data", "Result", "binary_data_base64", "code", "x\"y", ""]);
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<i32>().prop_map(Value::from),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|raw| STANDARD.encode(raw).into()),
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn any_split_gives_what_parsing_the_whole_gives(
        value in any_json(), pretty: bool, sizes in prop::collection::vec(1_usize..30, 1..5),
    ) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        assert_same(text.as_bytes(), &sizes);
    }

    #[test]
    fn a_reply_cut_or_damaged_anywhere_is_never_taken_for_whole(
        value in any_json(), at: prop::sample::Index, byte: u8, cut: bool,
    ) {
        let mut text = json!({"data": {"binary_data_base64": ["AQID"], "x": value}}).to_string().into_bytes();
        let at = at.index(text.len());
        if cut { text.truncate(at) } else { text[at] = byte }
        let scanned = scan(&text, &[6]);
        let valid = serde_json::from_slice::<Value>(&text).is_ok();
        let side_valid = serde_json::from_slice::<Value>(&scanned.side).is_ok();
        // A damaged picture text leaves a valid side text; its error stands with the picture.
        let all_good = scanned.data.iter().chain(&scanned.result_data).all(Result::is_ok);
        prop_assert!(valid || !side_valid || !all_good);
    }
}
