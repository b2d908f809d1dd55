//! Whole operations on both transports: pixels in, pixels out, the original untouched, and nothing paid for that is lost.

use std::sync::{Arc, Mutex};

use image::RgbImage;
use volcv::{
    BlockingClient, Charge, ClientBuilder, Error, ErrorKind, Expand as _, ExpandBlocking as _, ExpandOptions, Expanded,
    Layout, Margins, Outpaint, PixelFormat, Pixels, PixelsMut, RowOrder, Size, Source, Wish, best, from_fn,
};
use volcv_emulator::Emulator;

use crate::support::{AnyClient, TRANSPORTS, builder, gradient, png};

impl AnyClient {
    pub(crate) fn expand(&self, source: Source, wish: &Wish, options: &ExpandOptions) -> Result<Expanded, Error> {
        match self {
            AnyClient::Ureq(client) => client.expand(source, wish, options),
            AnyClient::Reqwest(runtime, client) => runtime.block_on(client.expand(source, wish, options)),
        }
    }

    pub(crate) fn expand_variants(
        &self,
        source: Source,
        wish: &Wish,
        seeds: &[i64],
        options: &ExpandOptions,
    ) -> Result<Vec<Result<Expanded, Error>>, Error> {
        match self {
            AnyClient::Ureq(client) => client.expand_variants(source, wish, seeds, options),
            AnyClient::Reqwest(runtime, client) => {
                runtime.block_on(client.expand_variants(source, wish, seeds, options))
            }
        }
    }
}

/// Runs a test with an emulator and a client of it, on each transport.
fn on_each_transport(test: impl Fn(&Emulator, &AnyClient)) {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        test(&emulator, &AnyClient::new(transport, builder(&emulator)));
    }
}

/// A picture without repetition, so that a shift by one pixel shows everywhere.
pub(crate) fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let wave =
            |f: f32, phase: f32| (127.0 + 90.0 * (x as f32 * f + phase).sin() * (y as f32 * f * 0.7).cos()) as u8;
        image::Rgb([wave(0.05, 0.0), wave(0.11, 1.0), wave(0.023, 2.0)])
    })
}

pub(crate) fn wider() -> Wish {
    Wish::pixels(Margins { left: 40, right: 24, ..Margins::ZERO })
}

/// The rectangle of the finished picture in which the original lies.
pub(crate) fn original_in(expanded: &Expanded) -> Vec<u8> {
    let (at, image) = (expanded.plan.original_at, &expanded.image);
    let columns = at.x as usize * image.channels()..(at.x + at.width) as usize * image.channels();
    (at.y..at.y + at.height).flat_map(|y| image.row(y)[columns.clone()].to_vec()).collect()
}

#[test]
fn a_texture_of_an_engine_grows_and_keeps_its_own_pixels() {
    let original = picture(160, 120);
    // Bottom-up BGRA with gaps between the rows, as engines have it.
    let (stride, size) = (160 * 4 + 12, Size { width: 160, height: 120 });
    let mut texture = vec![0xaa; stride * 120];
    for (x, y, pixel) in original.enumerate_pixels() {
        let [r, g, b] = pixel.0;
        let at = (119 - y) as usize * stride + x as usize * 4;
        texture[at..at + 4].copy_from_slice(&[b, g, r, 255]);
    }
    let layout = Layout::new(size, PixelFormat::Bgra8).stride(stride).rows(RowOrder::BottomUp);
    on_each_transport(|emulator, client| {
        let pixels = Pixels::new(&texture, layout).unwrap();
        let expanded = client.expand(pixels.into(), &wider(), &ExpandOptions::new()).unwrap();
        assert_eq!(expanded.image.size(), Size { width: 224, height: 120 });
        assert_eq!(original_in(&expanded), *original.as_raw());
        assert!(expanded.is_exact() && expanded.report().unwrap().recognised);
        assert_eq!((emulator.charges(), expanded.charges()), (1, 1));

        let layout = Layout::new(expanded.image.size(), PixelFormat::Bgra8).stride(224 * 4 + 64);
        let mut out = vec![0x55; (224 * 4 + 64) * 120];
        expanded.image.copy_into(&mut PixelsMut::new(&mut out, layout).unwrap()).unwrap();
        for (x, y, pixel) in original.enumerate_pixels() {
            let [r, g, b] = pixel.0;
            let at = y as usize * (224 * 4 + 64) + (x as usize + 40) * 4;
            assert_eq!(out[at..at + 4], [b, g, r, 255], "{x},{y}");
        }
        assert!(out.chunks(224 * 4 + 64).all(|row| row[224 * 4..].iter().all(|byte| *byte == 0x55)));
    });
}

