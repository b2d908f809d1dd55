//! Taking items, and giving them back with a verdict.

use std::time::Duration;

use volcv::Charge;

use super::dialect::Arg;
use super::items::read_job;
use super::standing::{Attempt, attempts, charge_text, close, standing};
use super::tx::{Fault, Outcome, Tx};
use super::types::{Answer, Claimed, NewRun, Verdict};
use super::{Ledger, duration, millis, tally};
use crate::error::BatchError;
use crate::job::Item;
use crate::state::State;

impl Ledger {
    /// Takes up to `limit` items: paid ones whose answers this store can read first, then planned ones, in the order of the input.
    ///
    /// `claim` is a random number above 0, a new one for each claim. A claim whose answer was lost is repeated with the same number, and
    /// gives the items that the first try has taken. `None` if the run has lost its lease.
    pub(crate) async fn claim(&self, run: &NewRun, claim: i64, limit: u32) -> Result<Option<Vec<Claimed>>, BatchError> {
        let (id, store) = (run.id, run.store.clone());
        self.write(move |tx| {
            Box::pin(async move {
                // Locked, so that nobody ends the run between this and the claim.
                let text = "SELECT 1 FROM runs WHERE id = $1 AND ended IS NULL FOR UPDATE";
                if tx.row(text, &[id.into()]).await?.is_none() {
                    return Ok(None);
                }
                let repeated = claimed(tx, id, claim).await?;
                if !repeated.is_empty() {
                    return Ok(Some(repeated));
                }
                match take(tx, id, &store, claim, limit).await? {
                    0 => Ok(Some(Vec::new())),
                    _ => claimed(tx, id, claim).await.map(Some),
                }
            })
        })
        .await
    }

    /// How long until the first item can be claimed that waits now; `None` if there is none that this run could ever take and none in the
    /// hands of other runs. Items in other hands count as due when the lease of their run passes.
    pub(crate) async fn next_due(&self, run: &NewRun) -> Result<Option<Duration>, BatchError> {
        let (id, store) = (run.id, run.store.clone());
        self.read(move |tx| {
            Box::pin(async move {
                let now = tx.now().await?;
                let text = "SELECT min(due) FROM ( \
                    SELECT min(not_before) AS due FROM items WHERE state = 'planned' UNION ALL \
                    SELECT min(not_before) FROM items WHERE state = 'paid' AND (store IS NULL OR store = $2) UNION ALL \
                    SELECT min(lease_until) FROM items JOIN runs ON runs.id = items.run \
                    WHERE state IN ('claimed', 'sending') AND run <> $1) AS dues";
                let due = tx.one(text, &[id.into(), Arg::from(&store)]).await?.int_or_null(0)?;
                Ok(due.map(|due| duration(due - now)))
            })
        })
        .await
    }

    /// Ends the operation of an item. `false` if the item is in other hands by now. It may be repeated.
    ///
    /// `Planned` and `Paid` become what the recorded attempts say: paid if an answer is there, unknown if an attempt may be
    /// charged and nothing came of it. A run that has lost its lease may still finish an item that no other run has taken.
    pub(crate) async fn finish(&self, run: &NewRun, item: &str, verdict: &Verdict) -> Result<bool, BatchError> {
        let (run, item, verdict) = (run.id, item.to_owned(), verdict.clone());
        self.write(move |tx| Box::pin(async move { finish(tx, run, &item, &verdict).await })).await
    }
}

async fn take(tx: &mut Tx<'_>, run: i64, store: &str, claim: i64, limit: u32) -> Outcome<u64> {
    let now = tx.now().await?;
    let paid = "WITH picked AS MATERIALIZED (SELECT id FROM items WHERE state = 'paid' AND not_before <= $3 \
        AND (store IS NULL OR store = $5) ORDER BY seq, id LIMIT $4 FOR UPDATE SKIP LOCKED) \
        UPDATE items SET state = 'claimed', run = $1, claim = $2 WHERE id IN (SELECT id FROM picked)";
    let args = |limit: u64| -> [Arg<'_>; 4] {
        [run.into(), claim.into(), now.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()]
    };
    let mut with_store = Vec::from(args(limit.into()));
    with_store.push(store.into());
    let taken = tx.run(paid, &with_store).await?;
    let rest = u64::from(limit).saturating_sub(taken);
    if rest == 0 {
        return Ok(taken);
    }
    let planned = "WITH picked AS MATERIALIZED (SELECT id FROM items WHERE state = 'planned' AND not_before <= $3 \
        ORDER BY seq, id LIMIT $4 FOR UPDATE SKIP LOCKED) \
        UPDATE items SET state = 'claimed', run = $1, claim = $2 WHERE id IN (SELECT id FROM picked)";
    Ok(taken + tx.run(planned, &args(rest)).await?)
}

