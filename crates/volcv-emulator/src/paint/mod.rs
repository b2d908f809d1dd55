//! The painter: what the service does with pictures, without a model.

mod codec;
mod distort;
mod field;
mod fill;
mod logo;
mod nearest;
mod noise;

use image::imageops::{self, FilterType};
use image::{GrayImage, Luma, RgbImage};

pub(crate) use codec::{DecodeError, decode_mask, decode_picture, encode};
pub(crate) use logo::{Corner, Logo};

use crate::Distortion;

/// One picture to be painted.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) picture: RgbImage,
    pub(crate) mode: Mode,
    pub(crate) max_width: u32,
    pub(crate) max_height: u32,
    pub(crate) seed: u64,
}

/// Where the new content goes.
#[derive(Debug, Clone)]
pub(crate) enum Mode {
    /// The picture grows by these fractions of its size.
    Ratio(Sides),
    /// The white part of a mask of the picture's size is painted.
    Canvas(GrayImage),
}

/// Growth per side, as a fraction of the picture's height (top, bottom) or width (left, right).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sides {
    pub(crate) top: f64,
    pub(crate) bottom: f64,
    pub(crate) left: f64,
    pub(crate) right: f64,
}

/// The result of an order, as the client gets it. Without a distortion and a logo, the known pixels come back exactly as
/// they were unless the result had to shrink to fit its maximum.
pub(crate) fn result(order: &Order, distortion: &Distortion, logo: Option<Logo>) -> RgbImage {
    let mut picture = distort::distort(paint(order), distortion, order.seed);
    if let Some(logo) = logo {
        logo::stamp(&mut picture, logo);
    }
    picture
}

fn paint(order: &Order) -> RgbImage {
    let layout = Layout::of(order);
    let mut canvas = RgbImage::new(layout.width, layout.height);
    let resized;
    let picture = if order.picture.dimensions() == (layout.inner_width, layout.inner_height) {
        &order.picture
    } else {
        // Shrinking the source first costs a fraction of painting at full size and looks the same.
        resized = resize(&order.picture, &layout);
        &resized
    };
    imageops::replace(&mut canvas, picture, layout.x.into(), layout.y.into());
    let mask = match &order.mode {
        Mode::Ratio(_) => layout.frame(),
        Mode::Canvas(mask) if mask.dimensions() == canvas.dimensions() => mask.clone(),
        Mode::Canvas(mask) => imageops::resize(mask, layout.width, layout.height, FilterType::Triangle),
    };
    fill::fill(&mut canvas, &mask, order.seed);
    canvas
}

/// The size of the result of an order before it is fitted into its maximum.
pub(crate) fn grown_size(width: u32, height: u32, mode: &Mode) -> (u32, u32) {
    match mode {
        Mode::Canvas(_) => (width, height),
        Mode::Ratio(sides) => (
            round(f64::from(width) * (1.0 + sides.left + sides.right)),
            round(f64::from(height) * (1.0 + sides.top + sides.bottom)),
        ),
    }
}

/// The result's size, and the place of the source picture in it.
#[derive(Debug, PartialEq, Eq)]
struct Layout {
    width: u32,
    height: u32,
    x: u32,
    y: u32,
    inner_width: u32,
    inner_height: u32,
}

impl Layout {
    fn of(order: &Order) -> Self {
        let (inner_width, inner_height) = order.picture.dimensions();
        let (width, height) = grown_size(inner_width, inner_height, &order.mode);
        let (x, y) = match &order.mode {
            Mode::Canvas(_) => (0, 0),
            Mode::Ratio(sides) => {
                (round(f64::from(inner_width) * sides.left), round(f64::from(inner_height) * sides.top))
            }
        };
        let full = Self { width, height, x, y, inner_width, inner_height };
        let scale =
            (f64::from(order.max_width) / f64::from(width)).min(f64::from(order.max_height) / f64::from(height));
        if scale < 1.0 { full.scaled(scale) } else { full }
    }

    fn scaled(&self, scale: f64) -> Self {
        let place = |value: u32| round(f64::from(value) * scale);
        let (width, height) = (place(self.width).max(1), place(self.height).max(1));
        let (x, y) = (place(self.x).min(width - 1), place(self.y).min(height - 1));
        // The far edges are rounded, not the lengths, so that a picture that reached an edge still does.
        let inner_width = place(self.x + self.inner_width).clamp(x + 1, width) - x;
        let inner_height = place(self.y + self.inner_height).clamp(y + 1, height) - y;
        Self { width, height, x, y, inner_width, inner_height }
    }

    /// The mask of ratio mode: black where the picture is, white around it.
    fn frame(&self) -> GrayImage {
        let (right, bottom) = (self.x + self.inner_width, self.y + self.inner_height);
        GrayImage::from_fn(self.width, self.height, |x, y| {
            let inside = (self.x..right).contains(&x) && (self.y..bottom).contains(&y);
            Luma([if inside { 0 } else { 255 }])
        })
    }
}

fn resize(picture: &RgbImage, layout: &Layout) -> RgbImage {
    imageops::resize(picture, layout.inner_width, layout.inner_height, FilterType::Triangle)
}

fn round(value: f64) -> u32 {
    value.round() as u32
}
