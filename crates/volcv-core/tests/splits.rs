//! A reply gives the same pictures as serde_json finds in the whole text, for every split and every spelling. A reply
//! that is cut is always an error.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use proptest::prelude::*;
use serde_json::Value;
use volcv_core::http::{HeaderMap, HeaderValue};
use volcv_core::types::{Outpaint, Picture};
use volcv_core::{
    Access, ApiKey, Call, CallConfig, Endpoint, Error, ErrorKind, Now, Outcome, Output, Plan, RetryPolicy, Step,
    TransportError, TransportErrorKind,
};

const NOW: Now = Now { mono: Duration::ZERO, wall: SystemTime::UNIX_EPOCH };

/// The result of a call whose reply arrives in these pieces and announces `length` bytes.
fn receive<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, length: usize) -> Result<Outcome, Error> {
    let endpoint = Endpoint::parse("https://gateway.example", false).unwrap();
    let outpaint = Outpaint::equal(Picture::from_static(b"GIF89a\x40\0\x40\0"), 0.5);
    let access = Access::gateway(endpoint, ApiKey::new("some-key").unwrap());
    let plan = Plan::pictures(&outpaint, &access).unwrap();
    let mut config = CallConfig::default();
    config.policy = RetryPolicy::none();
    let mut call = Call::new(plan, config);
    let Step::Send(mut attempt) = call.next(NOW) else { panic!("a new call is sent") };
    std::io::copy(attempt.request.body_mut(), &mut std::io::sink()).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("content-length", HeaderValue::from(length));
    call.reply().head(200, &headers).unwrap();
    let mut received = 0;
    let pushed = pieces.into_iter().try_for_each(|piece| {
        received += piece.len();
        call.reply().data(piece)
    });
    call.on_sent(
        NOW,
        match pushed {
            Err(stop) => Err(stop.into()),
            // A transport reports a reply without its end.
            Ok(()) if received < length => Err(TransportError::new(TransportErrorKind::Io)),
            Ok(()) => Ok(()),
        },
    );
    let Step::Done(result) = call.next(NOW) else { panic!("there is one attempt") };
    result
}

fn pictures(outcome: &Outcome) -> Vec<Vec<u8>> {
    let bytes = |output: &Output| if let Output::Picture { bytes, .. } = output { Some(bytes.to_vec()) } else { None };
    outcome.outputs.iter().filter_map(bytes).collect()
}

/// The value and the pictures that serde_json and a simple decoder find.
fn reference(reply: &[u8]) -> (Value, Vec<Vec<u8>>) {
    let value: Value = serde_json::from_slice(reply).unwrap();
    let data = value.get("data").filter(|data| data.is_object()).or_else(|| value.pointer("/Result/data")).unwrap();
    let texts = match &data["binary_data_base64"] {
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect(),
        text => vec![text.as_str().unwrap()],
    };
    let decode = |text: &&str| {
        let text: String = text.split_ascii_whitespace().collect();
        STANDARD.decode(text.rsplit(',').next().unwrap()).unwrap()
    };
    let pictures = texts.iter().filter(|text| !text.is_empty()).map(decode).collect();
    (value, pictures)
}

