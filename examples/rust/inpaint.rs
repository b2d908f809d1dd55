//! Paints a part of a photo anew, and erases another part of the result: white in a mask of the photo's size says where.

use std::env::var;

use volcv::{BlockingClient, CallOptions, InpaintEdit, InpaintErase, Layout, PixelFormat, Pixels, Rect, Size};
use volcv::{EncodeOptions, Encoding, ImageError, PictureInfo, PngEffort, encode};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = BlockingClient::new(var("VOLCV_BASE_URL")?, var("VOLCV_API_KEY")?)?;
    let photo = std::fs::read("examples/assets/valley.jpg")?;
    let size = PictureInfo::read(&photo).and_then(|info| info.upright_size()).ok_or("the photo has no size")?;

    let sky = mask(size, Rect { x: 300, y: 40, width: 200, height: 120 })?;
    let edited = client.generate(&InpaintEdit::new(photo, sky).prompt("a red kite"), &CallOptions::new())?;
    let edited = edited.picture().ok_or("the service sent a link")?.clone();

    let corner = mask(size, Rect { x: 0, y: 560, width: 120, height: 80 })?;
    let erased = client.generate(&InpaintErase::new(edited, corner), &CallOptions::new())?;
    std::fs::write(var("OUT")?, erased.picture().ok_or("the service sent a link")?)?;
    Ok(())
}

/// A mask that is white in this rectangle and black elsewhere.
fn mask(size: Size, white: Rect) -> Result<Vec<u8>, ImageError> {
    let mut grey = vec![0; size.width as usize * size.height as usize];
    for row in grey.chunks_mut(size.width as usize).skip(white.y as usize).take(white.height as usize) {
        row[white.x as usize..(white.x + white.width) as usize].fill(255);
    }
    let pixels = Pixels::new(&grey, Layout::new(size, PixelFormat::Gray8))?;
    Ok(encode(&pixels, &EncodeOptions::new(Encoding::Png(PngEffort::Fast)))?.bytes)
}
