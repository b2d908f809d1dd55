//! The judges, what they say of a file, and how their pixels are compared with ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use volcv::{DecodeOptions, Layout, PixelFormat, PixelsMut, Size, decode_into, probe};

use crate::c::{fresh_folder, root};

/// Debian's Python, because its package of Pillow is not for another one.
const PYTHON: &str = "/usr/bin/python3";

/// Upright pixels as RGBA.
pub(crate) struct Pixels {
    pub(crate) size: Size,
    pub(crate) rgba: Vec<u8>,
}

/// What a decoder says of a file: its pixels, or why there are none.
pub(crate) type Verdict = Result<Pixels, String>;

/// How far two decoders may be apart, in levels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tolerance {
    /// At one channel of one pixel.
    pub(crate) most: u8,
    /// On average over all channels but alpha.
    pub(crate) mean: f64,
}

/// For formats without loss.
pub(crate) const EXACT: Tolerance = Tolerance { most: 0, mean: 0.0 };
/// For JPEG, whose decoders may round differently.
pub(crate) const JPEG: Tolerance = Tolerance { most: 6, mean: 0.4 };

/// What volcv decodes.
pub(crate) fn ours(path: &Path) -> Verdict {
    let bytes = fs::read(path).unwrap();
    let size = probe(&bytes).map_err(|error| error.to_string())?.size;
    let layout = Layout::new(size, PixelFormat::Rgba8);
    let mut rgba = vec![0; layout.bytes().unwrap()];
    let mut target = PixelsMut::new(&mut rgba, layout).unwrap();
    decode_into(&bytes, &mut target, &DecodeOptions::default()).map_err(|error| error.to_string())?;
    Ok(Pixels { size, rgba })
}

/// What Pillow decodes. `kind` is `""`, or `"icc:"` for colours that the profile of the file converts to sRGB.
pub(crate) fn pillow(purpose: &str, kind: &str, files: &[PathBuf]) -> Vec<Verdict> {
    let names = files.iter().map(|file| format!("{kind}{}", file.display()));
    let folder = fresh_folder(&format!("judged-pillow-{purpose}"));
    let mut python = Command::new(PYTHON);
    python.arg(root().join("tests/python/pictures.py")).arg("decode").arg(&folder).args(names);
    verdicts(&mut python, &folder, files)
}

/// What libspng decodes; it knows of no orientation.
pub(crate) fn libspng(purpose: &str, files: &[PathBuf]) -> Vec<Verdict> {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        let program = fresh_folder("judged-spng").join("spng");
        let mut cc = Command::new("cc");
        cc.args(["-O2", "-Wall", "-Wextra", "-Werror"]).arg(root().join("tests/c/spng.c"));
        ran(cc.arg("-o").arg(&program).arg("-lspng"));
        program
    });
    let folder = fresh_folder(&format!("judged-spng-{purpose}"));
    verdicts(Command::new(program).arg(&folder).args(files), &folder, files)
}

/// Makes the pictures that `pictures.py` can make; gives their paths.
pub(crate) fn make(purpose: &str) -> Vec<PathBuf> {
    let folder = fresh_folder(&format!("judged-made-{purpose}"));
    let mut python = Command::new(PYTHON);
    let output = ran(python.arg(root().join("tests/python/pictures.py")).arg("make").arg(&folder));
    let names = String::from_utf8(output.stdout).unwrap();
    names.lines().map(|name| folder.join(name)).collect()
}

/// Every file's verdict of volcv is that of the judge, within the tolerance. A file that the judge refuses must be known:
/// `unjudged` has the names.
#[track_caller]
pub(crate) fn agree(files: &[PathBuf], judged: &[Verdict], tolerance: Tolerance, unjudged: &[&str]) {
    assert_eq!(files.len(), judged.len());
    assert!(!files.is_empty());
    let mut wrong = Vec::new();
    for (file, judged) in files.iter().zip(judged) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let verdict = match (ours(file), judged) {
            (Err(error), _) => Err(format!("refused by volcv: {error}")),
            (Ok(_), Err(_)) if unjudged.contains(&name) => Ok(()),
            (Ok(_), Err(error)) => Err(format!("refused by the judge: {error}")),
            (Ok(ours), Ok(judged)) => close(&ours, judged, tolerance),
        };
        wrong.extend(verdict.err().map(|what| format!("{name}: {what}")));
    }
    assert!(wrong.is_empty(), "{} of {} files differ:\n{}", wrong.len(), files.len(), wrong.join("\n"));
}

/// Whether two pictures are equal within the tolerance; if not, how they differ.
pub(crate) fn close(ours: &Pixels, judged: &Pixels, tolerance: Tolerance) -> Result<(), String> {
    if ours.size != judged.size {
        return Err(format!("{} instead of {}", ours.size, judged.size));
    }
    let (mut most, mut sum, mut first) = (0, 0_u64, None);
    for (index, (a, b)) in ours.rgba.iter().zip(&judged.rgba).enumerate() {
        let difference = a.abs_diff(*b);
        // Alpha is never coded with a loss.
        let allowed = if index % 4 == 3 { 0 } else { tolerance.most };
        if difference > allowed && first.is_none() {
            let pixel = index / 4;
            let (x, y) = (pixel % ours.size.width as usize, pixel / ours.size.width as usize);
            first = Some(format!("channel {} at {x},{y} is {a}, not {b}", index % 4));
        }
        most = most.max(difference);
        sum += u64::from(difference);
    }
    let mean = sum as f64 / (ours.rgba.len() as f64 * 0.75);
    match first {
        None if mean <= tolerance.mean => Ok(()),
        first => Err(format!("at most {most}, on average {mean:.3} levels apart; {}", first.unwrap_or_default())),
    }
}

fn verdicts(program: &mut Command, folder: &Path, files: &[PathBuf]) -> Vec<Verdict> {
    let lines = String::from_utf8(ran(program).stdout).unwrap();
    let verdict = |(index, line): (usize, &str)| match line.split_once(' ') {
        Some(("ok", _)) => Ok(pixels(&fs::read(folder.join(format!("{index}.rgba"))).unwrap())),
        _ => Err(line.to_owned()),
    };
    let verdicts: Vec<Verdict> = lines.lines().enumerate().map(verdict).collect();
    assert_eq!(verdicts.len(), files.len(), "{lines}");
    verdicts
}

fn pixels(file: &[u8]) -> Pixels {
    let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    Pixels { size: Size { width: number(0), height: number(4) }, rgba: file[8..].to_vec() }
}

fn ran(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    output
}
