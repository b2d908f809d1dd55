//! Runs commands, and prints what is going on.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Prints a line to standard error.
pub(crate) fn say(text: &str) {
    // Without a standard error, the line is lost.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Runs a command line, split at spaces, in `folder`; its output goes to the terminal.
pub(crate) fn run(folder: &Path, line: &str, env: &[(&str, &str)]) -> Result<(), String> {
    say(&format!("$ {line}"));
    let status = command(folder, line)?.envs(env.iter().copied()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("failed ({status}): {line}")),
        Err(error) => Err(format!("cannot run {line}: {error}")),
    }
}

/// As [`run`], but gives what the command prints.
pub(crate) fn output(folder: &Path, line: &str) -> Result<String, String> {
    output_with(folder, line, &[])
}

/// As [`output`], with variables.
pub(crate) fn output_with(folder: &Path, line: &str, env: &[(&str, &str)]) -> Result<String, String> {
    say(&format!("$ {line}"));
    let output = command(folder, line)?.envs(env.iter().copied()).stderr(Stdio::inherit()).output();
    match output {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(output) => Err(format!("failed ({}): {line}", output.status)),
        Err(error) => Err(format!("cannot run {line}: {error}")),
    }
}

/// Does something in a folder outside of the tree, which is not there yet and is removed afterwards.
pub(crate) fn outside(purpose: &str, action: impl FnOnce(&Path) -> Result<(), String>) -> Result<(), String> {
    let folder = std::env::temp_dir().join(format!("volcv-{purpose}-{}", std::process::id()));
    let result = action(&folder);
    result.and(fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display())))
}

/// Fails with `way_out`, which says how to install the command, if the command is missing.
pub(crate) fn need(line: &str, way_out: &str) -> Result<(), String> {
    if succeeds(line) { Ok(()) } else { Err(format!("missing: {line}\n{way_out}")) }
}

/// Whether a command succeeds; its output is dropped.
pub(crate) fn succeeds(line: &str) -> bool {
    let output = command(&root(), line).and_then(|mut command| command.output().map_err(|error| error.to_string()));
    output.is_ok_and(|output| output.status.success())
}

fn command(folder: &Path, line: &str) -> Result<Command, String> {
    let mut words = line.split_whitespace();
    let program = words.next().ok_or("an empty command line")?;
    let mut command = Command::new(program);
    command.args(words).current_dir(folder);
    Ok(command)
}
