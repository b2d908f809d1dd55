//! Links of results: fetching them costs nothing, so it is tried again; redirects are followed where they may lead.

use volcv::{CallOptions, Charge, ErrorKind, Outpaint, Output};
use volcv_emulator::Emulator;

use crate::support::{AnyClient, TRANSPORTS, builder, small};

/// Buys one picture as a link, and fetches it while the host of the link does all this; gives the picture's width.
fn fetch(transport: &str, faults: impl Fn(&str) -> Vec<String>) -> (Emulator, Result<u32, volcv::Error>) {
    let emulator = Emulator::start().unwrap();
    let client = AnyClient::new(transport, builder(&emulator));
    let outcome = client.outpaint(&Outpaint::equal(small(), 0.5).return_url(true), &CallOptions::new()).unwrap();
    let [Output::Link(link)] = &outcome.outputs[..] else { panic!("{outcome:?}") };
    faults(link).iter().for_each(|fault| emulator.push(fault.parse().unwrap()));
    // As a gateway might have copied it from somewhere.
    let fetched = client.download(&format!("  {link}#top\n"));
    let width = fetched.map(|bytes| image::load_from_memory(&bytes).unwrap().width());
    assert_eq!((emulator.charges(), emulator.complete_bodies()), (1, 1), "one picture is bought");
    let posts = emulator.requests().iter().filter(|request| request.method == "POST").count();
    assert_eq!(posts, 1);
    assert!(emulator.requests().iter().skip(posts).all(|request| !request.has_key), "the key goes to the gateway only");
    (emulator, width)
}

#[test]
fn a_link_that_fails_once_is_fetched_again_and_the_picture_is_bought_once() {
    for transport in TRANSPORTS {
        for fault in [
            "status=404",
            "status=403",
            "status=500",
            "status=502",
            "status=503,retry-after=0",
            "status=429",
            "body=empty,status=200",
            "body=html,status=200",
            "cut=100",
            "cut=100,chunked",
            "cut=100,close-delimited",
            "length=+9",
            "close=headers",
            "reset=headers",
            "garbage",
        ] {
            let (emulator, width) = fetch(transport, |_| vec![fault.to_owned()]);
            assert_eq!(
                width.unwrap_or_else(|error| panic!("{transport} {fault}: {error}")),
                192,
                "{transport} {fault}"
            );
            assert_eq!(emulator.requests().len(), 3, "{transport} {fault}");
        }
    }
}

#[test]
fn a_link_that_goes_on_failing_ends_after_four_tries_and_says_that_the_picture_is_paid_for() {
    for transport in TRANSPORTS {
        let (emulator, width) = fetch(transport, |_| vec!["status=404".to_owned(); 5]);
        let error = width.unwrap_err();
        assert_eq!(
            (error.kind(), error.charge(), error.http_status()),
            (ErrorKind::Service, Charge::Charged, Some(404))
        );
        assert!(error.is_retryable() && emulator.requests().len() == 5, "{transport}: {error}");
    }
}

#[test]
fn redirects_of_a_link_are_followed_without_the_key_as_far_as_they_may_lead() {
    for transport in TRANSPORTS {
        let to = |location: &str| format!("body=redirect,location={location}");
        // Absolute, without a scheme, and as a path; then the picture.
        let (emulator, width) = fetch(transport, |link| {
            let path = &link[link.find("/files/").unwrap()..];
            vec![to(link), to(link.trim_start_matches("http:")), to(path), to(&path["/files/".len()..]), to(link)]
        });
        assert_eq!(width.unwrap(), 192, "{transport}");
        assert_eq!(emulator.requests().len(), 1 + 6, "{transport}");

        let (_, width) = fetch(transport, |link| vec![to(link); 6]);
        let error = width.unwrap_err();
        assert!(error.to_string().contains("more than 5 times") && error.charge() == Charge::Charged, "{error}");
        for elsewhere in ["http://cdn.example/a", "ftp://127.0.0.1/a", "http://user:secret@127.0.0.1/a"] {
            let (emulator, width) = fetch(transport, |_| vec![to(elsewhere)]);
            let error = width.unwrap_err();
            assert_eq!((error.kind(), error.charge()), (ErrorKind::Decode, Charge::Charged), "{elsewhere}");
            assert!(emulator.requests().len() == 2 && !format!("{error:?}").contains("secret"), "{transport}: {error}");
        }
    }
}
