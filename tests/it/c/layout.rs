//! Sizes, offsets and numbers of volcv.h, as C and as Rust see them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use super::header::{Field, Header};
use super::{Build, abi, compile, fresh_folder, ran, root};

/// What Rust says of the structs, in the words of the generated C program.
fn structs_of_rust() -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    macro_rules! structs {
        ($($name:ident { $($field:ident)* })*) => {$(
            lines.insert(format!("{} {}", stringify!($name), size_of::<abi::$name>()));
            $(lines.insert(format!(
                "{}.{} {}",
                stringify!($name),
                stringify!($field).trim_start_matches("r#"),
                std::mem::offset_of!(abi::$name, $field)
            ));)*
        )*};
    }
    structs! {
        volcv_header { name value }
        volcv_http_request {
            struct_size flags body_size connect_limit_ms attempt_limit_ms method url headers header_count
        }
        volcv_http_transport { struct_size flags user start cancel destroy }
        volcv_client_options {
            struct_size flags base_url api_key max_in_flight max_queued connect_limit_ms stall_limit_ms attempt_limit_ms
            deadline_ms reply_limit_bytes max_attempts charge_limit tls_roots log_level extra_roots extra_roots_size
            transport log log_user on_ready on_ready_user proxy pixels_hooks credentials access_key secret_key
            session_token region poll_interval_ms reserved threads allocator
        }
        volcv_allocator { struct_size flags user alloc free }
        volcv_credentials { struct_size flags expires_unix access_key secret_key session_token message }
        volcv_credentials_hook { struct_size flags user get release reserved }
        volcv_error {
            struct_size code charge flags attempts delivery http_status retry_after_ms service_code request_id message
        }
        volcv_event { r#type result job user }
        volcv_picture { struct_size flags data size link release release_user }
        volcv_outpaint {
            struct_size flags mode prompt_field picture mask left right top bottom aspect_width aspect_height anchor_x
            anchor_y scale strength seed steps max_width max_height picture_width picture_height target_width target_height
            x y max_passes max_side overlap soft context feather ability prompt extra_json pixels reserved_pointer
        }
        volcv_inpaint {
            struct_size flags ability quality seed scale strength steps dilate_size picture mask prompt extra_json
        }
        volcv_task_request { struct_size flags actions reserved outpaint inpaint raw reserved_pointer }
        volcv_pixels {
            struct_size flags format width height reserved stride data size release release_user
        }
        volcv_pixels_hooks { struct_size flags user acquire submit }
        volcv_pixels_info {
            struct_size width height has_alpha passes charges exact recognised offset_x offset_y ncc seam_before seam_after
            scale
        }
        volcv_plan_info {
            struct_size calls result_width result_height original_x original_y original_width original_height crop_x crop_y
            crop_width crop_height source_width source_height warning_count reserved warnings
        }
        volcv_job_options { struct_size flags user deadline_ms reserved }
        volcv_raw { struct_size flags action version json pictures picture_count }
        volcv_progress { struct_size phase attempt result sent send_total received receive_total }
        volcv_image_info { struct_size format width height data size }
        volcv_buffer { id data size }
        volcv_thread_hooks { struct_size flags user on_start on_stop }
    }
    lines.insert(format!("volcv_api {}", size_of::<abi::api_table::volcv_api>()));
    lines.extend(abi::api_table::FIELDS.iter().map(|(field, offset)| format!("volcv_api.{field} {offset}")));
    lines
}

