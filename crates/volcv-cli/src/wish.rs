//! The flags that say where a picture shall grow, and what they wish for.

use clap::{Args, ValueEnum};
use volcv::{Anchor, Aspect, Margins, Sides, Size, TooSmall, Wish};

/// The four sides as fractions; they may be given together.
pub(crate) const SIDES: [&str; 4] = ["top", "bottom", "left", "right"];
/// The other wishes, of which one is given alone.
pub(crate) const OTHERS: [&str; 4] = ["equal", "aspect", "to", "pixels"];

/// Where to grow. Which of the flags is needed is said by the commands that have them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where to grow")]
pub(crate) struct WishArgs {
    /// Grow upwards by this fraction of the height, up to 1
    #[arg(long, value_name = "R", allow_negative_numbers = true)]
    pub(crate) top: Option<f64>,
    /// Grow downwards by this fraction of the height, up to 1
    #[arg(long, value_name = "R", allow_negative_numbers = true)]
    pub(crate) bottom: Option<f64>,
    /// Grow to the left by this fraction of the width, up to 1
    #[arg(long, value_name = "R", allow_negative_numbers = true)]
    pub(crate) left: Option<f64>,
    /// Grow to the right by this fraction of the width, up to 1
    #[arg(long, value_name = "R", allow_negative_numbers = true)]
    pub(crate) right: Option<f64>,
    /// Grow by the same fraction on all four sides
    #[arg(long, value_name = "R", allow_negative_numbers = true, conflicts_with_all = SIDES)]
    pub(crate) equal: Option<f64>,
    /// Grow to this aspect, such as 16:9 or 1.85:1
    #[arg(long, value_name = "W:H", conflicts_with_all = SIDES, conflicts_with = "equal")]
    pub(crate) aspect: Option<Aspect>,
    /// Grow to exactly this many pixels, such as 1920x1080
    #[arg(long, value_name = "WxH", conflicts_with_all = SIDES)]
    #[arg(conflicts_with_all = ["equal", "aspect"])]
    pub(crate) to: Option<Size>,
    /// Grow by this many pixels to the left, upwards, to the right and downwards, such as 0,0,200,100
    #[arg(long, value_name = "L,T,R,B", allow_hyphen_values = true)]
    #[arg(conflicts_with_all = SIDES, conflicts_with_all = ["equal", "aspect", "to"])]
    pub(crate) pixels: Option<Margins>,
    /// Where the original lies with --to and --aspect: center, left, top-left, …, or two fractions such as 0.25,1
    /// [default: center]
    #[arg(long, value_name = "WHERE", conflicts_with_all = SIDES, conflicts_with_all = ["equal", "pixels"])]
    pub(crate) anchor: Option<Anchor>,
    /// What to do if --to is smaller than the picture
    // Clap drops `requires` where another wish conflicts with --to.
    #[arg(long, value_enum, value_name = "HOW", requires = "to", conflicts_with_all = SIDES)]
    #[arg(conflicts_with_all = ["equal", "aspect", "pixels"])]
    pub(crate) too_small: Option<Smaller>,
}

impl WishArgs {
    /// What the flags wish for. Clap lets exactly one kind of wish through.
    pub(crate) fn wish(&self) -> Wish {
        let wish = match (self.to, self.pixels, self.aspect, self.equal) {
            (Some(size), ..) => Wish::target(size),
            (_, Some(margins), ..) => Wish::pixels(margins),
            (.., Some(Aspect { width, height }), _) => Wish::aspect(width, height),
            (.., Some(ratio)) => Wish::sides(Sides::all(ratio)),
            _ => Wish::sides(self.sides()),
        };
        wish.anchor(self.anchor.unwrap_or_default()).too_small(self.too_small.map_or(TooSmall::Refuse, Into::into))
    }

    /// The four fractions; a side without one stays.
    pub(crate) fn sides(&self) -> Sides {
        let side = |ratio: Option<f64>| ratio.unwrap_or_default();
        Sides { top: side(self.top), bottom: side(self.bottom), left: side(self.left), right: side(self.right) }
    }

    /// Whether a flag is given that no single call of the service can express.
    pub(crate) fn needs_plan(&self) -> bool {
        self.to.is_some() || self.pixels.is_some() || self.anchor.is_some()
    }
}

/// What happens to a picture that is larger than the wished size.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Smaller {
    /// Cut off what does not fit, by the anchor
    Crop,
    /// Scale the picture down until it fits
    Shrink,
}

impl From<Smaller> for TooSmall {
    fn from(smaller: Smaller) -> Self {
        match smaller {
            Smaller::Crop => TooSmall::Crop,
            Smaller::Shrink => TooSmall::Shrink,
        }
    }
}
