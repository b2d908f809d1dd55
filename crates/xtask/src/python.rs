//! Python environments in `target`, for programs that come from Python's package index.

use std::fs;
use std::path::PathBuf;

use crate::sh::{root, run};

/// Debian's Python.
const PYTHON: &str = "/usr/bin/python3";

/// The folder of programs of an environment in `target/<name>` that has what `requirements` asks of pip, one package in each
/// line. It is made once, and again if it was moved, since its programs name the folder that they are in.
pub(crate) fn environment(name: &str, requirements: &str) -> Result<PathBuf, String> {
    let folder = root().canonicalize().map_err(|error| error.to_string())?.join("target").join(name);
    let (wanted, installed) = (folder.join("wanted.txt"), folder.join("installed.txt"));
    let failed = |error| format!("{}: {error}", folder.display());
    let text = format!("# {}\n{requirements}", folder.display());
    if !fs::read_to_string(&installed).is_ok_and(|installed| installed == text) {
        run(&root(), &format!("{PYTHON} -m venv --clear {}", folder.display()), &[])?;
        fs::write(&wanted, &text).map_err(failed)?;
        run(&folder, "bin/pip install --quiet --disable-pip-version-check -r wanted.txt", &[])?;
        fs::rename(&wanted, &installed).map_err(failed)?;
    }
    Ok(folder.join("bin"))
}
