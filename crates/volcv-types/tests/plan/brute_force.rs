//! 200,000 random plans, compared with the service's possible roundings and with the fewest passes.

use volcv_types::{ExpandPlan, Keep, Outpaint, Pass, PassMode, Picture, Rect, Size, plan};

use crate::random::Random;
use crate::service;

#[test]
fn every_plan_gives_its_sizes_and_places_whatever_the_rounding_and_has_the_fewest_passes() {
    let mut random = Random(7);
    let (mut planned, mut several) = (0, 0);
    while planned < 200_000 {
        let source = random.size(3000);
        let wish = random.wish(source);
        let (options, max_side, keep) = random.options();
        let Ok(plan) = plan(source, &wish, &options) else { continue };
        planned += 1;
        let named = || format!("{source}: {wish:?}, {options:?}: {plan:?}");
        assert!(adds_up(&plan), "{}", named());
        assert!(plan.passes.iter().all(is_exact), "{}", named());
        assert!(plan.passes.iter().all(|pass| is_large_enough(pass, max_side)), "{}", named());
        assert!(keep == Keep::Original || !plan.passes.iter().any(Pass::is_scaled), "{}", named());
        let growth = plan.growth();
        let fewest = fewest(plan.original.width, growth.left, growth.right).max(fewest(
            plan.original.height,
            growth.top,
            growth.bottom,
        ));
        assert_eq!(plan.calls(), fewest, "{}", named());
        several += u32::from(fewest > 1);
    }
    assert!(several > 20_000, "{several} plans of several passes");
}

/// The passes lead from the original to the result, and the original ends where the plan says.
fn adds_up(plan: &ExpandPlan) -> bool {
    let (mut x, mut y, mut now) = (0, 0, plan.original);
    for pass in &plan.passes {
        let growth = pass.growth();
        let at = Rect { x: growth.left, y: growth.top, width: now.width, height: now.height };
        let whole = growth.left.max(growth.right) <= now.width && growth.top.max(growth.bottom) <= now.height;
        if pass.from != now || pass.from_at != at || !at.fits(pass.to) || !whole {
            return false;
        }
        (x, y, now) = (x + at.x, y + at.y, pass.to);
    }
    let at = Rect { x, y, width: plan.original.width, height: plan.original.height };
    now == plan.result && at == plan.original_at && at.fits(plan.result) && plan.crop.fits(plan.source)
}

/// What the service sends back has the expected size, and the picture lies in it where it is expected.
fn is_exact(pass: &Pass) -> bool {
    let Size { width, height } = pass.expected;
    let at = pass.expected_at;
    let limits = (pass.max_width, pass.max_height) == (width, height);
    let as_expected = match pass.mode {
        PassMode::Sides(sides) => {
            sides.check().is_ok()
                && at.size() == pass.upload
                && outpaint_agrees(pass, Outpaint::sides(link(), sides))
                && service::results(pass.upload, sides)
                    .into_iter()
                    .all(|(size, place)| size == pass.expected && place.is_none_or(|place| place == (at.x, at.y)))
        }
        PassMode::Canvas(canvas) => {
            let keep = canvas.keep;
            let inside = keep.x >= at.x
                && keep.y >= at.y
                && keep.x + keep.width <= at.x + at.width
                && keep.y + keep.height <= at.y + at.height;
            pass.upload == pass.expected && inside && keep.width > 0 && keep.height > 0
        }
    };
    as_expected && limits && at.fits(pass.expected) && pass.expected_part.fits(pass.expected) && is_to_scale(pass)
}

/// What is asked for stays within the limit, and only what would not is scaled, into nearly all of the limit.
fn is_large_enough(pass: &Pass, max_side: u32) -> bool {
    let longest = pass.expected.width.max(pass.expected.height);
    longest <= max_side && (!pass.is_scaled() || longest + 3 >= max_side)
}

fn link() -> Picture {
    Picture::url("https://pictures.example/a.png")
}

/// The size that a request predicts by itself is the one of the plan.
fn outpaint_agrees(pass: &Pass, outpaint: Outpaint) -> bool {
    let outpaint = outpaint.picture_size(pass.upload).max_width(pass.max_width).max_height(pass.max_height);
    outpaint.output_size() == Some(pass.expected)
}

/// Each length of the expected file is that of the finished picture at one scale, to the pixel.
fn is_to_scale(pass: &Pass) -> bool {
    let (small, full) = (pass.expected_part, pass.to);
    if !pass.is_scaled() && small.size() != full {
        return false;
    }
    let longest = if full.width >= full.height { (small.width, full.width) } else { (small.height, full.height) };
    let scale = f64::from(longest.0) / f64::from(longest.1);
    let near = |small: u32, full: u32| (f64::from(small) - f64::from(full) * scale).abs() < 3.0;
    near(pass.expected_at.x - small.x, pass.from_at.x)
        && near(pass.expected_at.y - small.y, pass.from_at.y)
        && near(pass.expected_at.width, pass.from_at.width)
        && near(pass.expected_at.height, pass.from_at.height)
        && near(small.width, full.width)
        && near(small.height, full.height)
}

/// Each pass grows both sides by as much as the picture is long, until nothing is left: no plan can be shorter.
fn fewest(length: u32, before: u32, after: u32) -> u32 {
    let (mut now, mut before, mut after, mut passes) = (length, before, after, 0);
    while before > 0 || after > 0 {
        let (first, last) = (before.min(now), after.min(now));
        (before, after, now, passes) = (before - first, after - last, now + first + last, passes + 1);
    }
    passes
}
