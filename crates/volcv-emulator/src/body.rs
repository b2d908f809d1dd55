//! The bodies of successes, honest and odd.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::{Value, json};

use crate::envelope::{self, Ticket};
use crate::fault::BodyKind;
use crate::gzip;
use crate::reply::Reply;
use crate::shared::File;

/// Stands for the array of pictures until the JSON is text, because some of the odd texts are not what a JSON writer writes.
const PLACE: &str = "the pictures go here";
/// Stands for the content of an unknown key.
const EXTRA: &str = "the unknown value goes here";
/// Stands for a message that is not UTF-8.
const BAD_TEXT: &str = "a message that is not text";

/// A painted picture on its way to the client.
#[derive(Debug)]
pub(crate) struct Painted {
    pub(crate) file: File,
    pub(crate) link: String,
    /// Whether the client asked for a link.
    pub(crate) as_link: bool,
    /// The state of a task.
    pub(crate) status: Option<&'static str>,
}

/// The reply with a picture; `kind` makes it odd.
pub(crate) fn success(ticket: &Ticket, painted: &Painted, kind: Option<BodyKind>) -> Reply {
    let both = kind == Some(BodyKind::BothArrays);
    let links = if painted.as_link || both { json!([painted.link]) } else { Value::Null };
    let mut data = data(ticket, PLACE.into(), &links);
    if let Some(status) = painted.status {
        data["status"] = status.into();
    }
    let mut envelope = envelope::cv(ticket, 10000, "Success", data);
    match kind {
        Some(BodyKind::ResultSuccess) => {
            envelope = json!({ "ResponseMetadata": envelope::metadata(ticket), "Result": envelope });
        }
        Some(BodyKind::Decoy) => add_decoys(&mut envelope),
        Some(BodyKind::Deep) => envelope["aside"] = EXTRA.into(),
        Some(BodyKind::BadUtf8) => envelope["advice"] = BAD_TEXT.into(),
        _ => {}
    }
    let pictures = if painted.as_link && !both { "[]".to_owned() } else { pictures(&painted.file, kind) };
    let text = put(&envelope.to_string(), PLACE, &pictures);
    let mut reply = Reply::new(200, "application/json", Vec::new());
    reply.body = match kind {
        Some(BodyKind::Deep) => put(&text, EXTRA, &("[".repeat(100_000) + &"]".repeat(100_000))).into_bytes(),
        Some(BodyKind::Bom) => format!("\u{feff}{text}").into_bytes(),
        Some(BodyKind::BadUtf8) => bad_utf8(&text),
        Some(BodyKind::Gzip) => {
            reply.headers.push(("Content-Encoding", "gzip".to_owned()));
            gzip::stored(text.as_bytes())
        }
        _ => text.into_bytes(),
    };
    reply
}

/// A success whose arrays are `value`.
pub(crate) fn without_picture(ticket: &Ticket, value: &Value) -> Value {
    envelope::cv(ticket, 10000, "Success", data(ticket, value.clone(), value))
}

fn data(ticket: &Ticket, pictures: Value, links: &Value) -> Value {
    json!({
        "algorithm_base_resp": { "status_code": 0, "status_message": "Success (volcv emulator: not made by a model)" },
        "binary_data_base64": pictures,
        "image_urls": links,
        "request_id": ticket.request_id,
    })
}

/// The JSON text of the picture array.
fn pictures(file: &File, kind: Option<BodyKind>) -> String {
    let plain = || STANDARD.encode(&file.bytes);
    match kind {
        Some(BodyKind::StringPicture) => format!("\"{}\"", plain()),
        Some(BodyKind::Escaped) => format!("[\"{}\"]", escaped(&plain())),
        Some(BodyKind::DataUri) => format!("[\"data:{};base64,{}\"]", file.format.media_type(), plain()),
        Some(BodyKind::Unpadded) => format!("[\"{}\"]", STANDARD_NO_PAD.encode(&file.bytes)),
        Some(BodyKind::Wrapped) => {
            let text = plain();
            let lines: Vec<_> = text.as_bytes().chunks(76).map(String::from_utf8_lossy).collect();
            format!("[\"{}\"]", lines.join("\\r\\n"))
        }
        _ => format!("[\"{}\"]", plain()),
    }
}

/// Every slash and plus escaped in one of the ways that JSON allows.
fn escaped(text: &str) -> String {
    text.replace('/', "\\/").replace('+', "\\u002B").replace('=', "\\u003d").replace('A', "\\u0041")
}

/// Puts pictures that are none in front of the real one and behind it, in other objects.
fn add_decoys(envelope: &mut Value) {
    // The names are chosen for the alphabetical order in which the objects are written.
    let decoy = json!({ "binary_data_base64": ["ZGVjb3k="], "data": { "binary_data_base64": ["ZGVjb3k="] } });
    let real = envelope.clone();
    *envelope = json!({ "a": decoy, "binary_data_base64": ["ZGVjb3k="] });
    for (key, value) in real.as_object().into_iter().flatten() {
        envelope[key] = value.clone();
    }
    envelope["data"]["algorithm_base_resp"]["binary_data_base64"] = json!(["ZGVjb3k="]);
    envelope["data"]["infer_ctx"] = decoy.clone();
    envelope["zz"] = json!([decoy, "\"binary_data_base64\":[\"ZGVjb3k=\"]"]);
}

fn bad_utf8(text: &str) -> Vec<u8> {
    let (before, after) = text.split_once(BAD_TEXT).unwrap_or((text, ""));
    [before.as_bytes(), b"\xff\xfe\xc3(", after.as_bytes()].concat()
}

/// Replaces a quoted placeholder by raw JSON text.
fn put(text: &str, place: &str, raw: &str) -> String {
    text.replacen(&format!("\"{place}\""), raw, 1)
}
