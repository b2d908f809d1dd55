//! Faults as text.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::RequestKind;

use super::{BodyKind, Early, Fault, FaultError, Framing, HangUp, Stage, Trickle};

const WORDS: &str = "ok, code=N, status=N, retry-after=TEXT, retry-after-date=SECONDS, body=KIND, location=URL, delay=MS, \
                     stall=STAGE, for=MS, trickle=BYTES/MS, cut=N, oversize=N, length=+N|-N, chunked, close-delimited, \
                     endless-headers, close=STAGE, reset=STAGE, early=keep|close, garbage, action=KIND";

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let mut fault = Self::default();
        let mut seen = Vec::new();
        for item in text.split(',').map(str::trim) {
            let (word, value) = match item.split_once('=') {
                Some((word, value)) => (word.trim(), Some(value.trim())),
                None => (item, None),
            };
            if seen.contains(&word) {
                return Err(FaultError(format!("`{word}` appears twice")));
            }
            seen.push(word);
            fault.set(word, value)?;
        }
        if seen.contains(&"ok") && seen.len() > 1 {
            return Err(FaultError("`ok` stands alone".to_owned()));
        }
        fault.check()?;
        Ok(fault)
    }
}

impl Fault {
    fn set(&mut self, word: &str, value: Option<&str>) -> Result<(), FaultError> {
        let value = Value { word, text: value };
        match word {
            "ok" => value.absent()?,
            "action" => self.action = Some(value.request_kind()?),
            "code" => self.code = Some(value.number()?),
            "status" => self.status = Some(value.number()?),
            "retry-after" => self.retry_after = Some(value.header_text()?),
            "retry-after-date" => self.retry_after_date = Some(value.number()?),
            "body" => self.body = Some(value.body_kind()?),
            "location" => self.location = Some(value.header_text()?),
            "delay" => self.delay = Some(value.milliseconds()?),
            "stall" => self.stall = Some(value.stage(true)?),
            "for" => self.stall_for = Some(value.milliseconds()?),
            "trickle" => self.trickle = Some(value.trickle()?),
            "cut" => self.cut = Some(value.number()?),
            "oversize" => self.oversize = Some(value.number()?),
            "length" => self.length = Some(value.number()?),
            "chunked" => {
                value.absent()?;
                self.set_framing(Framing::Chunked)?;
            }
            "close-delimited" => {
                value.absent()?;
                self.set_framing(Framing::CloseDelimited)?;
            }
            "endless-headers" => {
                value.absent()?;
                self.endless_headers = true;
            }
            "close" => self.set_hang_up(HangUp { stage: value.stage(false)?, reset: false })?,
            "reset" => self.set_hang_up(HangUp { stage: value.stage(false)?, reset: true })?,
            "early" => {
                self.early = Some(match value.required("keep or close")? {
                    "keep" => Early::Keep,
                    "close" => Early::Close,
                    _ => return Err(value.wrong("keep or close")),
                });
            }
            "garbage" => {
                value.absent()?;
                self.garbage = true;
            }
            _ => return Err(FaultError(format!("`{word}` is not a fault; allowed: {WORDS}"))),
        }
        Ok(())
    }

    fn set_framing(&mut self, framing: Framing) -> Result<(), FaultError> {
        match self.framing.replace(framing) {
            None => Ok(()),
            Some(_) => Err(FaultError("`chunked` and `close-delimited` exclude each other".to_owned())),
        }
    }

    fn set_hang_up(&mut self, hang_up: HangUp) -> Result<(), FaultError> {
        match self.hang_up.replace(hang_up) {
            None => Ok(()),
            Some(_) => Err(FaultError("`close` and `reset` exclude each other".to_owned())),
        }
    }

