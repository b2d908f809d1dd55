//! Misbehaviour on demand.

mod check;
mod grammar;

use std::fmt;
use std::time::Duration;

use crate::RequestKind;

/// How one coming request (or connection) is treated. The default is to behave.
///
/// Every field is an independent modifier. A fault is written in Rust with struct update syntax, or read from text with
/// [`FromStr`](std::str::FromStr), which also refuses combinations that mean nothing; the [crate page](crate#faults) has
/// the grammar.
///
/// ```
/// use volcv_emulator::Fault;
///
/// let fault: Fault = "code=50500,delay=200,trickle=10/20".parse()?;
/// assert_eq!(fault.code, Some(50500));
/// assert_eq!(fault.to_string(), "code=50500,delay=200,trickle=10/20");
/// assert_eq!(Fault { code: Some(50429), ..Fault::default() }, Fault::code(50429));
/// # Ok::<(), volcv_emulator::FaultError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fault {
    /// Only a request of this kind takes the fault; every request does when absent.
    pub action: Option<RequestKind>,
    /// The service code to answer.
    pub code: Option<u32>,
    /// The HTTP status to answer; overrides the status that belongs to the code or body.
    pub status: Option<u16>,
    /// The text of a `Retry-After` header.
    pub retry_after: Option<String>,
    /// A `Retry-After` header with the date this many seconds from now; negative = in the past.
    pub retry_after_date: Option<i64>,
    /// The shape of the reply body.
    pub body: Option<BodyKind>,
    /// The `Location` of [`BodyKind::Redirect`].
    pub location: Option<String>,
    /// A pause before the answer, or before the connection is closed.
    pub delay: Option<Duration>,
    /// Where the exchange stops.
    pub stall: Option<Stage>,
    /// For how long a stall lasts; for ever when absent.
    pub stall_for: Option<Duration>,
    /// The whole reply in small pieces.
    pub trickle: Option<Trickle>,
    /// The reply body ends after this many bytes and the connection is closed.
    pub cut: Option<u64>,
    /// The reply body is padded with white space to this many bytes.
    pub oversize: Option<u64>,
    /// What is added to the true `Content-Length` of the reply.
    pub length: Option<i64>,
    /// How the end of the reply body is marked.
    pub framing: Option<Framing>,
    /// The reply head never ends.
    pub endless_headers: bool,
    /// The connection is dropped instead of an answer.
    pub hang_up: Option<HangUp>,
    /// The answer is sent before the request body has been read.
    pub early: Option<Early>,
    /// The reply is not HTTP at all.
    pub garbage: bool,
}

impl Fault {
    /// Answers a service code in the service's own envelope and with its HTTP status.
    pub fn code(code: u32) -> Self {
        Self { code: Some(code), ..Self::default() }
    }

    /// Answers a bare HTTP status.
    pub fn status(status: u16) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// Answers with a shape of body.
    pub fn body(kind: BodyKind) -> Self {
        Self { body: Some(kind), ..Self::default() }
    }

    /// Stops for ever at a stage of the exchange.
    pub fn stall(stage: Stage) -> Self {
        Self { stall: Some(stage), ..Self::default() }
    }

    /// Closes the connection at a stage of the exchange.
    pub fn close(stage: Stage) -> Self {
        Self { hang_up: Some(HangUp { stage, reset: false }), ..Self::default() }
    }

    /// Resets the connection at a stage of the exchange.
    pub fn reset(stage: Stage) -> Self {
        Self { hang_up: Some(HangUp { stage, reset: true }), ..Self::default() }
    }

    /// Refuses a combination that means nothing, as reading a fault from text does.
    pub fn check(&self) -> Result<(), FaultError> {
        check::check(self)
    }

    /// Whether the fault takes a whole connection instead of a request.
    pub(crate) fn is_for_connection(&self) -> bool {
        self.stall == Some(Stage::Accept) || self.hang_up.is_some_and(|hang_up| hang_up.stage == Stage::Accept)
    }

    /// A stage at or beyond the end of a body of `total` bytes is reached when the whole body is.
    pub(crate) fn fit_into_body(&mut self, total: u64) {
        let fit = |stage: &mut Stage| {
            if matches!(stage, Stage::Bytes(count) if *count >= total) {
                *stage = Stage::Body;
            }
        };
        self.stall.iter_mut().for_each(fit);
        self.hang_up.iter_mut().for_each(|hang_up| fit(&mut hang_up.stage));
    }

