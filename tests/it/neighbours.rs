//! The neighbours of outpainting through `generate`, on both accesses and both clients.

use image::RgbImage;
use volcv::{
    AbilityRequest as _, CallOptions, Charge, EraseQuality, ErrorKind, Execution, InpaintEdit, InpaintErase,
    PaintingEdit,
};
use volcv_emulator::RequestKind;

use crate::support::{gradient, is_white, mask, on_each_client, png, small};

/// The pixels in which a result differs from the original.
fn changed(result: &[u8], original: &RgbImage) -> Vec<(u32, u32)> {
    let result = image::load_from_memory(result).unwrap().into_rgb8();
    assert_eq!(result.dimensions(), original.dimensions());
    let differ = original.enumerate_pixels().filter(|(x, y, pixel)| result.get_pixel(*x, *y) != *pixel);
    differ.map(|(x, y, _)| (x, y)).collect()
}

#[test]
fn each_neighbour_paints_inside_of_its_mask_only() {
    let original = gradient(96, 64);
    let (picture, mask) = (png(&original), mask(96, 64));
    let edit = InpaintEdit::new(picture.clone(), mask.clone()).prompt("a kite").scale(5.0).steps(25).seed(3);
    let erase =
        InpaintErase::new(picture.clone(), mask.clone()).dilate_size(0).quality(EraseQuality::High).strength(0.8);
    let painting = PaintingEdit::new(picture, mask).prompt("a lake").seed(3);
    on_each_client(|emulator, client, access| {
        for (ability, prompt) in [
            (&edit as &(dyn volcv::AbilityRequest + Sync), Some("custom_prompt")),
            (&erase, None),
            (&painting, Some("prompt")),
        ] {
            let before = emulator.requests().len();
            let outcome = client.generate(ability, &CallOptions::new()).unwrap();
            let changed = changed(outcome.picture().unwrap(), &original);
            assert!(changed.len() > 100 && changed.iter().all(|(x, y)| is_white(*x, *y)), "{access:?}");
            let requests = &emulator.requests()[before..];
            let kinds: Vec<_> = requests.iter().filter_map(|request| request.kind).collect();
            match ability.execution() {
                Execution::Call => assert_eq!(kinds, [RequestKind::Call]),
                _ => assert_eq!(kinds, [RequestKind::Submit, RequestKind::Result]),
            }
            let json = requests[0].json.as_ref().unwrap();
            let sent = ["prompt", "custom_prompt"].into_iter().find(|name| json.get(*name).is_some());
            assert_eq!(sent, prompt, "{access:?}: {json}");
        }
        assert_eq!(emulator.charges(), 3);
    });
}

#[test]
fn what_the_service_would_refuse_is_refused_before_it_is_sent_and_the_rest_is_a_warning() {
    on_each_client(|emulator, client, _| {
        let other_size = InpaintEdit::new(small(), mask(96, 65));
        let no_steps = InpaintErase::new(small(), mask(96, 64)).steps(0);
        let strict = InpaintEdit::new(small(), mask(96, 64)).strict(true);
        for (ability, field) in
            [(&other_size as &(dyn volcv::AbilityRequest + Sync), "mask"), (&no_steps, "steps"), (&strict, "picture")]
        {
            let error = client.generate(ability, &CallOptions::new()).unwrap_err();
            assert_eq!((error.kind(), error.charge()), (ErrorKind::InvalidInput, Charge::None), "{error}");
            assert!(error.to_string().contains(field), "{error}");
        }
        assert!(emulator.requests().is_empty());
        let lenient = InpaintEdit::new(small(), mask(96, 64)).scale(20.0);
        let warned: Vec<_> = lenient.warnings().iter().map(ToString::to_string).collect();
        assert!(warned.iter().any(|warning| warning.starts_with("prompt")), "{warned:?}");
        client.generate(&lenient, &CallOptions::new()).unwrap();
    });
}

#[test]
fn what_the_service_says_against_a_neighbour_is_the_kind_of_the_error() {
    on_each_client(|_, client, _| {
        let erase = InpaintErase::new(small(), mask(96, 64)).strength(7.0);
        let error = client.generate(&erase, &CallOptions::new()).unwrap_err();
        assert_eq!((error.kind(), error.charge()), (ErrorKind::InvalidInput, Charge::None), "{error}");
        let painting = PaintingEdit::new(small(), mask(96, 64)).prompt("[refuse:50511]");
        let error = client.generate(&painting, &CallOptions::new()).unwrap_err();
        assert_eq!((error.kind(), error.charge()), (ErrorKind::Refused, Charge::Unknown), "{error}");
        assert_eq!(error.task().unwrap().req_key(), PaintingEdit::REQ_KEY);
    });
}
