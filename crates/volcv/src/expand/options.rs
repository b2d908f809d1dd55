//! The options of a whole operation.

use std::fmt;
use std::sync::Arc;

use volcv_image::{Encoding, Fill, FitOptions};

use super::expanded::Expanded;
use crate::{
    Ability, CallOptions, Error, ExpandPlan, InvalidInput, Keep, Outpaint, Picture, PlanOptions, Sides, Size, Wish,
    plan,
};

/// How a picture is grown; all options have a default.
///
/// ```
/// use volcv::{ExpandOptions, Keep};
///
/// let options = ExpandOptions::new().prompt("a calm sea").seed(7).max_passes(2).keep(Keep::Original);
/// ```
#[derive(Clone)]
#[must_use]
pub struct ExpandOptions {
    pub(super) settings: Outpaint,
    pub(super) plan: PlanOptions,
    pub(super) fill: Fill,
    pub(super) fit: Option<FitOptions>,
    pub(super) upload: Encoding,
    pub(super) background: [u8; 3],
    pub(super) call: CallOptions,
    pub(super) on_result: Option<OnResult>,
}

type OnResult = Arc<dyn Fn(usize, &Result<Expanded, Error>) + Send + Sync>;

impl Default for ExpandOptions {
    fn default() -> Self {
        Self {
            // Picture and sides of each call replace these.
            settings: Outpaint::sides(Picture::from_static(b""), Sides::ZERO),
            plan: PlanOptions::new(),
            fill: Fill::default(),
            fit: Some(FitOptions::new()),
            upload: Encoding::UPLOAD,
            background: [255; 3],
            call: CallOptions::new(),
            on_result: None,
        }
    }
}

impl ExpandOptions {
    /// One call at most, and the original pasted back at its own resolution.
    pub fn new() -> Self {
        Self::default()
    }

    /// The fields of the calls: prompt, seed, steps, logo and so on. Picture, mode, `max_width` and `max_height` of this
    /// outpainting are not used: the plan sets them.
    pub fn settings(mut self, outpaint: Outpaint) -> Self {
        self.settings = outpaint;
        self
    }

    /// A text for the new area; see [`Outpaint::prompt`].
    pub fn prompt(mut self, text: impl Into<String>) -> Self {
        self.settings = self.settings.prompt(text);
        self
    }

    /// The seed of every call; see [`Outpaint::seed`].
    pub fn seed(mut self, seed: i64) -> Self {
        self.settings = self.settings.seed(seed);
        self
    }

    /// How the wish becomes calls: passes, overlap, resolution.
    pub fn plan(mut self, options: PlanOptions) -> Self {
        self.plan = options;
        self
    }

    /// The ability that the calls use, [`Ability::Outpainting`] if not set. [`Ability::PaintingEdit`] runs as tasks, on direct
    /// access and on gateways that carry them; it has no `scale`, `steps` and `strength`.
    pub fn ability(mut self, ability: Ability) -> Self {
        self.plan = self.plan.ability(ability);
        self
    }

    /// How many calls may be paid for one picture, 1 if not set; see [`PlanOptions::max_passes`].
    pub fn max_passes(mut self, calls: u32) -> Self {
        self.plan = self.plan.max_passes(calls);
        self
    }

    /// The resolution of the finished picture; see [`PlanOptions::keep`].
    pub fn keep(mut self, keep: Keep) -> Self {
        self.plan = self.plan.keep(keep);
        self
    }

    /// What the service sees outside of the original in canvas mode; the edge of the original if not set.
    pub fn fill(mut self, fill: Fill) -> Self {
        self.fill = fill;
        self
    }

    /// Whether the original is pasted back; yes if not set. Without it, the picture is the service's as it came.
    pub fn paste_back(mut self, paste: bool) -> Self {
        self.fit = paste.then(FitOptions::new);
        self
    }

    /// How the original is pasted back.
    pub fn fit(mut self, options: FitOptions) -> Self {
        self.fit = Some(options);
        self
    }

    /// The format of what is sent, [`Encoding::UPLOAD`] if not set. A file that can be sent as it is, is not encoded again.
    pub fn upload(mut self, encoding: Encoding) -> Self {
        self.upload = encoding;
        self
    }

    /// The colour that transparent parts have in what is sent, white if not set. The finished picture keeps its alpha.
    pub fn background(mut self, rgb: [u8; 3]) -> Self {
        self.background = rgb;
        self
    }

    /// Cancel token, progress and deadline. The deadline is that of the whole operation.
    pub fn call(mut self, options: CallOptions) -> Self {
        self.call = options;
        self
    }

    /// Calls `take` with each result of several as soon as it is there, and with the index of its seed. It runs on the
    /// thread that ran the operation; for the async client, on the one that polls it.
    pub fn on_result(mut self, take: impl Fn(usize, &Result<Expanded, Error>) + Send + Sync + 'static) -> Self {
        self.on_result = Some(Arc::new(take));
        self
    }

    /// What an operation with these options would send and give for a picture of this size; nothing is decoded.
    ///
    /// # Errors
    /// As [`plan`].
    pub fn plan_for(&self, source: Size, wish: &Wish) -> Result<ExpandPlan, InvalidInput> {
        plan(source, wish, &self.plan.logo(self.settings.logo_position()))
    }

    pub(super) fn report(&self, index: usize, result: &Result<Expanded, Error>) {
        if let Some(take) = &self.on_result {
            take(index, result);
        }
    }
}

impl fmt::Debug for ExpandOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpandOptions")
            .field("settings", &self.settings)
            .field("plan", &self.plan)
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}
