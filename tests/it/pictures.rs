//! What a picture's header says, on the wire: the sides that an aspect takes, the warnings, and which results are whole.

use std::ffi::{CStr, CString, c_char, c_void};
use std::io::Cursor;
use std::net::TcpListener;
use std::ptr::{null, null_mut};
use std::sync::Mutex;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::ImageFormat;
use serde_json::json;
use volcv::{CallOptions, ClientBuilder, ErrorKind, Outpaint, Output, Picture, PictureFormat};
use volcv_emulator::{DEFAULT_KEY, Emulator};

use crate::c::abi::*;
use crate::c::run::{text, zeroed};
use crate::support::{AnyClient, TRANSPORTS, builder, gradient, small, small_bytes};
use crate::wire::{answer, head, skip};

/// 192x120 pixels with a header of 12 bytes.
fn old_bitmap() -> Vec<u8> {
    let mut bytes = b"BM".to_vec();
    bytes.extend([69_146_u32, 0, 26, 12].map(u32::to_le_bytes).concat());
    bytes.extend([192_u16, 120, 1, 24].map(u16::to_le_bytes).concat());
    bytes.resize(26 + 192 * 3 * 120, 99);
    bytes
}

/// 120x192 pixels as stored, which the EXIF block turns into 192x120.
fn turned_photo() -> Vec<u8> {
    const BLOCK: &[u8] = b"\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let mut bytes = Cursor::new(Vec::new());
    gradient(120, 192).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    let bytes = bytes.into_inner();
    [&bytes[..2], BLOCK, &bytes[2..]].concat()
}

/// The emulator reads pictures with a library of its own, so that its result has the size that the caller meant.
#[track_caller]
fn assert_grows_to_16_by_9(emulator: &Emulator, result: Option<(u32, u32)>, name: &str) {
    let sent = emulator.requests()[0].json.clone().unwrap();
    let side = |name: &str| sent[name].as_f64().unwrap();
    assert!((side("left") - 0.05556).abs() < 1e-5 && side("left") == side("right"), "{name}: {sent}");
    assert_eq!((side("top"), side("bottom")), (0.0, 0.0), "{name}");
    assert_eq!(result, Some((213, 120)), "{name}");
}

#[test]
fn an_aspect_counts_in_the_upright_picture_whatever_its_header() {
    for (name, picture) in [("bitmap", old_bitmap()), ("photo", turned_photo())] {
        let outpaint = Outpaint::aspect(Picture::from(picture.clone()), 16.0, 9.0);
        assert_eq!(outpaint.output_size().unwrap().to_string(), "213x120");
        for transport in TRANSPORTS {
            let emulator = Emulator::start().unwrap();
            let client = AnyClient::new(transport, builder(&emulator));
            let outcome = client.outpaint(&outpaint, &CallOptions::new()).unwrap();
            let [Output::Picture { info, .. }] = &outcome.outputs[..] else { panic!("{:?}", outcome.outputs) };
            assert_eq!((info.format, info.bits, info.orientation), (PictureFormat::Png, 8, 1));
            let size = info.size.map(|size| (size.width, size.height));
            assert_grows_to_16_by_9(&emulator, size, &format!("{name} on {transport}"));
        }
        let emulator = Emulator::start().unwrap();
        let end = aspect_in_c(&emulator.base_url(), &picture, 0);
        assert_grows_to_16_by_9(&emulator, end.size, &format!("{name} in C"));
        let turned = end.log.iter().any(|line| line.starts_with("picture is stored on its side (EXIF orientation 6)"));
        assert_eq!(turned, name == "photo", "{:?}", end.log);
    }
}

#[test]
fn a_picture_on_its_side_is_refused_in_strict_mode_before_anything_is_sent() {
    let mut photo = Cursor::new(Vec::new());
    gradient(160, 240).write_to(&mut photo, ImageFormat::Jpeg).unwrap();
    let turned = turned_photo();
    let photo = [&turned[..38], &photo.into_inner()[2..]].concat();
    let emulator = Emulator::start().unwrap();
    for transport in TRANSPORTS {
        let client = AnyClient::new(transport, builder(&emulator));
        let outpaint = Outpaint::aspect(Picture::from(photo.clone()), 16.0, 9.0).strict(true);
        let error = client.outpaint(&outpaint, &CallOptions::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{transport}");
        assert!(error.to_string().contains("EXIF orientation 6"), "{transport}: {error}");
    }
    let end = aspect_in_c(&emulator.base_url(), &photo, VOLCV_OUTPAINT_STRICT);
    assert!(end.result == VOLCV_E_INVALID_INPUT && end.message.contains("EXIF orientation 6"), "{}", end.message);
    assert_eq!(emulator.requests().len(), 0);
}

/// A server whose reply to each call is a success with this picture.
fn serve(picture: &[u8]) -> String {
    let reply = json!({"code": 10000, "data": {"binary_data_base64": [STANDARD.encode(picture)]}}).to_string();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    // Ends with the test's process.
    thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let length = head(&mut socket);
            skip(&mut socket, length);
            answer(&mut socket, "200 OK\r\nConnection: close", &reply);
        }
    });
    base_url
}

