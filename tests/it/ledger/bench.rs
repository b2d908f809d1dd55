//! The pictures of a batch, its manifest, and the emulator that counts what it buys.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use fastrand::Rng;
use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};
use tempfile::TempDir;
use volcv_emulator::{Emulator, EmulatorBuilder};

use crate::c::told;
use crate::examples::built;

/// A key that must never appear in any output.
pub(crate) const KEY: &str = "canary-41d7e2";

/// The command as users have it.
pub(crate) fn volcv() -> &'static PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    // With an example, cargo takes the features of a test, and has built nearly all of it.
    PROGRAM.get_or_init(|| built("volcv", &["--workspace", "--bin", "volcv", "--example", "blocking"]))
}

/// What each picture of a batch is, made of a seed.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) pictures: usize,
    /// Of a hundred: how many run as tasks.
    pub(crate) tasks: u32,
    /// Of a hundred: how many results come as links.
    pub(crate) links: u32,
    /// Of a hundred: how many pictures are larger than a socket's buffers.
    pub(crate) large: u32,
}

impl Recipe {
    /// Small pictures, each of which is one call.
    pub(crate) fn plain(pictures: usize) -> Self {
        Self { pictures, tasks: 0, links: 0, large: 0 }
    }
}

/// One line of the manifest.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) output: String,
    pub(crate) size: (u32, u32),
}

/// A folder with `in/`, `jobs.jsonl` and later `out/`, and the emulator.
pub(crate) struct Bench {
    pub(crate) emulator: Emulator,
    pub(crate) home: TempDir,
    pub(crate) lines: Vec<Line>,
    /// `--ledger` and `--batch` for a ledger that is not the file in `out/`.
    pub(crate) ledger: Option<String>,
}

impl Bench {
    pub(crate) fn new(recipe: &Recipe, rng: &mut Rng) -> Self {
        Self::with(Emulator::builder(), recipe, rng)
    }

    pub(crate) fn with(emulator: EmulatorBuilder, recipe: &Recipe, rng: &mut Rng) -> Self {
        let home = TempDir::new().unwrap();
        std::fs::create_dir(home.path().join("in")).unwrap();
        let mut manifest = String::new();
        let lines = (0..recipe.pictures).map(|index| {
            let (line, json) = line(index, recipe, rng, &home.path().join("in"));
            manifest += &format!("{json}\n");
            line
        });
        let lines = lines.collect();
        std::fs::write(home.path().join("jobs.jsonl"), manifest).unwrap();
        let emulator = emulator.key(KEY).start().unwrap();
        Self { emulator, home, lines, ledger: None }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// `volcv batch` with these arguments, split at blanks, in the folder of the bench; the ledger is added.
    pub(crate) fn batch(&self, arguments: &str) -> Command {
        let mut command = Command::new(volcv());
        command.arg("batch").args(arguments.split_whitespace()).current_dir(self.home.path());
        self.environment(&mut command);
        command
    }

    /// Gives a program what it needs to reach the emulator and the ledger.
    pub(crate) fn environment(&self, command: &mut Command) {
        command.env("VOLCV_API_KEY", KEY).env("VOLCV_BASE_URL", self.emulator.base_url()).env("HOME", self.home.path());
        if let Some(ledger) = &self.ledger {
            command.env("VOLCV_LEDGER", ledger);
        }
        command.stdin(Stdio::null());
    }

    /// The run of the manifest, as all processes of a test start it.
    pub(crate) fn run(&self, arguments: &str) -> Command {
        let name = if self.ledger.is_some() { "--batch jobs" } else { "" };
        self.batch(&format!("jobs.jsonl -o out --quiet --poll-interval 0.05 {name} {arguments}"))
    }

    /// Standard output of a command of a batch that ends well.
    #[track_caller]
    pub(crate) fn told(&self, arguments: &str) -> String {
        let name = if self.ledger.is_some() { "--batch jobs" } else { "" };
        let output = self.batch(&format!("{arguments} {name}")).output().unwrap();
        keeps_secrets(&output);
        assert!(output.status.success(), "{arguments}: {}", told(&output));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// No key and no password is in any output.
pub(crate) fn keeps_secrets(output: &Output) {
    let text = told(output);
    assert!(!text.contains("canary") && !text.contains("panicked"), "{text}");
}

/// Makes the picture of a line.
fn line(index: usize, recipe: &Recipe, rng: &mut Rng, folder: &std::path::Path) -> (Line, Value) {
    let mut percent = |part: u32| rng.u32(0..100) < part;
    let (is_large, is_task, is_link) = (percent(recipe.large), percent(recipe.tasks), percent(recipe.links));
    let (width, height) = match is_large {
        // Noise, which no codec makes smaller: more than both buffers of a connection on loopback.
        true => (1500, 1000),
        false => (rng.u32(24..90), rng.u32(24..90)),
    };
    let (format, ending) = match index % 2 {
        0 => (ImageFormat::Png, "png"),
        _ => (ImageFormat::Jpeg, "jpg"),
    };
    let format = if is_large { (ImageFormat::Png, "png") } else { (format, ending) };
    let id = format!("item-{index:05}");
    let input = format!("{id}.{}", format.1);
    let picture = match is_large {
        true => RgbImage::from_fn(width, height, |_, _| image::Rgb([rng.u8(..), rng.u8(..), rng.u8(..)])),
        false => RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, (x ^ y) as u8])),
    };
    picture.save_with_format(folder.join(&input), format.0).unwrap();
    let size = (width + 2 * rng.u32(1..=width / 8), height);
    let output = format!("{:03}/{id}.{}", index / 100, if rng.bool() { "png" } else { "jpg" });
    let mut json = json!({
        "id": id, "input": format!("in/{input}"), "output": output, "prompt": id, "to": format!("{}x{}", size.0, size.1),
    });
    if is_task {
        json["ability"] = "painting-edit".into();
    } else if is_link {
        json["return_url"] = true.into();
    }
    (Line { id, output, size }, json)
}

/// A limit that no honest wait reaches.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
