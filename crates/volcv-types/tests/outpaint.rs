//! The requests that an outpainting sends, and the input that it refuses.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use serde_json::{Value, json};
use volcv_types::{
    AccessKind, AigcMeta, CvRequest, InvalidInput, Logo, LogoLanguage, LogoPosition, Outpaint, Picture, PromptField,
    Reply, ServiceCode, Sides, Size,
};

/// The header of a PNG: all that these tests need of a picture.
fn png(width: u32, height: u32) -> Picture {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.into()
}

fn body(outpaint: &Outpaint) -> Value {
    Value::Object(outpaint.request().unwrap().body(AccessKind::Gateway))
}

/// 7 and 7.0 are the same number to every JSON reader, but not to `Value`.
fn assert_same_fields(ours: &Value, theirs: &Value) {
    let without_pictures = |value: &Value| {
        let mut map = value.as_object().unwrap().clone();
        map.remove("binary_data_base64");
        map.into_iter().map(|(key, value)| (key, value.as_f64().map_or(value, Value::from))).collect::<Vec<_>>()
    };
    assert_eq!(without_pictures(ours), without_pictures(theirs));
}

#[track_caller]
fn refused(outpaint: Outpaint, field: &str, value: &str, allowed: &str) {
    let error: InvalidInput = outpaint.request().unwrap_err();
    assert_eq!((error.field(), error.value()), (field, value));
    assert!(error.allowed().contains(allowed), "{error}");
}

#[test]
fn the_pages_ratio_sample_is_what_the_builder_sends() {
    let sides = Sides { top: 0.1, bottom: 0.1, left: 1.0, right: 1.0 };
    let outpaint = page_options(Outpaint::sides(png(640, 480), sides));
    assert_same_fields(&body(&outpaint), &serde_json::from_str(include_str!("fixtures/ratio_request.json")).unwrap());
}

#[test]
fn the_pages_canvas_sample_is_what_the_builder_sends() {
    let outpaint = page_options(Outpaint::canvas(png(640, 480), png(640, 480)));
    assert_same_fields(&body(&outpaint), &serde_json::from_str(include_str!("fixtures/canvas_request.json")).unwrap());
    assert_eq!(outpaint.request().unwrap().pictures().len(), 2);
}

fn page_options(outpaint: Outpaint) -> Outpaint {
    outpaint.prompt("蓝色的海洋").scale(7.0).seed(-1).steps(30).strength(0.8).max_height(1920).max_width(1920)
}

#[test]
fn the_pages_reply_is_read_whole() {
    let reply = Reply::from_slice(include_bytes!("fixtures/success_reply.json")).unwrap();
    let verdict = reply.verdict();
    assert!(verdict.is_success());
    assert_eq!(verdict.request_id.as_deref(), Some("20240614000000000000000000000000AB"));
    assert_eq!((reply.code, reply.time_elapsed.as_deref()), (Some(ServiceCode::Number(10000)), Some("3.9405467s")));
    let data = reply.data.unwrap();
    assert_eq!((data.binary_data_base64.len(), data.image_urls.len(), data.algorithm_status), (1, 1, Some(0)));
    assert_eq!(reply.extra["status"], 10000);
}

#[test]
fn only_fields_that_are_set_are_sent_and_all_four_sides() {
    let wider = Sides { left: 0.5, ..Sides::ZERO };
    assert_eq!(
        body(&Outpaint::sides(png(64, 64), wider)),
        json!({"req_key": "i2i_outpainting", "top": 0.0, "bottom": 0.0, "left": 0.5, "right": 0.0})
    );
    assert_eq!(body(&Outpaint::canvas(png(64, 64), png(64, 64))), json!({"req_key": "i2i_outpainting"}));
}

#[test]
fn the_prompt_goes_where_the_access_or_the_caller_wants_it() {
    let keys = |field: PromptField, access: AccessKind| {
        let request = Outpaint::equal(png(64, 64), 0.1).prompt("sea").prompt_field(field).request().unwrap();
        let body = request.body(access);
        (body.contains_key("prompt"), body.contains_key("custom_prompt"))
    };
    assert_eq!(keys(PromptField::ByAccess, AccessKind::Gateway), (true, false));
    assert_eq!(keys(PromptField::ByAccess, AccessKind::Direct), (false, true));
    assert_eq!(keys(PromptField::CustomPrompt, AccessKind::Gateway), (false, true));
    assert_eq!(keys(PromptField::Both, AccessKind::Direct), (true, true));
}

