//! A small proxy for tests: it speaks as HTTP and SOCKS5 proxies do, notes what it was told, and can misbehave.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;

/// What it does with a connection.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    /// Leads to where it is asked to.
    Lead,
    /// Reads the request, gives this answer and closes.
    Answer(&'static [u8]),
    /// Gives this answer and leads then.
    LeadAfter(&'static [u8]),
    /// Reads the request and says nothing.
    Hang,
    /// Sends a head without an end.
    Endless,
}

/// Runs until the test's process ends.
pub(crate) struct TestProxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone, Copy)]
struct Rules {
    act: Act,
    credentials: Option<(&'static str, &'static str)>,
}

impl TestProxy {
    pub(crate) fn start(act: Act) -> Self {
        Self::with(Rules { act, credentials: None })
    }

    /// Lets in who has these only.
    pub(crate) fn guarded(user: &'static str, password: &'static str) -> Self {
        Self::with(Rules { act: Act::Lead, credentials: Some((user, password)) })
    }

    fn with(rules: Rules) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::default());
        let notes = Arc::clone(&asked);
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let notes = Arc::clone(&notes);
                thread::spawn(move || rules.serve(socket, &notes));
            }
        });
        Self { address, asked }
    }

    /// Its URL, with `user:password@` and the like before the host.
    pub(crate) fn url(&self, scheme: &str, credentials: &str) -> String {
        format!("{scheme}://{credentials}{}", self.address)
    }

    /// What each connection asked for: the head of an HTTP request, or `kind of address, host:port` of SOCKS5.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Rules {
    fn serve(self, mut client: TcpStream, asked: &Mutex<Vec<String>>) -> Option<()> {
        let first = take::<1>(&mut client)?[0];
        let target = match first {
            5 => self.socks(&mut client, asked)?,
            _ => self.http(first, &mut client, asked)?,
        };
        // Nothing resolves the names of tests but this proxy.
        let target = target.replace("gateway.test", "127.0.0.1");
        let server = TcpStream::connect(target.as_str()).ok();
        let answer: &[u8] = match (&server, first, self.act) {
            (Some(_), 5, _) => &[5, 0, 0, 3, 4, b'h', b'e', b'r', b'e', 0, 9],
            (None, 5, _) => &[5, 5, 0, 1, 0, 0, 0, 0, 0, 0],
            (Some(_), _, Act::LeadAfter(answer)) => answer,
            (Some(_), ..) => b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n",
            (None, ..) => b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
        };
        client.write_all(answer).ok()?;
        let server = server?;
        let back = (server.try_clone().ok()?, client.try_clone().ok()?);
        thread::spawn(move || pump(back.0, back.1));
        pump(client, server);
        Some(())
    }

    fn http(self, first: u8, client: &mut TcpStream, asked: &Mutex<Vec<String>>) -> Option<String> {
        let mut head = vec![first];
        while !head.ends_with(b"\r\n\r\n") {
            head.push(take::<1>(client)?[0]);
        }
        let head = String::from_utf8(head).unwrap();
        asked.lock().unwrap().push(head.clone());
        let pair = self.credentials.map(|(user, password)| format!("{user}:{password}"));
        let line = pair.map(|pair| base64::engine::general_purpose::STANDARD.encode(pair));
        if line.is_some_and(|line| !head.contains(&format!("\r\nProxy-Authorization: Basic {line}\r\n"))) {
            let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n";
            client.write_all(refusal.as_bytes()).ok()?;
            return None;
        }
        self.misbehave(client)?;
        Some(head.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned())
    }

    fn socks(self, client: &mut TcpStream, asked: &Mutex<Vec<String>>) -> Option<String> {
        let mut methods = vec![0; usize::from(take::<1>(client)?[0])];
        client.read_exact(&mut methods).ok()?;
        let method = if self.credentials.is_some() { 2 } else { 0 };
        if !methods.contains(&method) {
            client.write_all(&[5, 0xFF]).ok()?;
            return None;
        }
        client.write_all(&[5, method]).ok()?;
        if let Some((user, password)) = self.credentials {
            assert_eq!(take::<1>(client)?, [1]);
            let came = (text(client)?, text(client)?);
            let right = (came.0.as_str(), came.1.as_str()) == (user, password);
            client.write_all(&[1, u8::from(!right)]).ok()?;
            right.then_some(())?;
        }
        self.misbehave(client)?;
        let [5, 1, 0, kind] = take::<4>(client)? else { return None };
        let (kind, host) = match kind {
            1 => ("IPv4", std::net::Ipv4Addr::from(take::<4>(client)?).to_string()),
            3 => ("name", text(client)?),
            _ => ("IPv6", format!("[{}]", std::net::Ipv6Addr::from(take::<16>(client)?))),
        };
        let target = format!("{host}:{}", u16::from_be_bytes(take::<2>(client)?));
        asked.lock().unwrap().push(format!("{kind}, {target}"));
        Some(target)
    }

    fn misbehave(self, client: &mut TcpStream) -> Option<()> {
        match self.act {
            Act::Lead | Act::LeadAfter(_) => return Some(()),
            Act::Answer(answer) => {
                client.write_all(answer).ok()?;
                client.shutdown(Shutdown::Write).ok()?;
                // What is left unread would reset the connection.
                std::io::copy(client, &mut std::io::sink()).ok()?;
            }
            // Until the other side has enough.
            Act::Hang => drop(std::io::copy(client, &mut std::io::sink())),
            Act::Endless => {
                client.write_all(b"HTTP/1.1 200 OK\r\n").ok()?;
                while client.write_all(b"X-More: and more\r\n").is_ok() {}
            }
        }
        None
    }
}

fn take<const N: usize>(client: &mut TcpStream) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

/// A text behind its length.
fn text(client: &mut TcpStream) -> Option<String> {
    let mut bytes = vec![0; usize::from(take::<1>(client)?[0])];
    client.read_exact(&mut bytes).ok()?;
    String::from_utf8(bytes).ok()
}

fn pump(mut from: TcpStream, mut to: TcpStream) {
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
