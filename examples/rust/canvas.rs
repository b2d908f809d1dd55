//! Canvas mode: the program pads the picture and draws the mask itself, white where the service is to paint.

use std::env::var;
use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage, imageops};
use volcv::{BlockingClient, Outpaint};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let photo = image::open("examples/assets/valley.jpg")?.thumbnail(480, 320).to_rgb8();
    let (left, top) = (200, 100);
    let (width, height) = (photo.width() + 2 * left, photo.height() + 2 * top);

    let mut padded = RgbImage::from_pixel(width, height, Rgb([255; 3]));
    imageops::replace(&mut padded, &photo, left.into(), top.into());
    let mut mask = GrayImage::from_pixel(width, height, Luma([255]));
    let keep = GrayImage::from_pixel(photo.width(), photo.height(), Luma([0]));
    imageops::replace(&mut mask, &keep, left.into(), top.into());

    let client = BlockingClient::new(var("VOLCV_BASE_URL")?, var("VOLCV_API_KEY")?)?;
    let result = client.outpaint(&Outpaint::canvas(png(padded.into())?, png(mask.into())?))?;
    std::fs::write(var("OUT")?, result.picture().ok_or("the service sent a link")?)?;
    Ok(())
}

fn png(picture: DynamicImage) -> image::ImageResult<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}
