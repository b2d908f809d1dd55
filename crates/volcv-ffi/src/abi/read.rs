//! Between C's memory and Rust's values: versioned structs, texts, outputs, and the guard around every function.

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;
use std::time::Duration;

use zeroize::Zeroizing;

use super::constants::*;
use super::credentials_structs::*;
use super::memory_structs::*;
use super::pixel_structs::*;
use super::structs::*;
use super::task_structs::*;
use super::thread_structs::*;
use crate::engine::{CError, Deadline, inject};

/// Runs the body of a function: no panic leaves it.
pub(super) fn guarded(body: impl FnOnce() -> Result<(), CError>) -> volcv_result {
    match caught(body) {
        Ok(()) => VOLCV_OK,
        Err(failure) => failure.error.code,
    }
}

/// As [`guarded`], with a failure described in the caller's volcv_error, if there is one. What is wrong with that
/// struct is for the body to return, once its outputs are empty and before it does anything.
pub(super) fn reported(
    error: *mut volcv_error,
    body: impl FnOnce(Result<(), CError>) -> Result<(), CError>,
) -> volcv_result {
    let (report, checked) = match error.is_null() {
        true => (None, Ok(())),
        // SAFETY: the header asks for NULL or a struct with its size in front.
        false => match unsafe { Filled::new(error, "error") } {
            Ok(out) => (Some(out), Ok(())),
            Err(failure) => (None, Err(failure)),
        },
    };
    let Err(failure) = caught(|| body(checked)) else { return VOLCV_OK };
    let code = failure.error.code;
    if let Some(out) = report {
        out.set(*failure.error);
    }
    code
}

fn caught(body: impl FnOnce() -> Result<(), CError>) -> Result<(), CError> {
    let result = catch_unwind(AssertUnwindSafe(|| inject::point(inject::Layer::Call, body)));
    result.unwrap_or_else(|panic| Err(CError::panic(&*panic)))
}

/// An output that was emptied at the start of the function.
pub(super) struct Out<T>(*mut T);

impl<T> Out<T> {
    pub(super) fn new(out: *mut T, empty: T, name: &str) -> Result<Self, CError> {
        let out = Self::optional(out, empty);
        if out.0.is_null() { Err(CError::null(name)) } else { Ok(out) }
    }

    pub(super) fn optional(out: *mut T, empty: T) -> Self {
        let out = Self(out);
        out.set(empty);
        out
    }

    pub(super) fn set(&self, value: T) {
        if !self.0.is_null() {
            // SAFETY: the header asks for room for one value.
            unsafe { self.0.write_unaligned(value) };
        }
    }
}

/// A struct that begins with its size, and whose fields may all be zero.
///
/// # Safety
/// It is `repr(C)`, begins with a `u32` and is valid when all of its bytes are zero.
pub(super) unsafe trait Versioned: Copy {
    const NAME: &'static str;
}

macro_rules! versioned {
    ($($name:ident)*) => {$(
        // SAFETY: numbers, raw pointers and optional functions, with `struct_size` in front.
        unsafe impl Versioned for $name {
            const NAME: &'static str = stringify!($name);
        }
    )*};
}

versioned! {
    volcv_client_options volcv_http_transport volcv_picture volcv_outpaint volcv_raw volcv_job_options
    volcv_error volcv_progress volcv_image_info volcv_pixels volcv_pixels_hooks volcv_plan_info volcv_pixels_info
    volcv_credentials_hook volcv_inpaint volcv_task_request volcv_thread_hooks volcv_allocator
}

/// No struct of this library will ever be larger; a greater size is garbage.
pub(super) const LARGEST: usize = 4096;

