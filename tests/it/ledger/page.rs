//! The page about batches: its commands work, in the order in which they stand there.

use std::path::Path;
use std::process::Command;

use fastrand::Rng;

use super::bench::{keeps_secrets, volcv};
use super::{Bench, Recipe};
use crate::c::{root, told};

/// The lines of the page's blocks of this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let begin = format!("```{language}\n");
    page.split(&begin).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// A folder with what the page's commands take.
fn bench(page: &str) -> Bench {
    let bench = Bench::new(&Recipe::plain(0), &mut Rng::with_seed(8));
    std::fs::create_dir(bench.path("photos")).unwrap();
    for name in ["lake", "road", "hill"] {
        let picture = image::RgbImage::from_fn(1200, 900, |x, y| image::Rgb([x as u8, y as u8, 99]));
        picture.save(bench.path("photos").join(name).with_extension("jpg")).unwrap();
    }
    std::fs::write(bench.path("jobs.jsonl"), &blocks(page, "json")[0]).unwrap();
    bench
}

/// Runs a line as a shell would.
fn run(bench: &Bench, line: &str) {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(bench.home.path());
    bench.environment(&mut shell);
    shell.env("PATH", path(volcv().parent().unwrap()));
    let output = shell.output().unwrap();
    keeps_secrets(&output);
    assert!(output.status.success(), "{line}: {}", told(&output));
}

/// The search path with this folder in front.
pub(super) fn path(folder: &Path) -> String {
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/batch.md")).unwrap()
}

#[test]
fn the_commands_of_the_page_work() {
    let page = page();
    let bench = bench(&page);
    let mut count = 0;
    for block in blocks(&page, "sh").iter().filter(|block| !block.contains("postgres://")) {
        for line in block.lines() {
            run(&bench, line);
            count += 1;
        }
    }
    assert!(count >= 9, "{count} commands");
    for picture in ["wide/lake.png", "parts/road.png", "sheet/index.html", "report.jsonl"] {
        assert!(bench.path(picture).exists(), "{picture}");
    }
    // Each picture was bought once for each of the two batches.
    assert_eq!(bench.emulator.charges(), 6);
}

#[test]
#[cfg(feature = "second-ring")]
fn the_commands_with_postgresql_work() {
    let page = page();
    let mut bench = bench(&page);
    let server = crate::postgres::Postgres::start("page");
    bench.ledger = Some(server.url());
    let blocks = blocks(&page, "sh");
    let block = blocks.iter().find(|block| block.contains("postgres://")).unwrap();
    for line in block.lines().filter(|line| line.starts_with("volcv ")) {
        run(&bench, &line.replace("/shared/", "shared/"));
    }
    assert!(bench.path("shared/wide/roads/wide.png").exists());
    assert_eq!(bench.emulator.charges(), 3);
}
