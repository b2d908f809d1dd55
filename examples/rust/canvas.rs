//! Canvas mode by hand: the program pads the picture and makes the mask itself, white where the service is to paint.
//! `expand` with `PlanOptions::canvas` does all of this, and puts the original back.

use std::env::var;

use volcv::{BlockingClient, DecodeOptions, EncodeOptions, Encoding, Fill, Mask, Outpaint, Pixels, PngEffort};
use volcv::{Rect, Size, decode, encode, pad, resize};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (photo, _) = decode(&std::fs::read("examples/assets/valley.jpg")?, &DecodeOptions::new())?;
    let photo = resize(&photo, Size { width: 480, height: 320 })?;
    let (canvas, at) = (Size { width: 880, height: 520 }, Rect { x: 200, y: 100, width: 480, height: 320 });
    let padded = pad(&photo, canvas, at, Fill::Edge)?;
    let mask = Mask::new(canvas, at, 0)?;

    let client = BlockingClient::new(var("VOLCV_BASE_URL")?, var("VOLCV_API_KEY")?)?;
    let result = client.outpaint(&Outpaint::canvas(png(padded.pixels())?, png(mask.pixels())?))?;
    std::fs::write(var("OUT")?, result.picture().ok_or("the service sent a link")?)?;
    Ok(())
}

fn png(pixels: Pixels<'_>) -> Result<Vec<u8>, volcv::ImageError> {
    Ok(encode(&pixels, &EncodeOptions::new(Encoding::Png(PngEffort::Fast)))?.bytes)
}
