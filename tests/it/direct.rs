//! Direct access over real sockets: the emulator checks each signature by itself, on the bytes that it received.

use serde_json::json;
use volcv::{
    CallOptions, Charge, ClientBuilder, Credentials, CredentialsSource, CvRequest, ErrorKind, Outpaint, Output,
};
use volcv_emulator::{AccessKind, DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Emulator};

use crate::support::{AnyClient, TRANSPORTS, direct, large, small};

fn outpaint() -> Outpaint {
    Outpaint::equal(small(), 0.25).prompt("湖 a+b")
}

/// A builder for a client with these credentials.
fn with(emulator: &Emulator, credentials: impl Into<CredentialsSource>) -> ClientBuilder {
    ClientBuilder::direct(credentials).base_url(emulator.base_url())
}

fn keys(access_key: &str, secret_key: &str) -> Credentials {
    Credentials::new(access_key, secret_key).unwrap()
}

fn temporary(token: &str) -> Credentials {
    keys("AKTP-1", "temporary-secret").session_token(token).unwrap()
}

/// An emulator that knows the keys of [`temporary`] with the token `right`.
fn with_temporary_key() -> Emulator {
    Emulator::builder().temporary_key("AKTP-1", "temporary-secret", "right").start().unwrap()
}

#[test]
fn outpainting_is_accepted_with_its_signature_and_names_the_prompt_as_this_access_does() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        let client = AnyClient::new(transport, direct(&emulator));
        for picture in [small(), large()] {
            let request = Outpaint::equal(picture, 0.25).prompt("湖 a+b");
            let outcome = client.outpaint(&request, &CallOptions::new()).unwrap();
            assert!(outcome.picture().is_some() && outcome.attempts.len() == 1, "{transport}");
        }
        for request in emulator.requests() {
            assert!(request.key_ok && request.access == Some(AccessKind::Direct), "{request:?}");
            let json = request.json.as_ref().unwrap();
            assert_eq!((json["custom_prompt"].as_str(), json.get("prompt")), (Some("湖 a+b"), None));
            assert_eq!(request.header("x-content-sha256").map(str::len), Some(64));
        }
        assert_eq!((emulator.charges(), emulator.connections()), (2, 1), "{transport}");
    }
}

#[test]
fn a_signature_holds_for_every_base_url_and_every_query() {
    let items = [
        ("Name", "湖 & 山"),
        ("plus", "a+b c"),
        ("star", "*~!'()"),
        ("empty", ""),
        ("", "no name"),
        ("a=b", "c&d=e%20f"),
        ("twice", "2"),
        ("twice", "1"),
        ("Zed", "/?:@"),
        ("_", "."),
        ("中", "ü"),
    ];
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        let port = emulator.addr().port();
        for base in [
            format!("http://127.0.0.1:{port}"),
            format!("http://localhost:{port}/"),
            format!("http://LOCALHOST:{port}/Proxy//v1.0/"),
            format!("http://127.0.0.1:{port}/a%20b/~c/%E4%B8%AD+*/d;e=f"),
            format!("http://127.0.0.1:{port}/%7Ea/%2F/x@y:z"),
            format!("http://127.0.0.1:{port}/a/./b/../c/"),
        ] {
            let client = AnyClient::new(transport, direct(&emulator).base_url(&*base));
            let request =
                CvRequest::new("CVGetResult", "2022-08-31", json!({"req_key": "i2i_outpainting", "task_id": "1"}));
            let request = items.iter().fold(request.unwrap(), |request, (key, value)| request.query_item(*key, *value));
            let outcome = client.call(request).unwrap_or_else(|error| panic!("{transport} {base}: {error}"));
            assert_eq!(outcome.reply.data.unwrap().status.as_deref(), Some("not_found"), "{transport} {base}");
        }
        assert!(emulator.requests().iter().all(|request| request.key_ok));
    }
}