/// Reads a struct of any version: what an old caller does not have is zero, and what this library does not know has to
/// be zero, or the caller would be ignored without an error.
pub(super) unsafe fn read<T: Versioned>(from: *const T, name: &str) -> Result<T, CError> {
    // SAFETY: what this function asks for.
    let size = unsafe { size_of_struct(from, name) }?;
    let mut value = MaybeUninit::<T>::zeroed();
    let known = size.min(size_of::<T>());
    // SAFETY: the caller says that there are `size` bytes; all zero is a valid value.
    let value = unsafe {
        value.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(from.cast(), known);
        value.assume_init()
    };
    // SAFETY: as above.
    let tail = unsafe { slice::from_raw_parts(from.cast::<u8>().add(known), size - known) };
    if tail.iter().any(|byte| *byte != 0) {
        let text = format!("{} has a field that this version of the library does not know", T::NAME);
        return Err(CError::new(VOLCV_E_UNSUPPORTED, text));
    }
    Ok(value)
}

unsafe fn size_of_struct<T: Versioned>(from: *const T, name: &str) -> Result<usize, CError> {
    if from.is_null() {
        return Err(CError::null(name));
    }
    // SAFETY: the header asks for a struct that begins with its size.
    let size = unsafe { from.cast::<u32>().read_unaligned() } as usize;
    // Version 1 is the first: there is no smaller struct yet.
    if !(size_of::<T>()..=LARGEST).contains(&size) {
        let name = format!("{}.struct_size", T::NAME);
        return Err(CError::argument(&name, size, &format!("sizeof({}), set by {}_init", T::NAME, T::NAME)));
    }
    Ok(size)
}

/// A struct that volcv fills, up to the size that its caller knows.
pub(super) struct Filled<T>(*mut T);

impl<T: Versioned> Filled<T> {
    /// Empties it. `out` is NULL or begins with its size.
    pub(super) unsafe fn new(out: *mut T, name: &str) -> Result<Self, CError> {
        // SAFETY: what this function asks for; there are `size` bytes, and zeros are valid for what a newer caller knows.
        unsafe {
            let size = size_of_struct(out, name)?;
            out.cast::<u8>().add(4).write_bytes(0, size - 4);
        }
        Ok(Self(out))
    }

    pub(super) fn set(&self, value: T) {
        // SAFETY: there is room for a whole T, as `size_of_struct` has checked; the size in front stays as it is.
        unsafe {
            let from = (&raw const value).cast::<u8>();
            self.0.cast::<u8>().add(4).copy_from_nonoverlapping(from.add(4), size_of::<T>() - 4);
        }
    }
}

/// When a wait of `timeout_ms` ends.
pub(super) fn deadline(timeout_ms: u32) -> Deadline {
    Deadline::after((timeout_ms != VOLCV_WAIT_FOREVER).then(|| Duration::from_millis(timeout_ms.into())))
}

/// NULL, or a text with its end.
pub(super) unsafe fn optional_text(text: *const c_char, name: &str) -> Result<Option<String>, CError> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: as above.
    let text = unsafe { CStr::from_ptr(text) };
    let text = text.to_str().map_err(|error| CError::argument(name, format!("bytes with {error}"), "UTF-8"))?;
    Ok(Some(text.to_owned()))
}

/// As [`optional_text`], for a text of which no copy is left behind.
pub(crate) unsafe fn optional_secret(text: *const c_char, name: &str) -> Result<Option<Zeroizing<String>>, CError> {
    // SAFETY: what this function asks for.
    Ok(unsafe { optional_text(text, name) }?.map(Zeroizing::new))
}

pub(super) unsafe fn text(text: *const c_char, name: &str) -> Result<String, CError> {
    // SAFETY: what this function asks for.
    unsafe { optional_text(text, name) }?.ok_or_else(|| CError::null(name))
}

/// No other bits than the known ones.
pub(super) fn only(known: u32, flags: u32, name: &str) -> Result<(), CError> {
    match flags & !known {
        0 => Ok(()),
        _ => Err(CError::argument(name, format!("{flags:#x}"), &format!("a combination of the bits {known:#x}"))),
    }
}

pub(super) fn up_to(largest: u32, value: u32, name: &str) -> Result<u32, CError> {
    if value <= largest { Ok(value) } else { Err(CError::argument(name, value, &format!("0 to {largest}"))) }
}
