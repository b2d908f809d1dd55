//! A job: what is to be done, and what became of it.

use std::time::Duration;

use volcv::Bytes;
use volcv::{
    BlockingClient, CallOptions, CancelToken, CvRequest, Error, InvalidInput, Outcome, Outpaint, Output, PictureFormat,
    PictureInfo,
};

use super::download::outpaint_downloaded;
use super::expansion::{Expansion, Finished};
use super::{Borrowed, CError, Deadline, inject};
use crate::abi::*;

/// A request that was checked, with the handles of its borrowed pictures.
pub(crate) struct JobRequest {
    work: Work,
    borrows: Vec<Borrowed>,
}

enum Work {
    Outpaint(Box<Outpaint>),
    /// Links of the result are downloaded.
    OutpaintDownloaded(Box<Outpaint>),
    #[cfg_attr(not(feature = "image"), allow(dead_code, reason = "there are none"))]
    Expansion(Box<Expansion>),
    Raw(Box<CvRequest>),
    Download(String),
}

/// What a job has of its own.
#[derive(Default, Clone, Copy)]
pub(crate) struct JobOptions {
    pub(crate) user: u64,
    pub(crate) deadline: Option<Duration>,
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
    pub(super) images: Vec<Image>,
    /// Pictures that failed a check; `None` once taken.
    pub(super) rejected: Vec<Option<Bytes>>,
    /// Of a whole operation.
    #[cfg_attr(not(feature = "image"), allow(dead_code, reason = "there are no pixels"))]
    pub(super) pixels: Option<Finished>,
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

impl JobRequest {
    pub(crate) fn outpaint(outpaint: Outpaint, download: bool, borrows: Vec<Borrowed>) -> Self {
        let work = if download { Work::OutpaintDownloaded } else { Work::Outpaint };
        Self { work: work(Box::new(outpaint)), borrows }
    }

    #[cfg(feature = "image")]
    pub(crate) fn expansion(expansion: Expansion, borrows: Vec<Borrowed>) -> Self {
        Self { work: Work::Expansion(Box::new(expansion)), borrows }
    }

    pub(crate) fn raw(request: CvRequest, borrows: Vec<Borrowed>) -> Self {
        Self { work: Work::Raw(Box::new(request)), borrows }
    }

    /// The link is one that may be fetched.
    pub(crate) fn download(link: String) -> Self {
        Self { work: Work::Download(link), borrows: Vec::new() }
    }

    /// The job is accepted: borrowed pictures will be released.
    pub(super) fn accept(mut self) -> Self {
        self.borrows.drain(..).for_each(Borrowed::arm);
        self
    }

    /// Whether it decodes and encodes before its first call.
    pub(super) fn has_codec_work(&self) -> bool {
        matches!(self.work, Work::Expansion(_))
    }

    /// What may spoil the result, for the log.
    pub(super) fn warnings(&self) -> Vec<String> {
        match &self.work {
            Work::Outpaint(outpaint) | Work::OutpaintDownloaded(outpaint) => {
                outpaint.warnings().iter().map(InvalidInput::advice).collect()
            }
            Work::Expansion(expansion) => expansion.warnings().to_vec(),
            Work::Raw(_) | Work::Download(_) => Vec::new(),
        }
    }

    /// Makes the call. The request, and with it every borrowed picture, is gone when this returns.
    pub(super) fn perform(self, client: &BlockingClient, options: &CallOptions) -> JobResult {
        let has_json = !matches!(self.work, Work::Download(_));
        let result = inject::point(inject::Layer::Worker, || match self.work {
            Work::Outpaint(outpaint) => without_pixels(client.outpaint_with(&outpaint, options)),
            Work::OutpaintDownloaded(outpaint) => without_pixels(outpaint_downloaded(client, &outpaint, options)),
            Work::Expansion(expansion) => expansion.perform(client, options),
            Work::Raw(request) => without_pixels(client.call(*request, options)),
            Work::Download(link) => without_pixels(client.download_outcome(&link, options)),
        });
        inject::point(inject::Layer::Result, || match result {
            Ok((outcome, pixels)) => JobResult { pixels, ..JobResult::of(Ok(outcome), has_json) },
            Err(error) => JobResult::of(Err(error), has_json),
        })
    }
}

fn without_pixels(result: Result<Outcome, Error>) -> Result<(Outcome, Option<Finished>), Error> {
    result.map(|outcome| (outcome, None))
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
        images + rejected + self.reply.len() + self.pixels.as_ref().map_or(0, Finished::bytes)
    }

    fn without_pictures(error: volcv_error) -> Self {
        let (reply, warnings) = (Vec::new(), Vec::new());
        Self { error, reply, images: Vec::new(), rejected: Vec::new(), pixels: None, warnings }
    }

    fn of(result: Result<Outcome, Error>, has_json: bool) -> Self {
        match result {
            Ok(outcome) => Self {
                error: volcv_error::after(&outcome),
                reply: if has_json { text(Vec::from(outcome.body)) } else { Vec::new() },
                images: outcome.outputs.into_iter().map(Image::of).collect(),
                rejected: outcome.rejected.into_iter().map(Some).collect(),
                pixels: None,
                warnings: outcome.warnings,
            },
            Err(error) => {
                let rejected = error.rejected_pictures().iter().cloned().map(Some).collect();
                let images = error.links().iter().map(|link| Image::of(Output::Link(link.clone()))).collect();
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
    use volcv::{ClientBuilder, from_fn};

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
        assert_eq!(message(&JobResult::of(Ok(outcome.clone()), true).error), "");
        outcome.warnings = vec!["the first is cut".to_owned(), "the second is odd".to_owned()];
        outcome.rejected = vec![Bytes::from_static(b"cut")];
        let ended = JobResult::of(Ok(outcome.clone()), true);
        assert_eq!((ended.error.code, ended.error.charge), (VOLCV_OK, VOLCV_CHARGE_CHARGED));
        assert_eq!(message(&ended.error), "the first is cut; the second is odd");
        assert_eq!(ended.warnings, outcome.warnings);
        assert_eq!(ended.rejected, [Some(Bytes::from_static(b"cut"))]);
        outcome.warnings = vec!["海".repeat(300)];
        let ended = JobResult::of(Ok(outcome), true);
        assert_eq!(message(&ended.error), format!("{}…", "海".repeat(169)));
        assert_eq!(ended.warnings[0].chars().count(), 300, "the log has all of it");
    }
}
