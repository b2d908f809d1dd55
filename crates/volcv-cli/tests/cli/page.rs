//! The page about the command: what it shows can be run.

use std::path::Path;

use crate::support::{ACCESS_KEY, Bench, SECRET_KEY, run};

#[test]
fn the_commands_of_the_page_work() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/command.md")).unwrap();
    let bench = Bench::new(&[]);
    bench.write("photo.jpg", &std::fs::read(root.join("examples/assets/valley.jpg")).unwrap());
    std::fs::create_dir(bench.path("photos")).unwrap();
    std::fs::copy(bench.path("photo.jpg"), bench.path("photos/valley.jpg")).unwrap();
    let body = page.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    bench.write("wider.json", body.as_bytes());
    let mut ran = Vec::new();
    for line in page.lines() {
        let Some(args) = line.strip_prefix("volcv ") else { continue };
        let args = args.split('#').next().unwrap_or_default();
        if args.starts_with("emulator") {
            continue;
        }
        let mut command = bench.command(args);
        command.env("VOLC_ACCESSKEY", ACCESS_KEY).env("VOLC_SECRETKEY", SECRET_KEY);
        command.env("VOLCV_DIRECT_URL", bench.emulator.base_url());
        run(command, b"").expect(0);
        ran.push(args.split(' ').next().unwrap().to_owned());
    }
    for name in ["outpaint", "plan", "mask", "inpaint", "erase", "task", "batch", "call"] {
        assert!(ran.iter().any(|one| one == name), "no {name} is shown");
    }
    assert!(ran.len() >= 6, "{ran:?}");
}
