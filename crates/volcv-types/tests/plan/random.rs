//! Random wishes with a fixed seed.

use volcv_types::{Anchor, Keep, LogoPosition, Margins, PlanOptions, Sides, Size, TooSmall, Wish};

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `low` to `high`, both included.
    pub(crate) fn within(&mut self, low: u32, high: u32) -> u32 {
        low + (self.next() % u64::from(high - low + 1)) as u32
    }

    /// 0 to 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        self.within(0, 1 << 20) as f64 / f64::from(1 << 20)
    }

    pub(crate) fn one_in(&mut self, chances: u32) -> bool {
        self.within(1, chances) == 1
    }

    /// Short lengths are as likely as long ones.
    pub(crate) fn length(&mut self, longest: u32) -> u32 {
        let low_bits = self.within(0, longest.ilog2());
        self.within(1, longest >> low_bits)
    }

    pub(crate) fn size(&mut self, longest: u32) -> Size {
        Size { width: self.length(longest), height: self.length(longest) }
    }

    /// 0 in one of three cases.
    fn growth(&mut self, length: u32) -> u32 {
        match self.within(0, 5) {
            0 | 1 => 0,
            2 => self.within(0, length * 4),
            _ => self.within(0, length),
        }
    }

    pub(crate) fn wish(&mut self, source: Size) -> Wish {
        let Size { width, height } = source;
        let margins = Margins {
            top: self.growth(height),
            bottom: self.growth(height),
            left: self.growth(width),
            right: self.growth(width),
        };
        let wish = match self.within(0, 4) {
            0 => Wish::pixels(margins),
            1 => Wish::sides(Sides {
                top: f64::from(margins.top) / f64::from(height) * self.fraction(),
                bottom: f64::from(margins.bottom) / f64::from(height),
                left: f64::from(margins.left) / f64::from(width) * self.fraction(),
                right: f64::from(margins.right) / f64::from(width),
            }),
            2 => Wish::target(self.size(6000)),
            3 => Wish::aspect(f64::from(self.within(1, 32)), f64::from(self.within(1, 32))),
            _ => {
                let at = |random: &mut Random| random.within(0, 3000) as i32 - 500;
                Wish::placed(self.size(6000), at(self), at(self))
            }
        };
        let too_small = [TooSmall::Refuse, TooSmall::Crop, TooSmall::Shrink][self.within(0, 2) as usize];
        wish.anchor(Anchor { x: self.fraction(), y: self.fraction() }).too_small(too_small)
    }

    /// Options, with the largest side and the resolution that they ask for.
    pub(crate) fn options(&mut self) -> (PlanOptions, u32, Keep) {
        let max_side = if self.one_in(4) { [128, 1000, 2048, 16_384][self.within(0, 3) as usize] } else { 4096 };
        let keep = if self.one_in(8) { Keep::Result } else { Keep::Original };
        let mut options = PlanOptions::new().max_passes(20).max_side(max_side).keep(keep).canvas(self.one_in(8));
        if self.one_in(8) {
            options = options.overlap(self.within(0, 16)).soft(self.within(0, 16));
        }
        if self.one_in(8) {
            options = options.context(self.within(0, 64));
        }
        if self.one_in(8) {
            options = options.logo(Some(LogoPosition::TopLeft));
        }
        (options, max_side, keep)
    }
}
