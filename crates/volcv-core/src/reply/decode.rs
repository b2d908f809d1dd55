//! Turns a successful reply into pictures or links, and finds the request id in a broken reply.

use bytes::Bytes;
use volcv_types::{PictureInfo, Reply};

use crate::buffer::Buffer;
use crate::outcome::Output;
use crate::reply::base64::Damaged;
use crate::reply::scanner::{Picture, Pictures};

/// The results in a reply.
#[derive(Debug, Default)]
pub(crate) struct ReplyOutputs {
    /// Whole pictures and links, in the order of the reply.
    pub(crate) outputs: Vec<Output>,
    /// What is wrong with the other texts of the lists, in words.
    pub(crate) problems: Vec<String>,
    /// Pictures that failed a check.
    pub(crate) rejected: Vec<Bytes>,
}

/// The pictures of a reply, or the links if there are none.
pub(crate) fn outputs(reply: &Reply, pictures: Pictures) -> ReplyOutputs {
    let mut found = ReplyOutputs::default();
    let inner = reply.result.as_ref().and_then(|result| result.data.as_ref());
    let mut lists = Vec::new();
    for (data, pictures) in [(reply.data.as_ref(), pictures.data), (inner, pictures.result_data)] {
        let Some(data) = data else { continue };
        lists.push(found.list(&data.binary_data_base64, pictures.bytes));
        lists.push(found.list(&data.image_urls, pictures.links));
    }
    // Where both lists are filled they have the same pictures: bytes win over links.
    let has_picture = |list: &Vec<Output>| list.iter().any(|output| matches!(output, Output::Picture { .. }));
    let best = lists.iter().position(has_picture).or_else(|| lists.iter().position(|list| !list.is_empty()));
    let why = if lists.is_empty() {
        "the reply has no data"
    } else {
        "the reply says success but has no picture and no link"
    };
    match best {
        Some(best) => found.outputs = lists.swap_remove(best),
        None if found.problems.is_empty() => found.problems.push(why.to_owned()),
        None => {}
    }
    found
}

impl ReplyOutputs {
    /// Reads one list: each empty text stands for the next picture, each other text is a link.
    fn list(&mut self, texts: &[String], pictures: Vec<Picture>) -> Vec<Output> {
        let mut pictures = (1..).zip(pictures);
        let mut outputs = Vec::new();
        for text in texts {
            if !text.is_empty() {
                outputs.push(Output::Link(text.trim().to_owned()));
                continue;
            }
            // An empty text without a picture means nothing, as null does.
            let Some((number, text)) = pictures.next().filter(|(_, text)| !is_empty(text)) else { continue };
            match text.map_err(|Damaged { why, bytes }| (why.to_owned(), Bytes::from(bytes))).and_then(picture) {
                Ok((bytes, info)) => outputs.push(Output::Picture { bytes, info }),
                Err((why, bytes)) => {
                    self.problems.push(format!("picture {number} of the reply {why}"));
                    self.rejected.extend((!bytes.is_empty()).then_some(bytes));
                }
            }
        }
        outputs
    }
}

fn is_empty(text: &Picture) -> bool {
    text.as_ref().is_ok_and(|bytes| bytes.is_empty())
}

/// Bytes that are a whole picture in a known format.
///
/// # Errors
/// The bytes, and in words why they are no whole picture.
pub(crate) fn picture(bytes: Buffer) -> Result<(Bytes, PictureInfo), (String, Bytes)> {
    let bytes = Bytes::from(bytes);
    match PictureInfo::read(&bytes) {
        Some(info) if info.is_whole(&bytes) => Ok((bytes, info)),
        Some(info) => Err((format!("is a {} file without its end", info.format.extension()), bytes)),
        None => Err((format!("is in no known format: it starts with {:02x?}", &bytes[..bytes.len().min(8)]), bytes)),
    }
}

/// Whether the bytes are a whole picture in a known format.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    PictureInfo::read(bytes).is_some_and(|info| info.is_whole(bytes))
}