#[test]
fn logo_meta_link_and_extra_fields_are_sent() {
    let logo = Logo::new().position(LogoPosition::TopLeft).language(LogoLanguage::English).opacity(0.3).text("mine");
    let meta = AigcMeta { producer_id: Some("p1".into()), ..AigcMeta::default() };
    let outpaint = Outpaint::equal(Picture::url("https://pictures.example/a.png"), 0.5)
        .logo(logo)
        .aigc_meta(meta)
        .return_url(true)
        .extra("new_field", json!([1, 2]))
        .extra("top", 0.25);
    let body = body(&outpaint);
    let expected = json!({"add_logo": true, "position": 2, "language": 1, "opacity": 0.3, "logo_text_content": "mine"});
    assert_eq!(body["logo_info"], expected);
    assert_eq!(body["aigc_meta"], json!({"producer_id": "p1"}));
    assert_eq!((&body["return_url"], &body["new_field"], &body["top"]), (&json!(true), &json!([1, 2]), &json!(0.25)));
    assert_eq!(body["image_urls"], json!(["https://pictures.example/a.png"]));
}

#[test]
fn the_settings_of_a_call_serve_another_picture_in_either_mode() {
    let known = Size { width: 10, height: 20 };
    let settings = page_options(Outpaint::equal(png(64, 64), 0.5).picture_size(known).logo(Logo::new()));
    let wider = settings.clone().with_sides(png(640, 480), Sides { left: 0.5, ..Sides::ZERO });
    assert_eq!(wider.output_size(), Some(Size { width: 960, height: 480 }));
    assert_eq!((&body(&wider)["top"], &body(&wider)["seed"]), (&json!(0.0), &json!(-1)));
    let canvas = settings.with_canvas(png(640, 480), png(640, 480));
    assert_eq!(canvas.request().unwrap().pictures().len(), 2);
    assert!(body(&canvas).get("top").is_none() && body(&canvas)["steps"] == 30);
    assert_eq!(canvas.logo_position(), Some(LogoPosition::BottomRight));
    assert_eq!(Outpaint::equal(png(64, 64), 0.5).logo_position(), None);
}

#[test]
fn each_field_out_of_range_is_named_with_its_value_and_range() {
    let ratio = |ratio| Outpaint::equal(png(64, 64), ratio);
    refused(ratio(1.5), "top", "1.5", "between 0 and 1");
    refused(ratio(-0.1), "top", "-0.1", "between 0 and 1");
    refused(ratio(f64::NAN), "top", "NaN", "between 0 and 1");
    refused(ratio(0.0), "top, bottom, left, right", "0 each", "above 0");
    let sides = Sides { right: f64::INFINITY, ..Sides::all(0.5) };
    refused(Outpaint::sides(png(64, 64), sides), "right", "inf", "fraction of the picture's width");
    refused(ratio(0.5).scale(0.5), "scale", "0.5", "between 1 and 20");
    refused(ratio(0.5).strength(0.0), "strength", "0", "between 0.1 and 1");
    refused(ratio(0.5).seed(-2), "seed", "-2", "between -1 and 4294967295");
    refused(ratio(0.5).seed(1 << 32), "seed", "4294967296", "between -1 and 4294967295");
    refused(ratio(0.5).steps(0), "steps", "0", "at least 1");
    refused(ratio(0.5).max_width(0), "max_width", "0", "at least 1");
    refused(ratio(0.5).logo(Logo::new().opacity(1.1)), "logo_info.opacity", "1.1", "between 0 and 1");
    let meta = AigcMeta { content_producer: Some("x".repeat(257)), ..AigcMeta::default() };
    refused(ratio(0.5).aigc_meta(meta), "aigc_meta.content_producer", "257 characters long", "256");
    refused(ratio(0.5).extra("image_urls", "x"), "image_urls", "an extra field", "picture of the request");
}

#[test]
fn bytes_of_no_picture_and_masks_of_another_size_are_refused() {
    refused(Outpaint::equal(Vec::new(), 0.5), "picture", "empty", "PNG or JPEG");
    refused(Outpaint::equal(b"hello".to_vec(), 0.5), "picture", "5 bytes that start with [68, 65, 6c, 6c, 6f]", "PNG");
    refused(Outpaint::equal(Picture::url("ftp://x/y"), 0.5), "picture", "a text of 9 bytes", "https://");
    refused(Outpaint::canvas(png(64, 64), png(64, 65)), "mask", "64x65", "same size as the picture, 64x64");
    refused(Outpaint::canvas(png(64, 64), Picture::url("https://m")), "pictures", "1 links among 2 pictures", "all");
    refused(Outpaint::aspect(Picture::url("https://p"), 16.0, 9.0), "picture", "of unknown size", "width and height");
}

