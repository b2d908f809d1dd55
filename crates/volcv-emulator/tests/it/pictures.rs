//! What is painted.

use image::{ImageFormat, RgbImage};
use serde_json::json;
use volcv_emulator::{Emulator, OutputFormat};

use crate::support::{ask, ask_raw, base64, mask, picture, request, with};

#[test]
fn known_pixels_come_back_exactly() {
    let emulator = Emulator::start().unwrap();
    let painted = ask(&emulator, &request()).picture();
    assert_eq!(painted.dimensions(), (56, 24));
    let kept = image::imageops::crop_imm(&painted, 16, 0, 32, 24).to_image();
    assert_eq!(kept, picture(32, 24));
    // The canvas mode keeps what is black in the mask, wherever that is.
    let white = |x: u32, y: u32| x > 20 || y == 3;
    let canvas = base64(&picture(32, 24), ImageFormat::Png);
    let body = with("binary_data_base64", json!([canvas, mask(32, 24, white)]));
    let painted = ask(&emulator, &body).picture();
    assert_eq!(painted.dimensions(), (32, 24));
    let mut changed = 0;
    for (x, y, pixel) in picture(32, 24).enumerate_pixels() {
        match white(x, y) {
            true => changed += u32::from(painted.get_pixel(x, y) != pixel),
            false => assert_eq!(painted.get_pixel(x, y), pixel),
        }
    }
    assert!(changed > 100);
}

#[test]
fn a_missing_side_grows_by_a_tenth_and_a_mask_may_be_all_white() {
    let emulator = Emulator::start().unwrap();
    let text = base64(&picture(40, 30), ImageFormat::Png);
    let body = json!({ "req_key": "i2i_outpainting", "binary_data_base64": [text] });
    assert_eq!(ask(&emulator, &body).picture().dimensions(), (48, 36));
    let body = with("binary_data_base64", json!([text, mask(40, 30, |_, _| true)]));
    assert_eq!(ask(&emulator, &body).picture().dimensions(), (40, 30));
}

#[test]
fn four_seeds_give_four_pictures_and_one_seed_gives_one() {
    let emulator = Emulator::start().unwrap();
    let text = base64(&picture(120, 80), ImageFormat::Png);
    let paint = |seed: i64| -> RgbImage {
        let mut body = with("binary_data_base64", json!([text]));
        body["seed"] = seed.into();
        ask(&emulator, &body).picture()
    };
    let pictures: Vec<RgbImage> = (1..=4).map(paint).collect();
    for (index, one) in pictures.iter().enumerate() {
        for other in &pictures[..index] {
            let difference: u64 = one.iter().zip(other.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            // On average over the painted part, which is three sevenths of the picture.
            assert!(difference * 7 / 3 / one.len() as u64 >= 5, "{difference}");
        }
    }
    assert_eq!(paint(1), pictures[0]);
    assert_eq!(paint(-1), paint(-1));
}

#[test]
fn the_result_fits_its_maximum() {
    let emulator = Emulator::start().unwrap();
    let mut body = request();
    (body["max_width"], body["max_height"]) = (json!(28), json!(100));
    assert_eq!(ask(&emulator, &body).picture().dimensions(), (28, 12));
    (body["max_width"], body["max_height"]) = (json!(100), json!(1));
    assert_eq!(ask(&emulator, &body).picture().dimensions(), (2, 1));
}

#[test]
fn the_output_is_png_unless_set_otherwise() {
    let mut jpeg = with("binary_data_base64", json!([base64(&picture(32, 24), ImageFormat::Jpeg)]));
    // As the official Java client writes a whole number.
    jpeg["seed"] = json!(7.0);
    for (emulator, start) in [
        (Emulator::start().unwrap(), "iVBO"),
        (Emulator::builder().output(OutputFormat::Jpeg).start().unwrap(), "/9j/"),
    ] {
        let answer = ask(&emulator, &jpeg).json();
        assert!(answer["data"]["binary_data_base64"][0].as_str().unwrap().starts_with(start), "{start}");
    }
}

#[test]
fn links_are_served_without_a_key_and_refused_with_one() {
    let emulator = Emulator::start().unwrap();
    let answer = ask(&emulator, &with("return_url", json!(true))).json();
    assert_eq!(answer["data"]["binary_data_base64"], json!([]));
    let link = answer["data"]["image_urls"][0].as_str().unwrap().to_owned();
    let path = link.strip_prefix(&emulator.base_url()).unwrap();
    let file = ask_raw(&emulator, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_eq!((file.status, file.header("Content-Type")), (200, Some("image/png")));
    assert_eq!(image::load_from_memory(&file.body).unwrap().width(), 56);
    let with_key = ask_raw(&emulator, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n\r\n"));
    assert_eq!(with_key.status, 400);
    assert!(emulator.requests()[2].has_key);
    assert_eq!(ask_raw(&emulator, "GET /files/no.png HTTP/1.1\r\nHost: x\r\n\r\n").status, 404);
    // Its own links are also accepted as input.
    let mut body = with("image_urls", json!([link]));
    body.as_object_mut().unwrap().remove("binary_data_base64");
    assert_eq!(ask(&emulator, &body).picture().dimensions(), (98, 24));
}
