//! Which connections are used again: those that were idle for at most 10 s, and show neither an end nor a stray byte.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use volcv::{CallOptions, Charge, ClientBuilder, ErrorKind, Outpaint, unversioned};

use crate::support::{AnyClient, TRANSPORTS, small};
use crate::wire::{SUCCESS, answer, head, skip};

/// The built-in clients, and a client on a reqwest client of the user's.
const CLIENTS: [&str; 3] = [TRANSPORTS[0], TRANSPORTS[1], "own reqwest"];

/// A server that says after each answer which connection it has used, and then does `behind` on that connection.
struct Server {
    url: String,
    used: Receiver<usize>,
}

/// What the server does behind an answer.
#[derive(Clone, Copy)]
enum Behind {
    Nothing,
    CloseAtOnce,
    Close,
    StrayByte,
}

/// By then the client has read the answer, so it is no longer looking when the server closes or sends.
const LATER: Duration = Duration::from_millis(50);

impl Server {
    fn start(behind: Behind, headers: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (answered, used) = channel();
        // Ends with the test's process.
        thread::spawn(move || {
            for (index, socket) in listener.incoming().flatten().enumerate() {
                let answered = answered.clone();
                thread::spawn(move || serve(socket, index, behind, headers, &answered));
            }
        });
        Self { url, used }
    }

    /// The connection of the last call, once the server has done all that it does with it.
    fn last_used(&self) -> usize {
        let index = self.used.recv().unwrap();
        // What the server has sent or closed is there for the client.
        thread::sleep(Duration::from_millis(20));
        index
    }
}

fn serve(mut socket: TcpStream, index: usize, behind: Behind, headers: &str, answered: &Sender<usize>) {
    // The client ends its idle connections with an end of the stream between two requests.
    while socket.peek(&mut [0]).is_ok_and(|bytes| bytes > 0) {
        let length = head(&mut socket);
        skip(&mut socket, length);
        answer(&mut socket, &format!("200 OK{headers}"), SUCCESS);
        match behind {
            Behind::Nothing => {}
            Behind::CloseAtOnce | Behind::Close => {
                if matches!(behind, Behind::Close) {
                    thread::sleep(LATER);
                }
                drop(socket);
                // The receiver is gone once the test has ended.
                let _ = answered.send(index);
                return;
            }
            Behind::StrayByte => {
                thread::sleep(LATER);
                socket.write_all(b"x").unwrap();
            }
        }
        let _ = answered.send(index);
    }
}

fn client(name: &str, url: &str) -> AnyClient {
    let builder = ClientBuilder::new(url, "some-key").attempt_limit(Duration::from_secs(20)).max_attempts(1);
    if name != "own reqwest" {
        return AnyClient::new(name, builder);
    }
    // Without volcv, these settings would break the rule.
    let own = reqwest::Client::builder().pool_idle_timeout(None).tls_backend_preconfigured(tls());
    let client = builder.async_transport(unversioned::reqwest_transport(own).unwrap()).unwrap();
    AnyClient::Reqwest(runtime(), client)
}

pub(crate) fn tls() -> rustls::ClientConfig {
    let provider = rustls::crypto::ring::default_provider();
    let builder = rustls::ClientConfig::builder_with_provider(provider.into());
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
}

/// A runtime that does nothing between two calls.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn call(client: &AnyClient) {
    client.outpaint(&Outpaint::equal(small(), 0.25), &CallOptions::new()).unwrap();
}

#[test]
fn an_open_connection_is_used_again_at_once_whether_the_server_promises_to_keep_it_or_not() {
    for name in CLIENTS {
        for headers in ["", "\r\nConnection: keep-alive"] {
            let server = Server::start(Behind::Nothing, headers);
            let client = client(name, &server.url);
            for _ in 0..5 {
                call(&client);
                assert_eq!(server.used.recv().unwrap(), 0, "{name}");
            }
        }
    }
}

#[test]
fn a_connection_whose_server_says_that_it_closes_it_is_replaced_before_that() {
    for name in CLIENTS {
        let server = Server::start(Behind::Nothing, "\r\nConnection: upgrade, Close");
        let client = client(name, &server.url);
        for index in 0..3 {
            call(&client);
            assert_eq!(server.used.recv().unwrap(), index, "{name}");
        }
    }
}

/// Each of eight calls gets a connection of its own.
fn each_connection_is_replaced(behind: Behind) {
    for name in CLIENTS {
        let server = Server::start(behind, "");
        let client = client(name, &server.url);
        for index in 0..8 {
            call(&client);
            assert_eq!(server.last_used(), index, "{name}");
        }
    }
}

#[test]
fn a_connection_that_the_server_has_closed_is_replaced() {
    each_connection_is_replaced(Behind::Close);
}

#[test]
fn a_connection_with_a_stray_byte_is_replaced() {
    each_connection_is_replaced(Behind::StrayByte);
}

#[test]
fn a_connection_that_was_idle_for_more_than_ten_seconds_is_replaced() {
    thread::scope(|scope| {
        for (name, idle, expected) in CLIENTS.into_iter().flat_map(|name| [(name, 9_000, 0), (name, 10_500, 1)]) {
            scope.spawn(move || {
                let server = Server::start(Behind::Nothing, "");
                let client = client(name, &server.url);
                call(&client);
                assert_eq!(server.last_used(), 0);
                thread::sleep(Duration::from_millis(idle));
                call(&client);
                assert_eq!(server.last_used(), expected, "{name} after {idle} ms");
            });
        }
    });
}

#[test]
fn a_call_that_meets_the_closing_of_its_connection_is_an_honest_unknown_outcome() {
    for name in CLIENTS {
        let server = Server::start(Behind::CloseAtOnce, "");
        let client = client(name, &server.url);
        let outpaint = Outpaint::equal(small(), 0.25);
        // The next call begins before the server has closed, or after.
        let results: Vec<_> = (0..100).map(|_| client.outpaint(&outpaint, &CallOptions::new())).collect();
        let answered = server.used.try_iter().count();
        let succeeded = results.iter().filter(|result| result.is_ok()).count();
        assert!(answered <= succeeded && succeeded > 0, "{name}: {answered} answers, {succeeded} successes");
        for error in results.iter().filter_map(|result| result.as_ref().err()) {
            assert_eq!((error.kind(), error.charge()), (ErrorKind::OutcomeUnknown, Charge::Unknown), "{name}: {error}");
        }
    }
}