    /// The numbers of body bytes after which something happens, ascending.
    pub(crate) fn stops_in_body(&self) -> Vec<u64> {
        let stages = [self.stall, self.hang_up.map(|hang_up| hang_up.stage)];
        let count = |stage| match stage {
            Some(Stage::Bytes(count)) => Some(count),
            _ => None,
        };
        let mut stops: Vec<u64> = stages.into_iter().filter_map(count).collect();
        stops.sort_unstable();
        stops.dedup();
        stops
    }

    /// Whether the connection is dropped at this stage.
    pub(crate) fn hang_up_at(&self, stage: Stage) -> Option<HangUp> {
        self.hang_up.filter(|hang_up| hang_up.stage == stage)
    }
}

/// A moment of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The connection has been accepted and nothing has been read.
    Accept,
    /// The request head has been read.
    Headers,
    /// This many bytes of the request body have been read.
    Bytes(u64),
    /// The whole request body has been read.
    Body,
    /// Half of the reply head has been sent. Only for stalls.
    ReplyHead,
    /// The reply head and half of the reply body have been sent. Only for stalls.
    ReplyBody,
}

/// A dropped connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HangUp {
    /// When it is dropped.
    pub stage: Stage,
    /// With a TCP reset instead of a plain close. Systems turn a plain close into a reset when unread bytes are waiting.
    pub reset: bool,
}

/// A reply in small pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trickle {
    /// The size of a piece.
    pub bytes: usize,
    /// The pause after each piece.
    pub pause: Duration,
}

/// How the end of a reply body is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// The end of the connection.
    CloseDelimited,
}

/// What happens to the request body after an early answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Early {
    /// It is read to its end and the connection stays open.
    Keep,
    /// It is not read; the connection is closed 300 ms later, so that a client that looks finds the answer.
    Close,
}

/// The shape of a reply body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// The service's envelope with data null; code 50500 unless `code=` says another.
    Cv,
    /// The same with data `{"resp_data":""}`.
    CvEmptyData,
    /// `ResponseMetadata.Error` of the outer gateway; `code=` is its CodeN, 100010 by default.
    Top,
    /// `ResponseMetadata.Error` whose Code is a service code as text.
    TopCvCode,
    /// The service's error envelope inside Result.
    ResultError,
    /// 401 one_api_error of the aggregator; old builds send it with `status=200`.
    Gateway,
    /// 403, the quota of the aggregator is used up.
    GatewayQuota,
    /// 406 upstream_error with the service's envelope as a text.
    UpstreamText,
    /// 406 upstream_error with the service's envelope as an object.
    UpstreamObject,
    /// 406 upstream_error without an inner code.
    UpstreamEmpty,
    /// 401 `{"success":false,..}`.
    SuccessFalse,
    /// 502 with a page of a proxy.
    Html,
    /// 504 without a body.
    Empty,
    /// Code 10000, but `algorithm_base_resp.status_code` is not 0.
    InnerStatus,
    /// An error message with line breaks and terminal escapes.
    ControlChars,
    /// An error message with a NUL character.
    Nul,
    /// 307 to another path of this server, or to `location=`.
    Redirect,
    /// A success whose picture arrays are empty.
    NoPicture,
    /// A success whose picture arrays are null.
    NullArrays,
    /// The success envelope inside Result.
    ResultSuccess,
    /// The picture and a link to it.
    BothArrays,
    /// A string in place of the picture array.
    StringPicture,
    /// Base64 with JSON escapes: `\/` and `\u002B`.
    Escaped,
    /// Base64 after a data: prefix.
    DataUri,
    /// Base64 without its padding.
    Unpadded,
    /// Base64 with a line break after every 76 characters.
    Wrapped,
    /// A byte order mark before the JSON.
    Bom,
    /// `binary_data_base64` also in other places, before and after the real one.
    Decoy,
    /// Content-Encoding: gzip, although the request does not accept it.
    Gzip,
    /// An unknown key with 100000 nested arrays.
    Deep,
    /// A message that is not UTF-8.
    BadUtf8,
    /// Error fields with empty texts and zero codes beside the picture.
    EmptyErrors,
    /// An error field that says something beside the picture.
    ErrorBeside,
    /// The picture as a data: link in `image_urls`; `binary_data_base64` is null.
    DataUriLink,
    /// The picture as base64 in `image_urls`; `binary_data_base64` is null.
    Base64Link,
    /// A link to the picture in `binary_data_base64`; `image_urls` is null.
    LinkInBytes,
    /// A link to the picture with white space around it.
    PaddedLink,
    /// Base64url (- and _) without its padding.
    UrlSafe,
    /// Base64url (- and _) with its padding.
    UrlSafePadded,
    /// As `Wrapped`, but the line breaks are not escaped, which is not JSON.
    RawWrapped,
    /// Whole base64 of the first half of the picture's file.
    CutPicture,
    /// Two pictures: as `CutPicture`, and the whole one.
    OneOfTwoCut,
    /// Unknown keys with NaN, Infinity and -Infinity, which is not JSON.
    Numbers,
    /// A message with the escape `\ud800`, half of a character.
    LoneSurrogate,
    /// A message with a line break, a tab and the byte 1 unescaped, which is not JSON.
    RawControl,
    /// A message in Latin-1.
    Latin1,
    /// A message in GBK.
    Gbk,
    /// The request id is a number beyond 2^53.
    NumericId,
    /// Comment lines before the JSON.
    CommentBefore,
    /// NUL bytes behind the JSON.
    NulBehind,
    /// Other text behind the JSON.
    TextBehind,
    /// The JSON twice.
    TwoDocuments,
}

