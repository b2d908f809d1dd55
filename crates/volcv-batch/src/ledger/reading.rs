//! What people ask of a ledger.

use super::dialect::{Arg, Row};
use super::items::read_job;
use super::standing::state_of;
use super::tx::{Fault, Outcome, Tx};
use super::types::{Activity, Counts, ItemReport, Page, RunReport, Spending};
use super::{Ledger, pace, tally};
use crate::error::BatchError;
use crate::job::Item;
use crate::state::State;

impl Ledger {
    /// How many items are in each state.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn counts(&self) -> Result<Counts, BatchError> {
        self.read(|tx| Box::pin(counts(tx))).await
    }

    /// What all attempts have cost.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn spending(&self) -> Result<Spending, BatchError> {
        self.read(|tx| Box::pin(tally::spending(tx))).await
    }

    /// Which runs are at work, and at what pace.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn activity(&self) -> Result<Activity, BatchError> {
        self.read(|tx| Box::pin(activity(tx))).await
    }

    /// Up to `limit` items from `from` on, in the order of the input, of the given states, or of all if there are none.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn page(&self, from: Option<&(u64, String)>, states: &[State], limit: u32) -> Result<Page, BatchError> {
        let from = from.cloned();
        let states = if states.is_empty() { State::ALL.to_vec() } else { states.to_vec() };
        self.read(move |tx| Box::pin(async move { page(tx, from, &states, limit.max(1)).await })).await
    }
}

async fn counts(tx: &mut Tx<'_>) -> Outcome<Counts> {
    let mut counts = Counts::default();
    for row in tx.rows("SELECT state, count(*) FROM items GROUP BY state", &[]).await? {
        let field = match state_of(&row.text(0)?)? {
            State::Planned => &mut counts.planned,
            State::Claimed => &mut counts.claimed,
            State::Sending => &mut counts.sending,
            State::Unknown => &mut counts.unknown,
            State::Paid => &mut counts.paid,
            State::Done => &mut counts.done,
            State::Refused => &mut counts.refused,
            State::Failed => &mut counts.failed,
        };
        *field = row.count(1)?;
    }
    Ok(counts)
}

async fn activity(tx: &mut Tx<'_>) -> Outcome<Activity> {
    let now = tx.now().await?;
    let pace = pace::read(tx, now).await?;
    let text = "SELECT name, started, lease_until, \
                (SELECT count(*) FROM items WHERE run = runs.id AND state IN ('claimed', 'sending')) \
                FROM runs WHERE ended IS NULL AND lease_until > $1 ORDER BY started, id";
    let rows = tx.rows(text, &[now.into()]).await?;
    let passed = |from: i64, to: i64| u64::try_from(to - from).unwrap_or_default();
    let run = |row: &Row| -> Outcome<RunReport> {
        Ok(RunReport {
            name: row.text(0)?,
            running_ms: passed(row.int(1)?, now),
            lease_ms: passed(now, row.int(2)?),
            items: row.count(3)?,
        })
    };
    let pause_ms = u64::try_from(pace.pause.as_millis()).unwrap_or(u64::MAX);
    let runs = rows.iter().map(run).collect::<Outcome<_>>()?;
    Ok(Activity { runs, factor: pace.factor, pause_ms, stopped: pace.stopped })
}

/// The next item is the last one of a page plus one, so the cursor is the place of the last item: what follows it comes next.
/// Each state has its part of the index; a state that is not asked for finds nothing there.
const PAGE: &str = "WITH place AS ( \
    SELECT * FROM (SELECT seq, id FROM items WHERE state = $4 AND (seq, id) > ($1, $2) ORDER BY seq, id LIMIT $3) AS a UNION ALL \
    SELECT * FROM (SELECT seq, id FROM items WHERE state = $5 AND (seq, id) > ($1, $2) ORDER BY seq, id LIMIT $3) AS b UNION ALL \
    SELECT * FROM (SELECT seq, id FROM items WHERE state = $6 AND (seq, id) > ($1, $2) ORDER BY seq, id LIMIT $3) AS c UNION ALL \
    SELECT * FROM (SELECT seq, id FROM items WHERE state = $7 AND (seq, id) > ($1, $2) ORDER BY seq, id LIMIT $3) AS d UNION ALL \
    SELECT * FROM (SELECT seq, id FROM items WHERE state = $8 AND (seq, id) > ($1, $2) ORDER BY seq, id LIMIT $3) AS e UNION ALL \
    SELECT * FROM (SELECT seq, id FROM items WHERE state = $9 AND (seq, id) > ($1, $2) ORDER BY seq, id LIMIT $3) AS f UNION ALL \
    SELECT * FROM (SELECT seq, id FROM items WHERE state = $10 AND (seq, id) > ($1, $2) ORDER BY seq, id LIMIT $3) AS g UNION ALL \
    SELECT * FROM (SELECT seq, id FROM items WHERE state = $11 AND (seq, id) > ($1, $2) ORDER BY seq, id LIMIT $3) AS h), \
    picked AS (SELECT seq, id FROM place ORDER BY seq, id LIMIT $3) \
    SELECT items.seq, items.id, items.job, items.state, items.result, \
    (SELECT count(*) FROM attempts WHERE item = items.id), \
    (SELECT count(*) FROM attempts WHERE item = items.id AND charge = 'charged'), \
    (SELECT count(*) FROM attempts WHERE item = items.id AND charge = 'unknown') \
    FROM picked JOIN items ON items.id = picked.id ORDER BY items.seq, items.id";

async fn page(tx: &mut Tx<'_>, from: Option<(u64, String)>, states: &[State], limit: u32) -> Outcome<Page> {
    let (seq, id) = match from {
        Some((seq, id)) => (i64::try_from(seq).unwrap_or(i64::MAX), id),
        None => (-1, String::new()),
    };
    let mut args: Vec<Arg<'_>> = vec![seq.into(), Arg::from(&id), limit.into()];
    let asked = |state: &State| if states.contains(state) { state.as_str() } else { "" };
    args.extend(State::ALL.iter().map(|state| Arg::from(asked(state))));
    let mut items = Vec::new();
    for row in tx.rows(PAGE, &args).await? {
        let (seq, id) = (row.count(0)?, row.text(1)?);
        let result = match row.text_or_null(4)? {
            Some(json) => serde_json::from_str(&json)
                .map_err(|error| Fault::Content(format!("the result of item {id} cannot be read: {error}")))?,
            None => Default::default(),
        };
        items.push(ItemReport {
            state: state_of(&row.text(3)?)?,
            result,
            attempts: row.count(5)?,
            charged: row.count(6)?,
            unknown: row.count(7)?,
            item: Item { job: read_job(&id, &row.text(2)?)?, seq, id },
        });
    }
    let full = items.len() as u64 == u64::from(limit);
    let next = items.last().filter(|_| full).map(|last: &ItemReport| (last.item.seq, last.item.id.clone()));
    Ok(Page { items, next })
}
