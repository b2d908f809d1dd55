//! A fixed part of the items, for many machines without a shared database.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};
use volcv::InvalidInput;

/// Part `index` of `count`: each id is in exactly one part.
///
/// The part of an id never changes: it is the first 8 bytes of its SHA-256, as a big-endian number, modulo `count`. As a
/// text, a shard is `I/N`, with `I` from 0 to `N` - 1.
///
/// ```
/// use volcv_batch::Shard;
///
/// let shard: Shard = "0/4".parse()?;
/// assert_eq!((shard.has("photos/lake.jpg"), shard.to_string().as_str()), (true, "0/4"));
/// # Ok::<(), volcv::InvalidInput>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: u32,
}

impl Shard {
    /// The most parts.
    pub const MAX_COUNT: u32 = 1_000_000;

    /// Part `index`, from 0 on, of `count` parts.
    ///
    /// # Errors
    /// `count` is 0 or above [`Shard::MAX_COUNT`], or `index` is not below `count`.
    pub fn new(index: u32, count: u32) -> Result<Self, InvalidInput> {
        let shard = Self { index, count };
        if (1..=Self::MAX_COUNT).contains(&count) && index < count {
            return Ok(shard);
        }
        Err(Self::refused(shard))
    }

    /// Whether this part has the item of an id.
    pub fn has(self, id: &str) -> bool {
        let hash = Sha256::digest(id);
        // A SHA-256 has 32 bytes.
        let first = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        first % u64::from(self.count) == u64::from(self.index)
    }

    fn refused(value: impl fmt::Display) -> InvalidInput {
        let allowed = format!("I/N with I from 0 to N - 1 and N from 1 to {}", Self::MAX_COUNT);
        InvalidInput::new("shard", value, allowed)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let numbers = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        let (index, count) = numbers.ok_or_else(|| Self::refused(format_args!("{text:?}")))?;
        Self::new(index, count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_shard_is_a_number_below_another() {
        for text in ["0/1", "3/4", "999999/1000000"] {
            assert_eq!(text.parse::<Shard>().unwrap().to_string(), text);
        }
        for text in ["", "/", "1", "1/1", "4/4", "-1/4", "0/0", "0/1000001", "1/2/3", "a/b", " 0/1"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_part_of_an_id_is_the_same_for_ever() {
        // printf '%s' lake.jpg | sha256sum | cut -c1-16
        let part = |id: &str, count: u32| (0..count).find(|index| Shard::new(*index, count).unwrap().has(id));
        assert_eq!(part("lake.jpg", 1000), Some((LAKE % 1000) as u32));
        assert_eq!(part("lake.jpg", 7), Some((LAKE % 7) as u32));
    }

    const LAKE: u64 = 0xcccb_a978_b0d7_b4c0;

    proptest! {
        #[test]
        fn every_id_is_in_exactly_one_part(id in ".{1,40}", count in 1_u32..50) {
            let parts = (0..count).filter(|index| Shard::new(*index, count).unwrap().has(&id)).count();
            prop_assert_eq!(parts, 1);
        }
    }
}
