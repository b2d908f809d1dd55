//! The texts of errors: the host, the bytes sent, the limit; and never the key.

use std::time::Duration;

use volcv_core::http::{HeaderMap, HeaderName, HeaderValue};
use volcv_core::{Call, CallConfig, ErrorKind, Step, TimeLimit, TransportError, TransportErrorKind};

use crate::play::*;

#[test]
fn no_text_of_an_error_shows_the_key_or_moves_a_cursor() {
    let body = "{\"code\":50400,\"message\":\"bad canary-key \\u001b[2J\\r\\n\",\"request_id\":\"canary-key\\n\"}";
    let error = failure(&[Event::reply(403, body)]);
    for text in
        [error.to_string(), format!("{error:?}"), error.message().to_owned(), error.request_id().unwrap().to_owned()]
    {
        assert!(!text.contains("canary") && !text.chars().any(char::is_control), "{text}");
    }
}

#[test]
fn a_failure_says_how_far_the_request_came_and_to_whom() {
    use TransportErrorKind as T;
    let cancelled = |event: Event| Event { error: Some(T::Cancelled), ..event };
    for (event, text) in [
        (Event::fail(0, T::Connect), "no connection to gw.example:443; nothing of the request was sent"),
        (Event::fail(0, T::Resolve), "the host name of gw.example:443 was not found;"),
        (Event::fail(0, T::Tls), "the certificate of gw.example:443 was refused;"),
        (Event::fail(0, T::Timeout(TimeLimit::Connect)), "no connection to gw.example:443 within the connect limit;"),
        (Event::fail(1, T::Protocol), "no valid HTTP reply came while uploading;"),
        (Event::fail(0, T::Cancelled), "the call was cancelled while connecting; nothing of the request was sent;"),
        (Event::fail(1, T::Cancelled), "the call was cancelled while uploading; 71 of 142 bytes of the request were"),
        (
            Event::fail(2, T::Cancelled),
            "the call was cancelled while waiting for the reply; the whole request was sent;",
        ),
        (
            cancelled(Event::reply(200, "{")),
            "the call was cancelled while downloading; 1 bytes of the reply were read;",
        ),
    ] {
        let error = failure(&[event]);
        assert!(error.to_string().starts_with(text), "{error}");
    }
}

#[test]
fn a_reply_that_is_too_large_names_the_limit_that_it_is_over() {
    let mut config = CallConfig::default();
    config.limits.reply_bytes = 100;
    let too_large = |body: &str| run(config.clone(), &[Event::reply(200, body)]).result.unwrap_err().to_string();
    let text = "the reply is larger than the limit of 100 bytes; 100 bytes were read (HTTP 200); the call was charged";
    assert_eq!(too_large(&" ".repeat(200)), text);
    let mut call = Call::new(plan(), config.clone());
    let Step::Send(_) = call.next(at(Duration::ZERO)) else { panic!("a new call is sent") };
    let headers = HeaderMap::from_iter([(HeaderName::from_static("content-length"), HeaderValue::from(5000))]);
    let stop = call.reply().head(200, &headers).unwrap_err();
    call.on_sent(at(Duration::ZERO), Err(stop.into()));
    let Step::Done(Err(error)) = call.next(at(Duration::ZERO)) else { panic!("the reply is too large") };
    let text = "the reply is larger than the limit of 100 bytes (5000 bytes were announced); 0 bytes were read";
    assert_eq!(error.message(), text);
    for (body, kind, text) in [
        (" ".repeat(2 << 20), ErrorKind::ResponseTooLarge, "more than 1048576 bytes of JSON beside its pictures"),
        ("1,".repeat(200_000), ErrorKind::ResponseTooLarge, "more than 100000 values"),
        ("[".repeat(200), ErrorKind::Decode, "nested more than 128 levels deep"),
    ] {
        let error = failure(&[Event::reply(200, &body)]);
        assert!(error.kind() == kind && error.message().ends_with(text), "{error}");
    }
}

#[test]
fn foreign_texts_among_the_words_of_an_error_are_short() {
    let mut call = Call::new(plan(), policy(1, 1));
    let Step::Send(_) = call.next(at(Duration::ZERO)) else { panic!("a new call is sent") };
    call.on_sent(at(Duration::ZERO), Err(TransportError::with_source(TransportErrorKind::Io, "海".repeat(1000))));
    let Step::Done(Err(error)) = call.next(at(Duration::ZERO)) else { panic!("the call has failed") };
    let tail = "海…); nothing of the request was sent; nothing was charged";
    assert!(error.to_string().ends_with(tail) && error.to_string().len() < 350, "{error}");
    let long = "海".repeat(1000);
    let reply = format!(r#"{{"code":"{long}","message":"m","request_id":"{long}"}}"#);
    let text = failure(&[Event::reply(400, &reply)]).to_string();
    assert!(text.ends_with("海…); nothing was charged") && text.len() < 512, "{text}");
}
