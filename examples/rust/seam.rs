//! One paid call, and two ways to put the original back into its result: cut out and pasted, which shows a line where the
//! model has changed the colours, and with the new area corrected, which is what `expand` does by itself.

use std::env::var;

use volcv::{BlockingClient, Encoding, ExpandBlocking as _, ExpandOptions, FitOptions, Rect, Sides, Source, Wish};
use volcv::{DecodeOptions, EncodeOptions, Image, decode, fit};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = BlockingClient::new(var("VOLCV_BASE_URL")?, var("VOLCV_API_KEY")?)?;
    let photo = std::fs::read("examples/assets/valley.jpg")?;
    let (original, _) = decode(&photo, &DecodeOptions::new())?;
    let wish = Wish::sides(Sides { left: 0.5, right: 0.5, ..Sides::ZERO });
    let as_it_came = ExpandOptions::new().seed(7).paste_back(false);
    let result = client.expand(Source::from(photo), &wish, &as_it_came)?;

    let at = result.plan.original_at;
    let (pasted, _) = fit(result.image.clone(), &original, at, &FitOptions::new().correct(false))?;
    let (corrected, report) = fit(result.image, &original, at, &FitOptions::new())?;
    println!("seam: {:.2} levels when pasted, {:.2} when corrected", report.seam_before, report.seam_after);
    println!("every pixel of the original: {}", if report.exact { "unchanged" } else { "changed" });
    save("pasted", pasted)?;
    save("corrected", corrected)
}

/// Writes what lies around the left edge of the original.
fn save(name: &str, picture: Image) -> Result<(), Box<dyn std::error::Error>> {
    let part = picture.crop(Rect { x: 240, y: 60, width: 480, height: 320 })?;
    let options = EncodeOptions::new(Encoding::Jpeg { quality: 90, chroma: volcv::Chroma::Full });
    std::fs::write(format!("{}/seam-{name}.jpg", var("OUT")?), volcv::encode(&part.pixels(), &options)?.bytes)?;
    Ok(())
}