/// What Rust says of the numbers.
fn numbers_of_rust() -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    macro_rules! numbers {
        ($($name:ident)*) => {$( lines.insert(format!("{} {}", stringify!($name), i128::try_from(abi::$name).unwrap())); )*};
    }
    numbers! {
        VOLCV_ABI_VERSION VOLCV_WAIT_FOREVER VOLCV_REQUEST_ID_SIZE VOLCV_MESSAGE_SIZE VOLCV_EVENT_DONE
        VOLCV_CHARGE_NONE VOLCV_CHARGE_UNKNOWN VOLCV_CHARGE_CHARGED
        VOLCV_DELIVERY_NONE VOLCV_DELIVERY_PARTIAL VOLCV_DELIVERY_FULL VOLCV_ERROR_RETRYABLE
        VOLCV_ERROR_TASK_ENDED
        VOLCV_PHASE_QUEUED VOLCV_PHASE_CONNECTING VOLCV_PHASE_UPLOADING VOLCV_PHASE_WAITING VOLCV_PHASE_DOWNLOADING
        VOLCV_PHASE_BACKOFF VOLCV_PHASE_ENDED VOLCV_PHASE_TASK VOLCV_CLIENT_ALLOW_INSECURE_HTTP VOLCV_CLIENT_NEW_SEED
        VOLCV_CLIENT_PROXY_FROM_ENV VOLCV_CLIENT_FIND_CREDENTIALS
        VOLCV_TLS_ROOTS_DEFAULT VOLCV_TLS_ROOTS_PLATFORM VOLCV_TLS_ROOTS_EXTRA_ONLY
        VOLCV_LOG_DEFAULT VOLCV_LOG_ERROR VOLCV_LOG_WARN VOLCV_LOG_INFO VOLCV_LOG_DEBUG
        VOLCV_MODE_SIDES VOLCV_MODE_ASPECT VOLCV_MODE_CANVAS VOLCV_MODE_PIXELS VOLCV_MODE_TARGET VOLCV_MODE_PLACED
        VOLCV_OUTPAINT_RETURN_LINK VOLCV_OUTPAINT_STRICT VOLCV_OUTPAINT_SEED_ZERO VOLCV_OUTPAINT_PIXELS
        VOLCV_OUTPAINT_NO_PASTE VOLCV_OUTPAINT_KEEP_RESULT VOLCV_OUTPAINT_CROP VOLCV_OUTPAINT_SHRINK
        VOLCV_OUTPAINT_DOWNLOAD VOLCV_ABILITY_OUTPAINTING VOLCV_ABILITY_PAINTING_EDIT
        VOLCV_INPAINT_EDIT VOLCV_INPAINT_ERASE VOLCV_PAINTING_EDIT
        VOLCV_INPAINT_RETURN_LINK VOLCV_INPAINT_STRICT VOLCV_INPAINT_SEED_ZERO VOLCV_INPAINT_DOWNLOAD
        VOLCV_QUALITY_DEFAULT VOLCV_QUALITY_HIGH VOLCV_QUALITY_MEDIUM VOLCV_QUALITY_LOW
        VOLCV_ACTIONS_SYNC2ASYNC VOLCV_ACTIONS_PLAIN
        VOLCV_TASK_OTHER VOLCV_TASK_IN_QUEUE VOLCV_TASK_GENERATING VOLCV_TASK_DONE VOLCV_TASK_NOT_FOUND
        VOLCV_TASK_EXPIRED VOLCV_JOB_DOWNLOAD
        VOLCV_PIXEL_RGBA8 VOLCV_PIXEL_BGRA8 VOLCV_PIXEL_RGB8 VOLCV_PIXEL_BGR8 VOLCV_PIXEL_GRAY8
        VOLCV_PIXELS_BOTTOM_UP VOLCV_PIXELS_PREMULTIPLIED VOLCV_PIXELS_OPAQUE VOLCV_PIXELS_BORROW
        VOLCV_PROMPT_DEFAULT VOLCV_PROMPT_PLAIN VOLCV_PROMPT_CUSTOM VOLCV_PROMPT_BOTH VOLCV_PICTURE_BORROW
        VOLCV_FORMAT_UNKNOWN VOLCV_FORMAT_PNG VOLCV_FORMAT_JPEG VOLCV_FORMAT_WEBP VOLCV_FORMAT_BMP VOLCV_FORMAT_GIF
        VOLCV_FORMAT_TIFF VOLCV_FORMAT_HEIF
        VOLCV_OK VOLCV_E_INTERNAL VOLCV_E_INVALID_ARGUMENT VOLCV_E_UNSUPPORTED VOLCV_E_ABI_MISMATCH VOLCV_E_STALE
        VOLCV_E_BUSY VOLCV_E_NOT_READY VOLCV_E_TIMEOUT VOLCV_E_INTERRUPTED VOLCV_E_SHUTDOWN VOLCV_E_OUT_OF_MEMORY
        VOLCV_E_FORKED VOLCV_E_REENTRANT VOLCV_E_NO_RESULT VOLCV_E_INVALID_INPUT VOLCV_E_AUTH VOLCV_E_QUOTA
        VOLCV_E_THROTTLED VOLCV_E_REFUSED VOLCV_E_SERVICE VOLCV_E_CONNECT VOLCV_E_TLS VOLCV_E_OUTCOME_UNKNOWN
        VOLCV_E_DECODE VOLCV_E_RESPONSE_TOO_LARGE VOLCV_E_CANCELLED VOLCV_E_CONFIG VOLCV_E_IO VOLCV_E_PROTOCOL
    }
    for (name, part) in ["VOLCV_VERSION_MAJOR", "VOLCV_VERSION_MINOR", "VOLCV_VERSION_PATCH"]
        .into_iter()
        .zip(workspace_version().split('.'))
    {
        lines.insert(format!("{name} {part}"));
    }
    lines.insert(format!("VOLCV_VERSION {}", workspace_version()));
    lines
}

pub(super) fn workspace_version() -> String {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let after = manifest.split_once("[workspace.package]\nversion = \"").unwrap().1;
    after.split('"').next().unwrap().to_owned()
}

#[test]
fn c_and_rust_agree_on_every_offset_and_number() {
    let header = Header::read();
    let mut text = String::from("#include <stdio.h>\n#include <volcv.h>\n\nint main(void)\n{\n");
    for one in header.structs() {
        let name = &one.name;
        writeln!(text, "    printf(\"{name} %zu\\n\", sizeof({name}));").unwrap();
        for Field { name: field, .. } in &one.fields {
            writeln!(text, "    printf(\"{name}.{field} %zu\\n\", offsetof({name}, {field}));").unwrap();
        }
    }
    for (name, _) in header.constants() {
        writeln!(text, "    printf(\"{name} %lld\\n\", (long long){name});").unwrap();
    }
    text += "    printf(\"VOLCV_VERSION %s\\n\", VOLCV_VERSION);\n    return 0;\n}\n";
    let source = fresh_folder("layout").join("layout.c");
    fs::write(&source, text).unwrap();
    let c_says = ran(&mut Command::new(compile("cc", &["-std=c11"], source.to_str().unwrap(), Build::Full)));
    let c_says: BTreeSet<String> = c_says.lines().map(str::to_owned).collect();
    let rust_says = &structs_of_rust() | &numbers_of_rust();
    let difference: Vec<_> = c_says.symmetric_difference(&rust_says).collect();
    assert!(difference.is_empty() && c_says.len() > 150, "{difference:#?}");
}