#[test]
fn the_size_of_the_result_is_known_before_it_is_paid_for() {
    let size = |outpaint: Outpaint| outpaint.output_size().map(|size| (size.width, size.height));
    assert_eq!(size(Outpaint::equal(png(600, 400), 0.25)), Some((900, 600)));
    assert_eq!(size(Outpaint::aspect(png(600, 400), 2.0, 1.0)), Some((800, 400)));
    assert_eq!(size(Outpaint::equal(png(3000, 2000), 0.5)), Some((1920, 1280)));
    assert_eq!(size(Outpaint::equal(png(3000, 2000), 0.5).max_width(4096).max_height(2048)), Some((3072, 2048)));
    assert_eq!(size(Outpaint::canvas(png(600, 400), png(600, 400)).max_width(300)), Some((300, 200)));
    let link = Picture::url("https://pictures.example/a.png");
    assert_eq!(size(Outpaint::equal(link.clone(), 0.5)), None);
    let known = Outpaint::equal(link, 0.5).picture_size(Size { width: 10, height: 20 });
    assert_eq!(size(known), Some((20, 40)));
}

#[test]
fn undocumented_limits_are_warnings_and_errors_only_in_strict_mode() {
    let small = Outpaint::equal(png(64, 64), 0.5).prompt("海".repeat(101));
    let fields: Vec<String> = small.warnings().iter().map(|warning| warning.field().to_owned()).collect();
    assert_eq!(fields, ["picture", "prompt"]);
    small.request().unwrap();
    assert_eq!(small.strict(true).request().unwrap_err().field(), "picture");
    assert!(Outpaint::equal(png(640, 480), 0.5).prompt("a hundred words are enough").warnings().is_empty());
}

/// The header of a JPEG, with an EXIF block if it is turned.
fn jpeg(width: u16, height: u16, orientation: u8, components: u8) -> Picture {
    let mut bytes = b"\xff\xd8\xff\xe1\0\x22Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    bytes.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend(b"\xff\xc0\0\x08\x08");
    bytes.extend([height.to_be_bytes(), width.to_be_bytes()].concat());
    bytes.push(components);
    bytes.into()
}

#[test]
fn a_picture_is_as_large_as_people_see_it() {
    let photo = |orientation| jpeg(480, 640, orientation, 3);
    let size = |outpaint: Outpaint| outpaint.output_size().map(|size| (size.width, size.height));
    for orientation in 0..=9 {
        let turned = (5..=8).contains(&orientation);
        let upright = if turned { (640, 480) } else { (480, 640) };
        let wider = Outpaint::sides(photo(orientation), Sides { left: 0.5, ..Sides::ZERO });
        assert_eq!(size(wider), Some((upright.0 * 3 / 2, upright.1)), "{orientation}");
        let square = Outpaint::aspect(photo(orientation), 1.0, 1.0);
        assert_eq!(size(square.clone()), Some((640, 640)), "{orientation}");
        assert_eq!(body(&square)["top"].as_f64().unwrap() > 0.0, turned, "{orientation}");
        let masked = |mask| Outpaint::canvas(photo(orientation), mask);
        assert_eq!(size(masked(png(upright.0, upright.1))), Some(upright));
        masked(png(upright.0, upright.1)).request().unwrap();
        masked(photo(orientation)).request().unwrap();
        let (stored, seen) = (format!("{}x{}", upright.1, upright.0), format!("{}x{}", upright.0, upright.1));
        refused(masked(png(upright.1, upright.0)), "mask", &stored, &format!("same size as the picture, {seen}"));
    }
}

