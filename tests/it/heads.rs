//! Heads of replies as servers write them: the same table runs over ureq, reqwest and the C library.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use volcv::{CallOptions, ClientBuilder, ErrorKind, Outpaint};

use crate::c::run;
use crate::scenarios::Setup;
use crate::support::{AnyClient, TRANSPORTS, small, small_bytes};
use crate::wire::{head, skip};

const SUCCESS: &str = r#"{"code":10000,"data":{"binary_data_base64":["R0lGODlhAQABAAAAADs="]}}"#;

/// A server that gives every request the same reply and then closes the connection, and counts what it read and wrote.
struct Server {
    address: SocketAddr,
    posts: Arc<AtomicUsize>,
    written: Arc<AtomicUsize>,
}

impl Server {
    fn new(reply: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { address: listener.local_addr().unwrap(), posts: Arc::default(), written: Arc::default() };
        let (posts, written) = (Arc::clone(&server.posts), Arc::clone(&server.written));
        // Ends with the test's process.
        thread::spawn(move || {
            for mut socket in listener.incoming().flatten() {
                read_request(&mut socket);
                posts.fetch_add(1, SeqCst);
                for piece in reply.chunks(16 * 1024) {
                    match socket.write_all(piece) {
                        Ok(()) => written.fetch_add(piece.len(), SeqCst),
                        Err(_) => break,
                    };
                }
            }
        });
        server
    }
}

fn read_request(socket: &mut TcpStream) {
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let length = head(socket);
    skip(socket, length);
}

/// How a call ended, on any transport.
#[derive(Debug, PartialEq, Eq)]
struct End {
    /// The name of the error's kind; empty for a picture.
    error: String,
    attempts: usize,
    posts: usize,
}

fn end(client: &str, server: &Server) -> End {
    let base_url = format!("http://{}", server.address);
    let posts = || server.posts.load(SeqCst);
    if client == "C" {
        let end = run::outpaint(&base_url, &[], Setup::default(), small_bytes());
        let error = if end.size.is_some() { String::new() } else { end.name };
        return End { error, attempts: end.error.attempts as usize, posts: posts() };
    }
    let client = AnyClient::new(client, ClientBuilder::new(base_url, "some-key"));
    match client.outpaint(&Outpaint::equal(small(), 0.25), &CallOptions::new()) {
        Ok(outcome) => {
            assert_eq!(outcome.request_id.as_deref(), Some("the last line"));
            End { error: String::new(), attempts: outcome.attempts.len(), posts: posts() }
        }
        Err(error) => {
            let kind = if error.kind() == ErrorKind::OutcomeUnknown { "VOLCV_E_OUTCOME_UNKNOWN" } else { "another" };
            End { error: kind.to_owned(), attempts: error.attempts().len(), posts: posts() }
        }
    }
}

const PICTURE: &str = "";
/// The whole request was sent, and what came was no reply: it is not sent again.
const UNKNOWN: &str = "VOLCV_E_OUTCOME_UNKNOWN";

#[track_caller]
fn check(client: &str, what: &str, reply: &[u8], error: &str) {
    let expected = End { error: error.to_owned(), attempts: 1, posts: 1 };
    assert_eq!(end(client, &Server::new(reply.to_vec())), expected, "{client}: {what}");
}

/// A reply with these lines before and behind the lines that count.
fn with_lines(lines: &str) -> Vec<u8> {
    let length = SUCCESS.len();
    let head = format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: {length}\r\n{lines}X-Request-Id: the last line\r\n");
    (head + "\r\n" + SUCCESS).into_bytes()
}

/// A reply with this status line and these lines about its body.
fn framed(status: &str, framing: &str, body: &str) -> Vec<u8> {
    format!("{status}\r\n{framing}X-Request-Id: the last line\r\n\r\n{body}").into_bytes()
}

fn content_length() -> String {
    format!("Content-Length: {}\r\n", SUCCESS.len())
}

fn chunks() -> String {
    format!("{:x}\r\n{SUCCESS}\r\n0\r\n\r\n", SUCCESS.len())
}

/// Lines that are no headers.
const BAD_LINES: [&str; 10] = [
    "Server : x\r\n",
    "X Bad: 1\r\n",
    " folded\r\n",
    "\tfolded\r\n",
    "no colon\r\n",
    ": no name\r\n",
    "X: a\x01b\r\n",
    "X: a\x7fb\r\n",
    "X\x08: a\r\n",
    "Content-Length : 5\r\n",
];

/// As these, and too much for hyper, on which reqwest stands.
const WORSE_LINES: [&str; 4] = ["X: a\0b\r\n", "X Bad\0: 1\r\n", "X: a\rb\r\n", "X: a\r\r\n"];

fn everywhere(what: &str, reply: &[u8], error: &str) {
    TRANSPORTS.into_iter().chain(["C"]).for_each(|client| check(client, what, reply, error));
}

/// hyper has no setting for these. Nothing is bought twice on reqwest either.
fn everywhere_but_on_reqwest(what: &str, reply: &[u8]) {
    ["ureq", "C"].into_iter().for_each(|client| check(client, what, reply, PICTURE));
    check("reqwest", what, reply, UNKNOWN);
}

#[test]
fn a_line_that_is_no_header_costs_nothing() {
    BAD_LINES.iter().for_each(|line| everywhere(line, &with_lines(line), PICTURE));
    everywhere("all of them", &with_lines(&BAD_LINES.concat()), PICTURE);
    WORSE_LINES.iter().for_each(|line| everywhere_but_on_reqwest(line, &with_lines(line)));
}

