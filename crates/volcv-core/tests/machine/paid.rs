//! The caller gets every picture that was paid for: in the outcome, or among the rejected pictures of the error.

use std::time::Duration;

use volcv_core::types::Charge;
use volcv_core::{AttemptEvent, CallConfig, ErrorKind, Output};

use crate::play::*;

/// The picture of [`GIF`] as text, whole and without its end.
const TEXT: &str = "R0lGODlhAQABAAAAADs=";
const CUT: &str = "R0lGODlhAQABAAAAAAA=";

/// A reply with a picture. `front` is inserted before its members, `behind` after the object.
fn with(front: &str, behind: &str) -> String {
    format!(r#"{{{front}"code":10000,"request_id":"r","data":{{"binary_data_base64":["{TEXT}"]}}}}{behind}"#)
}

#[test]
fn an_error_field_without_content_is_no_error_and_the_picture_is_bought_once() {
    for front in [
        r#""error":{},"#,
        r#""error":{"message":"","type":"","param":"","code":null},"#,
        r#""error":"","#,
        r#""error":{"code":0},"#,
        r#""ResponseMetadata":{"RequestId":"r","Error":{"Code":"","CodeN":0,"Message":""}},"#,
        r#""upsream_message":"","#,
        r#""upsream_message":null,"#,
    ] {
        let run = run(policy(4, 3), &[Event::reply(200, &with(front, ""))]);
        let outcome = run.result.unwrap();
        assert_eq!((run.complete, outcome.picture().unwrap().as_ref()), (1, GIF), "{front}");
        assert_eq!(outcome.warnings, [""; 0], "{front}");
    }
}

#[test]
fn other_messages_of_a_success_are_warnings() {
    for (reply, warning) in [
        (with(r#""error":{"message":"late notice"},"#, ""), "the reply has a picture, but also says: late notice"),
        (with(r#""success":false,"message":"odd","#, ""), "the reply has a picture, but also says: odd"),
        (with(r#""upsream_message":{"code":50500},"#, ""), "the reply has a picture, but also says: 50500"),
        (with(r#""x":[NaN,-Infinity],"#, ""), "the reply is not quite JSON (expected value at line 1 column 7)"),
        (with(r#""x":"\ud800","#, ""), "the reply is not quite JSON ("),
        (with("\"x\":\"a\nb\",", ""), "the reply is not quite JSON ("),
        (with("", "\0\0\n"), "the reply is not quite JSON ("),
        (format!(": PING\n: \"[{{\n\n{}", with("", "")), "the reply has comment lines in front of its JSON"),
        (
            with("", "").replace("AAAA", "AA\nAA"),
            "the reply has a picture text with characters that JSON does not allow",
        ),
        (
            with("", "").replace(TEXT, &format!(r#"{CUT}","{TEXT}"#)),
            "picture 1 of the reply is a gif file without its end",
        ),
    ] {
        let outcome = run(policy(4, 3), &[Event::reply(200, &reply)]).result.unwrap_or_else(|e| panic!("{reply}: {e}"));
        assert_eq!(outcome.picture().map(|bytes| &bytes[..]), Some(GIF), "{reply}: {outcome:?}");
        serde_json::from_slice::<serde_json::Value>(
            outcome.body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&outcome.body),
        )
        .unwrap();
        let [found] = &outcome.warnings[..] else { panic!("{reply}: {:?}", outcome.warnings) };
        assert!(found.starts_with(warning), "{found}");
        assert_eq!(outcome.rejected.len(), usize::from(reply.contains(CUT)));
    }
}

#[test]
fn a_reply_that_is_cut_or_goes_on_is_an_error_with_its_picture() {
    let whole = with("", "");
    for reply in [
        whole[..whole.len() - 1].to_owned(),
        format!("{whole} {whole}"),
        format!("{whole} and so on"),
        format!("{whole}}}"),
        whole.replace("10000,", "10000 10000,"),
        whole.replace(r#""code":10000,"#, ""),
    ] {
        let run = run(policy(4, 3), &[Event::reply(200, &reply)]);
        let error = run.result.unwrap_err();
        assert_eq!((error.kind(), error.charge(), run.complete), (ErrorKind::Decode, Charge::Charged, 1), "{reply}");
        assert_eq!(error.rejected_picture().unwrap(), GIF, "{reply}");
    }
}

#[test]
fn a_picture_that_fails_a_check_is_in_the_error() {
    for (text, bytes) in
        [(CUT, &GIF[..GIF.len() - 1]), ("PGh0bWw+", b"<html>"), ("R0lGODlhAQABAAAA*", b"GIF89a\x01\0\x01\0\0\0")]
    {
        let error = failure(&[Event::reply(200, &with("", "").replace(TEXT, text))]);
        assert_eq!((error.kind(), error.charge()), (ErrorKind::Decode, Charge::Charged));
        let [rejected] = error.rejected_pictures() else { panic!("{error}") };
        assert!(rejected.starts_with(bytes), "{text}: {rejected:?}");
        assert!(!format!("{error:?} {error}").contains("GIF89a"));
    }
    let cut = with("", "");
    let error = failure(&[Event::reply(200, &cut[..cut.find("AAADs").unwrap()])]);
    assert!(GIF.starts_with(error.rejected_picture().unwrap()), "{error}");
}

/// A failure with a whole picture is not sent again, because that would buy a second picture.
#[test]
fn a_failure_with_a_whole_picture_ends_the_call_and_has_the_picture() {
    let inner = with("", "").replace(r#""data":{"#, r#""data":{"algorithm_base_resp":{"status_code":50500},"#);
    for (status, reply) in [
        (200, inner),
        (500, with("", "")),
        (200, with("", "").replace("10000", "50511")),
        (200, with("", "").replace("10000", "50429")),
    ] {
        let mut config = policy(4, 4);
        config.policy.new_seed = true;
        let run = run(config, &[Event::reply(status, &reply)]);
        let error = run.result.unwrap_err();
        assert_eq!((run.complete, error.charge(), error.is_retryable()), (1, Charge::Charged, false), "{error}");
        assert_eq!(error.rejected_picture().unwrap(), GIF, "{reply}");
    }
    assert_eq!(AttemptEvent::ReplyUnusable.rule().charge, Charge::Charged);
}

#[test]
fn a_request_id_that_is_a_number_is_kept() {
    let reply = with("", "").replace(r#""r""#, "20240601123456789");
    let outcome = run(CallConfig::default(), &[Event::reply(200, &reply)]).result.unwrap();
    assert_eq!(outcome.request_id.as_deref(), Some("20240601123456789"));
    let error = failure(&[Event::reply(200, &reply[..reply.len() - 1])]);
    assert_eq!(error.request_id(), Some("20240601123456789"));
}

#[test]
fn new_seeds_are_those_that_every_ability_takes() {
    let refused = Event::reply(400, r#"{"code":50511,"message":"Post Img Risk Not Pass"}"#);
    let mut config = policy(900, 900);
    (config.policy.new_seed, config.policy.base) = (true, Duration::ZERO);
    config.budget = std::sync::Arc::new(volcv_core::RetryBudget::new(1000));
    let run = run(config, &[refused]);
    assert!(run.seeds.len() == 900 && run.seeds.iter().all(|seed| (0..=2_147_483_647).contains(seed)));
}

/// A link's download, from the first URL on, and where each attempt went.
fn download(link: &str, answers: &[(u16, &str, &str)]) -> (Result<Vec<u8>, volcv_core::Error>, Vec<String>, usize) {
    use volcv_core::http::{HeaderMap, HeaderValue};
    use volcv_core::{Call, Plan, Step};
    let plan = match Plan::download(link, &gateway()) {
        Ok(plan) => plan,
        Err(error) => return (Err(error), Vec::new(), 0),
    };
    let config = CallConfig::default();
    let (budget, tokens) = (std::sync::Arc::clone(&config.budget), config.budget.tokens());
    let (mut call, mut now, mut went, mut waits) = (Call::new(plan, config), Duration::ZERO, Vec::new(), 0);
    let result = loop {
        match call.next(at(now)) {
            Step::Send(attempt) => {
                assert!(attempt.request.headers().get("authorization").is_none());
                let (status, location, body) = answers.get(went.len()).or(answers.last()).unwrap();
                went.push(attempt.request.uri().to_string());
                let mut headers = HeaderMap::new();
                if !location.is_empty() {
                    headers.insert("location", HeaderValue::from_str(location).unwrap());
                }
                let pushed = call.reply().head(*status, &headers).and_then(|()| call.reply().data(body.as_bytes()));
                call.on_sent(at(now), pushed.map_err(Into::into));
            }
            Step::Wait(time) => {
                waits += 1;
                now += time;
            }
            Step::Begin(_) => panic!("a download is not written down"),
            Step::Credentials(_) => panic!("a download needs no credentials"),
            Step::Done(result) => break result,
        }
    };
    assert_eq!(budget.tokens(), tokens, "the budget is the paid service's");
    (result.map(|outcome| outcome.body.to_vec()), went, waits)
}

const FILE: &str = "GIF89a\x01\0\x01\0\0\0\0;";

#[test]
fn a_download_costs_nothing_and_is_tried_again() {
    for status in [403, 404, 400, 429, 500, 503] {
        let (result, went, waits) = download("https://cdn.example/a", &[(status, "", ""), (200, "", FILE)]);
        assert_eq!((result.unwrap(), went.len(), waits), (FILE.as_bytes().to_vec(), 2, 1), "{status}");
    }
    for (body, rejected) in [("", false), ("<html>", false), (&FILE[..9], true)] {
        let (result, went, _) = download("https://cdn.example/a", &[(200, "", body), (200, "", FILE)]);
        assert_eq!((result.unwrap(), went.len()), (FILE.as_bytes().to_vec(), 2), "{body}");
        let (result, went, waits) = download("https://cdn.example/a", &[(200, "", body)]);
        let error = result.unwrap_err();
        assert_eq!((went.len(), waits, error.kind(), error.charge()), (4, 3, ErrorKind::Decode, Charge::Charged));
        assert_eq!((error.rejected_picture().is_some(), error.is_retryable()), (rejected, true));
    }
    let error = download("https://cdn.example/a", &[(404, "", "")]).0.unwrap_err();
    assert_eq!((error.kind(), error.http_status(), error.attempts().len()), (ErrorKind::Service, Some(404), 4));
}

#[test]
fn five_redirects_of_a_link_are_followed_and_each_is_checked() {
    let to = |location: &'static str| (302, location, "");
    let (result, went, waits) = download(
        "https://cdn.example/x/a",
        &[to("b"), to("//cdn2.example/c"), to("/d?e=f"), to("https://cdn3.example/"), to("?g"), (200, "", FILE)],
    );
    assert_eq!((result.unwrap(), waits), (FILE.as_bytes().to_vec(), 0));
    let expected = ["x/a", "x/b", "2.example/c", "2.example/d?e=f", "3.example/", "3.example/?g"];
    assert!(went.iter().zip(expected).all(|(went, end)| went.ends_with(end)), "{went:?}");

    let (result, went, _) = download("https://cdn.example/a", &[to("/a")]);
    assert!(result.unwrap_err().message().contains("redirected more than 5 times") && went.len() == 6);
    for bad in
        ["http://cdn.example/a", "https://10.0.0.1/a", "https://localhost/", "https://k:v@cdn.example/", "ftp://a/"]
    {
        let (result, went, _) = download("https://cdn.example/a", &[(307, bad, "")]);
        let error = result.unwrap_err();
        assert_eq!((went.len(), error.kind(), error.charge()), (1, ErrorKind::Decode, Charge::Charged), "{bad}");
    }
    // A redirect does not count as an attempt, and each new attempt begins with the link itself.
    let answers = [to("/b"), (403, "", ""), to("/c"), (503, "", ""), (404, "", ""), to("/d"), (200, "", FILE)];
    let (result, went, waits) = download("https://cdn.example/a", &answers);
    assert_eq!((result.unwrap(), waits), (FILE.as_bytes().to_vec(), 3));
    let paths: Vec<&str> = went.iter().map(|uri| &uri["https://cdn.example".len()..]).collect();
    assert_eq!(paths, ["/a", "/b", "/a", "/c", "/a", "/a", "/d"]);
}

#[test]
fn a_link_into_a_private_network_is_not_fetched() {
    for link in ["https://192.168.0.1/a", "https://127.0.0.1/", "http://cdn.example/a", "cdn.example/a"] {
        let (result, went, _) = download(link, &[(200, "", FILE)]);
        assert_eq!((went.len(), result.unwrap_err().charge()), (0, Charge::Charged), "{link}");
    }
    let (result, went, _) = download(" https://cdn.example/a b\n", &[(200, "", FILE)]);
    assert_eq!((result.unwrap().len(), &*went[0]), (GIF.len(), "https://cdn.example/a%20b"));
}

#[test]
fn a_link_in_the_bytes_and_a_picture_among_the_links_are_found() {
    let reply = with("", "").replace(TEXT, "https://cdn.example/a");
    let outcome = run(CallConfig::default(), &[Event::reply(200, &reply)]).result.unwrap();
    assert!(matches!(&outcome.outputs[..], [Output::Link(link)] if link == "https://cdn.example/a"));
    let reply = with("", "")
        .replace("binary_data_base64", "image_urls")
        .replace(TEXT, &format!("data:image/gif;base64,{TEXT}"));
    let outcome = run(CallConfig::default(), &[Event::reply(200, &reply)]).result.unwrap();
    assert_eq!((outcome.picture().unwrap().as_ref(), &outcome.warnings[..]), (GIF, &[][..] as &[String]));
}
