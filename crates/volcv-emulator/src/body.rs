//! The bodies of successes, honest and odd.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::envelope::{self, Ticket};
use crate::fault::BodyKind;
use crate::gzip;
use crate::reply::Reply;
use crate::shared::File;

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
    let mut raw = RawTexts::default();
    let (pictures, links) = arrays(painted, kind);
    let mut data = data(ticket, raw.place(pictures), raw.place(links));
    if let Some(status) = painted.status {
        data["status"] = status.into();
    }
    let mut envelope = envelope::cv(ticket, 10000, "Success", data);
    match kind {
        Some(BodyKind::ResultSuccess) => {
            envelope = json!({ "ResponseMetadata": envelope::metadata(ticket), "Result": envelope });
        }
        Some(BodyKind::Decoy) => add_decoys(&mut envelope),
        Some(BodyKind::EmptyErrors) => add_empty_errors(&mut envelope, ticket),
        Some(BodyKind::ErrorBeside) => {
            envelope["error"] = json!({ "message": "late notice", "type": "new_api_error", "code": "notice" });
        }
        Some(BodyKind::NumericId) => {
            let number: u64 = ticket.request_id.parse().unwrap_or_default();
            (envelope["request_id"], envelope["data"]["request_id"]) = (number.into(), number.into());
        }
        Some(kind) => odd_values(kind).into_iter().for_each(|(key, text)| envelope[key] = raw.place(text)),
        None => {}
    }
    let text = raw.put_into(&envelope.to_string());
    let mut reply = Reply::new(200, "application/json", Vec::new());
    if kind == Some(BodyKind::Gzip) {
        reply.headers.push(("Content-Encoding", "gzip".to_owned()));
    }
    reply.body = around(text, kind);
    reply
}

/// A success whose arrays are `value`.
pub(crate) fn without_picture(ticket: &Ticket, value: &Value) -> Value {
    envelope::cv(ticket, 10000, "Success", data(ticket, value.clone(), value.clone()))
}

fn data(ticket: &Ticket, pictures: Value, links: Value) -> Value {
    json!({
        "algorithm_base_resp": { "status_code": 0, "status_message": "Success (volcv emulator: not made by a model)" },
        "binary_data_base64": pictures,
        "image_urls": links,
        "request_id": ticket.request_id,
    })
}

/// The JSON texts of `binary_data_base64` and `image_urls`.
fn arrays(painted: &Painted, kind: Option<BodyKind>) -> (String, String) {
    let null = || "null".to_owned();
    let link = || format!("[\"{}\"]", painted.link);
    let bytes = &painted.file.bytes;
    match kind {
        Some(BodyKind::BothArrays) => (pictures(&painted.file, kind), link()),
        Some(BodyKind::DataUriLink) => (null(), format!("[\"{}\"]", data_uri(&painted.file))),
        Some(BodyKind::Base64Link) => (null(), format!("[\"{}\"]", STANDARD.encode(bytes))),
        Some(BodyKind::LinkInBytes) => (link(), null()),
        Some(BodyKind::PaddedLink) => ("[]".to_owned(), format!("[\"  {}\\n\"]", painted.link)),
        _ if painted.as_link => ("[]".to_owned(), link()),
        _ => (pictures(&painted.file, kind), null()),
    }
}

/// The JSON text of the picture array.
fn pictures(file: &File, kind: Option<BodyKind>) -> String {
    let bytes = &*file.bytes;
    let plain = || STANDARD.encode(bytes);
    let cut = || STANDARD.encode(&bytes[..bytes.len() / 2]);
    let text = match kind {
        Some(BodyKind::StringPicture) => return format!("\"{}\"", plain()),
        Some(BodyKind::OneOfTwoCut) => format!("{}\",\"{}", cut(), plain()),
        Some(BodyKind::CutPicture) => cut(),
        Some(BodyKind::Escaped) => escaped(&plain()),
        Some(BodyKind::DataUri) => data_uri(file),
        Some(BodyKind::Unpadded) => STANDARD_NO_PAD.encode(bytes),
        Some(BodyKind::UrlSafe) => URL_SAFE_NO_PAD.encode(bytes),
        Some(BodyKind::UrlSafePadded) => URL_SAFE.encode(bytes),
        Some(BodyKind::Wrapped) => wrapped(&plain(), "\\r\\n"),
        Some(BodyKind::RawWrapped) => wrapped(&plain(), "\r\n"),
        _ => plain(),
    };
    format!("[\"{text}\"]")
}

