//! A raw client, and pictures to send.

use std::io::{Cursor, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{GrayImage, ImageFormat, Luma, Rgb, RgbImage};
use serde_json::{Value, json};
use volcv_emulator::{DEFAULT_KEY, Emulator};

pub(crate) const TARGET: &str = "/volcv/v1?Action=CVProcess&Version=2022-08-31";

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn code(&self) -> u64 {
        self.json()["code"].as_u64().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    pub(crate) fn picture(&self) -> RgbImage {
        let json = self.json();
        let text = json["data"]["binary_data_base64"][0].as_str().unwrap();
        image::load_from_memory(&STANDARD.decode(text).unwrap()).unwrap().into_rgb8()
    }
}

pub(crate) fn connect(emulator: &Emulator) -> TcpStream {
    let stream = TcpStream::connect(emulator.addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream
}

/// The head of a POST with the usual headers; `extra` is more lines.
pub(crate) fn head(target: &str, length: usize, extra: &str) -> String {
    format!(
        "POST {target} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer {DEFAULT_KEY}\r\n\
         Content-Length: {length}\r\n{extra}\r\n"
    )
}

pub(crate) fn post(stream: &mut TcpStream, body: &Value) {
    post_to(stream, TARGET, body);
}

pub(crate) fn post_to(stream: &mut TcpStream, target: &str, body: &Value) {
    let body = body.to_string();
    stream.write_all((head(target, body.len(), "") + &body).as_bytes()).unwrap();
}

/// Reads one answer with a Content-Length.
pub(crate) fn read(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("the answer's head is complete");
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut answer = Answer { status, head, body: Vec::new() };
    let length = answer.header("Content-Length").unwrap().parse().unwrap();
    answer.body = vec![0; length];
    stream.read_exact(&mut answer.body).unwrap();
    answer
}

/// Everything until the connection ends; the second value says whether it ended with an error.
pub(crate) fn read_to_end(stream: &mut TcpStream) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    let failed = stream.read_to_end(&mut bytes).is_err();
    (bytes, failed)
}

/// One exchange on a connection of its own.
pub(crate) fn ask(emulator: &Emulator, body: &Value) -> Answer {
    let mut stream = connect(emulator);
    post(&mut stream, body);
    read(&mut stream)
}

/// One exchange with a request that is text.
pub(crate) fn ask_raw(emulator: &Emulator, request: &str) -> Answer {
    let mut stream = connect(emulator);
    stream.write_all(request.as_bytes()).unwrap();
    read(&mut stream)
}

/// A picture whose pixels all differ from their neighbours.
pub(crate) fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(x * 7) as u8, (y * 5) as u8, (x ^ y) as u8]))
}

pub(crate) fn base64(picture: &RgbImage, format: ImageFormat) -> String {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    STANDARD.encode(bytes.into_inner())
}

pub(crate) fn mask(width: u32, height: u32, white: impl Fn(u32, u32) -> bool) -> String {
    let mask = GrayImage::from_fn(width, height, |x, y| Luma([if white(x, y) { 255 } else { 0 }]));
    let mut bytes = Cursor::new(Vec::new());
    mask.write_to(&mut bytes, ImageFormat::Png).unwrap();
    STANDARD.encode(bytes.into_inner())
}

/// A good request with a small picture.
pub(crate) fn request() -> Value {
    json!({
        "req_key": "i2i_outpainting",
        "custom_prompt": "a lake",
        "binary_data_base64": [base64(&picture(32, 24), ImageFormat::Png)],
        "top": 0.0, "bottom": 0.0, "left": 0.5, "right": 0.25,
        "seed": 7,
    })
}

/// The good request with one field changed.
pub(crate) fn with(name: &str, value: Value) -> Value {
    let mut request = request();
    request[name] = value;
    request
}
