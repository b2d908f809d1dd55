//! What a host's HTTP stack calls: see `volcv_http_transport`.

use std::ffi::{CStr, c_char, c_void};
use std::slice;

use volcv::core::REPLY_HEADERS;
use volcv::core::http::{HeaderMap, HeaderValue};

use super::constants::*;
use super::read::{Out, guarded, optional_text};
use super::structs::*;
use crate::engine::{CError, registry};

/// Gives the next bytes of the request's body. They are made while they are read: base64 is never held in memory.
///
/// @param client the client.
/// @param exchange the exchange.
/// @param buffer room for capacity bytes; not NULL.
/// @param capacity at least 1; 64 KiB is a good size.
/// @param out_size set to the bytes written; 0 with VOLCV_OK is the end of the body, 0 on any error.
/// @return VOLCV_OK; VOLCV_E_STALE: the exchange is over, close its connection; VOLCV_E_INVALID_ARGUMENT,
/// VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any, one at a time for each exchange. Blocks: no.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_http_body_read(
    client: *mut volcv_client,
    exchange: volcv_exchange,
    buffer: *mut c_void,
    capacity: usize,
    out_size: *mut usize,
) -> volcv_result {
    guarded(|| {
        let out = Out::new(out_size, 0, "out_size")?;
        let engine = registry::find(client)?;
        if buffer.is_null() {
            return Err(CError::null("buffer"));
        }
        if capacity == 0 || capacity > isize::MAX as usize {
            return Err(CError::argument("capacity", capacity, "at least 1"));
        }
        // SAFETY: the header asks for room for that many bytes, which are only written.
        let room = unsafe { slice::from_raw_parts_mut(buffer.cast::<u8>(), capacity) };
        out.set(engine.exchange(exchange)?.read(room)?);
        Ok(())
    })
}

/// Pushes the status and the headers of the reply. Informational replies (1xx) need not be pushed.
///
/// @param client the client.
/// @param exchange the exchange.
/// @param status the HTTP status, 100 to 999.
/// @param headers the headers; NULL if count is 0. Retry-After, Content-Type, Content-Length, Location, request ids and, with
/// direct access, Date matter. One that is not valid HTTP, or has a NULL in it, is left out.
/// @param count how many headers, at most 65536.
/// @return VOLCV_OK; VOLCV_E_STALE: the exchange is over; VOLCV_E_CANCELLED: volcv wants no more of this reply, close
/// the connection; VOLCV_E_INVALID_ARGUMENT: also a second head; VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any, one at a time for each exchange. Blocks: no.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_http_on_head(
    client: *mut volcv_client,
    exchange: volcv_exchange,
    status: i32,
    headers: *const volcv_header,
    count: usize,
) -> volcv_result {
    guarded(|| {
        let engine = registry::find(client)?;
        let in_range = u16::try_from(status).ok().filter(|status| (100..1000).contains(status));
        let status = in_range.ok_or_else(|| CError::argument("status", status, "100 to 999"))?;
        // SAFETY: the header asks for that many pairs of texts.
        let headers = unsafe { headers_of(headers, count) }?;
        engine.exchange(exchange)?.head(status, &headers)
    })
}

/// Pushes the next bytes of the reply's body. They are decoded at once; nothing is kept of them.
///
/// @param client the client.
/// @param exchange the exchange.
/// @param data the bytes; may be NULL if size is 0.
/// @param size how many.
/// @return VOLCV_OK; VOLCV_E_STALE, VOLCV_E_CANCELLED, VOLCV_E_INVALID_ARGUMENT: also before the head; VOLCV_E_FORKED,
/// VOLCV_E_INTERNAL. See volcv_http_on_head().
/// Thread: any, one at a time for each exchange. Blocks: no.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_http_on_data(
    client: *mut volcv_client,
    exchange: volcv_exchange,
    data: *const c_void,
    size: usize,
) -> volcv_result {
    guarded(|| {
        let engine = registry::find(client)?;
        let data: &[u8] = match (data.is_null(), size) {
            (_, 0) => &[],
            (true, _) => return Err(CError::null("data")),
            _ if size > isize::MAX as usize => return Err(CError::argument("size", size, "less")),
            // SAFETY: the header asks for that many bytes.
            _ => unsafe { slice::from_raw_parts(data.cast(), size) },
        };
        let exchange = engine.exchange(exchange)?;
        engine.in_memory(|| exchange.data(data))
    })
}

/// Ends an exchange, exactly once. What a failure means, for the money above all, is for volcv to say: it knows how much
/// of the body was read.
///
/// @param client the client.
/// @param exchange the exchange.
/// @param result VOLCV_OK if the reply came to its end, otherwise why it did not: VOLCV_E_CONNECT (no address or no
/// connection), VOLCV_E_TLS (certificate refused), VOLCV_E_TIMEOUT, VOLCV_E_IO (the connection broke), VOLCV_E_PROTOCOL,
/// or any other negative number.
/// @param reason a text for the error, UTF-8; may be NULL. It must not have the key.
/// @return VOLCV_OK; VOLCV_E_STALE: the exchange is over already (harmless); VOLCV_E_INVALID_ARGUMENT, VOLCV_E_FORKED,
/// VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_http_complete(
    client: *mut volcv_client,
    exchange: volcv_exchange,
    result: volcv_result,
    reason: *const c_char,
) -> volcv_result {
    guarded(|| {
        let engine = registry::find(client)?;
        if result > VOLCV_OK {
            return Err(CError::argument("result", result, "VOLCV_OK or a negative VOLCV_E_ code"));
        }
        // SAFETY: the header asks for NULL or a text with its end.
        let reason = unsafe { optional_text(reason, "reason") }?;
        engine.exchange(exchange)?.complete(result, reason)
    })
}

/// Takes the headers that mean something. A line that is no header is left out: the reply was paid for.
unsafe fn headers_of(headers: *const volcv_header, count: usize) -> Result<HeaderMap, CError> {
    const MOST: usize = 65_536;
    if count > MOST {
        return Err(CError::argument("count", count, "at most 65536"));
    }
    let mut map = HeaderMap::new();
    if count > 0 && headers.is_null() {
        return Err(CError::null("headers"));
    }
    for i in 0..count {
        // SAFETY: the header asks for that many pairs.
        let volcv_header { name, value } = unsafe { headers.add(i).read_unaligned() };
        if name.is_null() || value.is_null() {
            continue;
        }
        // SAFETY: the header asks for texts with their ends.
        let (name, value) = unsafe { (CStr::from_ptr(name), CStr::from_ptr(value)) };
        let known = REPLY_HEADERS.iter().find(|known| name.to_bytes().eq_ignore_ascii_case(known.as_str().as_bytes()));
        if let (Some(known), Ok(value)) = (known, HeaderValue::from_bytes(value.to_bytes())) {
            // The first one counts.
            map.entry(known).or_insert(value);
        }
    }
    Ok(map)
}
