//! The other abilities, and the actions of one ability.

use image::ImageFormat;
use serde_json::{Value, json};
use volcv_emulator::Emulator;

use crate::signed::Signed;
use crate::support::{Answer, ask, base64, connect, mask, picture, post_to, read, request};

/// What is painted in the request of [`masked`].
fn white(x: u32, y: u32) -> bool {
    x > 20 || y == 3
}

/// A good request of an ability that takes a mask.
fn masked(req_key: &str) -> Value {
    let pictures = [base64(&picture(32, 24), ImageFormat::Png), mask(32, 24, white)];
    json!({ "req_key": req_key, "binary_data_base64": pictures, "seed": 7 })
}

fn ask_action(emulator: &Emulator, action: &str, body: &Value) -> Answer {
    let mut stream = connect(emulator);
    post_to(&mut stream, &format!("/volcv/v1?Action={action}&Version=2022-08-31"), body);
    read(&mut stream)
}

fn is_painted_inside_of_the_mask_only(answer: &Answer) {
    let painted = answer.picture();
    assert_eq!(painted.dimensions(), (32, 24));
    let changed = |(x, y, pixel): &(u32, u32, &image::Rgb<u8>)| painted.get_pixel(*x, *y) != *pixel;
    let original = picture(32, 24);
    let changed: Vec<_> = original.enumerate_pixels().filter(changed).map(|(x, y, _)| white(x, y)).collect();
    assert!(changed.len() > 100 && changed.iter().all(|inside| *inside));
}

#[test]
fn edit_and_erase_paint_inside_of_the_mask_only() {
    let emulator = Emulator::start().unwrap();
    for req_key in ["i2i_inpainting_edit", "i2i_inpainting"] {
        is_painted_inside_of_the_mask_only(&ask(&emulator, &masked(req_key)));
        is_painted_inside_of_the_mask_only(&Signed::new(&emulator, "CVProcess", &masked(req_key)).send(&emulator));
    }
    assert_eq!(emulator.charges(), 4);
}

#[test]
fn the_painting_edit_of_jimeng_runs_as_a_task_only() {
    let emulator = Emulator::start().unwrap();
    let mut body = masked("jimeng_img2img_seed3_painting_edit");
    body["prompt"] = "a lake".into();
    let answer = ask(&emulator, &body);
    assert_eq!((answer.status, answer.code()), (400, 50215));
    let task = ask_action(&emulator, "CVSync2AsyncSubmitTask", &body).json()["data"]["task_id"].clone();
    let poll = json!({ "req_key": body["req_key"], "task_id": task });
    is_painted_inside_of_the_mask_only(&ask_action(&emulator, "CVSync2AsyncGetResult", &poll));
    assert_eq!(emulator.charges(), 1);
}

#[test]
fn an_action_of_one_ability_implies_its_req_key() {
    let emulator = Emulator::start().unwrap();
    for (action, mut body) in [
        ("Img2ImgOutpainting", request()),
        ("Img2ImgInpaintingEdit", masked("i2i_inpainting_edit")),
        ("Img2ImgInpainting", masked("i2i_inpainting")),
    ] {
        assert_eq!(ask_action(&emulator, action, &body).status, 200, "{action}");
        body.as_object_mut().unwrap().remove("req_key");
        assert_eq!(ask_action(&emulator, action, &body).status, 200, "{action}");
        assert_eq!(Signed::new(&emulator, action, &body).send(&emulator).status, 200, "{action}");
        body["req_key"] = "jimeng_img2img_seed3_painting_edit".into();
        assert_eq!(ask_action(&emulator, action, &body).code(), 50215, "{action}");
    }
    assert_eq!(ask_action(&emulator, "CVProcess", &json!({ "prompt": "a lake" })).code(), 50215);
}

#[test]
fn each_ability_checks_its_own_fields() {
    let emulator = Emulator::start().unwrap();
    let check = |req_key: &str, name: &str, value: Value, code: u64, text: &str| {
        let mut body = masked(req_key);
        body[name] = value;
        let answer = ask(&emulator, &body);
        assert_eq!(answer.code(), code, "{req_key} {name}: {}", answer.json());
        assert!(answer.json()["message"].as_str().unwrap().contains(text), "{}", answer.json());
    };
    let alone = json!([base64(&picture(32, 24), ImageFormat::Png)]);
    let other_size = json!([base64(&picture(32, 24), ImageFormat::Png), mask(32, 25, white)]);
    for req_key in ["i2i_inpainting_edit", "i2i_inpainting"] {
        check(req_key, "binary_data_base64", alone.clone(), 50200, "a picture and a mask");
        check(req_key, "binary_data_base64", other_size.clone(), 50200, "mask: 32x25");
        check(req_key, "scale", json!(21), 50200, "scale");
        check(req_key, "seed", json!(-2), 50200, "seed");
        check(req_key, "steps", json!(0), 50200, "steps");
        check(req_key, "custom_prompt", json!(1), 50200, "custom_prompt");
        check(req_key, "return_url", json!("yes"), 50200, "return_url");
        check(req_key, "custom_prompt", json!("[refuse:50412]"), 50412, "Text Risk");
        // Sides mean nothing here.
        check(req_key, "top", json!(7), 10000, "Success");
    }
    check("i2i_inpainting", "strength", json!(0), 50200, "strength");
    check("i2i_inpainting", "dilate_size", json!(-1), 50200, "dilate_size");
    check("i2i_inpainting", "quality", json!("XL"), 50200, "quality");
    check("i2i_inpainting", "quality", json!("M"), 10000, "Success");
    // Edit has no such field.
    check("i2i_inpainting_edit", "quality", json!("XL"), 10000, "Success");
    assert_eq!(emulator.charges(), 4);
}