/// A key and the function that writes its value.
type Member = (&'static str, fn(&mut Writer));

/// Writes replies in random spellings.
struct Writer {
    rng: Rng,
    out: String,
}

impl Writer {
    fn space(&mut self) {
        let spaces = ["", "", "", " ", "\n\t", "\r\n  "];
        self.out.push_str(spaces[self.rng.usize(..spaces.len())]);
    }

    fn token(&mut self, token: &str) {
        self.space();
        self.out.push_str(token);
        self.space();
    }

    /// A text with some characters written as escapes.
    fn text(&mut self, text: &str) {
        let every = self.rng.usize(1..60);
        self.space();
        self.out.push('"');
        for c in text.chars() {
            match c {
                '/' if self.rng.bool() => self.out.push_str("\\/"),
                '"' | '\\' => self.out.extend(['\\', c]),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                c if self.rng.usize(..every) == 0 => self.out.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
        self.space();
    }

    /// A small GIF with noise as its comment, as the services and gateways spell it.
    fn picture(&mut self) {
        let noise = (0..self.rng.usize(..60)).map(|_| self.rng.u8(..)).collect::<Vec<u8>>();
        let mut text = STANDARD
            .encode([&b"GIF89a\x40\0\x40\0\0\0\0\x21\xfe"[..], &[noise.len() as u8], &noise[..], b"\0;"].concat());
        match self.rng.usize(..6) {
            0 => text.insert_str(0, "data:image/gif;base64,"),
            1 => {
                text = text.as_bytes().chunks(20).map(|line| format!("{}\r\n", String::from_utf8_lossy(line))).collect()
            }
            _ => {}
        }
        self.text(&text);
    }

    fn pictures(&mut self) {
        match self.rng.usize(..4) {
            0 => self.picture(),
            count => self.list(count, Self::picture),
        }
    }

    fn list(&mut self, count: usize, mut item: impl FnMut(&mut Self)) {
        self.token("[");
        for i in 0..count {
            if i > 0 {
                self.token(",");
            }
            item(self);
        }
        self.token("]");
    }

    /// An object whose members come in any order.
    fn object(&mut self, mut members: Vec<Member>) {
        self.rng.shuffle(&mut members);
        self.token("{");
        for (i, (key, value)) in members.into_iter().enumerate() {
            if i > 0 {
                self.token(",");
            }
            self.text(key);
            self.token(":");
            value(self);
        }
        self.token("}");
    }

    fn data(&mut self) {
        self.object(vec![
            ("binary_data_base64", Self::pictures),
            ("image_urls", |w| w.token("null")),
            ("algorithm_base_resp", |w| w.object(vec![("status_code", |w| w.token("0"))])),
            // The same key where it is no picture's.
            ("infer_ctx", |w| w.object(vec![("binary_data_base64", Self::decoy)])),
        ]);
    }

    fn decoy(&mut self) {
        self.list(1, |w| w.text("no \"picture\", \\ but [{é"));
    }

    fn reply(&mut self) {
        let envelope: Vec<Member> = vec![
            ("code", |w| w.token("10000")),
            ("data", Self::data),
            ("message", |w| w.text("Success \"data\":{\"binary_data_base64\":[\"")),
            ("binary_data_base64", Self::decoy),
            ("request_id", |w| w.text("2026-1")),
            ("other", |w| w.object(vec![("data", |w| w.object(vec![("binary_data_base64", Self::decoy)]))])),
        ];
        if self.rng.usize(..4) > 0 {
            return self.object(envelope);
        }
        self.object(vec![
            ("ResponseMetadata", |w| w.object(vec![])),
            ("Result", |w| {
                w.object(vec![("code", |w| w.token("10000")), ("data", Self::data)]);
            }),
        ]);
    }
}

fn reply(seed: u64) -> Vec<u8> {
    let mut writer = Writer { rng: Rng::with_seed(seed), out: String::new() };
    writer.reply();
    writer.out.into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn a_split_reply_gives_the_pictures_of_the_whole(seed: u64) {
        let reply = reply(seed);
        let (value, expected) = reference(&reply);
        for at in 0..=reply.len() {
            let outcome = receive([&reply[..at], &reply[at..]], reply.len()).unwrap();
            prop_assert_eq!(pictures(&outcome), &expected[..], "split at {}: {}", at, String::from_utf8_lossy(&reply));
            prop_assert_eq!(outcome.request_id.as_deref(), value["request_id"].as_str());
        }
        let bytes = receive(reply.chunks(1), reply.len()).unwrap();
        prop_assert_eq!(pictures(&bytes), expected);
    }

    #[test]
    fn a_cut_reply_is_an_error(seed: u64) {
        let reply = reply(seed);
        for at in 0..reply.len() {
            let error = receive([&reply[..at]], reply.len()).unwrap_err();
            prop_assert_eq!(error.kind(), ErrorKind::Decode);
        }
    }

    #[test]
    fn a_reply_in_any_pieces_gives_the_same_pictures(seed: u64, sizes in prop::collection::vec(1_usize..40, 1..6)) {
        let reply = reply(seed);
        let (_, expected) = reference(&reply);
        let (mut rest, mut pieces) = (&reply[..], Vec::new());
        for size in sizes.iter().cycle() {
            let (piece, behind) = rest.split_at(rest.len().min(*size));
            pieces.push(piece);
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        let outcome = receive(pieces, reply.len()).unwrap();
        prop_assert_eq!(pictures(&outcome), expected);
    }
}

#[test]
fn more_than_a_mebibyte_of_json_is_too_large_in_any_pieces() {
    let with = |spaces: usize| {
        let mut reply = reply(1);
        let end = reply.iter().rposition(|byte| *byte == b'}').unwrap();
        reply.splice(end..end, " ".repeat(spaces).into_bytes());
        reply
    };
    let (long, short) = (with(1 << 20), with((1 << 20) - 10_000));
    for size in [1000, 70_000, 10_000_000] {
        let error = receive(long.chunks(size), long.len()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ResponseTooLarge);
        assert!(error.to_string().contains("more than 1048576 bytes of JSON"), "{error}");
        receive(short.chunks(size), short.len()).unwrap();
    }
}