#[test]
fn a_signature_for_other_keys_or_another_region_is_refused_before_anything_is_bought() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        for (builder, code) in [
            (with(&emulator, keys(DEFAULT_ACCESS_KEY, "wrong-secret")), "100010"),
            (with(&emulator, keys("AKWRONG", DEFAULT_SECRET_KEY)), "100009"),
            (direct(&emulator).region("cn-south-1"), "InvalidCredential"),
        ] {
            let error = AnyClient::new(transport, builder).outpaint(&outpaint(), &CallOptions::new()).unwrap_err();
            assert_eq!((error.kind(), error.charge()), (ErrorKind::Auth, Charge::None), "{error}");
            assert_eq!(
                (error.service_code().unwrap().to_string().as_str(), error.attempts().len()),
                (code, 1),
                "{error}"
            );
        }
        assert_eq!(emulator.charges(), 0);
        let elsewhere = Emulator::builder().region("cn-south-1").start().unwrap();
        AnyClient::new(transport, direct(&elsewhere).region("cn-south-1"))
            .outpaint(&outpaint(), &CallOptions::new())
            .unwrap();
    }
}

#[test]
fn the_errors_of_the_outer_gateway_have_the_kinds_of_their_reasons() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        let client = AnyClient::new(transport, direct(&emulator));
        for (code, kind, charge) in [
            (100_002, ErrorKind::InvalidInput, Charge::None),
            (100_003, ErrorKind::Auth, Charge::None),
            (100_004, ErrorKind::InvalidInput, Charge::None),
            (100_005, ErrorKind::Auth, Charge::None),
            (100_007, ErrorKind::InvalidInput, Charge::None),
            (100_008, ErrorKind::InvalidInput, Charge::None),
            (100_009, ErrorKind::Auth, Charge::None),
            (100_010, ErrorKind::Auth, Charge::None),
            (100_012, ErrorKind::Auth, Charge::None),
            (100_013, ErrorKind::Auth, Charge::None),
            (100_014, ErrorKind::Service, Charge::Unknown),
            (100_015, ErrorKind::Service, Charge::Unknown),
            (100_016, ErrorKind::Service, Charge::Unknown),
        ] {
            emulator.push(format!("code={code}").parse().unwrap());
            let error = client.outpaint(&outpaint(), &CallOptions::new()).unwrap_err();
            assert_eq!((error.kind(), error.charge(), error.attempts().len()), (kind, charge, 1), "{code}: {error}");
            assert_eq!(error.service_code().unwrap().to_string(), code.to_string(), "{error}");
        }
    }
}

#[test]
fn a_temporary_key_works_with_its_own_token_only() {
    for transport in TRANSPORTS {
        let emulator = with_temporary_key();
        let call = |credentials: Credentials| {
            AnyClient::new(transport, with(&emulator, credentials)).outpaint(&outpaint(), &CallOptions::new())
        };
        call(temporary("right")).unwrap();
        assert!(emulator.requests()[0].has_token);
        for refused in [temporary("wrong"), keys("AKTP-1", "temporary-secret")] {
            let error = call(refused).unwrap_err();
            assert_eq!((error.kind(), error.charge(), error.attempts().len()), (ErrorKind::Auth, Charge::None, 1));
            assert_eq!(error.service_code().unwrap().to_string(), "InvalidSecretToken", "{error}");
        }
        emulator.revoke_token("right");
        let error = call(temporary("right")).unwrap_err();
        assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::Auth, 1), "there are no others: {error}");
        assert_eq!(emulator.charges(), 1);
    }
}

#[test]
fn a_token_that_is_refused_is_renewed_once_for_a_call() {
    for transport in TRANSPORTS {
        let emulator = with_temporary_key();
        let mut tokens = ["right", "newer", "bad"].into_iter();
        let tokens = std::sync::Mutex::new(std::iter::from_fn(move || tokens.next()));
        let provider = move || Ok(temporary(tokens.lock().unwrap().next().unwrap_or("bad")));
        let client = AnyClient::new(transport, with(&emulator, CredentialsSource::provider(provider)));
        let attempts = || client.outpaint(&outpaint(), &CallOptions::new()).map(|outcome| outcome.attempts.len());
        assert_eq!((attempts().unwrap(), attempts().unwrap()), (1, 1), "{transport}");
        emulator.revoke_token("right");
        emulator.add_temporary_key("AKTP-1", "temporary-secret", "newer");
        assert_eq!((attempts().unwrap(), attempts().unwrap()), (2, 1), "{transport}");
        emulator.revoke_token("newer");
        let error = attempts().unwrap_err();
        assert_eq!(
            (error.kind(), error.charge(), error.attempts().len()),
            (ErrorKind::Auth, Charge::None, 2),
            "{error}"
        );
        assert_eq!(emulator.charges(), 4);
    }
}