#[test]
fn a_file_that_can_be_sent_as_it_is_is_not_encoded_again() {
    let file = png(&picture(160, 120));
    let request = ExpandOptions::new().first_request(file.clone(), &wider()).unwrap();
    let sent = volcv::core::types::CvRequest::clone(&request.request().unwrap());
    assert!(format!("{sent:?}").contains(&format!("{} bytes", file.len())), "{sent:?}");
}

#[test]
fn a_result_that_comes_as_a_link_is_downloaded() {
    on_each_transport(|emulator, client| {
        let settings = Outpaint::equal(Vec::new(), 0.5).return_url(true);
        let options = ExpandOptions::new().settings(settings);
        let expanded = client.expand(png(&picture(160, 120)).into(), &wider(), &options).unwrap();
        assert!(expanded.is_exact());
        assert_eq!((emulator.charges(), emulator.requests().len()), (1, 2));
    });
}

#[test]
fn a_link_that_cannot_be_downloaded_comes_with_the_error() {
    on_each_transport(|emulator, client| {
        emulator.push("ok".parse().unwrap());
        (0..4).for_each(|_| emulator.push("status=404".parse().unwrap()));
        let settings = Outpaint::equal(Vec::new(), 0.5).return_url(true);
        let options = ExpandOptions::new().settings(settings);
        let error = client.expand(png(&picture(160, 120)).into(), &wider(), &options).unwrap_err();
        assert_eq!((error.charge(), error.links().len(), error.is_retryable()), (Charge::Charged, 1, false), "{error}");
        assert!(error.links()[0].starts_with(&emulator.base_url()), "{:?}", error.links());
    });
}

#[test]
fn an_input_can_be_a_link() {
    on_each_transport(|_, client| {
        let settings = Outpaint::equal(png(&picture(160, 120)), 0.5).return_url(true);
        let outcome = client.outpaint(&settings, &volcv::CallOptions::new()).unwrap();
        let [volcv::Output::Link(link)] = &outcome.outputs[..] else { panic!("{outcome:?}") };
        let expanded = client.expand(Source::link(link), &wider(), &ExpandOptions::new()).unwrap();
        assert_eq!(expanded.image.size(), Size { width: 320 + 64, height: 240 });
        let error = client.expand(Source::link("http://10.0.0.1/x.png"), &wider(), &ExpandOptions::new()).unwrap_err();
        assert_eq!(error.charge(), Charge::None, "{error}");
    });
}

#[test]
fn a_picture_that_more_than_doubles_takes_two_calls_and_stays_exact() {
    on_each_transport(|emulator, client| {
        let original = picture(160, 120);
        let wish = Wish::target(Size { width: 900, height: 300 });
        let source = || Source::from(png(&original));
        let refused = client.expand(source(), &wish, &ExpandOptions::new()).unwrap_err();
        assert_eq!((refused.kind(), emulator.requests().len()), (ErrorKind::InvalidInput, 0), "{refused}");
        assert!(refused.to_string().contains("max_passes"), "{refused}");

        let expanded = client.expand(source(), &wish, &ExpandOptions::new().max_passes(2)).unwrap();
        assert_eq!((expanded.passes.len(), emulator.charges(), expanded.charges()), (2, 2, 2));
        assert_eq!(expanded.image.size(), Size { width: 900, height: 300 });
        assert_eq!(original_in(&expanded), *original.as_raw());
        assert!(expanded.is_exact());
    });
}

#[test]
fn what_the_first_of_two_calls_bought_comes_with_the_error_of_the_second() {
    on_each_transport(|emulator, client| {
        emulator.push("ok".parse().unwrap());
        emulator.push("code=50511".parse().unwrap());
        let wish = Wish::target(Size { width: 900, height: 300 });
        let options = ExpandOptions::new().max_passes(2);
        let error = client.expand(png(&picture(160, 120)).into(), &wish, &options).unwrap_err();
        assert_eq!((error.kind(), error.charge()), (ErrorKind::Refused, Charge::Charged), "{error}");
        assert_eq!((error.attempts().len(), error.is_retryable()), (2, false));
        let first = image::load_from_memory(error.rejected_picture().unwrap()).unwrap();
        assert!(first.width() > 160 && first.width() < 900);
    });
}

