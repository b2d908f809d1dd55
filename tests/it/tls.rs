//! TLS over real sockets: a certificate authority and a server made here, in front of the emulator.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use volcv::core::types::Charge;
use volcv::{CallOptions, ClientBuilder, CryptoChoice, ErrorKind, Outpaint, RootChoice, Tls};
use volcv_emulator::{DEFAULT_KEY, Emulator};

use crate::scenarios::Setup;
use crate::support::{AnyClient, TRANSPORTS, large, small, small_bytes};

/// What a server does with one connection; it may pass requests on to the emulator at this address.
type Serve = fn(StreamOwned<ServerConnection, TcpStream>, SocketAddr) -> Option<()>;

/// A gateway behind TLS, and the root that vouches for it.
pub(crate) struct SecureGateway {
    pub(crate) emulator: Emulator,
    pub(crate) port: u16,
    pub(crate) root: Vec<u8>,
}

impl SecureGateway {
    /// A server with a certificate for `host`; `adjust` can spoil it.
    pub(crate) fn start(host: &str, adjust: fn(&mut CertificateParams)) -> Self {
        Self::serving(host, adjust, serve)
    }

    fn serving(host: &str, adjust: fn(&mut CertificateParams), serve: Serve) -> Self {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = ca.self_signed(&ca_key).unwrap().der().to_vec();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        adjust(&mut params);
        let certificate = params.signed_by(&key, &Issuer::from_params(&ca, &ca_key)).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .unwrap();
        let emulator = Emulator::start().unwrap();
        let (listener, behind, config) = (TcpListener::bind("127.0.0.1:0").unwrap(), emulator.addr(), Arc::new(config));
        let port = listener.local_addr().unwrap().port();
        // Ends with the test's process; a connection that fails its handshake ends by itself.
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let config = Arc::clone(&config);
                thread::spawn(move || {
                    let connection = ServerConnection::new(config).ok()?;
                    serve(StreamOwned::new(connection, socket), behind)
                });
            }
        });
        Self { emulator, port, root }
    }

    pub(crate) fn builder(&self, tls: Tls) -> ClientBuilder {
        ClientBuilder::new(format!("https://localhost:{}", self.port), DEFAULT_KEY).tls(tls)
    }

    /// The root as the text that files have.
    pub(crate) fn pem(&self) -> String {
        let text = base64::engine::general_purpose::STANDARD.encode(&self.root);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    }

    pub(crate) fn trusting(&self) -> Tls {
        Tls::new().roots(RootChoice::OnlyExtra).extra_root(self.root.clone())
    }
}

/// Passes requests on one by one, until either side has enough.
fn serve(mut client: StreamOwned<ServerConnection, TcpStream>, behind: SocketAddr) -> Option<()> {
    let mut server = TcpStream::connect(behind).ok()?;
    loop {
        pass_message(&mut client, &mut server)?;
        pass_message(&mut server, &mut client)?;
    }
}

/// Passes one request on, and stops reading near its start: for longer than a write of the client may take.
fn serve_slowly(mut client: StreamOwned<ServerConnection, TcpStream>, behind: SocketAddr) -> Option<()> {
    let mut start = vec![0; 256 * 1024];
    client.read_exact(&mut start).ok()?;
    thread::sleep(Duration::from_secs(1));
    let mut server = TcpStream::connect(behind).ok()?;
    pass_message(&mut start.chain(&mut client), &mut server)?;
    pass_message(&mut server, &mut client)
}

/// Refuses a request by its start, and reads no more of it.
fn refuse_early(mut client: StreamOwned<ServerConnection, TcpStream>, _: SocketAddr) -> Option<()> {
    client.read_exact(&mut [0; 256 * 1024]).ok()?;
    client.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}").ok()?;
    thread::sleep(Duration::from_secs(20));
    Some(())
}

/// One head and as many body bytes as it announces.
fn pass_message(from: &mut dyn Read, to: &mut dyn Write) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        from.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    to.write_all(&head).ok()?;
    let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<u64>().ok());
    let copied = std::io::copy(&mut from.take(length.unwrap_or(0)), to).ok()?;
    to.flush().ok()?;
    (copied == length.unwrap_or(0)).then_some(())
}

#[test]
fn a_trusted_gateway_works_on_both_transports_and_keeps_its_connection() {
    for transport in TRANSPORTS {
        let gateway = SecureGateway::start("localhost", |_| {});
        let client = AnyClient::new(transport, gateway.builder(gateway.trusting()));
        for picture in [small(), large()] {
            let outpaint = Outpaint::equal(picture, 0.25).max_width(200);
            client.outpaint(&outpaint, &CallOptions::new()).unwrap();
        }
        assert_eq!((gateway.emulator.charges(), gateway.emulator.connections()), (2, 1), "{transport}");
    }
}

#[test]
fn an_upload_over_tls_goes_on_when_a_gateway_reads_on_after_a_pause() {
    for transport in TRANSPORTS {
        let gateway = SecureGateway::serving("localhost", |_| {}, serve_slowly);
        let builder = gateway.builder(gateway.trusting()).max_attempts(1);
        let client = AnyClient::new(transport, builder.stall_limit(Duration::from_secs(10)));
        client.outpaint(&Outpaint::equal(large(), 0.25).max_width(200), &CallOptions::new()).unwrap();
        assert_eq!(gateway.emulator.charges(), 1, "{transport}");
    }
}

