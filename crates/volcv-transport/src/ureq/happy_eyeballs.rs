//! Connects to whichever of a host's addresses answers first, as RFC 8305 ("Happy Eyeballs") says: a family of addresses
//! that leads nowhere costs a quarter of a second.

use std::io;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::cancel::CancelToken;
use crate::threads;

/// An attempt that takes longer gets another one beside it. RFC 8305, section 5.
const DELAY: Duration = Duration::from_millis(250);

/// Alternates between the families of addresses, beginning with the first address. RFC 8305, section 4.
pub(super) fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let count = addresses.len();
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|one| one.is_ipv6() == first_is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    (0..count).flat_map(|_| [first.next(), second.next()]).flatten().collect()
}

/// Runs `attempt` on one address after the other, each on a thread of its own, and gives what the first success gives.
/// The next attempt begins when one has failed, or after [`DELAY`]. An attempt is told how much of `limit` is left; one
/// that goes on when another has won is left to itself, and its connection is closed.
pub(super) fn connect<T: Send + 'static>(
    addresses: &[SocketAddr],
    limit: Duration,
    cancel: &CancelToken,
    attempt: impl Fn(&SocketAddr, Duration) -> io::Result<T> + Copy + Send + 'static,
) -> io::Result<T> {
    let end = Instant::now().checked_add(limit);
    let (sender, results) = mpsc::channel();
    let _guard = cancel.on_cancel({
        let sender = sender.clone();
        move || drop(sender.send(Err(interrupted())))
    });
    let mut failure = io::Error::new(io::ErrorKind::AddrNotAvailable, "the host has no address");
    let (mut waiting, mut running) = (addresses.iter().copied(), 0);
    loop {
        let left = end.map_or(limit, |end| end.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if let Some(address) = waiting.next() {
            let done = sender.clone();
            if let Err(error) = on_thread(move || drop(done.send(attempt(&address, left)))) {
                // No thread: the others may still succeed.
                let _ = sender.send(Err(error));
            }
            running += 1;
        } else if running == 0 {
            return Err(failure);
        }
        let result = results.recv_timeout(if waiting.len() > 0 { left.min(DELAY) } else { left });
        if cancel.is_cancelled() {
            return Err(interrupted());
        }
        match result {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => {
                running -= 1;
                // A host that has answered says more than a network that does not lead to it.
                if failure.kind() != io::ErrorKind::ConnectionRefused {
                    failure = error;
                }
            }
            Err(_) => {}
        }
    }
}

/// Runs something that cannot be interrupted on another thread, and waits for it or for a cancel.
pub(super) fn run_on_thread<T: Send + 'static>(
    cancel: &CancelToken,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (sender, result) = mpsc::channel();
    let _guard = cancel.on_cancel({
        let sender = sender.clone();
        move || drop(sender.send(Err(interrupted())))
    });
    on_thread(move || drop(sender.send(work())))?;
    result.recv().unwrap_or_else(|_| Err(interrupted()))
}

/// A thread that ends with its work. A caller that is cancelled leaves it behind.
fn on_thread(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    threads::start_and_leave("volcv-connect", threads::SMALL_STACK, Box::new(work))
}