/// A PNG with its end, whose pixels are damaged: it passes every check but decoding.
fn damaged() -> Vec<u8> {
    let mut file = png(&gradient(224, 120));
    let middle = file.len() / 2;
    file[middle] ^= 0xff;
    file
}

/// The error of an operation whose one call gives these files.
fn error_of_a_reply_with(files: &[&[u8]]) -> Error {
    use base64::Engine as _;
    let text = |file: &&[u8]| format!("{:?}", base64::engine::general_purpose::STANDARD.encode(file));
    let texts = files.iter().map(text).collect::<Vec<_>>().join(",");
    let reply = format!(r#"{{"code":10000,"data":{{"binary_data_base64":[{texts}]}},"request_id":"r-1"}}"#);
    let transport = from_fn(move |mut request, sink, _, _| {
        std::io::copy(request.body_mut(), &mut std::io::sink()).unwrap();
        sink.head(200, &Default::default())?;
        Ok(sink.data(reply.as_bytes())?)
    });
    let client: BlockingClient = ClientBuilder::new("https://gw.example", "key").transport(transport).unwrap();
    client.expand(png(&picture(160, 120)), &wider(), &ExpandOptions::new()).unwrap_err()
}

#[test]
fn a_result_that_cannot_be_decoded_is_handed_over() {
    let damaged = damaged();
    let error = error_of_a_reply_with(&[&damaged]);
    assert_eq!((error.kind(), error.charge()), (ErrorKind::Decode, Charge::Charged), "{error}");
    assert_eq!(error.rejected_pictures(), [volcv::Bytes::from(damaged)]);
    assert_eq!(error.attempts().len(), 1);
}

#[test]
fn every_picture_of_a_reply_whose_first_cannot_be_decoded_is_handed_over() {
    let (damaged, second) = (damaged(), png(&gradient(224, 121)));
    let error = error_of_a_reply_with(&[&damaged, &second]);
    assert_eq!(error.rejected_pictures(), [volcv::Bytes::from(damaged), volcv::Bytes::from(second)]);
}

#[test]
fn variants_stream_as_they_come_and_the_best_has_the_smallest_seam() {
    on_each_transport(|emulator, client| {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let options = ExpandOptions::new().on_result(move |index, result| {
            sink.lock().unwrap().push((index, result.as_ref().is_ok_and(Expanded::is_exact)));
        });
        let source = Source::from(png(&picture(160, 120)));
        let results = client.expand_variants(source.clone(), &wider(), &[5, 6, 7], &options).unwrap();
        assert_eq!((results.len(), emulator.charges()), (3, 3));
        let mut seen = seen.lock().unwrap().clone();
        seen.sort_unstable();
        assert_eq!(seen, [(0, true), (1, true), (2, true)]);
        let seeds: Vec<_> = results.iter().flat_map(|result| result.as_ref().unwrap().seeds()).collect();
        assert_eq!(seeds, [Some(5), Some(6), Some(7)]);
        let seam = |index: usize| results[index].as_ref().unwrap().report().unwrap().seam_after;
        let best = best(&results).unwrap();
        assert!((0..3).all(|index| seam(best) <= seam(index) + 0.5));
        let twice = client.expand_variants(source, &wider(), &[5, 5], &options).unwrap_err();
        assert_eq!((twice.kind(), emulator.charges()), (ErrorKind::InvalidInput, 3));
    });
}

#[test]
fn bad_input_is_refused_before_anything_is_sent() {
    on_each_transport(|emulator, client| {
        let cut = png(&picture(160, 120))[..400].to_vec();
        for (source, wish, field) in [
            (Source::from(cut), wider(), "picture"),
            (Source::from(b"GIF89a not a picture for us".to_vec()), wider(), "picture"),
            (Source::from(png(&picture(160, 120))), Wish::target(Size { width: 100, height: 100 }), "target"),
            (Source::from(png(&picture(160, 120))), Wish::pixels(Margins::ZERO), "left"),
        ] {
            let error = client.expand(source, &wish, &ExpandOptions::new()).unwrap_err();
            assert_eq!((error.kind(), error.charge()), (ErrorKind::InvalidInput, Charge::None), "{error}");
            assert!(error.to_string().contains(field), "{field}: {error}");
        }
        assert!(emulator.requests().is_empty());
    });
}

/// What a real model does: other colours, a shift, another size.
#[test]
fn a_distorted_result_is_put_right_around_an_untouched_original() {
    let original = picture(320, 240);
    for transport in TRANSPORTS {
        for (words, offset) in [("cast", (0, 0)), ("cast,shift=3/-2", (3, -2)), ("cast,scale=0.98", (0, 0))] {
            let emulator = Emulator::builder().distort(words.parse().unwrap()).start().unwrap();
            let client = AnyClient::new(transport, builder(&emulator));
            let wish = Wish::pixels(Margins::all(64));
            let expanded = client.expand(png(&original).into(), &wish, &ExpandOptions::new().seed(3)).unwrap();
            let report = expanded.report().unwrap();
            assert_eq!(expanded.image.size(), Size { width: 448, height: 368 });
            assert_eq!(original_in(&expanded), *original.as_raw(), "{words}");
            assert!(report.exact && report.recognised, "{words}: {report:?}");
            assert_eq!(report.offset, offset, "{words}: {report:?}");
            assert!(report.seam_after < report.seam_before / 2.0, "{words}: {report:?}");
        }
    }
}

/// The limits of the service are not the end of a large photo.
#[test]
fn an_upload_that_is_scaled_down_does_not_cost_the_original_its_resolution() {
    let original = picture(400, 300);
    on_each_transport(|emulator, client| {
        let plan = volcv::PlanOptions::new().max_side(256);
        let expanded = client.expand(png(&original).into(), &wider(), &ExpandOptions::new().plan(plan)).unwrap();
        assert_eq!(expanded.image.size(), Size { width: 464, height: 300 });
        assert_eq!(original_in(&expanded), *original.as_raw());
        let file = image::load_from_memory(expanded.files().next().unwrap()).unwrap();
        assert!(file.width() <= 256 && emulator.charges() == 1, "{}", file.width());

        let options = ExpandOptions::new().plan(plan).keep(volcv::Keep::Result);
        let expanded = client.expand(png(&original).into(), &wider(), &options).unwrap();
        assert!(expanded.image.size().width <= 256 && expanded.is_exact());
    });
}

#[test]
fn overlap_and_context_go_through_canvas_mode_and_stay_exact() {
    let original = picture(320, 240);
    on_each_transport(|emulator, client| {
        let wish = Wish::pixels(Margins { right: 100, ..Margins::ZERO });
        for plan in [
            volcv::PlanOptions::new().overlap(8),
            volcv::PlanOptions::new().context(50),
            volcv::PlanOptions::new().canvas(true).soft(6),
        ] {
            let options = ExpandOptions::new().plan(plan);
            let expanded = client.expand(png(&original).into(), &wish, &options).unwrap();
            assert_eq!(expanded.image.size(), Size { width: 420, height: 240 });
            assert_eq!(original_in(&expanded), *original.as_raw());
        }
        assert_eq!(emulator.charges(), 3);
    });
}

#[test]
fn a_picture_with_alpha_keeps_it() {
    let mut rgba = image::RgbaImage::from_fn(160, 120, |x, y| image::Rgba([x as u8, y as u8, 90, 255]));
    rgba.put_pixel(5, 7, image::Rgba([1, 2, 3, 0]));
    let layout = Layout::new(Size { width: 160, height: 120 }, PixelFormat::Rgba8);
    on_each_transport(|_, client| {
        let pixels = Pixels::new(rgba.as_raw(), layout).unwrap();
        let expanded = client.expand(pixels.into(), &wider(), &ExpandOptions::new()).unwrap();
        assert!(expanded.image.has_alpha() && expanded.is_exact());
        assert_eq!(original_in(&expanded), *rgba.as_raw());
        assert_eq!(expanded.image.row(0)[3], 255, "what is new is opaque");
    });
}

#[test]
fn the_deadline_is_that_of_the_whole_operation() {
    on_each_transport(|emulator, client| {
        emulator.push("delay=2500".parse().unwrap());
        let call = volcv::CallOptions::new().deadline(std::time::Duration::from_millis(1500));
        let options = ExpandOptions::new().max_passes(2).call(call);
        let wish = Wish::target(Size { width: 900, height: 300 });
        let error = client.expand(png(&picture(160, 120)).into(), &wish, &options).unwrap_err();
        assert_eq!((error.kind(), emulator.requests().len()), (ErrorKind::OutcomeUnknown, 1), "{error}");
    });
}
