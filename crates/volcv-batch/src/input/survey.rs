//! The first look at an input: every item is checked, and two items with one id or one output are found, before the first
//! one is planned.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Defaults, Found, Input, Shard, hex};
use crate::error::BatchError;
use crate::job::Item;

/// What an input holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Survey {
    /// Changes with everything that the items are made of.
    pub(crate) fingerprint: String,
    /// Items of the shard.
    pub(crate) items: u64,
    /// Items of all shards.
    pub(crate) all: u64,
    /// Files that are no pictures.
    pub(crate) others: u64,
}

/// Whether an input is the one that was planned before.
#[derive(Debug)]
pub(crate) enum Surveyed {
    /// It is.
    Same(Survey),
    /// It is another, and all of it is valid.
    New(Survey),
}

impl Input {
    /// Checks all items, unless the input is the one of `before`, which is a survey as JSON.
    pub(crate) fn survey(
        &self,
        defaults: &Defaults,
        shard: Option<Shard>,
        before: Option<&str>,
    ) -> Result<Surveyed, BatchError> {
        defaults.check()?;
        let before: Option<Survey> = before.and_then(|text| serde_json::from_str(text).ok());
        let content = self.content()?;
        let fingerprint = |content: &str| defaults.fingerprint(shard, content);
        let planned = |content: &String| before.as_ref().filter(|before| before.fingerprint == fingerprint(content));
        if let Some(before) = content.as_ref().and_then(planned) {
            return Ok(Surveyed::Same(before.clone()));
        }
        let mut names = Names::default();
        let mut unique = Unique::default();
        let (mut all, mut items) = (0, 0);
        let others = self.each(defaults, true, &mut |found| {
            all += 1;
            items += u64::from(shard.is_none_or(|shard| shard.has(&found.item.id)));
            unique.add(&found.item);
            if content.is_none() {
                names.add(&found.item.id);
            }
            Ok(())
        })?;
        let fingerprint = fingerprint(&content.unwrap_or_else(|| names.finish(all)));
        let survey = Survey { fingerprint, items, all, others };
        if before.is_some_and(|before| before.fingerprint == survey.fingerprint) {
            return Ok(Surveyed::Same(survey));
        }
        if let Some(doubles) = unique.doubles() {
            self.find_double(defaults, &doubles)?;
        }
        Ok(Surveyed::New(survey))
    }

    /// Reads the input once more, and keeps those items whose hash is there twice.
    fn find_double(&self, defaults: &Defaults, doubles: &[u64]) -> Result<(), BatchError> {
        let mut places: HashMap<(&str, String), String> = HashMap::new();
        let mut check = |field: &'static str, value: String, found: &Found| {
            if doubles.binary_search(&hash(field, &value)).is_err() {
                return Ok(());
            }
            let place = self.place(found);
            match places.insert((field, value), place.clone()) {
                None => Ok(()),
                Some(first) => {
                    let value = if field == "id" { &found.item.id } else { &found.item.job.output };
                    let message = format!("{field} is {value:?}, but must be another than that of {first}");
                    Err(BatchError::Input { place, message })
                }
            }
        };
        self.each(defaults, false, &mut |found| {
            check("id", found.item.id.clone(), &found)?;
            check("output", file_name(&found.item.job.output).into_owned(), &found)
        })
        .map(drop)
    }
}

impl Defaults {
    pub(crate) fn check(&self) -> Result<(), BatchError> {
        if !["png", "jpg", "bmp"].contains(&self.format.as_str()) {
            return Err(BatchError::Option(format!("format is {:?}, but must be one of png, jpg, bmp", self.format)));
        }
        self.job.check_defaults().map_err(|error| BatchError::Option(error.to_string()))
    }

    fn fingerprint(&self, shard: Option<Shard>, content: &str) -> String {
        // The fields of a job are texts, numbers and flags.
        let job = serde_json::to_string(&self.job).unwrap_or_default();
        let shard = shard.map_or(String::new(), |shard| shard.to_string());
        hex(&Sha256::digest(format!("1\n{job}\n{}\n{shard}\n{content}", self.format)))
    }
}

/// A hash of names in any order, because a system may list a folder in another order the next time.
#[derive(Default)]
struct Names([u64; 4]);

impl Names {
    fn add(&mut self, name: &str) {
        let hash = Sha256::digest(name);
        for (sum, bytes) in self.0.iter_mut().zip(hash.chunks_exact(8)) {
            let number = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            *sum = sum.wrapping_add(number);
        }
    }

    fn finish(&self, count: u64) -> String {
        format!("{count} {:x?}", self.0)
    }
}

/// Finds what is there twice by hashes: 16 bytes for each item.
#[derive(Default)]
struct Unique(Vec<u64>);

impl Unique {
    fn add(&mut self, item: &Item) {
        self.0.push(hash("id", &item.id));
        self.0.push(hash("output", &file_name(&item.job.output)));
    }

    /// The hashes that are there more than once, in order.
    fn doubles(mut self) -> Option<Vec<u64>> {
        self.0.sort_unstable();
        let mut doubles: Vec<u64> = self.0.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        doubles.dedup();
        (!doubles.is_empty()).then_some(doubles)
    }
}

fn hash(field: &str, value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (field, value).hash(&mut hasher);
    hasher.finish()
}

/// What tells two outputs apart: the file systems of Windows and macOS do not by the case of letters.
fn file_name(output: &str) -> Cow<'_, str> {
    if cfg!(any(windows, target_vendor = "apple")) { output.to_lowercase().into() } else { output.into() }
}
