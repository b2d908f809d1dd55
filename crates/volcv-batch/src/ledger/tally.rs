//! What the attempts have cost, kept as sums in the same transactions: `max_cost` is asked before each attempt, and may not count a
//! million rows.

use volcv::Charge;

use super::tx::{Outcome, Tx};
use super::types::Spending;

/// The delivery of an attempt whose process ended before it could tell.
pub(super) const IN_DOUBT: &str = "in_doubt";

const SHARDS: u64 = 64;

/// What one attempt adds to the sums: charged, unknown, refused, not sent, complete, in doubt.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Tally([i64; 6]);

impl Tally {
    /// `delivery` is `None` while the attempt is on its way.
    pub(super) fn of(charge: Charge, delivery: Option<&str>, status: Option<i64>) -> Self {
        let mut sums = [0; 6];
        let answered = status.is_some() || delivery == Some("full");
        let column = match charge {
            Charge::Charged => 0,
            Charge::Unknown => 1,
            Charge::None if answered => 2,
            Charge::None => 3,
        };
        sums[column] = 1;
        sums[4] = i64::from(delivery == Some("full"));
        sums[5] = i64::from(delivery == Some(IN_DOUBT));
        Tally(sums)
    }
}

/// Puts one attempt from `old` to `new`. This is the last lock that a transaction takes.
pub(super) async fn change(tx: &mut Tx<'_>, item: &str, old: Tally, new: Tally) -> Outcome<()> {
    if old == new {
        return Ok(());
    }
    let [charged, unknown, refused, not_sent, complete, in_doubt] = std::array::from_fn(|i| new.0[i] - old.0[i]);
    let text = "UPDATE spending SET charged = charged + $2, unknown = unknown + $3, refused = refused + $4, \
                not_sent = not_sent + $5, complete = complete + $6, in_doubt = in_doubt + $7 WHERE shard = $1";
    let args: [i64; 7] = [shard(item), charged, unknown, refused, not_sent, complete, in_doubt];
    tx.run(text, &args.map(Into::into)).await?;
    Ok(())
}

/// Any row would do; the item's keeps writers of different items apart.
fn shard(item: &str) -> i64 {
    let hash = item
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    (hash % SHARDS).cast_signed()
}

pub(super) async fn spending(tx: &mut Tx<'_>) -> Outcome<Spending> {
    let text = "SELECT CAST(sum(charged) AS BIGINT), CAST(sum(unknown) AS BIGINT), CAST(sum(refused) AS BIGINT), \
                CAST(sum(not_sent) AS BIGINT), CAST(sum(complete) AS BIGINT), CAST(sum(in_doubt) AS BIGINT) FROM spending";
    let row = tx.one(text, &[]).await?;
    Ok(Spending {
        charged: row.count(0)?,
        unknown: row.count(1)?,
        refused: row.count(2)?,
        not_sent: row.count(3)?,
        complete: row.count(4)?,
        in_doubt: row.count(5)?,
    })
}

/// Attempts that were or may be billed.
pub(super) async fn cost(tx: &mut Tx<'_>) -> Outcome<u64> {
    Ok(tx.one("SELECT CAST(sum(charged + unknown) AS BIGINT) FROM spending", &[]).await?.count(0)?)
}
