//! What is wished for: planning, and planning again.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::LazyLock;
use std::sync::atomic::Ordering;

use volcv::Charge;

use super::Ledger;
use super::dialect::Arg;
use super::standing::{attempts, standing};
use super::tx::{Fault, Outcome, Tx};
use crate::error::BatchError;
use crate::job::{Item, Job};
use crate::state::State;

/// Rows of one statement.
const ROWS: usize = 100;
const INSERT: &str = "INSERT INTO items (id, seq, job, output, plan, state) VALUES";
const ONE_ROW: &str = "INSERT INTO items (id, seq, job, output, plan, state) VALUES ($1, $2, $3, $4, $5, 'planned') \
                       ON CONFLICT DO NOTHING RETURNING id";

static MANY_ROWS: LazyLock<String> = LazyLock::new(|| {
    let mut text = INSERT.to_owned();
    for row in 0..ROWS {
        let comma = if row == 0 { "" } else { "," };
        let [id, seq, job, output, plan] = std::array::from_fn(|column| row * 5 + column + 1);
        // Writing into a `String` cannot fail.
        let _ = write!(text, "{comma} (${id}, ${seq}, ${job}, ${output}, ${plan}, 'planned')");
    }
    text + " ON CONFLICT DO NOTHING RETURNING id"
});

/// An item as its row has it.
struct NewRow {
    id: String,
    seq: i64,
    job: Job,
    json: String,
}

impl Ledger {
    /// The fingerprint of an input that was planned to its end.
    pub(crate) async fn source(&self, name: &str) -> Result<Option<String>, BatchError> {
        let name = name.to_owned();
        self.read(move |tx| {
            Box::pin(async move {
                let row = tx.row("SELECT fingerprint FROM sources WHERE name = $1", &[Arg::from(&name)]).await?;
                Ok(row.map(|row| row.text(0)).transpose()?)
            })
        })
        .await
    }

    /// Says that an input was planned to its end. This ends the planning: an id may come again from now on.
    pub(crate) async fn set_source(&self, name: &str, fingerprint: &str) -> Result<(), BatchError> {
        let (name, fingerprint) = (name.to_owned(), fingerprint.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let text = "INSERT INTO sources (name, fingerprint) VALUES ($1, $2) \
                            ON CONFLICT (name) DO UPDATE SET fingerprint = excluded.fingerprint";
                tx.run(text, &[Arg::from(&name), Arg::from(&fingerprint)]).await.map(|_| ())
            })
        })
        .await?;
        self.0.plan.store(fastrand::i64(1..), Ordering::Relaxed);
        Ok(())
    }

    /// Adds items in one transaction, and gives the number of those that were new. An item whose id is known stays as it is if its job is
    /// the same; if the job differs and nothing was sent for it, it gets the new job; otherwise it is an error that names the id.
    /// An id that comes twice in one planning with different jobs is an error, and so is an output that another item has.
    pub(crate) async fn add(&self, items: &[Item]) -> Result<u64, BatchError> {
        let rows = new_rows(items)?;
        let plan = self.0.plan.load(Ordering::Relaxed);
        self.write(move |tx| {
            Box::pin(async move {
                let mut added = 0;
                for group in rows.chunks(ROWS) {
                    added += insert(tx, group, plan).await?;
                }
                Ok(added)
            })
        })
        .await
    }

    /// Lets items of these states be taken again, and gives their number: `Failed`, `Refused` or `Unknown`. Answers that were recorded and are
    /// charged are used again; an unknown attempt stays in the spending, and is sent again. An item that failed after an attempt of which
    /// nothing is known becomes unknown, unless `Unknown` is one of the states.
    ///
    /// # Errors
    /// The ledger cannot be written, or a state cannot be taken again.
    pub async fn retry(&self, states: &[State]) -> Result<u64, BatchError> {
        let allowed = [State::Failed, State::Refused, State::Unknown];
        if let Some(state) = states.iter().find(|state| !allowed.contains(state)) {
            return Err(BatchError::Option(format!(
                "items that are {state} cannot be taken again, only failed, refused and unknown ones"
            )));
        }
        let mut again = 0;
        // Unknown ones are the last, because failed ones may become unknown.
        for state in allowed.into_iter().filter(|state| states.contains(state)) {
            let mut from = Some((-1, String::new()));
            while let Some((seq, id)) = from {
                let (number, next) = self.write(move |tx| Box::pin(retry_some(tx, state, seq, id))).await?;
                again += number;
                from = next;
            }
        }
        Ok(again)
    }
}

fn wrong(id: &str, message: String) -> BatchError {
    BatchError::Input { place: format!("item {id}"), message }
}

/// Checks ids, and leaves out what comes twice.
fn new_rows(items: &[Item]) -> Result<Vec<NewRow>, BatchError> {
    let mut seen: HashMap<&str, &Job> = HashMap::with_capacity(items.len());
    let mut rows = Vec::with_capacity(items.len());
    for Item { id, seq, job, .. } in items {
        if id.is_empty() || id.len() > 512 || id.contains('\0') || job.output.contains('\0') {
            let message =
                format!("id is {} bytes, and has to be 1 to 512 without a zero byte, as the output", id.len());
            return Err(wrong(id, message));
        }
        match seen.insert(id, job) {
            None => rows.push(NewRow {
                id: id.clone(),
                seq: i64::try_from(*seq).map_err(|_| wrong(id, format!("its place {seq} is too large")))?,
                job: job.clone(),
                json: serde_json::to_string(job).map_err(|error| wrong(id, error.to_string()))?,
            }),
            Some(other) if other == job => (),
            Some(_) => return Err(twice(id)),
        }
    }
    Ok(rows)
}

