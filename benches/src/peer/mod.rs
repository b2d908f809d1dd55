//! The clients that are compared. Each runs in a process of its own, which only makes calls.

mod by_hand;
mod floor;
mod volcv;

use std::io::{self, BufRead, Write};

use tokio::runtime::{Builder, Runtime};

/// A client of the server.
pub trait Peer {
    /// Makes this many calls at once and waits for all of them. Fails if a picture does not come back whole.
    fn call(&self, at_once: usize);
}

/// The arguments of a peer.
pub struct Setup {
    /// Where the server is: `http://address`.
    pub url: String,
    /// The bytes of the picture up, and of the picture down.
    pub bytes: usize,
}

/// The child process: for each line `ROUNDS AT_ONCE` on standard input, it makes the calls and prints a line.
pub fn run(name: &str, setup: &Setup) -> io::Result<()> {
    let peer: Box<dyn Peer> = match name {
        "floor" => Box::new(floor::Floor::new(setup)?),
        "ureq" => Box::new(volcv::OnUreq::new(setup)),
        "reqwest" => Box::new(volcv::OnReqwest::new(setup)),
        "by-hand" => Box::new(by_hand::ByHand::new(setup)),
        _ => return Err(io::Error::other(format!("there is no peer {name}"))),
    };
    for line in io::stdin().lock().lines() {
        let line = line?;
        let mut numbers = line.split(' ').map(|number| number.parse().map_err(io::Error::other));
        let rounds: usize = numbers.next().unwrap_or(Ok(1))?;
        let at_once: usize = numbers.next().unwrap_or(Ok(1))?;
        (0..rounds).for_each(|_| peer.call(at_once));
        println!("done");
        io::stdout().flush()?;
    }
    Ok(())
}

/// As `#[tokio::main(flavor = "current_thread")]` makes it.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime can be had")
}
