//! The official Python SDK as a judge: a client that the emulator has to accept, and a signer that volcv has to equal.
//!
//! A part of the second ring: the SDK is installed from Python's package index, into a virtual environment in the target folder.

mod calls;
mod signatures;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::c::{root, target_folder};

const PYTHON: &str = "/usr/bin/python3";
const SDK: &str = "volcengine==1.0.229";

/// Runs `tests/python/official_sdk.py`, and gives the JSON of each line that it prints.
fn sdk(args: &[&str], input: &Value) -> Vec<Value> {
    let environment = environment();
    let mut python = Command::new(environment.join("bin/python"));
    python.arg(root().join("tests/python/official_sdk.py")).args(args);
    // The SDK reads keys from the environment and from the home folder.
    python.env_remove("VOLC_ACCESSKEY").env_remove("VOLC_SECRETKEY").env("HOME", environment).env("NO_PROXY", "*");
    let mut child = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The virtual environment with the SDK; it is made once and kept.
fn environment() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = target_folder().join("official-sdk");
        let marker = folder.join("installed");
        if std::fs::read_to_string(&marker).is_ok_and(|installed| installed == SDK) {
            return folder;
        }
        run(Command::new(PYTHON).args(["-m", "venv", "--clear"]).arg(&folder));
        run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", "--disable-pip-version-check", SDK]));
        std::fs::write(marker, SDK).unwrap();
        folder
    })
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
