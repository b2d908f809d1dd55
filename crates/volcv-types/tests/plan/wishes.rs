//! What each wish means in pixels, and which wishes are refused.

use volcv_types::{Anchor, Margins, PassMode, PlanOptions, Sides, TooSmall, Wish, plan};

use crate::random::Random;
use crate::{planned, rect, refused, size};

#[test]
fn pixels_and_fractions_give_exactly_these_pixels() {
    let margins = Margins { left: 29, top: 7, ..Margins::ZERO };
    let plan = planned(size(100, 300), Wish::pixels(margins));
    assert_eq!((plan.result, plan.original_at, plan.calls()), (size(129, 307), rect(29, 7, 100, 300), 1));
    assert_eq!(plan.growth(), margins);
    let PassMode::Sides(sides) = plan.passes[0].mode else { panic!("{plan:?}") };
    assert_eq!(sides, Sides { left: 29.125 / 100.0, top: 7.125 / 300.0, ..Sides::ZERO });

    let thirds = planned(size(100, 200), Wish::sides(Sides::all(1.0 / 3.0)));
    assert_eq!(thirds.growth(), Margins { top: 67, bottom: 67, left: 33, right: 33 });
    let whole = planned(size(100, 200), Wish::sides(Sides::all(1.0)));
    assert_eq!(whole.passes[0].mode, PassMode::Sides(Sides::all(1.0)));
    let double = Wish::sides(Sides { right: 2.5, ..Sides::ZERO });
    let double = plan_with(double, PlanOptions::new().max_passes(2)).unwrap();
    assert_eq!((double.result, double.calls()), (size(2240, 480), 2));
}

fn plan_with(wish: Wish, options: PlanOptions) -> Result<volcv_types::ExpandPlan, volcv_types::InvalidInput> {
    plan(size(640, 480), &wish, &options)
}

fn default_plan(wish: Wish) -> Result<volcv_types::ExpandPlan, volcv_types::InvalidInput> {
    plan_with(wish, PlanOptions::new())
}

#[test]
fn a_target_has_exactly_its_size_with_the_original_where_the_anchor_says() {
    let mut random = Random(3);
    let options = PlanOptions::new().max_passes(20);
    for _ in 0..20_000 {
        let (source, target) = (random.size(2000), random.size(2000));
        let anchor = Anchor { x: random.fraction(), y: random.fraction() };
        let plan = |too_small| plan(source, &Wish::target(target).anchor(anchor).too_small(too_small), &options);
        let smaller = target.width < source.width || target.height < source.height;
        assert_eq!(plan(TooSmall::Refuse).is_ok(), !smaller && source != target, "{source} {target}");
        for (too_small, kept) in [
            (TooSmall::Crop, size(source.width.min(target.width), source.height.min(target.height))),
            (TooSmall::Shrink, source.shrink_into(target)),
        ] {
            let Ok(plan) = plan(too_small) else {
                assert_eq!(kept, target, "{source} {target}");
                continue;
            };
            assert_eq!((plan.result, plan.original, plan.source), (target, kept, source));
            let crop = if too_small == TooSmall::Crop { kept } else { source };
            assert_eq!((plan.crop.size(), plan.original_at.size()), (crop, kept));
            let near = |pixels: u32, room: u32, part: f64| (f64::from(pixels) - f64::from(room) * part).abs() <= 0.5;
            assert!(near(plan.original_at.x, target.width - kept.width, anchor.x), "{plan:?}");
            assert!(near(plan.original_at.y, target.height - kept.height, anchor.y), "{plan:?}");
            assert!(near(plan.crop.x, source.width - crop.width, anchor.x), "{plan:?}");
            assert!(near(plan.crop.y, source.height - crop.height, anchor.y), "{plan:?}");
        }
    }
}

