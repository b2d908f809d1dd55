//! Whatever texts, numbers and replies come through the C functions, it ends with a result, and never with a defect.
#![no_main]
#![allow(
    unexpected_cfgs,
    dead_code,
    unreachable_pub,
    unused_imports,
    non_camel_case_types,
    reason = "the library's source is compiled in"
)]

// The library has no Rust interface, and a loaded one would hide its coverage from the fuzzer.
#[path = "../../crates/volcv-ffi/src/abi/mod.rs"]
mod abi;
#[path = "../../crates/volcv-ffi/src/engine/mod.rs"]
mod engine;
#[path = "../../crates/volcv-ffi/src/memory.rs"]
mod memory;

use std::cell::UnsafeCell;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use volcv_fuzz::KEY;

use abi::*;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    /// Which function: raw if it is odd, otherwise one of the four others.
    kind: u8,
    flags: u32,
    mode: u8,
    prompt_field: u8,
    picture_flags: u8,
    numbers: [f64; 10],
    seed: i64,
    sizes: [u32; 5],
    /// Whether the picture is pixels, and of which format and size.
    pixels: Option<[u8; 5]>,
    /// Target, passes, overlap and the like.
    wish: [u16; 8],
    picture: &'a [u8],
    mask: Option<&'a [u8]>,
    texts: [Option<&'a [u8]>; 5],
    reply: Reply<'a>,
}

/// What the host's transport does with the one exchange.
#[derive(Arbitrary, Debug, Clone, Copy)]
struct Reply<'a> {
    start: i32,
    read: u16,
    status: i32,
    header: [&'a [u8]; 2],
    body: &'a [u8],
    complete: i32,
    reason: Option<&'a [u8]>,
}

/// The reply of the input that is being run: one input at a time, and the transport runs while `run` waits.
struct Current(UnsafeCell<Option<Reply<'static>>>);
unsafe impl Sync for Current {}
static CURRENT: Current = Current(UnsafeCell::new(None));

fuzz_target!(|input: Input<'_>| {
    let client = client();
    let texts = input.texts.map(|text| text.map(c_text));
    let text = |at: usize| texts[at].as_ref().map_or(null(), |text: &CString| text.as_ptr());
    // SAFETY: the pointers are to living values, and the reply lives until `run` has returned.
    unsafe {
        *CURRENT.0.get() = Some(std::mem::transmute::<Reply<'_>, Reply<'static>>(input.reply));
        let picture = |bytes: &[u8]| volcv_picture {
            struct_size: size_of::<volcv_picture>() as u32,
            flags: input.picture_flags.into(),
            data: if bytes.is_empty() { null() } else { bytes.as_ptr().cast() },
            size: bytes.len(),
            link: text(0),
            release: None,
            release_user: null_mut(),
        };
        let (image, mask) = (picture(input.picture), input.mask.map(picture));
        let pixels = input.pixels.map(|[flags, format, width, height, stride]| volcv_pixels {
            struct_size: size_of::<volcv_pixels>() as u32,
            flags: flags.into(),
            format: format.into(),
            width: width.into(),
            height: height.into(),
            reserved: 0,
            stride: stride.into(),
            data: input.picture.as_ptr().cast_mut().cast(),
            size: input.picture.len(),
            release: None,
            release_user: null_mut(),
        });
        let mut job = 7;
        let mut error: volcv_error = std::mem::zeroed();
        error.struct_size = size_of::<volcv_error>() as u32;
        let request = volcv_raw {
            struct_size: size_of::<volcv_raw>() as u32,
            flags: input.flags & 1,
            action: text(1),
            version: text(2),
            json: text(3),
            pictures: &image,
            picture_count: usize::from(input.mode % 2),
        };
        let outpaint = outpaint(&input, &image, pixels.as_ref(), mask.as_ref(), text(3), text(4));
        let inpaint = inpaint(&input, &image, mask.as_ref().unwrap_or(&image), text(3), text(4));
        let options = volcv_job_options {
            struct_size: size_of::<volcv_job_options>() as u32,
            flags: 0,
            user: 0,
            // A task may be at work for ever.
            deadline_ms: 20,
            reserved: 0,
        };
        let result = match (input.kind & 1, input.kind >> 1 & 3) {
            (1, _) => volcv_raw_submit(client, &request, null(), &mut job, &mut error),
            (_, 0) => volcv_outpaint_run(client, &outpaint, null(), &mut job, &mut error),
            (_, 1) => volcv_inpaint_submit(client, &inpaint, &options, &mut job, &mut error),
            (_, 2) => {
                let request = task_request(&input, &outpaint, &inpaint, &request);
                volcv_task_submit(client, &request, null(), &mut job, &mut error)
            }
            _ => {
                let functions = [volcv_task_wait, volcv_task_status, volcv_task_cancel];
                functions[usize::from(input.mode) % 3](client, text(3), &options, &mut job, &mut error)
            }
        };
        if result == VOLCV_OK {
            assert_eq!(volcv_wait(client, &job, 1, 1, VOLCV_WAIT_FOREVER), VOLCV_OK);
            assert_eq!(volcv_job_error(client, job, &mut error), VOLCV_OK);
            let (mut task, mut size, mut status) = (null(), 0, 0);
            if volcv_job_task(client, job, &mut task, &mut size) == VOLCV_OK {
                assert_eq!(CStr::from_ptr(task).to_str().expect("UTF-8").len(), size);
            }
            let _ = volcv_job_task_status(client, job, &mut status);
        }
        assert!(result != VOLCV_OK || job != 0);
        assert_ne!(result, VOLCV_E_INTERNAL);
        let message = CStr::from_ptr(error.message.as_ptr()).to_str().expect("UTF-8");
        assert!(!message.contains(KEY), "{message}");
        assert!(!message.chars().any(char::is_control), "{message:?}");
        if job != 0 {
            assert_eq!(volcv_job_release(client, job), VOLCV_OK);
        }
        let mut event = [std::mem::zeroed::<volcv_event>()];
        assert_eq!(volcv_poll(client, event.as_mut_ptr(), 1), 0, "a released job has no event");
    }
});