fn twice(id: &str) -> BatchError {
    wrong(id, "the id comes twice, with different jobs".to_owned())
}

async fn insert(tx: &mut Tx<'_>, group: &[NewRow], plan: i64) -> Outcome<u64> {
    let args = |row| columns(row, plan);
    let mut new = HashSet::new();
    if group.len() == ROWS {
        let all: Vec<Arg<'_>> = group.iter().flat_map(args).collect();
        for row in tx.rows(MANY_ROWS.as_str(), &all).await? {
            new.insert(row.text(0)?);
        }
    } else {
        for row in group {
            if let Some(row) = tx.row(ONE_ROW, &args(row)).await? {
                new.insert(row.text(0)?);
            }
        }
    }
    if new.len() < group.len() {
        for row in group.iter().filter(|row| !new.contains(&row.id)) {
            known(tx, row, plan).await?;
        }
    }
    Ok(new.len() as u64)
}

/// An item that could not be inserted: its id is there, or another item has its output.
async fn known(tx: &mut Tx<'_>, new: &NewRow, plan: i64) -> Outcome<()> {
    let text = "SELECT id FROM items WHERE output = $1 AND id <> $2";
    let other = tx.row(text, &[Arg::from(&new.job.output), Arg::from(&new.id)]).await?;
    if let Some(other) = other {
        let message = format!("its output {:?} is that of item {} too", new.job.output, other.text(0)?);
        return Err(wrong(&new.id, message).into());
    }
    let text = "SELECT job, state, plan FROM items WHERE id = $1 FOR UPDATE";
    let old = tx.one(text, &[Arg::from(&new.id)]).await?;
    let json = old.text(0)?;
    if json == new.json || read_job(&new.id, &json)? == new.job {
        return Ok(());
    }
    if old.int(2)? == plan {
        return Err(twice(&new.id).into());
    }
    let text = "SELECT 1 FROM attempts WHERE item = $1 AND (delivery IS NULL OR delivery <> 'not_sent') LIMIT 1";
    let sent = tx.row(text, &[Arg::from(&new.id)]).await?.is_some();
    let state = old.text(1)?;
    if sent || !["planned", "failed"].contains(&state.as_str()) {
        let message =
            format!("its job was changed after it was planned, and it is {state} by now: give the new job another id");
        return Err(wrong(&new.id, message).into());
    }
    let text = "UPDATE items SET seq = $2, job = $3, output = $4, plan = $5, state = 'planned', run = NULL, claim = NULL, \
                tries = 0, not_before = 0, result = NULL WHERE id = $1";
    tx.run(text, &columns(new, plan)).await?;
    Ok(())
}

fn columns(row: &NewRow, plan: i64) -> [Arg<'_>; 5] {
    [Arg::from(&row.id), row.seq.into(), Arg::from(&row.json), Arg::from(&row.job.output), plan.into()]
}

/// The job of an item as it was stored.
pub(super) fn read_job(id: &str, json: &str) -> Outcome<Job> {
    serde_json::from_str(json).map_err(|error| Fault::Content(format!("the job of item {id} cannot be read: {error}")))
}

type Next = Option<(i64, String)>;

async fn retry_some(tx: &mut Tx<'_>, state: State, seq: i64, id: String) -> Outcome<(u64, Next)> {
    let text =
        "SELECT seq, id FROM items WHERE state = $1 AND (seq, id) > ($2, $3) ORDER BY seq, id LIMIT 500 FOR UPDATE";
    let rows = tx.rows(text, &[state.as_str().into(), seq.into(), Arg::from(&id)]).await?;
    let (mut again, mut next) = (0, None);
    for row in rows {
        let (seq, id) = (row.int(0)?, row.text(1)?);
        again += u64::from(retry_one(tx, state, &id).await?);
        next = Some((seq, id));
    }
    Ok((again, next))
}

async fn retry_one(tx: &mut Tx<'_>, state: State, id: &str) -> Outcome<bool> {
    let mut attempts = attempts(tx, id).await?;
    for attempt in attempts.iter_mut().filter(|attempt| !attempt.dropped) {
        let is_given_up = match attempt.charge {
            Charge::Unknown => state == State::Unknown || attempt.is_useful(),
            // It is known to have been bought, and nothing came of it: who asks for another try knows.
            Charge::Charged => !attempt.is_useful(),
            Charge::None => false,
        };
        if is_given_up {
            attempt.dropped = true;
            let text = "UPDATE attempts SET dropped = 1 WHERE item = $1 AND number = $2";
            tx.run(text, &[id.into(), attempt.number.into()]).await?;
        }
    }
    let truth = standing(&attempts);
    let text = "UPDATE items SET state = $2, store = $3, tries = 0, not_before = 0 WHERE id = $1";
    tx.run(text, &[id.into(), truth.state.as_str().into(), truth.store.as_deref().into()]).await?;
    Ok(truth.state != State::Unknown)
}
