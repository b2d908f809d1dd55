//! The README's pictures come from the README's own command, so that they show what a reader will get.

use image::codecs::jpeg::JpegEncoder;

use crate::ci::first_command;
use crate::sh::{root, run};

/// Runs the README's first command and keeps its result as a JPEG beside the photo.
pub(crate) fn pictures() -> Result<(), String> {
    let root = root();
    run(&root, &first_command(&root)?, &[])?;
    let wide = image::open(root.join("wide.png")).map_err(|error| format!("wide.png: {error}"))?;
    let target = root.join("examples/assets/valley-wide.jpg");
    let mut file = std::fs::File::create(&target).map_err(|error| format!("{}: {error}", target.display()))?;
    let encoder = JpegEncoder::new_with_quality(&mut file, 85);
    wide.to_rgb8().write_with_encoder(encoder).map_err(|error| format!("{}: {error}", target.display()))
}
