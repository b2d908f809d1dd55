//! A server whose queue is full: the connection neither comes about nor fails.

use std::net::SocketAddr;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};
use volcv::core::types::Charge;
use volcv::{CallOptions, CancelToken, ClientBuilder, Delivery, ErrorKind, Outpaint};

use crate::support::{AnyClient, TRANSPORTS, small};

/// A listener whose connections are never accepted, with its queue filled; further connections wait for an answer for ever.
pub(crate) struct FullQueue {
    pub(crate) address: SocketAddr,
    _sockets: Vec<Socket>,
}

impl FullQueue {
    pub(crate) fn new() -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let mut sockets = vec![listener];
        // The queue has room for one or two, depending on the system; the rest hangs without harm.
        for _ in 0..8 {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            let _ = socket.connect(&address);
            sockets.push(socket);
        }
        Self { address: address.as_socket().unwrap(), _sockets: sockets }
    }

    fn client(&self, transport: &str, setup: fn(ClientBuilder) -> ClientBuilder) -> AnyClient {
        AnyClient::new(transport, setup(ClientBuilder::new(format!("http://{}", self.address), "some-key")))
    }
}

#[test]
fn a_connection_that_does_not_come_about_ends_at_the_connect_limit_and_is_tried_again() {
    let queue = FullQueue::new();
    for transport in TRANSPORTS {
        let client =
            queue.client(transport, |builder| builder.connect_limit(Duration::from_millis(300)).max_attempts(2));
        let error = client.outpaint(&Outpaint::equal(small(), 0.5), &CallOptions::new()).unwrap_err();
        assert_eq!((error.kind(), error.charge(), error.attempts().len()), (ErrorKind::Timeout, Charge::None, 2));
        assert!(error.attempts().iter().all(|attempt| attempt.delivery == Delivery::NotSent));
        assert!(error.to_string().contains("connect limit"), "{transport}: {error}");
    }
}

#[test]
fn the_deadline_of_a_call_ends_its_connecting() {
    let queue = FullQueue::new();
    for transport in TRANSPORTS {
        let client = queue.client(transport, |builder| {
            builder.connect_limit(Duration::from_secs(60)).deadline(Duration::from_millis(300))
        });
        let started = Instant::now();
        let error = client.outpaint(&Outpaint::equal(small(), 0.5), &CallOptions::new()).unwrap_err();
        assert_eq!((error.kind(), error.charge()), (ErrorKind::Timeout, Charge::None), "{transport}: {error}");
        assert!(error.to_string().contains("deadline"), "{transport}: {error}");
        assert!(started.elapsed() < Duration::from_secs(20), "{transport}: {:?}", started.elapsed());
    }
}

/// Cancels when a call has been connecting for a while; gives the moment.
pub(crate) fn cancel_soon(cancel: &CancelToken) -> JoinHandle<Instant> {
    let cancel = cancel.clone();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(200));
        cancel.cancel();
        Instant::now()
    })
}

#[test]
fn a_call_that_is_connecting_can_be_cancelled() {
    let queue = FullQueue::new();
    for transport in TRANSPORTS {
        let client = queue.client(transport, |builder| builder.connect_limit(Duration::from_secs(60)));
        let cancel = CancelToken::new();
        let cancelled_at = cancel_soon(&cancel);
        let error = client.outpaint(&Outpaint::equal(small(), 0.5), &CallOptions::new().cancel(&cancel)).unwrap_err();
        let late = cancelled_at.join().unwrap().elapsed();
        assert_eq!((error.kind(), error.charge()), (ErrorKind::Cancelled, Charge::None), "{transport}: {error}");
        assert!(late < Duration::from_secs(8), "{transport}: {late:?} after the cancel");
    }
}
