//! What is measured, with its budgets.

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use volcv_image::{
    Chroma, DecodeOptions, EncodeOptions, Encoding, FitOptions, Image, Layout, PixelFormat, Pixels, PixelsMut,
    PngEffort, RowOrder, decode, decode_into, encode, fit,
};
use volcv_types::{Rect, Size};

use crate::SIDE;
use crate::codecs::Codecs;
use crate::photo::Photo;

const SIZE: Size = Size { width: SIDE, height: SIDE };
/// Bytes from row to row in the memory of an engine: more than a row of 8192 needs.
const STRIDE: usize = SIDE as usize * 4 + 256;
/// Where the original is that is pasted back.
const ORIGINAL: Rect = Rect { x: 320, y: 320, width: 1408, height: 1408 };

/// A piece of work, done once and timed.
pub type Work = Box<dyn FnMut() -> Result<Duration, Box<dyn Error>>>;

/// What volcv is held against.
pub enum Other {
    /// A command for the program of the codecs.
    Codec(String),
    /// Other work of volcv.
    Volcv(Work),
}

/// Work of volcv beside other work.
pub struct Task {
    pub what: &'static str,
    pub other_name: &'static str,
    pub ours: Work,
    pub other: Other,
    /// The most that the ratio of their times may be.
    /// `None` for what is shown and not judged: a JPEG that goes into memory of the caller takes one more pass over it.
    pub budget: Option<f64>,
}

/// The tasks of one photo. Its files are made by the peers.
pub fn of(photo: &Photo, folder: &Path, codecs: &mut Codecs) -> Result<Vec<Task>, Box<dyn Error>> {
    let rgba: Rc<[u8]> = photo.rgb.chunks_exact(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255]).collect();
    let name = |what: &str| format!("{}-{what}", photo.name);
    let (raw, raw_rgb) = (name("pixels.rgba"), name("pixels.rgb"));
    fs::write(folder.join(&raw), &rgba)?;
    fs::write(folder.join(&raw_rgb), &photo.rgb)?;
    let mut file = |command: String, out: String| -> Result<File, Box<dyn Error>> {
        codecs.tell(&format!("{command} {out}"))?;
        Ok(File { bytes: fs::read(folder.join(&out))?.into(), name: out })
    };
    let png = file(format!("png-encode {raw} {SIDE} 6"), name("6.png"))?;
    let png_rgb = file(format!("png-encode {raw_rgb} {SIDE} 6"), name("6-rgb.png"))?;
    let mut jpeg = |kind: &str| file(format!("jpeg-encode {raw} {SIDE} {kind}"), name(&format!("{kind}.jpg")));
    let (half, full, progressive) = (jpeg("420")?, jpeg("444")?, jpeg("progressive")?);

    let against = |what, other_name, ours, other, budget| Task { what, other_name, ours, other, budget };
    let spng = |file: &File| Other::Codec(format!("png-decode {}", file.name));
    let turbo = |file: &File| Other::Codec(format!("jpeg-decode {}", file.name));
    let encoding = |kind: &str| Other::Codec(format!("jpeg-encode {raw} {SIDE} {kind} -"));
    let rgba8 = Layout::new(SIZE, PixelFormat::Rgba8);
    let engine = Layout::new(SIZE, PixelFormat::Bgra8).stride(STRIDE).rows(RowOrder::BottomUp);
    let quality = |chroma| Encoding::Jpeg { quality: 92, chroma };
    Ok(vec![
        against("decode PNG of RGBA", "libspng", decoding(&png, rgba8)?, spng(&png), Some(0.4)),
        against("decode PNG of RGB to RGBA", "libspng", decoding(&png_rgb, rgba8)?, spng(&png_rgb), Some(0.4)),
        against(
            "encode PNG, fast",
            "libspng, level 1",
            encoding_of(&rgba, Encoding::Png(PngEffort::Fast)),
            Other::Codec(format!("png-encode {raw} {SIDE} 1 -")),
            Some(0.15),
        ),
        against("decode JPEG 4:2:0", "libjpeg-turbo", decoding(&half, rgba8)?, turbo(&half), None),
        against(
            "decode JPEG 4:2:0, new image",
            "libjpeg-turbo",
            new_image(&half),
            Other::Codec(format!("jpeg-decode-new {}", half.name)),
            Some(1.4),
        ),
        against("decode JPEG 4:4:4", "libjpeg-turbo", decoding(&full, rgba8)?, turbo(&full), None),
        against(
            "decode progressive JPEG",
            "libjpeg-turbo",
            decoding(&progressive, rgba8)?,
            turbo(&progressive),
            Some(1.4),
        ),
        against(
            "encode JPEG 4:2:0",
            "libjpeg-turbo",
            encoding_of(&rgba, quality(Chroma::Half)),
            encoding("420"),
            Some(5.0),
        ),
        against(
            "encode JPEG 4:4:4",
            "libjpeg-turbo",
            encoding_of(&rgba, quality(Chroma::Full)),
            encoding("444"),
            Some(5.0),
        ),
        against(
            "decode PNG, bottom-up strided BGRA",
            "volcv to RGBA",
            decoding(&png, engine)?,
            Other::Volcv(decoding(&png, rgba8)?),
            Some(1.1),
        ),
        against(
            "decode JPEG 4:2:0, bottom-up strided BGRA",
            "volcv to RGBA",
            decoding(&half, engine)?,
            Other::Volcv(decoding(&half, rgba8)?),
            None,
        ),
        against("fit", "volcv decodes the PNG", fitting(photo)?, Other::Volcv(decoding(&png, rgba8)?), Some(3.0)),
    ])
}

