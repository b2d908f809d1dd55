//! Files to pixels and back, without a client.

use super::constants::*;
use super::expand::{decode, encode};
use super::pixel_structs::*;
use super::read::{Filled, Out, read, reported};
use super::structs::*;
use crate::engine::{buffers, fork};

/// Makes a file of pixels, such as those of a whole operation. The marks of origin that the service writes into its
/// files (metadata such as AIGC labels) are not in the pixels: give its file as marks.
///
/// @param pixels the pixels, without VOLCV_PIXELS_BORROW. A JPEG has white behind what is transparent.
/// @param marks a file whose marks the new file gets, as far as its format can carry them; may be NULL. Without
/// VOLCV_PICTURE_BORROW, and no link.
/// @param format VOLCV_FORMAT_PNG, VOLCV_FORMAT_JPEG or VOLCV_FORMAT_BMP.
/// @param quality of a JPEG, 1 to 100; 0 means 95. 0 for the other formats.
/// @param out_file set to the file; all zero on any error. What was in it before is not released.
/// @param error filled on failure; may be NULL.
/// @return VOLCV_OK, VOLCV_E_INVALID_ARGUMENT, VOLCV_E_INVALID_INPUT: the format cannot hold so large a picture;
/// VOLCV_E_OUT_OF_MEMORY, VOLCV_E_UNSUPPORTED, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any, many at once. Blocks: while it encodes.
/// Memory: the bytes are the caller's, until volcv_buffer_release().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_encode(
    pixels: *const volcv_pixels,
    marks: *const volcv_picture,
    format: u32,
    quality: u32,
    out_file: *mut volcv_buffer,
    error: *mut volcv_error,
) -> volcv_result {
    reported(error, |checked| {
        let out = Out::new(out_file, volcv_buffer::EMPTY, "out_file");
        checked?;
        let out = out?;
        fork::check()?;
        // SAFETY: the header asks for structs with their sizes in front, and for memory as they say.
        out.set(buffers::keep(unsafe { encode(&read(pixels, "pixels")?, marks, format, quality) }?));
        Ok(())
    })
}

/// Decodes a PNG, JPEG or BMP: upright, in sRGB, as VOLCV_PIXEL_RGB8 or, where a pixel is not opaque, as
/// VOLCV_PIXEL_RGBA8 with straight alpha.
///
/// @param file the file, without VOLCV_PICTURE_BORROW, and no link.
/// @param out_pixels filled: format, width and height of rows without gaps, whose data and size are those of
/// out_buffer; all zero on any error.
/// @param out_buffer set to the bytes of the pixels; all zero on any error. What was in it before is not released.
/// @param error filled on failure; may be NULL.
/// @return VOLCV_OK; VOLCV_E_INVALID_INPUT: the file is damaged, of another format, or has a side above 16384 or more
/// than 64 Mi pixels; VOLCV_E_OUT_OF_MEMORY, VOLCV_E_INVALID_ARGUMENT, VOLCV_E_UNSUPPORTED, VOLCV_E_FORKED,
/// VOLCV_E_INTERNAL.
/// Thread: any, many at once. Blocks: while it decodes.
/// Memory: the bytes are the caller's, until volcv_buffer_release().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_decode(
    file: *const volcv_picture,
    out_pixels: *mut volcv_pixels,
    out_buffer: *mut volcv_buffer,
    error: *mut volcv_error,
) -> volcv_result {
    reported(error, |checked| {
        // SAFETY: the header asks for a struct with its size in front.
        let out = unsafe { Filled::new(out_pixels, "out_pixels") };
        let room = Out::new(out_buffer, volcv_buffer::EMPTY, "out_buffer");
        checked?;
        let (out, room) = (out?, room?);
        fork::check()?;
        // SAFETY: the header asks for a struct with its size in front, and for memory as it says.
        let (mut pixels, data) = unsafe { decode(file) }?;
        let buffer = buffers::keep(data);
        pixels.data = buffer.data.cast_mut();
        pixels.size = buffer.size;
        out.set(pixels);
        room.set(buffer);
        Ok(())
    })
}
