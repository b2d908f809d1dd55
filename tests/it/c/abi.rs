//! The functions of libvolcv.so for tests in Rust: the library is loaded as a game engine would load it, and the types are
//! those of its source.

#![allow(unsafe_code, unreachable_pub, dead_code, reason = "these are the functions and types of C")]
#![allow(non_camel_case_types, missing_debug_implementations, reason = "the names of C are the names of C")]

#[path = "../../../crates/volcv-ffi/src/abi/constants.rs"]
mod constants;
#[path = "../../../crates/volcv-ffi/src/abi/credentials_structs.rs"]
mod credentials_structs;
#[path = "../../../crates/volcv-ffi/src/abi/memory_structs.rs"]
mod memory_structs;
#[path = "../../../crates/volcv-ffi/src/abi/pixel_structs.rs"]
mod pixel_structs;
#[path = "../../../crates/volcv-ffi/src/abi/structs.rs"]
mod structs;
#[path = "../../../crates/volcv-ffi/src/abi/task_structs.rs"]
mod task_structs;
#[path = "../../../crates/volcv-ffi/src/abi/thread_structs.rs"]
mod thread_structs;

macro_rules! functions {
    ($($field:ident $function:ident)*) => {
        /// The table as the library has it.
        #[repr(C)]
        pub(crate) struct volcv_api {
            struct_size: u32,
            reserved: u32,
            $($field: *const std::ffi::c_void,)*
        }

        /// Its fields with their places.
        pub(crate) const FIELDS: &[(&str, usize)] = &[
            ("struct_size", 0),
            ("reserved", 4),
            $((stringify!($field), std::mem::offset_of!(volcv_api, $field)),)*
        ];
    };
}

#[path = "../../../crates/volcv-ffi/src/abi/api_table.rs"]
pub(crate) mod api_table;

use std::ffi::c_char;
use std::sync::OnceLock;

use libloading::{Library, Symbol};

pub(crate) use constants::*;
pub(crate) use credentials_structs::*;
pub(crate) use memory_structs::*;
pub(crate) use pixel_structs::*;
pub(crate) use structs::*;
pub(crate) use task_structs::*;
pub(crate) use thread_structs::*;

use super::{Build, library};

/// Stays loaded until the end of the process, as the library asks for.
fn loaded() -> &'static Library {
    static LOADED: OnceLock<Library> = OnceLock::new();
    // SAFETY: the library has no code that runs when it is loaded.
    LOADED.get_or_init(|| unsafe { Library::new(library(Build::Full).join("libvolcv.so")) }.unwrap())
}

macro_rules! functions {
    ($(fn $name:ident($($arg:ident: $type:ty),*) -> $result:ty;)*) => {$(
        /// See volcv.h.
        ///
        /// # Safety
        /// As volcv.h says.
        pub(crate) unsafe fn $name($($arg: $type),*) -> $result {
            type Function = unsafe extern "C" fn($($type),*) -> $result;
            // SAFETY: this is the signature in volcv.h, and the caller keeps its rules.
            unsafe {
                let function: Symbol<'_, Function> = loaded().get(concat!(stringify!($name), "\0")).unwrap();
                function($($arg),*)
            }
        }
    )*};
}

functions! {
    fn volcv_client_create(
        abi: u32, options: *const volcv_client_options, client: *mut *mut volcv_client, error: *mut volcv_error
    ) -> volcv_result;
    fn volcv_client_destroy(client: *mut volcv_client, timeout_ms: u32) -> volcv_result;
    fn volcv_outpaint_submit(
        client: *mut volcv_client, request: *const volcv_outpaint, options: *const volcv_job_options,
        job: *mut volcv_job, error: *mut volcv_error
    ) -> volcv_result;
    fn volcv_outpaint_run(
        client: *mut volcv_client, request: *const volcv_outpaint, options: *const volcv_job_options,
        job: *mut volcv_job, error: *mut volcv_error
    ) -> volcv_result;
    fn volcv_wait(
        client: *mut volcv_client, jobs: *const volcv_job, count: u32, all: u32, timeout_ms: u32
    ) -> volcv_result;
    fn volcv_poll(client: *mut volcv_client, events: *mut volcv_event, capacity: u32) -> u32;
    fn volcv_job_error(client: *mut volcv_client, job: volcv_job, error: *mut volcv_error) -> volcv_result;
    fn volcv_job_image_info(
        client: *mut volcv_client, job: volcv_job, index: u32, info: *mut volcv_image_info
    ) -> volcv_result;
    fn volcv_job_reply(
        client: *mut volcv_client, job: volcv_job, text: *mut *const c_char, size: *mut usize
    ) -> volcv_result;
    fn volcv_result_name(result: volcv_result) -> *const c_char;
}
