//! Proxies over real sockets, on both transports and from C: who is told what, and what a proxy that fails means.

#[cfg(feature = "second-ring")]
mod debian;
mod server;

use std::time::Duration;

use volcv::core::types::Charge;
use volcv::testing::ScriptedTransport;
use volcv::{CallOptions, CancelToken, ClientBuilder, Delivery, ErrorKind, Outpaint, Output, RootChoice, Tls};
use volcv_emulator::{DEFAULT_KEY, Emulator};

use crate::c::{Build, compile, program, ran, run};
use crate::connect::cancel_soon;
use crate::ear::CANARY;
use crate::scenarios::Setup;
use crate::support::{AnyClient, TRANSPORTS, large, small, small_bytes};
use crate::tls::SecureGateway;
use server::{Act, TestProxy};

const VIAS: [&str; 3] = ["ureq", "reqwest", "c"];

/// How a call ended, in the words that Rust and C share.
#[derive(Debug)]
struct End {
    /// `ok`, or the kind of the error.
    kind: String,
    attempts: usize,
    text: String,
}

/// One call with at most two attempts through a proxy.
fn call(via: &str, base_url: &str, root: &[u8], proxy: &str) -> End {
    if via == "c" {
        let setup = Setup { max_attempts: Some(2), ..Setup::default() };
        let end = run::outpaint_through(Some(proxy), base_url, root, setup, small_bytes());
        let kind = end.name.trim_start_matches("VOLCV_").trim_start_matches("E_").to_lowercase();
        return End { kind, attempts: end.error.attempts as usize, text: end.message };
    }
    let mut builder = ClientBuilder::new(base_url, DEFAULT_KEY).max_attempts(2).proxy(proxy);
    if !root.is_empty() {
        builder = builder.tls(Tls::new().roots(RootChoice::OnlyExtra).extra_root(root));
    }
    match AnyClient::new(via, builder).outpaint(&Outpaint::equal(small(), 0.25), &CallOptions::new()) {
        Ok(outcome) => End { kind: "ok".to_owned(), attempts: outcome.attempts.len(), text: String::new() },
        Err(error) => {
            assert_eq!((error.charge(), error.delivery()), (Charge::None, Some(Delivery::NotSent)), "{error}");
            End { kind: error.kind().to_string(), attempts: error.attempts().len(), text: error.to_string() }
        }
    }
}

/// What a proxy that leads to a target on this machine is asked for.
fn wanted(scheme: &str, host: &str, port: u16, login: Option<&str>) -> String {
    match (scheme, host) {
        ("socks5h", "localhost") => format!("name, localhost:{port}"),
        ("socks5" | "socks5h", "127.0.0.1") => format!("IPv4, 127.0.0.1:{port}"),
        ("socks5", _) => panic!("the system resolves {host}"),
        _ => {
            let login = login.map(|login| format!("Proxy-Authorization: Basic {login}\r\n")).unwrap_or_default();
            format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{login}\r\n")
        }
    }
}

#[test]
fn a_call_goes_through_the_proxy_which_learns_host_and_port_and_nothing_else() {
    for via in VIAS {
        for scheme in ["http", "socks5", "socks5h"] {
            for (credentials, login) in [("", None), ("user:p%40ss@", Some("dXNlcjpwQHNz"))] {
                let proxy = || match login {
                    None => TestProxy::start(Act::Lead),
                    Some(_) => TestProxy::guarded("user", "p@ss"),
                };
                let (plain, emulator) = (proxy(), Emulator::start().unwrap());
                let end = call(via, &emulator.base_url(), &[], &plain.url(scheme, credentials));
                assert_eq!((&*end.kind, end.attempts), ("ok", 1), "{via} {scheme} {credentials}: {end:?}");
                assert_eq!(plain.asked(), [wanted(scheme, "127.0.0.1", emulator.addr().port(), login)]);
                let request = &emulator.requests()[0];
                assert!(request.key_ok && request.header("proxy-authorization").is_none(), "{request:?}");
                assert!(request.header("proxy-connection").is_none() && request.path == "/volcv/v1", "{request:?}");

                let (secure, gateway) = (proxy(), SecureGateway::start("localhost", |_| {}));
                let url = format!("https://localhost:{}", gateway.port);
                let end = call(via, &url, &gateway.root, &secure.url(scheme, credentials));
                assert_eq!((&*end.kind, end.attempts), ("ok", 1), "{via} {scheme} {credentials}: {end:?}");
                let asked = secure.asked();
                match scheme {
                    // Which of its addresses comes first is the system's choice.
                    "socks5" => assert!(asked[0].starts_with("IPv"), "{asked:?}"),
                    _ => assert_eq!(asked, [wanted(scheme, "localhost", gateway.port, login)]),
                }
                assert_eq!((gateway.emulator.charges(), emulator.charges(), asked.len()), (1, 1, 1));
            }
        }
    }
}

