//! Compares the scanner with serde_json, which reads the same replies whole.

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

/// The texts of the four lists: bytes and links of `data`, then those of `Result.data`.
type Texts = [Vec<Option<String>>; 4];

/// The pictures that serde_json finds in the whole text, and the value with empty texts in their place.
fn reference(json: &[u8]) -> Option<(Value, Texts)> {
    let mut value: Value = serde_json::from_slice(json).ok()?;
    let mut take = |pointer: &str| {
        let mut texts = Vec::new();
        let links = pointer.ends_with("image_urls");
        let mut take_one = |text: &mut Value| {
            let dense = dense(text);
            let is_picture =
                if links { dense.is_empty() || dense.starts_with("data:") } else { !dense.starts_with("https:") };
            if is_picture {
                texts.push(Some(dense.trim_start_matches("data:,").to_owned()));
                *text = json!("");
            }
        };
        match value.pointer_mut(pointer) {
            Some(Value::Array(items)) => items.iter_mut().filter(|item| item.is_string()).for_each(take_one),
            Some(text @ Value::String(_)) => take_one(text),
            _ => {}
        }
        texts
    };
    let texts =
        ["/data/binary_data_base64", "/data/image_urls", "/Result/data/binary_data_base64", "/Result/data/image_urls"];
    let texts = texts.map(&mut take);
    Some((value, texts))
}

fn dense(text: &Value) -> String {
    text.as_str().unwrap_or_default().split_whitespace().collect()
}

fn lists(scanned: &Scanned) -> [&[Picture]; 4] {
    let Pictures { data, result_data } = &scanned.pictures;
    [&data.bytes, &data.links, &result_data.bytes, &result_data.links]
}

fn texts(scanned: &Scanned) -> Texts {
    let text = |bytes: &Picture| bytes.as_ref().ok().map(|bytes| STANDARD.encode(bytes));
    lists(scanned).map(|list| list.iter().map(text).collect())
}

fn is_json(scanned: &Scanned) -> bool {
    scanned.warning.is_none() && serde_json::from_slice::<Value>(&scanned.json).is_ok()
}

fn has_damage(scanned: &Scanned) -> bool {
    lists(scanned).into_iter().flatten().any(Result::is_err)
}

fn assert_same(json: &[u8], sizes: &[usize]) {
    let scanned = scan(json, sizes);
    let Some((value, expected)) = reference(json) else {
        assert!(!is_json(&scanned) || has_damage(&scanned));
        return;
    };
    assert_eq!(serde_json::from_slice::<Value>(&scanned.json).unwrap(), value, "{}", String::from_utf8_lossy(json));
    assert_eq!(texts(&scanned), expected, "{}", String::from_utf8_lossy(json));
}

#[test]
fn pictures_are_found_in_the_two_lists_and_nowhere_else() {
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
        r#"{"data":{"image_urls":["https://a","data:,AQID","",null,"cdn/a"],"binary_data_base64":["https://b","BAUG"]}}"#,
        r#"{"Result":{"data":{"image_urls":"data:,AQID","binary_data_base64":"https:\/\/a"}}}"#,
        r#"{"data":{"image_urls":["data:,AQID"],"image_urls":["https://a\\","data:,BAUG"]}}"#,
        r#"{"data":{"image_urls":[["data:,AQID"],{"a":"data:,AQID"},"x\"data:,AQID"]},"image_urls":["data:,AQID"]}"#,
        "{\"data\":{\"binary_data_base64\":[\"AQ\nID\"]}}",
    ] {
        for size in [1, 2, 3, 7, 1000] {
            assert_same(json.as_bytes(), &[size]);
        }
    }
}