#[test]
fn a_picture_with_stray_bytes_is_taken_as_it_came_and_a_cut_one_is_not() {
    let gif = b"GIF89a\x40\0\x40\0\0\0\0,\0\0\0\0\x40\0\x40\0\0\x02\x02;\x01\0;".as_slice();
    let turned = turned_photo();
    let jpeg = [&turned[..38], b"\0stray\xff\0", &turned[38..]].concat();
    let (bitmap, photo) = (old_bitmap(), include_bytes!("../../examples/assets/valley.jpg").as_slice());
    for (whole, picture) in [
        (true, [gif, b"behind the trailer"].concat()),
        (true, [&jpeg[..], b"behind the end"].concat()),
        (true, [&bitmap[..], b"behind the rows"].concat()),
        // The last byte is a trailer's value, but within the data.
        (false, gif[..gif.len() - 3].to_vec()),
        (false, jpeg[..jpeg.len() - 2].to_vec()),
        (false, bitmap[..bitmap.len() - 1].to_vec()),
        (false, photo[..photo.len() / 2].to_vec()),
    ] {
        let name = format!("{} bytes from {:02x?}", picture.len(), &picture[..4]);
        let base_url = serve(&picture);
        for transport in TRANSPORTS {
            let client = AnyClient::new(transport, ClientBuilder::new(&base_url, DEFAULT_KEY));
            match client.outpaint(&Outpaint::equal(small(), 0.25), &CallOptions::new()) {
                Ok(outcome) => assert!(whole && outcome.picture().unwrap()[..] == picture, "{name} on {transport}"),
                Err(error) => assert_eq!((whole, error.kind()), (false, ErrorKind::Decode), "{name}: {error}"),
            }
        }
        let end = aspect_in_c(&base_url, small_bytes(), 0);
        let (result, bytes) = if whole { (VOLCV_OK, Some(picture)) } else { (VOLCV_E_DECODE, None) };
        assert!(end.result == result && end.bytes == bytes, "{name} in C: {}", end.message);
    }
}

struct End {
    result: volcv_result,
    message: String,
    size: Option<(u32, u32)>,
    bytes: Option<Vec<u8>>,
    log: Vec<String>,
}

/// Grows a picture to 16:9 by the functions of C.
#[allow(unsafe_code, reason = "these are the functions of C")]
fn aspect_in_c(base_url: &str, picture: &[u8], flags: u32) -> End {
    unsafe extern "C" fn log(lines: *mut c_void, level: u32, _: volcv_job, line: *const c_char) {
        assert!(level <= VOLCV_LOG_WARN);
        // SAFETY: `lines` is the list below, which outlives the client.
        let (lines, line) = unsafe { (&*lines.cast::<Mutex<Vec<String>>>(), CStr::from_ptr(line)) };
        lines.lock().unwrap().push(line.to_str().unwrap().to_owned());
    }
    let (base_url, api_key) = (CString::new(base_url).unwrap(), CString::new(DEFAULT_KEY).unwrap());
    let lines = Mutex::new(Vec::new());
    // SAFETY: all structs may be zero; every pointer is to a living value of its type.
    unsafe {
        let mut options: volcv_client_options = zeroed();
        (options.base_url, options.api_key) = (base_url.as_ptr(), api_key.as_ptr());
        options.log = Some(log);
        options.log_user = (&raw const lines).cast_mut().cast();
        let (mut client, mut job) = (null_mut(), 0);
        let mut error: volcv_error = zeroed();
        assert_eq!(volcv_client_create(VOLCV_ABI_VERSION, &options, &mut client, &mut error), VOLCV_OK);
        let mut image: volcv_picture = zeroed();
        (image.data, image.size) = (picture.as_ptr().cast(), picture.len());
        let mut request: volcv_outpaint = zeroed();
        (request.picture, request.mode, request.flags) = (&image, VOLCV_MODE_ASPECT, flags);
        (request.aspect_width, request.aspect_height) = (16.0, 9.0);
        let result = volcv_outpaint_run(client, &request, null(), &mut job, &mut error);
        let mut info: volcv_image_info = zeroed();
        let has_image = result == VOLCV_OK && volcv_job_image_info(client, job, 0, &mut info) == VOLCV_OK;
        let size = has_image.then_some((info.width, info.height));
        let bytes = has_image.then(|| std::slice::from_raw_parts(info.data.cast(), info.size).to_vec());
        assert_eq!(volcv_client_destroy(client, 5000), VOLCV_OK);
        End { result, message: text(error.message.as_ptr()), size, bytes, log: lines.into_inner().unwrap() }
    }
}
