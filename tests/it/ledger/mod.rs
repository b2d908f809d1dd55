//! `volcv batch`: no picture is bought twice, whatever is killed, and what the ledger says is what the server has counted.
//!
//! The command runs as its users run it, in processes of its own, against an emulator in this process, which counts.

mod bench;
#[cfg(feature = "second-ring")]
mod budgets;
mod drive;
#[cfg(feature = "second-ring")]
mod examples;
mod judge;
mod limits;
mod lost;
#[cfg(feature = "second-ring")]
mod order;
mod page;
mod torture;

pub(crate) use bench::{Bench, Recipe};
pub(crate) use drive::Drive;
pub(crate) use judge::{Books, Judge};
