//! The report: one line of JSON for each item, out of the ledger.

use std::io;
use std::path::Path;

use serde::{Serialize, Serializer};

use crate::error::BatchError;
use crate::ledger::{ItemReport, Ledger};
use crate::replace::Replacement;
use crate::state::State;

/// Items that are read at once.
const CHUNK: u32 = 1000;

/// Writes one line of JSON for each item of these states, or of all states if there are none, in the order of the input, and
/// gives their number.
///
/// Each line is an object with all of these keys, in this order. A key that the ledger has nothing for is null, or an empty array
/// where an array stands. Later versions may add keys behind these.
///
/// | key | type | |
/// |---|---|---|
/// | `id` | string | the item's own id |
/// | `seq` | number | where it stands in the input, from 0 on |
/// | `input` | string | the picture or link, as the input names it |
/// | `output` | string | the file of the finished picture, relative to the output folder; it is there if `state` is `done` |
/// | `state` | string | `planned`, `claimed`, `sending`, `unknown`, `paid`, `done`, `refused` or `failed` |
/// | `charged` | number | attempts that were billed |
/// | `unknown` | number | attempts that may have been billed |
/// | `attempts` | number | all attempts |
/// | `width`, `height` | number or null | of the finished picture, in pixels |
/// | `original` | array or null | where the original lies in it: x, y, width and height in pixels |
/// | `seeds` | array | the seed of each call, null where the service chose it |
/// | `seam_before`, `seam_after` | number or null | the visible step along the edges of the original, in levels of 0 to 255, before and after the correction |
/// | `recognised` | boolean or null | whether the result shows the original |
/// | `exact` | boolean or null | whether the original is in the finished picture bit for bit |
/// | `request_ids` | array of strings | the service's ids of the calls |
/// | `task` | string or null | the task that was accepted last, as `volcv task get` takes it |
/// | `error` | string or null | the kind of the error, such as `refused` |
/// | `message` | string or null | the error's text |
/// | `warnings` | array of strings | what was odd |
/// | `rejected` | array of strings | files of pictures that were paid for and failed a check, relative to the output folder |
/// | `links` | array of strings | links to pictures that were paid for and could not be downloaded |
/// | `elapsed_ms` | number | how long the last operation took, in milliseconds |
///
/// # Errors
/// The ledger cannot be read, or `out` not be written; its error has no path.
pub async fn report(ledger: &Ledger, states: &[State], out: &mut (dyn io::Write + Send)) -> Result<u64, BatchError> {
    let mut written = 0;
    let mut next = None;
    loop {
        let page = ledger.page(next.as_ref(), states, CHUNK).await?;
        let lines = lines(&page.items);
        out.write_all(&lines).map_err(|source| BatchError::File { path: "the report".into(), source })?;
        written += page.items.len() as u64;
        next = page.next;
        if next.is_none() {
            out.flush().map_err(|source| BatchError::File { path: "the report".into(), source })?;
            return Ok(written);
        }
    }
}

/// As [`report`], into a file that is there as a whole or not at all. An older one stays until the new one is complete.
///
/// # Errors
/// The ledger cannot be read, or the file not be written.
pub async fn save_report(ledger: &Ledger, states: &[State], path: &Path) -> Result<u64, BatchError> {
    let file = |source| BatchError::File { path: path.into(), source };
    let mut new = Replacement::new(path).map_err(file)?;
    let written = report(ledger, states, &mut new).await.map_err(|error| match error {
        BatchError::File { source, .. } => file(source),
        other => other,
    })?;
    new.finish().map_err(file)?;
    Ok(written)
}

fn lines(items: &[ItemReport]) -> Vec<u8> {
    let mut lines = Vec::new();
    for item in items {
        // Neither a map with odd keys nor a failing writer is involved.
        serde_json::to_writer(&mut lines, item).expect("a line of plain fields is JSON");
        lines.push(b'\n');
    }
    lines
}

/// A line of the report.
impl Serialize for ItemReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let result = &self.result;
        Line {
            id: &self.item.id,
            seq: self.item.seq,
            input: &self.item.job.input,
            output: &self.item.job.output,
            state: self.state,
            charged: self.charged,
            unknown: self.unknown,
            attempts: self.attempts,
            width: result.size.map(|size| size.0),
            height: result.size.map(|size| size.1),
            original: result.original,
            seeds: &result.seeds,
            seam_before: result.seam_before,
            seam_after: result.seam,
            recognised: result.recognised,
            exact: result.exact,
            request_ids: &result.request_ids,
            task: result.task.as_deref(),
            error: result.error.as_deref(),
            message: result.message.as_deref(),
            warnings: &result.warnings,
            rejected: &result.rejected,
            links: &result.links,
            elapsed_ms: result.elapsed_ms,
        }
        .serialize(serializer)
    }
}

/// The table of [`report`], as a type.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    seq: u64,
    input: &'a str,
    output: &'a str,
    state: State,
    charged: u64,
    unknown: u64,
    attempts: u64,
    width: Option<u32>,
    height: Option<u32>,
    original: Option<(u32, u32, u32, u32)>,
    seeds: &'a [Option<i64>],
    seam_before: Option<f64>,
    seam_after: Option<f64>,
    recognised: Option<bool>,
    exact: Option<bool>,
    request_ids: &'a [String],
    task: Option<&'a str>,
    error: Option<&'a str>,
    message: Option<&'a str>,
    warnings: &'a [String],
    rejected: &'a [String],
    links: &'a [String],
    elapsed_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::samples;

    #[test]
    fn a_line_has_all_keys_of_the_table_in_its_order() {
        let text = String::from_utf8(lines(&samples::all())).unwrap();
        let table = include_str!("report.rs").lines().filter_map(|line| line.strip_prefix("/// | `"));
        let keys: Vec<String> = table
            .flat_map(|row| {
                row.split(" | ").next().unwrap().split(", ").map(|key| key.replace('`', "")).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(keys.len(), 24);
        for line in text.lines() {
            let mut rest = line;
            for key in &keys {
                let name = format!("\"{key}\":");
                let at = rest.find(&name).unwrap_or_else(|| panic!("no {key}, or too early: {line}"));
                rest = &rest[at + name.len()..];
            }
            let object: serde_json::Map<_, _> = serde_json::from_str(line).unwrap();
            assert_eq!(object.len(), keys.len(), "{line}");
        }
    }

    #[test]
    fn lines_are_as_scripts_read_them() {
        let lines = String::from_utf8(lines(&samples::all()[..2])).unwrap();
        expect_test::expect![[r#"
            {"id":"done","seq":0,"input":"done.jpg","output":"a.png","state":"done","charged":2,"unknown":0,"attempts":2,"width":40,"height":20,"original":[10,0,20,20],"seeds":[7,null],"seam_before":4.81,"seam_after":0.32,"recognised":true,"exact":true,"request_ids":["r1","r2"],"task":null,"error":null,"message":null,"warnings":[],"rejected":[],"links":[],"elapsed_ms":2345}
            {"id":"waiting","seq":1,"input":"waiting.jpg","output":"waiting.png","state":"planned","charged":0,"unknown":0,"attempts":0,"width":null,"height":null,"original":null,"seeds":[],"seam_before":null,"seam_after":null,"recognised":null,"exact":null,"request_ids":[],"task":null,"error":null,"message":null,"warnings":[],"rejected":[],"links":[],"elapsed_ms":0}
        "#]].assert_eq(&lines);
    }
}
