//! Proxies that others have written: tinyproxy for HTTP, microsocks for SOCKS5. `cargo xtask ci` runs this.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use volcv_emulator::Emulator;

use super::{VIAS, call};
use crate::c::fresh_folder;
use crate::tls::SecureGateway;

/// A proxy program that asks for the user `user` and the password `pa.ss-1`; it ends with this.
struct Program {
    child: Child,
    port: u16,
}

impl Program {
    fn start(name: &str, arguments: impl FnOnce(u16) -> Vec<String>) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(name);
        command.args(arguments(port)).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}; apt-get install {name}"));
        let program = Self { child, port };
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "{name} does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        program
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Calls to http and https targets, a wrong password, and a target without a listener.
fn works(program: &Program, scheme: &str, refused: &str) {
    let url = |password: &str| format!("{scheme}://user:{password}@127.0.0.1:{}", program.port);
    let (emulator, gateway) = (Emulator::start().unwrap(), SecureGateway::start("localhost", |_| {}));
    let secure = format!("https://localhost:{}", gateway.port);
    let no_listener = Emulator::start().unwrap().base_url();
    for via in VIAS {
        for (target, root) in [(&emulator.base_url(), &[][..]), (&secure, &gateway.root)] {
            let end = call(via, target, root, &url("pa.ss-1"));
            assert_eq!((&*end.kind, end.attempts), ("ok", 1), "{via} {target}: {end:?}");
            let end = call(via, target, root, &url("wrong"));
            assert_eq!((&*end.kind, end.attempts), ("config", 1), "{via} {target}: {end:?}");
        }
        let end = call(via, &no_listener, &[], &url("pa.ss-1"));
        assert_eq!((&*end.kind, end.attempts), ("connect", 2), "{via}: {end:?}");
        assert!(end.text.contains(refused), "{via}: {end:?}");
    }
    assert_eq!((emulator.charges(), gateway.emulator.charges()), (3, 3));
}

#[test]
fn calls_go_through_tinyproxy() {
    let folder = fresh_folder("tinyproxy");
    let program = Program::start("tinyproxy", |port| {
        let file = folder.join("tinyproxy.conf");
        let rules = format!("Port {port}\nListen 127.0.0.1\nTimeout 60\nBasicAuth user pa.ss-1\n");
        std::fs::write(&file, rules).unwrap();
        vec!["-d".to_owned(), "-c".to_owned(), file.to_str().unwrap().to_owned()]
    });
    works(&program, "http", "the proxy answered HTTP 500");
}

#[test]
fn calls_go_through_microsocks() {
    let program = Program::start("microsocks", |port| {
        let line = format!("-i 127.0.0.1 -p {port} -u user -P pa.ss-1");
        line.split(' ').map(str::to_owned).collect()
    });
    works(&program, "socks5", "the proxy answered SOCKS5 code 5");
    works(&program, "socks5h", "the proxy answered SOCKS5 code 5");
}
