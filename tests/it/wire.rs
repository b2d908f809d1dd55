//! Answers on the wire that the emulator does not give.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use volcv::{CallOptions, ClientBuilder, Error, ErrorKind, Outcome, Outpaint};

use crate::ear::events_of;
use crate::support::{AnyClient, TRANSPORTS, large, small};

const SUCCESS: &str = r#"{"code":10000,"data":{"binary_data_base64":["R0lGODlhAQABAAAAADs="]}}"#;

/// One server for one request: `script` sees the socket behind the request's head, and the length of the body.
fn call(transport: &str, script: fn(&mut TcpStream, u64)) -> Result<Outcome, Error> {
    call_with(transport, |builder| builder, script)
}

fn call_with(
    transport: &str,
    setup: fn(ClientBuilder) -> ClientBuilder,
    script: fn(&mut TcpStream, u64),
) -> Result<Outcome, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        // A client that stands still fails the test instead of stopping it.
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let length = head(&mut socket);
        script(&mut socket, length);
    });
    let builder = ClientBuilder::new(format!("http://{address}"), "some-key").max_attempts(1);
    let client = AnyClient::new(transport, setup(builder));
    let result = client.outpaint(&Outpaint::equal(large(), 0.25), &CallOptions::new());
    // A runtime that nobody drives closes nothing: the connection ends with the client.
    drop(client);
    server.join().unwrap();
    result
}

/// Reads a request's head and gives the length of its body.
pub(crate) fn head(socket: &mut TcpStream) -> u64 {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap()
}

pub(crate) fn skip(socket: &mut TcpStream, bytes: u64) {
    let copied = std::io::copy(&mut socket.take(bytes), &mut std::io::sink()).unwrap();
    assert_eq!(copied, bytes, "the client sends its whole request");
}

pub(crate) fn answer(socket: &mut TcpStream, status: &str, body: &str) {
    write!(socket, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
}

#[test]
fn interim_answers_do_not_stop_the_upload() {
    for transport in TRANSPORTS {
        let result = call(transport, |socket, length| {
            socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
            skip(socket, 1_000_000);
            // Also in two pieces, and two of them at once.
            socket.write_all(b"HTTP/1.1 1").unwrap();
            skip(socket, 1_000_000);
            socket.write_all(b"03 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n").unwrap();
            skip(socket, length - 2_000_000);
            socket.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n").unwrap();
            answer(socket, "200 OK", SUCCESS);
        });
        assert_eq!(result.unwrap().attempts.len(), 1, "{transport}");
    }
}

#[test]
fn a_final_answer_behind_an_interim_one_is_heard_before_the_request_has_ended() {
    for transport in TRANSPORTS {
        let result = call(transport, |socket, _| {
            socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
            skip(socket, 1_000_000);
            answer(socket, "401 Unauthorized", "{}");
            // Reads on, as gateways do for a while, so that the answer is not lost in a reset.
            let _ = std::io::copy(socket, &mut std::io::sink());
        });
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Auth, "{transport}");
    }
}

#[test]
fn a_failure_in_another_character_encoding_is_still_that_failure() {
    for transport in TRANSPORTS {
        let result = call(transport, |socket, length| {
            skip(socket, length);
            let body = b"{\"code\":50412,\"message\":\"\xce\xc4\xb1\xbe\"}";
            write!(socket, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).unwrap();
            socket.write_all(body).unwrap();
        });
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Refused, "{transport}");
    }
}

#[test]
fn a_whole_reply_without_an_announced_end_is_taken_when_the_deadline_passes() {
    for transport in TRANSPORTS {
        let result = call_with(
            transport,
            |builder| builder.attempt_limit(Duration::from_secs(1)),
            |socket, length| {
                skip(socket, length);
                write!(socket, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{SUCCESS}").unwrap();
                // The connection stays open until the client has had enough.
                let _ = std::io::copy(socket, &mut std::io::sink());
            },
        );
        assert_eq!(result.unwrap().outputs.len(), 1, "{transport}");
    }
}

/// A client of a server of which each connection is served by `serve`, on a thread of its own.
fn client_of(transport: &str, serve: fn(TcpStream)) -> AnyClient {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Ends with the test's process.
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            thread::spawn(move || serve(socket));
        }
    });
    let builder = ClientBuilder::new(format!("http://{address}"), "some-key").attempt_limit(Duration::from_secs(20));
    AnyClient::new(transport, builder)
}

fn answer_call(socket: &mut TcpStream, status_and_headers: &str) {
    let length = head(socket);
    skip(socket, length);
    answer(socket, status_and_headers, SUCCESS);
}

#[test]
fn a_server_that_closes_behind_each_answer_without_a_word_costs_no_unknown_outcome() {
    for transport in TRANSPORTS {
        let client = client_of(transport, |mut socket| answer_call(&mut socket, "200 OK"));
        let seeds: Vec<i64> = (0..24).collect();
        let results = client.variants(&Outpaint::equal(small(), 0.25), &seeds, &CallOptions::new()).unwrap();
        let failures: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
        assert!(failures.is_empty(), "{transport}: {failures:?}");
    }
}