fn outpaint(
    input: &Input<'_>,
    picture: *const volcv_picture,
    pixels: Option<&volcv_pixels>,
    mask: Option<&volcv_picture>,
    prompt: *const c_char,
    extra_json: *const c_char,
) -> volcv_outpaint {
    let [left, right, top, bottom, aspect_width, aspect_height, scale, strength, anchor_x, anchor_y] = input.numbers;
    let [width, height, x, y, passes, overlap, soft, context] = input.wish;
    let [steps, max_width, max_height, picture_width, picture_height] = input.sizes;
    let mode = u32::from(input.mode % 7);
    // What belongs to another mode is refused, so mostly it is left out.
    let of = |own: u32, number: f64| if mode == own || input.mode >= 240 { number } else { 0.0 };
    let in_sides = |number: f64| if mode == VOLCV_MODE_PIXELS { number.trunc() } else { of(VOLCV_MODE_SIDES, number) };
    let in_target = |number: u16| if mode >= VOLCV_MODE_TARGET || input.mode >= 240 { number.into() } else { 0 };
    volcv_outpaint {
        struct_size: size_of::<volcv_outpaint>() as u32,
        flags: input.flags & 1023,
        mode,
        prompt_field: (input.prompt_field % 5).into(),
        picture: if pixels.is_some() && input.mode < 240 { null() } else { picture },
        pixels: pixels.map_or(null(), |pixels| pixels),
        mask: mask.filter(|_| mode == VOLCV_MODE_CANVAS || input.mode >= 240).map_or(null(), |mask| mask),
        left: in_sides(left),
        right: in_sides(right),
        top: in_sides(top),
        bottom: in_sides(bottom),
        aspect_width: of(VOLCV_MODE_ASPECT, aspect_width),
        aspect_height: of(VOLCV_MODE_ASPECT, aspect_height),
        scale,
        strength,
        seed: input.seed,
        steps,
        max_width,
        max_height,
        picture_width,
        picture_height,
        target_width: in_target(width),
        target_height: in_target(height),
        x: if mode == VOLCV_MODE_PLACED { x.into() } else { 0 },
        y: if mode == VOLCV_MODE_PLACED { y.into() } else { 0 },
        anchor_x,
        anchor_y,
        max_passes: passes.into(),
        max_side: 0,
        overlap: overlap.into(),
        soft: soft.into(),
        context: context.into(),
        feather: 0,
        // The other ability is a task, for which a wait takes seconds.
        ability: VOLCV_ABILITY_OUTPAINTING,
        reserved_pointer: null(),
        prompt,
        extra_json,
    }
}