impl BodyKind {
    /// Every shape, the errors first.
    pub const ALL: [Self; 52] = [
        Self::Cv,
        Self::CvEmptyData,
        Self::Top,
        Self::TopCvCode,
        Self::ResultError,
        Self::Gateway,
        Self::GatewayQuota,
        Self::UpstreamText,
        Self::UpstreamObject,
        Self::UpstreamEmpty,
        Self::SuccessFalse,
        Self::Html,
        Self::Empty,
        Self::InnerStatus,
        Self::ControlChars,
        Self::Nul,
        Self::Redirect,
        Self::NoPicture,
        Self::NullArrays,
        Self::ResultSuccess,
        Self::BothArrays,
        Self::StringPicture,
        Self::Escaped,
        Self::DataUri,
        Self::Unpadded,
        Self::Wrapped,
        Self::Bom,
        Self::Decoy,
        Self::Gzip,
        Self::Deep,
        Self::BadUtf8,
        Self::EmptyErrors,
        Self::ErrorBeside,
        Self::DataUriLink,
        Self::Base64Link,
        Self::LinkInBytes,
        Self::PaddedLink,
        Self::UrlSafe,
        Self::UrlSafePadded,
        Self::RawWrapped,
        Self::CutPicture,
        Self::OneOfTwoCut,
        Self::Numbers,
        Self::LoneSurrogate,
        Self::RawControl,
        Self::Latin1,
        Self::Gbk,
        Self::NumericId,
        Self::CommentBefore,
        Self::NulBehind,
        Self::TextBehind,
        Self::TwoDocuments,
    ];

