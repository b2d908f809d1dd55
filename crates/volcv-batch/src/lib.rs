//! Ten thousand pictures through volcv, on one machine or many, none of them bought twice.
//!
//! [`Batch`] takes items from an [`Input`], runs each as a whole operation of the crate `volcv`, and writes down in a
//! [`Ledger`] what it is about to buy before it buys it.

#![forbid(unsafe_code)]

mod error;
mod event;
mod input;
mod job;
mod ledger;
mod plan;
mod preview;
mod state;

pub use error::BatchError;
pub use event::{Event, Phase};
pub use input::{Defaults, Input, Shard};
pub use job::{Item, Job};
pub use ledger::{Counts, ItemReport, Ledger, LedgerUrl, Page, Spending};
pub use plan::{Planned, plan};
pub use preview::{Preview, Unplannable, preview};
pub use state::State;
