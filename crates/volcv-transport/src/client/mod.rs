//! The two clients. They have the same methods; what a call means is decided in volcv-core for both.

mod asynchronous;
mod blocking;

pub use asynchronous::Client;
pub use blocking::BlockingClient;
