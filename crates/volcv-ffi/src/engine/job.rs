//! A job, and what became of it.

use std::time::Duration;

use volcv::core::types::memory::{self, NoMemory};
use volcv::{Bytes, CancelToken, Error, ErrorKind, Output, PictureFormat, PictureInfo, Task};

use super::expansion::Finished;
use super::request::{Answer, JobRequest};
use super::{CError, Deadline};
use crate::abi::*;

/// What a job has of its own.
#[derive(Default, Clone, Copy)]
pub(crate) struct JobOptions {
    pub(crate) user: u64,
    pub(crate) deadline: Option<Duration>,
    /// Links of the result are downloaded.
    pub(crate) download: bool,
}

/// One job of a client.
pub(super) struct Job {
    /// The host's own number, for the event.
    pub(super) user: u64,
    /// Counted from the submit on.
    pub(super) deadline: Deadline,
    /// Ends without an event: the thread that submitted it waits for it.
    pub(super) quiet: bool,
    /// Given back by the host while it runs.
    pub(super) released: bool,
    pub(super) cancel: CancelToken,
    /// The tasks of the job as texts for C, the newest last. None is dropped before the job: the host may read it.
    pub(super) tasks: Vec<Vec<u8>>,
    pub(super) state: State,
}

pub(super) enum State {
    Queued(JobRequest),
    Running,
    Ended(Box<JobResult>),
}

/// What became of a job.
pub(super) struct JobResult {
    pub(super) error: volcv_error,
    /// The reply's JSON with its NUL; empty if the job failed, and for a download.
    pub(super) reply: Vec<u8>,
    /// The JSON without its NUL, if there was no memory for a copy.
    pub(super) body: Bytes,
    pub(super) images: Vec<Image>,
    /// Pictures that failed a check; `None` once taken.
    pub(super) rejected: Vec<Option<Bytes>>,
    /// Of a whole operation.
    #[cfg_attr(not(feature = "image"), allow(dead_code, reason = "there are no pixels"))]
    pub(super) pixels: Option<Finished>,
    /// `VOLCV_TASK_*`, of a job that asked for a task once.
    pub(super) task_status: Option<u32>,
    /// For the log.
    pub(super) warnings: Vec<String>,
}

/// One result.
pub(super) enum Image {
    /// `None` once it was taken.
    Picture(Option<Bytes>, PictureInfo),
    /// With its NUL.
    Link(Vec<u8>),
}

impl JobResult {
    pub(super) fn failed(failure: &CError) -> Self {
        Self::without_pictures(*failure.error)
    }

    /// The memory that the results hold.
    pub(super) fn bytes(&self) -> usize {
        let of_image = |image: &Image| if let Image::Picture(Some(bytes), _) = image { bytes.len() } else { 0 };
        let images: usize = self.images.iter().map(of_image).sum();
        let rejected: usize = self.rejected.iter().flatten().map(Bytes::len).sum();
        images + rejected + self.reply.len() + self.body.len() + self.pixels.as_ref().map_or(0, Finished::bytes)
    }

    fn without_pictures(error: volcv_error) -> Self {
        Self {
            error,
            reply: Vec::new(),
            body: Bytes::new(),
            images: Vec::new(),
            rejected: Vec::new(),
            pixels: None,
            task_status: None,
            warnings: Vec::new(),
        }
    }

    /// Makes a text for C of the body. A job does not fail for want of memory for that: it is tried again when the host asks.
    pub(super) fn write_reply(&mut self) -> Result<(), NoMemory> {
        if !self.body.is_empty() {
            self.reply = text(memory::copy(&self.body, 1)?);
            self.body = Bytes::new();
        }
        Ok(())
    }

    pub(super) fn of(result: Result<Answer, Error>, has_json: bool) -> Self {
        match result {
            Ok(Answer { outcome: None, status, .. }) => {
                Self { task_status: status, ..Self::without_pictures(volcv_error::success()) }
            }
            Ok(Answer { outcome: Some(outcome), pixels, status }) => {
                let mut ended = Self {
                    error: volcv_error::after(&outcome),
                    reply: Vec::new(),
                    body: if has_json { outcome.body } else { Bytes::new() },
                    images: outcome.outputs.into_iter().map(Image::of).collect(),
                    rejected: outcome.rejected.into_iter().map(Some).collect(),
                    pixels,
                    task_status: status,
                    warnings: outcome.warnings,
                };
                let _ = ended.write_reply();
                ended
            }
            Err(error) => {
                let (mut images, mut rejected) = (Vec::new(), Vec::new());
                for bytes in error.rejected_pictures().iter().cloned() {
                    // Nothing is wrong with a file for whose pixels there was no memory.
                    let whole = PictureInfo::read(&bytes).filter(|info| info.is_whole(&bytes));
                    match whole.filter(|_| error.kind() == ErrorKind::OutOfMemory) {
                        Some(info) => images.push(Image::Picture(Some(bytes), info)),
                        None => rejected.push(Some(bytes)),
                    }
                }
                images.extend(error.links().iter().map(|link| Image::of(Output::Link(link.clone()))));
                Self { images, rejected, ..Self::without_pictures(volcv_error::of(&error)) }
            }
        }
    }
}

