//! What the host of a result's link answers: the file, or not.

use bytes::Bytes;
use volcv_types::PictureInfo;

use crate::buffer::Buffer;
use crate::call::time::Now;
use crate::error::{Error, ErrorKind};
use crate::outcome::{Outcome, Output};
use crate::redact::brief;
use crate::reply::inbox::Received;
use crate::request::plan::Plan;
use crate::retry::{DownloadEvent, parse_retry_after};

/// The download failed: the event for the table, and the error.
pub(crate) struct Failed {
    pub(crate) event: DownloadEvent,
    pub(crate) error: Error,
    /// The URL to which the host of the link redirects.
    pub(crate) location: Option<String>,
}

/// Reads the answer of a link's host. `cut` says why it did not come to its end, if it did not.
pub(crate) fn read(plan: &Plan, reply: Received, cut: Option<String>, now: Now) -> Result<Outcome, Failed> {
    let Received { head, body, received, exceeded, .. } = reply;
    let failure = |event, error: Error| Failed { event, error, location: None };
    if !head.is_success() {
        // The host of the link is not the service: its status is all that it says.
        let error = Error::new(ErrorKind::Service, "the host of the link did not give the picture")
            .with_status(head.status)
            .with_retry_after(head.retry_after.as_deref().and_then(|text| parse_retry_after(text, now.wall)));
        let moved = matches!(head.status, 301 | 302 | 303 | 307 | 308);
        return Err(Failed { location: head.location.filter(|_| moved), ..failure(DownloadEvent::Refused, error) });
    }
    let request_id = head.request_id.as_deref().map(|id| brief(id, plan.secret()));
    let failed = |event, kind, message: String| {
        failure(event, Error::new(kind, message).with_status(head.status).with_request_id(request_id.clone()))
    };
    if let Some(exceeded) = exceeded {
        return Err(failed(DownloadEvent::Unusable, exceeded.kind(), exceeded.message(received)));
    }
    if let Some(cut) = cut {
        let message = format!("the reply broke off after {received} bytes: {cut}");
        return Err(failed(DownloadEvent::Broken, ErrorKind::Decode, message));
    }
    if let Some(message) = head.compressed(plan.secret()) {
        return Err(failed(DownloadEvent::Unusable, ErrorKind::Decode, message));
    }
    let looks_like = head.looks_like(&body, plan.secret());
    match picture(body) {
        Ok((bytes, info)) => Ok(Outcome {
            outputs: vec![Output::Picture { bytes: bytes.clone(), info }],
            request_id,
            body: bytes,
            ..Outcome::default()
        }),
        Err((why, bytes)) => {
            let error = Error::new(ErrorKind::Decode, format!("what the link leads to {why}{looks_like}"));
            // A page that says what is wrong is no picture that failed a check.
            let cut = PictureInfo::read(&bytes).map(|_| bytes);
            let error = error.with_status(head.status).with_rejected(cut.into_iter().collect());
            Err(failure(DownloadEvent::Broken, error))
        }
    }
}

/// Bytes that are a whole picture in a known format.
///
/// # Errors
/// Says in words what they are instead, and gives the bytes back.
pub(crate) fn picture(bytes: Buffer) -> Result<(Bytes, PictureInfo), (String, Bytes)> {
    let bytes = Bytes::from(bytes);
    match PictureInfo::read(&bytes) {
        Some(info) if info.is_whole(&bytes) => Ok((bytes, info)),
        Some(info) => Err((format!("is a {} file without its end", info.format.extension()), bytes)),
        None => Err((format!("is in no known format: it starts with {:02x?}", &bytes[..bytes.len().min(8)]), bytes)),
    }
}

/// Whether the bytes are a whole picture in a known format.
pub(crate) fn is_whole_picture(bytes: &[u8]) -> bool {
    PictureInfo::read(bytes).is_some_and(|info| info.is_whole(bytes))
}
