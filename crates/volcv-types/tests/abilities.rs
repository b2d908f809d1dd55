//! The neighbours of outpainting: what they send, what they refuse, and what they warn about.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use volcv_types::{
    AbilityRequest, AccessKind, AigcMeta, EraseQuality, Execution, InpaintEdit, InpaintErase, InvalidInput, Logo,
    Outpaint, PaintingEdit, Picture, PromptField, TaskRequest,
};

/// The header of a PNG: all that these tests need of a picture.
fn png(width: u32, height: u32) -> Picture {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.into()
}

fn photo() -> Picture {
    png(640, 480)
}

fn edit() -> InpaintEdit {
    InpaintEdit::new(photo(), photo())
}

fn erase() -> InpaintErase {
    InpaintErase::new(photo(), photo())
}

fn painting() -> PaintingEdit {
    PaintingEdit::new(photo(), photo())
}

fn body(request: &dyn AbilityRequest) -> Value {
    Value::Object(request.request().unwrap().body(AccessKind::Gateway))
}

fn warned(request: &dyn AbilityRequest) -> Vec<String> {
    request.warnings().iter().map(|warning| format!("{} {}", warning.field(), warning.value())).collect()
}

#[track_caller]
fn refused(request: &dyn AbilityRequest, field: &str, value: &str, allowed: &str) {
    let error: InvalidInput = request.request().unwrap_err();
    assert_eq!((error.field(), error.value()), (field, value));
    assert!(error.allowed().contains(allowed), "{error}");
}

#[test]
fn each_ability_says_which_it_is_and_whether_it_is_a_task() {
    let requests: [(&dyn AbilityRequest, _, _); 4] = [
        (&Outpaint::canvas(photo(), photo()), "i2i_outpainting", Execution::Call),
        (&edit(), "i2i_inpainting_edit", Execution::Call),
        (&erase(), "i2i_inpainting", Execution::Call),
        (&painting(), "jimeng_img2img_seed3_painting_edit", Execution::Task),
    ];
    for (ability, req_key, execution) in requests {
        assert_eq!((body(ability), ability.execution()), (json!({"req_key": req_key}), execution));
        let request = ability.request().unwrap();
        assert_eq!((request.action(), request.version(), request.pictures().len()), ("CVProcess", "2022-08-31", 2));
        assert_eq!(TaskRequest::of(ability).unwrap().req_key(), req_key);
    }
}

#[test]
fn the_samples_of_the_pages_are_what_the_builders_send() {
    // https://docs.yutoai.net/api/api-289473237.html, and example/visual of volcengine/volc-sdk-golang.
    let edit = edit().prompt("一只小狗").scale(5.0).seed(-1).steps(25);
    let expected =
        json!({"req_key": "i2i_inpainting_edit", "custom_prompt": "一只小狗", "scale": 5.0, "seed": -1, "steps": 25});
    assert_eq!(body(&edit), expected);
    let erase = erase()
        .scale(7.0)
        .seed(0)
        .steps(30)
        .strength(0.8)
        .dilate_size(15)
        .quality(EraseQuality::Medium)
        .return_url(true);
    let expected = json!({
        "req_key": "i2i_inpainting", "scale": 7.0, "seed": 0, "steps": 30, "strength": 0.8, "dilate_size": 15,
        "quality": "M", "return_url": true,
    });
    assert_eq!(body(&erase), expected);
    let painting = painting().prompt("extend naturally").seed(-1);
    let expected = json!({"req_key": "jimeng_img2img_seed3_painting_edit", "prompt": "extend naturally", "seed": -1});
    assert_eq!(body(&painting), expected);
    assert!(warned(&edit).is_empty() && warned(&erase).is_empty() && warned(&painting).is_empty());
}