    /// The words of the fault in canonical order, with their values.
    pub(super) fn items(&self) -> Vec<(&'static str, Option<String>)> {
        let mut items = Vec::new();
        let mut add = |word: &'static str, value: Option<String>| {
            if value.is_some() {
                items.push((word, value));
            }
        };
        add("action", self.action.map(|kind| kind.name().to_owned()));
        add("code", self.code.map(|code| code.to_string()));
        add("status", self.status.map(|status| status.to_string()));
        add("retry-after", self.retry_after.clone());
        add("retry-after-date", self.retry_after_date.map(|seconds| seconds.to_string()));
        add("body", self.body.map(|kind| kind.name().to_owned()));
        add("location", self.location.clone());
        add("delay", self.delay.map(|delay| delay.as_millis().to_string()));
        add("stall", self.stall.map(|stage| stage.to_string()));
        add("for", self.stall_for.map(|duration| duration.as_millis().to_string()));
        add("trickle", self.trickle.map(|trickle| format!("{}/{}", trickle.bytes, trickle.pause.as_millis())));
        add("cut", self.cut.map(|bytes| bytes.to_string()));
        add("oversize", self.oversize.map(|bytes| bytes.to_string()));
        add("length", self.length.map(|difference| format!("{difference:+}")));
        if let Some(HangUp { stage, reset }) = self.hang_up {
            add(if reset { "reset" } else { "close" }, Some(stage.to_string()));
        }
        add("early", self.early.map(|early| if early == Early::Keep { "keep" } else { "close" }.to_owned()));
        let flags = [
            ("chunked", self.framing == Some(Framing::Chunked)),
            ("close-delimited", self.framing == Some(Framing::CloseDelimited)),
            ("endless-headers", self.endless_headers),
            ("garbage", self.garbage),
        ];
        items.extend(flags.into_iter().filter(|(_, set)| *set).map(|(word, _)| (word, None)));
        items
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items = self.items();
        if items.is_empty() {
            return f.write_str("ok");
        }
        for (index, (word, value)) in items.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match value {
                Some(value) => write!(f, "{comma}{word}={value}")?,
                None => write!(f, "{comma}{word}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept => f.write_str("accept"),
            Self::Headers => f.write_str("headers"),
            Self::Bytes(count) => write!(f, "{count}"),
            Self::Body => f.write_str("body"),
            Self::ReplyHead => f.write_str("reply-head"),
            Self::ReplyBody => f.write_str("reply-body"),
        }
    }
}

/// The part after `word=`.
#[derive(Clone, Copy)]
struct Value<'a> {
    word: &'a str,
    text: Option<&'a str>,
}

impl<'a> Value<'a> {
    fn absent(self) -> Result<(), FaultError> {
        match self.text {
            None => Ok(()),
            Some(_) => Err(FaultError(format!("`{}` takes no value", self.word))),
        }
    }

    fn required(self, allowed: &str) -> Result<&'a str, FaultError> {
        self.text.filter(|text| !text.is_empty()).ok_or_else(|| self.wrong(allowed))
    }

    fn wrong(self, allowed: &str) -> FaultError {
        FaultError(format!("`{}={}`: expected {allowed}", self.word, self.text.unwrap_or_default()))
    }

    fn number<T: FromStr>(self) -> Result<T, FaultError> {
        self.required("a number")?.parse().map_err(|_| self.wrong("a number"))
    }

    fn milliseconds(self) -> Result<Duration, FaultError> {
        self.number().map(Duration::from_millis)
    }

    fn header_text(self) -> Result<String, FaultError> {
        const ALLOWED: &str = "visible ASCII characters";
        let text = self.required(ALLOWED)?;
        let clean = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if clean { Ok(text.to_owned()) } else { Err(self.wrong(ALLOWED)) }
    }

    fn body_kind(self) -> Result<BodyKind, FaultError> {
        let allowed = || BodyKind::ALL.map(BodyKind::name).join(", ");
        let name = self.required(&allowed())?;
        BodyKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| self.wrong(&allowed()))
    }

    fn request_kind(self) -> Result<RequestKind, FaultError> {
        const ALLOWED: &str = "call, submit, result, cancel or file";
        RequestKind::from_name(self.required(ALLOWED)?).ok_or_else(|| self.wrong(ALLOWED))
    }

    fn stage(self, replies: bool) -> Result<Stage, FaultError> {
        let allowed = match replies {
            true => "accept, headers, a number of body bytes, body, reply-head or reply-body",
            false => "accept, headers, a number of body bytes or body",
        };
        Ok(match self.required(allowed)? {
            "accept" => Stage::Accept,
            "headers" => Stage::Headers,
            "body" => Stage::Body,
            "reply-head" if replies => Stage::ReplyHead,
            "reply-body" if replies => Stage::ReplyBody,
            text => Stage::Bytes(text.parse().map_err(|_| self.wrong(allowed))?),
        })
    }

    fn trickle(self) -> Result<Trickle, FaultError> {
        const ALLOWED: &str = "BYTES/MILLISECONDS with at least one byte";
        let parts = self.required(ALLOWED)?.split_once('/').and_then(|(bytes, pause)| {
            Some((bytes.parse().ok().filter(|&bytes: &usize| bytes > 0)?, pause.parse().ok()?))
        });
        let (bytes, pause) = parts.ok_or_else(|| self.wrong(ALLOWED))?;
        Ok(Trickle { bytes, pause: Duration::from_millis(pause) })
    }
}
