//! The page about the command: what it shows can be run.

use std::path::Path;

use crate::support::{Bench, run};

#[test]
fn the_commands_of_the_page_work() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/command.md")).unwrap();
    let bench = Bench::new(&[]);
    bench.write("photo.jpg", &std::fs::read(root.join("examples/assets/valley.jpg")).unwrap());
    let mut ran = Vec::new();
    for line in page.lines() {
        let Some(args) = line.strip_prefix("volcv ") else { continue };
        let args = args.split('#').next().unwrap_or_default();
        if args.starts_with("emulator") {
            continue;
        }
        // An example that sets an access key needs no gateway, and the other way round.
        let command = if args.contains("--direct") { bench.direct(args) } else { bench.command(args) };
        run(command, b"").expect(0);
        ran.push(args.split(' ').next().unwrap().to_owned());
    }
    for name in ["outpaint", "plan", "mask", "inpaint", "erase", "task", "call"] {
        assert!(ran.iter().any(|one| one == name), "no {name} is shown");
    }
    assert!(ran.len() >= 6, "{ran:?}");
}
