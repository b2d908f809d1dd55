//! Ten thousand pictures through volcv, on one machine or many, none of them bought twice.
//!
//! [`Batch`] takes items from an [`Input`], runs each as a whole operation of the crate `volcv`, and writes down in a
//! [`Ledger`] what it is about to buy before it buys it.

#![forbid(unsafe_code)]

mod client;
mod error;
mod event;
mod input;
mod job;
mod journal;
mod ledger;
mod pace;
mod plan;
mod preview;
mod replace;
mod report;
mod run;
mod sheet;
mod state;
mod store;

pub use client::AnyClient;
pub use error::BatchError;
pub use event::{Event, Phase};
pub use input::{Defaults, Input, Shard};
pub use job::{Item, Job};
pub use ledger::{Activity, Counts, ItemReport, ItemResult, Ledger, LedgerUrl, Page, RunReport, Spending};
pub use plan::{Planned, plan};
pub use preview::{Preview, Unplannable, preview};
pub use report::{report, save_report};
pub use run::{Batch, Ended, Summary};
pub use sheet::{SheetOptions, contact_sheets};
pub use state::State;
