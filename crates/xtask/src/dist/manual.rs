//! The man pages are what groff and lintian call clean, and the completions complete in a shell.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::sh::{output, root, say};

/// Asks bash for completions as it does itself when Tab is pressed: it calls the function that `complete` names.
const ASK: &str = "
    source share/bash-completion/completions/volcv
    complete -p volcv >/dev/null || exit 1
    function=$(complete -p volcv | sed 's/.*-F \\([^ ]*\\).*/\\1/')
    ask() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); $function volcv \"${!#}\" \"${COMP_WORDS[COMP_CWORD - 1]}\"; echo \"${COMPREPLY[*]}\"; }
    ask volcv em
    ask volcv outpaint --keep-or
    ask volcv task wa
";

/// Every page renders without a warning, and shows the options; bash completes commands and options.
pub(super) fn check(prefix: &Path) -> Result<(), String> {
    let folder = prefix.join("share/man/man1");
    let mut pages = 0;
    for page in fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?.flatten() {
        // As lintian asks.
        let output = Command::new("man")
            .args(["--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z"])
            .arg(page.path())
            .env("LC_ALL", "C.UTF-8")
            .env("MANWIDTH", "80")
            .env("MANROFFSEQ", "")
            .output()
            .map_err(|error| format!("man: {error}"))?;
        if !output.status.success() || !output.stderr.is_empty() {
            return Err(format!("{:?}: {}", page.file_name(), String::from_utf8_lossy(&output.stderr)));
        }
        pages += 1;
    }
    let shown = output(&root(), &format!("man -l {}", folder.join("volcv-outpaint.1").display()))?;
    for word in ["--keep-original", "EXAMPLES", "ENVIRONMENT", "EXIT STATUS"] {
        if pages < 9 || !shown.contains(word) {
            return Err(format!("{pages} pages, and {word} is missing in that of outpaint:\n{shown}"));
        }
    }
    say(&format!("{pages} man pages are clean"));
    let bash = Command::new("bash").args(["--norc", "-c", ASK]).current_dir(prefix).output();
    let bash = bash.map_err(|error| format!("bash: {error}"))?;
    let said = String::from_utf8_lossy(&bash.stdout);
    if said != "emulator\n--keep-original\nwait\n" {
        return Err(format!("bash completes {said:?}: {}", String::from_utf8_lossy(&bash.stderr)));
    }
    Ok(())
}
