//! The README's first command: it works in a fresh clone, and makes the picture that the README shows.

use std::fs;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;

use crate::sh::{outside, root, run, say};

/// The first command, word by word, in a fresh clone makes a picture of the size that the README promises.
pub(crate) fn check() -> Result<(), String> {
    let root = root();
    let command = first_command(&root)?;
    let target = root.join("target").display().to_string();
    outside("clone", |clone| {
        run(&root, &format!("git clone --quiet {} {}", root.display(), clone.display()), &[])?;
        run(clone, &command, &[("CARGO_TARGET_DIR", &target)])?;
        let (width, height) = image::image_dimensions(clone.join("wide.png")).map_err(|e| format!("wide.png: {e}"))?;
        say(&format!("wide.png is {width}x{height}"));
        if (width, height) == (1920, 640) { Ok(()) } else { Err("wide.png should be 1920x640".to_owned()) }
    })
}

/// Runs the first command and keeps its result as a JPEG beside the photo.
pub(crate) fn pictures() -> Result<(), String> {
    let root = root();
    run(&root, &first_command(&root)?, &[])?;
    let wide = image::open(root.join("wide.png")).map_err(|error| format!("wide.png: {error}"))?;
    let target = root.join("examples/assets/valley-wide.jpg");
    let mut file = fs::File::create(&target).map_err(|error| format!("{}: {error}", target.display()))?;
    let encoder = JpegEncoder::new_with_quality(&mut file, 85);
    wide.to_rgb8().write_with_encoder(encoder).map_err(|error| format!("{}: {error}", target.display()))
}

/// The first `cargo run` line of the README.
fn first_command(root: &Path) -> Result<String, String> {
    let readme = fs::read_to_string(root.join("README.md")).map_err(|error| format!("README.md: {error}"))?;
    let line = readme.lines().find(|line| line.starts_with("cargo run"));
    line.map(str::to_owned).ok_or_else(|| "the README has no line that starts with cargo run".to_owned())
}
