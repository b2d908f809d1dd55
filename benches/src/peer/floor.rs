//! Raw sockets that move the same bytes: the least that any client does.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, MutexGuard};
use std::thread;

use volcv_core::{Access, ApiKey, Endpoint, Plan};

use super::{Peer, Setup, volcv};

/// One small buffer, used for every byte in both directions.
const BUFFER: usize = 64 * 1024;
const SMALL: usize = 1024;

/// Keeps a connection for each concurrent call.
pub struct Floor {
    idle: Mutex<Vec<TcpStream>>,
    address: String,
    head: String,
    body: usize,
    picture: usize,
}

impl Floor {
    /// Asks volcv how long its request is, and connects.
    pub fn new(setup: &Setup) -> io::Result<Self> {
        let endpoint = Endpoint::parse(&setup.url, false).map_err(io::Error::other)?;
        let key = ApiKey::new(volcv::KEY).map_err(io::Error::other)?;
        // A small picture shows the length of the JSON, so this process holds no large picture.
        let access = Access::gateway(endpoint, key);
        let plan = Plan::pictures(&volcv::outpaint(SMALL), &access).map_err(io::Error::other)?;
        let small = plan.preview()["content_length"].as_u64().and_then(|length| usize::try_from(length).ok());
        let small = small.ok_or_else(|| io::Error::other("the preview has no length"))?;
        let body = small - base64(SMALL) + base64(setup.bytes);
        let address = setup.url.trim_start_matches("http://");
        let head = format!(
            "POST /volcv/v1?Action=CVProcess&Version=2022-08-31 HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
             accept: application/json\r\naccept-encoding: identity\r\ncontent-type: application/json\r\n\
             user-agent: volcv/0.1.0\r\ncontent-length: {body}\r\n\r\n",
            volcv::KEY
        );
        Ok(Self { idle: Mutex::default(), address: address.to_owned(), head, body, picture: setup.bytes })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<TcpStream>> {
        self.idle.lock().expect("no call panicked before")
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn exchange(&self) -> io::Result<()> {
        let idle = self.idle().pop();
        let mut stream = idle.map_or_else(|| self.connect(), Ok)?;
        let mut buffer = vec![b'A'; BUFFER];
        stream.write_all(self.head.as_bytes())?;
        let mut left = self.body;
        while left > 0 {
            let piece = left.min(buffer.len());
            stream.write_all(&buffer[..piece])?;
            left -= piece;
        }
        let first = stream.read(&mut buffer)?;
        let head = buffer[..first].windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
        let head = head.ok_or_else(|| io::Error::other("the head did not come at once"))?;
        let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        let length: Option<usize> = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let length = length.ok_or_else(|| io::Error::other("the reply has no length"))?;
        assert!(length > self.picture, "the reply holds the picture");
        let mut left = (head + length).saturating_sub(first);
        while left > 0 {
            match stream.read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                bytes => left = left.saturating_sub(bytes),
            }
        }
        self.idle().push(stream);
        Ok(())
    }
}

impl Peer for Floor {
    fn call(&self, at_once: usize) {
        let exchange = || self.exchange().expect("the server of the bench answers");
        if at_once == 1 {
            return exchange();
        }
        thread::scope(|scope| (0..at_once).for_each(|_| drop(scope.spawn(exchange))));
    }
}

/// The length of the text of so many bytes.
fn base64(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}
