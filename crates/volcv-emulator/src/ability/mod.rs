//! The abilities of the service: their fields with ranges and defaults, and the order for the painter that comes out of them.
//! Names and defaults are those of the sibling pages of the gateway (docs.yutoai.net) and of the official SDKs.

mod fields;
mod finish;
mod inpainting;
mod inpainting_edit;
mod outpainting;
mod painting_edit;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::paint::{self, Mode, Order};
pub(crate) use fields::Fields;
pub(crate) use finish::Finish;

/// What a request asks the service to do, by its `req_key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ability {
    Outpainting,
    InpaintingEdit,
    Inpainting,
    PaintingEdit,
}

/// A request that passed every check.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) order: Arc<Order>,
    /// The code that the prompt wants instead of a picture.
    pub(crate) refuse: Option<u32>,
}

/// A service code and the reason for it.
#[derive(Debug)]
pub(crate) struct Objection {
    pub(crate) code: u32,
    pub(crate) why: String,
}

impl Objection {
    pub(crate) fn new(code: u32, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }
}

/// What a request may refer to besides its own bytes.
pub(crate) struct Surroundings<'a> {
    /// The seed of a request without one.
    pub(crate) seed: u64,
    /// The bytes behind an image link.
    pub(crate) files: &'a dyn Fn(&str) -> Option<Vec<u8>>,
}

impl Ability {
    const ALL: [Self; 4] = [Self::Outpainting, Self::InpaintingEdit, Self::Inpainting, Self::PaintingEdit];

    pub(crate) fn req_key(self) -> &'static str {
        match self {
            Self::Outpainting => "i2i_outpainting",
            Self::InpaintingEdit => "i2i_inpainting_edit",
            Self::Inpainting => "i2i_inpainting",
            Self::PaintingEdit => "jimeng_img2img_seed3_painting_edit",
        }
    }

    /// The ability that a body names, where the action has none of its own.
    pub(crate) fn find(object: &Map<String, Value>, own: Option<Self>) -> Result<Self, Objection> {
        match (own, object.get("req_key")) {
            (Some(own), None) => Ok(own),
            (Some(own), Some(req_key)) if req_key != own.req_key() => {
                Err(Objection::new(50215, format!("req_key: this action is for {} only", own.req_key())))
            }
            (_, req_key) => {
                let named = req_key.and_then(Value::as_str);
                let known = Self::ALL.into_iter().find(|ability| named == Some(ability.req_key()));
                let all = || Self::ALL.map(Self::req_key).join(", ");
                known.ok_or_else(|| Objection::new(50215, format!("req_key: this emulator knows {} only", all())))
            }
        }
    }

    /// Whether it runs as a task only.
    pub(crate) fn is_task_only(self) -> bool {
        self == Self::PaintingEdit
    }

    /// Checks a request body and decodes its pictures.
    pub(crate) fn accept(
        self,
        object: &Map<String, Value>,
        surroundings: &Surroundings<'_>,
    ) -> Result<Accepted, Objection> {
        let fields = Fields::of(object);
        let prompts = [fields.text("prompt")?, fields.text("custom_prompt")?];
        let refuse = prompts.into_iter().flatten().find_map(refusal_marker);
        let order = match self {
            Self::Outpainting => outpainting::order(&fields, surroundings),
            Self::InpaintingEdit => inpainting_edit::order(&fields, surroundings),
            Self::Inpainting => inpainting::order(&fields, surroundings),
            Self::PaintingEdit => painting_edit::order(&fields, surroundings),
        }?;
        Ok(Accepted { order: Arc::new(order), refuse })
    }
}

/// The order of an ability that paints inside of a mask: `[image, mask]` of one size, and a seed.
fn masked(fields: &Fields<'_>, surroundings: &Surroundings<'_>) -> Result<Order, Objection> {
    let seed = seed(fields, surroundings)?;
    let pictures = fields.pictures(surroundings.files)?;
    let [picture, mask] = &pictures[..] else {
        return Err(Objection::new(50200, "binary_data_base64: expected a picture and a mask"));
    };
    let picture = paint::decode_picture(picture).map_err(unreadable)?;
    let mode = Mode::Canvas(mask_of(mask, picture.dimensions())?);
    Ok(Order { picture, mode, max_width: u32::MAX, max_height: u32::MAX, seed })
}

/// A mask for a picture of this size.
fn mask_of(bytes: &[u8], (width, height): (u32, u32)) -> Result<image::GrayImage, Objection> {
    let mask = paint::decode_mask(bytes).map_err(unreadable)?;
    match mask.dimensions() {
        size if size == (width, height) => Ok(mask),
        (mask_width, mask_height) => {
            let why = format!("mask: {mask_width}x{mask_height}, but the picture is {width}x{height}");
            Err(Objection::new(50200, why))
        }
    }
}

fn seed(fields: &Fields<'_>, surroundings: &Surroundings<'_>) -> Result<u64, Objection> {
    let seed = fields.integer("seed", -1, i64::from(u32::MAX))?;
    Ok(seed.and_then(|seed| u64::try_from(seed).ok()).unwrap_or(surroundings.seed))
}

fn unreadable(error: paint::DecodeError) -> Objection {
    Objection::new(50204, error.0)
}

fn refusal_marker(prompt: &str) -> Option<u32> {
    let after = prompt.split_once("[refuse:")?.1;
    let code = after.split_once(']')?.0.parse().ok()?;
    crate::codes::message(code).filter(|_| code != 10000).map(|_| code)
}