#[test]
fn the_prompt_of_an_edit_has_one_name_on_both_ways_unless_the_caller_wants_another() {
    let keys = |edit: InpaintEdit, access| {
        let body = edit.prompt("sea").request().unwrap().body(access);
        (body.contains_key("prompt"), body.contains_key("custom_prompt"))
    };
    for access in [AccessKind::Gateway, AccessKind::Direct] {
        assert_eq!(keys(edit(), access), (false, true));
        assert_eq!(keys(edit().prompt_field(PromptField::Both), access), (true, true));
        assert_eq!(painting().prompt("sea").request().unwrap().body(access)["prompt"], "sea");
    }
    assert_eq!(keys(edit().prompt_field(PromptField::ByAccess), AccessKind::Gateway), (true, false));
}

#[test]
fn marks_and_further_fields_go_out_with_every_ability() {
    let meta = || AigcMeta { producer_id: Some("p1".into()), ..AigcMeta::default() };
    let text = r#"{"big":123456789012345678901234567890}"#;
    macro_rules! full {
        ($ability:expr) => {
            $ability.logo(Logo::new()).aigc_meta(meta()).return_url(true).extra("new", 1).extra_json_text(text).unwrap()
        };
    }
    let requests: [&dyn AbilityRequest; 4] = [
        &full!(Outpaint::canvas(photo(), photo())),
        &full!(edit().scale(5.0)),
        &full!(erase().quality(EraseQuality::Low)),
        &full!(painting()),
    ];
    for ability in requests {
        let body = body(ability);
        assert_eq!(body["logo_info"], json!({"add_logo": true, "position": 0, "language": 0}));
        assert_eq!(body["aigc_meta"], json!({"producer_id": "p1"}));
        assert_eq!((&body["return_url"], &body["new"]), (&json!(true), &json!(1)));
        assert!(ability.request().unwrap().body_text(AccessKind::Gateway).contains(&text[1..text.len() - 1]));
    }
    refused(&erase().extra("image_urls", json!([])), "image_urls", "an extra field", "picture of the request");
    refused(&edit().logo(Logo::new().opacity(2.0)), "logo_info.opacity", "2", "between 0 and 1");
}

#[test]
fn a_mask_of_another_size_and_what_is_no_picture_are_refused_by_every_ability() {
    macro_rules! each {
        ($picture:expr, $mask:expr, $field:expr, $value:expr, $allowed:expr) => {
            let (picture, mask) = ($picture, $mask);
            for ability in [
                &InpaintEdit::new(picture.clone(), mask.clone()) as &dyn AbilityRequest,
                &InpaintErase::new(picture.clone(), mask.clone()),
                &PaintingEdit::new(picture.clone(), mask.clone()),
                &Outpaint::canvas(picture.clone(), mask.clone()),
            ] {
                refused(ability, $field, $value, $allowed);
            }
        };
    }
    each!(photo(), png(640, 481), "mask", "640x481", "same size as the picture, 640x480");
    each!(Picture::from(Vec::new()), photo(), "picture", "empty", "PNG or JPEG");
    each!(photo(), Picture::from(b"hi".to_vec()), "mask", "2 bytes that start with [68, 69]", "PNG or JPEG");
    each!(photo(), Picture::url("https://m"), "pictures", "1 links among 2 pictures", "all links");
    each!(Picture::url("https://p"), Picture::url("m"), "mask", "a text of 1 bytes", "https://");
    let links = InpaintErase::new(Picture::url("https://p"), Picture::url("https://m"));
    assert_eq!(body(&links)["image_urls"], json!(["https://p", "https://m"]));
}

#[test]
fn only_what_can_be_no_setting_at_all_is_an_error() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let value = number.to_string();
        refused(&edit().scale(number), "scale", &value, "a finite number");
        refused(&erase().scale(number), "scale", &value, "a finite number");
        refused(&erase().strength(number), "strength", &value, "a finite number");
    }
    refused(&edit().steps(0), "steps", "0", "at least 1");
    refused(&erase().steps(0), "steps", "0", "at least 1");
    refused(&erase().dilate_size(4097), "dilate_size", "4097", "between 0 and 4096 pixels");
    erase().dilate_size(0).request().unwrap();
}

