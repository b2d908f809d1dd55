//! Proxies and certificates, from arguments and from the environment.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::{Bench, KEY, TRANSPORTS, run};

/// An HTTP proxy that leads to everywhere and notes the heads of the requests.
struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, heads) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let notes = Arc::clone(&heads);
        // It ends with the test's process.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let notes = Arc::clone(&notes);
                thread::spawn(move || lead(client, &notes));
            }
        });
        Self { address, heads }
    }

    fn url(&self) -> String {
        format!("http://user:secret@{}", self.address)
    }

    /// How many connections were asked for since the last time.
    fn asked(&self) -> usize {
        let heads = std::mem::take(&mut *self.heads.lock().unwrap());
        for head in &heads {
            assert!(head.starts_with("CONNECT 127.0.0.1:") && !head.contains(KEY), "{head}");
            assert!(head.contains("\r\nProxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n"), "{head}");
        }
        heads.len()
    }
}

fn lead(mut client: TcpStream, heads: &Mutex<Vec<String>>) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    heads.lock().unwrap().push(head.clone());
    let server = TcpStream::connect(head.split(' ').nth(1)?).ok()?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
    let back = (server.try_clone().ok()?, client.try_clone().ok()?);
    thread::spawn(move || pump(back.0, back.1));
    pump(client, server);
    Some(())
}

fn pump(mut from: TcpStream, mut to: TcpStream) {
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

#[test]
fn the_proxy_comes_from_an_argument_a_variable_or_the_environment_and_from_nowhere_else() {
    type Change<'a> = &'a dyn Fn(&mut Command);
    let (proxy, bench) = (Proxy::start(), Bench::new(&[]));
    let url = proxy.url();
    let rows: [(&str, Change<'_>, usize); 10] = [
        ("nothing", &|_| {}, 0),
        ("--proxy", &|command| _ = command.args(["--proxy", &url]), 1),
        ("VOLCV_PROXY", &|command| _ = command.env("VOLCV_PROXY", &url), 1),
        ("an empty VOLCV_PROXY", &|command| _ = command.env("VOLCV_PROXY", ""), 0),
        ("both", &|command| _ = command.args(["--proxy", &url]).env("VOLCV_PROXY", "http://127.0.0.1:1"), 1),
        ("variables alone", &|command| _ = command.env("http_proxy", &url).env("ALL_PROXY", &url), 0),
        ("http_proxy", &|command| _ = command.arg("--proxy-from-env").env("http_proxy", &url), 1),
        ("ALL_PROXY", &|command| _ = command.arg("--proxy-from-env").env("ALL_PROXY", &url), 1),
        (
            "NO_PROXY",
            &|command| _ = command.arg("--proxy-from-env").env("ALL_PROXY", &url).env("NO_PROXY", "127.0.0.0/8"),
            0,
        ),
        (
            "--proxy-from-env before VOLCV_PROXY",
            &|command| _ = command.arg("--proxy-from-env").env("VOLCV_PROXY", &url),
            0,
        ),
    ];
    for transport in TRANSPORTS {
        for (what, change, asked) in rows {
            let mut command = bench.command(&format!("outpaint in.png -o out.png --left 1 --transport {transport}"));
            change(&mut command);
            run(command, b"").expect(0);
            assert_eq!(proxy.asked(), asked, "{what} over {transport}");
        }
        // The call and the download of its link.
        let args = format!("outpaint in.png -o out.png --left 1 --return-url --transport {transport} --proxy {url}");
        bench.run(&args).expect(0);
        assert!(proxy.asked() >= 1);
    }
    let mut command = bench.command("outpaint in.png -o out.png --left 1 --emulator");
    command.env("VOLCV_PROXY", "nonsense").env("VOLCV_CA_FILE", "nothing.pem");
    run(command, b"").expect(0);
}

#[test]
fn a_failed_connection_says_that_a_proxy_of_the_environment_is_not_used() {
    let bench = Bench::new(&[]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for transport in TRANSPORTS {
        for (name, base_url, code) in [
            ("HTTPS_PROXY", format!("https://{closed}"), 6),
            ("https_proxy", "https://gateway.invalid".to_owned(), 6),
            ("ALL_PROXY", format!("http://{closed}"), 6),
            ("HTTPS_PROXY", "http://gateway.example".to_owned(), 2),
        ] {
            let mut command = bench.command(&format!("outpaint in.png -o out.png --left 1 --transport {transport}"));
            command.args(["--max-attempts", "1", "--base-url", &base_url]);
            command.env(name, "http://user:secret@proxy.example");
            let ran = run(command, b"").expect(code);
            let hint = format!("; {name} is set, but volcv uses a proxy only when it is told to");
            assert_eq!(ran.stderr.matches(&hint).count(), 1, "{ran:?}");
            assert!(!ran.stderr.contains("secret") && !ran.stderr.contains("proxy.example"), "{ran:?}");
        }
    }
}

#[test]
fn a_proxy_that_cannot_be_read_is_told_without_its_password() {
    let bench = Bench::new(&[]);
    let start = "outpaint in.png -o out.png --left 1";
    for (args, variable, words) in [
        ("--proxy https://user:secret@p", "", "error: the proxy url has another scheme"),
        ("--proxy http://user:secret", "", "error: the proxy url has a port"),
        ("--proxy http://user:secret@p:x --dry-run", "", "error: the proxy url has a port"),
        ("", "VOLCV_PROXY", "error: the proxy url has another scheme"),
        ("--proxy-from-env", "ALL_PROXY", "error: ALL_PROXY: the proxy url has another scheme"),
    ] {
        let mut command = bench.command(&format!("{start} {args}"));
        if !variable.is_empty() {
            command.env(variable, "ftp://user:secret@p");
        }
        let ran = run(command, b"").expect(2);
        assert!(ran.stderr.starts_with(words) && !ran.stderr.contains("secret"), "{ran:?}");
    }
    assert_eq!(bench.emulator.connections(), 0);
}

/// A gateway with a certificate of an authority that no root store has, and that authority's own. It has one answer.
fn secure_gateway() -> (SocketAddr, Certificate) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = authority.self_signed(&authority_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &Issuer::from_params(&authority, &authority_key)).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let (listener, config) = (TcpListener::bind("127.0.0.1:0").unwrap(), Arc::new(config));
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().flatten().for_each(|socket| _ = answer(socket, &config)));
    (address, root)
}

fn pem(certificate: &Certificate) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(certificate.der());
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

fn answer(socket: TcpStream, config: &Arc<ServerConfig>) -> Option<()> {
    let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(config)).ok()?, socket);
    let mut request = Vec::new();
    while !request.ends_with(b"{\"a\":1}") {
        let mut buffer = [0; 1024];
        let bytes = stream.read(&mut buffer).ok().filter(|bytes| *bytes > 0)?;
        request.extend_from_slice(&buffer[..bytes]);
    }
    let body = "{\"code\":10000}";
    write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len()).ok()?;
    stream.flush().ok()
}

