//! Every program under `examples/rust` runs against the emulator and does what it says.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use volcv::{BlockingClient, Charge, ClientBuilder, ErrorKind, Outpaint};
use volcv_emulator::{AccessKind, DEFAULT_ACCESS_KEY, DEFAULT_KEY, DEFAULT_SECRET_KEY, Emulator};

use crate::connect::FullQueue;
use crate::support::{builder, large, small};

#[path = "../../examples/rust/custom_transport.rs"]
#[allow(dead_code, reason = "its main function is not run here")]
mod custom_transport;

fn run(example: &str, emulator: &Emulator, env: &[(&str, &str)]) -> (Output, PathBuf) {
    let out = std::env::temp_dir().join(format!("volcv-{example}-{}.png", std::process::id()));
    let output = Command::new(program(example))
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

/// Builds an example, with the features that its dependencies have in the test itself, and gives its program.
pub(crate) fn program(example: &str) -> PathBuf {
    built(example, &["--workspace", "--example", example])
}

/// The program of this name that cargo builds with these arguments.
pub(crate) fn built(name: &str, arguments: &[&str]) -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--message-format", "json-render-diagnostics"])
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(built.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&built.stderr));
    let messages = built.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let mut programs = messages.filter_map(|message: serde_json::Value| Some(message["executable"].as_str()?.into()));
    programs.find(|program: &PathBuf| program.file_stem().is_some_and(|stem| stem == name)).unwrap()
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
fn the_texture_example_makes_a_picture_of_the_wished_aspect() {
    assert_eq!(size_of("texture"), (400, 200));
    let text = text_of("texture", &[]);
    assert_eq!(text.trim(), "400x200 of 320000 bytes, exact: true, paid calls: 1");
}

#[test]
fn the_seam_example_shows_that_the_correction_removes_the_seam() {
    let emulator = Emulator::builder().distort("cast".parse().unwrap()).start().unwrap();
    let dir = std::env::temp_dir().join(format!("volcv-seams-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let (output, _) = run("seam", &emulator, &[("OUT", dir.to_str().unwrap())]);
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    assert!(numbers[1] * 2.0 < numbers[0] && text.contains("original: unchanged"), "{text}");
    assert_eq!(emulator.charges(), 1);
    for name in ["seam-pasted.jpg", "seam-corrected.jpg"] {
        assert_eq!(image::image_dimensions(dir.join(name)).unwrap(), (480, 320));
    }
    std::fs::remove_dir_all(dir).unwrap();
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
fn the_example_of_direct_access_finds_its_credentials_in_the_environment() {
    let emulator = Emulator::start().unwrap();
    let (url, keys) = (emulator.base_url(), [DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY]);
    let env = [("VOLC_BASE_URL", url.as_str()), ("VOLC_ACCESSKEY", keys[0]), ("VOLC_SECRETKEY", keys[1])];
    let (_, out) = run("direct", &emulator, &env);
    assert_eq!(image::image_dimensions(&out).unwrap(), (1280, 640));
    assert!(emulator.requests()[0].access == Some(AccessKind::Direct) && emulator.charges() == 1);
    std::fs::remove_file(out).unwrap();
}

#[test]
fn the_inpainting_example_paints_and_erases_where_its_masks_are_white() {
    let emulator = Emulator::start().unwrap();
    let (_, out) = run("inpaint", &emulator, &[]);
    let photo = image::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/assets/valley.jpg")).unwrap().into_rgb8();
    let painted = image::open(&out).unwrap().into_rgb8();
    let is_white = |x: u32, y: u32| {
        ((300..500).contains(&x) && (40..160).contains(&y)) || ((0..120).contains(&x) && (560..640).contains(&y))
    };
    let changed = |x: u32, y: u32| {
        let (before, after) = (photo.get_pixel(x, y).0, painted.get_pixel(x, y).0);
        before.into_iter().zip(after).any(|(before, after)| before.abs_diff(after) > 8)
    };
    let all = || (0..640).flat_map(|y| (0..960).map(move |x| (x, y)));
    assert!(all().filter(|(x, y)| changed(*x, *y)).all(|(x, y)| is_white(x, y)));
    assert!(changed(400, 100) && changed(60, 600));
    assert_eq!(emulator.charges(), 2);
    std::fs::remove_file(out).unwrap();
}

#[test]
fn any_action_can_be_called() {
    let text = text_of("any_action", &[]);
    assert!(text.contains("done, 1 pictures"), "{text}");
}

#[test]
fn a_custom_transport_works_and_takes_as_many_lines_as_the_readme_says() {
    assert_eq!(size_of("custom_transport"), (1920, 1280));
    let source = include_str!("../../examples/rust/custom_transport.rs");
    let (_, from) = source.split_once("// transport: begin\n").unwrap();
    let (transport, _) = from.split_once("// transport: end").unwrap();
    let lines = transport.lines().filter(|line| !line.trim().is_empty()).count();
    assert_eq!(lines, 24);
    for text in [source, include_str!("../../README.md")] {
        assert!(text.contains("24 lines"));
    }
}

/// A client on the transport of that example.
fn custom(builder: ClientBuilder) -> BlockingClient {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
    builder.max_attempts(1).transport(custom_transport::MyHttp(agent.into())).unwrap()
}

#[test]
fn a_custom_transport_that_cannot_be_interrupted_keeps_the_limits() {
    for (fault, picture, kind, charge) in [
        ("stall=accept", large(), ErrorKind::Timeout, Charge::None),
        ("stall=1000", large(), ErrorKind::Timeout, Charge::None),
        ("stall=body", small(), ErrorKind::OutcomeUnknown, Charge::Unknown),
        ("stall=reply-head", small(), ErrorKind::OutcomeUnknown, Charge::Unknown),
        ("stall=reply-body", small(), ErrorKind::Decode, Charge::Charged),
    ] {
        let emulator = Emulator::start().unwrap();
        emulator.push(fault.parse().unwrap());
        let client = custom(builder(&emulator).attempt_limit(Duration::from_secs(1)));
        let error = client.outpaint(&Outpaint::equal(picture, 0.25)).unwrap_err();
        assert_eq!((error.kind(), error.charge()), (kind, charge), "{fault}: {error}");
        assert!(error.to_string().contains("attempt limit"), "{fault}: {error}");
    }
    let queue = FullQueue::new();
    let builder = ClientBuilder::new(format!("http://{}", queue.address), "some-key");
    let client = custom(builder.connect_limit(Duration::from_millis(300)));
    let error = client.outpaint(&Outpaint::equal(small(), 0.25)).unwrap_err();
    assert_eq!((error.kind(), error.charge()), (ErrorKind::Timeout, Charge::None), "{error}");
    assert!(error.to_string().contains("connect limit"), "{error}");
}
