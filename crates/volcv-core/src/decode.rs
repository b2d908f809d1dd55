//! Turns a successful reply into pictures, and finds the request id in what is left of a broken one.

use bytes::Bytes;
use volcv_types::{PictureInfo, Reply, ReplyData};

use crate::codec;
use crate::outcome::Output;

/// Takes the pictures out of a reply, or the links if there are no bytes. The texts are dropped as they are decoded.
///
/// # Errors
/// Says in words why there is no usable picture.
pub(crate) fn take_outputs(reply: &mut Reply) -> Result<Vec<Output>, String> {
    let Some(data) = reply.picture_data_mut() else { return Err("the reply has no data".to_owned()) };
    let texts = std::mem::take(&mut data.binary_data_base64);
    let pictures: Vec<Output> = texts
        .into_iter()
        .filter(|text| !text.trim().is_empty())
        .enumerate()
        .map(|(i, text)| picture(&text).map_err(|why| format!("picture {} of the reply {why}", i + 1)))
        .collect::<Result<_, _>>()?;
    if !pictures.is_empty() {
        return Ok(pictures);
    }
    let links: Vec<Output> = links(data).map(|link| Output::Link(link.clone())).collect();
    if links.is_empty() { Err("the reply says success but has no picture and no link".to_owned()) } else { Ok(links) }
}

fn links(data: &ReplyData) -> impl Iterator<Item = &String> {
    data.image_urls.iter().filter(|link| !link.trim().is_empty())
}

fn picture(text: &str) -> Result<Output, String> {
    let bytes = codec::decode_picture(text).map_err(|error| format!("is not valid base64: {error}"))?;
    match PictureInfo::read(&bytes) {
        Some(info) => Ok(Output::Picture { bytes: Bytes::from(bytes), info }),
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

    const GIF: &str = "R0lGODlhAQABAAAAACw=";

    fn outputs(json: &str) -> Result<Vec<Output>, String> {
        take_outputs(&mut Reply::from_slice(json.as_bytes()).unwrap())
    }

    fn is_gif(outputs: &[Output]) -> bool {
        matches!(outputs, [Output::Picture { bytes, .. }] if bytes.as_ref() == b"GIF89a\x01\0\x01\0\0\0\0,")
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