#[test]
fn a_certificate_is_checked_behind_a_proxy_as_without() {
    for via in VIAS {
        let (proxy, gateway) = (TestProxy::start(Act::Lead), SecureGateway::start("localhost", |_| {}));
        let other = SecureGateway::start("localhost", |_| {}).root;
        let end = call(via, &format!("https://localhost:{}", gateway.port), &other, &proxy.url("http", ""));
        assert_eq!((&*end.kind, end.attempts), ("tls", 1), "{via}: {end:?}");
    }
}

#[test]
fn a_name_that_only_the_proxy_knows_is_reached() {
    for transport in TRANSPORTS {
        for (scheme, works) in [("http", true), ("socks5h", true), ("socks5", false)] {
            let (proxy, emulator) = (TestProxy::start(Act::Lead), Emulator::start().unwrap());
            let url = format!("http://gateway.test:{}", emulator.addr().port());
            let builder = ClientBuilder::new(url, DEFAULT_KEY).allow_insecure_http(true).max_attempts(1);
            let client = AnyClient::new(transport, builder.proxy(proxy.url(scheme, "")));
            let result = client.outpaint(&Outpaint::equal(small(), 0.25), &CallOptions::new());
            assert_eq!(result.is_ok(), works, "{transport} {scheme}");
            if let Err(error) = result {
                assert!(error.to_string().contains("has no address on this machine"), "{error}");
            }
        }
    }
}

#[test]
fn a_link_is_downloaded_through_the_proxy_without_the_key() {
    for transport in TRANSPORTS {
        let (proxy, emulator) = (TestProxy::start(Act::Lead), Emulator::start().unwrap());
        let builder = ClientBuilder::new(emulator.base_url(), DEFAULT_KEY).proxy(proxy.url("http", ""));
        let client = AnyClient::new(transport, builder);
        let outpaint = Outpaint::equal(small(), 0.25).return_url(true);
        let outcome = client.outpaint(&outpaint, &CallOptions::new()).unwrap();
        let Output::Link(link) = &outcome.outputs[0] else { panic!("{outcome:?}") };
        assert!(client.download(link).unwrap().starts_with(b"\x89PNG"));
        assert!(proxy.asked().iter().all(|head| head.starts_with("CONNECT ")), "{:?}", proxy.asked());
        assert_eq!(proxy.asked().len() as u64, emulator.connections(), "nothing goes past the proxy");
        assert!(!emulator.requests()[1].has_key);
    }
}

#[test]
fn a_large_call_moves_through_a_proxy_and_its_connection_is_used_again() {
    for transport in TRANSPORTS {
        let (proxy, gateway) = (TestProxy::start(Act::Lead), SecureGateway::start("localhost", |_| {}));
        let client = AnyClient::new(transport, gateway.builder(gateway.trusting()).proxy(proxy.url("http", "")));
        for _ in 0..2 {
            client.outpaint(&Outpaint::equal(large(), 0.25).max_width(200), &CallOptions::new()).unwrap();
        }
        assert_eq!((gateway.emulator.charges(), proxy.asked().len()), (2, 1), "{transport}");
    }
}

