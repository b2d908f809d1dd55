//! A failure as C sees it: a number, and the texts around it, already in the shape of `volcv_error`.

use std::any::Any;
use std::ffi::c_char;
use std::fmt::Display;

use volcv::core::types::InvalidInput;
use volcv::{AttemptRecord, Charge, Delivery, Error, ErrorKind, Outcome};

use crate::abi::*;

/// Why something did not work. It is as large as a pointer.
pub(crate) struct CError {
    pub(crate) error: Box<volcv_error>,
}

impl CError {
    pub(crate) fn new(code: volcv_result, message: impl AsRef<str>) -> Self {
        let mut error = volcv_error::success();
        error.code = code;
        copy(message.as_ref(), &mut error.message);
        Self { error: Box::new(error) }
    }

    /// An argument that breaks a rule of the header.
    pub(crate) fn argument(name: &str, value: impl Display, allowed: &str) -> Self {
        Self::new(VOLCV_E_INVALID_ARGUMENT, InvalidInput::new(name, value, allowed).to_string())
    }

    pub(crate) fn null(name: &str) -> Self {
        Self::new(VOLCV_E_INVALID_ARGUMENT, format!("{name} is NULL"))
    }

    /// Something that is gone or never was.
    pub(crate) fn stale(what: &str) -> Self {
        Self::new(VOLCV_E_STALE, format!("there is no such {what} (any more)"))
    }

    /// There is no memory now, and nothing was sent.
    pub(crate) fn no_memory(text: impl AsRef<str>) -> Self {
        let mut failure = Self::new(VOLCV_E_OUT_OF_MEMORY, text);
        failure.error.flags = VOLCV_ERROR_RETRYABLE;
        failure
    }

    /// A job whose deadline passed before its first call.
    pub(super) fn late() -> Self {
        let text = "the deadline passed before the call was sent; nothing was charged";
        let mut failure = Self::new(VOLCV_E_TIMEOUT, text);
        failure.error.flags = VOLCV_ERROR_RETRYABLE;
        failure
    }

    /// A panic that was caught. Its text is ours, so it holds no key.
    pub(crate) fn panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text");
        Self::new(VOLCV_E_INTERNAL, format!("a defect in volcv was caught: {text}"))
    }

    /// A failed call.
    pub(crate) fn from_error(error: &Error) -> Self {
        Self { error: Box::new(volcv_error::of(error)) }
    }
}

impl volcv_error {
    /// All zero: nothing failed, nothing was charged.
    pub(crate) const fn success() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            code: VOLCV_OK,
            charge: VOLCV_CHARGE_NONE,
            flags: 0,
            attempts: 0,
            delivery: VOLCV_DELIVERY_NONE,
            http_status: 0,
            retry_after_ms: 0,
            service_code: 0,
            request_id: [0; VOLCV_REQUEST_ID_SIZE],
            message: [0; VOLCV_MESSAGE_SIZE],
        }
    }

    /// A failed call.
    pub(super) fn of(error: &Error) -> Self {
        let mut out = Self::success();
        out.code = code_of(error.kind());
        out.charge = charge_of(error.charge());
        let flags = [(error.is_retryable(), VOLCV_ERROR_RETRYABLE), (error.task_has_ended(), VOLCV_ERROR_TASK_ENDED)];
        out.flags = flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag).sum();
        out.http_status = error.http_status().map_or(0, i32::from);
        out.retry_after_ms = error.retry_after().map_or(0, |time| u32::try_from(time.as_millis()).unwrap_or(u32::MAX));
        out.service_code = error.service_code().and_then(|code| code.number()).unwrap_or(0);
        out.with_attempts(error.attempts());
        copy(error.request_id().unwrap_or_default(), &mut out.request_id);
        copy(&error.display_within(VOLCV_MESSAGE_SIZE - 1), &mut out.message);
        out
    }

    /// What a success took.
    pub(crate) fn after(outcome: &Outcome) -> Self {
        let attempts = &outcome.attempts;
        let mut error = Self::success();
        error.charge = attempts.iter().map(|attempt| charge_of(attempt.charge)).max().unwrap_or(VOLCV_CHARGE_NONE);
        error.http_status = attempts.last().and_then(|attempt| attempt.status).map_or(0, i32::from);
        error.with_attempts(attempts);
        copy(outcome.request_id.as_deref().unwrap_or_default(), &mut error.request_id);
        copy(&outcome.warnings_within(VOLCV_MESSAGE_SIZE - 1), &mut error.message);
        error
    }

    /// The message.
    pub(super) fn text(&self) -> String {
        let bytes = self.message.iter().take_while(|byte| **byte != 0).map(|byte| *byte as u8);
        String::from_utf8_lossy(&bytes.collect::<Vec<_>>()).into_owned()
    }

    fn with_attempts(&mut self, attempts: &[AttemptRecord]) {
        self.attempts = u32::try_from(attempts.len()).unwrap_or(u32::MAX);
        self.delivery = match attempts.last().map(|attempt| attempt.delivery) {
            None | Some(Delivery::NotSent) => VOLCV_DELIVERY_NONE,
            Some(Delivery::Partial { .. }) => VOLCV_DELIVERY_PARTIAL,
            Some(Delivery::Full { .. }) => VOLCV_DELIVERY_FULL,
        };
    }
}

