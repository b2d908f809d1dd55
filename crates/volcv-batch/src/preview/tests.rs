//! A preview reads headers, and tells what cannot be carried out.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use volcv::{EncodeOptions, Encoding, Layout, PixelFormat, Pixels, PngEffort};

use super::*;

/// The header of a PNG, cut off in front of its pixels.
fn png(width: u32, height: u32) -> Vec<u8> {
    let data = vec![0; 3 * (width * height) as usize];
    let pixels = Pixels::new(&data, Layout::new(Size { width, height }, PixelFormat::Rgb8)).unwrap();
    let mut file = volcv::encode(&pixels, &EncodeOptions::new(Encoding::Png(PngEffort::Fast))).unwrap().bytes;
    file.truncate(file.windows(4).position(|bytes| bytes == b"IDAT").unwrap());
    file
}

/// A JPEG of 40 x 30 pixels that is turned by 90 degrees, behind metadata of `bytes` bytes; without pixels.
fn jpeg(bytes: usize) -> Vec<u8> {
    let mut file =
        b"\xff\xd8\xff\xe1\0\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    for _ in 0..bytes / 65_535 {
        file.extend_from_slice(b"\xff\xe2\xff\xff");
        file.extend(std::iter::repeat_n(0, 65_533));
    }
    file.extend_from_slice(b"\xff\xc0\0\x11\x08\0\x1e\0\x28\x03\x01\x11\0\x02\x11\0\x03\x11\0");
    file
}

fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn shown(folder: &TempDir, input: &str, shard: Option<&str>) -> Preview {
    let text = folder.path().join(input);
    let input = Input::find(text.to_str().unwrap(), Path::new("elsewhere")).unwrap();
    let mut defaults = Defaults::default();
    defaults.job.to = Some("64x64".to_owned());
    defaults.job.max_passes = Some(3);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(preview(None, &input, &defaults, shard.map(|text| text.parse().unwrap()))).unwrap()
}

#[test]
fn calls_are_counted_by_the_headers_of_pictures() {
    // One call can give three times the width.
    let folder = folder(&[
        ("one.png", png(32, 64)),
        ("two.png", png(16, 16)),
        ("large.png", png(65, 1)),
        ("none.png", b"text".to_vec()),
        ("notes.txt", Vec::new()),
    ]);
    let preview = shown(&folder, "", None);
    assert_eq!((preview.items, preview.others, preview.links, preview.ended), (4, 1, 0, 0));
    assert_eq!((preview.calls, preview.most_calls, preview.failing), (3, 3, 2), "{preview:?}");
    let mut failures: Vec<String> = preview.failures.iter().map(|failure| failure.to_string()).collect();
    failures.sort();
    assert!(
        failures[0].starts_with("large.png: target is 64x64, but must be at least the picture's size, 65x1"),
        "{failures:?}"
    );
    assert!(
        failures[1].starts_with("none.png: ") && failures[1].ends_with("is no png, jpg or bmp whose size can be read")
    );
}

#[test]
fn a_link_takes_from_one_call_to_the_most() {
    let line =
        "{\"input\": \"https://example.org/a.jpg\"}\n{\"input\": \"https://example.org/b.jpg\", \"max_passes\": 5}\n";
    let preview = shown(&folder(&[("jobs.jsonl", line.into())]), "jobs.jsonl", None);
    assert_eq!((preview.items, preview.links, preview.calls, preview.most_calls), (2, 2, 2, 8));
}

#[test]
fn the_shards_of_a_preview_add_up() {
    let lines: String = (0..100).map(|i| format!("{{\"input\": \"https://example.org/{i}.jpg\"}}\n")).collect();
    let folder = folder(&[("jobs.jsonl", lines.into())]);
    let items: Vec<u64> = ["0/3", "1/3", "2/3"].map(|shard| shown(&folder, "jobs.jsonl", Some(shard)).items).into();
    assert_eq!(items.iter().sum::<u64>(), 100, "{items:?}");
}

#[test]
fn only_the_first_failures_are_kept() {
    let lines: String = (0..30).map(|i| format!("{{\"input\": \"{i}.jpg\"}}\n")).collect();
    let preview = shown(&folder(&[("jobs.jsonl", lines.into())]), "jobs.jsonl", None);
    assert_eq!((preview.failing, preview.failures.len(), preview.calls), (30, 20, 0));
    assert_eq!(preview.failures[19].id, "19.png");
}

#[test]
fn a_header_is_read_wherever_it_lies() {
    let folder = folder(&[
        ("a.jpg", jpeg(0)),
        ("b.jpg", jpeg(100_000)),
        ("c.jpg", jpeg(3_000_000)),
        ("d.jpg", b"\xff\xd8\xff".to_vec()),
        ("e.png", png(7, 9)),
    ]);
    let size = |name: &str| size_of(&folder.path().join(name)).unwrap().map(|size| size.to_string());
    for name in ["a.jpg", "b.jpg", "c.jpg"] {
        assert_eq!(size(name).as_deref(), Some("30x40"), "{name}");
    }
    assert_eq!((size("d.jpg"), size("e.png").as_deref()), (None, Some("7x9")));
}