#[test]
fn any_2xx_opens_the_tunnel_and_what_comes_before_it_is_skipped() {
    for via in VIAS {
        for answer in [
            &b"HTTP/1.0 200 OK\r\n\r\n"[..],
            b"HTTP/1.1 299\r\nContent-Length: 5\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX: y\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
            b"HTTP/1.1 200 bare line feeds\nX: y\n\n",
        ] {
            let (proxy, emulator) = (TestProxy::start(Act::LeadAfter(answer)), Emulator::start().unwrap());
            let end = call(via, &emulator.base_url(), &[], &proxy.url("http", ""));
            assert_eq!((&*end.kind, end.attempts), ("ok", 1), "{via} {answer:?}: {end:?}");
        }
    }
}

#[test]
fn a_proxy_that_wants_other_credentials_is_a_wrong_set_up_that_is_not_tried_again() {
    for via in VIAS {
        for (scheme, how) in [("http", "HTTP 407"), ("socks5h", "SOCKS5")] {
            let (proxy, emulator) = (TestProxy::guarded("user", "right"), Emulator::start().unwrap());
            for (credentials, why) in [
                ("", "the proxy asks for a user name and a password ("),
                ("user:wrong-secret@", "the proxy refused the user name or the password ("),
            ] {
                let url = proxy.url(scheme, credentials);
                let end = call(via, &emulator.base_url(), &[], &url);
                assert_eq!((&*end.kind, end.attempts), ("config", 1), "{via} {url}: {end:?}");
                assert!(end.text.contains(&format!("{why}{how}")), "{via} {url}: {end:?}");
                assert!(end.text.contains("goes through the proxy") && !end.text.contains("secret"), "{end:?}");
            }
            assert_eq!(emulator.connections(), 0);
        }
    }
}