impl Image {
    fn of(output: Output) -> Self {
        match output {
            Output::Picture { bytes, info } => Image::Picture(Some(bytes), info),
            Output::Link(link) => Image::Link(text(link.into_bytes())),
        }
    }

    pub(super) fn info(&self) -> volcv_image_info {
        let (bytes, info) = match self {
            Image::Picture(bytes, info) => (bytes.as_ref(), Some(info)),
            Image::Link(_) => (None, None),
        };
        let size = info.and_then(|info| info.size);
        volcv_image_info {
            struct_size: size_of::<volcv_image_info>() as u32,
            format: info.map_or(VOLCV_FORMAT_UNKNOWN, |info| format_of(info.format)),
            width: size.map_or(0, |size| size.width),
            height: size.map_or(0, |size| size.height),
            data: bytes.map_or(std::ptr::null(), |bytes| bytes.as_ptr().cast()),
            size: bytes.map_or(0, Bytes::len),
        }
    }
}

/// A task as a text for C.
pub(super) fn task_text(task: &Task) -> Vec<u8> {
    text(task.to_string().into_bytes())
}

/// A text for C. A NUL within would end it early, which JSON and links do not have unescaped.
fn text(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.push(0);
    bytes
}

fn format_of(format: PictureFormat) -> u32 {
    match format {
        PictureFormat::Png => VOLCV_FORMAT_PNG,
        PictureFormat::Jpeg => VOLCV_FORMAT_JPEG,
        PictureFormat::WebP => VOLCV_FORMAT_WEBP,
        PictureFormat::Bmp => VOLCV_FORMAT_BMP,
        PictureFormat::Gif => VOLCV_FORMAT_GIF,
        PictureFormat::Tiff => VOLCV_FORMAT_TIFF,
        PictureFormat::Heif => VOLCV_FORMAT_HEIF,
        _ => VOLCV_FORMAT_UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use volcv::{CallOptions, ClientBuilder, CvRequest, Outcome, from_fn};

    use super::*;

    /// What a reply without a picture gives to a generic call.
    fn outcome() -> Outcome {
        let transport = from_fn(move |mut request, sink, _, _| {
            std::io::copy(request.body_mut(), &mut std::io::sink()).unwrap();
            sink.head(200, &Default::default())?;
            Ok(sink.data(br#"{"code":10000,"request_id":"r-1"}"#)?)
        });
        let client = ClientBuilder::new("https://gw.example", "key").transport(transport).unwrap();
        let request = CvRequest::new("A", "V", serde_json::json!({})).unwrap();
        client.call(request, &CallOptions::new()).unwrap()
    }

    fn message(error: &volcv_error) -> String {
        let bytes = error.message.iter().map(|byte| *byte as u8).take_while(|byte| *byte != 0);
        String::from_utf8(bytes.collect()).unwrap()
    }

    #[test]
    fn a_success_keeps_its_warnings_and_the_pictures_that_failed_a_check() {
        let mut outcome = outcome();
        assert_eq!(message(&JobResult::of(Ok(outcome.clone().into()), true).error), "");
        outcome.warnings = vec!["the first is cut".to_owned(), "the second is odd".to_owned()];
        outcome.rejected = vec![Bytes::from_static(b"cut")];
        let ended = JobResult::of(Ok(outcome.clone().into()), true);
        assert_eq!((ended.error.code, ended.error.charge), (VOLCV_OK, VOLCV_CHARGE_CHARGED));
        assert_eq!(message(&ended.error), "the first is cut; the second is odd");
        assert_eq!(ended.warnings, outcome.warnings);
        assert_eq!(ended.rejected, [Some(Bytes::from_static(b"cut"))]);
        outcome.warnings = vec!["海".repeat(300)];
        let ended = JobResult::of(Ok(outcome.into()), true);
        assert_eq!(message(&ended.error), format!("{}…", "海".repeat(169)));
        assert_eq!(ended.warnings[0].chars().count(), 300, "the log has all of it");
    }
}
