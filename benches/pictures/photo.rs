//! Pictures of 2048x2048 pixels that compress like photos.

use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use volcv_image::{DecodeOptions, decode};
use volcv_types::Size;

use crate::SIDE;

/// A square picture of RGB.
pub struct Photo {
    pub name: String,
    pub rgb: Vec<u8>,
}

/// The photos of the folder `VOLCV_TEST_PICTURES`, repeated in mirror image to the size of the bench; without that variable two
/// pictures that are made here.
pub fn photos() -> Result<Vec<Photo>, Box<dyn Error>> {
    match std::env::var_os("VOLCV_TEST_PICTURES") {
        Some(root) => given(&Path::new(&root).join("photos")),
        None => {
            eprintln!("VOLCV_TEST_PICTURES is not set: the pictures are self-made");
            Ok(vec![made("rough", 3, 14.0), made("smooth", 8, 3.0)])
        }
    }
}

fn given(folder: &Path) -> Result<Vec<Photo>, Box<dyn Error>> {
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths: Vec<PathBuf> = paths.collect::<std::io::Result<_>>()?;
    paths.retain(|path| path.extension() == Some(OsStr::new("png")));
    paths.sort();
    let mut photos = Vec::new();
    for path in paths {
        let (image, _) = decode(&fs::read(&path)?, &DecodeOptions::default())?;
        let Size { width, height } = image.size();
        let channels = image.channels();
        let rgb = square(|x, y| {
            let at = mirrored(y, height) as usize * width as usize + mirrored(x, width) as usize;
            let pixel = &image.data()[at * channels..];
            [pixel[0], pixel[1], pixel[2]]
        });
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        photos.push(Photo { name, rgb });
    }
    if photos.is_empty() { Err(format!("{}: no PNG", folder.display()).into()) } else { Ok(photos) }
}

/// The coordinate in a picture of this length that is repeated in mirror image.
fn mirrored(at: u32, length: u32) -> u32 {
    let folded = at % (2 * length);
    if folded < length { folded } else { 2 * length - 1 - folded }
}

/// Clouds, edges of discs, and grain. `finest` is the wavelength of the finest clouds in pixels, `contrast` their levels.
fn made(name: &str, finest: u32, contrast: f32) -> Photo {
    let octaves: Vec<(u32, f32)> =
        (0..8).map(|octave| (finest << octave, contrast * 1.5_f32.powi(octave))).take_while(|o| o.0 < SIDE).collect();
    let rgb = square(|x, y| {
        let mut light = 128.0;
        for (number, &(wavelength, levels)) in octaves.iter().enumerate() {
            light += levels * clouds(x, y, wavelength, number as u32);
        }
        let (cell_x, cell_y) = (x / 256, y / 256);
        let radius = 30.0 + 90.0 * random(cell_x, cell_y, 90);
        if ((x % 256) as f32 - 128.0).hypot((y % 256) as f32 - 128.0) < radius {
            light += 50.0 - 100.0 * random(cell_x, cell_y, 91);
        }
        [0, 1, 2].map(|channel| {
            let colour = 30.0 * clouds(x, y, 300, 40 + channel) + 8.0 * clouds(x, y, 20, 50 + channel);
            let grain = contrast * 0.4 * (random(x, y, 60 + channel) - 0.5);
            (light + colour + grain).clamp(0.0, 255.0) as u8
        })
    });
    Photo { name: name.to_owned(), rgb }
}

fn square(pixel: impl Fn(u32, u32) -> [u8; 3]) -> Vec<u8> {
    (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x, y))).flat_map(|(x, y)| pixel(x, y)).collect()
}

/// Smooth noise, -1.0..1.0.
fn clouds(x: u32, y: u32, wavelength: u32, number: u32) -> f32 {
    let smooth = |at: u32| {
        let t = (at % wavelength) as f32 / wavelength as f32;
        t * t * (3.0 - 2.0 * t)
    };
    let corner = |dx: u32, dy: u32| 2.0 * random(x / wavelength + dx, y / wavelength + dy, number) - 1.0;
    let (across, down) = (smooth(x), smooth(y));
    let top = corner(0, 0) + (corner(1, 0) - corner(0, 0)) * across;
    let bottom = corner(0, 1) + (corner(1, 1) - corner(0, 1)) * across;
    top + (bottom - top) * down
}

/// A number of 0.0..1.0 for a place: the finalizer of MurmurHash3.
fn random(x: u32, y: u32, number: u32) -> f32 {
    let mut hash = x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77) ^ number.wrapping_mul(0xC2B2_AE3D);
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85EB_CA6B);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xC2B2_AE35);
    ((hash ^ (hash >> 16)) >> 8) as f32 / (1 << 24) as f32
}
