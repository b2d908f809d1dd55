//! One table of odd heads of replies, run over ureq, reqwest and the C library: none of them costs the picture.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use volcv_transport::{CallOptions, ClientBuilder, ErrorKind, Outpaint};

use crate::scenarios::Setup;
use crate::support::{AnyClient, TRANSPORTS, small, small_bytes};

const SUCCESS: &str = r#"{"code":10000,"data":{"binary_data_base64":["R0lGODlhAQABAAAAADs="]}}"#;

/// A server that answers each request with these bytes, and counts the requests.
struct Server {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl Server {
    fn new(answer: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, requests) = (listener.local_addr().unwrap(), Arc::<AtomicUsize>::default());
        let count = Arc::clone(&requests);
        // Ends with the test's process.
        thread::spawn(move || {
            for mut socket in listener.incoming().flatten() {
                let (answer, count) = (answer.clone(), Arc::clone(&count));
                thread::spawn(move || {
                    while read_request(&mut socket) {
                        count.fetch_add(1, SeqCst);
                        if socket.write_all(&answer).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, requests }
    }
}

fn read_request(socket: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if !matches!(socket.read(&mut byte), Ok(1)) {
            return false;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length: u64 = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap();
    std::io::copy(&mut socket.take(length), &mut std::io::sink()).is_ok_and(|read| read == length)
}

/// A reply whose head has these lines in front of its length.
fn reply(status_line: &str, lines: &[u8]) -> Vec<u8> {
    let behind = format!("Content-Length: {}\r\nX-Request-Id: id-behind\r\n\r\n{SUCCESS}", SUCCESS.len());
    [status_line.as_bytes(), b"\r\n", lines, behind.as_bytes()].concat()
}

#[test]
fn no_line_of_a_head_costs_the_picture() {
    let ok = "HTTP/1.1 200 OK";
    let bad: [&[u8]; 8] = [
        b"Server : x\r\n",
        b"X Bad: 1\r\n",
        b"X-A: 1\r\n folded\r\n\tfolded: again\r\n",
        b"no colon at all\r\n",
        b": no name\r\n",
        b"X-B: a\x01b\x7f\r\n",
        b"X-\xe9: 1\r\n",
        b"X\x01Y: 1\r\n",
    ];
    let mut rows: Vec<(String, Vec<u8>)> = bad.iter().map(|line| (format!("{line:?}"), reply(ok, line))).collect();
    rows.push(("all of them".into(), reply(ok, &bad.concat())));
    rows.push((
        "1,000 headers, 256 KiB".into(),
        reply(ok, format!("X-Header: {}\r\n", "a".repeat(260)).repeat(1000).as_bytes()),
    ));
    rows.push(("1,900 headers".into(), reply(ok, "X: 1\r\n".repeat(1900).as_bytes())));
    rows.push(("a line of 250 KiB".into(), reply(ok, format!("X: {}\r\n", "a".repeat(250 * 1024)).as_bytes())));
    rows.push(("no reason".into(), reply("HTTP/1.1 200", b"")));
    rows.push(("a reason that is not ASCII".into(), reply("HTTP/1.1 200 成功", b"")));
    rows.push(("an empty value".into(), reply(ok, b"X:\r\nY:   \r\n")));
    rows.push(("bare line feeds".into(), {
        let text = String::from_utf8(reply(ok, b"X: 1\r\n")).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        format!("{}\n\n{body}", head.replace("\r\n", "\n")).into_bytes()
    }));
    rows.push(("the same length twice".into(), reply(ok, format!("Content-Length: {}\r\n", SUCCESS.len()).as_bytes())));
    let chunked = format!("{:x}\r\n{SUCCESS}\r\n0\r\n\r\n", SUCCESS.len());
    let head = b"HTTP/1.1 200 OK\r\nX Bad: 1\r\nTransfer-Encoding: chunked\r\nX-Request-Id: id-behind\r\n\r\n";
    rows.push(("chunked".into(), [head, chunked.as_bytes()].concat()));
    for (name, answer) in rows {
        let server = Server::new(answer);
        let base_url = format!("http://{}", server.address);
        for transport in TRANSPORTS {
            let client = AnyClient::new(transport, ClientBuilder::new(&base_url, "some-key").charge_limit(3));
            // The second call finds the connection where the first one has left it.
            for _ in 0..2 {
                let outcome = client.outpaint(&Outpaint::equal(small(), 0.25), &CallOptions::new());
                let outcome = outcome.unwrap_or_else(|error| panic!("{transport}, {name}: {error}"));
                assert_eq!((outcome.outputs.len(), outcome.attempts.len()), (1, 1), "{transport}, {name}");
                assert_eq!(outcome.request_id.as_deref(), Some("id-behind"), "{transport}, {name}");
            }
        }
        let end = crate::c::run::outpaint(&base_url, &[], Setup::default(), small_bytes());
        assert_eq!((&*end.name, end.size), ("VOLCV_OK", Some((1, 1))), "{name}: {}", end.message);
        assert_eq!(server.requests.load(SeqCst), 5, "{name}: each call is sent once");
    }
}

#[test]
fn what_is_no_head_or_never_ends_is_an_unknown_outcome() {
    let endless = format!("HTTP/1.1 200 OK\r\n{}", format!("X: {}\r\n", "a".repeat(1000)).repeat(500)).into_bytes();
    for (name, answer) in [
        ("endless", endless),
        ("not HTTP", b"\x16\x03\x01 this is something else\r\n\r\n".to_vec()),
        ("a status that is none", b"HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n".to_vec()),
        ("two lengths", reply("HTTP/1.1 200 OK", b"Content-Length: 3\r\n")),
        ("a length that is none", b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}".to_vec()),
    ] {
        let server = Server::new(answer);
        for transport in TRANSPORTS {
            let builder = ClientBuilder::new(format!("http://{}", server.address), "some-key");
            let client = AnyClient::new(transport, builder.attempt_limit(Duration::from_secs(20)));
            let error = client.outpaint(&Outpaint::equal(small(), 0.25), &CallOptions::new()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{transport}, {name}: {error}");
        }
        assert_eq!(server.requests.load(SeqCst), 2, "{name}");
    }
}
