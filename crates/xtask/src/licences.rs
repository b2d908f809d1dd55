//! What the dependencies may be, by `deny.toml`.

use std::path::PathBuf;

use crate::sh::{root, run, say};

/// Checks licences, duplicate versions and sources, and known vulnerabilities where a database of them is on this machine.
pub(crate) fn check() -> Result<(), String> {
    run(&root(), "cargo deny --log-level error --locked check licenses bans sources", &[])?;
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    if home.is_some_and(|home| home.join("advisory-dbs").is_dir()) {
        return run(&root(), "cargo deny --log-level error --frozen check advisories", &[]);
    }
    say("NOT CHECKED: advisories, for no database of them is here; `cargo deny fetch db` gets one from the network");
    Ok(())
}
