//! Ten thousand pictures through volcv, on one machine or many, none of them bought twice.
//!
//! [`Batch`] takes items from an [`Input`], runs each as a whole operation of the crate `volcv`, and writes down in a
//! [`Ledger`] what it is about to buy before it buys it.

#![forbid(unsafe_code)]

mod error;
mod event;
mod job;
mod ledger;
mod state;

pub use error::BatchError;
pub use event::{Event, Phase};
pub use job::{Item, Job};
pub use ledger::{Counts, ItemReport, ItemResult, Ledger, LedgerUrl, Page, Spending};
pub use state::State;
