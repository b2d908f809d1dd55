//! Direct access: signatures, clock and tokens.

use serde_json::Value;
use volcv_emulator::{AccessKind, DEFAULT_SECRET_KEY, Emulator, Fault, RequestKind};

use crate::signed::{Signed, send_text};
use crate::support::{Answer, ask, request};

fn error(answer: &Answer) -> Value {
    answer.json()["ResponseMetadata"]["Error"].clone()
}

#[test]
fn a_signed_call_is_answered_with_a_picture_beside_the_gateway() {
    let emulator = Emulator::start().unwrap();
    let answer = Signed::new(&emulator, "CVProcess", &request()).send(&emulator);
    assert_eq!((answer.status, answer.code()), (200, 10000));
    assert_eq!(answer.picture(), ask(&emulator, &request()).picture());
    let requests = emulator.requests();
    let (direct, gateway) = (&requests[1], &requests[2]);
    assert_eq!((direct.access, gateway.access), (Some(AccessKind::Direct), Some(AccessKind::Gateway)));
    assert_eq!((direct.kind, direct.action.as_str()), (Some(RequestKind::Call), "CVProcess"));
    assert!(direct.key_ok && gateway.key_ok && direct.refused.is_none());
    assert_eq!((emulator.charges(), emulator.complete_bodies()), (2, 2));
}

#[test]
fn the_signed_headers_may_come_in_any_order_and_number() {
    let emulator = Emulator::start().unwrap();
    for names in ["host;x-date", "x-date;host", "host;x-date;x-content-sha256;content-type"] {
        let signed = Signed { signed_headers: names.to_owned(), ..Signed::new(&emulator, "CVProcess", &request()) };
        assert_eq!(signed.send(&emulator).status, 200, "{names}");
    }
}

#[test]
fn each_wrong_part_has_its_own_error() {
    let emulator = Emulator::start().unwrap();
    let good = Signed::new(&emulator, "CVProcess", &request());
    let text = good.text();
    let changed = |from: &str, to: &str| {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        changed
    };
    let scoped =
        |region: &str, service: &str| Signed { scope: [region.to_owned(), service.to_owned()], ..good.clone() };
    let old = Signed { x_date: "20240619T071306Z".to_owned(), ..good.clone() };
    let other_key = Signed { access_key: "AKOTHER".to_owned(), ..good.clone() };
    let without_host = Signed { signed_headers: "x-date".to_owned(), ..good.clone() };
    let other_action = Signed { query: "Action=Other&Version=2022-08-31".to_owned(), ..good.clone() };
    let other_secret = Signed { secret_key: "wrong".to_owned(), ..good.clone() };
    for (request, status, name, number, part) in [
        (changed("Action=CVProcess&", ""), 400, "MissingParameter", Some(100_002), "Action"),
        (changed("Version=", "V="), 400, "MissingParameter", Some(100_002), "Version"),
        (changed("Authorization: ", "Other: "), 401, "MissingAuthenticationToken", Some(100_003), "Authorization"),
        (changed(", Signature=", ", Sign="), 401, "MissingSignature", Some(100_005), "Signature"),
        (changed(" HMAC-SHA256 ", " Bearer "), 400, "InvalidAuthorization", None, "HMAC-SHA256 Credential="),
        (changed(", SignedHeaders=", ", Signed="), 400, "InvalidAuthorization", None, "SignedHeaders"),
        (without_host.text(), 400, "InvalidAuthorization", None, "host"),
        (changed("/request", "/x"), 400, "InvalidCredential", None, "Credential"),
        (scoped("cn-beijing", "cv").text(), 400, "InvalidCredential", None, "region"),
        (scoped("cn-north-1", "iam").text(), 400, "InvalidCredential", None, "service"),
        (old.text(), 400, "InvalidTimestamp", Some(100_006), "20240619T071306Z"),
        (changed("x-date: ", "other: "), 400, "InvalidTimestamp", Some(100_006), "X-Date"),
        (other_key.text(), 401, "InvalidAccessKey", Some(100_009), "access key"),
        (other_secret.text(), 401, "SignatureDoesNotMatch", Some(100_010), "canonical request"),
        (
            changed("visual.example", "other.example"),
            401,
            "SignatureDoesNotMatch",
            Some(100_010),
            "host:other.example\n",
        ),
        (changed("a lake", "a sea!"), 401, "SignatureDoesNotMatch", Some(100_010), "X-Content-Sha256"),
        (changed("content-type: ", "other: "), 401, "SignatureDoesNotMatch", Some(100_010), "content-type"),
        (other_action.text(), 404, "InvalidActionOrVersion", Some(100_008), "Other"),
    ] {
        let answer = send_text(&emulator, &request);
        let error = error(&answer);
        assert_eq!((answer.status, error["Code"].as_str()), (status, Some(name)), "{part}: {error}");
        assert_eq!(error["CodeN"].as_u64(), number, "{name}");
        assert!(error["Message"].as_str().unwrap().contains(part), "{part}: {error}");
        let metadata = &answer.json()["ResponseMetadata"];
        assert_eq!((&metadata["Service"], &metadata["Region"]), (&"cv".into(), &"cn-north-1".into()));
        let record = emulator.requests().pop().unwrap();
        assert_eq!(record.key_ok, name == "InvalidActionOrVersion");
        assert!(record.refused.unwrap().contains(part), "{part}");
    }
    assert_eq!(emulator.charges(), 0);
    assert!(!format!("{:?} {emulator:?}", emulator.requests()).contains(DEFAULT_SECRET_KEY));
}