/// Copies as much of a text as fits, cut between two characters, with its end.
pub(super) fn copy(text: &str, to: &mut [c_char]) {
    let end = (0..=text.len().min(to.len() - 1)).rfind(|end| text.is_char_boundary(*end));
    let bytes = text[..end.unwrap_or_default()].bytes().map(|byte| byte as c_char).chain([0]);
    to.iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
}

fn charge_of(charge: Charge) -> u32 {
    match charge {
        Charge::None => VOLCV_CHARGE_NONE,
        Charge::Unknown => VOLCV_CHARGE_UNKNOWN,
        Charge::Charged => VOLCV_CHARGE_CHARGED,
    }
}

fn code_of(kind: ErrorKind) -> volcv_result {
    match kind {
        ErrorKind::InvalidInput => VOLCV_E_INVALID_INPUT,
        ErrorKind::Auth => VOLCV_E_AUTH,
        ErrorKind::Quota => VOLCV_E_QUOTA,
        ErrorKind::Throttled => VOLCV_E_THROTTLED,
        ErrorKind::Refused => VOLCV_E_REFUSED,
        ErrorKind::Service => VOLCV_E_SERVICE,
        ErrorKind::Connect => VOLCV_E_CONNECT,
        ErrorKind::Tls => VOLCV_E_TLS,
        ErrorKind::Timeout => VOLCV_E_TIMEOUT,
        ErrorKind::OutcomeUnknown => VOLCV_E_OUTCOME_UNKNOWN,
        ErrorKind::Decode => VOLCV_E_DECODE,
        ErrorKind::ResponseTooLarge => VOLCV_E_RESPONSE_TOO_LARGE,
        ErrorKind::Cancelled => VOLCV_E_CANCELLED,
        ErrorKind::Config => VOLCV_E_CONFIG,
        ErrorKind::OutOfMemory => VOLCV_E_OUT_OF_MEMORY,
        // The enum may grow; until this table does, a new kind is a failure of the service.
        _ => VOLCV_E_SERVICE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        let mut room = [1; 5];
        copy("äöü", &mut room);
        assert_eq!(room.map(|byte| byte as u8), [0xc3, 0xa4, 0xc3, 0xb6, 0]);
        copy("", &mut room);
        assert_eq!(room[0], 0);
    }

    #[test]
    fn an_argument_is_shown_as_people_write_it() {
        let failure = CError::argument("left", 1e300, "0");
        let mut expected = volcv_error::success().message;
        copy("left is 1e300, but must be 0", &mut expected);
        assert_eq!(failure.error.message, expected);
    }

    #[test]
    fn a_long_text_of_the_service_leaves_room_for_the_codes_and_the_cost() {
        let (text, id) = ("海".repeat(400), "r".repeat(90));
        let reply = format!(r#"{{"code":50500,"message":"{text}","request_id":"{id}","data":null}}"#);
        let transport = volcv::from_fn(move |mut request, sink, _, _| {
            std::io::copy(request.body_mut(), &mut std::io::sink()).unwrap();
            sink.head(400, &Default::default())?;
            Ok(sink.data(reply.as_bytes())?)
        });
        let client = volcv::ClientBuilder::new("https://gw.example", "key").transport(transport).unwrap();
        let request = volcv::CvRequest::new("A", "V", serde_json::json!({})).unwrap();
        let error = client.call(request, &Default::default()).unwrap_err();
        assert!(error.message().contains(&text), "Rust has the whole text");
        let failure = CError::from_error(&error);
        let bytes: Vec<u8> =
            failure.error.message.iter().map(|byte| *byte as u8).take_while(|byte| *byte != 0).collect();
        let message = std::str::from_utf8(&bytes).unwrap();
        let tail = format!("海… (code 50500, HTTP 400, request id {id}); the call may have been charged");
        assert!(message.ends_with(&tail) && message.len() > VOLCV_MESSAGE_SIZE - 4, "{message}");
    }
}
