//! Pixels in, pixels out: a texture as an engine has it becomes a wider one, and its own pixels are in it bit for bit.

use std::env::var;

use volcv::{BlockingClient, Encoding, ExpandBlocking as _, ExpandOptions, Layout, PixelFormat, Pixels, PixelsMut};
use volcv::{PngEffort, RowOrder, Size, Wish};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Rows from the bottom up with a gap behind each, blue first: what a texture can look like.
    let (size, stride) = (Size { width: 300, height: 200 }, 300 * 4 + 64);
    let texture: Vec<u8> = (0..stride * 200).map(|i| (i / stride + i % 7) as u8).collect();
    let layout = Layout::new(size, PixelFormat::Bgra8).stride(stride).rows(RowOrder::BottomUp);
    let layout = layout.alpha(volcv::Alpha::Ignored);

    let client = BlockingClient::new(var("VOLCV_BASE_URL")?, var("VOLCV_API_KEY")?)?;
    let pixels = Pixels::new(&texture, layout)?;
    let wide = client.expand(pixels, &Wish::aspect(2.0, 1.0), &ExpandOptions::new().prompt("a calm sea"))?;

    let out = Layout::new(wide.image.size(), PixelFormat::Bgra8).rows(RowOrder::BottomUp);
    let mut memory = vec![0; out.bytes()?];
    wide.image.copy_into(&mut PixelsMut::new(&mut memory, out)?)?;
    println!("{} of {} bytes, exact: {}, paid calls: {}", out.size(), memory.len(), wide.is_exact(), wide.charges());
    std::fs::write(var("OUT")?, wide.encode(Encoding::Png(PngEffort::Fast))?.bytes)?;
    Ok(())
}
