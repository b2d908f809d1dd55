//! Ten thousand pictures through volcv, on one machine or many, none of them bought twice.
//!
//! [`Batch`] takes items from an [`Input`], runs each as a whole operation of the crate `volcv`, and writes down in a
//! [`Ledger`] what it is about to buy before it buys it. The same program goes on where a killed one was.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use volcv::Client;
//! use volcv_batch::{Batch, Defaults, Event, Input, Ledger, LedgerUrl, plan};
//!
//! let output = Path::new("wide");
//! std::fs::create_dir_all(output)?;
//! let ledger = Ledger::open(&LedgerUrl::Sqlite(output.join(".volcv.sqlite"))).await?;
//! let mut defaults = Defaults::default();
//! defaults.job.aspect = Some("16:9".to_owned());
//! let input = Input::find("photos", output)?;
//! plan(&ledger, &input, &defaults, None, &|_| ()).await?;
//!
//! let client = Client::new("https://gateway.example", std::env::var("VOLCV_API_KEY")?)?;
//! let batch = Batch::new(client, ledger, input.base(), output).concurrency(8).max_cost(500);
//! let summary = batch.run(|event| if let Event::Ended { id, state, .. } = event { println!("{id}: {state}") }).await?;
//! assert_eq!(summary.counts.unknown, 0);
//! # Ok(())
//! # }
//! ```
//!
//! [`report`] and [`contact_sheets`] tell people what came of it. What is promised, and what happens at a crash, is in
//! `docs/batch.md` of the repository.

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