fn data_uri(file: &File) -> String {
    format!("data:{};base64,{}", file.format.media_type(), STANDARD.encode(&file.bytes))
}

fn wrapped(text: &str, line_break: &str) -> String {
    let lines: Vec<_> = text.as_bytes().chunks(76).map(String::from_utf8_lossy).collect();
    lines.join(line_break)
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

/// Says "no error" in the fields that errors come in.
fn add_empty_errors(envelope: &mut Value, ticket: &Ticket) {
    envelope["error"] = json!({ "message": "", "type": "", "param": "", "code": null });
    let error = json!({ "Code": "", "CodeN": 0, "Message": "" });
    envelope["ResponseMetadata"] = json!({ "RequestId": ticket.request_id, "Error": error });
    envelope["upsream_message"] = "".into();
}

/// Keys of the envelope with values that a JSON writer does not write. By the alphabet, in which the keys are written,
/// `a…` stands before the picture, and `m…` to `z…` behind it.
fn odd_values(kind: BodyKind) -> Vec<(&'static str, Vec<u8>)> {
    let message = |text: &[u8]| vec![("message", [b"\"", text, b"\""].concat())];
    match kind {
        BodyKind::Deep => vec![("aside", ("[".repeat(100_000) + &"]".repeat(100_000)).into_bytes())],
        BodyKind::BadUtf8 => vec![("advice", b"\"\xff\xfe\xc3(\"".to_vec())],
        BodyKind::Numbers => {
            vec![("aside", b"NaN".to_vec()), ("most", b"Infinity".to_vec()), ("zero", b"[-Infinity]".to_vec())]
        }
        BodyKind::LoneSurrogate => message(b"\\ud800"),
        BodyKind::RawControl => message(b"two\nlines,\ttab and \x01"),
        BodyKind::Latin1 => message(b"R\xe9ussi"),
        BodyKind::Gbk => message(b"\xb3\xc9\xb9\xa6"),
        _ => Vec::new(),
    }
}

/// What is sent for the text of a reply.
fn around(text: Vec<u8>, kind: Option<BodyKind>) -> Vec<u8> {
    match kind {
        Some(BodyKind::Bom) => [b"\xef\xbb\xbf", &*text].concat(),
        Some(BodyKind::CommentBefore) => [b": PING\n: \"{[ keep\n", &*text].concat(),
        Some(BodyKind::NulBehind) => [&*text, b"\0\0\0\0"].concat(),
        Some(BodyKind::TextBehind) => [&*text, b"\nreply sent"].concat(),
        Some(BodyKind::TwoDocuments) => text.repeat(2),
        Some(BodyKind::Gzip) => gzip::stored(&text),
        _ => text,
    }
}

/// Raw texts that go into a JSON text as they are, because a JSON writer would not write them so.
#[derive(Default)]
struct RawTexts(Vec<Vec<u8>>);

impl RawTexts {
    /// The string that stands for a text until [`RawTexts::put_into`].
    fn place(&mut self, text: impl Into<Vec<u8>>) -> Value {
        self.0.push(text.into());
        Self::name(self.0.len() - 1).into()
    }

    fn name(index: usize) -> String {
        format!("<raw text {index}>")
    }

    /// The JSON with each text in its place.
    fn put_into(&self, json: &str) -> Vec<u8> {
        let mut places: Vec<_> = (0..self.0.len())
            .filter_map(|index| {
                let quoted = format!("\"{}\"", Self::name(index));
                json.find(&quoted).map(|at| (at, at + quoted.len(), index))
            })
            .collect();
        places.sort_unstable();
        let (mut out, mut from) = (Vec::new(), 0);
        for (at, end, index) in places {
            out.extend_from_slice(&json.as_bytes()[from..at]);
            out.extend_from_slice(&self.0[index]);
            from = end;
        }
        out.extend_from_slice(&json.as_bytes()[from..]);
        out
    }
}