#[test]
fn ranges_of_outpainting_are_warnings_here_and_errors_in_strict_mode() {
    let edit = edit().prompt("海".repeat(101)).scale(0.5).seed(-2);
    assert_eq!(warned(&edit), ["prompt 101 words long", "scale 0.5", "seed -2"]);
    assert_eq!(body(&edit)["scale"], 0.5);
    refused(&edit.strict(true), "prompt", "101 words long", "up to 100");
    let erase = erase().scale(21.0).strength(0.0).seed(1 << 32);
    assert_eq!(warned(&erase), ["scale 21", "strength 0", "seed 4294967296"]);
    refused(&erase.strict(true), "scale", "21", "between 1 and 20, as for outpainting");
    assert_eq!(warned(&painting().seed(i64::MIN)), ["seed -9223372036854775808"]);
    assert_eq!(warned(&InpaintEdit::new(photo(), photo())), ["prompt not given"]);
}

#[test]
fn pictures_are_measured_by_what_the_family_takes() {
    let small = |ability: &dyn AbilityRequest| warned(ability);
    let (tiny, wide) = (png(100, 90), png(1537, 512));
    assert_eq!(small(&InpaintErase::new(tiny.clone(), tiny.clone())), ["picture 100x90", "mask 100x90"]);
    assert_eq!(small(&PaintingEdit::new(tiny.clone(), tiny)), [""; 0]);
    assert_eq!(small(&InpaintErase::new(wide.clone(), wide.clone())), [""; 0]);
    let narrow = PaintingEdit::new(wide.clone(), wide);
    assert_eq!(small(&narrow), ["picture 1537x512", "mask 1537x512"]);
    refused(&narrow.strict(true), "picture", "1537x512", "an aspect between 1:3 and 3:1");
    assert_eq!(small(&PaintingEdit::new(png(1536, 512), png(1536, 512))), [""; 0]);
    let large = png(4097, 4097);
    assert_eq!(small(&PaintingEdit::new(large.clone(), large)), ["picture 4097x4097", "mask 4097x4097"]);
}

#[test]
fn the_settings_of_an_outpainting_become_a_painting_edit() {
    let settings = Outpaint::equal(photo(), 0.5)
        .prompt("sea")
        .seed(7)
        .return_url(true)
        .logo(Logo::new())
        .extra("new", 1)
        .max_width(10)
        .max_height(10)
        .prompt_field(PromptField::CustomPrompt);
    let edit = PaintingEdit::from_outpaint(&settings, png(900, 800), png(900, 800)).unwrap();
    let expected = json!({
        "req_key": "jimeng_img2img_seed3_painting_edit", "prompt": "sea", "seed": 7, "return_url": true, "new": 1,
        "logo_info": {"add_logo": true, "position": 0, "language": 0},
    });
    assert_eq!(body(&edit), expected);
    let strict = PaintingEdit::from_outpaint(&settings.clone().strict(true), png(5000, 800), png(5000, 800)).unwrap();
    refused(&strict, "picture", "5000x800", "at most 4096");
    for (settings, field, value) in [
        (settings.clone().scale(7.0), "scale", "7"),
        (settings.clone().steps(30), "steps", "30"),
        (settings.strength(0.8), "strength", "0.8"),
    ] {
        let error = PaintingEdit::from_outpaint(&settings, photo(), photo()).unwrap_err();
        assert_eq!((error.field(), error.value()), (field, value));
        assert!(error.allowed().contains("has no such field"), "{error}");
    }
}

#[test]
fn debug_shows_no_prompt_and_no_bytes() {
    for text in [
        format!("{:?}", edit().prompt("secret")),
        format!("{:?}", erase().extra("key", "secret")),
        format!("{:?}", painting().prompt("secret")),
    ] {
        assert!(text.contains("24 bytes") && !text.contains("secret"), "{text}");
    }
}

