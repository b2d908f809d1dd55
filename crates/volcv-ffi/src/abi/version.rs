//! What the library says about itself and about results. These functions need no client and work even after a fork.

use std::ffi::{CStr, c_char};

use super::constants::*;

/// The number to compare with VOLCV_ABI_VERSION before anything else is called.
///
/// @return the ABI number of the library.
/// Thread: any. Blocks: no.
#[unsafe(no_mangle)]
pub extern "C" fn volcv_abi_version() -> u32 {
    VOLCV_ABI_VERSION
}

/// The version of the library with the features it was built with, as in "0.1.0 (image, ureq)".
///
/// @return a text that lives as long as the library; never NULL.
/// Thread: any. Blocks: no.
#[unsafe(no_mangle)]
pub extern "C" fn volcv_version() -> *const c_char {
    macro_rules! text {
        ($features:literal) => {
            concat!(env!("CARGO_PKG_VERSION"), " (", $features, ")\0")
        };
    }
    // A constant, so that a library has the words of its own features alone.
    const TEXT: &str = match (cfg!(feature = "image"), cfg!(feature = "ureq"), cfg!(feature = "roots-platform")) {
        (true, _, true) => text!("image, ureq, roots-platform"),
        (true, true, false) => text!("image, ureq"),
        (true, false, false) => text!("image, no built-in HTTP"),
        (false, _, true) => text!("ureq, roots-platform"),
        (false, true, false) => text!("ureq"),
        (false, false, false) => text!("no built-in HTTP"),
    };
    TEXT.as_ptr().cast()
}

/// The name of a result, as in "VOLCV_E_TLS".
///
/// @param result any number.
/// @return a text that lives as long as the library; "VOLCV_E_?" for a number that is no result; never NULL.
/// Thread: any. Blocks: no.
#[unsafe(no_mangle)]
pub extern "C" fn volcv_result_name(result: volcv_result) -> *const c_char {
    row(result).map_or(c"VOLCV_E_?", |row| row.name).as_ptr()
}

/// The name and the number of a result, for an error.
pub(crate) fn result_text(result: volcv_result) -> String {
    format!("{} ({result})", row(result).map_or(c"VOLCV_E_?", |row| row.name).to_string_lossy())
}

/// Whether doing the same again can help, by the kind of failure. For a job that failed, VOLCV_ERROR_RETRYABLE in
/// volcv_error::flags says it for that very failure, and knows what earlier attempts cost.
///
/// @param result any number.
/// @return 1 if so, otherwise 0.
/// Thread: any. Blocks: no.
#[unsafe(no_mangle)]
pub extern "C" fn volcv_result_is_retryable(result: volcv_result) -> u32 {
    row(result).is_some_and(|row| row.retryable).into()
}

struct Row {
    result: volcv_result,
    name: &'static CStr,
    retryable: bool,
}

fn row(result: volcv_result) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.result == result)
}

macro_rules! rows {
    ($($name:ident $retryable:literal,)*) => {
        const ROWS: &[Row] = &[$(Row {
            result: $name,
            name: match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                Ok(name) => name,
                Err(_) => unreachable!(),
            },
            retryable: $retryable,
        },)*];
    };
}

rows! {
    VOLCV_OK false,
    VOLCV_E_INTERNAL false,
    VOLCV_E_INVALID_ARGUMENT false,
    VOLCV_E_UNSUPPORTED false,
    VOLCV_E_ABI_MISMATCH false,
    VOLCV_E_STALE false,
    VOLCV_E_BUSY true,
    VOLCV_E_NOT_READY true,
    VOLCV_E_TIMEOUT true,
    VOLCV_E_INTERRUPTED true,
    VOLCV_E_SHUTDOWN false,
    VOLCV_E_OUT_OF_MEMORY false,
    VOLCV_E_FORKED false,
    VOLCV_E_REENTRANT false,
    VOLCV_E_NO_RESULT false,
    VOLCV_E_INVALID_INPUT false,
    VOLCV_E_AUTH false,
    VOLCV_E_QUOTA false,
    VOLCV_E_THROTTLED true,
    VOLCV_E_REFUSED false,
    VOLCV_E_SERVICE false,
    VOLCV_E_CONNECT true,
    VOLCV_E_TLS false,
    VOLCV_E_OUTCOME_UNKNOWN false,
    VOLCV_E_DECODE false,
    VOLCV_E_RESPONSE_TOO_LARGE false,
    VOLCV_E_CANCELLED false,
    VOLCV_E_CONFIG false,
    VOLCV_E_IO true,
    VOLCV_E_PROTOCOL false,
}
