//! Runs and their leases.
//!
//! A lease that has passed is lost at the moment another run sweeps it: a machine that slept and was alone goes on.

use std::time::Duration;

use super::dialect::Arg;
use super::pace;
use super::standing::{attempts, close, standing};
use super::tx::{Outcome, Tx};
use super::types::{NewRun, Pace};
use super::{Ledger, millis};
use crate::error::BatchError;
use crate::state::State;

/// The result of an item whose process ended while its call was on its way.
const LOST: &str = r#"{"error":"outcome_unknown","message":"the process ended, or lost its lease, before the answer came; the call may have been charged"}"#;

impl Ledger {
    /// Writes the run down, and takes `Stopped` away that an earlier run has left. It may be repeated.
    pub(crate) async fn start_run(&self, run: &NewRun) -> Result<(), BatchError> {
        let run = run.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let now = tx.now().await?;
                let text = "INSERT INTO runs (id, name, store, started, lease_until) VALUES ($1, $2, $3, $4, $5) \
                            ON CONFLICT (id) DO NOTHING";
                let until = now + millis(run.lease);
                tx.run(text, &[run.id.into(), Arg::from(&run.name), Arg::from(&run.store), now.into(), until.into()])
                    .await?;
                tx.run("UPDATE pace SET stopped = NULL WHERE stopped IS NOT NULL", &[]).await?;
                sweep(tx, now).await
            })
        })
        .await
    }

    /// Renews the lease; sweeps runs whose lease has passed: their claimed items are planned (or paid) again, those that were sending are unknown.
    /// `succeeded` says that calls succeeded since the last beat, which raises the factor. `None` if another run has swept this one. It may be repeated.
    pub(crate) async fn beat(&self, run: &NewRun, succeeded: bool) -> Result<Option<Pace>, BatchError> {
        let (id, lease) = (run.id, run.lease);
        self.write(move |tx| Box::pin(beat(tx, id, lease, succeeded))).await
    }

    /// Gives back what is claimed, and ends the run. It may be repeated.
    pub(crate) async fn end_run(&self, run: &NewRun) -> Result<(), BatchError> {
        let id = run.id;
        self.write(move |tx| {
            Box::pin(async move {
                let now = tx.now().await?;
                if tx
                    .row("SELECT 1 FROM runs WHERE id = $1 AND ended IS NULL FOR UPDATE", &[id.into()])
                    .await?
                    .is_some()
                {
                    end(tx, id, now).await?;
                }
                Ok(())
            })
        })
        .await
    }
}

async fn beat(tx: &mut Tx<'_>, id: i64, lease: Duration, succeeded: bool) -> Outcome<Option<Pace>> {
    let now = tx.now().await?;
    let text = "UPDATE runs SET lease_until = $2 WHERE id = $1 AND ended IS NULL";
    if tx.run(text, &[id.into(), (now + millis(lease)).into()]).await? == 0 {
        return Ok(None);
    }
    let pace = if succeeded { pace::raise(tx, now).await? } else { pace::read(tx, now).await? };
    sweep(tx, now).await?;
    Ok(Some(pace))
}

/// Ends the runs whose lease has passed. Another process may do so at the same time: each takes the runs that it can lock.
async fn sweep(tx: &mut Tx<'_>, now: i64) -> Outcome<()> {
    let text = "SELECT id FROM runs WHERE ended IS NULL AND lease_until <= $1 ORDER BY id FOR UPDATE SKIP LOCKED";
    for row in tx.rows(text, &[now.into()]).await? {
        end(tx, row.int(0)?, now).await?;
    }
    Ok(())
}

/// The run is locked. `run` and `claim` of its items stay: its verdicts are taken as long as no other run has the item.
async fn end(tx: &mut Tx<'_>, run: i64, now: i64) -> Outcome<()> {
    let text = "SELECT id FROM items WHERE run = $1 AND state IN ('claimed', 'sending') ORDER BY id FOR UPDATE";
    for row in tx.rows(text, &[run.into()]).await? {
        let id = row.text(0)?;
        let mut attempts = attempts(tx, &id).await?;
        close(tx, &id, &mut attempts).await?;
        let truth = standing(&attempts);
        let text = "UPDATE items SET state = $2, store = $3, result = coalesce($4, result) WHERE id = $1";
        let lost = (truth.state == State::Unknown).then_some(LOST);
        tx.run(text, &[Arg::from(&id), truth.state.as_str().into(), truth.store.as_deref().into(), lost.into()])
            .await?;
    }
    tx.run("UPDATE runs SET ended = $2 WHERE id = $1", &[run.into(), now.into()]).await?;
    Ok(())
}