#[test]
fn a_date_has_to_be_within_a_quarter_of_an_hour_of_the_servers_clock() {
    let emulator = Emulator::builder().clock_offset(1200).start().unwrap();
    let ahead = Signed::new(&emulator, "CVProcess", &request());
    assert_eq!(ahead.send(&emulator).status, 200);
    emulator.set_clock_offset(0);
    assert_eq!(error(&ahead.send(&emulator))["Code"], "InvalidTimestamp");
    let right = Signed::new(&emulator, "CVProcess", &request());
    assert_eq!(right.send(&emulator).status, 200);
    emulator.set_clock_offset(-1200);
    assert_eq!(error(&right.send(&emulator))["Code"], "InvalidTimestamp");
    assert_eq!(emulator.charges(), 2);
}

#[test]
fn a_temporary_key_works_with_its_token_until_that_is_revoked() {
    let emulator = Emulator::builder().temporary_key("AKTEMPORARY", "first", "token+1/==").start().unwrap();
    let temporary = |secret: &str| Signed {
        access_key: "AKTEMPORARY".to_owned(),
        secret_key: secret.to_owned(),
        ..Signed::new(&emulator, "CVProcess", &request())
    };
    let refused =
        |answer: Answer| (answer.status, error(&answer)["Code"].clone()) == (401, "InvalidSecretToken".into());
    assert_eq!(temporary("first").with_token("token+1/==").send(&emulator).status, 200);
    assert!(refused(temporary("first").send(&emulator)));
    assert!(refused(temporary("first").with_token("token+2/==").send(&emulator)));
    emulator.revoke_token("token+1/==");
    assert!(refused(temporary("first").with_token("token+1/==").send(&emulator)));
    emulator.add_temporary_key("AKTEMPORARY", "second", "token+2/==");
    assert_eq!(temporary("second").with_token("token+2/==").send(&emulator).status, 200);
    // A permanent key takes any token, if it is signed.
    let permanent = Signed::new(&emulator, "CVProcess", &request()).with_token("any");
    assert_eq!(permanent.send(&emulator).status, 200);
    let unsigned = permanent.text().replacen(";x-security-token", "", 1);
    assert_eq!(error(&send_text(&emulator, &unsigned))["Code"], "SignatureDoesNotMatch");
    let records = emulator.requests();
    assert!(records.last().unwrap().has_token);
    assert!(!format!("{records:?}").contains("token+1"));
}

#[test]
fn keys_and_region_can_be_chosen() {
    let emulator = Emulator::builder().access_key("AKMINE", "mine").region("ap-singapore-1").start().unwrap();
    let mut signed = Signed::new(&emulator, "CVProcess", &request());
    signed.scope[0] = "ap-singapore-1".to_owned();
    assert_eq!(error(&signed.send(&emulator))["Code"], "InvalidAccessKey");
    (signed.access_key, signed.secret_key) = ("AKMINE".to_owned(), "mine".to_owned());
    assert_eq!(signed.send(&emulator).status, 200);
}

#[test]
fn a_key_of_the_gateway_is_none_here_and_the_other_way_round() {
    let emulator = Emulator::start().unwrap();
    let signed = Signed::new(&emulator, "CVProcess", &request()).text();
    assert_eq!(send_text(&emulator, &signed.replacen("POST /?", "POST /volcv/v1?", 1)).status, 401);
    let body = request().to_string();
    let bearer = crate::support::head("/?Action=CVProcess&Version=2022-08-31", body.len(), "") + &body;
    assert_eq!(error(&send_text(&emulator, &bearer))["Code"], "InvalidAuthorization");
    let chunked = "POST /?Action=CVProcess HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(error(&send_text(&emulator, chunked))["Code"], "MissingRequestInfo");
    assert_eq!(emulator.charges(), 0);
}

#[test]
fn faults_apply_here_as_well() {
    let emulator = Emulator::start().unwrap();
    let signed = Signed::new(&emulator, "CVProcess", &request());
    emulator.push(Fault::code(50429));
    assert_eq!(signed.send(&emulator).code(), 50429);
    emulator.push("body=top,code=100014".parse().unwrap());
    assert_eq!(error(&signed.send(&emulator))["Code"], "InternalError");
    assert_eq!(signed.send(&emulator).status, 200);
    assert_eq!(emulator.charges(), 3);
}