#[test]
fn a_proxy_that_fails_is_a_failed_connection_that_is_tried_again() {
    let unfit: &[u8] = b"220 mail.example ESMTP\r\n\r\n";
    for via in VIAS {
        for (scheme, act, why) in [
            ("http", Act::Answer(b"HTTP/1.1 403 Forbidden\r\n\r\nno"), "the proxy answered HTTP 403"),
            ("http", Act::Answer(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"), "the proxy answered HTTP 302"),
            ("http", Act::Answer(unfit), "the proxy does not answer as an HTTP proxy does"),
            ("http", Act::Answer(b"HTTP/1.1 20"), "the proxy closed the connection"),
            ("http", Act::Answer(b""), "the proxy closed the connection"),
            ("http", Act::Endless, "the head of the proxy's answer is over 65536 bytes"),
            ("http", Act::Lead, "the proxy answered HTTP 502"),
            ("socks5", Act::Lead, "the proxy answered SOCKS5 code 5, connection refused"),
            ("socks5", Act::Answer(&[5, 99, 0, 1, 0]), "the proxy answered SOCKS5 code 99"),
            ("socks5", Act::Answer(b"HTTP/"), "the proxy does not answer as a SOCKS5 proxy does"),
            ("socks5", Act::Answer(&[5, 0]), "the proxy closed the connection"),
        ] {
            // Nothing listens there any more.
            let target = format!("http://{}", Emulator::start().unwrap().addr());
            let proxy = TestProxy::start(act);
            let end = call(via, &target, &[], &proxy.url(scheme, "user:secret@"));
            assert_eq!((&*end.kind, end.attempts), ("connect", 2), "{via} {why}: {end:?}");
            let address = proxy.url(scheme, "[redacted]@");
            let text = format!("({why}); the way goes through the proxy {address}; nothing of the request was sent");
            assert!(end.text.contains(&text), "{via} {text}: {end:?}");
        }
    }
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for via in VIAS {
        for proxy in [format!("http://{closed}"), "http://proxy.invalid:3128".to_owned()] {
            let end = call(via, "https://gateway.invalid", &[], &proxy);
            assert_eq!((&*end.kind, end.attempts), ("connect", 2), "{via} {proxy}: {end:?}");
            assert!(end.text.contains("the proxy cannot be reached: ") && end.text.contains(&proxy), "{via}: {end:?}");
        }
    }
}

#[test]
fn a_proxy_that_hangs_ends_at_the_connect_limit_and_can_be_cancelled() {
    for transport in TRANSPORTS {
        for scheme in ["http", "socks5h"] {
            let proxy = TestProxy::start(Act::Hang);
            let builder = |seconds: f64| {
                let limit = Duration::from_secs_f64(seconds);
                let builder = ClientBuilder::new("https://gateway.invalid", DEFAULT_KEY).connect_limit(limit);
                AnyClient::new(transport, builder.max_attempts(2).proxy(proxy.url(scheme, "")))
            };
            let outpaint = Outpaint::equal(small(), 0.25);
            let error = builder(0.3).outpaint(&outpaint, &CallOptions::new()).unwrap_err();
            assert_eq!((error.kind(), error.charge(), error.attempts().len()), (ErrorKind::Timeout, Charge::None, 2));
            let text = error.to_string();
            assert!(text.contains("within the connect limit; the way goes through the proxy "), "{scheme}: {text}");

            let cancel = CancelToken::new();
            let cancelled_at = cancel_soon(&cancel);
            let error = builder(60.0).outpaint(&outpaint, &CallOptions::new().cancel(&cancel)).unwrap_err();
            let late = cancelled_at.join().unwrap().elapsed();
            assert_eq!((error.kind(), error.charge()), (ErrorKind::Cancelled, Charge::None), "{transport}: {error}");
            assert!(late < Duration::from_secs(8), "{transport}: {late:?} after the cancel");
        }
    }
}

#[test]
fn a_proxy_that_cannot_be_read_or_used_is_told_when_the_client_is_built() {
    let builder = || ClientBuilder::new("https://gateway.example", "key");
    for proxy in ["https://user:secret@proxy.example", "http://user:sec%0aret@proxy.example", ""] {
        for error in [builder().proxy(proxy).ureq().err().unwrap(), builder().proxy(proxy).reqwest().err().unwrap()] {
            assert!(error.to_string().starts_with("the proxy url "), "{error}");
            assert!(error.kind() == ErrorKind::Config && !format!("{error:?}").contains("sec"), "{error:?}");
        }
    }
    let (proxy, script) = ("http://proxy.example", ScriptedTransport::default());
    let error = builder().proxy(proxy).transport(script.clone()).unwrap_err();
    assert_eq!(error.to_string(), "a proxy is set, but this transport makes its own connections");
    assert_eq!(builder().proxy(proxy).async_transport(script).unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn the_password_of_a_proxy_is_in_no_log_no_error_and_no_debug_text() {
    let encoded = CANARY.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    for via in VIAS {
        for scheme in ["http", "socks5h"] {
            let (letting, refusing) = (TestProxy::guarded("user", CANARY), TestProxy::guarded("user", "other"));
            let emulator = Emulator::start().unwrap();
            for (proxy, kind) in [(&letting, "ok"), (&refusing, "config")] {
                let url = proxy.url(scheme, &format!("user:{encoded}@"));
                let end = call(via, &emulator.base_url(), &[], &url);
                assert_eq!(end.kind, kind, "{via} {scheme}: {end:?}");
                let builder = ClientBuilder::new(emulator.base_url(), "key").proxy(url.as_str());
                let parsed: volcv::Proxy = url.parse().unwrap();
                let texts = format!("{end:?} {builder:?} {parsed} {parsed:?}");
                let texts = format!("{texts} {:?}", builder.ureq());
                assert_eq!(crate::ear::find_key(&texts), None, "{texts}");
            }
        }
    }
}

#[test]
fn a_program_in_c_takes_the_proxies_of_its_environment_when_it_asks_for_them() {
    let c = compile("cc", &["-std=gnu11", "-pthread"], "tests/c/proxy.c", Build::Full);
    for (asks, no_proxy, asked) in [("0", "", 0), ("1", "", 1), ("1", "127.0.0.1", 0)] {
        let (proxy, emulator) = (TestProxy::start(Act::Lead), Emulator::start().unwrap());
        let mut command = program(&c, &emulator);
        command.env("ASKS", asks).env("http_proxy", proxy.url("http", "")).env("no_proxy", no_proxy);
        assert_eq!(ran(&mut command), "ok\n");
        assert_eq!((proxy.asked().len(), emulator.charges()), (asked, 1), "{asks} {no_proxy}");
    }
}
