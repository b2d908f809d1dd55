//! No text shows an access key, a secret key or a session token, wherever the service or a provider repeats them.

use std::time::Duration;

use volcv_core::{Access, Call, CallConfig, Credentials, Error, Plan, Step, TransportError, TransportErrorKind};

use crate::play::*;

/// Keys as long as real ones.
const ACCESS_KEY: &str = "AKLTcanaryZmFrZQ0123456789";
const SECRET_KEY: &str = "canaryU0VDUkVUa2V5LW9mLW5vYm9keQ==";
const TOKEN: &str = "STS2canary+eyJMVEFjY2Vzc0tleUlkIjoi/x==";

fn credentials() -> Credentials {
    Credentials::new(ACCESS_KEY, SECRET_KEY).unwrap().session_token(TOKEN).unwrap()
}

fn check(text: &str) {
    assert!(!text.contains("canary") && !text.contains("0VDUkVUa2V5") && !text.contains("MVEFjY2Vzc"), "{text}");
}

/// Every text of an error.
fn check_error(error: &Error) {
    check(&format!("{error} {error:?} {} {:?} {:?}", error.message(), error.request_id(), error.service_code()));
    check(&error.display_within(100));
    check(&format!("{:?}", error.attempts()));
}

/// The secrets as they are and as they stand in a URL.
fn spellings() -> impl Iterator<Item = String> {
    [ACCESS_KEY, SECRET_KEY, TOKEN].into_iter().flat_map(|secret| {
        let percent = secret.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        [secret.to_owned(), percent]
    })
}

fn failure_of(access: &Access, event: Event) -> Error {
    let call = Call::new(Plan::pictures(&outpaint(), access).unwrap(), policy(1, 1));
    play_with(call, &[event], &mut |_| Some(Ok(credentials()))).result.unwrap_err()
}

#[test]
fn what_the_service_repeats_is_hidden() {
    for access in [direct(Some(credentials())), direct(None)] {
        for secret in spellings() {
            for body in [
                format!(r#"{{"code":50400,"message":"no {secret} here","request_id":"id {secret}"}}"#),
                format!(r#"{{"code":"{secret}","message":"","request_id":"{secret}"}}"#),
                format!(r#"{{"ResponseMetadata":{{"Error":{{"Code":"{secret}","Message":"{secret}{secret}"}}}}}}"#),
                format!(r#"{{"error":{{"message":"{secret} (request id: {secret})","code":"{secret}"}}}}"#),
                format!("<html>{secret}"),
                format!("{}{secret}", " ".repeat(70)),
            ] {
                for status in [200, 302, 400, 401, 403, 500] {
                    let event = Event::reply(status, &body)
                        .header("location", &format!("https://a/{secret}?k={secret}"))
                        .header("x-request-id", &secret)
                        .header("content-type", &format!("text/{secret}"));
                    check_error(&failure_of(&access, event));
                }
            }
            let compressed = Event::reply(200, SUCCESS).header("content-encoding", &secret);
            check_error(&failure_of(&access, compressed));
        }
    }
}

#[test]
fn what_a_reply_that_can_be_used_repeats_is_hidden() {
    for secret in spellings() {
        let reply = SUCCESS.replace("\"r\"", &format!(r#""{secret}""#)).replacen(
            '{',
            &format!(r#"{{"error":{{"message":"{secret}"}},"#),
            1,
        );
        let call = Call::new(Plan::pictures(&outpaint(), &direct(Some(credentials()))).unwrap(), policy(1, 1));
        let outcome = play(call, &[Event::reply(200, &reply)]).result.unwrap();
        assert_eq!(outcome.warnings.len(), 1);
        check(&format!("{outcome:?} {:?} {:?}", outcome.request_id, outcome.warnings));
    }
}

#[test]
fn what_a_transport_repeats_is_hidden() {
    for secret in spellings() {
        let mut call = Call::new(Plan::pictures(&outpaint(), &direct(Some(credentials()))).unwrap(), policy(1, 1));
        let now = at(Duration::ZERO);
        let Step::Send(attempt) = call.next(now) else { panic!("the credentials are known") };
        check(&format!("{attempt:?} {call:?}"));
        call.on_sent(now, Err(TransportError::with_source(TransportErrorKind::Io, format!("sent {secret}"))));
        let Step::Done(Err(error)) = call.next(now) else { panic!("there is one attempt") };
        check_error(&error);
    }
}

/// A provider's text must hold no credentials. Those that are known do not come out of one that does.
#[test]
fn what_a_provider_repeats_of_known_credentials_is_hidden() {
    let old = credentials().expires_at(at(Duration::ZERO).wall);
    for secret in spellings() {
        for access in [direct(Some(old.clone())), direct(None)] {
            let call = Call::new(Plan::pictures(&outpaint(), &access).unwrap(), CallConfig::default());
            // Without known credentials, the first answer is good, and the service refuses it.
            let mut provider = |n| match n {
                0 if format!("{access:?}").contains("None") => Some(Ok(credentials())),
                _ => Some(Err(format!("no {secret} any more").into())),
            };
            let run = play_with(call, &[Event::reply(401, TOKEN_REFUSED)], &mut provider);
            assert!(
                run.error().message().starts_with("there are no credentials: no [key] any more"),
                "{}",
                run.error()
            );
            check_error(run.error());
        }
    }
}

#[test]
fn nothing_that_holds_credentials_shows_them() {
    let access = direct(Some(credentials()));
    let plan = Plan::pictures(&outpaint(), &access).unwrap();
    check(&format!("{access:?} {plan:?} {} {:?}", plan.preview(), credentials()));
    let mut call = Call::new(plan, CallConfig::default());
    let step = call.next(at(Duration::ZERO));
    check(&format!("{step:?} {call:?}"));
    let Step::Send(attempt) = step else { panic!("the credentials are known") };
    for name in ["authorization", "x-security-token"] {
        assert!(attempt.request.headers()[name].is_sensitive(), "{name}");
    }
}