/// Looks for a request id in a text that is no valid JSON, such as a reply that was cut.
pub(crate) fn request_id_in(text: &[u8]) -> Option<String> {
    const KEY: &[u8] = b"\"request_id\"";
    let at = text.windows(KEY.len()).rposition(|window| window == KEY)? + KEY.len();
    let value = text[at..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let (id, is_last): (_, fn(&u8) -> bool) = match value.strip_prefix(b"\"") {
        Some(text) => (text, |byte| matches!(byte, b'"' | b'\\')),
        None => (value, |byte| !byte.is_ascii_digit()),
    };
    let end = id.iter().position(is_last).filter(|end| (1..=128).contains(end))?;
    Some(String::from_utf8_lossy(&id[..end]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIF: &str = "R0lGODlhAQABAAAAADs=";

    fn found(json: &str) -> ReplyOutputs {
        let mut scanner = crate::reply::scanner::Scanner::default();
        scanner.push(json.as_bytes()).unwrap();
        let json = scanner.finish();
        super::outputs(&Reply::from_slice(&json.json).unwrap(), json.pictures)
    }

    /// The outputs, or the first problem if there is none.
    fn outputs(json: &str) -> Result<Vec<Output>, String> {
        let ReplyOutputs { outputs, mut problems, .. } = found(json);
        if outputs.is_empty() { Err(problems.remove(0)) } else { Ok(outputs) }
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
        let bad = r#"{"data":{"binary_data_base64":[null,"R0lGO"]}}"#;
        assert!(outputs(bad).unwrap_err().starts_with("picture 1 of the reply is not valid base64"));
        assert!(outputs(r#"{"data":{"binary_data_base64":["PGh0bWw+"]}}"#).unwrap_err().contains("no known format"));
        let cut = r#"{"data":{"binary_data_base64":["R0lGODlhAQABAAAAAAA="]}}"#;
        assert!(outputs(cut).unwrap_err().contains("a gif file without its end"));
        assert!(outputs(r#"{"data":{"binary_data_base64":[5]}}"#).is_err());
    }

    #[test]
    fn a_whole_picture_is_an_output_whatever_else_the_list_has() {
        for texts in [
            format!(r#""R0lGO","{GIF}""#),
            format!(r#""{GIF}",null,"R0lGODlhAQABAAAAAAA=""#),
            format!(r#"{{"a":"b"}},5,["R0lGO"],"{GIF}","""#),
        ] {
            let found = found(&format!(r#"{{"data":{{"binary_data_base64":[{texts}]}}}}"#));
            assert!(is_gif(&found.outputs), "{texts}");
            let bad = usize::from(texts.contains("R0lGO\",\"") || texts.contains("AAA="));
            assert_eq!((found.problems.len(), found.rejected.len()), (bad, bad), "{texts}: {:?}", found.problems);
        }
    }

    #[test]
    fn a_picture_or_a_link_is_found_in_either_list_and_in_either_envelope() {
        let is_link = |json: &str| matches!(&outputs(json).unwrap()[..], [Output::Link(link)] if link == "https://a");
        for data in [
            format!(r#"{{"image_urls":["data:image/gif;base64,{GIF}"]}}"#),
            format!(r#"{{"image_urls":"{GIF}","binary_data_base64":null}}"#),
            format!(r#"{{"image_urls":["{GIF}"],"binary_data_base64":["https://a"]}}"#),
        ] {
            for json in [
                format!(r#"{{"data":{data}}}"#),
                format!(r#"{{"Result":{{"data":{data}}}}}"#),
                format!(r#"{{"data":{{"image_urls":[]}},"Result":{{"data":{data}}}}}"#),
            ] {
                assert!(is_gif(&outputs(&json).unwrap()), "{json}");
            }
        }
        assert!(is_link(r#"{"data":{"binary_data_base64":["https://a"],"image_urls":null}}"#));
        assert!(is_link(r#"{"data":{"binary_data_base64":["R0lGO"],"image_urls":[" https://a\n"]}}"#));
        let mixed =
            outputs(&format!(r#"{{"data":{{"image_urls":["https://a","data:,{GIF}","https://b"]}}}}"#)).unwrap();
        assert!(
            matches!(&mixed[..], [Output::Link(a), Output::Picture { .. }, Output::Link(b)] if a != b),
            "{mixed:?}"
        );
    }

    #[test]
    fn a_request_id_is_found_in_a_cut_reply() {
        assert_eq!(request_id_in(br#"{"code":10000,"request_id" : "2024ab","data":{"bin"#).as_deref(), Some("2024ab"));
        assert_eq!(request_id_in(br#"{"request_id": 2024,"data":{"bin"#).as_deref(), Some("2024"));
        for text in [&b"{\"request_id\":\"2024"[..], b"{\"request_id\":7", b"", b"\"request_id\":\"\""] {
            assert_eq!(request_id_in(text), None);
        }
    }
}