#[test]
fn a_private_authority_is_trusted_from_a_file_that_an_argument_or_a_variable_names() {
    let (bench, (address, root)) = (Bench::new(&[]), secure_gateway());
    let other = secure_gateway().1;
    bench.write("body.json", b"{\"a\":1}");
    bench.write("ca.der", root.der());
    bench.write("ca.pem", pem(&root).as_bytes());
    bench.write("both.pem", format!("# two of them\n{}{}", pem(&other), pem(&root)).as_bytes());
    bench.write("other.pem", pem(&other).as_bytes());
    for transport in TRANSPORTS {
        for (argument, variable, code) in [
            ("", "", 6),
            ("--ca-file other.pem", "", 6),
            ("--ca-file ca.pem", "", 0),
            ("--ca-file ca.der", "", 0),
            ("--ca-file both.pem", "", 0),
            ("", "ca.pem", 0),
            ("", "nothing.pem", 2),
            ("--ca-file ca.pem", "other.pem", 0),
        ] {
            let args = format!("call --body body.json --base-url https://{address} --transport {transport} {argument}");
            let mut command = bench.command(&args);
            command.env("VOLCV_CA_FILE", variable);
            let ran = run(command, b"").expect(code);
            assert_eq!(ran.stdout.is_empty(), code != 0, "{argument} {variable}: {ran:?}");
        }
    }
}
