//! What is true of the workspace as a whole, against the emulator over real sockets.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are tests")]

mod batch;
mod c;
mod cancel;
mod connect;
mod credentials;
mod dependencies;
mod direct;
mod distorted;
mod downloads;
mod ear;
mod examples;
mod expand;
mod heads;
mod journal;
#[cfg(feature = "second-ring")]
mod judged;
mod keep_alive;
mod ledger;
mod neighbours;
#[cfg(feature = "second-ring")]
mod official;
mod pictures;
#[cfg(feature = "second-ring")]
mod postgres;
mod proxy;
mod recorder;
mod repository;
mod results;
mod scenarios;
#[cfg(feature = "second-ring")]
mod seams;
mod second_ring;
mod secrets;
mod successor;
mod support;
mod tasks;
mod tls;
mod transports;
#[cfg(feature = "second-ring")]
mod wine;
mod wire;
