//! volcv on both of its transports.

use std::sync::LazyLock;

use tokio::runtime::Runtime;
use volcv::{BlockingClient, Client, ClientBuilder, Error, Outpaint, Picture, Sides};

use super::{Caller, Outcome, Target, runtime};

/// A success as the service sends it. Its picture is one grey pixel.
pub const REPLY: &[u8] = br#"{"code":10000,"message":"Success","request_id":"20260101000000000000000000000001","status":10000,
  "data":{"algorithm_base_resp":{"status_code":0,"status_message":"Success"},
  "binary_data_base64":["iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="],"image_urls":null}}"#;

/// Noise, so that no codec makes it smaller: 4.6 MB, and 6.2 MB as base64.
static PICTURE: LazyLock<Picture> = LazyLock::new(|| {
    let (width, height) = (1400, 1100);
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let pixels: Vec<u8> = (0..width * height * 3).map(|_| noise()).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().expect("a vector takes every byte");
    writer.write_image_data(&pixels).expect("a vector takes every byte");
    writer.finish().expect("a vector takes every byte");
    Picture::from(bytes)
});

/// Makes the picture.
pub fn prepare() {
    LazyLock::force(&PICTURE);
}

/// The blocking client.
pub fn on_ureq(target: &Target) -> Box<dyn Caller> {
    Box::new(OnUreq(builder(target).ureq().expect("the base URL is this machine")))
}

/// The async client.
pub fn on_reqwest(target: &Target) -> Box<dyn Caller> {
    Box::new(OnReqwest(runtime(), builder(target).reqwest().expect("the base URL is this machine")))
}

struct OnUreq(BlockingClient);

struct OnReqwest(Runtime, Client);

impl Caller for OnUreq {
    fn call(&self) -> Outcome {
        outcome(self.0.outpaint(&outpaint()))
    }
}

impl Caller for OnReqwest {
    fn call(&self) -> Outcome {
        outcome(self.0.block_on(self.1.outpaint(&outpaint())))
    }
}

fn builder(target: &Target) -> ClientBuilder {
    let builder = ClientBuilder::new(&target.url, "head-to-head-key");
    if let Some(limit) = target.limit { builder.attempt_limit(limit) } else { builder }
}

fn outpaint() -> Outpaint {
    Outpaint::sides(PICTURE.clone(), Sides { left: 0.5, right: 0.5, ..Sides::ZERO })
}

fn outcome(result: Result<volcv::Outcome, Error>) -> Outcome {
    match result {
        Ok(result) if result.picture().is_some() => Outcome::success(),
        Ok(_) => Outcome::failure("no picture", ""),
        Err(error) => Outcome::failure(format!("{}, {}", error.kind(), error.charge()), error.to_string()),
    }
}
