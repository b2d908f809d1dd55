//! Combinations of modifiers that mean nothing.

use super::{BodyKind, Early, Fault, FaultError, Stage};

/// The words that shape an answer.
const ANSWER: &[&str] = &["code", "status", "retry-after", "retry-after-date", "body"];
/// The words that shape how an answer's body is sent.
const SENDING: &[&str] = &["cut", "oversize", "length", "chunked", "close-delimited"];
const REST: &[&str] = &["trickle", "endless-headers", "garbage", "early"];

pub(super) fn check(fault: &Fault) -> Result<(), FaultError> {
    let present: Vec<&str> = fault.items().into_iter().map(|(word, _)| word).collect();
    let clash = |word: &str, others: &[&[&str]], why: &str| match others
        .concat()
        .into_iter()
        .find(|other| present.contains(&word) && present.contains(other))
    {
        Some(other) => Err(FaultError(format!("`{word}` and `{other}` exclude each other: {why}"))),
        None => Ok(()),
    };
    for word in ["close", "reset"] {
        clash(word, &[ANSWER, SENDING, REST], "a dropped connection answers nothing")?;
    }
    if fault.stall.is_some() && fault.stall_for.is_none() {
        clash("stall", &[&["close", "reset"]], "a stall without `for` never ends")?;
        if !matches!(fault.stall, Some(Stage::ReplyHead | Stage::ReplyBody)) {
            clash("stall", &[ANSWER, SENDING, REST, &["delay"]], "a stall without `for` answers nothing")?;
        }
    }
    if fault.is_for_connection() {
        let others = [&["action"], ANSWER, SENDING, REST].concat();
        if let Some(other) = others.iter().find(|other| present.contains(*other)) {
            return Err(FaultError(format!(
                "`accept` takes a whole connection, so `{other}` has no request to answer"
            )));
        }
    }
    clash("garbage", &[ANSWER, SENDING, &["endless-headers"]], "garbage is not an HTTP answer")?;
    clash("endless-headers", &[SENDING], "the reply body never comes")?;
    clash("length", &[&["chunked", "close-delimited"]], "such a reply has no Content-Length")?;
    clash("retry-after", &[&["retry-after-date"]], "there is one such header")?;
    if fault.stall_for.is_some() && fault.stall.is_none() {
        return Err(FaultError("`for` says how long a `stall` lasts, and there is none".to_owned()));
    }
    if matches!(fault.stall, Some(Stage::ReplyHead | Stage::ReplyBody)) {
        clash("stall", &[&["endless-headers", "garbage"]], "there is no ordinary reply to stop in")?;
    }
    if fault.location.is_some() && fault.body != Some(BodyKind::Redirect) {
        return Err(FaultError("`location` belongs to `body=redirect`".to_owned()));
    }
    if fault.items().iter().any(|(_, value)| value.as_ref().is_some_and(|value| value.contains([',', '\r', '\n']))) {
        return Err(FaultError("a text may hold neither commas nor line breaks".to_owned()));
    }
    if fault.status.is_some_and(|status| !(200..=599).contains(&status)) {
        return Err(FaultError("`status` is a number from 200 to 599".to_owned()));
    }
    if let (Some(kind), Some(code)) = (fault.body, fault.code)
        && !kind.takes_code()
    {
        return Err(FaultError(format!("`body={}` has no place for `code={code}`", kind.name())));
    }
    early(fault)
}

fn early(fault: &Fault) -> Result<(), FaultError> {
    if fault.early.is_none() {
        return Ok(());
    }
    if fault.early == Some(Early::Close) && matches!(fault.stall, Some(Stage::Bytes(_) | Stage::Body)) {
        return Err(FaultError(
            "`early=close` does not read the request body, so `stall` cannot stop in it".to_owned(),
        ));
    }
    let known = fault.code.is_some() || fault.status.is_some_and(|status| status >= 300) || fault.garbage;
    match fault.body {
        Some(kind) if kind.has_picture() => Err(FaultError(format!(
            "`early` answers before the picture is known, so `body={}` is impossible",
            kind.name()
        ))),
        Some(_) => Ok(()),
        None if known || fault.endless_headers => Ok(()),
        None => Err(FaultError("`early` needs a `code`, a `status` of an error or a `body` to answer".to_owned())),
    }
}
