//! Attempts: the rows that are durable before money can be spent, and what became of them.

use std::collections::HashMap;

use volcv::{Charge, Delivery};

use super::dialect::Arg;
use super::standing::{Attempt, attempts, charge_text, standing, state_of};
use super::tally::{self, Tally};
use super::tx::{Fault, Outcome, Tx};
use super::types::{AttemptEnd, AttemptId, Begin, Kept, NewRun};
use super::{Ledger, duration};
use crate::error::BatchError;
use crate::state::State;

impl Ledger {
    /// Makes an attempt durable before it is sent. The same attempt may be begun again if the answer to the first try was lost.
    pub(crate) async fn begin(
        &self,
        run: &NewRun,
        attempt: &AttemptId,
        key: [u8; 32],
        max_cost: Option<u64>,
    ) -> Result<Begin, BatchError> {
        let (run, id) = (run.id, attempt.clone());
        self.write(move |tx| Box::pin(async move { begin(tx, run, &id, &key, max_cost).await })).await
    }

    /// Writes down how an attempt ended, whoever has the item by now. It may be repeated. A charge that is known is not made unknown again,
    /// and an answer that is kept stays if `end` has none.
    pub(crate) async fn end(&self, run: &NewRun, attempt: &AttemptId, end: &AttemptEnd) -> Result<(), BatchError> {
        let (store, id, how) = (run.store.clone(), attempt.clone(), end.clone());
        self.write(move |tx| Box::pin(async move { end_attempt(tx, &store, &id, &how).await })).await
    }

    /// Answers of a store whose files are there although the ledger does not know of them: their process was killed between the two.
    /// Items that are unknown for their sake alone become paid. Gives the files of items that are done: nobody needs them any more.
    /// It may be repeated.
    pub(crate) async fn recover(&self, store: &str, files: &[AttemptId]) -> Result<Vec<AttemptId>, BatchError> {
        let mut unused = Vec::new();
        for some in files.chunks(500) {
            let (store, some) = (store.to_owned(), some.to_vec());
            unused.extend(self.write(move |tx| Box::pin(async move { recover(tx, &store, &some).await })).await?);
        }
        Ok(unused)
    }
}