#[test]
fn comment_lines_in_front_are_left_out() {
    for comments in ["", ": PING\n", "\u{feff}: \"{[\r\n\r\n:\n \n", " :x\n:y\r"] {
        let json = format!(r#"{comments}{{"data":{{"binary_data_base64":["AQID"]}}}}"#);
        for size in 1..12 {
            let scanned = scan(json.as_bytes(), &[size]);
            let json_text = String::from_utf8(scanned.json).unwrap();
            assert_eq!(
                json_text.trim_start_matches('\u{feff}').trim(),
                r#"{"data":{"binary_data_base64":[""]}}"#,
                "{comments:?}"
            );
            assert!(scanned.pictures.data.bytes[0].is_ok());
            assert_eq!(scanned.warning.is_some(), comments.contains(':'));
        }
    }
    let json = scan(br#"{"data":{}}: x"#, &[3]).json;
    assert_eq!(json, br#"{"data":{}}: x"#, "behind the JSON there are no comments");
}

#[test]
fn a_picture_cut_with_its_reply_is_damaged() {
    let json = format!(r#"{{"data":{{"binary_data_base64":["AQID","{}"#, "AQID".repeat(20));
    for size in [1, 7, 1000] {
        let scanned = scan(json.as_bytes(), &[size]);
        let [whole, cut] = &scanned.pictures.data.bytes[..] else { panic!("{scanned:?}") };
        assert!(whole.is_ok() && cut.as_ref().is_err_and(|cut| cut.why == "has no end" && cut.bytes.len() == 60));
    }
}

#[test]
fn a_text_that_is_not_base64_is_noted_as_such() {
    for text in ["AQI", "AQ\\u00e9D", "AQ\\\"D", "A\\bQID", "\\uD83D\\uDE00AA"] {
        let json = format!(r#"{{"data":{{"binary_data_base64":["{text}"]}}}}"#);
        let scanned = scan(json.as_bytes(), &[5]);
        assert!(text == "AQI" || scanned.pictures.data.bytes[0].is_err(), "{text}");
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
        assert!(
            scanned.pictures.data.bytes.len() == 1 && serde_json::from_slice::<Value>(&scanned.json).is_err(),
            "{json}"
        );
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
                assert!(!is_json(&scan(json.as_bytes(), &[size])), "{json} by {size}");
            }
        }
    }
}

#[test]
fn too_much_json_beside_the_pictures_is_stopped() {
    let mut many = Scanner::default();
    assert_eq!((0..30).try_for_each(|_| many.push("1,".repeat(4000).as_bytes())), Err(LimitExceeded::Values));
    let mut long = Scanner::default().limited_to(100);
    assert_eq!(long.push(&[b' '; 100]), Ok(()));
    assert_eq!(long.push(b" "), Err(LimitExceeded::Json(100)));
    assert_eq!(Scanner::default().push("[".repeat(129).as_bytes()), Err(LimitExceeded::Depth));
    assert_eq!(Scanner::default().push("[".repeat(128).as_bytes()), Ok(()));
    let mut picture = Scanner::default();
    picture.push(br#"{"data":{"binary_data_base64":[""#).unwrap();
    (0..30).try_for_each(|_| picture.push(&[b'A'; 200_000])).unwrap();
    picture.push(b"\"]}}").unwrap();
    assert_eq!(picture.finish().pictures.data.bytes[0].as_ref().map(|bytes| bytes.len()).unwrap(), 4_500_000);
}

#[test]
fn bytes_over_a_limit_are_not_read_in_any_pieces() {
    let behind = r#""request_id":"behind","data":{"binary_data_base64":["AQID"]}"#;
    for (reply, expected) in [
        (format!("{}{behind}", "[".repeat(200)), LimitExceeded::Depth),
        (format!("[{}{behind}", "1,".repeat(MAX_VALUES)), LimitExceeded::Values),
        (format!("{}{behind}", " ".repeat(300_000)), LimitExceeded::Json(250_000)),
        (format!("{}{}{behind}", " ".repeat(249_999), "[".repeat(200)), LimitExceeded::Json(250_000)),
    ] {
        let scan = |size: usize| {
            let mut scanner = Scanner::default().limited_to(250_000);
            let result = reply.as_bytes().chunks(size).try_for_each(|piece| scanner.push(piece));
            (result, scanner.finish().json)
        };
        let whole = scan(reply.len());
        assert_eq!(whole.0, Err(expected));
        for size in [1, 7, 100, 65_536] {
            assert!(scan(size) == whole, "{expected:?} by {size}");
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec!["data", "Result", "binary_data_base64", "image_urls", "code", "x\"y", ""]);
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<i32>().prop_map(Value::from),
        prop::collection::vec(any::<u8>(), 0..90).prop_map(|raw| STANDARD.encode(raw).into()),
        prop::collection::vec(any::<u8>(), 1..60).prop_map(|raw| format!("data:,{}", STANDARD.encode(raw)).into()),
        "[a-z/]{0,80}".prop_map(|path| format!("https://{path}").into()),
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
    fn any_split_gives_the_same_as_the_whole(
        value in any_json(), pretty: bool, sizes in prop::collection::vec(1_usize..30, 1..5),
    ) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        assert_same(text.as_bytes(), &sizes);
    }

    #[test]
    fn a_cut_or_damaged_reply_is_never_read_as_whole(
        value in any_json(), at: prop::sample::Index, byte: u8, cut: bool,
    ) {
        let mut text = json!({"data": {"binary_data_base64": ["AQID"], "x": value}}).to_string().into_bytes();
        let at = at.index(text.len());
        if cut { text.truncate(at) } else { text[at] = byte }
        let scanned = scan(&text, &[6]);
        let valid = serde_json::from_slice::<Value>(&text).is_ok();
        // A damaged picture text leaves a valid JSON text; its error is with the picture.
        prop_assert!(valid || !is_json(&scanned) || has_damage(&scanned));
    }
}