fn number() -> impl Strategy<Value = Option<f64>> {
    proptest::option::of(prop_oneof![any::<f64>(), 0.0..30.0_f64, Just(f64::NAN)])
}

/// The names of the fields of a request, whose body is a JSON object.
fn fields(request: &dyn AbilityRequest) -> Option<BTreeSet<String>> {
    request.warnings();
    let text = request.request().ok()?.body_text(AccessKind::Direct);
    let Value::Object(body) = serde_json::from_str(&text).unwrap() else { panic!("{text}") };
    Some(body.into_iter().map(|(key, _)| key).collect())
}

fn named(set: &[(&str, bool)]) -> BTreeSet<String> {
    set.iter().filter(|(_, set)| *set).map(|(name, _)| (*name).to_owned()).collect()
}

proptest! {
    #[test]
    fn an_accepted_edit_sends_exactly_what_was_set(
        prompt in any::<Option<String>>(), scale in number(), seed in any::<Option<i64>>(),
        steps in any::<Option<u32>>(), link in any::<Option<bool>>(),
    ) {
        let mut edit = edit();
        if let Some(text) = &prompt { edit = edit.prompt(text.as_str()) }
        if let Some(scale) = scale { edit = edit.scale(scale) }
        if let Some(seed) = seed { edit = edit.seed(seed) }
        if let Some(steps) = steps { edit = edit.steps(steps) }
        if let Some(link) = link { edit = edit.return_url(link) }
        let expected = named(&[
            ("req_key", true), ("custom_prompt", prompt.is_some()), ("scale", scale.is_some()), ("seed", seed.is_some()),
            ("steps", steps.is_some()), ("return_url", link.is_some()),
        ]);
        let accepted = scale.is_none_or(f64::is_finite) && steps != Some(0);
        prop_assert_eq!(fields(&edit), accepted.then_some(expected));
    }

    #[test]
    fn an_accepted_erase_sends_exactly_what_was_set(
        scale in number(), strength in number(), seed in any::<Option<i64>>(), steps in any::<Option<u32>>(),
        dilate in proptest::option::of(prop_oneof![any::<u32>(), 0..5000_u32]), high in any::<Option<bool>>(),
        mark in any::<bool>(),
    ) {
        let mut erase = erase();
        if let Some(scale) = scale { erase = erase.scale(scale) }
        if let Some(strength) = strength { erase = erase.strength(strength) }
        if let Some(seed) = seed { erase = erase.seed(seed) }
        if let Some(steps) = steps { erase = erase.steps(steps) }
        if let Some(pixels) = dilate { erase = erase.dilate_size(pixels) }
        if let Some(high) = high { erase = erase.quality(if high { EraseQuality::High } else { EraseQuality::Low }) }
        if mark { erase = erase.logo(Logo::new()) }
        let expected = named(&[
            ("req_key", true), ("scale", scale.is_some()), ("strength", strength.is_some()), ("seed", seed.is_some()),
            ("steps", steps.is_some()), ("dilate_size", dilate.is_some()), ("quality", high.is_some()),
            ("logo_info", mark),
        ]);
        let finite = scale.into_iter().chain(strength).all(f64::is_finite);
        let accepted = finite && steps != Some(0) && dilate.is_none_or(|pixels| pixels <= 4096);
        prop_assert_eq!(fields(&erase), accepted.then_some(expected));
    }

    #[test]
    fn an_accepted_painting_edit_sends_exactly_what_was_set(
        prompt in any::<Option<String>>(), seed in any::<Option<i64>>(), width in any::<u32>(), height in any::<u32>(),
    ) {
        let mut edit = PaintingEdit::new(png(width, height), png(width, height));
        if let Some(text) = &prompt { edit = edit.prompt(text.as_str()) }
        if let Some(seed) = seed { edit = edit.seed(seed) }
        let expected = named(&[("req_key", true), ("prompt", prompt.is_some()), ("seed", seed.is_some())]);
        prop_assert_eq!(fields(&edit), Some(expected));
    }
}
