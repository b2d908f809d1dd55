//! All functions in one table, for hosts that load the library while they run and look up one symbol.

use std::mem::offset_of;

use super::constants::*;
use super::read::{LARGEST, guarded};
use crate::engine::CError;

macro_rules! functions {
    ($($field:ident $function:ident)*) => {
        use std::ffi::c_void;

        use crate::abi::*;

        /// The struct in the header has the types of the functions.
        #[repr(C)]
        #[derive(Clone, Copy)]
        pub struct volcv_api {
            /// Set by the caller.
            pub struct_size: u32,
            /// 0.
            pub reserved: u32,
            $(#[doc = concat!("See ", stringify!($function), "().")] pub $field: *const c_void,)*
        }

        pub(super) const ALL: volcv_api =
            volcv_api { struct_size: 0, reserved: 0, $($field: $function as *const c_void,)* };
    };
}

#[path = "api_table.rs"]
mod table;

pub use table::volcv_api;

/// Fills a table with the functions of the library, for hosts that load it while they run: one symbol has to be looked up.
/// The pointers stay valid until the library is unloaded. This function, its parameters and the beginning of volcv_api are
/// the same for every ABI version, and within one a table only grows, at its end.
///
/// @param abi VOLCV_ABI_VERSION of the header that the caller was compiled with.
/// @param out_api begins with struct_size, which says how far it may be filled: a caller with an older header has fewer
/// functions. Those that the library does not have yet are NULL. All zero behind struct_size on any error.
/// @return VOLCV_OK, VOLCV_E_ABI_MISMATCH, VOLCV_E_INVALID_ARGUMENT, VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_get_api(abi: u32, out_api: *mut volcv_api) -> volcv_result {
    guarded(|| {
        if out_api.is_null() {
            return Err(CError::null("out_api"));
        }
        // SAFETY: the header asks for a struct that begins with its size.
        let size = unsafe { out_api.cast::<u32>().read_unaligned() } as usize;
        let start = offset_of!(volcv_api, abi_version);
        if !(start..=LARGEST).contains(&size) {
            return Err(CError::argument("volcv_api.struct_size", size, "sizeof(volcv_api), set by volcv_api_init"));
        }
        let bytes = out_api.cast::<u8>();
        // SAFETY: the caller says that there are `size` bytes.
        unsafe { bytes.add(size_of::<u32>()).write_bytes(0, size - size_of::<u32>()) };
        if abi != VOLCV_ABI_VERSION {
            return Err(CError::new(VOLCV_E_ABI_MISMATCH, "the header is of another ABI version"));
        }
        let known = size.min(size_of::<volcv_api>()) - start;
        let known = known - known % size_of::<*const ()>();
        let all = table::ALL;
        // SAFETY: as above; the table is as long as what is read of it, and no pointer is cut.
        unsafe { bytes.add(start).copy_from_nonoverlapping((&raw const all).cast::<u8>().add(start), known) };
        Ok(())
    })
}