fn inpaint(
    input: &Input<'_>,
    picture: *const volcv_picture,
    mask: *const volcv_picture,
    prompt: *const c_char,
    extra_json: *const c_char,
) -> volcv_inpaint {
    let ability = u32::from(input.mode % 5);
    let has = |ones: &[u32]| ones.contains(&ability) || input.mode >= 240;
    let (numbers, erase) = (has(&[VOLCV_INPAINT_EDIT, VOLCV_INPAINT_ERASE]), has(&[VOLCV_INPAINT_ERASE]));
    volcv_inpaint {
        struct_size: size_of::<volcv_inpaint>() as u32,
        flags: input.flags & 263,
        ability,
        quality: if erase { u32::from(input.prompt_field % 5) } else { 0 },
        seed: input.seed,
        scale: if numbers { input.numbers[6] } else { 0.0 },
        strength: if erase { input.numbers[7] } else { 0.0 },
        steps: if numbers { input.sizes[0] } else { 0 },
        dilate_size: if erase { input.sizes[1] } else { 0 },
        picture,
        mask,
        prompt: if ability == VOLCV_INPAINT_ERASE && input.mode < 240 { null() } else { prompt },
        extra_json,
    }
}

fn task_request(
    input: &Input<'_>,
    outpaint: &volcv_outpaint,
    inpaint: &volcv_inpaint,
    raw: &volcv_raw,
) -> volcv_task_request {
    let which = input.kind >> 3 & 7;
    volcv_task_request {
        struct_size: size_of::<volcv_task_request>() as u32,
        flags: 0,
        actions: u32::from(input.kind >> 6),
        reserved: 0,
        outpaint: if which % 3 == 0 { outpaint } else { null() },
        inpaint: if which % 3 == 1 { inpaint } else { null() },
        raw: if which % 3 == 2 || which == 7 { raw } else { null() },
        reserved_pointer: null(),
    }
}

/// As far as its first NUL.
fn c_text(bytes: &[u8]) -> CString {
    CString::new(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).expect("there is no NUL")
}

/// One client for all inputs, whose HTTP is the functions below.
fn client() -> *mut volcv_client {
    static CLIENT: OnceLock<usize> = OnceLock::new();
    let made = CLIENT.get_or_init(|| {
        let transport = volcv_http_transport {
            struct_size: size_of::<volcv_http_transport>() as u32,
            flags: 0,
            user: null_mut(),
            start: Some(start),
            cancel: Some(cancel),
            destroy: None,
        };
        let key = CString::new(KEY).expect("there is no NUL");
        // SAFETY: all structs may be zero, and the pointers are to living values.
        unsafe {
            let mut options: volcv_client_options = std::mem::zeroed();
            options.struct_size = size_of::<volcv_client_options>() as u32;
            options.base_url = c"https://gw.example".as_ptr();
            options.api_key = key.as_ptr();
            (options.max_in_flight, options.max_attempts) = (1, 1);
            options.transport = &transport;
            let mut client = null_mut();
            assert_eq!(volcv_client_create(VOLCV_ABI_VERSION, &options, &mut client, null_mut()), VOLCV_OK);
            client as usize
        }
    });
    *made as *mut volcv_client
}

unsafe extern "C" fn start(
    _: *mut c_void,
    client: *mut volcv_client,
    exchange: volcv_exchange,
    _: *const volcv_http_request,
) -> volcv_result {
    // SAFETY: see CURRENT; the pointers are to living values.
    unsafe {
        let Some(reply) = *CURRENT.0.get() else { return VOLCV_E_IO };
        if reply.start < 0 {
            return reply.start;
        }
        let (mut buffer, mut size) = (vec![0; usize::from(reply.read) + 1], 0);
        while volcv_http_body_read(client, exchange, buffer.as_mut_ptr().cast(), buffer.len(), &mut size) == VOLCV_OK {
            if size == 0 || reply.start & 1 != 0 {
                break;
            }
        }
        let [name, value] = reply.header.map(c_text);
        let header = volcv_header { name: name.as_ptr(), value: value.as_ptr() };
        volcv_http_on_head(client, exchange, reply.status % 1100, &header, 1);
        volcv_http_on_data(client, exchange, reply.body.as_ptr().cast(), reply.body.len());
        let reason = reply.reason.map(c_text);
        let reason = reason.as_ref().map_or(null(), |text| text.as_ptr());
        if volcv_http_complete(client, exchange, reply.complete, reason) == VOLCV_E_INVALID_ARGUMENT {
            volcv_http_complete(client, exchange, VOLCV_OK, null());
        }
        VOLCV_OK
    }
}

unsafe extern "C" fn cancel(_: *mut c_void, _: volcv_exchange) {}
