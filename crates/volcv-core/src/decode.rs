//! Turns a successful reply into pictures, and finds the request id in what is left of a broken one.

use bytes::Bytes;
use volcv_types::{PictureInfo, Reply};

use crate::buffer::Buffer;
use crate::outcome::Output;
use crate::scan::Scanned;

/// The pictures of a reply, or the links if there are none.
///
/// # Errors
/// Says in words why there is no usable picture.
pub(crate) fn outputs(reply: &Reply, json: Scanned) -> Result<Vec<Output>, String> {
    let Some(data) = reply.picture_data() else { return Err("the reply has no data".to_owned()) };
    let texts = if reply.data.is_some() { json.data } else { json.result_data };
    let mut pictures = Vec::new();
    for (i, text) in texts.into_iter().enumerate() {
        let named = |why: String| format!("picture {} of the reply {why}", i + 1);
        match text {
            // An empty text stands for no picture, as null does.
            Ok(bytes) if bytes.is_empty() => {}
            Ok(bytes) => pictures.push(picture(bytes).map_err(named)?),
            Err(why) => return Err(named(why.to_owned())),
        }
    }
    if !pictures.is_empty() && !data.binary_data_base64.is_empty() {
        return Ok(pictures);
    }
    let links = data.image_urls.iter().filter(|link| !link.trim().is_empty());
    let links: Vec<Output> = links.map(|link| Output::Link(link.clone())).collect();
    if links.is_empty() { Err("the reply says success but has no picture and no link".to_owned()) } else { Ok(links) }
}

/// Bytes that are a whole picture in a known format.
pub(crate) fn picture(bytes: Buffer) -> Result<Output, String> {
    match PictureInfo::read(&bytes) {
        Some(info) if info.is_whole(&bytes) => Ok(Output::Picture { bytes: Bytes::from(bytes), info }),
        Some(info) => Err(format!("is a {} file without its end", info.format.extension())),
        None => Err(format!("is in no known format: it starts with {:02x?}", &bytes[..bytes.len().min(8)])),
    }
}

/// Looks for a request id in a text that is no valid JSON, such as a reply that was cut.
pub(crate) fn request_id_in(text: &[u8]) -> Option<String> {
    const KEY: &[u8] = b"\"request_id\"";
    let at = text.windows(KEY.len()).rposition(|window| window == KEY)? + KEY.len();
    let rest = text[at..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')).filter(|end| (1..=128).contains(end))?;
    Some(String::from_utf8_lossy(&rest[..end]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIF: &str = "R0lGODlhAQABAAAAADs=";

    fn outputs(json: &str) -> Result<Vec<Output>, String> {
        let mut scanner = crate::scan::Scanner::default();
        scanner.push(json.as_bytes()).unwrap();
        let json = scanner.finish();
        super::outputs(&Reply::from_slice(&json.side).unwrap(), json)
    }

    fn is_gif(outputs: &[Output]) -> bool {
        matches!(outputs, [Output::Picture { bytes, .. }] if bytes.as_ref() == b"GIF89a\x01\0\x01\0\0\0\0;")
    }

    #[test]
    fn bytes_win_over_links() {
        let both = format!(r#"{{"data":{{"image_urls":["https://a"],"binary_data_base64":["{GIF}"]}}}}"#);
        assert!(is_gif(&outputs(&both).unwrap()));
        for empty in ["[]", "null", "[\"\"]", "[null]", "\"\""] {
            let json = format!(r#"{{"data":{{"image_urls":["https://a"],"binary_data_base64":{empty}}}}}"#);
            assert!(matches!(&outputs(&json).unwrap()[..], [Output::Link(link)] if link == "https://a"), "{json}");
        }
    }

    #[test]
    fn escapes_and_one_text_instead_of_a_list_are_read() {
        let escaped = GIF.replace('/', "\\/").replace('R', "\\u0052");
        assert!(is_gif(&outputs(&format!(r#"{{"data":{{"binary_data_base64":"{escaped}"}}}}"#)).unwrap()));
    }

    #[test]
    fn the_key_anywhere_else_is_no_picture() {
        for json in [
            format!(r#"{{"binary_data_base64":["{GIF}"],"data":{{}}}}"#),
            format!(r#"{{"data":{{"infer_ctx":{{"binary_data_base64":["{GIF}"]}}}}}}"#),
            format!(r#"{{"extra":{{"data":{{"binary_data_base64":["{GIF}"]}}}},"data":null}}"#),
            "{}".to_owned(),
        ] {
            assert!(outputs(&json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_damaged_picture_is_named_and_never_shortened() {
        let one = format!(r#"{{"data":{{"binary_data_base64":["{GIF}","R0lGO"]}}}}"#);
        assert!(outputs(&one).unwrap_err().starts_with("picture 2 of the reply is not valid base64"));
        assert!(outputs(r#"{"data":{"binary_data_base64":["PGh0bWw+"]}}"#).unwrap_err().contains("no known format"));
        let cut = r#"{"data":{"binary_data_base64":["R0lGODlhAQABAAAAAAA="]}}"#;
        assert!(outputs(cut).unwrap_err().contains("a gif file without its end"));
        assert!(outputs(r#"{"data":{"binary_data_base64":[5]}}"#).is_err());
    }

    #[test]
    fn a_request_id_is_found_in_a_cut_reply() {
        assert_eq!(request_id_in(br#"{"code":10000,"request_id" : "2024ab","data":{"bin"#).as_deref(), Some("2024ab"));
        for text in [&b"{\"request_id\":\"2024"[..], b"{\"request_id\":7", b"", b"\"request_id\":\"\""] {
            assert_eq!(request_id_in(text), None);
        }
    }
}
