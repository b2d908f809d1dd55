//! What a caller gets: the very pixels, four different variants, links, raw JSON, progress.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use serde_json::json;
use volcv::{CallOptions, ClientBuilder, CvRequest, ErrorKind, Outpaint, Output, Phase, Picture, Progress, Sides};
use volcv_emulator::Emulator;

use crate::support::{AnyClient, TRANSPORTS, builder, gradient, large, png, small};

#[test]
fn the_original_pixels_stay_where_they_belong() {
    let original = gradient(96, 64);
    let sides = Sides { top: 0.25, bottom: 0.5, left: 0.5, right: 0.0 };
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        let client = AnyClient::new(transport, builder(&emulator));
        let outcome = client.outpaint(&Outpaint::sides(png(&original), sides), &CallOptions::new()).unwrap();
        let grown = image::load_from_memory(outcome.picture().unwrap()).unwrap().to_rgb8();
        assert_eq!(grown.dimensions(), (144, 112));
        for (x, y, pixel) in original.enumerate_pixels() {
            assert_eq!(grown.get_pixel(x + 48, y + 16), pixel, "{transport} at {x},{y}");
        }
    }
}

#[test]
fn both_transports_send_the_same_bytes() {
    let sent = TRANSPORTS.map(|transport| {
        let emulator = Emulator::start().unwrap();
        let client = AnyClient::new(transport, builder(&emulator));
        client.outpaint(&Outpaint::equal(small(), 0.5).prompt("蓝色的海洋").seed(3), &CallOptions::new()).unwrap();
        let request = emulator.requests().remove(0);
        let header = |name: &str| request.header(name).map(str::to_owned);
        let headers = ["content-type", "content-length", "accept", "accept-encoding", "user-agent"].map(header);
        (request.body_digest.clone(), request.query.clone(), headers)
    });
    assert_eq!(sent[0], sent[1]);
    assert_eq!(sent[0].1, "Action=CVProcess&Version=2022-08-31");
    assert_eq!(sent[0].2[3].as_deref(), Some("identity"));
}

#[test]
fn a_link_is_fetched_without_the_key() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        let client = AnyClient::new(transport, builder(&emulator));
        let outcome = client.outpaint(&Outpaint::equal(small(), 0.5).return_url(true), &CallOptions::new()).unwrap();
        let [Output::Link(link)] = &outcome.outputs[..] else { panic!("{:?}", outcome.outputs) };
        emulator.push("status=503".parse().unwrap());
        let bytes = client.download(link).unwrap();
        assert_eq!(image::load_from_memory(&bytes).unwrap().width(), 192);
        let requests = emulator.requests();
        assert_eq!(requests.iter().map(|request| request.has_key).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(emulator.charges(), 1);
    }
}

#[test]
fn a_key_that_is_not_the_gateways_is_an_auth_error_and_stays_out_of_it() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        let client = AnyClient::new(transport, ClientBuilder::new(emulator.base_url(), "sk-canary"));
        let error = client.outpaint(&Outpaint::equal(small(), 0.5), &CallOptions::new()).unwrap_err();
        assert_eq!((error.kind(), error.http_status()), (ErrorKind::Auth, Some(401)));
        assert!(error.request_id().is_some() && !format!("{error:?} {error}").contains("canary"));
    }
}

#[test]
fn any_action_goes_out_as_json_and_comes_back_as_json() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        let client = AnyClient::new(transport, builder(&emulator));
        let body = json!({"req_key": "i2i_outpainting", "top": 0.5, "bottom": 0, "left": 0, "right": 0});
        let request = CvRequest::new("CVProcess", "2022-08-31", body).unwrap().with_pictures(vec![small()]).unwrap();
        let outcome = client.call(request).unwrap();
        let reply: serde_json::Value = serde_json::from_slice(&outcome.body).unwrap();
        assert_eq!(reply["code"], 10000);
        assert!(reply["data"]["binary_data_base64"][0].as_str().unwrap().starts_with("iVBOR"));
        let unknown = CvRequest::new("NoSuchAction", "2022-08-31", json!({})).unwrap();
        let error = client.call(unknown).unwrap_err();
        assert_eq!((error.kind(), error.service_code().unwrap().number()), (ErrorKind::InvalidInput, Some(100008)));
    }
}

#[test]
fn the_gateway_pages_samples_with_real_pictures_are_accepted() {
    let base64 = |picture: &[u8]| base64::engine::general_purpose::STANDARD.encode(picture);
    let (picture, mask) = (base64(&png(&gradient(96, 64))), base64(&png(&gradient(96, 64))));
    for transport in TRANSPORTS {
        for (sample, pictures, size) in [
            (include_str!("../../crates/volcv-types/tests/fixtures/ratio_request.json"), vec![&picture], (288, 77)),
            (
                include_str!("../../crates/volcv-types/tests/fixtures/canvas_request.json"),
                vec![&picture, &mask],
                (96, 64),
            ),
        ] {
            let emulator = Emulator::start().unwrap();
            let client = AnyClient::new(transport, builder(&emulator));
            let mut body: serde_json::Value = serde_json::from_str(sample).unwrap();
            body["binary_data_base64"] = json!(pictures);
            let outcome = client.call(CvRequest::new("CVProcess", "2022-08-31", body).unwrap()).unwrap();
            let picture = image::load_from_memory(outcome.picture().unwrap()).unwrap();
            assert_eq!((picture.width(), picture.height()), size);
        }
    }
}

