//! `cargo xtask dist`: what a release hands out beside crates.io, made from one build of the library and the command.

mod build;
mod stage;

use std::path::{Path, PathBuf};

use self::build::Linker;
use crate::sh::{output, root, say};

/// All crates have the version of the workspace.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The time that files of a release bear, in seconds since 1970: `SOURCE_DATE_EPOCH`, or that of the last commit.
fn epoch() -> Result<String, String> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(epoch) => Ok(epoch),
        Err(_) => Ok(output(&root(), "git log -1 --format=%ct")?.trim().to_owned()),
    }
}

pub(crate) fn dist(words: &[String]) -> Result<(), String> {
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--stage", folder] => stage::fill(Path::new(folder), &build::build(Linker::Native)?),
        _ => {
            let built = build::build(Linker::Zig)?;
            build::inspect(&built)?;
            stage::fill(&root().join("target/dist/stage"), &built)?;
            say(&format!("{:?}", built.packages));
            Ok(())
        }
    }
}
