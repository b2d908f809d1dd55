//! Requests, replies and codes of Volcengine's picture outpainting, as plain data.
//!
//! This crate holds the request fields and their ranges, the planner that turns a wish into exact sizes and ratios, the
//! lenient reply envelope, and one row per service code. It opens no socket, reads no clock and decodes no pixel.
//!
//! Facts of the service carry their source: "gateway page" is
//! <https://docs.yutoai.net/en/api/api-289473244.html>, "official spec" is the machine-generated request model in
//! `volcengine/volcengine-go-sdk` (`service/cv20240606/api_img2_img_outpainting.go`).
//!
//! ```
//! use volcv_types::{Outpaint, Picture, Sides};
//!
//! // The header of a PNG of 960 by 640 pixels; a program reads a whole file.
//! let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x03\xc0\0\0\x02\x80\x08\x02\0\0\0";
//! let wide = Outpaint::sides(Picture::from_static(png), Sides { left: 0.5, right: 0.5, ..Sides::ZERO })
//!     .prompt("a lake between mountains at dawn")
//!     .seed(7);
//! assert_eq!(wide.output_size().unwrap().to_string(), "1920x640");
//! wide.request().expect("every field is inside its range");
//! ```

#![forbid(unsafe_code)]

mod ability;
mod code;
mod error;
mod expansion;
mod header;
mod marking;
mod members;
/// Working memory, for the other crates of volcv.
#[doc(hidden)]
pub mod memory;
mod picture;
mod plan;
mod reply;
mod request;
mod task;
mod verdict;
mod wish;

pub use ability::{
    Ability, AbilityRequest, EraseQuality, Execution, InpaintEdit, InpaintErase, Outpaint, PaintingEdit,
};
pub use bytes::Bytes;
pub use code::{CODES, Charge, CodeClass, CodeRow, ServiceCode};
pub use error::InvalidInput;
pub use expansion::{Rect, Sides, Size};
pub use header::{PictureFormat, PictureInfo};
pub use marking::{AigcMeta, Logo, LogoLanguage, LogoPosition};
pub use picture::Picture;
pub use plan::{CanvasGeometry, ExpandPlan, Keep, Pass, PassMode, PlanOptions, plan};
pub use reply::{GatewayError, Reply, ReplyData, ResponseMetadata, TopError};
pub use request::{AccessKind, CvRequest, PromptField};
pub use serde_json::{Map, Value};
pub use task::{Task, TaskActions, TaskRequest, TaskStatus};
pub use verdict::Verdict;
pub use wish::{Anchor, Aspect, Margins, TooSmall, Wish};