#[test]
fn progress_runs_through_its_phases_and_never_backwards() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        let client = AnyClient::new(transport, builder(&emulator));
        let seen = Arc::new(Mutex::new(Vec::<Progress>::new()));
        let options = CallOptions::new().progress({
            let seen = Arc::clone(&seen);
            move |progress| seen.lock().unwrap().push(*progress)
        });
        client.outpaint(&Outpaint::equal(large(), 0.1).max_width(300), &options).unwrap();
        let seen = seen.lock().unwrap();
        let mut phases: Vec<Phase> = seen.iter().map(|progress| progress.phase).collect();
        phases.dedup();
        assert_eq!(phases, [Phase::Connecting, Phase::Uploading, Phase::Waiting, Phase::Downloading], "{transport}");
        assert!(seen.windows(2).all(|pair| pair[0].sent <= pair[1].sent && pair[0].received <= pair[1].received));
        let last = seen.last().unwrap();
        assert_eq!((last.sent, Some(last.received)), (last.send_total, last.receive_total));
        assert!(seen.len() >= 16);
    }
}

#[test]
fn progress_says_why_and_for_how_long_a_call_waits() {
    for transport in TRANSPORTS {
        let emulator = Emulator::builder().faults(vec!["code=50429".parse().unwrap()]).start().unwrap();
        let client = AnyClient::new(transport, builder(&emulator));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let options = CallOptions::new().progress({
            let seen = Arc::clone(&seen);
            move |progress| seen.lock().unwrap().extend(progress.backoff.map(|backoff| (progress.phase, backoff)))
        });
        let outcome = client.outpaint(&Outpaint::equal(small(), 0.5), &options).unwrap();
        let [(Phase::Backoff, backoff)] = seen.lock().unwrap()[..] else { panic!("{transport}: {seen:?}") };
        assert_eq!(
            (backoff.reason, Some(backoff.wait)),
            (ErrorKind::Throttled, outcome.attempts[0].wait),
            "{transport}"
        );
    }
}

#[test]
fn bad_input_is_refused_before_anything_is_sent() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        let client = AnyClient::new(transport, builder(&emulator));
        for outpaint in [
            Outpaint::equal(small(), 1.01),
            Outpaint::equal(small(), 0.5).scale(21.0),
            Outpaint::canvas(small(), png(&gradient(96, 65))),
            Outpaint::equal(Picture::from(b"not a picture".to_vec()), 0.5),
        ] {
            let error = client.outpaint(&outpaint, &CallOptions::new()).unwrap_err();
            assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::InvalidInput, 0), "{error}");
        }
        let bad_seed = client.variants(&Outpaint::equal(small(), 0.5), &[1, -5], &CallOptions::new());
        assert!(bad_seed.unwrap_err().to_string().contains("seed is -5"));
        assert_eq!(emulator.connections(), 0);
    }
}

#[test]
fn a_deadline_ends_the_call_with_its_retries() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        emulator.push("status=429,retry-after=30".parse().unwrap());
        let client = AnyClient::new(transport, builder(&emulator));
        let options = CallOptions::new().deadline(Duration::from_secs(5));
        let started = std::time::Instant::now();
        let error = client.outpaint(&Outpaint::equal(small(), 0.5), &options).unwrap_err();
        assert_eq!((error.kind(), error.retry_after()), (ErrorKind::Throttled, Some(Duration::from_secs(30))));
        assert!(started.elapsed() < Duration::from_secs(3), "{transport} waited in vain");
    }
}

#[test]
fn a_link_in_the_wrong_list_or_with_blanks_around_it_is_a_link_that_can_be_fetched() {
    for transport in TRANSPORTS {
        for body in ["link-in-bytes", "padded-link"] {
            let emulator = Emulator::builder().faults(vec![format!("body={body}").parse().unwrap()]).start().unwrap();
            let client = AnyClient::new(transport, builder(&emulator));
            let outcome = client.outpaint(&Outpaint::equal(small(), 0.5), &CallOptions::new()).unwrap();
            let [Output::Link(link)] = &outcome.outputs[..] else { panic!("{transport} {body}: {outcome:?}") };
            assert_eq!(link.trim(), link, "{body}");
            assert_eq!(image::load_from_memory(&client.download(link).unwrap()).unwrap().width(), 192);
            assert_eq!(emulator.charges(), 1);
        }
    }
}

#[test]
fn the_bytes_of_a_picture_that_failed_a_check_are_handed_over() {
    for transport in TRANSPORTS {
        let faults =
            ["body=cut-picture", "body=one-of-two-cut", "body=text-behind"].map(|fault| fault.parse().unwrap());
        let emulator = Emulator::builder().faults(faults.to_vec()).start().unwrap();
        let client = AnyClient::new(transport, builder(&emulator).charge_limit(3));
        let outpaint = Outpaint::equal(small(), 0.5);
        let cut = client.outpaint(&outpaint, &CallOptions::new()).unwrap_err();
        assert_eq!((cut.kind(), cut.rejected_pictures().len()), (ErrorKind::Decode, 1), "{transport}: {cut}");
        assert!(cut.rejected_picture().unwrap().starts_with(b"\x89PNG") && cut.message().contains("without its end"));
        let two = client.outpaint(&outpaint, &CallOptions::new()).unwrap();
        assert_eq!((two.outputs.len(), two.rejected.len(), two.warnings.len()), (1, 1, 1), "{transport}: {two:?}");
        let more = client.outpaint(&outpaint, &CallOptions::new()).unwrap_err();
        let whole = image::load_from_memory(more.rejected_picture().unwrap()).unwrap();
        assert_eq!((whole.width(), emulator.complete_bodies()), (192, 3), "{transport}: {more}");
    }
}