#[test]
fn undocumented_limits_are_warnings_and_errors_in_strict_mode() {
    let deep = |depth: u8, colour: u8| {
        let head = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\xe0".as_slice();
        Picture::from([head, &[depth, colour, 0, 0, 0]].concat())
    };
    let gif =
        b"GIF89a\x80\x02\xe0\x01\0\0\0,\0\0\0\0\x80\x02\xe0\x01\0\x02\0,\0\0\0\0\x80\x02\xe0\x01\0\x02\0;".to_vec();
    let upright = "turned upright first";
    for (picture, value, allowed) in [
        (jpeg(640, 480, 2, 3), "stored mirrored (EXIF orientation 2)", upright),
        (jpeg(640, 480, 3, 3), "stored upside down (EXIF orientation 3)", upright),
        (jpeg(640, 480, 4, 3), "stored upside down and mirrored (EXIF orientation 4)", upright),
        (jpeg(640, 480, 5, 3), "stored on its side and mirrored (EXIF orientation 5)", upright),
        (jpeg(640, 480, 6, 3), "stored on its side (EXIF orientation 6)", upright),
        (jpeg(640, 480, 7, 3), "stored on its side and mirrored (EXIF orientation 7)", upright),
        (jpeg(640, 480, 8, 3), "stored on its side (EXIF orientation 8)", upright),
        (jpeg(640, 480, 1, 4), "a jpeg in CMYK", "RGB"),
        (deep(8, 6), "a png with alpha", "opaque"),
        (deep(16, 2), "a png of 16 bits per channel", "8 bits per channel"),
        (Picture::from(gif), "an animated gif", "still"),
    ] {
        let outpaint = Outpaint::canvas(jpeg(640, 480, 1, 3), picture.clone());
        let about_mask = outpaint.warnings().into_iter().filter(|warning| warning.field() == "mask");
        assert!(about_mask.into_iter().any(|warning| warning.value() == value), "{value}");
        let outpaint = Outpaint::equal(picture, 0.25);
        outpaint.request().unwrap();
        let warning = outpaint.warnings().pop().unwrap();
        assert_eq!((warning.field(), warning.value()), ("picture", value));
        assert!(warning.allowed().contains(allowed), "{warning}");
        assert!(warning.advice().starts_with(&format!("picture is {value}, but should be ")), "{}", warning.advice());
        let strict = outpaint.strict(true).request().unwrap_err();
        // A GIF is refused for its format first.
        assert!(strict.value() == value || strict.value() == "gif", "{strict}");
    }
    for picture in [jpeg(640, 480, 1, 3), deep(8, 2), deep(8, 3), deep(1, 0)] {
        Outpaint::equal(picture, 0.25).strict(true).request().unwrap();
    }
}

#[test]
fn a_default_that_shrinks_the_result_below_the_picture_is_named_with_the_sizes() {
    let warned = |outpaint: Outpaint| outpaint.warnings().pop().map(|warning| warning.to_string());
    let large = || Outpaint::equal(png(3000, 2000), 0.5);
    let expected = "max_width, max_height is 1920 by default, which makes the result 1920x1280 of a picture of 3000x2000, \
                    but must be given, for up to 6000x4000";
    assert_eq!(warned(large()).as_deref(), Some(expected));
    assert_eq!(large().strict(true).request().unwrap_err().field(), "max_width, max_height");
    // A limit that the caller set needs no warning, and neither does a result of at least the picture's size.
    for none in [
        large().max_width(6000).max_height(4000),
        large().max_width(1000),
        large().max_width(1920).max_height(1920),
        Outpaint::equal(png(1900, 1000), 0.005),
        Outpaint::sides(png(1920, 1000), Sides { top: 0.5, ..Sides::ZERO }),
    ] {
        assert_eq!(warned(none), None);
    }
    let one = |outpaint: Outpaint| outpaint.warnings().pop().unwrap().field().to_owned();
    assert_eq!(one(large().max_width(6000)), "max_height");
    assert_eq!(one(Outpaint::sides(png(1800, 300), Sides { left: 0.5, ..Sides::ZERO })), "max_width");
    assert_eq!(one(Outpaint::canvas(png(300, 2500), png(300, 2500))), "max_height");
    let link = Outpaint::equal(Picture::url("https://p"), 0.5);
    assert_eq!(one(link.picture_size(Size { width: 2000, height: 1000 })), "max_width, max_height");
}

#[test]
fn debug_shows_neither_picture_nor_prompt() {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x04\0\0\0\x04\0".to_vec();
    bytes.resize(5 << 20, b'A');
    let outpaint = Outpaint::equal(bytes, 0.5).prompt("a secret wish");
    for text in [format!("{outpaint:?}"), format!("{:?}", outpaint.request().unwrap())] {
        assert!(text.len() < 1024 && !text.contains("secret wish") && !text.contains("AAAA"), "{text}");
    }
    let preview = outpaint.request().unwrap().preview(AccessKind::Gateway);
    assert_eq!(preview["binary_data_base64"], json!(["<5242880 bytes as base64>"]));
}

#[test]
fn the_escape_hatch_takes_any_object_and_nothing_else() {
    for other in [json!([1]), json!("text"), json!(null)] {
        assert_eq!(CvRequest::new("CVProcess", "2022-08-31", other).unwrap_err().field(), "body");
    }
    assert_eq!(CvRequest::new(" ", "2022-08-31", json!({})).unwrap_err().field(), "Action");
    let twice = CvRequest::new("A", "V", json!({"binary_data_base64": []})).unwrap().with_pictures(vec![png(1, 1)]);
    assert_eq!(twice.unwrap_err().field(), "binary_data_base64");
    let long = CvRequest::new("A", "V", json!({"x": {"y": ["z".repeat(2000)]}})).unwrap();
    assert_eq!(long.preview(AccessKind::Gateway), json!({"x": {"y": ["<2000 characters>"]}}));
    assert!(format!("{long:?}").len() < 500);
}