    /// The word for it in the grammar.
    pub fn name(self) -> &'static str {
        self.describe().0
    }

    /// What is sent, in one sentence.
    pub fn meaning(self) -> &'static str {
        self.describe().1
    }

    /// Whether a picture is sent, so that an answer before the request body makes no sense.
    pub fn has_picture(self) -> bool {
        Self::ALL.iter().position(|&kind| kind == self) > Self::ALL.iter().position(|&kind| kind == Self::NullArrays)
    }

    /// Whether `code=` changes what is sent.
    pub(crate) fn takes_code(self) -> bool {
        use BodyKind as B;
        let error = matches!(self, B::Cv | B::CvEmptyData | B::Top | B::TopCvCode | B::ResultError | B::InnerStatus);
        error || matches!(self, B::UpstreamText | B::UpstreamObject | B::ControlChars | B::Nul)
    }

    fn describe(self) -> (&'static str, &'static str) {
        match self {
            Self::Cv => ("cv", "the service's envelope with data null; code 50500 unless code= says another"),
            Self::CvEmptyData => ("cv-empty-data", "the same with data {\"resp_data\":\"\"}"),
            Self::Top => ("top", "ResponseMetadata.Error of the outer gateway; code= is its CodeN, 100010 by default"),
            Self::TopCvCode => ("top-cv-code", "ResponseMetadata.Error whose Code is a service code as text"),
            Self::ResultError => ("result-error", "the service's error envelope inside Result"),
            Self::Gateway => ("gateway", "401 one_api_error of the aggregator; old builds send it with status=200"),
            Self::GatewayQuota => ("gateway-quota", "403, the quota of the aggregator is used up"),
            Self::UpstreamText => ("upstream-text", "406 upstream_error with the service's envelope as a text"),
            Self::UpstreamObject => ("upstream-object", "406 upstream_error with the service's envelope as an object"),
            Self::UpstreamEmpty => ("upstream-empty", "406 upstream_error without an inner code"),
            Self::SuccessFalse => ("success-false", "401 {\"success\":false,...}"),
            Self::Html => ("html", "502 with a page of a proxy"),
            Self::Empty => ("empty", "504 without a body"),
            Self::InnerStatus => ("inner-status", "code 10000, but algorithm_base_resp.status_code is not 0"),
            Self::ControlChars => ("control-chars", "an error message with line breaks and terminal escapes"),
            Self::Nul => ("nul", "an error message with a NUL character"),
            Self::Redirect => ("redirect", "307 to another path of this server, or to location="),
            Self::NoPicture => ("no-picture", "a success whose picture arrays are empty"),
            Self::NullArrays => ("null-arrays", "a success whose picture arrays are null"),
            Self::ResultSuccess => ("result-success", "the success envelope inside Result"),
            Self::BothArrays => ("both-arrays", "the picture and a link to it"),
            Self::StringPicture => ("string-picture", "a string in place of the picture array"),
            Self::Escaped => ("escaped", "base64 with JSON escapes: \\/ and \\u002B"),
            Self::DataUri => ("data-uri", "base64 after a data: prefix"),
            Self::Unpadded => ("unpadded", "base64 without its padding"),
            Self::Wrapped => ("wrapped", "base64 with a line break after every 76 characters"),
            Self::Bom => ("bom", "a byte order mark before the JSON"),
            Self::Decoy => ("decoy", "binary_data_base64 also in other places, before and after the real one"),
            Self::Gzip => ("gzip", "Content-Encoding: gzip, although nobody asked for it"),
            Self::Deep => ("deep", "an unknown key with 100000 nested arrays"),
            Self::BadUtf8 => ("bad-utf8", "a message that is not UTF-8"),
            Self::EmptyErrors => ("empty-errors", "error fields with empty texts and zero codes beside the picture"),
            Self::ErrorBeside => ("error-beside", "an error field that says something beside the picture"),
            Self::DataUriLink => {
                ("data-uri-link", "the picture as a data: link in image_urls; binary_data_base64 is null")
            }
            Self::Base64Link => ("base64-link", "the picture as base64 in image_urls; binary_data_base64 is null"),
            Self::LinkInBytes => ("link-in-bytes", "a link to the picture in binary_data_base64; image_urls is null"),
            Self::PaddedLink => ("padded-link", "a link to the picture with white space around it"),
            Self::UrlSafe => ("url-safe", "base64url (- and _) without its padding"),
            Self::UrlSafePadded => ("url-safe-padded", "base64url (- and _) with its padding"),
            Self::RawWrapped => ("raw-wrapped", "as wrapped, but the line breaks are not escaped, which is not JSON"),
            Self::CutPicture => ("cut-picture", "whole base64 of the first half of the picture's file"),
            Self::OneOfTwoCut => ("one-of-two-cut", "two pictures: cut-picture and the whole one"),
            Self::Numbers => ("numbers", "unknown keys with NaN, Infinity and -Infinity, which is not JSON"),
            Self::LoneSurrogate => ("lone-surrogate", "a message with the escape \\ud800, half of a character"),
            Self::RawControl => {
                ("raw-control", "a message with a line break, a tab and the byte 1 unescaped, which is not JSON")
            }
            Self::Latin1 => ("latin1", "a message in Latin-1"),
            Self::Gbk => ("gbk", "a message in GBK"),
            Self::NumericId => ("numeric-id", "the request id is a number beyond 2^53"),
            Self::CommentBefore => ("comment-before", "comment lines before the JSON"),
            Self::NulBehind => ("nul-behind", "NUL bytes behind the JSON"),
            Self::TextBehind => ("text-behind", "other text behind the JSON"),
            Self::TwoDocuments => ("two-documents", "the JSON twice"),
        }
    }
}

/// Why a text is not a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultError(String);

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FaultError {}