#[test]
fn a_large_head_costs_nothing() {
    let header = format!("X-Padding: {}\r\n", "x".repeat(256 - 13));
    everywhere(
        "1,000 headers of 256 bytes",
        &framed("HTTP/1.1 200 OK", &(header.repeat(1000) + &content_length()), SUCCESS),
        PICTURE,
    );
    let line = format!("X: {}\r\n", "x".repeat(200 * 1024));
    everywhere("a line of 200 KiB", &framed("HTTP/1.1 200 OK", &(line + &content_length()), SUCCESS), PICTURE);
    let short = "a:\r\n".repeat(1998);
    everywhere("2,000 headers", &framed("HTTP/1.1 200 OK", &(short + &content_length()), SUCCESS), PICTURE);
}

#[test]
fn the_status_line_may_be_odd() {
    for status in
        ["HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.0 200 OK", "HTTP/1.1 200 \u{597d}", "\r\n\r\nHTTP/1.1 200 OK"]
    {
        everywhere(status, &framed(status, &content_length(), SUCCESS), PICTURE);
    }
    let mut latin = framed("HTTP/1.1 200 ?", &content_length(), SUCCESS);
    latin[13] = 0xE9;
    everywhere("a reason in Latin-1", &latin, PICTURE);
    let with_lf =
        String::from_utf8(framed("HTTP/1.1 200 OK", &content_length(), SUCCESS)).unwrap().replace("\r\n", "\n");
    everywhere("lines that end with LF", with_lf.as_bytes(), PICTURE);
    for reason in ["a\x01b", "a\0b", "a\rb"] {
        everywhere_but_on_reqwest(reason, &framed(&format!("HTTP/1.1 200 {reason}"), &content_length(), SUCCESS));
    }
}

#[test]
fn interim_heads_may_be_as_odd() {
    let lines = BAD_LINES.concat() + &"Link: </a>\r\n".repeat(200);
    let interim = format!("HTTP/1.1 100 Continue\r\n{lines}\r\nHTTP/1.1 103\n{lines}\n").into_bytes();
    everywhere("two interim heads", &[interim, with_lines("")].concat(), PICTURE);
}

#[test]
fn what_says_where_the_body_ends_means_the_same_everywhere() {
    let status = "HTTP/1.1 200 OK";
    let length = SUCCESS.len();
    for (what, framing, body, error) in [
        ("the end of the connection", String::new(), SUCCESS, PICTURE),
        ("one length twice", content_length().repeat(2), SUCCESS, PICTURE),
        ("a list of one length", format!("Content-Length: {length}, {length}\r\n"), SUCCESS, PICTURE),
        ("chunks", "Transfer-Encoding: chunked\r\n".to_owned(), &chunks(), PICTURE),
        ("chunks and a length", "Content-Length: 5\r\nTransfer-Encoding: Chunked\r\n".to_owned(), &chunks(), PICTURE),
        ("two lengths", content_length() + "Content-Length: 5\r\n", SUCCESS, UNKNOWN),
        ("a list of two lengths", format!("Content-Length: {length}, 5\r\n"), SUCCESS, UNKNOWN),
        ("a signed length", format!("Content-Length: +{length}\r\n"), SUCCESS, UNKNOWN),
        ("a length in words", "Content-Length: many\r\n".to_owned(), SUCCESS, UNKNOWN),
        ("an empty length", "Content-Length:\r\n".to_owned(), SUCCESS, UNKNOWN),
    ] {
        everywhere(what, &framed(status, &framing, body), error);
    }
    // hyper's parser of trailers is another one, without a setting.
    for trailers in ["X: 1\r\n", &BAD_LINES.concat(), &WORSE_LINES.concat(), &"X: 1\r\n".repeat(5000), "X: 1"] {
        let body = chunks().replace("\r\n0\r\n\r\n", &format!("\r\n0\r\n{trailers}\r\n"));
        everywhere("trailers", &framed(status, "Transfer-Encoding: chunked\r\n", &body), PICTURE);
    }
    everywhere("chunks in HTTP/1.0", &framed("HTTP/1.0 200 OK", "Transfer-Encoding: chunked\r\n", &chunks()), UNKNOWN);
}

#[test]
fn what_is_no_head_stays_an_error() {
    for reply in
        ["", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", "<html></html>\r\n\r\n", "HTTP/2 200\r\n\r\n{}", "\0\0\0\x01"]
    {
        everywhere(reply, reply.as_bytes(), UNKNOWN);
    }
    everywhere("a status of two digits", &framed("HTTP/1.1 20 OK", &content_length(), SUCCESS), UNKNOWN);
    everywhere("2,001 headers", &framed("HTTP/1.1 200 OK", &"a:\r\n".repeat(2001), SUCCESS), UNKNOWN);
}

#[test]
fn an_endless_head_is_not_read_on() {
    const SIZE: usize = 64 << 20;
    let mut reply = b"HTTP/1.1 200 OK\r\n".to_vec();
    reply.extend_from_slice(&format!("X: {}\r\n", "x".repeat(1019)).repeat(SIZE / 1024).into_bytes());
    for client in TRANSPORTS.into_iter().chain(["C"]) {
        let server = Server::new(reply.clone());
        assert_eq!(end(client, &server), End { error: UNKNOWN.to_owned(), attempts: 1, posts: 1 }, "{client}");
        // What is not read by the client waits in the buffers of the sockets.
        let written = server.written.load(SeqCst);
        assert!(written < SIZE / 2, "{client}: {written} bytes were taken");
    }
}