#[test]
fn a_clock_that_is_twenty_minutes_off_costs_one_call_an_attempt_and_is_remembered() {
    for transport in TRANSPORTS {
        for offset in [1200, -1200] {
            let emulator = Emulator::builder().clock_offset(offset).start().unwrap();
            let client = AnyClient::new(transport, direct(&emulator));
            let attempts = || client.outpaint(&outpaint(), &CallOptions::new()).unwrap().attempts.len();
            assert_eq!((attempts(), attempts(), emulator.charges()), (2, 1, 2), "{transport} {offset}");
            // The clock of the service is set right again.
            emulator.set_clock_offset(0);
            assert_eq!((attempts(), attempts(), emulator.charges()), (2, 1, 4), "{transport} {offset}");
            // A poll needs a signature, too.
            emulator.set_clock_offset(offset);
            let task = volcv::Task::new("1", "i2i_outpainting").unwrap();
            assert_eq!(client.task_status(&task).unwrap().status, volcv::TaskStatus::NotFound);
        }
    }
}

#[test]
fn a_time_that_is_refused_again_ends_the_call() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        (0..3).for_each(|_| emulator.push("code=100006".parse().unwrap()));
        let client = AnyClient::new(transport, direct(&emulator));
        let error = client.outpaint(&outpaint(), &CallOptions::new()).unwrap_err();
        assert_eq!(
            (error.kind(), error.charge(), error.attempts().len()),
            (ErrorKind::Auth, Charge::None, 2),
            "{error}"
        );
        assert!(error.to_string().contains("the clock of this machine"), "{error}");
    }
}

#[test]
fn links_are_fetched_without_any_credentials_and_a_call_is_never_redirected() {
    for transport in TRANSPORTS {
        let emulator = with_temporary_key();
        let client = AnyClient::new(transport, with(&emulator, temporary("right")));
        let outcome = client.outpaint(&outpaint().return_url(true), &CallOptions::new()).unwrap();
        let [Output::Link(link)] = &outcome.outputs[..] else { panic!("{outcome:?}") };
        emulator.push(format!("body=redirect,location={link}").parse().unwrap());
        client.download(link).unwrap();
        let downloads = &emulator.requests()[1..];
        assert_eq!(downloads.len(), 2, "{transport}");
        for request in downloads {
            assert!(!request.has_key && !request.has_token, "{request:?}");
            assert!(
                request.headers.iter().all(|(name, _)| !name.to_ascii_lowercase().starts_with("x-")),
                "{request:?}"
            );
        }
        emulator.push(format!("body=redirect,location={}/", emulator.base_url()).parse().unwrap());
        let error = client.outpaint(&outpaint(), &CallOptions::new()).unwrap_err();
        assert_eq!((error.kind(), error.charge(), error.attempts().len()), (ErrorKind::Service, Charge::None, 1));
    }
}

#[test]
fn a_set_up_that_cannot_work_is_refused_by_name() {
    let direct = || ClientBuilder::direct(keys("AK", "SK"));
    for (builder, text) in [
        (direct().base_url("http://visual.example"), "http://visual.example, where anyone"),
        (direct().base_url("https://visual.example/?a=b"), "has a query"),
        (direct().region("北京"), "the region is"),
        (ClientBuilder::new("https://gw.example", "key").region("cn-north-1"), "only direct access has one"),
    ] {
        let error = builder.ureq().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(text), "{error}");
    }
    let preview = direct().ureq().unwrap().preview(&outpaint()).unwrap();
    let url = "https://visual.volcengineapi.com/?Action=CVProcess&Version=2022-08-31";
    assert_eq!((preview["url"].as_str(), preview["body"]["custom_prompt"].as_str()), (Some(url), Some("湖 a+b")));
}