#[test]
fn a_connection_whose_server_says_that_it_closes_it_is_not_used_again() {
    for transport in TRANSPORTS {
        let client = client_of(transport, |mut socket| {
            answer_call(&mut socket, "200 OK\r\nConnection: upgrade, Close");
            // It is still open when the next call begins.
            thread::sleep(Duration::from_secs(25));
        });
        for _ in 0..3 {
            let outcome = client.outpaint(&Outpaint::equal(small(), 0.25), &CallOptions::new()).unwrap();
            assert_eq!(outcome.attempts.len(), 1, "{transport}");
        }
    }
}

#[test]
fn a_server_that_keeps_its_connections_is_called_on_the_same_one_whether_it_says_so_or_not() {
    for transport in TRANSPORTS {
        for status in ["200 OK", "200 OK\r\nConnection: keep-alive"] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            // There is one connection, so that a second one would never be answered.
            let server = thread::spawn(move || {
                let (mut socket, _) = listener.accept().unwrap();
                (0..5).for_each(|_| answer_call(&mut socket, status));
            });
            let builder =
                ClientBuilder::new(format!("http://{address}"), "some-key").attempt_limit(Duration::from_secs(20));
            let client = AnyClient::new(transport, builder);
            for _ in 0..5 {
                client.outpaint(&Outpaint::equal(small(), 0.25), &CallOptions::new()).unwrap();
            }
            server.join().unwrap();
        }
    }
}

#[test]
fn a_server_that_closes_without_a_word_after_a_while_costs_one_unknown_outcome_at_most() {
    for transport in TRANSPORTS {
        let client = client_of(transport, |mut socket| (0..4).for_each(|_| answer_call(&mut socket, "200 OK")));
        let call = |_| client.outpaint(&Outpaint::equal(small(), 0.25), &CallOptions::new()).err();
        let failures: Vec<_> = (0..24).filter_map(call).map(|error| error.kind()).collect();
        assert!(matches!(failures[..], [] | [ErrorKind::OutcomeUnknown]), "{transport}: {failures:?}");
    }
}

#[test]
fn a_flood_of_small_values_is_stopped_early() {
    for transport in TRANSPORTS {
        let result = call(transport, |socket, length| {
            skip(socket, length);
            socket.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"code\":10000,\"x\":[0").unwrap();
            // Ends when the client has had enough, long before the reply limit of 64 MiB.
            let sent = (0..2000).take_while(|_| socket.write_all(&b",0".repeat(4096)).is_ok()).count();
            assert!(sent < 1500, "{sent} pieces of 8 KiB were taken");
        });
        assert_eq!(result.unwrap_err().kind(), ErrorKind::ResponseTooLarge, "{transport}");
    }
}

#[test]
fn events_come_when_things_happen_and_tell_calls_apart() {
    for transport in TRANSPORTS {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let caller = thread::current().id();
        let before = events_of(caller).len();
        // What had been heard by the time each request of two calls was there.
        let server = thread::spawn(move || {
            let serve = |(status, body): (&str, &str)| {
                let (mut socket, _) = listener.accept().unwrap();
                let length = head(&mut socket);
                let heard = events_of(caller).len() - before;
                skip(&mut socket, length);
                answer(&mut socket, status, body);
                heard
            };
            [("503 Busy\r\nRetry-After: 0", ""), ("200 OK", SUCCESS), ("400 Bad", "")].map(serve)
        });
        let builder = ClientBuilder::new(format!("http://{address}"), "some-key").max_attempts(2);
        let client = AnyClient::new(transport, builder);
        client.outpaint(&Outpaint::equal(small(), 0.25), &CallOptions::new()).unwrap();
        let client = AnyClient::new(transport, ClientBuilder::new(format!("http://{address}"), "some-key"));
        client.outpaint(&Outpaint::equal(small(), 0.25), &CallOptions::new()).unwrap_err();

        assert_eq!(server.join().unwrap(), [1, 3, 6], "{transport}");
        let events = events_of(caller).split_off(before);
        let expected = [
            ("attempt starts", "attempt=1"),
            ("attempt ended", "attempt=1 error=\"service\""),
            ("attempt starts", "attempt=2"),
            ("attempt ended", "attempt=2 error=\"\""),
            ("call succeeded", "attempts=2 outputs=1"),
            ("attempt starts", "attempt=1"),
            ("attempt ended", "attempt=1 error="),
            ("call failed", "attempts=1 kind="),
        ];
        assert_eq!(events.len(), expected.len(), "{transport}: {events:#?}");
        let call = |event: &str| event.split_once("call=").unwrap().1.split_once(' ').unwrap().0.to_owned();
        for (place, (event, (what, how))) in events.iter().zip(expected).enumerate() {
            assert!(event.contains(what) && event.contains(how), "{transport}: {event}");
            assert_eq!(call(event) == call(&events[0]), place < 5, "{transport}: {event}");
        }
        assert!(events[1].contains("wait_ms=") && events[1].contains("status=503"), "{transport}: {}", events[1]);
    }
}