#[test]
fn an_answer_over_tls_is_heard_although_the_gateway_reads_no_more() {
    for transport in TRANSPORTS {
        let gateway = SecureGateway::serving("localhost", |_| {}, refuse_early);
        let client = AnyClient::new(transport, gateway.builder(gateway.trusting()).max_attempts(1));
        let started = Instant::now();
        let error = client.outpaint(&Outpaint::equal(large(), 0.25), &CallOptions::new()).unwrap_err();
        assert_eq!((error.kind(), error.charge()), (ErrorKind::Auth, Charge::None), "{transport}: {error}");
        assert!(started.elapsed() < Duration::from_secs(10), "{transport}: {:?}", started.elapsed());
    }
}

#[test]
fn a_certificate_that_is_not_right_is_refused_and_not_tried_again() {
    let expired = |params: &mut CertificateParams| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    };
    let authority = |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for transport in TRANSPORTS {
        for (why, host, adjust, trusted) in [
            ("UnknownIssuer", "localhost", (|_| {}) as fn(&mut CertificateParams), false),
            ("not valid for name", "other.example", |_| {}, true),
            ("expired", "localhost", expired, true),
            ("trust the authority", "localhost", authority, true),
        ] {
            let gateway = SecureGateway::start(host, adjust);
            let tls = if trusted { gateway.trusting() } else { Tls::new() };
            let client = AnyClient::new(transport, gateway.builder(tls));
            let error = client.outpaint(&Outpaint::equal(small(), 0.25), &CallOptions::new()).unwrap_err();
            assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::Tls, 1), "{transport} {why}: {error}");
            assert_eq!((error.charge(), error.is_retryable()), (Charge::None, false), "{transport} {why}");
            let refused = format!("the certificate of localhost:{} was refused (", gateway.port);
            let text = error.to_string();
            assert!(text.starts_with(&refused) && text.contains(why) && !text.contains('…'), "{transport}: {text}");
            assert_eq!(gateway.emulator.complete_bodies(), 0);
        }
    }
}

#[test]
fn roots_come_as_pem_or_der_to_rust_and_to_c() {
    let gateway = SecureGateway::start("localhost", |_| {});
    let url = format!("https://localhost:{}", gateway.port);
    let other = SecureGateway::start("localhost", |_| {}).pem();
    let both = format!("# two certificates\n{other}{}", gateway.pem());
    for roots in [&gateway.root[..], gateway.pem().as_bytes(), both.as_bytes()] {
        let tls = Tls::new().extra_roots(roots).unwrap();
        let client = AnyClient::new("ureq", gateway.builder(tls));
        client.outpaint(&Outpaint::equal(small(), 0.25), &CallOptions::new()).unwrap();
        let end = crate::c::run::outpaint(&url, roots, Setup::default(), small_bytes());
        assert_eq!(end.name, "VOLCV_OK", "{}", end.message);
    }
    let end = crate::c::run::outpaint(&url, other.as_bytes(), Setup::default(), small_bytes());
    assert_eq!((&*end.name, end.error.attempts), ("VOLCV_E_TLS", 1), "{}", end.message);
    for nothing in [&b""[..], b"no certificate", b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        assert_eq!(Tls::new().extra_roots(nothing).unwrap_err().kind(), ErrorKind::Config);
    }
}

#[test]
fn a_server_that_does_not_speak_tls_is_a_connection_failure() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        let url = emulator.base_url().replace("http://", "https://");
        let client = AnyClient::new(transport, ClientBuilder::new(url, "key").max_attempts(2));
        let error = client.outpaint(&Outpaint::equal(small(), 0.25), &CallOptions::new()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Connect | ErrorKind::Tls), "{transport}: {error}");
        assert_eq!((error.charge(), emulator.complete_bodies()), (Charge::None, 0));
    }
}

/// Both crypto libraries in one program, each used where it was asked for. `cargo xtask ci` runs it with `aws-lc`.
#[test]
fn each_compiled_in_provider_works_beside_the_other_on_a_machine_without_roots() {
    let mut providers = vec![CryptoChoice::Ring];
    if cfg!(feature = "aws-lc") {
        providers.push(CryptoChoice::AwsLcRs);
    }
    for transport in TRANSPORTS {
        for provider in &providers {
            let gateway = SecureGateway::start("localhost", |_| {});
            // The bundled roots need no certificate store; the test's own root is added to them.
            let tls = Tls::new().crypto(*provider).roots(RootChoice::Webpki).extra_root(gateway.root.clone());
            let client = AnyClient::new(transport, gateway.builder(tls));
            client.outpaint(&Outpaint::equal(small(), 0.25), &CallOptions::new()).unwrap();
        }
    }
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}

#[test]
fn no_provider_is_installed_process_wide() {
    for transport in TRANSPORTS {
        AnyClient::new(transport, ClientBuilder::new("https://gateway.example", "key"));
    }
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}