/// A file that a peer has made.
struct File {
    name: String,
    bytes: Rc<[u8]>,
}

/// CPU time of this process so far, as the peers count theirs.
fn now() -> Result<Duration, Box<dyn Error>> {
    Ok(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?.into())
}

/// Decodes into memory that is there already.
fn decoding(file: &File, layout: Layout) -> Result<Work, Box<dyn Error>> {
    let mut memory = vec![1; layout.bytes()?];
    let bytes = Rc::clone(&file.bytes);
    Ok(Box::new(move || {
        let start = now()?;
        let mut target = PixelsMut::new(&mut memory, layout)?;
        black_box(decode_into(&bytes, &mut target, &DecodeOptions::default())?);
        let time = now()? - start;
        black_box(&memory);
        Ok(time)
    }))
}

/// Decodes into memory of its own.
fn new_image(file: &File) -> Work {
    let bytes = Rc::clone(&file.bytes);
    Box::new(move || {
        let start = now()?;
        drop(black_box(decode(&bytes, &DecodeOptions::default())?));
        Ok(now()? - start)
    })
}

fn encoding_of(rgba: &Rc<[u8]>, encoding: Encoding) -> Work {
    let rgba = Rc::clone(rgba);
    Box::new(move || {
        let pixels = Pixels::new(&rgba, Layout::new(SIZE, PixelFormat::Rgba8))?;
        let start = now()?;
        black_box(encode(&pixels, &EncodeOptions::new(encoding))?);
        Ok(now()? - start)
    })
}

/// Fits the photo with a colour cast to a part of the photo as it is.
fn fitting(photo: &Photo) -> Result<Work, Box<dyn Error>> {
    let row = SIDE as usize * 3;
    let rows = photo.rgb.chunks_exact(row).skip(ORIGINAL.y as usize).take(ORIGINAL.height as usize);
    let (start, length) = (ORIGINAL.x as usize * 3, ORIGINAL.width as usize * 3);
    let part: Vec<u8> = rows.flat_map(|row| &row[start..start + length]).copied().collect();
    let original = Image::new(Size { width: ORIGINAL.width, height: ORIGINAL.height }, false, part)?;
    let cast = photo.rgb.iter().enumerate().map(|(index, value)| {
        // 3 to 9 levels of each channel, more to the right.
        let levels = 3 + (index % row * 7 / row) as u8;
        if index % 3 == 1 { value.saturating_sub(levels) } else { value.saturating_add(levels) }
    });
    let result = Image::new(SIZE, false, cast.collect())?;
    Ok(Box::new(move || {
        let result = result.clone();
        let start = now()?;
        let fitted = black_box(fit(result, &original, ORIGINAL, &FitOptions::new())?);
        let time = now()? - start;
        if fitted.1.exact && fitted.1.recognised { Ok(time) } else { Err(format!("{:?}", fitted.1).into()) }
    }))
}
