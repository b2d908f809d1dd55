//! Contact sheets as an HTML parser sees them: those of a real batch, whose names and prompts try to become tags.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use volcv_emulator::{DEFAULT_KEY, Emulator};

use crate::sh::{outside, root, run, say};

/// Debian's Python, because its packages of html5lib and Pillow are not for another one.
const PYTHON: &str = "/usr/bin/python3";

/// What a name of a file can do to a page.
const NAMES: [&str; 5] = [
    "\"><img src=x onerror=alert(1)>.jpg",
    "'><script>alert(2)<!--.jpg",
    "#a?b=%25&amp;c d.jpg",
    "\u{65e5}\u{672c} \u{202e}\u{e9}.jpg",
    "javascript:alert(3).jpg",
];

/// Runs a batch whose first picture is refused and whose last one is not there.
pub(crate) fn check() -> Result<(), String> {
    run(&root(), "cargo build --quiet --locked -p volcv-cli", &[])?;
    outside("sheets", |folder| {
        let out = folder.join("out");
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        fs::create_dir_all(folder.join("in")).map_err(failed)?;
        let mut lines = String::new();
        for name in NAMES {
            fs::copy(root().join("examples/assets/valley.jpg"), folder.join("in").join(name)).map_err(failed)?;
            let line =
                json!({"id": name, "input": format!("in/{name}"), "output": format!("deep er/{name}"), "prompt": name});
            lines += &format!("{line}\n");
        }
        lines += &format!("{}\n", json!({"id": "gone", "input": "in/gone.jpg", "output": "gone.png"}));
        fs::write(folder.join("jobs.jsonl"), lines).map_err(failed)?;
        let refused = "code=50411".parse().map_err(|error| format!("code=50411: {error}"))?;
        let emulator = Emulator::start().map_err(|error| format!("the emulator: {error}"))?;
        emulator.push(refused);
        // It ends with the exit code of the picture that is not there.
        let batch = Command::new(root().join("target/debug/volcv"))
            .args(["batch", "jobs.jsonl", "-o", "out", "--equal", "0.2", "--concurrency", "1", "--contact-sheet"])
            .current_dir(folder)
            .env("VOLCV_BASE_URL", emulator.base_url())
            .env("VOLCV_API_KEY", DEFAULT_KEY)
            .output()
            .map_err(failed)?;
        say(String::from_utf8_lossy(&batch.stderr).trim_end());
        judge(&out.join("sheet"), "refused=1 done=4 failed=1")
    })
}

fn judge(sheet: &Path, states: &str) -> Result<(), String> {
    run(&root(), &format!("{PYTHON} tests/python/sheets.py {} {states}", sheet.display()), &[])
}
