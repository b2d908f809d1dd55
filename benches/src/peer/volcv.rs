//! volcv on both of its transports.

use std::thread;

use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use volcv::{BlockingClient, Client, Outcome, Outpaint, Picture, Sides};

use super::{Peer, Setup, runtime};
use crate::picture::picture;

/// The server takes any key.
pub const KEY: &str = "bench-key";

/// The call that every peer makes.
pub fn outpaint(bytes: usize) -> Outpaint {
    let sides = Sides { left: 0.5, right: 0.5, ..Sides::ZERO };
    Outpaint::sides(Picture::from(picture(bytes)), sides).prompt("a lake at dawn").seed(7)
}

/// The blocking client.
pub struct OnUreq {
    client: BlockingClient,
    outpaint: Outpaint,
    bytes: usize,
}

impl OnUreq {
    pub fn new(setup: &Setup) -> Self {
        let client = BlockingClient::new(&setup.url, KEY).expect("the base URL is this machine");
        Self { client, outpaint: outpaint(setup.bytes), bytes: setup.bytes }
    }

    fn once(&self) -> Outcome {
        let outcome = self.client.outpaint(&self.outpaint).expect("the server of the bench answers");
        check(&outcome, self.bytes);
        outcome
    }
}

impl Peer for OnUreq {
    fn call(&self, at_once: usize) {
        if at_once == 1 {
            return drop(self.once());
        }
        // All results are held until the last call has ended, as a game holds its pictures.
        thread::scope(|scope| {
            let running: Vec<_> = (0..at_once).map(|_| scope.spawn(|| self.once())).collect();
            let results: Vec<_> = running.into_iter().map(|call| call.join().expect("no call panics")).collect();
            assert_eq!(results.len(), at_once);
        });
    }
}

/// The async client, on one thread.
pub struct OnReqwest {
    runtime: Runtime,
    client: Client,
    outpaint: Outpaint,
    bytes: usize,
}

impl OnReqwest {
    pub fn new(setup: &Setup) -> Self {
        let client = Client::new(&setup.url, KEY).expect("the base URL is this machine");
        Self { runtime: runtime(), client, outpaint: outpaint(setup.bytes), bytes: setup.bytes }
    }
}

impl Peer for OnReqwest {
    fn call(&self, at_once: usize) {
        self.runtime.block_on(async {
            if at_once == 1 {
                let outcome = self.client.outpaint(&self.outpaint).await.expect("the server of the bench answers");
                return check(&outcome, self.bytes);
            }
            let mut running = JoinSet::new();
            for _ in 0..at_once {
                let (client, outpaint) = (self.client.clone(), self.outpaint.clone());
                running.spawn(async move { client.outpaint(&outpaint).await });
            }
            for result in running.join_all().await {
                check(&result.expect("the server of the bench answers"), self.bytes);
            }
        });
    }
}

fn check(outcome: &Outcome, bytes: usize) {
    assert_eq!(outcome.picture().map(|picture| picture.len()), Some(bytes), "the picture came back whole");
    assert_eq!(outcome.attempts.len(), 1, "nothing was sent twice");
}
