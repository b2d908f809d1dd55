//! Every program under `examples/rust` runs against the emulator and does what it says.

use std::path::PathBuf;
use std::process::{Command, Output};

use volcv_emulator::{DEFAULT_KEY, Emulator};

fn run(example: &str, emulator: &Emulator, env: &[(&str, &str)]) -> (Output, PathBuf) {
    let out = std::env::temp_dir().join(format!("volcv-{example}-{}.png", std::process::id()));
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--locked", "-p", "examples", "--example", example])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .env("VOLCV_BASE_URL", emulator.base_url())
        .env("VOLCV_API_KEY", DEFAULT_KEY)
        .env("OUT", &out)
        .envs(env.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{example}: {}", String::from_utf8_lossy(&output.stderr));
    (output, out)
}

/// Runs an example that writes a picture, and gives the picture's size.
fn size_of(example: &str) -> (u32, u32) {
    let (_, out) = run(example, &Emulator::start().unwrap(), &[]);
    let size = image::ImageReader::open(&out).unwrap().with_guessed_format().unwrap().into_dimensions().unwrap();
    std::fs::remove_file(out).unwrap();
    size
}

fn text_of(example: &str, env: &[(&str, &str)]) -> String {
    let (output, _) = run(example, &Emulator::start().unwrap(), env);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_blocking_example_makes_a_wider_picture() {
    assert_eq!(size_of("blocking"), (1920, 640));
}

#[test]
fn the_async_example_makes_a_cinema_picture() {
    assert_eq!(size_of("asynchronous"), (1530, 640));
}

#[test]
fn the_canvas_example_fills_its_mask() {
    assert_eq!(size_of("canvas"), (880, 520));
}

#[test]
fn four_seeds_give_four_pictures() {
    let text = text_of("four_seeds", &[]);
    assert_eq!(text.lines().filter(|line| line.contains("Picture(")).count(), 4, "{text}");
}

#[test]
fn the_progress_example_counts_its_bytes_and_can_be_cancelled() {
    let text = text_of("progress_and_cancel", &[]);
    assert!(text.contains("uploading") && text.contains("downloading") && text.contains("done"), "{text}");
    let emulator = Emulator::start().unwrap();
    emulator.push("stall=body".parse().unwrap());
    let (output, _) = run("progress_and_cancel", &emulator, &[("PATIENCE_MS", "300")]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("cancelled: the call was cancelled while waiting for the reply; the whole request was sent;"),
        "{text}"
    );
}

#[test]
fn any_action_can_be_called() {
    let text = text_of("any_action", &[]);
    assert!(text.contains("done, 1 pictures"), "{text}");
}

#[test]
fn a_custom_transport_works_and_takes_25_lines_at_most() {
    assert_eq!(size_of("custom_transport"), (1920, 1280));
    let source = include_str!("../../examples/rust/custom_transport.rs");
    let (_, from) = source.split_once("// transport: begin\n").unwrap();
    let (transport, _) = from.split_once("// transport: end").unwrap();
    let lines = transport.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines <= 25, "{lines} lines");
}
