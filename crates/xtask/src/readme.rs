//! The README's first command works in a fresh clone, and the README's pictures are what its commands make.

use std::fs;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use volcv_emulator::Emulator;

use crate::ci::QUICK;
use crate::sh::{outside, root, run, say};

/// The first command, word by word, in a fresh clone makes a picture of the size that the README promises.
pub(crate) fn check() -> Result<(), String> {
    let root = root();
    let command = first_command(&root)?;
    let target = root.join("target").display().to_string();
    outside("clone", |clone| {
        run(&root, &format!("git clone --quiet {} {}", root.display(), clone.display()), &[])?;
        run(clone, &command, &[QUICK[0], QUICK[1], ("CARGO_TARGET_DIR", &target)])?;
        let (width, height) = image::image_dimensions(clone.join("wide.png")).map_err(|e| format!("wide.png: {e}"))?;
        say(&format!("wide.png is {width}x{height}"));
        if (width, height) == (1920, 640) { Ok(()) } else { Err("wide.png should be 1920x640".to_owned()) }
    })
}

/// The pictures of the README are what `cargo xtask pictures` makes, but for the rounding of another machine.
pub(crate) fn check_pictures() -> Result<(), String> {
    outside("pictures", |dir| {
        fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        seams(dir)?;
        for name in SEAMS {
            let [made, kept] = [dir.join(name), root().join("examples/assets").join(name)].map(|path| {
                let picture = image::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                Ok::<_, String>(picture.to_rgb8())
            });
            let (made, kept) = (made?, kept?);
            let steps = made.as_raw().iter().zip(kept.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b)));
            if made.dimensions() != kept.dimensions() || steps.sum::<u64>() > made.as_raw().len() as u64 / 2 {
                return Err(format!("examples/assets/{name} is another picture: run cargo xtask pictures"));
            }
        }
        Ok(())
    })
}

const SEAMS: [&str; 2] = ["seam-pasted.jpg", "seam-corrected.jpg"];

/// Runs the example `seam` against an emulator whose results have a colour cast.
fn seams(dir: &Path) -> Result<(), String> {
    let cast = "cast".parse().map_err(|error| format!("cast: {error}"))?;
    let emulator = Emulator::builder().distort(cast).start().map_err(|error| format!("the emulator: {error}"))?;
    let (url, out) = (emulator.base_url(), dir.display().to_string());
    let environment =
        [QUICK[0], QUICK[1], ("VOLCV_BASE_URL", &url), ("VOLCV_API_KEY", volcv_emulator::DEFAULT_KEY), ("OUT", &out)];
    run(&root(), "cargo run --quiet --release --locked -p examples --example seam", &environment)
}

/// Makes the pictures of the README, with its first command and with the example `seam`.
pub(crate) fn pictures() -> Result<(), String> {
    let root = root();
    seams(&root.join("examples/assets"))?;
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