#[test]
fn a_placement_is_exact_and_what_reaches_beyond_the_size_is_refused_cropped_or_shrunk() {
    let placed = |x, y, too_small| default_plan(Wish::placed(size(800, 600), x, y).too_small(too_small));
    let inside = placed(10, 120, TooSmall::Refuse).unwrap();
    assert_eq!((inside.original_at, inside.result), (rect(10, 120, 640, 480), size(800, 600)));
    let allowed = "inside of 800x600, unless it may be cropped or shrunk";
    refused(placed(-1, 0, TooSmall::Refuse), "placement", "640x480 at -1,0", allowed);
    refused(placed(161, 0, TooSmall::Refuse), "placement", "640x480 at 161,0", allowed);

    let left = placed(-40, 500, TooSmall::Crop).unwrap_err();
    assert_eq!(left.field(), "max_passes", "{left}");
    let left = placed(-40, 130, TooSmall::Crop).unwrap();
    assert_eq!((left.crop, left.original_at), (rect(40, 0, 600, 470), rect(0, 130, 600, 470)));
    let both = default_plan(Wish::placed(size(500, 900), -70, 0).too_small(TooSmall::Crop)).unwrap();
    assert_eq!((both.crop, both.original_at), (rect(70, 0, 500, 480), rect(0, 0, 500, 480)));
    for (x, y) in [(800, 0), (-640, 0), (0, i32::MAX), (i32::MIN, 0)] {
        let value = format!("640x480 at {x},{y}");
        refused(placed(x, y, TooSmall::Crop), "placement", &value, "at least partly inside of 800x600");
    }

    let small = placed(400, 100, TooSmall::Shrink).unwrap();
    assert_eq!((small.crop, small.original_at), (rect(0, 0, 640, 480), rect(400, 100, 400, 300)));
    refused(placed(-1, 0, TooSmall::Shrink), "placement", "640x480 at -1,0", "top left corner inside of 800x600");
}

#[test]
fn wishes_that_grow_nothing_name_what_was_given() {
    let sides = "top, bottom, left, right";
    refused(default_plan(Wish::pixels(Margins::ZERO)), sides, "0 each", "above 0");
    refused(default_plan(Wish::sides(Sides::ZERO)), sides, "0 each", "above 0");
    refused(default_plan(Wish::sides(Sides::all(0.0007))), sides, "less than half a pixel each", "more on");
    refused(default_plan(Wish::target(size(640, 480))), "target", "640x480", "larger than");
    let smaller = Wish::target(size(300, 400));
    refused(default_plan(smaller), "target", "300x400", "at least the picture's size, 640x480");
    refused(default_plan(smaller.too_small(TooSmall::Crop)), "target", "300x400", "larger than what it keeps");
    refused(default_plan(Wish::placed(size(640, 480), 0, 0)), "target", "640x480", "larger than");
}

#[test]
fn sizes_that_no_engine_holds_and_numbers_out_of_range_are_refused() {
    let all = "1 to 16384 pixels on each side, and at most 67108864 in all";
    let defaults = PlanOptions::new();
    let wish = Wish::pixels(Margins::all(1));
    refused(plan(size(0, 5), &wish, &defaults), "picture", "0x5", all);
    refused(plan(size(16_385, 5), &wish, &defaults), "picture", "16385x5", all);
    refused(plan(size(8193, 8192), &wish, &defaults), "picture", "8193x8192", all);
    refused(plan(size(8191, 8191), &wish, &defaults), "result", "8193x8193", all);
    refused(default_plan(Wish::pixels(Margins::all(u32::MAX))), "result", "8589935230x8589935070", all);
    refused(default_plan(Wish::target(size(u32::MAX, 1))), "target", "4294967295x1", all);
    refused(default_plan(Wish::placed(size(0, 600), 0, 0)), "target", "0x600", all);
    refused(default_plan(Wish::sides(Sides::all(-0.5))), "top", "-0.5", "between 0 and 16384");
    refused(default_plan(Wish::sides(Sides { left: f64::NAN, ..Sides::ZERO })), "left", "NaN", "width");
    let anchor = Anchor { x: 0.5, y: 1.5 };
    refused(default_plan(Wish::target(size(800, 600)).anchor(anchor)), "anchor.y", "1.5", "between 0 and 1");
}

#[test]
fn an_anchor_is_a_name_or_two_numbers() {
    let parse = |text: &str| text.parse::<Anchor>();
    assert_eq!(parse("center"), Ok(Anchor::default()));
    assert_eq!(parse("bottom-right"), Ok(Anchor::BOTTOM_RIGHT));
    assert_eq!(parse("left"), Ok(Anchor { x: 0.0, y: 0.5 }));
    assert_eq!(parse("0.25, 1"), Ok(Anchor { x: 0.25, y: 1.0 }));
    for wrong in ["", "middle", "1", "1,", "0.5;0.5", "1,2,3"] {
        let error = parse(wrong).unwrap_err();
        assert_eq!((error.field(), error.value()), ("anchor", format!("{wrong:?}").as_str()));
    }
    assert_eq!(parse("0.5,NaN").unwrap_err().field(), "anchor.y");
    assert_eq!(parse("-1,0").unwrap_err().field(), "anchor.x");
}