/// What a claim has taken, paid items first.
async fn claimed(tx: &mut Tx<'_>, run: i64, claim: i64) -> Outcome<Vec<Claimed>> {
    let text = "SELECT id, seq, job, tries FROM items \
                WHERE state IN ('claimed', 'sending') AND run = $1 AND claim = $2 ORDER BY seq, id";
    let rows = tx.rows(text, &[run.into(), claim.into()]).await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let (id, json) = (row.text(0)?, row.text(2)?);
        let attempts = attempts(tx, &id).await?;
        let job = read_job(&id, &json)?;
        all.push(Claimed {
            next_attempt: attempts.last().map_or(1, |last| last.number + 1),
            tries: u32::try_from(row.int(3)?).unwrap_or(u32::MAX),
            item: Item { seq: row.count(1)?, id, job },
            answers: attempts.into_iter().filter(Attempt::is_useful).map(answer).collect::<Outcome<_>>()?,
        });
    }
    // Stable: the order of the input stays within both parts.
    all.sort_by_key(|claimed| claimed.answers.is_empty());
    Ok(all)
}

fn answer(attempt: Attempt) -> Outcome<Answer> {
    let wrong = |_| Fault::Content("the key of an attempt is not 32 bytes".to_owned());
    let key = attempt.key.try_into().map_err(wrong)?;
    Ok(Answer { number: attempt.number, key, inline: attempt.inline })
}

async fn finish(tx: &mut Tx<'_>, run: i64, item: &str, verdict: &Verdict) -> Outcome<bool> {
    let row = tx.row("SELECT run, claim FROM items WHERE id = $1 FOR UPDATE", &[item.into()]).await?;
    let Some(row) = row else { return Ok(false) };
    if row.int_or_null(0)? != Some(run) {
        return Ok(false);
    }
    if row.int_or_null(1)?.is_none() {
        // Written before; only the answer was lost.
        return Ok(true);
    }
    let mut attempts = attempts(tx, item).await?;
    close(tx, item, &mut attempts).await?;
    if let Some(charge) = verdict.settled {
        settle(tx, item, &mut attempts, charge).await?;
    }
    if verdict.forget {
        forget(tx, item, &mut attempts).await?;
    }
    let truth = standing(&attempts);
    let (state, store) = match verdict.state {
        State::Planned | State::Paid => (truth.state, truth.store),
        State::Claimed | State::Sending => return Err(Fault::Content(format!("{} is no verdict", verdict.state))),
        state => (state, None),
    };
    let json = serde_json::to_string(&verdict.result).map_err(|error| Fault::Content(error.to_string()))?;
    let not_before = tx.now().await? + millis(verdict.wait);
    let text = "UPDATE items SET state = $2, store = $3, claim = NULL, tries = tries + $4, not_before = $5, result = $6 WHERE id = $1";
    let tries = i64::from(verdict.counts_as_try);
    let args = [
        item.into(),
        state.as_str().into(),
        store.as_deref().into(),
        tries.into(),
        not_before.into(),
        Arg::from(&json),
    ];
    tx.run(text, &args).await?;
    Ok(true)
}

/// Gives answered attempts whose charge was unknown the charge that their operation has found out.
async fn settle(tx: &mut Tx<'_>, item: &str, attempts: &mut [Attempt], charge: Charge) -> Outcome<()> {
    for attempt in attempts.iter_mut().filter(|attempt| attempt.charge == Charge::Unknown && attempt.is_useful()) {
        let old = attempt.tally();
        attempt.charge = charge;
        let text = "UPDATE attempts SET charge = $3 WHERE item = $1 AND number = $2";
        tx.run(text, &[item.into(), attempt.number.into(), charge_text(charge).into()]).await?;
        tally::change(tx, item, old, attempt.tally()).await?;
    }
    Ok(())
}

/// Answers that are not used again. Nothing follows from their attempts any more but the cost.
async fn forget(tx: &mut Tx<'_>, item: &str, attempts: &mut [Attempt]) -> Outcome<()> {
    for attempt in attempts.iter_mut().filter(|attempt| attempt.inline.is_some() || attempt.store.is_some()) {
        (attempt.inline, attempt.store, attempt.dropped) = (None, None, true);
    }
    let text = "UPDATE attempts SET answer = NULL, store = NULL, dropped = 1 \
                WHERE item = $1 AND (answer IS NOT NULL OR store IS NOT NULL)";
    tx.run(text, &[item.into()]).await.map(|_| ())
}