pub(super) fn interrupted() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "cancelled")
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::sync::{Mutex, OnceLock};
    use std::thread;

    use socket2::{Domain, Socket, Type};

    use super::*;

    /// Longer than any test takes.
    const LONG: Duration = Duration::from_secs(60);
    /// Shorter than [`LONG`] by far, and more than a loaded machine takes.
    const SOON: Duration = Duration::from_secs(20);

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn families_alternate_beginning_with_the_first_address() {
        let (a, b, c) = ("[2001:db8::a]:1", "[2001:db8::b]:1", "[2001:db8::c]:1");
        let (x, y) = ("192.0.2.1:1", "192.0.2.2:1");
        for (given, expected) in [
            (&[a, b, c, x, y][..], &[a, x, b, y, c][..]),
            (&[x, y, a], &[x, a, y]),
            (&[a, x, b], &[a, x, b]),
            (&[a, b], &[a, b]),
            (&[y, x], &[y, x]),
            (&[], &[]),
        ] {
            assert_eq!(interleave(addresses(given)), addresses(expected), "{given:?}");
        }
    }

    /// A network by the last number of an address: what it does is written in the port.
    fn by_port(address: &SocketAddr, left: Duration) -> io::Result<SocketAddr> {
        match address.port() {
            1 => Ok(*address),
            2 => Err(io::ErrorKind::ConnectionRefused.into()),
            3 => Err(io::ErrorKind::NetworkUnreachable.into()),
            // Hangs.
            _ => {
                thread::sleep(left.min(SOON));
                Err(io::ErrorKind::TimedOut.into())
            }
        }
    }

    fn by_ports(ports: &[u16], limit: Duration) -> io::Result<u16> {
        let addresses: Vec<_> = ports.iter().map(|port| SocketAddr::from(([127, 0, 0, 1], *port))).collect();
        connect(&addresses, limit, &CancelToken::new(), by_port).map(|address| address.port())
    }

    #[test]
    fn the_first_connection_wins_without_a_wait_for_the_others() {
        // Two hundred delays would take longer than this test may.
        let mut refusing = [2; 200];
        refusing[199] = 1;
        for ports in [&[1][..], &[1, 4], &[4, 1], &[4, 4, 4, 1], &[4, 3, 2, 1, 4], &refusing] {
            let started = Instant::now();
            assert_eq!(by_ports(ports, LONG).unwrap(), 1, "{ports:?}");
            assert!(started.elapsed() < SOON / 2, "{ports:?}: {:?}", started.elapsed());
        }
    }

    #[test]
    fn the_most_useful_failure_is_told() {
        use io::ErrorKind::*;
        for (ports, limit, expected) in [
            (&[][..], LONG, AddrNotAvailable),
            (&[2], LONG, ConnectionRefused),
            (&[3, 2], LONG, ConnectionRefused),
            (&[2, 3], LONG, ConnectionRefused),
            (&[3, 3], LONG, NetworkUnreachable),
            (&[4], Duration::from_millis(100), TimedOut),
            (&[2, 4], Duration::from_millis(100), TimedOut),
        ] {
            assert_eq!(by_ports(ports, limit).unwrap_err().kind(), expected, "{ports:?}");
        }
    }

    #[test]
    fn the_next_attempt_begins_when_one_has_failed_or_when_the_delay_is_over() {
        static PORTS: Mutex<Vec<u16>> = Mutex::new(Vec::new());
        let addresses = addresses(&["127.0.0.1:2", "127.0.0.1:4", "127.0.0.1:5", "127.0.0.1:1"]);
        let started = Instant::now();
        connect(&addresses, LONG, &CancelToken::new(), |address, left| {
            PORTS.lock().unwrap().push(address.port());
            by_port(address, left)
        })
        .unwrap();
        assert!(started.elapsed() >= 2 * DELAY, "two attempts hang");
        assert_eq!(*PORTS.lock().unwrap(), [2, 4, 5, 1]);
    }

    #[test]
    fn a_cancel_ends_it_while_every_attempt_hangs() {
        let cancel = CancelToken::new();
        let canceller = thread::spawn({
            let cancel = cancel.clone();
            move || {
                thread::sleep(Duration::from_millis(100));
                cancel.cancel();
            }
        });
        let (started, addresses) = (Instant::now(), addresses(&["127.0.0.1:4", "127.0.0.1:5"]));
        let error = connect(&addresses, LONG, &cancel, by_port).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
        assert!(started.elapsed() < SOON / 2);
        canceller.join().unwrap();
    }

    /// The address of a listener whose queue is full, so that a connection neither comes about nor fails.
    fn black_hole() -> SocketAddr {
        static KEPT: OnceLock<(SocketAddr, Vec<Socket>)> = OnceLock::new();
        let (address, _) = KEPT.get_or_init(|| {
            let socket = || Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            let listener = socket();
            listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
            listener.listen(0).unwrap();
            let address = listener.local_addr().unwrap();
            let mut sockets = vec![listener];
            for _ in 0..8 {
                let socket = socket();
                socket.set_nonblocking(true).unwrap();
                // It hangs, or takes the last place.
                let _ = socket.connect(&address);
                sockets.push(socket);
            }
            (address.as_socket().unwrap(), sockets)
        });
        *address
    }

    #[test]
    fn a_real_address_that_leads_nowhere_does_not_hide_one_that_answers() {
        let good = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let addresses = [black_hole(), black_hole(), good.local_addr().unwrap()];
        let started = Instant::now();
        let stream = connect(&addresses, LONG, &CancelToken::new(), TcpStream::connect_timeout).unwrap();
        assert_eq!(stream.peer_addr().unwrap(), addresses[2]);
        assert!(started.elapsed() < SOON / 2, "{:?}", started.elapsed());
        let error =
            connect(&addresses[..2], Duration::from_millis(300), &CancelToken::new(), TcpStream::connect_timeout);
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
