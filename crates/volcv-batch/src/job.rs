//! What is wished for one picture: one line of a manifest, with the defaults of the run filled in.

use serde::{Deserialize, Serialize};

/// One picture of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Item {
    /// The item's own id, unique in its ledger: 1 to 512 bytes.
    pub id: String,
    /// Where it stands in the input, from 0 on: items are taken in this order.
    pub seq: u64,
    /// What is wished for.
    pub job: Job,
}

/// What is wished for one picture. The texts of sizes and places are those of the command's flags.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Job {
    /// The picture: a path relative to the input, an absolute path, or a link that starts with `https://`.
    pub input: String,
    /// The file to write, relative to the output folder, unique in the ledger. Its ending is the format: png, jpg or bmp.
    pub output: String,
}