async fn begin(tx: &mut Tx<'_>, run: i64, id: &AttemptId, key: &[u8], max_cost: Option<u64>) -> Outcome<Begin> {
    // The lock keeps runs from reaching `max_cost` together.
    let text = match max_cost {
        Some(_) => "SELECT pause_until, stopped FROM pace FOR UPDATE",
        None => "SELECT pause_until, stopped FROM pace",
    };
    let pace = tx.one(text, &[]).await?;
    let item: [Arg<'_>; 2] = [Arg::from(&id.item), run.into()];
    let text = "SELECT 1 FROM items WHERE id = $1 AND run = $2 AND state IN ('claimed', 'sending') \
                AND EXISTS (SELECT 1 FROM runs WHERE runs.id = $2 AND ended IS NULL) FOR UPDATE";
    if tx.row(text, &item).await?.is_none() {
        return Ok(Begin::LeaseLost);
    }
    let text = "SELECT run, key, ended FROM attempts WHERE item = $1 AND number = $2";
    if let Some(row) = tx.row(text, &[Arg::from(&id.item), id.number.into()]).await? {
        return match row.int(0)? == run && row.bytes(1)? == key && row.int_or_null(2)?.is_none() {
            true => Ok(Begin::Send),
            false => Err(Fault::Content(format!("attempt {} of item {} was made before", id.number, id.item))),
        };
    }
    if let Some(reason) = pace.text_or_null(1)? {
        return Ok(Begin::Stopped(reason));
    }
    let now = tx.now().await?;
    if pace.int(0)? > now {
        return Ok(Begin::Wait(duration(pace.int(0)? - now)));
    }
    if let Some(most) = max_cost
        && tally::cost(tx).await? >= most
    {
        return Ok(Begin::CostReached);
    }
    let text = "INSERT INTO attempts (item, number, run, key, begun, charge) VALUES ($1, $2, $3, $4, $5, 'unknown')";
    tx.run(text, &[Arg::from(&id.item), id.number.into(), run.into(), key.into(), now.into()]).await?;
    tx.run("UPDATE items SET state = 'sending' WHERE id = $1", &[Arg::from(&id.item)]).await?;
    tally::change(tx, &id.item, Tally::default(), Tally::of(Charge::Unknown, None, None)).await?;
    Ok(Begin::Send)
}

async fn end_attempt(tx: &mut Tx<'_>, store: &str, id: &AttemptId, how: &AttemptEnd) -> Outcome<()> {
    let missing = || Fault::Content(format!("attempt {} of item {} was never begun", id.number, id.item));
    let text = "SELECT state, run FROM items WHERE id = $1 FOR UPDATE";
    let item = tx.row(text, &[Arg::from(&id.item)]).await?.ok_or_else(missing)?;
    let (state, holder) = (state_of(&item.text(0)?)?, item.int_or_null(1)?);
    let mut all = attempts(tx, &id.item).await?;
    let attempt = all.iter_mut().find(|attempt| attempt.number == id.number).ok_or_else(missing)?;
    let old = attempt.tally();
    if attempt.charge == Charge::Unknown || how.charge != Charge::Unknown {
        attempt.charge = how.charge;
    }
    attempt.open = false;
    attempt.delivery = Some(delivery_text(how.delivery).to_owned());
    attempt.status = how.status.map(i64::from);
    match &how.answer {
        Some(Kept::Inline(bytes)) => attempt.inline = Some(bytes.clone()),
        Some(Kept::File) => attempt.store = Some(store.to_owned()),
        None => (),
    }
    // The user may have let it be sent again, but here is what was waited for.
    attempt.dropped &= how.answer.is_none();
    write(tx, &id.item, attempt, how).await?;
    tally::change(tx, &id.item, old, attempt.tally()).await?;
    let sends_no_more = !all.iter().any(|attempt| attempt.open);
    match state {
        State::Sending if sends_no_more && holder.is_some() => {
            tx.run("UPDATE items SET state = 'claimed' WHERE id = $1", &[Arg::from(&id.item)]).await?;
        }
        State::Unknown | State::Planned | State::Paid => rest(tx, &id.item, state, &all).await?,
        _ => (),
    }
    Ok(())
}

async fn write(tx: &mut Tx<'_>, item: &str, attempt: &Attempt, how: &AttemptEnd) -> Outcome<()> {
    let now = tx.now().await?;
    let text = "UPDATE attempts SET ended = COALESCE(ended, $3), charge = $4, delivery = $5, error = $6, status = $7, code = $8, \
                answer = $9, store = $10, dropped = $11 WHERE item = $1 AND number = $2";
    let args = [
        item.into(),
        attempt.number.into(),
        now.into(),
        charge_text(attempt.charge).into(),
        attempt.delivery.as_deref().into(),
        how.error.as_deref().into(),
        attempt.status.into(),
        how.code.as_deref().into(),
        attempt.inline.as_deref().into(),
        attempt.store.as_deref().into(),
        i64::from(attempt.dropped).into(),
    ];
    tx.run(text, &args).await.map(|_| ())
}

fn delivery_text(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::NotSent => "not_sent",
        Delivery::Partial { .. } => "partial",
        Delivery::Full { .. } => "full",
    }
}

/// Puts an item that no run holds to what its attempts say.
async fn rest(tx: &mut Tx<'_>, item: &str, state: State, attempts: &[Attempt]) -> Outcome<()> {
    let truth = standing(attempts);
    if truth.state == state {
        return Ok(());
    }
    let text = "UPDATE items SET state = $2, store = $3 WHERE id = $1";
    tx.run(text, &[item.into(), truth.state.as_str().into(), truth.store.as_deref().into()]).await.map(|_| ())
}

async fn recover(tx: &mut Tx<'_>, store: &str, files: &[AttemptId]) -> Outcome<Vec<AttemptId>> {
    let mut by_item: HashMap<&str, Vec<i64>> = HashMap::new();
    for id in files {
        by_item.entry(&id.item).or_default().push(id.number);
    }
    let mut unused = Vec::new();
    for (item, numbers) in by_item {
        let row = tx.row("SELECT state FROM items WHERE id = $1 FOR UPDATE", &[item.into()]).await?;
        let Some(row) = row else { continue };
        let state = state_of(&row.text(0)?)?;
        if state == State::Done {
            unused.extend(numbers.iter().map(|number| AttemptId { item: item.to_owned(), number: *number }));
            continue;
        }
        let mut all = attempts(tx, item).await?;
        let mut news = false;
        for attempt in all.iter_mut().filter(|attempt| numbers.contains(&attempt.number)) {
            let known = attempt.inline.is_some() || attempt.store.is_some() || attempt.charge != Charge::Unknown;
            if known {
                continue;
            }
            attempt.store = Some(store.to_owned());
            attempt.dropped = false;
            news = true;
            let text = "UPDATE attempts SET store = $3, dropped = 0 WHERE item = $1 AND number = $2";
            tx.run(text, &[item.into(), attempt.number.into(), store.into()]).await?;
        }
        if news && matches!(state, State::Unknown | State::Planned | State::Paid) {
            rest(tx, item, state, &all).await?;
        }
    }
    Ok(unused)
}
